import { expect, test } from "vitest";
import { parseTime } from "./parse";

test("times are understood as people type them", () => {
  expect(["9", "9:30", "0930", "5 pm", "12am", "17.15", "00:05"].map(parseTime)).toEqual([
    "09:00",
    "09:30",
    "09:30",
    "17:00",
    "00:00",
    "17:15",
    "00:05",
  ]);
});

test("a bare small hour is in the afternoon, with minutes or a leading zero it is as written", () => {
  expect(["3", "03", "3:00"].map(parseTime)).toEqual(["15:00", "03:00", "03:00"]);
});

test("nothing typed is no time, and nonsense is told apart from it", () => {
  expect(parseTime("  ")).toBe("");
  expect(["25:00", "9:75", "soon", "13 pm"].map(parseTime)).toEqual([null, null, null, null]);
});
