// Where the script begins: finds its own element, offers `window.Deskhand`, asks the desk about the channel and
// puts the widget on the page. A page on which something is missing stays as it is.

import { Api } from "./api";
import { hexColor } from "./color";
import { browserStorage, Memory } from "./memory";
import { readOptions } from "./options";
import { publish } from "./public";
import { backoffMs } from "./random";
import { mountWidget } from "./widget";
import { type Channel, Refused } from "./wire";

const defaultColor = "#3257e0";
const attempts = 8;

const script =
  (document.currentScript as HTMLScriptElement | null) ??
  document.querySelector<HTMLScriptElement>("script[data-channel][src*='widget.js']");

void begin();

async function begin(): Promise<void> {
  const options = readOptions(script);
  if (!options) return console.warn("Deskhand: the script needs src and data-channel");
  // A second copy of the line on one page adds nothing.
  const desk = publish();
  if (!desk) return;
  const memory = new Memory(options.key, browserStorage("localStorage"));
  const channel = await look(new Api(options.base), options.key, memory);
  if (document.readyState === "loading") {
    await new Promise((done) => document.addEventListener("DOMContentLoaded", done, { once: true }));
  }
  if (channel?.enabled) desk.ready(mountWidget(options, channel, memory, desk.emit));
}

/** The channel as the desk describes it; as it did last time when the desk cannot be reached. */
async function look(api: Api, key: string, memory: Memory): Promise<Channel | null> {
  for (let attempt = 1; attempt <= attempts; attempt++) {
    try {
      const channel = await api.channel(key);
      channel.color = hexColor(channel.color) ?? defaultColor;
      memory.set("channel", channel);
      return channel;
    } catch (error) {
      const known = memory.get<Channel>("channel");
      if (error instanceof Refused && error.status < 429) {
        memory.set("channel", null);
        console.warn(`Deskhand: ${error.detail || `the channel answered ${error.status}`}`);
        return null;
      }
      if (known) return known;
      await new Promise((done) => setTimeout(done, backoffMs(attempt)));
    }
  }
  console.warn("Deskhand: the desk cannot be reached");
  return null;
}
