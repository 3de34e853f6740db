import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { backoffMs } from "./backoff";
import { LiveSocket, type LiveState } from "./socket";

class FakeSocket {
  onopen: (() => void) | null = null;
  onmessage: ((m: { data: string }) => void) | null = null;
  onclose: ((c: { code: number }) => void) | null = null;
  sent: string[] = [];
  send(text: string): void {
    this.sent.push(text);
  }
  close(code = 1005): void {
    this.onclose?.({ code });
  }
  hears(frame: object): void {
    this.onmessage?.({ data: JSON.stringify(frame) });
  }
}

function open() {
  const sockets: FakeSocket[] = [];
  const states: LiveState[] = [];
  const heard = { events: [] as string[], resyncs: 0, signedOut: 0, degraded: [] as string[][] };
  const live = new LiveSocket(
    "ws://desk.test",
    {
      event: (e) => heard.events.push(e.id),
      resync: () => {
        heard.resyncs += 1;
      },
      signedOut: () => {
        heard.signedOut += 1;
      },
      degraded: (d) => heard.degraded.push(d),
      state: (s) => states.push(s),
    },
    () => {
      const socket = new FakeSocket();
      sockets.push(socket);
      return socket as unknown as WebSocket;
    },
  );
  live.start();
  const latest = () => sockets.at(-1) as FakeSocket;
  return { live, sockets, states, heard, latest };
}

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

test("after a cut it goes on from the last event it heard", () => {
  const { latest, sockets, heard, states, live } = open();
  latest().onopen?.();
  expect(latest().sent).toEqual(['{"type":"start","cursor":null}']);
  latest().hears({ type: "hello", cursor: "10" });
  latest().hears({ type: "event", cursor: "11", event: { id: "e11" } });
  latest().close(1006);
  expect(states.at(-1)).toBe("reconnecting");
  vi.advanceTimersByTime(1000);
  expect(sockets).toHaveLength(2);
  latest().onopen?.();
  expect(latest().sent).toEqual(['{"type":"start","cursor":"11"}']);
  latest().hears({ type: "hello", cursor: "11" });
  expect(states.at(-1)).toBe("live");
  expect(heard.events).toEqual(["e11"]);
  live.stop();
});

test("when the server says the session ended, it stays closed and says so", () => {
  const { latest, sockets, heard, states } = open();
  latest().close(4401);
  vi.advanceTimersByTime(120_000);
  expect(sockets).toHaveLength(1);
  expect(heard.signedOut).toBe(1);
  expect(states.at(-1)).toBe("ended");
});

test("a server that restarts is met again at once", () => {
  const { latest, sockets, live } = open();
  latest().close(1012);
  vi.advanceTimersByTime(500);
  expect(sockets).toHaveLength(2);
  live.stop();
});

test("a place too old makes everything be fetched again", () => {
  const { latest, heard, live } = open();
  latest().hears({ type: "resync" });
  expect(heard.resyncs).toBe(1);
  live.stop();
});

test("a line that has fallen silent is given up", () => {
  const { latest, sockets, live } = open();
  latest().onopen?.();
  vi.advanceTimersByTime(52_000);
  expect(sockets.length).toBeGreaterThan(1);
  live.stop();
});

test("waiting grows, stays under half a minute, and differs from page to page", () => {
  expect(backoffMs(0, () => 1)).toBe(500);
  expect(backoffMs(3, () => 1)).toBe(4000);
  expect(backoffMs(40, () => 1)).toBe(30_000);
  expect(backoffMs(3, () => 0)).toBe(2000);
});

test("what is away is told at the beginning and with each ping, and an older desk tells nothing", () => {
  const { latest, heard, live } = open();
  latest().onopen?.();
  latest().hears({ type: "hello", cursor: "1", degraded: ["broker"] });
  latest().hears({ type: "ping", degraded: [] });
  latest().hears({ type: "ping" });
  expect(heard.degraded).toEqual([["broker"], [], []]);
  live.stop();
});
