import { Bold, Code, Heading2, Italic, Link2, List, ListOrdered, Quote } from "lucide-react";
import { type ReactNode, useRef } from "react";
import { texts } from "@/texts";
import { IconButton } from "@/ui/Button";
import { applyTool, type Tool } from "./markdown";

const tools: { tool: Tool; icon: ReactNode; keys?: string[] }[] = [
  { tool: "heading", icon: <Heading2 size={16} /> },
  { tool: "bold", icon: <Bold size={16} />, keys: ["mod", "B"] },
  { tool: "italic", icon: <Italic size={16} />, keys: ["mod", "I"] },
  { tool: "link", icon: <Link2 size={16} /> },
  { tool: "list", icon: <List size={16} /> },
  { tool: "numbers", icon: <ListOrdered size={16} /> },
  { tool: "quote", icon: <Quote size={16} /> },
  { tool: "code", icon: <Code size={16} /> },
];

/** Markdown as text, with buttons for those who don't know it by heart. */
export function MarkdownField({
  value,
  onChange,
  onBlur,
  error,
}: {
  value: string;
  onChange: (text: string) => void;
  onBlur: () => void;
  error?: string;
}) {
  const area = useRef<HTMLTextAreaElement>(null);
  const apply = (tool: Tool) => {
    const a = area.current;
    if (!a) return;
    const edit = applyTool(tool, { text: a.value, start: a.selectionStart, end: a.selectionEnd });
    onChange(edit.text);
    requestAnimationFrame(() => {
      a.focus();
      a.setSelectionRange(edit.start, edit.end);
    });
  };
  return (
    <div className="flex min-h-0 flex-1 flex-col">
      <div
        role="toolbar"
        aria-label={texts.articles.formatting}
        className="flex shrink-0 items-center gap-0.5 overflow-x-auto px-2 py-1 md:px-4"
      >
        {tools.map((t) => (
          <IconButton
            key={t.tool}
            label={texts.articles.tools[t.tool]}
            keys={t.keys}
            onClick={() => apply(t.tool)}
          >
            {t.icon}
          </IconButton>
        ))}
      </div>
      <textarea
        ref={area}
        value={value}
        onChange={(e) => onChange(e.target.value)}
        onBlur={onBlur}
        onKeyDown={(e) => {
          const mod = e.ctrlKey || e.metaKey;
          if (mod && (e.key === "b" || e.key === "i")) {
            e.preventDefault();
            apply(e.key === "b" ? "bold" : "italic");
          } else if (e.key === "Escape") {
            e.stopPropagation();
            e.currentTarget.blur();
          }
        }}
        aria-label={texts.articles.body}
        aria-invalid={error ? true : undefined}
        placeholder={texts.articles.bodyHint}
        className="min-h-60 w-full flex-1 resize-none bg-transparent px-4 py-3 font-mono md:px-6 text-13 leading-6 outline-offset-[-2px]"
      />
      {error ? (
        <p role="alert" className="px-4 pb-2 text-13 text-danger md:px-6">
          {error}
        </p>
      ) : null}
    </div>
  );
}
