import { Search, X } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { useShortcut } from "@/keyboard/shortcuts";
import { texts } from "@/texts";
import { cx } from "@/ui/classes";

/** A list's own filter. "/" goes there; Escape empties it, then leaves it. */
export function SearchBox({
  label,
  value,
  onChange,
  className,
}: {
  label: string;
  value: string;
  onChange: (text: string) => void;
  className?: string;
}) {
  const [text, setText] = useState(value);
  const input = useRef<HTMLInputElement>(null);
  const sent = useRef(value);
  const change = useRef(onChange);
  change.current = onChange;

  useEffect(() => {
    if (value !== sent.current) {
      sent.current = value;
      setText(value);
    }
  }, [value]);
  useEffect(() => {
    if (text === sent.current) return;
    const timer = setTimeout(() => {
      sent.current = text;
      change.current(text);
    }, 180);
    return () => clearTimeout(timer);
  }, [text]);
  useShortcut("/", () => input.current?.focus());

  return (
    <search
      className={cx(
        "flex h-8 min-w-0 items-center gap-2 rounded-6 border border-transparent bg-hover px-2 focus-within:border-accent focus-within:bg-raised",
        className,
      )}
    >
      <Search size={14} className="shrink-0 text-ink-3" aria-hidden />
      <input
        ref={input}
        value={text}
        onChange={(e) => setText(e.target.value)}
        onKeyDown={(e) => {
          if (e.key !== "Escape") return;
          e.stopPropagation();
          if (text) setText("");
          else e.currentTarget.blur();
        }}
        aria-label={label}
        placeholder={label}
        className="min-w-0 flex-1 bg-transparent text-13 outline-none"
      />
      {text ? (
        <button
          type="button"
          aria-label={texts.common.clear}
          onClick={() => setText("")}
          className="text-ink-3 hover:text-ink"
        >
          <X size={14} />
        </button>
      ) : null}
    </search>
  );
}
