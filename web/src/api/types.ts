// The shapes that travel between the page and the server: names for what schema.d.ts has, which is generated
// from openapi.json (npm run api). What the document only calls a string is narrowed here to what is sent.
// Times are RFC 3339 in UTC, ids are UUIDs.

import type { components } from "./schema";

type Schemas = components["schemas"];
/** The document lets a field that can be null be missing as well; the server always sends it. */
type Sent<T> = T extends (infer Item)[]
  ? Sent<Item>[]
  : T extends object
    ? { [K in keyof T]-?: Sent<T[K]> }
    : T;
type Narrow<T, N> = Omit<T, keyof N> & N;

export type Page<T> = { items: T[]; next_cursor: string | null };

export type Role = Schemas["RoleBody"];
export type MemberRef = Schemas["MemberRef"];
export type MemberState = Schemas["MemberStateBody"] | "invited";
export type Member = Narrow<Sent<Schemas["MemberResponse"]>, { state: MemberState }>;
export type Me = { member: Member; workspace: Schemas["WorkspaceRef"] };
export type Token = Sent<Schemas["TokenResponse"]>;
export type Settings = Schemas["SettingsResponse"];

export type TaskStatus = Schemas["StatusBody"];
export type Priority = 1 | 2 | 3 | 4;
export type Due = Schemas["DueBody"];
export type Reminder = Narrow<Schemas["ReminderResponse"], { state: "pending" | "fired" | "cancelled" }>;
export type Recurrence = Required<Schemas["RecurrenceBody"]>;
export type Task = Narrow<
  Sent<Schemas["TaskResponse"]>,
  { due: Due | null; priority: Priority | null; recurrence: Recurrence | null; reminders: Reminder[] }
>;
export type TaskWrite = Schemas["TaskPatchRequest"];
export type TaskNew = Schemas["TaskRequest"];
export type Comment = Schemas["CommentResponse"];
export type Project = Schemas["ProjectResponse"];
export type Label = Schemas["LabelResponse"];

export type ConversationState = "bot" | "offered" | "claimed" | "returned" | "closed";
export type AuthorKind = "contact" | "member" | "hand" | "system";
export type TicketStatus = "open" | "closed";
export type ContactRef = Sent<Schemas["ContactRef"]>;
export type Conversation = Narrow<
  Sent<Schemas["ConversationResponse"]>,
  {
    state: ConversationState;
    ticket: Narrow<Schemas["TicketRef"], { status: TicketStatus }> | null;
    last_message: Narrow<Schemas["LastMessage"], { author: AuthorKind }> | null;
  }
>;
export type InboxTab = keyof Schemas["CountsResponse"];
export type ConversationPage = Page<Conversation> & { counts: Schemas["CountsResponse"] };
export type Source = Sent<Schemas["SourceResponse"]>;
export type Message = Narrow<
  Sent<Schemas["MessageResponse"]>,
  { author: Narrow<Sent<Schemas["AuthorResponse"]>, { kind: AuthorKind }>; sources: Source[] }
>;
export type Ticket = Narrow<Sent<Schemas["TicketResponse"]>, { status: TicketStatus }>;
export type Contact = Sent<Schemas["ContactResponse"]> & {
  /** Sent by desks that keep more than one way to reach a contact. */
  identities?: { kind: string; value: string }[];
};
export type ArticleStatus = Schemas["ArticleStatus"];
export type ArticleItem = Schemas["ArticleItemResponse"];
export type Article = Schemas["ArticleResponse"];
export type Channel = Narrow<Schemas["ChannelResponse"], { position: "right" | "left" }>;

export type RecordKind = "task" | "conversation" | "ticket" | "contact" | "article";
export type Hit = Narrow<Sent<Schemas["HitResponse"]>, { kind: RecordKind | "message" }>;
export type Notification = Narrow<
  Sent<Schemas["NotificationResponse"]>,
  { kind: "reminder" | "handoff" | "assigned" | "customer_replied" }
>;
export type NotificationPage = Page<Notification> & { unread: number };
export type DeadLetter = Sent<Schemas["DeadLetterResponse"]>;
export type FullDeadLetter = Sent<Schemas["FullDeadLetterResponse"]>;
export type DeadLetterCount = Schemas["DeadLetterCount"];
export type DeliveryState = "pending" | "delivered" | "failed";
export type Webhook = Narrow<
  Sent<Schemas["WebhookResponse"]>,
  { disabled_reason: "gone" | "failing" | null }
>;
export type NewWebhook = { webhook: Webhook; secret: string };
export type WebhookDelivery = Narrow<Sent<Schemas["DeliveryResponse"]>, { state: DeliveryState }>;
export type Attempt = Sent<Schemas["AttemptResponse"]>;
export type FullWebhookDelivery = WebhookDelivery & { body: string; tries: Attempt[] };
export type AuditEntry = Narrow<
  Sent<Schemas["HistoryEntry"]>,
  { actor: Narrow<Sent<Schemas["HistoryActor"]>, { kind: AuthorKind }> }
>;
export type HistoryEntry = Omit<AuditEntry, "subject">;

// Plain words. Not in the document yet, so written by hand.
export type SpanKind =
  | "date"
  | "time"
  | "recurrence"
  | "reminder"
  | "label"
  | "project"
  | "priority"
  | "assignee"
  | "verb"
  | "target";
export type Span = { start: number; end: number; kind: SpanKind | string };
export type SayRecord = { kind: string; id: string; number: number | null; title: string };
export type SayStatus = "preview" | "done" | "answer" | "clarify" | "failed";
export type SayAnswer = {
  chat_id: string | null;
  status: SayStatus;
  text: string;
  command: { verb?: string; clarify?: string } & Record<string, unknown>;
  spans: Span[];
  lines: { label: string; value: string }[];
  records: SayRecord[];
  tasks: Task[];
  hits: Hit[];
  undo_id: string | null;
};
export type ChatItem = {
  id: string;
  said: string;
  status: SayStatus;
  text: string;
  undo_id: string | null;
  undone: boolean;
  records: SayRecord[];
  created_at: string;
};

// The live socket speaks frames, which OpenAPI does not describe. See live/.
export type LiveEvent = {
  id: string;
  type: string;
  kind: string;
  subject_id: string;
  workspace_id: string;
  occurred_at: string;
  actor: { kind: string; id: string | null; name: string } | null;
  conversation_id?: string | null;
  data: unknown;
};
