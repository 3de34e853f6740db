// The server says what is wrong as programs like it: "is not an e-mail address", about "allowed_origins".
// People read sentences.

/** A detail as a sentence: a capital letter first, a full stop last. */
export function sentence(text: string): string {
  const said = text.trim();
  if (!said) return said;
  const full = /[.!?…]$/.test(said) ? said : `${said}.`;
  return full.charAt(0).toUpperCase() + full.slice(1);
}

/** What stands beside a field: the field itself is "this". */
export function besideField(message: string): string {
  if (/^(is|has|must|needs|takes|may|cannot|can|does|was|begins|contains)\b/.test(message))
    return sentence(`This ${message}`);
  if (/^(are|have|count|do|were)\b/.test(message)) return sentence(`These ${message}`);
  return sentence(message);
}

/** The same far from the field: named. */
export function aboutField(field: string, message: string): string {
  const name = field.split(/[./]/).filter(Boolean).join(" ").replaceAll("_", " ");
  return /^[a-z]/.test(message) ? sentence(`${name} ${message}`) : sentence(message);
}
