import type { QueryClient, QueryKey } from "@tanstack/react-query";
import { type Answer, ApiError, api } from "./client";

/** Someone else wrote the very field that was being written; theirs is attached. */
export class Conflict<T> extends Error {
  override readonly name = "Conflict";
  constructor(readonly theirs: T) {
    super("conflict");
  }
}

/** Whether one of these fields is another than the one the reader saw when starting to write. */
export function changedMeanwhile<T extends object>(seen: T, theirs: T, fields: string[]): boolean {
  return fields.some(
    (field) =>
      JSON.stringify((seen as Record<string, unknown>)[field]) !==
      JSON.stringify((theirs as Record<string, unknown>)[field]),
  );
}

const queues = new Map<string, Promise<unknown>>();

/** One write after the other for each record, so that a page never makes its own writes stale. */
export function inTurn<T>(address: string, work: () => Promise<T>): Promise<T> {
  const before = queues.get(address) ?? Promise.resolve();
  const mine = before.then(work, work);
  const settled = mine.catch(() => {});
  queues.set(address, settled);
  void settled.then(() => {
    if (queues.get(address) === settled) queues.delete(address);
  });
  return mine;
}

type Versioned = { version: number };

/**
 * Writes fields of a record under its version. When the record moved on but these fields did not, it is
 * written again on top; when they did, that is a conflict, which only the person can settle.
 */
export function saveFields<T extends Versioned>(
  client: QueryClient,
  key: QueryKey,
  address: string,
  seen: T,
  change: Record<string, unknown>,
): Promise<Answer<T>> {
  return inTurn(address, async () => {
    const known = client.getQueryData<T>(key);
    const version = Math.max(known?.version ?? 0, seen.version);
    let answer: Answer<T>;
    try {
      answer = await api.patch<T>(address, change, version);
    } catch (error) {
      if (!(error instanceof ApiError) || !error.stale) throw error;
      const theirs = await api.get<T>(address);
      if (changedMeanwhile(seen, theirs, Object.keys(change))) {
        client.setQueryData(key, theirs);
        throw new Conflict(theirs);
      }
      answer = await api.patch<T>(address, change, theirs.version);
    }
    client.setQueryData(key, answer.data);
    return answer;
  });
}
