import { type ReactNode, useLayoutEffect, useRef } from "react";
import { useAutosave } from "@/api/useAutosave";
import { texts } from "@/texts";
import { cx } from "./classes";
import { SaveNote } from "./SaveNote";

type Props = {
  label: string;
  value: string;
  save: (text: string) => Promise<unknown>;
  placeholder?: string;
  multiline?: boolean;
  required?: boolean;
  readOnly?: boolean;
  className?: string;
  type?: "text" | "email" | "tel";
};

/** Text that is edited where it stands and saves itself. */
export function InlineField({
  label,
  value,
  save,
  placeholder,
  multiline,
  required,
  readOnly,
  className,
  type = "text",
}: Props) {
  const field = useAutosave({ value, save, valid: (text) => !required || text.trim() !== "" });
  const area = useRef<HTMLTextAreaElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the height follows the text
  useLayoutEffect(() => {
    const a = area.current;
    if (!a) return;
    a.style.height = "auto";
    a.style.height = `${a.scrollHeight}px`;
  }, [field.draft]);

  if (readOnly) {
    return value ? (
      <p className={cx("py-1 break-words whitespace-pre-wrap", className)}>{value}</p>
    ) : (
      <p className="py-1 text-ink-3">{texts.common.none}</p>
    );
  }
  const shared = {
    "aria-label": label,
    value: field.draft,
    placeholder,
    onBlur: field.flush,
    onChange: (e: { target: { value: string } }) =>
      field.change(multiline ? e.target.value : e.target.value.replaceAll("\n", " ")),
    className: cx(
      "press block w-full resize-none overflow-hidden rounded-6 bg-transparent px-2 py-1 -mx-2 hover:bg-hover focus:bg-raised focus-visible:outline-offset-0",
      className,
    ),
  };
  const leave = (e: React.KeyboardEvent<HTMLElement>) => {
    if (e.key === "Escape" || (e.key === "Enter" && !multiline)) {
      e.preventDefault();
      e.stopPropagation();
      e.currentTarget.blur();
    }
  };
  return (
    <div className="min-w-0 flex-1 pr-0">
      <div className="px-2 -mx-2 overflow-visible">
        {multiline || type === "text" ? (
          <textarea
            ref={area}
            rows={1}
            onKeyDown={leave}
            {...shared}
            style={{ width: "calc(100% + 16px)" }}
          />
        ) : (
          <input type={type} onKeyDown={leave} {...shared} style={{ width: "calc(100% + 16px)" }} />
        )}
      </div>
      <SaveNote state={field.state} error={field.error} onMine={field.keepMine} onTheirs={field.takeTheirs} />
    </div>
  );
}

/** A label and what belongs to it, in two columns that line up with their neighbours. */
export function Property({ label, children }: { label: ReactNode; children: ReactNode }) {
  return (
    <div className="flex min-h-8 items-start gap-2 text-13">
      <span className="w-20 shrink-0 py-1.5 text-12 leading-5 text-ink-3">{label}</span>
      <div className="flex min-h-8 min-w-0 flex-1 items-center pointer-coarse:text-16">{children}</div>
    </div>
  );
}
