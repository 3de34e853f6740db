import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Bell as BellIcon, CheckCheck } from "lucide-react";
import { Popover } from "radix-ui";
import { useState } from "react";
import { onRowKeys } from "@/keyboard/rows";
import { texts } from "@/texts";
import { IconButton } from "@/ui/Button";
import { Empty, Failed, SkeletonRows } from "@/ui/States";
import { NotificationRow } from "./NotificationRow";
import { notificationsQuery, useMarkNotifications } from "./queries";

function useUnread(): number {
  return useInfiniteQuery(notificationsQuery("all")).data?.unread ?? 0;
}

function Count({ n }: { n: number }) {
  return n > 0 ? (
    <span
      aria-hidden
      className="absolute top-0.5 left-4 flex h-4 min-w-4 items-center justify-center rounded-full bg-accent px-1 text-[10px] leading-none font-semibold text-accent-ink ring-2 ring-rail max-md:ring-page"
    >
      {n > 99 ? "99+" : n}
    </span>
  ) : null;
}

/** On a phone the bell leads to the page. */
export function BellLink() {
  const unread = useUnread();
  return (
    <Link
      to="/notifications"
      aria-label={texts.notifications.bell(unread)}
      className="press relative flex size-8 items-center justify-center rounded-6 text-ink-2 hover:bg-hover"
    >
      <BellIcon size={18} />
      <Count n={unread} />
    </Link>
  );
}

export function Bell() {
  const [open, setOpen] = useState(false);
  const unread = useUnread();
  return (
    <Popover.Root open={open} onOpenChange={setOpen}>
      <Popover.Trigger asChild>
        <IconButton label={texts.notifications.bell(unread)} keys={["G", "N"]} className="relative">
          <BellIcon size={16} />
          <Count n={unread} />
        </IconButton>
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Content
          align="start"
          side="bottom"
          sideOffset={6}
          collisionPadding={8}
          aria-label={texts.notifications.title}
          onOpenAutoFocus={(event) => {
            event.preventDefault();
            const content = event.currentTarget as HTMLElement;
            (content.querySelector<HTMLElement>("[data-row]") ?? content).focus();
          }}
          className="float-in z-50 flex max-h-[min(560px,80dvh)] w-96 flex-col overflow-hidden rounded-12 bg-raised shadow-float outline-none"
        >
          <List onClose={() => setOpen(false)} unread={unread} />
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}

function List({ onClose, unread }: { onClose: () => void; unread: number }) {
  const query = useInfiniteQuery(notificationsQuery("all"));
  const mark = useMarkNotifications();
  const [title, hint] = texts.notifications.empty;
  return (
    <>
      <header className="flex h-11 shrink-0 items-center justify-between border-b border-line pr-2 pl-4">
        <h2 className="text-13 font-semibold">{texts.notifications.title}</h2>
        <IconButton
          label={texts.notifications.markAll}
          disabled={unread === 0}
          onClick={() => mark.mutate({ all: true })}
        >
          <CheckCheck size={16} />
        </IconButton>
      </header>
      {query.isPending ? (
        <SkeletonRows rows={4} tall />
      ) : !query.data ? (
        <Failed error={query.error} retry={() => void query.refetch()} />
      ) : query.data.items.length === 0 ? (
        <Empty className="py-10" icon={<BellIcon size={20} />} title={title} hint={hint} />
      ) : (
        <ul data-rows onKeyDown={onRowKeys} className="min-h-0 flex-1 overflow-y-auto py-1">
          {query.data.items.slice(0, 20).map((n, i) => (
            <li key={n.id}>
              <NotificationRow
                notification={n}
                first={i === 0}
                onOpen={() => {
                  if (n.read_at === null) mark.mutate({ ids: [n.id] });
                  onClose();
                }}
              />
            </li>
          ))}
        </ul>
      )}
      <Link
        to="/notifications"
        onClick={onClose}
        className="press flex h-10 shrink-0 items-center justify-center border-t border-line text-13 font-medium text-accent-text hover:bg-hover"
      >
        {texts.notifications.seeAll}
      </Link>
    </>
  );
}
