import { type Ref, useLayoutEffect, useRef } from "react";
import type { Span } from "@/api/types";
import { cx } from "@/ui/classes";
import { segments } from "./spans";

const marks: Record<string, string> = {
  verb: "bg-pressed",
  target: "bg-pressed",
};

/** A text field that marks the words that were understood. The marks lie behind the text, letter by letter. */
export function SayField({
  text,
  spans,
  onChange,
  onEnter,
  onEscape,
  label,
  placeholder,
  multiline,
  describedBy,
  autoFocus,
  className,
  ref,
}: {
  text: string;
  spans: Span[];
  onChange: (text: string) => void;
  onEnter: () => void;
  onEscape?: () => void;
  label: string;
  placeholder: string;
  multiline?: boolean;
  describedBy?: string;
  autoFocus?: boolean;
  className?: string;
  ref?: Ref<HTMLTextAreaElement>;
}) {
  const own = useRef<HTMLTextAreaElement>(null);
  const behind = useRef<HTMLDivElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the height follows the text
  useLayoutEffect(() => {
    const t = own.current;
    if (!t) return;
    t.style.height = "auto";
    t.style.height = `${Math.min(t.scrollHeight, 200)}px`;
  }, [text]);
  // What overflows scrolls in both layers at once.
  const follow = () => {
    if (behind.current && own.current) behind.current.scrollTop = own.current.scrollTop;
  };
  const shape = cx("say-text block w-full px-3 py-2 leading-6 break-words whitespace-pre-wrap", className);
  return (
    <div className="relative min-w-0 flex-1">
      <div
        ref={behind}
        aria-hidden
        className={cx(shape, "pointer-events-none absolute inset-0 overflow-hidden text-transparent")}
      >
        {segments(text, spans).map((s) =>
          s.kind ? (
            <mark
              key={s.at}
              data-kind={s.kind}
              className={cx(
                "rounded-4 text-transparent",
                marks[s.kind] ?? "bg-accent-soft ring-1 ring-accent-line",
              )}
            >
              {s.text}
            </mark>
          ) : (
            <span key={s.at}>{s.text}</span>
          ),
        )}
      </div>
      <textarea
        ref={(node) => {
          own.current = node;
          if (typeof ref === "function") ref(node);
          else if (ref) ref.current = node;
        }}
        rows={1}
        value={text}
        // biome-ignore lint/a11y/noAutofocus: only where the field itself was asked for
        autoFocus={autoFocus}
        aria-label={label}
        aria-describedby={describedBy}
        placeholder={placeholder}
        maxLength={1000}
        autoComplete="off"
        spellCheck={false}
        onScroll={follow}
        onChange={(e) => onChange(multiline ? e.target.value : e.target.value.replaceAll("\n", " "))}
        onKeyDown={(e) => {
          if (e.key === "Enter" && !(multiline && e.shiftKey) && !e.nativeEvent.isComposing) {
            e.preventDefault();
            onEnter();
          } else if (e.key === "Escape" && onEscape) {
            e.preventDefault();
            e.stopPropagation();
            onEscape();
          }
        }}
        className={cx(shape, "relative max-h-50 resize-none overflow-y-auto bg-transparent outline-none")}
      />
    </div>
  );
}
