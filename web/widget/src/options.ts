// What the page says about the widget, by the attributes of its one script element.

import { hexColor } from "./color";

export interface Options {
  /** The channel's key. */
  key: string;
  /** The desk's address, without a slash at its end. */
  base: string;
  name?: string | undefined;
  email?: string | undefined;
  color?: string | undefined;
  /** "left" or "right"; the channel's own where it is missing. */
  position?: string | undefined;
  language?: string | undefined;
  open: boolean;
}

/** Null where the script has no channel or no address of its own. */
export function readOptions(script: HTMLScriptElement | null): Options | null {
  const data = script?.dataset;
  if (!script?.src || !data?.channel) return null;
  return {
    key: data.channel,
    base: new URL(".", script.src).href.replace(/\/$/, ""),
    name: data.name || undefined,
    email: data.email || undefined,
    color: hexColor(data.color) ?? undefined,
    position: data.position || undefined,
    language: data.language || undefined,
    open: data.open !== undefined && data.open !== "false",
  };
}
