// One visitor's conversation: what is said, what is still to be sent, how it stands with the connection. Tells
// its listeners when something changed. Touches no DOM.

import { Api } from "./api";
import { Live } from "./live";
import type { Memory } from "./memory";
import { Outbox, type Outgoing } from "./outbox";
import { backoffMs, uuid } from "./random";
import { Timeline } from "./timeline";
import { type Created, type Frame, Refused, type State, Unreachable, type VisitorMessage } from "./wire";

/** For how long an answer is shown as being written. */
const typingMs = 8000;
/** How often messages are asked for while there is no socket: for an answer, with the chat in view, without. */
const pollMs = { awaited: 1000, seen: 4000, unseen: 30_000 };
/** A socket that comes back that soon is given so long before messages are asked for without it. */
const atOnceMs = 300;
const patienceMs = 1000;
/** Another tab sends what it queued; this one steps in when that has not happened for so long. */
const otherTabMs = 20_000;
/** How long what one tab notes may take to be seen by another. */
const noteMs = 50;

export interface Talk {
  id: string;
  state: State;
  /** Who claimed it, where that is known. */
  by: string | null;
  /** The state was entered after the message with this sequence. */
  at: number;
}

export interface Visitor {
  channel: string;
  name?: string;
  email?: string;
}

export interface SessionEvents {
  /** Anything that is shown may be different now. */
  change(): void;
  /** Something new was said to the visitor. */
  message(message: VisitorMessage): void;
  state(state: State, by: string | null): void;
  /** The conversation is no longer there; this is what had not been sent. */
  gone(unsent: string): void;
}

export class Session {
  readonly timeline = new Timeline();
  readonly outbox: Outbox;
  talk: Talk | null;
  /** The message that is being sent. */
  sending: string | null = null;
  /** An answer is awaited. */
  typing = false;
  /** The conversation's past is being fetched. */
  loading = false;
  /** The desk asked to wait until then (milliseconds since the epoch). */
  waitUntil = 0;

  readonly #api: Api;
  readonly #live: Live;
  #reachable = true;
  #attentive = false;
  #loaded = false;
  #flushing = false;
  #sendFailures = 0;
  #pullFailures = 0;
  #flushTimer = 0;
  #pollTimer = 0;
  #typingTimer = 0;

  readonly #visitor: Visitor;
  readonly #memory: Memory;
  readonly #events: SessionEvents;

