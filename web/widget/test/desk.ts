// A desk of our own for tests: answers `fetch` and `WebSocket` by the wire contract, can be cut off, and counts
// what reaches it.

import { vi } from "vitest";
import type { State, VisitorMessage } from "../src/wire";

interface Asked {
  method: string;
  path: string;
  headers: Record<string, string>;
  body: Record<string, string>;
}

type Answer = { status: number; body: unknown; headers?: Record<string, string> };

export class FakeSocket {
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  onerror: (() => void) | null = null;
  readonly sent: Record<string, unknown>[] = [];
  closed = false;

  constructor(readonly url: string) {}

  send(text: string): void {
    this.sent.push(JSON.parse(text));
  }

  close(): void {
    this.closed = true;
  }

  // The server's side
  accept(): void {
    this.onopen?.();
  }

  say(frame: object): void {
    this.onmessage?.({ data: JSON.stringify(frame) });
  }

  cut(code = 1006): void {
    this.onclose?.({ code });
  }
}

export function message(sequence: number, more: Partial<VisitorMessage> = {}): VisitorMessage {
  return {
    id: `m${sequence}`,
    sequence,
    author: { kind: "hand", name: "Deskhand" },
    text: `message ${sequence}`,
    sources: [],
    client_id: null,
    created_at: "2026-11-21T09:00:00Z",
    ...more,
  };
}

export class Desk {
  readonly asked: Asked[] = [];
  readonly sockets: FakeSocket[] = [];
  readonly messages: VisitorMessage[] = [];
  state: State = "bot";
  reachable = true;
  /** Given, this answers the next request in place of the desk. */
  next: ((asked: Asked) => Answer | null) | null = null;

  constructor() {
    vi.stubGlobal("fetch", async (address: string, init: RequestInit) => this.fetch(address, init));
    const { sockets } = this;
    vi.stubGlobal(
      "WebSocket",
      class extends FakeSocket {
        constructor(url: string) {
          super(url);
          sockets.push(this);
        }
      },
    );
  }

  get socket(): FakeSocket {
    return this.sockets.at(-1)!;
  }

  /** The live socket's first exchange. */
  greet(): void {
    this.socket.accept();
    this.socket.say({ type: "hello", state: this.state });
  }

  store(text: string, client_id: string): VisitorMessage {
    const known = this.messages.find((stored) => stored.client_id === client_id);
    if (known) return known;
    const author = { kind: "contact" as const, name: "Visitor" };
    const stored = message(this.messages.length + 1, { text, client_id, author });
    this.messages.push(stored);
    return stored;
  }

  posts(end: string): Asked[] {
    return this.asked.filter(({ method, path }) => method === "POST" && path.endsWith(end));
  }

  private async fetch(address: string, init: RequestInit): Promise<Response> {
    const url = new URL(address);
    const asked: Asked = {
      method: init.method ?? "GET",
      path: url.pathname,
      headers: init.headers as Record<string, string>,
      body: init.body ? JSON.parse(String(init.body)) : {},
    };
    if (!this.reachable) throw new TypeError("failed to fetch");
    this.asked.push(asked);
    const { next } = this;
    this.next = null;
    const special = next?.(asked);
    if (next && !special) this.next = next;
    const { status, body, headers } = special ?? this.answer(asked, url);
    return new Response(JSON.stringify(body), { status, headers: headers ?? {} });
  }

  private answer({ method, path, body }: Asked, url: URL): Answer {
    if (method === "POST" && path.endsWith("/conversations")) {
      return { status: 201, body: { conversation: { id: "c1", state: "bot" }, visitor_token: "t1" } };
    }
    if (method === "POST") return { status: 201, body: this.store(body.text!, body.client_id!) };
    const after = Number(url.searchParams.get("after"));
    const items = this.messages.filter(({ sequence }) => sequence > after);
    return { status: 200, body: { items, state: this.state, next_cursor: null } };
  }
}
