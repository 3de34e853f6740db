import type { ReactNode } from "react";
import { LinkedText } from "./LinkedText";

/** What begins a line of each kind. Anything else is a paragraph. */
const kinds = {
  quote: /^ {0,3}> ?/,
  list: /^\s{0,8}[-*•]\s+(?=\S)/,
  numbers: /^\s{0,8}\d{1,9}[.)]\s+(?=\S)/,
  title: /^#{1,6}\s+(?=\S)/,
};
type Kind = keyof typeof kinds | "text";

const marked = /\*\*(?=\S)(.{1,1000}?)\*\*|`([^`]{1,500})`/g;
const maxDepth = 3;

function kindOf(line: string): Kind {
  return (Object.keys(kinds) as (keyof typeof kinds)[]).find((kind) => kinds[kind].test(line)) ?? "text";
}

/** The simple Markdown of the hand's answers: paragraphs, quotes, lists, bold, code. Never HTML. */
export function RichText({ text }: { text: string }) {
  return <div className="flex flex-col gap-2 whitespace-normal">{blocks(text.split(/\r?\n/), 0)}</div>;
}

function blocks(lines: string[], depth: number): ReactNode[] {
  const nodes: ReactNode[] = [];
  for (let at = 0; at < lines.length; ) {
    const line = lines[at] ?? "";
    const from = at++;
    if (!line.trim()) continue;
    const kind = kindOf(line);
    while (lines[at]?.trim() && kindOf(lines[at] ?? "") === kind) at++;
    const block = lines.slice(from, at);
    const inner = kind === "text" ? block : block.map((item) => item.replace(kinds[kind], ""));
    nodes.push(<Block key={from} kind={kind} lines={inner} depth={depth} />);
  }
  return nodes;
}

function Block({ kind, lines, depth }: { kind: Kind; lines: string[]; depth: number }) {
  // biome-ignore lint/suspicious/noArrayIndexKey: pieces of one text, in its order
  const items = (inner: string[]) => inner.map((item, i) => <li key={i}>{inline(item)}</li>);
  switch (kind) {
    case "quote":
      return (
        <blockquote className="flex flex-col gap-2 border-l-2 border-line-strong pl-3 text-ink-2">
          {depth < maxDepth ? blocks(lines, depth + 1) : lines.join("\n")}
        </blockquote>
      );
    case "list":
      return <ul className="list-disc pl-5">{items(lines)}</ul>;
    case "numbers":
      return <ol className="list-decimal pl-5">{items(lines)}</ol>;
    case "title":
      return <p className="font-semibold">{inline(lines.join(" "))}</p>;
    case "text":
      return <p className="whitespace-pre-wrap">{inline(lines.join("\n"))}</p>;
  }
}

function inline(text: string): ReactNode[] {
  const parts: ReactNode[] = [];
  let from = 0;
  for (const match of text.matchAll(marked)) {
    if (match.index > from) parts.push(<LinkedText key={from} text={text.slice(from, match.index)} />);
    const [whole, bold, code] = match;
    parts.push(
      bold ? (
        <strong key={`b${match.index}`} className="font-semibold">
          {bold}
        </strong>
      ) : (
        <code
          key={`c${match.index}`}
          className="rounded-4 bg-hover box-decoration-clone px-1 font-mono text-13"
        >
          {code}
        </code>
      ),
    );
    from = match.index + whole.length;
  }
  if (from < text.length) parts.push(<LinkedText key={from} text={text.slice(from)} />);
  return parts;
}
