import { Link } from "@tanstack/react-router";
import { CheckCircle2, Inbox, LogOut, MenuIcon, MessageSquarePlus, Ticket } from "lucide-react";
import { Dialog } from "radix-ui";
import { type ReactNode, useState } from "react";
import { useDock } from "@/say/dock";
import { useMay, useMe } from "@/session/me";
import { texts } from "@/texts";
import { Avatar } from "@/ui/Avatar";
import { navGroups } from "./nav";
import { Reconnecting } from "./Sidebar";

const cell =
  "press flex flex-1 flex-col items-center justify-center gap-0.5 text-12 text-ink-3 aria-[current=page]:text-accent-text";

/** The phone's way around: four places and the chat, within reach of a thumb. */
export function BottomNav({ waiting, onSignOut }: { waiting: number; onSignOut: () => void }) {
  const dock = useDock();
  const may = useMay();
  const [more, setMore] = useState(false);
  return (
    <nav
      aria-label={texts.nav.label}
      className="box-content flex h-14 shrink-0 items-stretch border-t border-line bg-rail pb-[env(safe-area-inset-bottom)] md:hidden"
    >
      <Tab to="/inbox" label={texts.nav.inbox} count={waiting}>
        <Inbox size={20} />
      </Tab>
      <Tab to="/tasks" label={texts.nav.tasks}>
        <CheckCircle2 size={20} />
      </Tab>
      <button
        type="button"
        onClick={() => dock.open()}
        className={cell}
        aria-label={may.write ? texts.nav.say : texts.nav.ask}
      >
        <span className="flex h-9 w-12 items-center justify-center rounded-full bg-accent text-accent-ink shadow-lift">
          <MessageSquarePlus size={20} />
        </span>
      </button>
      <Tab to="/tickets" label={texts.nav.tickets}>
        <Ticket size={20} />
      </Tab>
      <Dialog.Root open={more} onOpenChange={setMore}>
        <Dialog.Trigger className={cell}>
          <MenuIcon size={20} aria-hidden />
          {texts.nav.more}
        </Dialog.Trigger>
        <Dialog.Portal>
          <div className="fixed inset-0 z-40 bg-scrim" aria-hidden />
          <Dialog.Content
            aria-describedby={undefined}
            onOpenAutoFocus={(event) => event.preventDefault()}
            className="float-in fixed inset-x-0 bottom-0 z-50 max-h-[85dvh] overflow-y-auto rounded-t-12 bg-raised p-3 pb-6 shadow-float outline-none"
          >
            <Dialog.Title className="sr-only">{texts.nav.more}</Dialog.Title>
            <More onClose={() => setMore(false)} onSignOut={onSignOut} />
          </Dialog.Content>
        </Dialog.Portal>
      </Dialog.Root>
    </nav>
  );
}

function Tab({
  to,
  label,
  count = 0,
  children,
}: {
  to: "/inbox" | "/tasks" | "/tickets";
  label: string;
  count?: number;
  children: ReactNode;
}) {
  return (
    <Link to={to} className={cell}>
      <span className="relative" aria-hidden>
        {children}
        {count ? (
          <span className="absolute -top-0.5 -right-1 size-2 rounded-full bg-warn ring-2 ring-rail" />
        ) : null}
      </span>
      {label}
    </Link>
  );
}

function More({ onClose, onSignOut }: { onClose: () => void; onSignOut: () => void }) {
  const me = useMe();
  const may = useMay();
  const row = "press flex h-11 items-center gap-3 rounded-8 px-3 text-14 hover:bg-hover";
  return (
    <>
      <div className="flex items-center gap-3 px-3 pt-1 pb-3">
        <Avatar name={me.member.name} size={32} />
        <div className="min-w-0">
          <p className="truncate text-14 font-medium">{me.member.name}</p>
          <p className="truncate text-12 text-ink-3">{me.workspace.name}</p>
        </div>
      </div>
      <Reconnecting />
      {navGroups.map((g) => (
        <div key={g.title} className="border-t border-line py-1">
          {g.items
            .filter((i) => !["/inbox", "/tasks", "/tickets"].includes(i.to) && (!i.admin || may.administer))
            .map((i) => (
              <Link key={i.to} to={i.to} onClick={onClose} className={row}>
                <span className="text-ink-3" aria-hidden>
                  {i.icon}
                </span>
                {i.label}
              </Link>
            ))}
        </div>
      ))}
      <div className="border-t border-line pt-1">
        <button type="button" onClick={onSignOut} className={`${row} w-full`}>
          <LogOut size={16} className="text-ink-3" aria-hidden />
          {texts.nav.signOut}
        </button>
      </div>
    </>
  );
}
