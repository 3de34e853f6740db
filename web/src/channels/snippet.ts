import type { Channel } from "@/api/types";

/** The one line that carries the widget. */
export function snippet(origin: string, key: string): string {
  return `<script src="${origin}/widget.js" data-channel="${key}" async></script>`;
}

/** Contrast of white text on a colour, by WCAG's formula; 4.5 is the least that reads well. */
export function contrastWithWhite(color: string): number {
  const hex = /^#([0-9a-f]{6})$/i.exec(color)?.[1];
  if (!hex) return 21;
  const [r = 0, g = 0, b = 0] = [0, 2, 4].map((i) => {
    const c = Number.parseInt(hex.slice(i, i + 2), 16) / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  });
  return 1.05 / (0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05);
}

export type ChannelForm = Pick<Channel, "name" | "greeting" | "color" | "position" | "enabled"> & {
  origins: string;
};

export function formOf(channel: Channel): ChannelForm {
  const { name, greeting, color, position, enabled, allowed_origins } = channel;
  return { name, greeting, color, position, enabled, origins: allowed_origins.join("\n") };
}

export function bodyOf({ origins, ...rest }: ChannelForm) {
  return {
    ...rest,
    allowed_origins: origins
      .split(/[\s,]+/)
      .map((o) => o.trim().replace(/\/+$/, ""))
      .filter(Boolean),
  };
}
