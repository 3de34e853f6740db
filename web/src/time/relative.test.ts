import { expect, test } from "vitest";
import { dueText, dueTone, relative } from "./relative";

const zone = "Europe/Berlin";
const now = new Date("2026-11-21T09:00:00Z");
const ago = (minutes: number) => relative(new Date(now.getTime() - minutes * 60_000), now, zone);

test("recent moments are told in minutes and hours, older ones by their day", () => {
  expect(ago(0.2)).toBe("just now");
  expect(ago(5)).toBe("5 min ago");
  expect(ago(180)).toBe("3 h ago");
  expect(ago(60 * 20)).toBe("Yesterday 14:00");
  expect(ago(60 * 24 * 3)).toBe("Wed 10:00");
  expect(ago(60 * 24 * 30)).toBe("22 Oct");
});

test("a clock that runs a little behind does not put the present into the future", () => {
  expect(ago(-0.4)).toBe("just now");
  expect(ago(-30)).toBe("in 30 min");
});

test("a due time is read in the reader's zone", () => {
  const task = { due: { date: "2026-11-21", time: "23:30" }, due_at: "2026-11-21T22:30:00Z", zone };
  expect(dueText(task, now, zone)).toBe("Today 23:30");
  expect(dueText(task, now, "Asia/Tokyo")).toBe("Tomorrow 07:30");
});

test("a time that passed this morning is overdue, the date alone is not", () => {
  const at = { due: { date: "2026-11-21", time: "09:30" }, due_at: "2026-11-21T08:30:00Z", zone };
  expect(dueTone(at, now, zone)).toBe("overdue");
  expect(dueTone({ due: { date: "2026-11-21" }, due_at: null, zone }, now, zone)).toBe("today");
});
