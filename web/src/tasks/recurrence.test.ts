import { expect, test } from "vitest";
import { type Repeat, repeatOf, ruleFor, ruleText } from "./recurrence";

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

test("a rule is said in words", () => {
  const said = (rule: string) => ruleText({ rule, from: "schedule" });
  expect(said("FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR")).toBe("Every weekday");
  expect(said("FREQ=WEEKLY;INTERVAL=2;BYDAY=SA")).toBe("Every 2 weeks on Saturday");
  expect(said("FREQ=MONTHLY;BYDAY=-1FR")).toBe("Every month on the last Friday");
  expect(said("FREQ=MONTHLY;BYMONTHDAY=28,29,30,31;BYSETPOS=-1")).toBe("Every month on the 31st");
  expect(said("FREQ=MONTHLY;INTERVAL=3")).toBe("Every 3 months");
});
