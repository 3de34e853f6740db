// The desk's HTTP side. Turns every outcome into a value, a `Refused` or an `Unreachable`; retries nothing.

import {
  type Channel,
  type Created,
  type MessagePage,
  Refused,
  Unreachable,
  type VisitorMessage,
} from "./wire";

const patienceMs = 15_000;

export class Api {
  /** `base` is the desk's address, without a slash at its end. */
  readonly #base: string;

  constructor(base: string) {
    this.#base = base;
  }

  channel(key: string): Promise<Channel> {
    return this.#call("GET", `channels/${encodeURIComponent(key)}`);
  }

  create(body: object, token: string | null, idempotencyKey: string): Promise<Created> {
    return this.#call("POST", "conversations", token, body, { "Idempotency-Key": idempotencyKey });
  }

  send(conversation: string, token: string, clientId: string, text: string): Promise<VisitorMessage> {
    return this.#call("POST", `conversations/${conversation}/messages`, token, { text, client_id: clientId });
  }

  messages(conversation: string, token: string, after: number): Promise<MessagePage> {
    return this.#call("GET", `conversations/${conversation}/messages?after=${after}`, token);
  }

  async #call<T>(
    method: string,
    path: string,
    token: string | null = null,
    body?: object,
    extra?: Record<string, string>,
  ): Promise<T> {
    try {
      const response = await fetch(`${this.#base}/widget/v1/${path}`, {
        method,
        headers: {
          ...extra,
          ...(token && { Authorization: `Bearer ${token}` }),
          ...(body && { "Content-Type": "application/json" }),
        },
        credentials: "omit",
        signal: AbortSignal.timeout(patienceMs),
        ...(body && { body: JSON.stringify(body) }),
      });
      if (response.ok) return (await response.json()) as T;
      const { status, headers } = response;
      const problem = await response.json().catch(() => ({}));
      const wait = Number(problem.retry_after ?? headers.get("Retry-After"));
      const retryAfterSecs = wait > 0 ? wait : status === 429 ? 5 : null;
      throw new Refused(status, problem.code, problem.detail ?? problem.title ?? "", retryAfterSecs);
    } catch (error) {
      throw error instanceof Refused ? error : new Unreachable();
    }
  }
}
