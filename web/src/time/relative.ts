import { texts } from "@/texts";
import { addDays, dateIn, dateText, daysBetween, endOfWeek, format, timeIn } from "./zone";

/** How long ago or ahead, in the shortest words that still help. */
export function relative(instant: Date, now: Date, zone: string): string {
  const seconds = Math.round((now.getTime() - instant.getTime()) / 1000);
  const t = texts.time;
  if (seconds < 0) {
    const ahead = -seconds;
    // Clocks differ by seconds, and what was done just now was not done in the future.
    if (ahead < 60) return t.justNow;
    if (ahead < 3600) return t.inMinutes(Math.round(ahead / 60));
    if (ahead < 6 * 3600) return t.inHours(Math.round(ahead / 3600));
    return dayAndTime(instant, now, zone);
  }
  if (seconds < 45) return t.justNow;
  if (seconds < 3600) return t.minutesAgo(Math.max(1, Math.round(seconds / 60)));
  if (seconds < 6 * 3600) return t.hoursAgo(Math.round(seconds / 3600));
  return dayAndTime(instant, now, zone);
}

/** "09:12", "Yesterday 18:02", "Tue 14:30" or "3 Nov": a list's idea of when. */
export function dayAndTime(instant: Date, now: Date, zone: string): string {
  const date = dateIn(zone, instant);
  const today = dateIn(zone, now);
  const days = daysBetween(date, today);
  const time = timeIn(zone, instant);
  if (days === 0) return time;
  if (days === 1) return texts.time.yesterdayAt(time);
  if (days === -1) return texts.time.tomorrowAt(time);
  if (days > 1 && days < 7) return `${format(zone, { weekday: "short" }).format(instant)} ${time}`;
  if (days < -1) return `${dateText(date, today)} ${time}`;
  return dateText(date, today, false);
}

export function exact(instant: Date, zone: string): string {
  return format(zone, { dateStyle: "full", timeStyle: "short" } as Intl.DateTimeFormatOptions).format(
    instant,
  );
}

export type DueTone = "overdue" | "today" | "soon" | "later";
export type DueLike = {
  due: { date: string; time?: string | null } | null;
  due_at: string | null;
  zone: string;
};

/** The date that counts for the reader: a due time is an instant and moves with the zone, a mere date does not. */
export function dueDateFor(task: DueLike, zone: string): string | null {
  if (!task.due) return null;
  if (task.due.time && task.due_at) return dateIn(zone, new Date(task.due_at));
  return task.due.date;
}

export function dueTone(task: DueLike, now: Date, zone: string): DueTone | null {
  const date = dueDateFor(task, zone);
  if (!date) return null;
  const today = dateIn(zone, now);
  if (date < today) return "overdue";
  if (task.due?.time && task.due_at && new Date(task.due_at) < now) return "overdue";
  if (date === today) return "today";
  return date <= endOfWeek(today) ? "soon" : "later";
}

export function dueText(task: DueLike, now: Date, zone: string): string {
  const date = dueDateFor(task, zone);
  if (!date) return "";
  const today = dateIn(zone, now);
  const time = task.due?.time && task.due_at ? timeIn(zone, new Date(task.due_at)) : null;
  const day = dayWord(date, today);
  return time ? `${day} ${time}` : day;
}

/** Today, Tomorrow, Yesterday, a weekday within the next six days, otherwise the date. */
export function dayWord(date: string, today: string): string {
  const days = daysBetween(today, date);
  if (days === 0) return texts.time.today;
  if (days === 1) return texts.time.tomorrow;
  if (days === -1) return texts.time.yesterday;
  if (days > 1 && days < 7)
    return format("UTC", { weekday: "long" }).format(new Date(`${addDays(today, days)}T00:00:00Z`));
  return dateText(date, today);
}
