import { describe, expect, it } from "vitest";
import { backoffMs } from "../src/random";

describe("backoff", () => {
  it("doubles from one second and ends at thirty", () => {
    const longest = [1, 2, 3, 4, 5, 6, 7, 50].map((failures) => backoffMs(failures, () => 1));
    expect(longest).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
  });

  it("lets visitors come back at different times, none at once", () => {
    expect(backoffMs(4, () => 0)).toBe(4000);
    for (let i = 0; i < 100; i++) {
      const wait = backoffMs(4);
      expect(wait).toBeGreaterThanOrEqual(4000);
      expect(wait).toBeLessThanOrEqual(8000);
    }
  });
});
