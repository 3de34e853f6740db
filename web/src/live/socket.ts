import type { LiveEvent } from "@/api/types";
import { backoffMs } from "./backoff";

export type LiveState = "connecting" | "live" | "reconnecting" | "ended";
export type LiveHandlers = {
  event: (event: LiveEvent) => void;
  resync: () => void;
  signedOut: () => void;
  /** What is away that the desk can do without for a while. */
  degraded: (dependencies: string[]) => void;
  state: (state: LiveState) => void;
};
type Frame =
  | { type: "hello"; cursor: string; degraded?: string[] }
  | { type: "event"; cursor: string; event: LiveEvent }
  | { type: "resync"; cursor?: string }
  | { type: "ping"; degraded?: string[] };

const signedOutCode = 4401;
const comeBackCode = 1012;
/** The server pings every 20 s; silence for this long means that the line is dead. */
const silenceMs = 50_000;

/** One socket for the whole page. It keeps its place, so that a cut loses no event. */
export class LiveSocket {
  private socket: WebSocket | null = null;
  private cursor: string | null = null;
  private attempt = 0;
  private stopped = false;
  private retry: ReturnType<typeof setTimeout> | undefined;
  private silence: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly address: string,
    private readonly handlers: LiveHandlers,
    private readonly open: (address: string) => WebSocket = (a) => new WebSocket(a),
  ) {}

  start(): void {
    this.stopped = false;
    this.connect();
    window.addEventListener("online", this.now);
    document.addEventListener("visibilitychange", this.now);
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.retry);
    clearTimeout(this.silence);
    window.removeEventListener("online", this.now);
    document.removeEventListener("visibilitychange", this.now);
    this.socket?.close(1000);
    this.socket = null;
  }

  private readonly now = (): void => {
    if (this.stopped || this.socket || document.visibilityState === "hidden") return;
    clearTimeout(this.retry);
    this.connect();
  };

  private connect(): void {
    this.handlers.state(this.attempt === 0 && this.cursor === null ? "connecting" : "reconnecting");
    const socket = this.open(this.address);
    this.socket = socket;
    socket.onopen = () => {
      this.listenForSilence();
      socket.send(JSON.stringify({ type: "start", cursor: this.cursor }));
    };
    socket.onmessage = (message) => {
      if (this.socket !== socket) return;
      this.listenForSilence();
      this.take(JSON.parse(String(message.data)) as Frame);
    };
    socket.onclose = (close) => {
      if (this.socket !== socket) return;
      this.socket = null;
      clearTimeout(this.silence);
      if (this.stopped) return;
      if (close.code === signedOutCode) {
        this.stopped = true;
        this.handlers.state("ended");
        this.handlers.signedOut();
        return;
      }
      const wait = close.code === comeBackCode ? 50 + Math.random() * 400 : backoffMs(this.attempt);
      this.attempt += 1;
      this.handlers.state("reconnecting");
      this.retry = setTimeout(() => this.connect(), wait);
    };
  }

  private take(frame: Frame): void {
    switch (frame.type) {
      case "hello":
        this.attempt = 0;
        this.cursor = frame.cursor;
        this.handlers.state("live");
        this.handlers.degraded(frame.degraded ?? []);
        break;
      case "event":
        this.cursor = frame.cursor;
        this.handlers.event(frame.event);
        break;
      case "resync":
        if (frame.cursor) this.cursor = frame.cursor;
        this.handlers.resync();
        break;
      case "ping":
        this.handlers.degraded(frame.degraded ?? []);
        break;
    }
  }

  private listenForSilence(): void {
    clearTimeout(this.silence);
    this.silence = setTimeout(() => this.socket?.close(4000), silenceMs);
  }
}
