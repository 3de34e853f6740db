// The conversation's messages in the order of their sequence, whatever the order and the number of times they
// arrive in.

import type { VisitorMessage } from "./wire";

export class Timeline {
  #items: VisitorMessage[] = [];
  #settledAt = 0;

  get messages(): readonly VisitorMessage[] {
    return this.#items;
  }

  /** The highest sequence seen; 0 before the first message. */
  get last(): number {
    return this.#items.at(-1)?.sequence ?? 0;
  }

  /**
   * From where to ask again after a cut. Normally `last`; while a lower sequence may still be on its way, the
   * one before that gap, so that a message overtaken by another is not lost with the connection.
   */
  get resumeAfter(): number {
    return this.#settledAt;
  }

  /** False when the message was there already. */
  add(message: VisitorMessage): boolean {
    let at = this.#items.length;
    while (at > 0 && this.#items[at - 1]!.sequence > message.sequence) at--;
    if (this.#items[at - 1]?.sequence === message.sequence) return false;
    this.#items.splice(at, 0, message);
    for (; this.#items[at]?.sequence === this.#settledAt + 1; at++) this.#settledAt++;
    return true;
  }

  /** Nothing below `last` is on its way any more: what is missing there is not for the visitor. */
  settle(): void {
    this.#settledAt = this.last;
  }

  clear(): void {
    this.#items = [];
    this.#settledAt = 0;
  }
}
