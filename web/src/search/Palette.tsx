import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { MessageSquarePlus, Search, X } from "lucide-react";
import { Dialog } from "radix-ui";
import { type ReactNode, useEffect, useId, useRef, useState } from "react";
import type { Hit } from "@/api/types";
import { useDock } from "@/say/dock";
import { useMay } from "@/session/me";
import { texts } from "@/texts";
import { IconButton } from "@/ui/Button";
import { cx } from "@/ui/classes";
import { focusBack } from "@/ui/Dialog";
import { Keys } from "@/ui/Keys";
import { type Command, useCommands } from "./commands";
import { HitBody } from "./HitRow";
import { linkTo } from "./links";
import { usePalette } from "./paletteState";
import { searchQuery } from "./queries";

/** Ctrl+K: everything by name, records and commands alike. */
export function Palette({ onHelp }: { onHelp: () => void }) {
  const palette = usePalette();
  const before = useRef<Element | null>(null);
  return (
    <Dialog.Root open={palette.isOpen} onOpenChange={(open) => !open && palette.close()}>
      <Dialog.Portal>
        <div className="fixed inset-0 z-40 bg-scrim" aria-hidden />
        <Dialog.Content
          aria-describedby={undefined}
          onOpenAutoFocus={() => {
            before.current = document.activeElement;
          }}
          onCloseAutoFocus={(event) => {
            event.preventDefault();
            focusBack(before.current);
          }}
          className="float-in fixed inset-x-3 top-[10vh] z-50 mx-auto flex max-h-[72vh] max-w-160 flex-col overflow-hidden rounded-12 bg-raised shadow-float outline-none"
        >
          <Dialog.Title className="sr-only">{texts.nav.search}</Dialog.Title>
          <Content onHelp={onHelp} onClose={palette.close} />
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

type Item = { id: string; run: () => void; body: ReactNode };

/** Words of the query may stand anywhere in the name, in any order, as beginnings of its words. */
export function matches(label: string, q: string): boolean {
  const words = label.toLowerCase().split(/\s+/);
  return q
    .toLowerCase()
    .split(/\s+/)
    .filter(Boolean)
    .every((part) => words.some((w) => w.startsWith(part)));
}

function Content({ onHelp, onClose }: { onHelp: () => void; onClose: () => void }) {
  const [text, setText] = useState("");
  const [q, setQ] = useState("");
  const [at, setAt] = useState(0);
  const id = useId();
  const list = useRef<HTMLDivElement>(null);
  const navigate = useNavigate();
  const dock = useDock();
  const may = useMay();
  const commands = useCommands(onHelp);
  const { data: hits = [], isPending, isError } = useQuery(searchQuery(q, "all", 8));

  useEffect(() => {
    const timer = setTimeout(() => setQ(text.trim()), 70);
    return () => clearTimeout(timer);
  }, [text]);

  const typed = text.trim();
  const commandItem = (c: Command): Item => ({
    id: `command-${c.id}`,
    run: c.run,
    body: (
      <>
        <span className="text-ink-3" aria-hidden>
          {c.icon}
        </span>
        <span className="min-w-0 flex-1 truncate text-13">{c.label}</span>
        {c.keys ? <Keys keys={c.keys} /> : null}
      </>
    ),
  });
  const hitItem = (hit: Hit): Item => ({
    id: `${hit.kind}-${hit.id}`,
    run: () => void navigate(linkTo(hit)),
    body: <HitBody hit={hit} />,
  });
  const found = typed ? hits : [];
  const offered = commands.filter((c) => matches(c.label, typed));
  const sections: { title: string | null; items: Item[] }[] = [
    { title: typed ? texts.search.results : null, items: found.map(hitItem) },
    { title: texts.search.commands, items: offered.map(commandItem) },
    {
      title: null,
      items: typed
        ? [
            {
              id: "all",
              run: () => void navigate({ to: "/search", search: { q: typed } }),
              body: (
                <>
                  <Search size={16} className="text-ink-3" aria-hidden />
                  <span className="min-w-0 flex-1 truncate text-13">{texts.search.all(typed)}</span>
                </>
              ),
            },
            {
              id: "say",
              run: () => dock.open(typed),
              body: (
                <>
                  <MessageSquarePlus size={16} className="text-ink-3" aria-hidden />
                  <span className="min-w-0 flex-1 truncate text-13">
                    {may.write ? texts.search.say(typed) : texts.search.ask(typed)}
                  </span>
                </>
              ),
            },
          ]
        : [],
    },
  ];
  const items = sections.flatMap((s) => s.items);
  const current = Math.min(at, items.length - 1);
  const run = (item: Item | undefined) => {
    if (!item) return;
    onClose();
    item.run();
  };

  let index = -1;
  return (
    <>
      <div className="flex h-12 shrink-0 items-center gap-3 border-b border-line px-4">
        <Search size={16} className="shrink-0 text-ink-3" aria-hidden />
        <input
          value={text}
          onChange={(e) => {
            setText(e.target.value);
            setAt(0);
          }}
          onKeyDown={(e) => {
            const step = e.key === "ArrowDown" ? 1 : e.key === "ArrowUp" ? -1 : 0;
            if (step) {
              e.preventDefault();
              const next = (current + step + items.length) % Math.max(1, items.length);
              setAt(next);
              list.current?.querySelector(`[id="${id}-${next}"]`)?.scrollIntoView({ block: "nearest" });
            } else if (e.key === "Enter") {
              e.preventDefault();
              run(items[current]);
            }
          }}
          role="combobox"
          aria-label={texts.search.placeholder}
          aria-expanded
          aria-controls={id}
          aria-activedescendant={items.length ? `${id}-${current}` : undefined}
          placeholder={texts.search.placeholder}
          className="h-full min-w-0 flex-1 bg-transparent text-16 outline-none"
        />
        <span className="max-md:hidden">
          <Keys keys={["Esc"]} />
        </span>
        <IconButton label={texts.common.close} onClick={onClose} className="-mr-2 md:hidden">
          <X size={18} />
        </IconButton>
      </div>
      <div
        ref={list}
        id={id}
        role="listbox"
        aria-label={texts.search.results}
        className="min-h-0 overflow-y-auto p-2"
      >
        {typed && q === typed && !isPending && !isError && found.length === 0 ? (
          <p className="px-2 pt-1 pb-3 text-13 text-ink-3">
            {texts.search.none(typed)}. {texts.search.noneHint}
          </p>
        ) : null}
        {sections.map((section) =>
          section.items.length ? (
            // biome-ignore lint/a11y/useSemanticElements: a group of options, not of form fields
            <div
              key={section.title ?? "more"}
              role="group"
              aria-label={section.title ?? texts.nav.more}
              className="pb-1"
            >
              {section.title ? <p className="px-2 py-1 text-12 text-ink-3">{section.title}</p> : null}
              {section.items.map((item) => {
                index += 1;
                const mine = index;
                return (
                  // biome-ignore lint/a11y/useKeyWithClickEvents: the field above has the keys
                  <div
                    key={item.id}
                    id={`${id}-${mine}`}
                    role="option"
                    tabIndex={-1}
                    aria-selected={mine === current}
                    onPointerMove={() => setAt(mine)}
                    onClick={() => run(item)}
                    className={cx(
                      "flex min-h-9 cursor-default items-center gap-3 rounded-6 px-2 py-1.5",
                      mine === current && "bg-hover",
                    )}
                  >
                    {item.body}
                  </div>
                );
              })}
            </div>
          ) : null,
        )}
      </div>
    </>
  );
}
