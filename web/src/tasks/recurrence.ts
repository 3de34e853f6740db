import type { Recurrence } from "@/api/types";
import { texts } from "@/texts";
import { isoWeekday } from "@/time/zone";

export type Repeat = "none" | "daily" | "weekdays" | "weekly" | "biweekly" | "monthly" | "yearly";

const weekdays = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"];

/** The rule that a choice means for a task that is due on `date`. */
export function ruleFor(repeat: Repeat, date: string): string | null {
  const day = weekdays[isoWeekday(date) - 1] ?? "MO";
  switch (repeat) {
    case "none":
      return null;
    case "daily":
      return "FREQ=DAILY";
    case "weekdays":
      return "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR";
    case "weekly":
      return `FREQ=WEEKLY;BYDAY=${day}`;
    case "biweekly":
      return `FREQ=WEEKLY;INTERVAL=2;BYDAY=${day}`;
    case "monthly": {
      // A day that some months lack means their last one: never a month without the task.
      const n = Number(date.slice(8));
      if (n <= 28) return `FREQ=MONTHLY;BYMONTHDAY=${n}`;
      const days = Array.from({ length: n - 27 }, (_, i) => 28 + i).join(",");
      return `FREQ=MONTHLY;BYMONTHDAY=${days};BYSETPOS=-1`;
    }
    case "yearly":
      return `FREQ=YEARLY;BYMONTH=${Number(date.slice(5, 7))};BYMONTHDAY=${Number(date.slice(8))}`;
  }
}

const dayNames: Record<string, string> = {
  MO: "Monday",
  TU: "Tuesday",
  WE: "Wednesday",
  TH: "Thursday",
  FR: "Friday",
  SA: "Saturday",
  SU: "Sunday",
};

/** A rule in words, as far as words are short; what they cannot say is left out rather than said wrong. */
export function ruleText(recurrence: Recurrence): string {
  const simple = repeatOf(recurrence);
  const parts = new Map(
    recurrence.rule
      .replace(/^RRULE:/, "")
      .split(";")
      .map((part) => part.split("=") as [string, string]),
  );
  const t = texts.tasks;
  const days = parts.get("BYDAY")?.split(",") ?? [];
  const named = days.map((d) => {
    const [, nth = "", day = ""] = /^(-?\d+)?(\w\w)$/.exec(d) ?? [];
    return [t.ordinals[nth], dayNames[day] ?? d].filter(Boolean).join(" ");
  });
  const every = t.every(parts.get("FREQ") ?? "", Number(parts.get("INTERVAL") ?? 1));
  if (simple && simple !== "none" && !(simple === "weekly" || simple === "biweekly" || simple === "monthly"))
    return t.repeats[simple];
  if (named.length && !parts.has("BYSETPOS")) return t.everyOn(every, named.join(", "));
  const monthDay = parts.get("BYMONTHDAY");
  if (monthDay && !monthDay.includes(",")) return t.everyOn(every, t.dayOfMonth(monthDay));
  if (monthDay?.startsWith("28,")) return t.everyOn(every, t.dayOfMonth(monthDay.split(",").at(-1) ?? ""));
  return every;
}

/** Which of the simple choices a rule is, if any. */
export function repeatOf(recurrence: Recurrence | null): Repeat | null {
  if (!recurrence) return "none";
  const rule = recurrence.rule.replace(/^RRULE:/, "");
  if (/^FREQ=DAILY(;INTERVAL=1)?$/.test(rule)) return "daily";
  if (/BYDAY=MO,TU,WE,TH,FR$/.test(rule) && rule.startsWith("FREQ=WEEKLY") && !rule.includes("INTERVAL"))
    return "weekdays";
  if (/^FREQ=WEEKLY(;BYDAY=\w\w)?$/.test(rule)) return "weekly";
  if (/^FREQ=WEEKLY;INTERVAL=2(;BYDAY=\w\w)?$/.test(rule)) return "biweekly";
  if (/^FREQ=MONTHLY(;BYMONTHDAY=[\d,]+)?(;BYSETPOS=-1)?$/.test(rule)) return "monthly";
  if (/^FREQ=YEARLY(;BYMONTH=\d+;BYMONTHDAY=\d+)?$/.test(rule)) return "yearly";
  return null;
}
