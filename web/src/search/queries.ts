import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { api } from "@/api/client";
import { keys } from "@/api/query";
import type { Hit, RecordKind } from "@/api/types";

export const searchQuery = (q: string, kind: RecordKind | "all", limit = 20) =>
  queryOptions({
    queryKey: [...keys.search(q, kind), limit],
    queryFn: async ({ signal }) =>
      (
        await api.get<{ items: Hit[] }>(
          "/search",
          { q, kind: kind === "all" ? undefined : kind, limit },
          signal,
        )
      ).items,
    enabled: q.trim() !== "",
    placeholderData: keepPreviousData,
    staleTime: 10_000,
    gcTime: 60_000,
  });
