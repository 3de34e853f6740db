import { expect, test } from "vitest";
import { aTask } from "@/test/records";
import { grouped, groupOf } from "./grouping";

const zone = "Europe/Berlin";
// Saturday, 21 November 2026, ten in the morning in Berlin.
const now = new Date("2026-11-21T09:00:00Z");
const due = (date: string, at?: string) =>
  aTask({ due: at ? { date, time: "00:00" } : { date }, due_at: at ?? null });

test("a date is overdue from the day after", () => {
  expect(groupOf(due("2026-11-20"), now, zone)).toBe("overdue");
  expect(groupOf(due("2026-11-21"), now, zone)).toBe("today");
});

test("a time of today is overdue as soon as it has passed", () => {
  expect(groupOf(due("2026-11-21", "2026-11-21T08:59:00Z"), now, zone)).toBe("overdue");
  expect(groupOf(due("2026-11-21", "2026-11-21T09:01:00Z"), now, zone)).toBe("today");
});

test("the week ends on Sunday", () => {
  expect(groupOf(due("2026-11-22"), now, zone)).toBe("week");
  expect(groupOf(due("2026-11-23"), now, zone)).toBe("later");
});

test("a due time is sorted by the day it falls on for the reader, a mere date is not moved", () => {
  const late = due("2026-11-21", "2026-11-21T23:30:00Z");
  expect(groupOf(late, now, "Europe/London")).toBe("today");
  expect(groupOf(late, now, zone)).toBe("week");
  expect(groupOf(due("2026-11-21"), now, "Pacific/Auckland")).toBe("today");
});

test("what is done stands last, whenever it was due", () => {
  expect(groupOf(aTask({ status: "done", due: { date: "2026-11-01" } }), now, zone)).toBe("done");
});

test("groups come in order, each with its count, and empty ones not at all", () => {
  const rows = grouped(
    [aTask({ id: "n" }), aTask({ ...due("2026-11-20"), id: "o" }), aTask({ ...due("2026-11-19"), id: "p" })],
    now,
    zone,
  );
  expect(rows.map((r) => (r.kind === "head" ? `${r.group} ${r.count}` : r.task.id))).toEqual([
    "overdue 2",
    "o",
    "p",
    "none 1",
    "n",
  ]);
});
