import { keepPreviousData, queryOptions, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { api, newKey, request } from "@/api/client";
import { changesWithRecords, keys } from "@/api/query";
import type { ChatItem, SayAnswer, Span } from "@/api/types";
import { useClock } from "@/time/clock";
import { carryOver } from "./spans";

/** What was said in this sitting keeps the whole answer, lists and hits included; older items only their text. */
export type Said = ChatItem & { answer?: SayAnswer };

const chatKey = "deskhand.chat";

export function keptChat(): string | null {
  try {
    return sessionStorage.getItem(chatKey);
  } catch {
    return null;
  }
}

export function keepChat(id: string | null): void {
  try {
    if (id) sessionStorage.setItem(chatKey, id);
    else sessionStorage.removeItem(chatKey);
  } catch {
    // Without storage the chat lasts as long as the page.
  }
}

function useSettled(text: string, delayMs: number): string {
  const [settled, setSettled] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text), delayMs);
    return () => clearTimeout(timer);
  }, [text, delayMs]);
  return settled;
}

/** What would be done, while it is being typed. Changes nothing. */
export function usePreview(text: string, ticketId: string | null) {
  const { zone } = useClock();
  const settled = useSettled(text.trim() ? text : "", 120);
  const query = useQuery({
    queryKey: keys.preview(settled, ticketId),
    queryFn: async ({ signal }) => {
      const body = { text: settled, zone, confirm: false, ...(ticketId ? { ticket_id: ticketId } : {}) };
      const { data } = await request<SayAnswer>("POST", "/say", { body, signal });
      return { said: settled, answer: data };
    },
    enabled: settled !== "",
    placeholderData: keepPreviousData,
    staleTime: 20_000,
    gcTime: 60_000,
    retry: false,
  });
  const shown = text.trim() ? query.data : undefined;
  const spans: Span[] = shown ? carryOver(shown.answer.spans, shown.said, text) : [];
  return {
    answer: shown?.answer ?? null,
    spans,
    /** The preview is of exactly what stands in the field. */
    current: shown?.said === text && !query.isPlaceholderData,
    error: text.trim() && query.isError ? query.error : null,
  };
}

/** Does it. The key makes a second Enter the same order. */
export function useSay() {
  const client = useQueryClient();
  const { zone } = useClock();
  return useMutation({
    mutationFn: async ({
      text,
      chatId,
      ticketId,
    }: {
      text: string;
      chatId: string | null;
      ticketId: string | null;
    }) => {
      const body = {
        text,
        zone,
        confirm: true,
        ...(chatId ? { chat_id: chatId } : {}),
        ...(ticketId ? { ticket_id: ticketId } : {}),
      };
      return (await api.create<SayAnswer>("/say", body, newKey())).data;
    },
    onSuccess: (answer) => {
      if (answer.status === "done" || answer.command.verb === "undo")
        void client.invalidateQueries({ predicate: changesWithRecords });
    },
  });
}

export const chatQuery = (id: string | null) =>
  queryOptions({
    queryKey: keys.chat(id ?? "new"),
    queryFn: async ({ signal }): Promise<Said[]> =>
      id ? (await api.get<{ id: string; items: ChatItem[] }>(`/chats/${id}`, undefined, signal)).items : [],
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  });