  constructor(base: string, visitor: Visitor, memory: Memory, events: SessionEvents) {
    this.#visitor = visitor;
    this.#memory = memory;
    this.#events = events;
    this.#api = new Api(base);
    this.outbox = new Outbox(memory);
    this.talk = memory.get<Talk>("talk");
    this.#live = new Live(`${base.replace(/^http/, "ws")}/widget/v1/live`, {
      start: () => this.#hail(),
      frame: (frame) => this.#receive(frame),
      lost: (waitMs) => {
        this.#events.change();
        this.#poll(waitMs < atOnceMs ? patienceMs : 0);
      },
      unknown: (code) => {
        this.#reachable = true;
        this.#abandon(code === 4401);
      },
    });
  }

  /** Takes up what an earlier page left, and follows the browser's and the other tabs' news from then on. */
  start(): void {
    this.#memory.watch((name) => this.#heed(name));
    addEventListener("online", () => this.#wake());
    addEventListener("offline", () => this.#events.change());
    document.addEventListener("visibilitychange", () => document.hidden || this.#wake());
    // An open socket would keep the page out of the back/forward cache.
    addEventListener("pagehide", () => this.#live.disconnect());
    addEventListener("pageshow", ({ persisted }) => persisted && this.#wake());
    void this.#resume();
    void this.#flush();
  }

  get offline(): boolean {
    return !navigator.onLine || (!this.#reachable && !this.#live.isOpen);
  }

  /** What is queued does not go out just now. */
  get troubled(): boolean {
    return this.offline || this.#sendFailures > 0 || this.waitUntil > Date.now();
  }

  get unread(): number {
    const read = this.#readSequence();
    return this.timeline.messages.filter((message) => message.sequence > read && isAnswer(message)).length;
  }

  /** Whether the visitor has the messages in view. */
  attend(attentive: boolean): void {
    if (attentive && !this.#attentive && this.#pollTimer) this.#poll(0);
    this.#attentive = attentive;
    this.#markRead();
  }

  send(text: string): void {
    this.outbox.add(text);
    this.#events.change();
    void this.#flush();
  }

  retry(clientId: string): void {
    this.outbox.mark(clientId);
    this.#events.change();
    this.#live.connect();
    void this.#flush();
  }

  /** Leaves the conversation as it is; the next message begins another one. */
  startNew(): void {
    const unsent = this.#leave();
    if (unsent) this.#events.gone(unsent);
  }

  get #token(): string | null {
    return this.#memory.get<string>("visitor");
  }

  #hail() {
    const { talk } = this;
    const token = this.#token;
    return talk && token ? { token, conversation_id: talk.id, after: this.timeline.resumeAfter } : null;
  }

  async #resume(): Promise<void> {
    if (!this.talk) return;
    this.loading = true;
    this.#events.change();
    await this.#pull();
    this.loading = false;
    this.#loaded = true;
    this.#events.change();
    if (this.talk?.state !== "closed") this.#live.connect();
  }

  #wake(): void {
    this.#events.change();
    if (this.talk && this.talk.state !== "closed") {
      this.#live.connect();
      if (this.#pollTimer) this.#poll(0);
    }
    void this.#flush();
  }

  /** Follows what another tab wrote down. */
  #heed(name: string): void {
    if (name === "talk") {
      const talk = this.#memory.get<Talk>("talk");
      if (talk?.id === this.talk?.id) {
        this.talk = talk;
      } else {
        this.#forget();
        this.talk = talk;
        void this.#resume();
      }
    }
    if (this.outbox.next() && !this.#flushTimer) this.#flushLater(otherTabMs);
    this.#events.change();
  }

  #receive(frame: Frame): void {
    switch (frame.type) {
      case "hello":
        this.#stopPolling();
        this.#loaded = true;
        this.#reachable = true;
        this.#setState(frame.state, null);
        this.#events.change();
        void this.#flush();
        break;
      case "message":
      case "sent":
        this.#accept(frame.message);
        break;
      case "state":
        this.#setState(frame.state, frame.by);
        break;
      case "ping":
        this.timeline.settle();
        break;
      case "refused":
        break;
    }
  }

  #accept(message: VisitorMessage): void {
    this.outbox.remove(message.client_id);
    if (!this.timeline.add(message)) return;
    if (message.author.kind !== "contact") {
      this.#setTyping(false);
      if (this.#loaded && message.sequence > this.#readSequence()) this.#events.message(message);
    }
    this.#events.change();
  }

  #setState(state: State, by: string | null): void {
    const { talk } = this;
    if (!talk || (talk.state === state && (by ?? talk.by) === talk.by)) return;
    const at = talk.state === state ? talk.at : Math.max(this.timeline.last, this.#readSequence());
    this.#setTalk({ id: talk.id, state, by, at });
    this.#setTyping(false);
    this.#events.state(state, by);
    if (state !== "closed") this.#live.connect();
  }

  #setTalk(talk: Talk | null): void {
    this.talk = talk;
    this.#memory.set("talk", talk);
    this.#events.change();
  }

  #setTyping(typing: boolean): void {
    clearTimeout(this.#typingTimer);
    if (typing) this.#typingTimer = setTimeout(() => this.#setTyping(false), typingMs);
    this.typing = typing;
    this.#events.change();
  }

  #readSequence(): number {
    const read = this.#memory.get<{ id: string; sequence: number }>("read");
    return read && read.id === this.talk?.id ? read.sequence : 0;
  }

  #markRead(): void {
    const sequence = this.timeline.last;
    if (this.#attentive && this.talk && sequence > this.#readSequence()) {
      this.#memory.set("read", { id: this.talk.id, sequence });
      this.#events.change();
    }
  }

  // Fetching, where there is no socket

  /** Fetches what is new. False when the desk could not be reached. */
  async #pull(): Promise<boolean> {
    try {
      for (;;) {
        const { talk } = this;
        const token = this.#token;
        if (!talk || !token) return true;
        const after = this.timeline.resumeAfter;
        const page = await this.#api.messages(talk.id, token, after);
        if (talk.id !== this.talk?.id) return true;
        this.#reachable = true;
        this.#pullFailures = 0;
        this.#setState(page.state, null);
        for (const message of page.items) this.#accept(message);
        this.timeline.settle();
        if (!page.next_cursor || this.timeline.resumeAfter === after) return true;
      }
    } catch (error) {
      this.#pullFailures++;
      this.#reachable = error instanceof Refused;
      if (error instanceof Refused && (error.status === 401 || error.status === 404)) {
        this.#abandon(error.status === 401);
      }
      return false;
    } finally {
      this.#events.change();
    }
  }

  #poll(waitMs: number): void {
    this.#stopPolling();
    this.#pollTimer = setTimeout(async () => {
      await this.#pull();
      if (!this.#pollTimer || !this.talk || this.#live.isOpen) return;
      const ms = pollMs[this.typing ? "awaited" : this.#attentive ? "seen" : "unseen"];
      this.#poll(this.#pullFailures ? backoffMs(this.#pullFailures) : ms);
    }, waitMs);
  }

  #stopPolling(): void {
    clearTimeout(this.#pollTimer);
    this.#pollTimer = 0;
  }

  // Sending

  /** Sends what is queued, in order, one at a time, and in one tab at a time. */
  async #flush(): Promise<void> {
    const wait = this.waitUntil - Date.now();
    if (wait > 0) return this.#flushLater(wait);
    if (this.#flushing || !this.outbox.next()) return;
    this.#flushing = true;
    this.#flushLater(0, false);
    await alone(`deskhand:${this.#visitor.channel}`, async () => {
      for (let item = this.outbox.next(); item && (await this.#deliver(item)); item = this.outbox.next());
    });
    this.#flushing = false;
    if (!this.#flushTimer) void this.#flush();
  }

  #flushLater(ms: number, again = true): void {
    clearTimeout(this.#flushTimer);
    this.#flushTimer = again
      ? setTimeout(() => {
          this.#flushTimer = 0;
          void this.#flush();
        }, ms)
      : 0;
  }

  /** True when the next message may follow. */
  async #deliver(item: Outgoing): Promise<boolean> {
    this.sending = item.client_id;
    this.#events.change();
    try {
      const talk = this.talk ?? (await this.#create());
      const message = await this.#post(talk, item);
      this.#reachable = true;
      this.#sendFailures = 0;
      this.outbox.remove(item.client_id);
      if (talk.id !== this.talk?.id) return true;
      this.#accept(message);
      // The answer may have come before the confirmation.
      if (this.timeline.last === message.sequence) this.#setTyping(this.#isAnsweredByHand());
      if (!this.#live.isOpen) {
        this.#live.connect();
        if (this.#pollTimer) this.#poll(1000);
      }
      return true;
    } catch (error) {
      return this.#notDelivered(item, error);
    } finally {
      this.sending = null;
      this.#events.change();
    }
  }

  async #post(talk: Talk, { client_id, text }: Outgoing): Promise<VisitorMessage> {
    if (this.#live.isOpen) {
      try {
        return await this.#live.send(client_id, text);
      } catch (error) {
        if (!(error instanceof Unreachable)) throw error;
      }
    }
    return this.#api.send(talk.id, this.#token ?? "", client_id, text);
  }

  #notDelivered(item: Outgoing, error: unknown): boolean {
    if (!(error instanceof Refused)) {
      this.#reachable = false;
      this.#flushLater(backoffMs(++this.#sendFailures));
      return false;
    }
    const { status, code, detail, retryAfterSecs } = error;
    this.#reachable = true;
    if (retryAfterSecs !== null) {
      this.waitUntil = Date.now() + retryAfterSecs * 1000;
      this.#flushLater(retryAfterSecs * 1000);
      return false;
    }
    if (status >= 500) {
      this.#flushLater(backoffMs(++this.#sendFailures));
      return false;
    }
    const unauthenticated = status === 401 || code === "unauthenticated";
    if (this.talk && (unauthenticated || status === 404 || code === "not_found")) {
      this.#abandon(unauthenticated);
      return false;
    }
    this.outbox.mark(item.client_id, detail);
    // What it clashed with is the conversation's state: look at it again.
    if (status === 409) void this.#pull();
    return true;
  }

  async #create(): Promise<Talk> {
    // Another tab may just have begun one, and what it noted takes a moment to be seen here.
    await new Promise((done) => setTimeout(done, noteMs));
    this.#heed("talk");
    if (this.talk) return this.talk;
    const token = this.#token;
    // Written down before it is sent, so that a reload in between asks for the same conversation again.
    const wish = this.#memory.get<{ key: string; body: object }>("creating") ?? {
      key: uuid(),
      body: { ...this.#visitor, page_url: location.href.slice(0, 2000) },
    };
    this.#memory.set("creating", wish);
    let created: Created;
    try {
      created = await this.#api.create(wish.body, token, wish.key);
    } catch (error) {
      if (error instanceof Refused && error.status < 429) {
        this.#memory.set("creating", null);
        if (error.status === 401 && token) {
          this.#memory.set("visitor", null);
          return this.#create();
        }
      }
      throw error;
    }
    this.#memory.set("creating", null);
    this.#memory.set("visitor", created.visitor_token);
    const talk: Talk = { id: created.conversation.id, state: created.conversation.state, by: null, at: 0 };
    this.#loaded = true;
    this.#setTalk(talk);
    this.#live.connect();
    return talk;
  }

  #isAnsweredByHand(): boolean {
    return this.talk?.state === "bot" || this.talk?.state === "returned";
  }

  // Leaving

  #abandon(visitorToo: boolean): void {
    if (!this.talk) return;
    if (visitorToo) this.#memory.set("visitor", null);
    this.#events.gone(this.#leave());
  }

  /** Returns what had not been sent. */
  #leave(): string {
    const unsent = this.outbox.takeBack();
    this.#forget();
    this.#setTalk(null);
    return unsent;
  }

  #forget(): void {
    this.#live.disconnect();
    this.#stopPolling();
    this.timeline.clear();
    this.loading = false;
    this.#loaded = false;
    this.#setTyping(false);
  }
}

function isAnswer(message: VisitorMessage): boolean {
  return message.author.kind === "hand" || message.author.kind === "member";
}

/** Runs `work` while no other tab is running work of that name, where the browser can arrange that. */
async function alone(name: string, work: () => Promise<void>): Promise<void> {
  let started = false;
  const begin = () => {
    started = true;
    return work();
  };
  await navigator.locks?.request(name, begin).catch(() => {});
  if (!started) await begin();
}
