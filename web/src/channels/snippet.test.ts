import { expect, test } from "vitest";
import { bodyOf, contrastWithWhite, snippet } from "./snippet";

test("the widget is one line", () => {
  expect(snippet("https://desk.example", "k1")).toBe(
    '<script src="https://desk.example/widget.js" data-channel="k1" async></script>',
  );
});

test("origins may be written one per line or with commas, and without a closing slash they are the same", () => {
  const form = { name: "", greeting: "", color: "#000000", position: "left" as const, enabled: true };
  expect(bodyOf({ ...form, origins: "https://a.example/\n https://b.example, \n" }).allowed_origins).toEqual([
    "https://a.example",
    "https://b.example",
  ]);
});

test("a colour too light for white text is found out", () => {
  expect(contrastWithWhite("#ffffff")).toBeCloseTo(1);
  expect(contrastWithWhite("#0b6274")).toBeGreaterThan(4.5);
  expect(contrastWithWhite("#f5c542")).toBeLessThan(4.5);
});
