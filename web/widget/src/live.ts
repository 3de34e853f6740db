// The live socket: connects, says hello, comes back when it is cut. Knows frames and close codes, and nothing
// about what a message means.

import { backoffMs } from "./random";
import { type Frame, Refused, Unreachable, type VisitorMessage } from "./wire";

/** The server pings every 20 s; after this long without a frame the connection counts as dead. */
const silenceMs = 45_000;
/** An attempt without an answer is given up after this long. */
const patienceMs = 10_000;

export interface LiveHandlers {
  /** What to say first; null when there is nothing to connect for. */
  start(): { token: string; conversation_id: string; after: number } | null;
  frame(frame: Frame): void;
  /** The connection is gone or could not be made; it is tried again after `waitMs`. */
  lost(waitMs: number): void;
  /** The server does not know the visitor (4401) or the conversation (4404); it is not tried again. */
  unknown(code: 4401 | 4404): void;
}

interface Pending {
  resolve(message: VisitorMessage): void;
  reject(error: Error): void;
}

export class Live {
  /** Failed attempts since the last hello. */
  failures = 0;
  #socket: WebSocket | null = null;
  #greeted = false;
  #retryTimer = 0;
  #silenceTimer = 0;
  readonly #pending = new Map<string, Pending>();

  readonly #url: string;
  readonly #handlers: LiveHandlers;

  constructor(url: string, handlers: LiveHandlers) {
    this.#url = url;
    this.#handlers = handlers;
  }

  get isOpen(): boolean {
    return this.#greeted;
  }

  /** Connects now, unless it is connected or at it. */
  connect(): void {
    clearTimeout(this.#retryTimer);
    const start = this.#handlers.start();
    if (this.#socket || !start) return;
    let socket: WebSocket;
    try {
      socket = this.#socket = new WebSocket(this.#url);
    } catch {
      // A page's policy that forbids the connection throws here in some browsers.
      this.#dropped(0);
      return;
    }
    const mine = () => this.#socket === socket;
    this.#watch(patienceMs);
    socket.onopen = () => mine() && socket.send(JSON.stringify({ type: "start", ...start }));
    socket.onmessage = ({ data }) => mine() && this.#receive(data);
    // Where the page's policy forbids the connection there is an error and no close.
    socket.onerror = () => mine() && this.#dropped(0);
    socket.onclose = ({ code }) => mine() && this.#dropped(code);
  }

  /** Lets go of the connection without coming back. */
  disconnect(): void {
    clearTimeout(this.#retryTimer);
    this.#release();
  }

  /** Sends one message; resolves when the server has stored it. */
  send(clientId: string, text: string): Promise<VisitorMessage> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.#settle(clientId)?.reject(new Unreachable()), patienceMs);
      const done =
        <T>(then: (value: T) => void) =>
        (value: T) => {
          clearTimeout(timer);
          then(value);
        };
      this.#pending.set(clientId, { resolve: done(resolve), reject: done(reject) });
      this.#socket?.send(JSON.stringify({ type: "send", client_id: clientId, text }));
    });
  }

  #receive(data: unknown): void {
    const frame = JSON.parse(String(data)) as Frame;
    this.#watch(silenceMs);
    if (frame.type === "hello") {
      this.#greeted = true;
      this.failures = 0;
    }
    this.#handlers.frame(frame);
    if (frame.type === "sent") this.#settle(frame.client_id)?.resolve(frame.message);
    if (frame.type === "message") this.#settle(frame.message.client_id)?.resolve(frame.message);
    if (frame.type === "refused") {
      this.#settle(frame.client_id)?.reject(
        new Refused(0, frame.code, frame.detail, frame.retry_after ?? null),
      );
    }
  }

  #settle(clientId: string | null): Pending | undefined {
    const pending = this.#pending.get(clientId ?? "");
    this.#pending.delete(clientId ?? "");
    return pending;
  }

  #watch(ms: number): void {
    clearTimeout(this.#silenceTimer);
    this.#silenceTimer = setTimeout(() => this.#dropped(0), ms);
  }

  #release(): void {
    clearTimeout(this.#silenceTimer);
    const socket = this.#socket;
    this.#socket = null;
    this.#greeted = false;
    socket?.close();
    for (const id of [...this.#pending.keys()]) this.#settle(id)?.reject(new Unreachable());
  }

  #dropped(code: number): void {
    const hadHello = this.#greeted;
    this.#release();
    if (code === 4401 || code === 4404) {
      this.#handlers.unknown(code);
      return;
    }
    // "Come back" is followed at once; but only once in a row, or a server that says nothing else is flooded.
    const waitMs = code === 1012 && hadHello ? Math.random() * 200 : backoffMs(++this.failures);
    this.#retryTimer = setTimeout(() => this.connect(), waitMs);
    this.#handlers.lost(waitMs);
  }
}
