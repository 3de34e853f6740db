// The shapes that travel between the page and the server. Times are RFC 3339 in UTC, ids are UUIDs.

export type Role = "owner" | "admin" | "agent" | "viewer";
export type MemberRef = { id: string; name: string };
export type MemberState = "invited" | "active" | "inactive";
export type Member = {
  id: string;
  name: string;
  email: string;
  role: Role;
  zone: string;
  state: MemberState;
  created_at: string;
  last_seen_at: string | null;
  version: number;
};
export type Me = { member: Member; workspace: { id: string; name: string; zone: string } };

export type Page<T> = { items: T[]; next_cursor: string | null };

export type Token = {
  id: string;
  name: string;
  prefix: string;
  created_at: string;
  last_used_at: string | null;
  expires_at: string | null;
  member: MemberRef;
};

export type Settings = {
  workspace: string;
  zone: string;
  hand: { enabled: boolean; greeting: string; handoff_text: string; reply_minutes: number };
  version: number;
};

export type TaskStatus = "todo" | "doing" | "done";
export type Priority = 1 | 2 | 3 | 4;
export type Due = { date: string; time?: string | null };
export type Reminder = {
  id: string;
  before_minutes?: number | null;
  at?: string | null;
  due_at: string;
  member_id: string;
  state: "pending" | "fired" | "cancelled";
};
export type Recurrence = { rule: string; from: "schedule" | "completion" };
export type Task = {
  id: string;
  number: number;
  title: string;
  notes: string;
  status: TaskStatus;
  rank: number;
  due: Due | null;
  due_at: string | null;
  zone: string;
  priority: Priority | null;
  labels: string[];
  project: { id: string; name: string; color: string } | null;
  assignee: MemberRef | null;
  parent: { id: string; number: number; title: string } | null;
  subtasks: { total: number; done: number };
  recurrence: Recurrence | null;
  ticket: { id: string; number: number; subject: string; conversation_id: string } | null;
  reminders: Reminder[];
  comments: number;
  created_by: string;
  completed_at: string | null;
  created_at: string;
  updated_at: string;
  version: number;
};
export type TaskWrite = {
  title?: string;
  notes?: string;
  due?: Due | null;
  zone?: string;
  priority?: Priority | null;
  labels?: string[];
  project?: string | null;
  assignee?: string | null;
  parent?: string | null;
  ticket?: string | null;
  recurrence?: Recurrence | null;
  reminders?: ({ before_minutes: number } | { at: string })[];
  status?: TaskStatus;
};
export type Comment = { id: string; author: MemberRef; text: string; created_at: string };
export type Project = { id: string; name: string; color: string; open_tasks: number; version: number };
export type Label = { name: string; open_tasks: number };

export type ConversationState = "bot" | "offered" | "claimed" | "returned" | "closed";
export type HandoffReason =
  | "asked_for_person"
  | "not_covered"
  | "model_failed"
  | "claimed_by_member"
  | "reopened_by_customer";
export type AuthorKind = "contact" | "member" | "hand" | "system";
export type ContactRef = { id: string; name: string; email: string | null };
export type Conversation = {
  id: string;
  number: number;
  subject: string;
  state: ConversationState;
  channel: { id: string; kind: string; name: string };
  contact: ContactRef;
  claimed_by: MemberRef | null;
  reason: HandoffReason | string | null;
  summary: string | null;
  deadline: string | null;
  ticket: { id: string; number: number; status: "open" | "closed"; subject: string } | null;
  last_message: { text: string; author: AuthorKind; created_at: string } | null;
  unread: boolean;
  messages: number;
  created_at: string;
  updated_at: string;
  version: number;
};
export type InboxTab = "waiting" | "mine" | "open" | "bot" | "closed";
export type ConversationPage = Page<Conversation> & { counts: Record<InboxTab, number> };
export type Source = {
  article_id: string;
  slug: string;
  title: string;
  heading: string | null;
  quote: string;
  url: string;
};
export type Message = {
  id: string;
  sequence: number;
  author: { kind: AuthorKind; id: string | null; name: string };
  text: string;
  note: boolean;
  sources: Source[];
  client_id: string | null;
  created_at: string;
};
export type Ticket = {
  id: string;
  number: number;
  subject: string;
  status: "open" | "closed";
  reason: HandoffReason | string | null;
  summary: string | null;
  conversation_id: string;
  contact: ContactRef;
  assignee: MemberRef | null;
  tasks: { total: number; done: number };
  created_at: string;
  closed_at: string | null;
  updated_at: string;
  version: number;
};
export type Contact = {
  id: string;
  name: string;
  email: string | null;
  phone: string | null;
  notes: string;
  identities?: { kind: string; value: string }[];
  conversations: number;
  created_at: string;
  last_seen_at: string | null;
  version: number;
};
export type ArticleStatus = "published" | "draft";
export type ArticleItem = {
  id: string;
  number: number;
  slug: string;
  title: string;
  summary: string;
  labels: string[];
  status: ArticleStatus;
  updated_at: string;
  updated_by: string;
  version: number;
};
export type Article = ArticleItem & { body: string; html: string };
export type Channel = {
  id: string;
  kind: string;
  name: string;
  key: string;
  allowed_origins: string[];
  color: string;
  greeting: string;
  position: "right" | "left";
  enabled: boolean;
  version: number;
};

export type RecordKind = "task" | "conversation" | "ticket" | "contact" | "article";
export type Hit = {
  kind: RecordKind | "message";
  id: string;
  number: number | null;
  title: string;
  snippet: { text: string; hit: boolean }[];
  conversation_id: string | null;
  slug: string | null;
  status: string | null;
  updated_at: string;
};
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
export type Notification = {
  id: string;
  kind: "reminder" | "handoff" | "assigned" | "customer_replied";
  title: string;
  body: string;
  task: { id: string; number: number } | null;
  conversation_id: string | null;
  ticket: { id: string; number: number } | null;
  created_at: string;
  read_at: string | null;
};
export type NotificationPage = Page<Notification> & { unread: number };
export type HistoryEntry = {
  id: string;
  at: string;
  actor: { kind: AuthorKind; id: string | null; name: string };
  via: string;
  address: string | null;
  action: string;
  text: string;
  changes: { field: string; from: unknown; to: unknown }[];
};
export type AuditEntry = HistoryEntry & {
  subject: { kind: string; id: string; number: number | null; title: string };
};

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
