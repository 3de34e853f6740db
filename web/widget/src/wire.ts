// What goes over the wire between the widget and the desk (`/widget/v1`). Types only.

export type State = "bot" | "offered" | "claimed" | "returned" | "closed";

export interface Channel {
  name: string;
  greeting: string;
  color: string;
  position: "right" | "left";
  enabled: boolean;
  workspace: string;
}

export interface Source {
  article_id: string;
  slug: string;
  title: string;
  heading: string | null;
  quote: string;
  url: string;
}

export interface VisitorMessage {
  id: string;
  sequence: number;
  author: { kind: "contact" | "member" | "hand" | "system"; name: string };
  text: string;
  sources: Source[];
  client_id: string | null;
  created_at: string;
}

export interface Created {
  conversation: { id: string; state: State };
  visitor_token: string;
}

export interface MessagePage {
  items: VisitorMessage[];
  state: State;
  next_cursor: string | null;
}

/** What the server says on the live socket. */
export type Frame =
  | { type: "hello"; state: State }
  | { type: "message"; message: VisitorMessage }
  | { type: "state"; state: State; by: string | null }
  | { type: "sent"; client_id: string; message: VisitorMessage }
  | { type: "refused"; client_id: string; code: string; detail: string; retry_after?: number }
  | { type: "ping" };

/** The server understood and said no. */
export class Refused extends Error {
  constructor(
    /** The HTTP status, or 0 when the refusal came over the socket. */
    readonly status: number,
    readonly code: string | undefined,
    readonly detail: string,
    /** How long to wait before the same request may be made again; null when waiting does not help. */
    readonly retryAfterSecs: number | null,
  ) {
    super(detail);
  }
}

/** No answer: whether the server got it is unknown, so the same client_id is sent again. */
export class Unreachable extends Error {}
