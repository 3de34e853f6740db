import { queryOptions } from "@tanstack/react-query";
import { api } from "@/api/client";
import { keys } from "@/api/query";
import type { Page, Settings, Token } from "@/api/types";

export const settingsQuery = queryOptions({
  queryKey: keys.settings,
  queryFn: ({ signal }) => api.get<Settings>("/settings", undefined, signal),
});

export const tokensQuery = queryOptions({
  queryKey: keys.tokens,
  queryFn: async ({ signal }) => (await api.get<Page<Token>>("/tokens", { limit: 200 }, signal)).items,
});
