import { texts } from "@/texts";
import { Dialog } from "@/ui/Dialog";
import { Keys } from "@/ui/Keys";

const t = texts.shortcuts;

export const shortcutGroups: { title: string; rows: { name: string; keys: string[] }[] }[] = [
  {
    title: t.groups.everywhere,
    rows: [
      { name: t.names.palette, keys: ["mod", "K"] },
      { name: t.names.say, keys: ["C"] },
      { name: t.names.filter, keys: ["/"] },
      { name: t.names.undo, keys: ["mod", "Z"] },
      { name: t.names.help, keys: ["?"] },
      { name: t.names.escape, keys: ["Esc"] },
      { name: t.names.sidebar, keys: ["["] },
    ],
  },
  {
    title: t.groups.go,
    rows: [
      { name: texts.nav.inbox, keys: ["G", "I"] },
      { name: texts.nav.tasks, keys: ["G", "T"] },
      { name: texts.nav.board, keys: ["G", "B"] },
      { name: texts.nav.articles, keys: ["G", "A"] },
      { name: texts.nav.tickets, keys: ["G", "K"] },
      { name: texts.nav.contacts, keys: ["G", "C"] },
      { name: texts.nav.notifications, keys: ["G", "N"] },
      { name: texts.nav.settings, keys: ["G", "S"] },
    ],
  },
  {
    title: t.groups.lists,
    rows: [
      { name: t.names.next, keys: ["J"] },
      { name: t.names.previous, keys: ["K"] },
      { name: t.names.open, keys: ["Enter"] },
    ],
  },
  {
    title: t.groups.inbox,
    rows: [
      { name: t.names.claim, keys: ["A"] },
      { name: t.names.reply, keys: ["R"] },
      { name: t.names.note, keys: ["N"] },
      { name: t.names.return, keys: ["H"] },
      { name: t.names.close, keys: ["E"] },
      { name: t.names.details, keys: ["I"] },
      { name: t.names.send, keys: ["Enter"] },
    ],
  },
  {
    title: t.groups.task,
    rows: [{ name: t.names.complete, keys: ["E"] }],
  },
  {
    title: t.groups.board,
    rows: [
      { name: t.names.lift, keys: ["Space"] },
      { name: t.names.move, keys: ["←", "↑", "↓", "→"] },
    ],
  },
];

export function ShortcutList() {
  return (
    <div className="gap-8 sm:columns-2">
      {shortcutGroups.map((g) => (
        <section key={g.title} className="mb-5 break-inside-avoid">
          <h3 className="mb-1 text-12 font-medium text-ink-3">{g.title}</h3>
          <dl>
            {g.rows.map((r) => (
              <div key={r.name} className="flex h-7 items-center justify-between gap-4 text-13">
                <dt>{r.name}</dt>
                <dd>
                  <Keys keys={r.keys} />
                </dd>
              </div>
            ))}
          </dl>
        </section>
      ))}
    </div>
  );
}

export function ShortcutHelp({
  open,
  onOpenChange,
}: {
  open: boolean;
  onOpenChange: (open: boolean) => void;
}) {
  return (
    <Dialog open={open} onOpenChange={onOpenChange} title={texts.shortcuts.title} wide>
      <ShortcutList />
    </Dialog>
  );
}
