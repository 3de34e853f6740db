import { describe, expect, it } from "vitest";
import { accentFor, contrast, hexColor } from "../src/color";

describe("colours", () => {
  it("knows the contrast of black and white", () => {
    expect(contrast("#000000", "#ffffff")).toBeCloseTo(21);
    expect(contrast("#777777", "#777777")).toBe(1);
  });

  it("reads three and six digits and nothing that could be more than a colour", () => {
    expect(hexColor("#AbC")).toBe("#aabbcc");
    expect(hexColor(" #3257E0 ")).toBe("#3257e0");
    for (const text of ["red", "#12345", "#fff}*{display:none", "", null, undefined])
      expect(hexColor(text)).toBeNull();
  });

  it("can be read on every colour, in both schemes", () => {
    for (let r = 0; r < 256; r += 51) {
      for (let g = 0; g < 256; g += 51) {
        for (let b = 0; b < 256; b += 51) {
          const color = `#${[r, g, b].map((value) => value.toString(16).padStart(2, "0")).join("")}`;
          for (const [scheme, ground] of [
            ["light", "#f1f2f4"],
            ["dark", "#262a31"],
          ] as const) {
            const { fill, on, ink } = accentFor(color, scheme);
            expect(contrast(fill, on), `${color} ${scheme}`).toBeGreaterThanOrEqual(4.5);
            expect(contrast(ink, ground), `${color} ${scheme}`).toBeGreaterThanOrEqual(4.5);
          }
        }
      }
    }
  });

  it("keeps a colour that works as it is", () => {
    expect(accentFor("#3257e0", "light")).toEqual({ fill: "#3257e0", on: "#ffffff", ink: "#3257e0" });
  });
});
