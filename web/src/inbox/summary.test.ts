import { expect, test } from "vitest";
import { lastWords, repeats } from "./summary";

test("a summary that is only the question in quotes says nothing new", () => {
  expect(repeats("Asked: “Do you sell vouchers?”", "Do you sell vouchers?")).toBe(true);
});

test("a summary that tells more is kept", () => {
  expect(
    repeats("Asked: “I want a person” Before that: “Do you sell vouchers?”", "Do you sell vouchers?"),
  ).toBe(false);
});

test("a summary that begins where a shortened subject ends is kept when it is much longer", () => {
  const question = "Do you sell vouchers for rides in hot-air balloons over the lake and the mountains?";
  expect(repeats(`Asked: “${question} And for two?”`, "Do you sell vouchers…")).toBe(false);
});

test("the newest message of the hand loses the signs of its Markdown, a customer's keeps every character", () => {
  const at = "2026-11-21T09:00:00Z";
  const said = (author: "hand" | "contact", text: string) =>
    lastWords({ subject: "", last_message: { author, text, created_at: at } });
  expect(said("hand", "This helps:\n\n**Refunds**\n\n> Run `deskhand serve`.")).toBe(
    "This helps: Refunds Run deskhand serve.",
  );
  expect(said("contact", "2 * 3 > `4`")).toBe("2 * 3 > `4`");
});
