import { expect, test } from "vitest";
import { applyTool } from "./markdown";

test("bold wraps the selection and a second press unwraps it", () => {
  const once = applyTool("bold", { text: "pay now", start: 4, end: 7 });
  expect(once.text).toBe("pay **now**");
  expect(applyTool("bold", once).text).toBe("pay now");
});

test("a list marks every line of the selection, also when it begins in the middle of one", () => {
  const edit = applyTool("numbers", { text: "intro\nbox\nlabel\nend", start: 7, end: 12 });
  expect(edit.text).toBe("intro\n1. box\n2. label\nend");
  expect(applyTool("numbers", edit).text).toBe("intro\nbox\nlabel\nend");
});

test("a link leaves the address selected, ready to be typed over", () => {
  const edit = applyTool("link", { text: "see terms", start: 4, end: 9 });
  expect(edit.text).toBe("see [terms](https://)");
  expect(edit.text.slice(edit.start, edit.end)).toBe("https://");
});
