// Colours that can be read: from the channel's one colour, what is written on it, and what it becomes where it
// is itself the writing.

/** Of the lightest grey that text stands on in the light scheme, and of the one in the dark scheme. */
const ground = { light: "#f1f2f4", dark: "#262a31" };
const textContrast = 4.5;
const shapeContrast = { light: 1.25, dark: 3 };

type Rgb = [number, number, number];

export interface Accent {
  /** Buttons and the visitor's own messages. */
  fill: string;
  /** Text on `fill`. */
  on: string;
  /** Links, focus rings. */
  ink: string;
}

/** `#rgb` or `#rrggbb` as `#rrggbb`; null for anything else. */
export function hexColor(text: string | null | undefined): string | null {
  const hex = text?.trim().toLowerCase() ?? "";
  if (/^#[0-9a-f]{3}$/.test(hex)) return hex.replace(/[0-9a-f]/g, "$&$&");
  return /^#[0-9a-f]{6}$/.test(hex) ? hex : null;
}

/** The contrast ratio of WCAG 2.2, from 1 to 21. */
export function contrast(one: string, other: string): number {
  const [a, b] = [luminance(one), luminance(other)];
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
}

export function accentFor(color: string, scheme: "light" | "dark"): Accent {
  const [far, near] = scheme === "light" ? ["#000000", "#ffffff"] : ["#ffffff", "#15171b"];
  const fill = towards(color, far!, near!, shapeContrast[scheme]);
  return {
    fill,
    on: contrast(fill, "#ffffff") >= textContrast ? "#ffffff" : "#000000",
    ink: towards(color, far!, ground[scheme], textContrast),
  };
}

/** `color`, mixed with as little of `far` as gives it that contrast with `ground`. */
function towards(color: string, far: string, ground: string, wanted: number): string {
  for (let part = 0; part < 1; part += 0.04) {
    const mixed = mix(color, far, part);
    if (contrast(mixed, ground) >= wanted) return mixed;
  }
  return far;
}

function mix(color: string, other: string, part: number): string {
  const [a, b] = [rgb(color), rgb(other)];
  return `#${a
    .map((value, i) =>
      Math.round(value + (b[i]! - value) * part)
        .toString(16)
        .padStart(2, "0"),
    )
    .join("")}`;
}

function rgb(hex: string): Rgb {
  const number = Number.parseInt(hex.slice(1), 16);
  return [number >> 16, (number >> 8) & 255, number & 255];
}

function luminance(hex: string): number {
  const [r, g, b] = rgb(hex).map((value) => {
    const part = value / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
}
