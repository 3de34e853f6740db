export type Tool = "heading" | "bold" | "italic" | "link" | "list" | "numbers" | "quote" | "code";
export type Edit = { text: string; start: number; end: number };

const around: Partial<Record<Tool, [string, string]>> = {
  bold: ["**", "**"],
  italic: ["_", "_"],
  code: ["`", "`"],
};
const inFront: Partial<Record<Tool, (line: number) => string>> = {
  heading: () => "## ",
  list: () => "- ",
  numbers: (line) => `${line + 1}. `,
  quote: () => "> ",
};

/** What a button of the editor does to the text and its selection. Used a second time, it takes it back. */
export function applyTool(tool: Tool, { text, start, end }: Edit): Edit {
  const selected = text.slice(start, end);
  const pair = around[tool];
  if (pair) {
    const [open, close] = pair;
    const before = text.slice(start - open.length, start);
    const after = text.slice(end, end + close.length);
    if (before === open && after === close) {
      return {
        text: text.slice(0, start - open.length) + selected + text.slice(end + close.length),
        start: start - open.length,
        end: end - open.length,
      };
    }
    return {
      text: text.slice(0, start) + open + selected + close + text.slice(end),
      start: start + open.length,
      end: end + open.length,
    };
  }
  if (tool === "link") {
    const label = selected || "text";
    const made = `[${label}](https://)`;
    const at = start + label.length + 3;
    return { text: text.slice(0, start) + made + text.slice(end), start: at, end: at + 8 };
  }
  const prefix = inFront[tool];
  if (!prefix) return { text, start, end };
  const from = text.lastIndexOf("\n", start - 1) + 1;
  const stop = text.indexOf("\n", end);
  const to = stop < 0 ? text.length : stop;
  const lines = text.slice(from, to).split("\n");
  const has = lines.every((line, i) => line.startsWith(prefix(i)));
  const changed = lines.map((line, i) => (has ? line.slice(prefix(i).length) : prefix(i) + line)).join("\n");
  return { text: text.slice(0, from) + changed + text.slice(to), start: from, end: from + changed.length };
}

export function wordCount(text: string): number {
  return text.trim() ? text.trim().split(/\s+/).length : 0;
}
