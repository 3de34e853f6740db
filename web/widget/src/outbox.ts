// Messages that the visitor has written and the desk has not confirmed. Each is written down under its own name
// before anything is sent: tabs share them, and two that write at the same moment must not undo each other.

import type { Memory } from "./memory";
import { uuid } from "./random";

const prefix = "out:";

export interface Outgoing {
  /** The same for every attempt, so that the desk stores the message once. */
  client_id: string;
  text: string;
  created_at: string;
  /** Why the desk will not take it as it is; it stays until the visitor tries again or takes it back. */
  failed?: string | undefined;
}

export class Outbox {
  readonly #memory: Memory;

  constructor(memory: Memory) {
    this.#memory = memory;
  }

  /** Oldest first. */
  list(): Outgoing[] {
    return this.#memory
      .names(prefix)
      .flatMap((name) => this.#memory.get<Outgoing>(name) ?? [])
      .sort((one, other) => (one.created_at < other.created_at ? -1 : 1));
  }

  /** The oldest message that is still to be sent. */
  next(): Outgoing | undefined {
    return this.list().find((item) => item.failed === undefined);
  }

  add(text: string): Outgoing {
    const item = { client_id: uuid(), text, created_at: new Date().toISOString() };
    this.#memory.set(prefix + item.client_id, item);
    return item;
  }

  remove(clientId: string | null): void {
    this.#memory.set(prefix + clientId, null);
  }

  /** Sets a message aside for that reason; without one, it is to be sent again. */
  mark(clientId: string, failed?: string): void {
    const item = this.#memory.get<Outgoing>(prefix + clientId);
    if (item) this.#memory.set(prefix + clientId, { ...item, failed });
  }

  /** Empties the outbox and returns what was in it as one text. */
  takeBack(): string {
    const items = this.list();
    for (const { client_id } of items) this.remove(client_id);
    return items.map(({ text }) => text).join("\n\n");
  }
}
