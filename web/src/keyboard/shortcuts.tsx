import { createContext, type ReactNode, useContext, useEffect, useMemo, useRef } from "react";

type Handler = (event: KeyboardEvent) => void;
type Binding = { keys: string; run: Handler; inFields: boolean };

/** How long the first key of "g i" waits for its second. */
const chordMs = 900;

export function isField(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable) return true;
  if (target instanceof HTMLInputElement)
    return !["checkbox", "radio", "button", "submit"].includes(target.type);
  return target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement;
}

/** "mod+k" is Ctrl on most machines and Command on a Mac; a letter is itself; "?" already holds its Shift. */
export function keyName(
  event: Pick<KeyboardEvent, "key" | "ctrlKey" | "metaKey" | "altKey" | "shiftKey">,
): string {
  const mod = event.ctrlKey || event.metaKey ? "mod+" : "";
  const alt = event.altKey ? "alt+" : "";
  const shift = event.shiftKey && event.key.length > 1 ? "shift+" : "";
  return mod + alt + shift + (event.key.length === 1 ? event.key.toLowerCase() : event.key);
}

/** The last binding wins, so that a panel may answer a key before the list below it does. */
export class Shortcuts {
  private bindings: Binding[] = [];
  private first: string | null = null;
  private firstAt = 0;

  bind(binding: Binding): () => void {
    this.bindings.push(binding);
    return () => {
      this.bindings = this.bindings.filter((b) => b !== binding);
    };
  }

  handle(event: KeyboardEvent, nowMs: number): void {
    if (event.defaultPrevented || event.isComposing) return;
    const name = keyName(event);
    const typing = isField(event.target);
    const chord = this.first && nowMs - this.firstAt < chordMs ? `${this.first} ${name}` : null;
    this.first = null;
    const usable = this.bindings.filter((b) => !typing || b.inFields);
    const found =
      (chord && usable.findLast((b) => b.keys === chord)) || usable.findLast((b) => b.keys === name);
    if (found) {
      event.preventDefault();
      found.run(event);
      return;
    }
    if (usable.some((b) => b.keys.startsWith(`${name} `))) {
      this.first = name;
      this.firstAt = nowMs;
    }
  }
}

const ShortcutContext = createContext<Shortcuts | null>(null);

export function ShortcutProvider({ children }: { children: ReactNode }) {
  const shortcuts = useMemo(() => new Shortcuts(), []);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => shortcuts.handle(event, performance.now());
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [shortcuts]);
  return <ShortcutContext.Provider value={shortcuts}>{children}</ShortcutContext.Provider>;
}

export function useShortcut(
  keys: string,
  run: Handler,
  options: { enabled?: boolean; inFields?: boolean } = {},
): void {
  const shortcuts = useContext(ShortcutContext);
  const latest = useRef(run);
  latest.current = run;
  const { enabled = true, inFields = false } = options;
  useEffect(() => {
    if (!enabled || !shortcuts) return;
    return shortcuts.bind({ keys, inFields, run: (event) => latest.current(event) });
  }, [shortcuts, keys, enabled, inFields]);
}
