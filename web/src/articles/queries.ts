import {
  infiniteQueryOptions,
  keepPreviousData,
  queryOptions,
  useQuery,
  useQueryClient,
} from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { api } from "@/api/client";
import { flat, keys } from "@/api/query";
import { saveFields } from "@/api/save";
import type { Article, ArticleItem, Channel, HistoryEntry, Page } from "@/api/types";

export const articlesQuery = (status: string, q: string) =>
  infiniteQueryOptions({
    queryKey: keys.articleList({ status, q }),
    queryFn: ({ pageParam, signal }) =>
      api.get<Page<ArticleItem>>("/articles", { status, q, limit: 100, cursor: pageParam }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next_cursor,
    select: (data) => flat<ArticleItem>(data),
  });

export const articleQuery = (id: string) =>
  queryOptions({
    queryKey: keys.article(id),
    queryFn: ({ signal }) => api.get<Article>(`/articles/${id}`, undefined, signal),
  });

export const articleHistoryQuery = (id: string) =>
  queryOptions({
    queryKey: keys.articleHistory(id),
    queryFn: async ({ signal }) =>
      (await api.get<Page<HistoryEntry>>(`/articles/${id}/history`, undefined, signal)).items,
  });

export const channelsQuery = queryOptions({
  queryKey: keys.channels,
  queryFn: async ({ signal }) => (await api.get<Page<Channel>>("/channels", { limit: 200 }, signal)).items,
});

/** Markdown as the server renders and cleans it, a moment after the last key. */
export function useRendered(body: string): string {
  const [settled, setSettled] = useState(body);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(body), 250);
    return () => clearTimeout(timer);
  }, [body]);
  const { data } = useQuery({
    queryKey: keys.articlePreview(settled),
    queryFn: async ({ signal }) =>
      (await api.act<{ html: string }>("/articles/preview", { body: settled }, signal)).data.html,
    enabled: settled.trim() !== "",
    placeholderData: keepPreviousData,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 30_000,
    retry: false,
  });
  return settled.trim() ? (data ?? "") : "";
}

export function useSaveArticle(article: Article) {
  const client = useQueryClient();
  return async (
    change: Partial<Pick<Article, "title" | "summary" | "body" | "slug" | "status" | "labels">>,
  ) => {
    const answer = await saveFields(
      client,
      keys.article(article.id),
      `/articles/${article.id}`,
      article,
      change,
    );
    void client.invalidateQueries({ queryKey: ["article", "list"] });
    void client.invalidateQueries({ queryKey: keys.articleHistory(article.id) });
    return answer;
  };
}
