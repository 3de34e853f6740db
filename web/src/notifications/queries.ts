import { infiniteQueryOptions, useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { api } from "@/api/client";
import { keys } from "@/api/query";
import { useReport } from "@/api/report";
import type { Notification, NotificationPage } from "@/api/types";

export const notificationsQuery = (filter: "all" | "unread") =>
  infiniteQueryOptions({
    queryKey: keys.notifications(filter),
    queryFn: ({ pageParam, signal }) =>
      api.get<NotificationPage>(
        "/notifications",
        { unread: filter === "unread" ? true : undefined, limit: 50, cursor: pageParam },
        signal,
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next_cursor,
    select: (data) => ({ items: data.pages.flatMap((p) => p.items), unread: data.pages[0]?.unread ?? 0 }),
  });

type Loaded = { pages: NotificationPage[]; pageParams: (string | null)[] };

type Read = { ids: string[] } | { about: { kind: Kind; id: string } } | { all: true };

function covers(what: Read, n: Notification): boolean {
  if ("all" in what) return true;
  return "ids" in what ? what.ids.includes(n.id) : concerns(n, what.about.kind, what.about.id);
}

/** Marks as read, at once in every list that is loaded. */
export function useMarkNotifications() {
  const client = useQueryClient();
  const report = useReport();
  return useMutation({
    mutationFn: (what: Read) => api.act("/notifications/read", what),
    onMutate: (what) => {
      const now = new Date().toISOString();
      const read = (n: Notification) => (n.read_at === null && covers(what, n) ? { ...n, read_at: now } : n);
      const before = client.getQueriesData<Loaded>({ queryKey: ["notification"] });
      client.setQueriesData<Loaded>(
        { queryKey: ["notification"] },
        (data) =>
          data && {
            ...data,
            pages: data.pages.map((p) => {
              const items = p.items.map(read);
              const fewer = items.filter((n, i) => n !== p.items[i]).length;
              return { ...p, items, unread: "all" in what ? 0 : Math.max(0, p.unread - fewer) };
            }),
          },
      );
      return { before };
    },
    onError: (error, _what, context) => {
      for (const [key, data] of context?.before ?? []) client.setQueryData(key, data);
      report.failed(error);
    },
    onSettled: () => void client.invalidateQueries({ queryKey: ["notification"] }),
  });
}

type Kind = "task" | "conversation" | "ticket";

function concerns(n: Notification, kind: Kind, id: string): boolean {
  return (kind === "conversation" ? n.conversation_id : n[kind]?.id) === id;
}

/** Who has a record before them has read what they were told about it, also what arrives while they look. */
export function useReadAbout(kind: Kind, id: string): void {
  const { data } = useInfiniteQuery(notificationsQuery("all"));
  const { mutate } = useMarkNotifications();
  // Each is said to be read once: what the desk refuses is not asked for again and again.
  const said = useRef(new Set<string>());
  const unread = (data?.items ?? []).filter((n) => n.read_at === null);
  const mine = unread.filter((n) => concerns(n, kind, id)).map((n) => n.id);
  // Of those further back than the list reaches only their number is known.
  if (data && data.unread > unread.length) mine.push("further-back");
  const news = mine.filter((n) => !said.current.has(n)).join(" ");
  useEffect(() => {
    if (!news) return;
    const read = () => {
      if (document.visibilityState === "hidden") return;
      document.removeEventListener("visibilitychange", read);
      for (const n of news.split(" ")) said.current.add(n);
      mutate({ about: { kind, id } });
    };
    document.addEventListener("visibilitychange", read);
    read();
    return () => document.removeEventListener("visibilitychange", read);
  }, [news, kind, id, mutate]);
}
