import { Check, Plus } from "lucide-react";
import { Popover } from "radix-ui";
import { type ReactNode, useId, useMemo, useRef, useState } from "react";
import { texts } from "@/texts";
import { cx } from "./classes";

export type Choice = { value: string; label: string; icon?: ReactNode; hint?: string };

type Props = {
  trigger: ReactNode;
  label: string;
  choices: Choice[];
  selected: string[];
  onPick: (value: string) => void;
  /** Offers to make what was typed when nothing is called that. */
  onCreate?: { label: (text: string) => string; run: (text: string) => void };
  multiple?: boolean;
  filter?: boolean;
  align?: "start" | "end";
};

/** A list to choose from in a popover: type to narrow it, arrows and Enter to choose. */
export function Picker({
  trigger,
  label,
  choices,
  selected,
  onPick,
  onCreate,
  multiple,
  filter,
  align = "start",
}: Props) {
  const [open, setOpen] = useState(false);
  return (
    <Popover.Root open={open} onOpenChange={setOpen}>
      <Popover.Trigger asChild>{trigger}</Popover.Trigger>
      <Popover.Portal>
        <Popover.Content
          align={align}
          sideOffset={4}
          collisionPadding={8}
          className="float-in z-50 w-60 rounded-8 bg-raised p-1 shadow-float outline-none"
          aria-label={label}
        >
          <PickerList
            label={label}
            choices={choices}
            selected={selected}
            filter={filter ?? choices.length > 7}
            onCreate={
              onCreate && {
                label: onCreate.label,
                run: (text) => {
                  onCreate.run(text);
                  if (!multiple) setOpen(false);
                },
              }
            }
            onPick={(value) => {
              onPick(value);
              if (!multiple) setOpen(false);
            }}
          />
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}

function PickerList({
  label,
  choices,
  selected,
  filter,
  onPick,
  onCreate,
}: Pick<Props, "label" | "choices" | "selected" | "onPick" | "onCreate"> & { filter: boolean }) {
  const [text, setText] = useState("");
  const [at, setAt] = useState(() =>
    Math.max(
      0,
      choices.findIndex((c) => selected.includes(c.value)),
    ),
  );
  const id = useId();
  const list = useRef<HTMLDivElement>(null);
  const wanted = text.trim().toLowerCase();
  const shown = useMemo(
    () => choices.filter((c) => !wanted || c.label.toLowerCase().includes(wanted)),
    [choices, wanted],
  );
  const canCreate = Boolean(onCreate && wanted && !choices.some((c) => c.label.toLowerCase() === wanted));
  const count = shown.length + (canCreate ? 1 : 0);
  const current = Math.min(at, count - 1);

  const pick = (index: number) => {
    const choice = shown[index];
    if (choice) onPick(choice.value);
    else if (canCreate && onCreate) {
      onCreate.run(text.trim());
      setText("");
    }
  };
  const onKeyDown = (event: React.KeyboardEvent) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const next = (current + (event.key === "ArrowDown" ? 1 : -1) + count) % Math.max(1, count);
      setAt(next);
      list.current?.children[next]?.scrollIntoView?.({ block: "nearest" });
    } else if (event.key === "Enter") {
      event.preventDefault();
      pick(current);
    }
  };

  const needsInput = filter || Boolean(onCreate);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the keys belong to the listbox and its field together
    <div onKeyDown={onKeyDown}>
      <input
        // biome-ignore lint/a11y/noAutofocus: a popover that was asked for takes the focus
        autoFocus
        value={text}
        readOnly={!needsInput}
        onChange={(e) => {
          setText(e.target.value);
          setAt(0);
        }}
        placeholder={label}
        role="combobox"
        aria-label={label}
        aria-expanded
        aria-controls={id}
        aria-activedescendant={count ? `${id}-${current}` : undefined}
        className={cx(
          "h-8 w-full rounded-4 bg-transparent px-2 text-13 outline-none",
          needsInput ? "mb-1 border-b border-line rounded-b-none" : "sr-only",
        )}
      />
      <div ref={list} id={id} role="listbox" aria-label={label} className="max-h-72 overflow-y-auto">
        {shown.map((choice, index) => (
          <div
            key={choice.value}
            id={`${id}-${index}`}
            role="option"
            tabIndex={-1}
            aria-selected={selected.includes(choice.value)}
            onPointerMove={() => setAt(index)}
            onClick={() => pick(index)}
            onKeyDown={onKeyDown}
            className={cx(
              "flex min-h-8 cursor-default items-center gap-2 rounded-6 px-2 text-13",
              index === current && "bg-hover",
            )}
          >
            {choice.icon ? (
              <span className="flex w-5 shrink-0 justify-center text-ink-3">{choice.icon}</span>
            ) : null}
            <span className="min-w-0 flex-1 truncate">{choice.label}</span>
            {choice.hint ? <span className="text-12 text-ink-3">{choice.hint}</span> : null}
            {selected.includes(choice.value) ? (
              <Check size={14} className="text-accent-text" aria-hidden />
            ) : null}
          </div>
        ))}
        {canCreate && onCreate ? (
          <div
            id={`${id}-${shown.length}`}
            role="option"
            tabIndex={-1}
            aria-selected={false}
            onPointerMove={() => setAt(shown.length)}
            onClick={() => pick(shown.length)}
            onKeyDown={onKeyDown}
            className={cx(
              "flex min-h-8 cursor-default items-center gap-2 rounded-6 px-2 text-13",
              current === shown.length && "bg-hover",
            )}
          >
            <Plus size={14} className="text-ink-3" aria-hidden />
            <span className="truncate">{onCreate.label(text.trim())}</span>
          </div>
        ) : null}
        {count === 0 ? <p className="px-2 py-2 text-13 text-ink-3">{texts.common.noMatch}</p> : null}
      </div>
    </div>
  );
}
