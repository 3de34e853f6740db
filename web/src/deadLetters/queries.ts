import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api } from "@/api/client";
import { flat, keys } from "@/api/query";
import type { DeadLetter, DeadLetterCount, FullDeadLetter, Page } from "@/api/types";

export type Filters = { group?: string; topic?: string; reason?: string };

/** While some are handled again, the page shows how they become fewer. */
const soon = 1_000;
const later = 15_000;

export const countsQuery = queryOptions({
  queryKey: [...keys.deadLetters, "counts"],
  queryFn: async ({ signal }) =>
    (await api.get<Page<DeadLetterCount>>("/dead-letters/counts", undefined, signal)).items,
  refetchInterval: (query) => (query.state.data?.some((c) => c.queued > 0) ? soon : later),
});

export const lettersQuery = (filters: Filters) =>
  infiniteQueryOptions({
    queryKey: keys.deadLetterList(filters),
    queryFn: ({ pageParam, signal }) =>
      api.get<Page<DeadLetter>>("/dead-letters", { ...filters, limit: 100, cursor: pageParam }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next_cursor,
    select: (data) => flat<DeadLetter>(data),
    refetchInterval: (query) =>
      query.state.data?.pages.some((p) => p.items.some((l) => l.replay_at)) ? soon : later,
  });

export const letterQuery = (id: string) =>
  queryOptions({
    queryKey: keys.deadLetter(id),
    queryFn: ({ signal }) => api.get<FullDeadLetter>(`/dead-letters/${id}`, undefined, signal),
  });
