// What the widget remembers in the visitor's browser, per channel: localStorage, or this page's memory where
// the browser refuses it. Holds no rules; a value that cannot be read is as good as none.

export class Memory {
  readonly #kept = new Map<string, string>();
  readonly #prefix: string;

  readonly #storage: Storage | null;

  constructor(channel: string, storage: Storage | null) {
    this.#storage = storage;
    this.#prefix = `deskhand:${channel}:`;
  }

  get<T>(name: string): T | null {
    const key = this.#prefix + name;
    let text = this.#kept.get(key) ?? null;
    try {
      text ??= this.#storage?.getItem(key) ?? null;
      return text === null ? null : (JSON.parse(text) as T);
    } catch {
      return null;
    }
  }

  set(name: string, value: unknown): void {
    const key = this.#prefix + name;
    const text = value === null ? null : JSON.stringify(value);
    this.#kept.delete(key);
    try {
      if (!this.#storage) throw 0;
      if (text === null) this.#storage.removeItem(key);
      else this.#storage.setItem(key, text);
    } catch {
      if (text !== null) this.#kept.set(key, text);
    }
  }

  /** The names of the values that begin like that. */
  names(start: string): string[] {
    const all = new Set(this.#kept.keys());
    for (const key of Object.keys(this.#storage ?? {})) all.add(key);
    return [...all]
      .filter((key) => key.startsWith(this.#prefix + start))
      .map((key) => key.slice(this.#prefix.length));
  }

  /** Calls `changed` with the name of each value that another tab of this visitor wrote. */
  watch(changed: (name: string) => void): void {
    addEventListener("storage", ({ key, storageArea }) => {
      if (storageArea !== this.#storage) return;
      if (key?.startsWith(this.#prefix)) changed(key.slice(this.#prefix.length));
    });
  }
}

/** The browser's storage of that kind, or null where asking for it already throws or writing fails. */
export function browserStorage(kind: "localStorage" | "sessionStorage"): Storage | null {
  try {
    const storage = window[kind];
    storage.setItem("deskhand", "");
    storage.removeItem("deskhand");
    return storage;
  } catch {
    return null;
  }
}
