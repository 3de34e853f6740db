import { expect, test } from "vitest";
import { aboutField, besideField, sentence } from "./sentence";

test("what the server says becomes a sentence, and a sentence stays one", () => {
  expect(sentence("too many requests; try again in 5 s")).toBe("Too many requests; try again in 5 s.");
  expect(sentence("Taken.")).toBe("Taken.");
});

test("beside its field a complaint speaks of this or these", () => {
  expect(besideField("is not an e-mail address")).toBe("This is not an e-mail address.");
  expect(besideField("has 3 characters; at least 8 are needed")).toBe(
    "This has 3 characters; at least 8 are needed.",
  );
  expect(besideField("are too many; at most 50 are allowed")).toBe(
    "These are too many; at most 50 are allowed.",
  );
});

test("far from its field a complaint names it", () => {
  expect(aboutField("recurrence.rule", "needs a due date to begin with")).toBe(
    "Recurrence rule needs a due date to begin with.",
  );
});
