import { useSyncExternalStore } from "react";

/** A message on its way: typed here, not yet acknowledged. This is the page's own state, not the server's. */
export type Outgoing = { clientId: string; text: string; note: boolean; at: string; failed: unknown };

class Outbox {
  private waiting = new Map<string, Outgoing[]>();
  private drafts = new Map<string, string>();
  private listeners = new Set<() => void>();
  private readonly none: Outgoing[] = [];

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  of(conversation: string): Outgoing[] {
    return this.waiting.get(conversation) ?? this.none;
  }

  find(conversation: string, clientId: string): Outgoing | undefined {
    return this.of(conversation).find((o) => o.clientId === clientId);
  }

  add(conversation: string, outgoing: Outgoing): void {
    this.set(conversation, [...this.of(conversation), outgoing]);
  }

  mark(conversation: string, clientId: string, change: Partial<Outgoing>): void {
    this.set(
      conversation,
      this.of(conversation).map((o) => (o.clientId === clientId ? { ...o, ...change } : o)),
    );
  }

  drop(conversation: string, clientId: string): void {
    this.set(
      conversation,
      this.of(conversation).filter((o) => o.clientId !== clientId),
    );
  }

  /** What stands in the reply box of a conversation; kept while moving between conversations. */
  draft(conversation: string): string {
    return this.drafts.get(conversation) ?? "";
  }

  keepDraft(conversation: string, text: string): void {
    if (text) this.drafts.set(conversation, text);
    else this.drafts.delete(conversation);
    this.tell();
  }

  private set(conversation: string, all: Outgoing[]): void {
    if (all.length) this.waiting.set(conversation, all);
    else this.waiting.delete(conversation);
    this.tell();
  }

  private tell(): void {
    for (const listener of this.listeners) listener();
  }
}

export const outbox = new Outbox();

export function useDraft(conversation: string): string {
  return useSyncExternalStore(outbox.subscribe, () => outbox.draft(conversation));
}

export function useOutgoing(conversation: string): Outgoing[] {
  return useSyncExternalStore(outbox.subscribe, () => outbox.of(conversation));
}
