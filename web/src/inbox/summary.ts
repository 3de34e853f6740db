import type { Conversation } from "@/api/types";

/** Whether a summary only says what its subject says already: the one question that was asked, in quotes. */
export function repeats(summary: string, subject: string): boolean {
  const bare = (text: string) =>
    text
      .replace(/^\w+:\s*/, "")
      .replace(/[“”"…]/g, "")
      .trim()
      .toLowerCase();
  const said = bare(summary);
  const known = bare(subject);
  return (
    said === known ||
    (subject.trim().endsWith("…") && said.startsWith(known) && said.length < known.length + 40)
  );
}

/** The newest message as one line of plain text: the hand writes Markdown, whose signs say nothing here. */
export function lastWords(c: Pick<Conversation, "last_message" | "subject">): string {
  if (!c.last_message) return c.subject;
  const { author, text } = c.last_message;
  return author === "hand"
    ? text
        .replace(/(^|\s)[>#]+(?=\s)/g, " ")
        .replace(/\*\*|`/g, "")
        .replace(/\s+/g, " ")
        .trim()
    : text;
}
