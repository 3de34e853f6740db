import { QueryClient } from "@tanstack/react-query";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { keys } from "@/api/query";
import type { LiveEvent } from "@/api/types";
import { aMessage } from "@/test/records";
import { applyAtOnce, doubtful, type MessagePages, Refresher, withMessage } from "./patch";

const event = (change: Partial<LiveEvent>): LiveEvent => ({
  id: "e",
  type: "message.created",
  kind: "message",
  subject_id: "m2",
  workspace_id: "w",
  occurred_at: "2026-11-21T09:00:00Z",
  actor: null,
  data: null,
  ...change,
});
// As events carry it, which is not as the API answers it.
const said = {
  author: "contact",
  author_name: "Dana",
  text: "Hello",
  note: false,
  client_id: null,
  created_at: "2026-11-21T09:00:00Z",
};
const loaded = (): MessagePages => ({
  pages: [
    { items: [aMessage({ id: "m3", sequence: 3 }), aMessage({ id: "m1", sequence: 1 })], next_cursor: null },
  ],
  pageParams: [null],
});
const order = (pages: MessagePages | undefined) => pages?.pages.flatMap((p) => p.items.map((m) => m.id));

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

test("a message that arrives stands at its place, also when it comes late", () => {
  expect(order(withMessage(loaded(), aMessage({ id: "m4", sequence: 4 })))).toEqual(["m4", "m3", "m1"]);
  expect(order(withMessage(loaded(), aMessage({ id: "m2", sequence: 2 })))).toEqual(["m3", "m2", "m1"]);
});

test("the same message twice is there once", () => {
  const once = withMessage(loaded(), aMessage({ id: "m4", sequence: 4 }));
  expect(order(withMessage(once, aMessage({ id: "m4", sequence: 4 })))).toEqual(["m4", "m3", "m1"]);
});

test("what was sent from here is replaced by what the server made of it", () => {
  const sent = withMessage(loaded(), aMessage({ id: "mine", sequence: 4, client_id: "x" }));
  const replaced = withMessage(sent, aMessage({ id: "m9", sequence: 9, client_id: "x" }));
  expect(order(replaced)).toEqual(["m9", "m3", "m1"]);
});

test("a message event is in the open thread before anything is fetched", () => {
  const client = new QueryClient();
  client.setQueryData(keys.messages("k1"), loaded());
  applyAtOnce(client, event({ conversation_id: "k1", data: { ...said, id: "m4", sequence: 4 } }));
  expect(order(client.getQueryData(keys.messages("k1")))).toEqual(["m4", "m3", "m1"]);
});

test("an event without the whole message changes nothing by itself, but the thread is fetched again", () => {
  const client = new QueryClient();
  client.setQueryData(keys.messages("k1"), loaded());
  const thin = event({ conversation_id: "k1", data: { id: "m4" } });
  applyAtOnce(client, thin);
  expect(order(client.getQueryData(keys.messages("k1")))).toEqual(["m3", "m1"]);
  expect(doubtful(thin)).toContainEqual(keys.messages("k1"));
});

test("a burst of events is one refetch of each query", () => {
  const client = new QueryClient();
  const invalidate = vi.spyOn(client, "invalidateQueries");
  const refresher = new Refresher(client);
  for (let i = 0; i < 20; i++) refresher.add(doubtful(event({ kind: "article", subject_id: `a${i}` })));
  vi.advanceTimersByTime(100);
  expect(invalidate).toHaveBeenCalledTimes(1);
});

test("a kind from a newer server is passed over", () => {
  expect(doubtful(event({ kind: "hologram" }))).toEqual([]);
});
