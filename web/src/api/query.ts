import { type InfiniteData, QueryClient } from "@tanstack/react-query";
import { ApiError } from "./client";
import type { Page } from "./types";

/** Keys start with the kind of record, so that an event about a kind finds everything that shows it. */
export const keys = {
  me: ["me"] as const,
  setup: ["setup"] as const,
  tasks: ["task"] as const,
  taskList: (filters: Record<string, unknown>) => ["task", "list", filters] as const,
  task: (id: string) => ["task", "one", id] as const,
  taskPart: (id: string, part: "comments" | "history" | "subtasks") => ["task", "one", id, part] as const,
  projects: ["project"] as const,
  labels: ["label"] as const,
  conversations: ["conversation"] as const,
  conversationList: (tab: string, q: string) => ["conversation", "list", tab, q] as const,
  conversation: (id: string) => ["conversation", "one", id] as const,
  messages: (id: string) => ["message", id] as const,
  conversationHistory: (id: string) => ["conversation", "one", id, "history"] as const,
  tickets: ["ticket"] as const,
  ticketList: (filters: Record<string, unknown>) => ["ticket", "list", filters] as const,
  ticket: (id: string) => ["ticket", "one", id] as const,
  ticketHistory: (id: string) => ["ticket", "one", id, "history"] as const,
  contacts: ["contact"] as const,
  contactList: (q: string) => ["contact", "list", q] as const,
  contact: (id: string) => ["contact", "one", id] as const,
  articles: ["article"] as const,
  articleList: (filters: Record<string, unknown>) => ["article", "list", filters] as const,
  article: (id: string) => ["article", "one", id] as const,
  articleHistory: (id: string) => ["article", "one", id, "history"] as const,
  articlePreview: (body: string) => ["article-preview", body] as const,
  members: ["member"] as const,
  channels: ["channel"] as const,
  tokens: ["token"] as const,
  settings: ["settings"] as const,
  notifications: (filter: "all" | "unread") => ["notification", filter] as const,
  search: (q: string, kind: string) => ["search", q, kind] as const,
  preview: (text: string, ticketId: string | null) => ["say-preview", text, ticketId] as const,
  chat: (id: string) => ["chat", id] as const,
  deadLetters: ["dead_letter"] as const,
  deadLetterList: (filters: Record<string, unknown>) => ["dead_letter", "list", filters] as const,
  deadLetter: (id: string) => ["dead_letter", "one", id] as const,
  webhooks: ["webhook"] as const,
  webhook: (id: string) => ["webhook", "one", id] as const,
  audit: (filters: Record<string, unknown>) => ["audit", filters] as const,
};

export function makeQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        // The live socket says what changed; until it does, what we have is good.
        staleTime: 30_000,
        gcTime: 10 * 60_000,
        refetchOnWindowFocus: true,
        retry: (count, error) =>
          count < 1 && (!(error instanceof ApiError) || error.status === 0 || error.status >= 500),
      },
      mutations: { retry: false },
    },
  });
}

export type Pages<T> = InfiniteData<Page<T>, string | null>;

export function flat<T>(data: { pages: { items: T[] }[] } | undefined): T[] {
  return data?.pages.flatMap((page) => page.items) ?? [];
}

/** Changes every copy of a record that lists hold; a list without it stays the same object. */
export function patchPages<T extends { id: string }, P extends { items: T[] }>(
  data: InfiniteData<P, string | null> | undefined,
  id: string,
  change: (item: T) => T,
): InfiniteData<P, string | null> | undefined {
  if (!data?.pages.some((page) => page.items.some((item) => item.id === id))) return data;
  return {
    ...data,
    pages: data.pages.map((page) => ({
      ...page,
      items: page.items.map((item) => (item.id === id ? change(item) : item)),
    })),
  };
}

/** Queries that a change of some record may make wrong: all but the chat, previews, and who I am. */
export function changesWithRecords(query: { queryKey: readonly unknown[] }): boolean {
  return !["chat", "say-preview", "me", "setup", "article-preview"].includes(String(query.queryKey[0]));
}
