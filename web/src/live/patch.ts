import type { InfiniteData, QueryClient, QueryKey } from "@tanstack/react-query";
import { keys } from "@/api/query";
import type { AuthorKind, LiveEvent, Message, Notification, Page, Source } from "@/api/types";

/** Which queries an event makes doubtful. A kind nobody knows yet makes none. */
export function doubtful(event: LiveEvent): QueryKey[] {
  const conversation = event.conversation_id ?? null;
  switch (event.kind) {
    case "task":
    case "comment":
    case "reminder":
      return [keys.tasks, keys.projects, keys.labels, keys.tickets, ["search"]];
    case "conversation":
      return [keys.conversations, keys.tickets, keys.messages(event.subject_id)];
    case "message":
      return conversation ? [keys.conversations, keys.messages(conversation)] : [keys.conversations];
    case "ticket":
      return [keys.tickets, keys.conversations, keys.tasks];
    case "contact":
      return [keys.contacts, keys.conversations];
    case "article":
      return [keys.articles];
    case "project":
      return [keys.projects, keys.tasks];
    case "member":
      return [keys.members, keys.me];
    case "channel":
      return [keys.channels];
    case "webhook":
      return [keys.webhooks];
    case "notification":
      return [["notification"]];
    case "workspace":
      return [keys.settings, keys.me];
    default:
      return [];
  }
}

/** Events carry their own, flatter shapes (a contract of their own); here they become what the page reads. */
type MessageData = {
  id: string;
  sequence: number;
  author: AuthorKind;
  author_name: string;
  text: string;
  note: boolean;
  client_id: string | null;
  created_at: string;
  sources?: Omit<Source, "url">[];
};

export function messageOfEvent(event: LiveEvent): Message | null {
  const m = event.data as Partial<MessageData> | null;
  if (
    event.kind !== "message" ||
    typeof m?.id !== "string" ||
    typeof m.sequence !== "number" ||
    typeof m.text !== "string" ||
    typeof m.author !== "string" ||
    typeof m.created_at !== "string"
  )
    return null;
  return {
    id: m.id,
    sequence: m.sequence,
    author: { kind: m.author, id: null, name: m.author_name ?? "" },
    text: m.text,
    note: m.note ?? false,
    sources: (m.sources ?? []).map((s) => ({ ...s, url: "" })),
    client_id: m.client_id ?? null,
    created_at: m.created_at,
  };
}

type NotificationData = {
  id: string;
  kind: Notification["kind"];
  title: string;
  body: string;
  task_id: string | null;
  task_number: number | null;
  conversation_id: string | null;
  ticket_id: string | null;
  ticket_number: number | null;
  created_at: string;
};

export function notificationOfEvent(event: LiveEvent): Notification | null {
  const n = event.data as Partial<NotificationData> | null;
  if (event.type !== "notification.created" || typeof n?.title !== "string" || !n.kind) return null;
  return {
    id: n.id ?? event.subject_id,
    kind: n.kind,
    title: n.title,
    body: n.body ?? "",
    task: n.task_id ? { id: n.task_id, number: n.task_number ?? 0 } : null,
    conversation_id: n.conversation_id ?? null,
    ticket: n.ticket_id ? { id: n.ticket_id, number: n.ticket_number ?? 0 } : null,
    created_at: n.created_at ?? event.occurred_at,
    read_at: null,
  };
}

export type MessagePages = InfiniteData<Page<Message>, string | null>;

/**
 * Puts a message into a loaded thread (newest first). The same message, or the one that was sent from
 * here and still waits under its client id, is replaced and never doubled.
 */
export function withMessage(data: MessagePages | undefined, message: Message): MessagePages | undefined {
  const [first, ...rest] = data?.pages ?? [];
  if (!data || !first) return data;
  const same = (m: Message) =>
    m.id === message.id || (m.client_id !== null && m.client_id === message.client_id);
  if (data.pages.some((page) => page.items.some(same))) {
    return {
      ...data,
      pages: data.pages.map((page) => ({
        ...page,
        items: page.items.map((m) => (same(m) ? message : m)),
      })),
    };
  }
  const at = first.items.findIndex((m) => m.sequence < message.sequence);
  const items = [...first.items];
  items.splice(at < 0 ? items.length : at, 0, message);
  return { ...data, pages: [{ ...first, items }, ...rest] };
}

/** Shows at once what the event carries. What is there already is fuller than what an event says of it. */
export function applyAtOnce(client: QueryClient, event: LiveEvent): void {
  const message = messageOfEvent(event);
  if (!message || !event.conversation_id) return;
  client.setQueryData<MessagePages>(keys.messages(event.conversation_id), (data) =>
    data?.pages.some((page) => page.items.some((m) => m.id === message.id))
      ? data
      : withMessage(data, message),
  );
}

/** Gathers what becomes doubtful within a moment and fetches it once: a burst of events is one refetch. */
export class Refresher {
  private waiting = new Map<string, QueryKey>();
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly client: QueryClient,
    private readonly delayMs = 80,
  ) {}

  add(queryKeys: QueryKey[]): void {
    for (const key of queryKeys) this.waiting.set(JSON.stringify(key), key);
    this.timer ??= setTimeout(() => this.flush(), this.delayMs);
  }

  flush(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    const all = [...this.waiting.values()];
    this.waiting.clear();
    for (const queryKey of all) void this.client.invalidateQueries({ queryKey });
  }
}
