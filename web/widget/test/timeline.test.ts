import { describe, expect, it } from "vitest";
import { Timeline } from "../src/timeline";
import { message } from "./desk";

const sequences = (timeline: Timeline) => timeline.messages.map(({ sequence }) => sequence);

describe("timeline", () => {
  it("puts messages in the order of their sequence, whatever order they come in", () => {
    const timeline = new Timeline();
    for (const sequence of [5, 1, 4, 2, 3]) timeline.add(message(sequence));
    expect(sequences(timeline)).toEqual([1, 2, 3, 4, 5]);
  });

  it("takes a message that comes twice once, and keeps the first", () => {
    const timeline = new Timeline();
    expect(timeline.add(message(1, { text: "first" }))).toBe(true);
    timeline.add(message(2));
    expect(timeline.add(message(1, { text: "again" }))).toBe(false);
    expect(timeline.messages[0]?.text).toBe("first");
    expect(sequences(timeline)).toEqual([1, 2]);
  });

  it("resumes after the last message when none is missing", () => {
    const timeline = new Timeline();
    for (const sequence of [1, 2, 3]) timeline.add(message(sequence));
    expect(timeline.resumeAfter).toBe(3);
  });

  it("resumes before a gap, because what belongs there may have been cut off", () => {
    const timeline = new Timeline();
    for (const sequence of [1, 2, 4]) timeline.add(message(sequence));
    expect(timeline.resumeAfter).toBe(2);
    timeline.add(message(3));
    expect(timeline.resumeAfter).toBe(4);
  });

  it("takes a gap for good once the connection was quiet after it", () => {
    const timeline = new Timeline();
    for (const sequence of [1, 4]) timeline.add(message(sequence));
    timeline.settle();
    expect(timeline.resumeAfter).toBe(4);
    timeline.add(message(5));
    expect(timeline.resumeAfter).toBe(5);
  });

  it("agrees with sorting and removing doubles for random arrivals", () => {
    let seed = 42;
    const random = (below: number) => (seed = (seed * 1_103_515_245 + 12_345) & 0x7fffffff) % below;
    for (let round = 0; round < 200; round++) {
      const timeline = new Timeline();
      const arrivals = Array.from({ length: 30 }, () => 1 + random(20));
      for (const sequence of arrivals) timeline.add(message(sequence));
      expect(sequences(timeline), `seed 42, round ${round}`).toEqual(
        [...new Set(arrivals)].sort((a, b) => a - b),
      );
    }
  });
});
