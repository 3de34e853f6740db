// The one place that speaks HTTP. Nothing above it knows of headers, status numbers or problem documents.

import { besideField, sentence } from "./sentence";

export type FieldError = { field: string; message: string };

/** What the server (or the network) answered instead of what was asked. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  constructor(
    readonly status: number,
    readonly code: string,
    readonly detail: string,
    readonly errors: FieldError[] = [],
    readonly extra: Record<string, unknown> = {},
    readonly retryAfterSeconds: number | null = null,
  ) {
    super(detail);
  }

  /** The message for one field of a form, if the server named it. */
  field(name: string): string | undefined {
    const found = this.errors.find((e) => e.field === name || e.field === `/${name}`);
    return found ? besideField(found.message) : undefined;
  }

  get stale(): boolean {
    return this.status === 412;
  }

  get offline(): boolean {
    return this.status === 0;
  }
}

export type Answer<T> = { data: T; undoId: string | null };
type Query = Record<string, string | number | boolean | null | undefined>;
type Options = {
  query?: Query;
  body?: unknown;
  version?: number | null;
  idempotencyKey?: string;
  signal?: AbortSignal;
};

const base = "/api/v1";
let onSignedOut: () => void = () => {};

/** Called when a request finds the session ended. Sign-in itself is not such a request. */
export function whenSignedOut(handler: () => void): void {
  onSignedOut = handler;
}

export function path(address: string, query?: Query): string {
  const params = new URLSearchParams();
  for (const [key, value] of Object.entries(query ?? {})) {
    if (value !== undefined && value !== null && value !== "") params.set(key, String(value));
  }
  const text = params.toString();
  return `${base}${address}${text ? `?${text}` : ""}`;
}

async function problemOf(response: Response): Promise<ApiError> {
  let body: Record<string, unknown> = {};
  try {
    body = (await response.json()) as Record<string, unknown>;
  } catch {
    // A proxy in between may answer with something else than a problem document.
  }
  const { code, detail, title, errors, status: _status, type: _type, ...extra } = body;
  const wait = Number(response.headers.get("Retry-After"));
  return new ApiError(
    response.status,
    typeof code === "string" ? code : `http_${response.status}`,
    typeof detail === "string" && detail
      ? sentence(detail)
      : typeof title === "string" && title
        ? title
        : `The server answered ${response.status}. Try again in a moment.`,
    Array.isArray(errors) ? (errors as FieldError[]) : [],
    extra,
    Number.isFinite(wait) && wait > 0 ? wait : null,
  );
}

export async function request<T>(method: string, address: string, options: Options = {}): Promise<Answer<T>> {
  const headers: Record<string, string> = { Accept: "application/json" };
  if (options.body !== undefined) {
    headers["Content-Type"] = "application/json";
  }
  if (options.version !== undefined && options.version !== null) headers["If-Match"] = `"${options.version}"`;
  if (options.idempotencyKey) headers["Idempotency-Key"] = options.idempotencyKey;

  let response: Response;
  try {
    response = await fetch(path(address, options.query), {
      method,
      headers,
      body: options.body === undefined ? undefined : JSON.stringify(options.body),
      signal: options.signal,
      credentials: "same-origin",
    });
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === "AbortError") throw cause;
    throw new ApiError(
      0,
      "offline",
      "Deskhand can't be reached. Check your connection; nothing you typed is lost.",
    );
  }
  if (!response.ok) {
    const problem = await problemOf(response);
    if (problem.status === 401 && problem.code !== "bad_credentials") onSignedOut();
    throw problem;
  }
  const text = response.status === 204 ? "" : await response.text();
  return {
    data: (text ? JSON.parse(text) : undefined) as T,
    undoId: response.headers.get("Deskhand-Undo"),
  };
}

/** A key that makes a repeated POST the same POST. */
export function newKey(): string {
  return crypto.randomUUID();
}

/**
 * The key of one form's POST: the same while the form says the same, another once it says something else,
 * because the same key with another body is refused. Only ASCII, whatever the form holds.
 */
export function keyFor(base: string, ...parts: string[]): string {
  let hash = 0;
  for (const c of parts.join("\u0000")) hash = (Math.imul(hash, 31) + (c.codePointAt(0) ?? 0)) | 0;
  return `${base}-${(hash >>> 0).toString(36)}`;
}

export const api = {
  get: async <T>(address: string, query?: Query, signal?: AbortSignal): Promise<T> =>
    (await request<T>("GET", address, { query, signal })).data,
  /** A POST that creates: carries a key, so that a retry never makes a second one. */
  create: <T>(address: string, body?: unknown, idempotencyKey = newKey()): Promise<Answer<T>> =>
    request<T>("POST", address, { body: body ?? {}, idempotencyKey }),
  /** A POST that does something to a record that exists. */
  act: <T>(address: string, body?: unknown, signal?: AbortSignal): Promise<Answer<T>> =>
    request<T>("POST", address, { body: body ?? {}, signal }),
  patch: <T>(address: string, body: unknown, version?: number | null): Promise<Answer<T>> =>
    request<T>("PATCH", address, { body, version }),
  remove: (address: string, version?: number | null): Promise<Answer<undefined>> =>
    request<undefined>("DELETE", address, { version }),
};
