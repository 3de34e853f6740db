import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useRef } from "react";
import { useReport } from "@/api/report";
import type { Notification } from "@/api/types";
import { useLiveEvents } from "@/live/LiveProvider";
import { notificationOfEvent } from "@/live/patch";
import { useTaskChanges } from "@/tasks/changes";
import { taskQuery } from "@/tasks/queries";
import { texts } from "@/texts";
import { useClock } from "@/time/clock";
import { dateIn, timeIn } from "@/time/zone";
import { useToasts } from "@/ui/Toasts";
import { notificationLink } from "./links";
import { notificationIcons } from "./NotificationRow";
import { useMarkNotifications } from "./queries";

/** What arrives while the page is open: a toast with the next step, and the browser's own where allowed. */
export function Arrivals() {
  const { show } = useToasts();
  const navigate = useNavigate();
  const client = useQueryClient();
  const changes = useTaskChanges();
  const report = useReport();
  const mark = useMarkNotifications();
  const { zone } = useClock();
  const seen = useRef(new Set<string>());

  useLiveEvents((event) => {
    const n = notificationOfEvent(event);
    if (!n || seen.current.has(n.id)) return;
    seen.current.add(n.id);
    const read = () => mark.mutate({ ids: [n.id] });
    // Who looks at the conversation has seen it already.
    if (n.conversation_id && n.kind !== "reminder" && looksAt(n.conversation_id)) {
      read();
      return;
    }
    const open = () => {
      read();
      void navigate(notificationLink(n));
    };
    const task = n.task;
    const actions = [{ label: texts.notifications.open, run: open, primary: n.kind !== "reminder" }];
    if (n.kind === "reminder" && task) {
      actions.unshift({
        label: texts.notifications.complete,
        primary: true,
        run: () => {
          read();
          void client
            .fetchQuery(taskQuery(task.id))
            .then((t) => (t.status === "done" ? undefined : changes.toggle(t)))
            .catch((error) => report.failed(error));
        },
      });
      actions.push({
        label: texts.notifications.snooze,
        primary: false,
        run: () => {
          read();
          const until = new Date(Date.now() + 3_600_000);
          void changes.snooze(
            task,
            { date: dateIn(zone, until), time: timeIn(zone, until) },
            timeIn(zone, until),
          );
        },
      });
    }
    show({
      text: n.title,
      detail: n.body || texts.notifications.kinds[n.kind],
      icon: <span className="text-warn">{notificationIcons[n.kind]}</span>,
      tone: "reminder",
      stay: n.kind === "reminder" ? 0 : 8000,
      actions,
    });
    outside(n, open);
  });
  return null;
}

function looksAt(conversation: string): boolean {
  return document.hasFocus() && window.location.pathname === `/inbox/${conversation}`;
}

function outside(n: Notification, open: () => void): void {
  if (!("Notification" in window) || window.Notification.permission !== "granted" || document.hasFocus())
    return;
  try {
    const shown = new window.Notification(n.title, { body: n.body, tag: n.id });
    shown.onclick = () => {
      window.focus();
      open();
      shown.close();
    };
  } catch {
    // Some phones allow these from service workers only; the toast has been shown anyway.
  }
}
