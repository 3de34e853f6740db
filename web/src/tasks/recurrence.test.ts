import { expect, test } from "vitest";
import { type Repeat, repeatOf, ruleFor } from "./recurrence";

test("every choice is recognised again from the rule it makes", () => {
  for (const repeat of ["daily", "weekdays", "weekly", "biweekly", "monthly", "yearly"] as Repeat[]) {
    const rule = ruleFor(repeat, "2026-11-21");
    expect(repeatOf(rule ? { rule, from: "schedule" } : null)).toBe(repeat);
  }
});

test("monthly on the 31st means the last day of shorter months", () => {
  expect(ruleFor("monthly", "2026-10-31")).toBe("FREQ=MONTHLY;BYMONTHDAY=28,29,30,31;BYSETPOS=-1");
});

test("a rule beyond the simple choices is none of them", () => {
  expect(repeatOf({ rule: "FREQ=MONTHLY;BYDAY=2TU", from: "schedule" })).toBeNull();
});
