import { infiniteQueryOptions, queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { ApiError, api } from "@/api/client";
import { flat, keys } from "@/api/query";
import { useReport } from "@/api/report";
import type {
  Conversation,
  ConversationPage,
  HistoryEntry,
  InboxTab,
  MemberRef,
  Message,
  Page,
} from "@/api/types";
import { withMessage } from "@/live/patch";
import { useMe } from "@/session/me";
import { texts } from "@/texts";
import { outbox } from "./outbox";

export const conversationsQuery = (tab: InboxTab, q: string) =>
  infiniteQueryOptions({
    queryKey: keys.conversationList(tab, q),
    queryFn: ({ pageParam, signal }) =>
      api.get<ConversationPage>("/conversations", { state: tab, q, limit: 50, cursor: pageParam }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next_cursor,
    select: (data) => ({ items: flat<Conversation>(data), counts: data.pages[0]?.counts ?? null }),
  });

export const conversationQuery = (id: string) =>
  queryOptions({
    queryKey: keys.conversation(id),
    queryFn: ({ signal }) => api.get<Conversation>(`/conversations/${id}`, undefined, signal),
  });

export const messagesQuery = (id: string) =>
  infiniteQueryOptions({
    queryKey: keys.messages(id),
    queryFn: ({ pageParam, signal }) =>
      api.get<Page<Message>>(`/conversations/${id}/messages`, { limit: 50, cursor: pageParam }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next_cursor,
  });

export const conversationHistoryQuery = (id: string) =>
  queryOptions({
    queryKey: keys.conversationHistory(id),
    queryFn: async ({ signal }) =>
      (await api.get<Page<HistoryEntry>>(`/conversations/${id}/history`, undefined, signal)).items,
  });

type Step = "claim" | "return" | "close";

/** Claim, return, close: shown at once, taken back visibly when the server says otherwise. */
export function useConversationStep(id: string) {
  const client = useQueryClient();
  const report = useReport();
  const { member } = useMe();
  return useMutation({
    mutationFn: (step: Step) => api.act<Conversation>(`/conversations/${id}/${step}`),
    onMutate: async (step) => {
      await client.cancelQueries({ queryKey: keys.conversation(id), exact: true });
      const before = client.getQueryData<Conversation>(keys.conversation(id));
      if (before) {
        const me: MemberRef = { id: member.id, name: member.name };
        client.setQueryData<Conversation>(keys.conversation(id), {
          ...before,
          state: step === "claim" ? "claimed" : step === "return" ? "returned" : "closed",
          claimed_by: step === "claim" ? me : step === "return" ? null : before.claimed_by,
        });
      }
      return { before };
    },
    onError: (error, step, context) => {
      if (context?.before) client.setQueryData(keys.conversation(id), context.before);
      const winner =
        error instanceof ApiError ? (error.extra.claimed_by as MemberRef | undefined) : undefined;
      if (step === "claim" && winner) report.failed(new Error(texts.inbox.alreadyClaimed(winner.name)));
      else report.failed(error);
    },
    onSuccess: ({ data, undoId }, step) => {
      if (data) client.setQueryData(keys.conversation(id), data);
      if (step === "close") report.done(texts.inbox.closed, undoId);
      if (step === "return") report.done(texts.inbox.returned, undoId);
    },
    onSettled: () => {
      void client.invalidateQueries({ queryKey: keys.conversations });
      void client.invalidateQueries({ queryKey: keys.tickets });
    },
  });
}

/** Sends what waits in the outbox. The client id makes a second try the same message. */
export function useSend(id: string) {
  const client = useQueryClient();
  return async (clientId: string) => {
    const waiting = outbox.find(id, clientId);
    if (!waiting) return;
    outbox.mark(id, clientId, { failed: null });
    try {
      const { data } = await api.create<Message>(
        `/conversations/${id}/messages`,
        { text: waiting.text, note: waiting.note, client_id: clientId },
        clientId,
      );
      client.setQueryData<Parameters<typeof withMessage>[0]>(keys.messages(id), (pages) =>
        withMessage(pages, data),
      );
      outbox.drop(id, clientId);
      void client.invalidateQueries({ queryKey: keys.conversations });
    } catch (error) {
      outbox.mark(id, clientId, { failed: error });
      void client.invalidateQueries({ queryKey: keys.conversation(id) });
    }
  };
}

export function useMarkRead(id: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => api.act(`/conversations/${id}/read`),
    onSuccess: () => {
      client.setQueryData<Conversation>(keys.conversation(id), (c) => (c ? { ...c, unread: false } : c));
      void client.invalidateQueries({ queryKey: ["conversation", "list"] });
    },
  });
}
