import { expect, test } from "vitest";
import { carryOver, segments } from "./spans";

const date = (start: number, end: number) => ({ start, end, kind: "date" });
const marked = (text: string, spans: ReturnType<typeof date>[]) =>
  segments(text, spans)
    .filter((s) => s.kind)
    .map((s) => s.text);

test("the words that were understood are cut out of the sentence, and no letter is lost", () => {
  const text = "Call Dana tomorrow at 9";
  const cut = segments(text, [date(10, 18), { start: 19, end: 23, kind: "time" }]);
  expect(cut.map((s) => [s.text, s.kind])).toEqual([
    ["Call Dana ", null],
    ["tomorrow", "date"],
    [" ", null],
    ["at 9", "time"],
  ]);
  expect(cut.map((s) => s.text).join("")).toBe(text);
});

test("offsets count characters, so an emoji before them does not shift the mark", () => {
  expect(marked("🚲🚲 fix it today", [date(10, 15)])).toEqual(["today"]);
});

test("spans that overlap or reach beyond the text are left out", () => {
  expect(marked("today at 9", [date(0, 5), date(3, 8), date(6, 99)])).toEqual(["today"]);
});

test("while typing goes on, marks before the cursor stay and marks after it move along", () => {
  const spans = [date(0, 5), date(15, 23)];
  const from = "today call Dana tomorrow".replace("Dana tomorrow", "Dan tomorrow!");
  const to = from.replace("call", "recall");
  const carried = carryOver(spans, from, to);
  expect(marked(to, carried as never)).toEqual(["today", from.slice(15, 23)]);
});

test("a mark that is typed into goes", () => {
  expect(carryOver([date(5, 13)], "Call tomorrow", "Call tomXorrow")).toEqual([]);
});
