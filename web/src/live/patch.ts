import type { InfiniteData, QueryClient, QueryKey } from "@tanstack/react-query";
import { keys } from "@/api/query";
import type { LiveEvent, Message, Page } from "@/api/types";

/** Which queries an event makes doubtful. A kind nobody knows yet makes none. */
export function doubtful(event: LiveEvent): QueryKey[] {
  const conversation = event.conversation_id ?? null;
  switch (event.kind) {
    case "task":
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
    case "notification":
      return [["notification"]];
    case "workspace":
      return [keys.settings, keys.me];
    default:
      return [];
  }
}

function asMessage(data: unknown): Message | null {
  const candidate = (data as { message?: unknown } | null)?.message ?? data;
  const m = candidate as Partial<Message> | null;
  return m &&
    typeof m.id === "string" &&
    typeof m.sequence === "number" &&
    typeof m.text === "string" &&
    m.author &&
    typeof m.author === "object" &&
    typeof m.created_at === "string"
    ? ({ note: false, sources: [], client_id: null, ...m } as Message)
    : null;
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

/** Shows at once what the event carries in full. What it does not is fetched again by the caller. */
export function applyAtOnce(client: QueryClient, event: LiveEvent): void {
  if (event.kind === "message" && event.conversation_id) {
    const message = asMessage(event.data);
    if (message) {
      client.setQueryData<MessagePages>(keys.messages(event.conversation_id), (data) =>
        withMessage(data, message),
      );
    }
  }
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
