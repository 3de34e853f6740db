/**
 * A time of day as people type it: "9", "9:30", "0930", "5 pm". Empty is no time (""), nonsense is null.
 * A bare hour from 1 to 6 is in the afternoon, as the chat in plain words reads it too.
 */
export function parseTime(said: string): string | null {
  const text = said.trim().toLowerCase();
  if (!text) return "";
  const match = /^(\d{1,2})(?:[:.h]?(\d{2}))?\s*([ap])?\.?m?\.?$/.exec(text);
  if (!match) return null;
  let hour = Number(match[1]);
  const minute = Number(match[2] ?? 0);
  const half = match[3];
  if (half) {
    if (hour < 1 || hour > 12) return null;
    hour = (hour % 12) + (half === "p" ? 12 : 0);
  } else if (match[2] === undefined && match[1]?.length === 1 && hour >= 1 && hour <= 6) hour += 12;
  if (hour > 23 || minute > 59) return null;
  return `${String(hour).padStart(2, "0")}:${String(minute).padStart(2, "0")}`;
}
