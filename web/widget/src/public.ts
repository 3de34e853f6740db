// `window.Deskhand`: what a page may ask of the widget. Calls made before the widget is there are done when it
// is. A page that cannot wait for the script to load writes `(window.Deskhand ||= []).push(["open"])`.

import type { Emit, Widget, WidgetEvents } from "./widget";

type Listener = (...values: never[]) => void;
type Call = [method: "open" | "close" | "toggle" | "show" | "on", ...values: unknown[]];

export interface PublicApi {
  open(): void;
  close(): void;
  toggle(): void;
  /** Opens the chat with a text ready to be sent. */
  show(text?: string): void;
  /** Calls `fn` at each such event; returns what ends that. */
  on<E extends keyof WidgetEvents>(event: E, fn: (...values: WidgetEvents[E]) => void): () => void;
  push(...calls: Call[]): void;
}

declare global {
  interface Window {
    Deskhand?: PublicApi | Call[];
  }
}

/** Null when the page has the widget already. */
export function publish(): { emit: Emit; ready(widget: Widget): void } | null {
  const early = window.Deskhand;
  if (early && !Array.isArray(early)) return null;
  const listeners = new Map<string, Set<Listener>>();
  let waiting: ((widget: Widget) => void)[] = [];
  let widget: Widget | null = null;
  const ask = (what: (widget: Widget) => void) => {
    if (widget) what(widget);
    else waiting.push(what);
  };
  const api: PublicApi = {
    open: () => ask((it) => it.open()),
    close: () => ask((it) => it.close()),
    toggle: () => ask((it) => it.toggle()),
    show: (text = "") => ask((it) => it.show(String(text))),
    on(event, fn) {
      const all = listeners.get(event) ?? new Set();
      listeners.set(event, all.add(fn as Listener));
      if (event === "ready" && widget) (fn as () => void)();
      return () => all.delete(fn as Listener);
    },
    push(...calls) {
      for (const [method, ...values] of calls)
        (api[method] as ((...values: unknown[]) => void) | undefined)?.(...values);
    },
  };
  window.Deskhand = api;
  const emit: Emit = (event, ...values) => {
    for (const fn of listeners.get(event) ?? []) {
      try {
        (fn as (...values: unknown[]) => void)(...values);
      } catch (error) {
        // The page's mistake is the page's; the chat goes on.
        console.error(error);
      }
    }
  };
  if (Array.isArray(early)) api.push(...early);
  return {
    emit,
    ready(it) {
      widget = it;
      for (const what of waiting) what(it);
      waiting = [];
    },
  };
}
