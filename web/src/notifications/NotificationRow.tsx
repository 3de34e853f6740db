import { Link } from "@tanstack/react-router";
import { AlarmClock, Hand, MessageSquare, UserCheck } from "lucide-react";
import type { ReactNode } from "react";
import type { Notification } from "@/api/types";
import { texts } from "@/texts";
import { When } from "@/time/clock";
import { cx } from "@/ui/classes";
import { notificationLink } from "./links";

export const notificationIcons: Record<Notification["kind"], ReactNode> = {
  reminder: <AlarmClock size={16} />,
  handoff: <Hand size={16} />,
  assigned: <UserCheck size={16} />,
  customer_replied: <MessageSquare size={16} />,
};

export function NotificationRow({
  notification: n,
  onOpen,
  first,
}: {
  notification: Notification;
  onOpen: () => void;
  first?: boolean;
}) {
  const unread = n.read_at === null;
  return (
    <Link
      data-row
      {...notificationLink(n)}
      onClick={onOpen}
      tabIndex={first ? 0 : -1}
      className="press flex gap-3 px-4 py-2.5 outline-offset-[-2px] hover:bg-hover focus-visible:bg-hover"
    >
      <span
        className={cx(
          "mt-0.5 flex size-8 shrink-0 items-center justify-center rounded-full",
          n.kind === "reminder" || n.kind === "handoff"
            ? "bg-warn-soft text-warn"
            : "bg-accent-soft text-accent-text",
        )}
        aria-hidden
      >
        {notificationIcons[n.kind]}
      </span>
      <span className="min-w-0 flex-1">
        <span className="flex items-baseline gap-2">
          <span className={cx("min-w-0 flex-1 truncate text-13", unread ? "font-semibold" : "text-ink-2")}>
            {n.title}
          </span>
          <When at={n.created_at} className="shrink-0 text-12 text-ink-3" />
        </span>
        <span className="flex items-center gap-2 text-13 text-ink-2">
          <span className="min-w-0 flex-1 truncate">
            <span className="text-ink-3">{texts.notifications.kinds[n.kind]}</span>
            {n.body ? ` · ${n.body}` : ""}
          </span>
          {unread ? (
            <span
              className="size-2 shrink-0 rounded-full bg-accent"
              role="img"
              aria-label={texts.notifications.unread}
            />
          ) : null}
        </span>
      </span>
    </Link>
  );
}
