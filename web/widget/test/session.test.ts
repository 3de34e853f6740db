import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Memory } from "../src/memory";
import { Session } from "../src/session";
import { Desk, message } from "./desk";

let desk: Desk;
let gone: string[];
let heard: string[];
const sessions: Session[] = [];
/** One for each test: what is still on its way in the last one shares no outbox with it. */
let channel: string;
let channels = 0;

beforeEach(() => {
  vi.useFakeTimers();
  localStorage.clear();
  channel = `K${++channels}`;
  desk = new Desk();
  gone = [];
  heard = [];
});
afterEach(() => {
  for (const session of sessions.splice(0)) session.startNew();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

function begin(): Session {
  const session = new Session(
    "https://desk.example",
    { channel, name: "Ann" },
    new Memory(channel, localStorage),
    {
      change() {},
      message: ({ text }) => heard.push(text),
      state() {},
      gone: (unsent) => gone.push(unsent),
    },
  );
  session.start();
  sessions.push(session);
  return session;
}

const pass = (ms = 60) => vi.advanceTimersByTimeAsync(ms);

/** A session whose first message is stored and whose socket is open. */
async function talking(): Promise<Session> {
  const session = begin();
  session.send("hello");
  await pass();
  desk.greet();
  return session;
}

describe("sending", () => {
  it("begins the conversation with the first message, not before", async () => {
    const session = begin();
    await pass();
    expect(desk.asked).toEqual([]);
    expect(desk.sockets).toEqual([]);
    session.send("hello");
    await pass();
    expect(desk.posts("/conversations")[0]?.body).toMatchObject({ channel, name: "Ann" });
    expect(desk.messages.map(({ text }) => text)).toEqual(["hello"]);
    expect(session.outbox.list()).toEqual([]);
    expect(desk.socket.url).toBe("wss://desk.example/widget/v1/live");
  });

  it("goes over the socket while it is open", async () => {
    const session = await talking();
    session.send("live");
    await pass(1);
    const frame = desk.socket.sent.at(-1)!;
    expect(frame).toMatchObject({ type: "send", text: "live" });
    desk.socket.say({
      type: "sent",
      client_id: frame.client_id,
      message: desk.store("live", String(frame.client_id)),
    });
    await pass(1);
    expect(session.timeline.messages.map(({ text }) => text)).toEqual(["hello", "live"]);
    expect(session.outbox.list()).toEqual([]);
    expect(desk.posts("/messages")).toHaveLength(1);
  });

  it("sends one after another, in the order of writing", async () => {
    const session = await talking();
    session.send("one");
    session.send("two");
    await pass(1);
    expect(desk.socket.sent.filter(({ type }) => type === "send")).toHaveLength(1);
  });

  it("repeats an unconfirmed message under the same id, so that it is stored once", async () => {
    const session = await talking();
    session.send("cut off");
    await pass(1);
    const { client_id } = desk.socket.sent.at(-1)!;
    desk.store("cut off", String(client_id));
    desk.socket.cut();
    await pass(1);
    expect(desk.posts("/messages").at(-1)?.body.client_id).toBe(client_id);
    expect(desk.messages.filter(({ text }) => text === "cut off")).toHaveLength(1);
    expect(session.timeline.messages.filter(({ text }) => text === "cut off")).toHaveLength(1);
  });

  it("keeps what is written while the desk is away and sends it when it is back", async () => {
    desk.reachable = false;
    const session = begin();
    session.send("one");
    await pass(1);
    session.send("two");
    await pass();
    expect(session.offline).toBe(true);
    expect(session.troubled).toBe(true);
    desk.reachable = true;
    await pass(2500);
    expect(desk.messages.map(({ text }) => text)).toEqual(["one", "two"]);
    expect(session.offline).toBe(false);
  });

  it("survives a reload between writing and sending, with one conversation", async () => {
    desk.next = () => {
      throw new TypeError("the answer is lost");
    };
    begin().send("written before");
    await pass();
    const session = begin();
    await pass();
    const keys = desk.posts("/conversations").map(({ headers }) => headers["Idempotency-Key"]);
    expect(keys).toHaveLength(2);
    expect(new Set(keys).size).toBe(1);
    expect(session.timeline.messages.map(({ text }) => text)).toEqual(["written before"]);
  });

  it("waits as long as the desk says, then sends", async () => {
    const session = begin();
    desk.next = () => ({ status: 429, body: { code: "rate_limited", retry_after: 7 } });
    session.send("too fast");
    await pass();
    expect(session.waitUntil - Date.now()).toBeGreaterThan(6000);
    session.send("and more");
    await pass(5000);
    expect(desk.messages).toEqual([]);
    await pass(2500);
    expect(desk.messages.map(({ text }) => text)).toEqual(["too fast", "and more"]);
  });

  it("reads how long to wait from the header where the body does not say", async () => {
    const session = begin();
    desk.next = () => ({ status: 429, body: {}, headers: { "Retry-After": "9" } });
    session.send("too fast");
    await pass();
    expect(Math.round((session.waitUntil - Date.now()) / 1000)).toBe(9);
  });

  it("waits when the socket refuses for a while", async () => {
    const session = await talking();
    session.send("too fast");
    await pass(1);
    const { client_id } = desk.socket.sent.at(-1)!;
    desk.socket.say({
      type: "refused",
      client_id,
      code: "rate_limited",
      detail: "slow down",
      retry_after: 3,
    });
    await pass(2500);
    expect(desk.socket.sent.filter(({ type }) => type === "send")).toHaveLength(1);
    await pass(1000);
    expect(desk.socket.sent.at(-1)).toMatchObject({ type: "send", client_id });
  });

  it("sets aside what is refused for good, says why, and goes on with the next", async () => {
    const session = await talking();
    desk.socket.cut();
    desk.next = ({ method }) =>
      method === "POST" ? { status: 422, body: { detail: "not like this" } } : null;
    session.send("bad");
    await pass(1);
    session.send("good");
    await pass(1);
    expect(session.outbox.list().map(({ text, failed }) => [text, failed])).toEqual([
      ["bad", "not like this"],
    ]);
    expect(desk.messages.map(({ text }) => text)).toContain("good");
    const [bad] = session.outbox.list();
    session.retry(bad!.client_id);
    await pass(1);
    expect(session.outbox.list()).toEqual([]);
  });
});

describe("the live socket", () => {
  it("resumes after the last message it has", async () => {
    await talking();
    desk.socket.say({ type: "message", message: message(2) });
    desk.socket.cut();
    await pass(1100);
    desk.socket.accept();
    expect(desk.sockets.length).toBeGreaterThan(1);
    expect(desk.socket.sent[0]).toEqual({ type: "start", token: "t1", conversation_id: "c1", after: 2 });
  });

  it("comes back at once when the server restarts, but not in a circle", async () => {
    await talking();
    const before = desk.sockets.length;
    desk.socket.cut(1012);
    await pass(210);
    expect(desk.sockets).toHaveLength(before + 1);
    desk.socket.cut(1012);
    await pass(210);
    expect(desk.sockets).toHaveLength(before + 1);
  });

  it("waits longer after each failure", async () => {
    await talking();
    const times: number[] = [];
    for (let i = 0; i < 6; i++) {
      const before = desk.sockets.length;
      const cutAt = Date.now();
      desk.socket.cut();
      while (desk.sockets.length === before) await pass(50);
      times.push(Date.now() - cutAt);
    }
    expect(times[5]!).toBeGreaterThan(10_000);
    expect(times[0]!).toBeLessThan(1200);
    expect(times[3]!).toBeGreaterThan(times[1]!);
  });

  it("takes a silent connection for a dead one", async () => {
    await talking();
    const before = desk.sockets.length;
    await pass(40_000);
    desk.socket.say({ type: "ping" });
    await pass(40_000);
    expect(desk.sockets).toHaveLength(before);
    await pass(10_000);
    expect(desk.sockets.length).toBeGreaterThan(before);
  });

  it("asks over HTTP while there is no socket", async () => {
    const session = await talking();
    session.attend(true);
    desk.messages.push(message(2, { text: "said meanwhile" }));
    desk.socket.cut();
    await pass(100);
    expect(session.timeline.messages.map(({ text }) => text)).toContain("said meanwhile");
    desk.messages.push(message(3, { text: "and later" }));
    await pass(5000);
    expect(session.timeline.messages.map(({ text }) => text)).toContain("and later");
    expect(session.offline).toBe(false);
  });

  it("begins afresh when the conversation is gone, and gives the unsent text back", async () => {
    const session = await talking();
    desk.reachable = false;
    session.send("not yet there");
    await pass(1);
    desk.socket.cut(4404);
    expect(gone).toEqual(["not yet there"]);
    expect(session.talk).toBeNull();
    expect(session.timeline.messages).toEqual([]);
    expect(session.outbox.list()).toEqual([]);
    desk.reachable = true;
    session.send("again");
    await pass();
    expect(desk.posts("/conversations").at(-1)?.headers.Authorization).toBe("Bearer t1");
  });

  it("forgets the visitor's token when the desk does not know it", async () => {
    const session = await talking();
    desk.socket.cut(4401);
    await pass(5000);
    expect(desk.sockets).toHaveLength(1);
    session.send("again");
    await pass();
    expect(desk.posts("/conversations").at(-1)?.headers.Authorization).toBeUndefined();
  });

  it("begins a conversation under a new token when the old one has expired", async () => {
    localStorage.setItem(`deskhand:${channel}:visitor`, '"old"');
    const session = begin();
    desk.next = () => ({ status: 401, body: { code: "unauthenticated" } });
    session.send("hello");
    await pass(120);
    expect(desk.messages.map(({ text }) => text)).toEqual(["hello"]);
    expect(gone).toEqual([]);
  });
});

describe("the conversation", () => {
  it("is there again after a reload", async () => {
    await talking();
    desk.messages.push(message(2));
    const session = begin();
    expect(session.loading).toBe(true);
    await pass(1);
    expect(session.loading).toBe(false);
    expect(session.timeline.messages.map(({ sequence }) => sequence)).toEqual([1, 2]);
  });

  it("waits for an answer until it comes", async () => {
    const session = await talking();
    expect(session.typing).toBe(true);
    desk.socket.say({ type: "message", message: message(2) });
    expect(session.typing).toBe(false);
  });

  it("does not wait for an answer forever, nor for a person's", async () => {
    const session = await talking();
    await pass(8100);
    expect(session.typing).toBe(false);
    desk.socket.say({ type: "state", state: "claimed", by: "Dana" });
    session.send("thanks");
    await pass(1);
    const { client_id } = desk.socket.sent.at(-1)!;
    desk.socket.say({ type: "sent", client_id, message: desk.store("thanks", String(client_id)) });
    await pass(1);
    expect(session.typing).toBe(false);
    expect(session.talk).toMatchObject({ state: "claimed", by: "Dana", at: 1 });
  });

  it("keeps who joined when the socket comes back without saying it", async () => {
    const session = await talking();
    desk.state = "claimed";
    desk.socket.say({ type: "state", state: "claimed", by: "Dana" });
    desk.socket.cut(1012);
    await pass(210);
    desk.greet();
    expect(session.talk?.by).toBe("Dana");
  });

  it("counts what was answered and not seen, and forgets it when it is seen", async () => {
    const session = await talking();
    desk.socket.say({ type: "message", message: message(3) });
    desk.socket.say({ type: "message", message: message(2, { author: { kind: "member", name: "Dana" } }) });
    desk.socket.say({ type: "message", message: message(3) });
    expect(session.unread).toBe(2);
    expect(heard).toEqual(["message 3", "message 2"]);
    session.attend(true);
    expect(session.unread).toBe(0);
    session.attend(false);
    const reloaded = begin();
    await pass(1);
    expect(reloaded.unread).toBe(0);
  });

  it("begins another conversation of the same visitor after the first is closed", async () => {
    const session = await talking();
    desk.socket.say({ type: "state", state: "closed", by: null });
    session.startNew();
    expect(desk.socket.closed).toBe(true);
    session.send("one more thing");
    await pass();
    const creations = desk.posts("/conversations");
    expect(creations).toHaveLength(2);
    expect(creations[1]?.headers.Authorization).toBe("Bearer t1");
    expect(creations[0]?.headers["Idempotency-Key"]).not.toBe(creations[1]?.headers["Idempotency-Key"]);
  });

  it("follows another tab into the conversation that it began", async () => {
    const session = begin();
    localStorage.setItem(`deskhand:${channel}:visitor`, '"t1"');
    const talk = JSON.stringify({ id: "c1", state: "bot", by: null, at: 0 });
    localStorage.setItem(`deskhand:${channel}:talk`, talk);
    desk.store("from the other tab", "x");
    dispatchEvent(new StorageEvent("storage", { key: `deskhand:${channel}:talk`, storageArea: localStorage }));
    await pass(1);
    expect(session.timeline.messages.map(({ text }) => text)).toEqual(["from the other tab"]);
  });
});
