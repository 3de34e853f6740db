// Calendar dates are plain "YYYY-MM-DD" strings here; an instant is a Date. Nothing mixes the two.

export function browserZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
}

/** Every IANA zone the browser knows, with UTC first. */
export function allZones(): string[] {
  return ["UTC", ...Intl.supportedValuesOf("timeZone").filter((z) => z !== "UTC")];
}

const formats = new Map<string, Intl.DateTimeFormat>();

export function format(zone: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${zone}|${JSON.stringify(options)}`;
  let made = formats.get(key);
  if (!made) {
    made = new Intl.DateTimeFormat("en-GB", { timeZone: zone, ...options });
    formats.set(key, made);
  }
  return made;
}

/** The calendar date that it is in `zone` at `instant`. */
export function dateIn(zone: string, instant: Date): string {
  const parts = format(zone, { year: "numeric", month: "2-digit", day: "2-digit" }).formatToParts(instant);
  const part = (type: string) => parts.find((p) => p.type === type)?.value ?? "";
  return `${part("year")}-${part("month")}-${part("day")}`;
}

/** The wall clock in `zone` at `instant`, as HH:MM. */
export function timeIn(zone: string, instant: Date): string {
  return format(zone, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).format(instant);
}

export function addDays(date: string, days: number): string {
  const d = new Date(`${date}T00:00:00Z`);
  d.setUTCDate(d.getUTCDate() + days);
  return d.toISOString().slice(0, 10);
}

export function daysBetween(from: string, to: string): number {
  return Math.round((Date.parse(`${to}T00:00:00Z`) - Date.parse(`${from}T00:00:00Z`)) / 86_400_000);
}

/** Monday is 1, Sunday is 7. */
export function isoWeekday(date: string): number {
  return new Date(`${date}T00:00:00Z`).getUTCDay() || 7;
}

/** The Sunday that ends the ISO week of `date`. */
export function endOfWeek(date: string): string {
  return addDays(date, 7 - isoWeekday(date));
}

/** A plain date written out; the year only where it is not this one. */
export function dateText(date: string, today: string, weekday = true): string {
  return format("UTC", {
    weekday: weekday ? "short" : undefined,
    day: "numeric",
    month: "short",
    year: date.slice(0, 4) === today.slice(0, 4) ? undefined : "numeric",
  })
    .format(new Date(`${date}T00:00:00Z`))
    .replace(",", "");
}
