import { infiniteQueryOptions, queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { api } from "@/api/client";
import { flat, keys } from "@/api/query";
import { useReport } from "@/api/report";
import { saveFields } from "@/api/save";
import type { HistoryEntry, Page, Ticket } from "@/api/types";
import { texts } from "@/texts";

export const ticketsQuery = (filters: { status?: string; assignee?: string; q?: string }) =>
  infiniteQueryOptions({
    queryKey: keys.ticketList(filters),
    queryFn: ({ pageParam, signal }) =>
      api.get<Page<Ticket>>("/tickets", { ...filters, limit: 100, cursor: pageParam }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next_cursor,
    select: (data) => flat<Ticket>(data),
  });

export const ticketQuery = (id: string) =>
  queryOptions({
    queryKey: keys.ticket(id),
    queryFn: ({ signal }) => api.get<Ticket>(`/tickets/${id}`, undefined, signal),
  });

export const ticketHistoryQuery = (id: string) =>
  queryOptions({
    queryKey: keys.ticketHistory(id),
    queryFn: async ({ signal }) =>
      (await api.get<Page<HistoryEntry>>(`/tickets/${id}/history`, undefined, signal)).items,
  });

export function useSaveTicket(ticket: Ticket) {
  const client = useQueryClient();
  return async (change: { subject?: string; assignee?: string | null }) => {
    const answer = await saveFields(client, keys.ticket(ticket.id), `/tickets/${ticket.id}`, ticket, change);
    void client.invalidateQueries({ queryKey: keys.tickets });
    void client.invalidateQueries({ queryKey: keys.conversations });
    return answer;
  };
}

export function useTicketStep(ticket: Ticket) {
  const client = useQueryClient();
  const report = useReport();
  return useMutation({
    mutationFn: (step: "close" | "reopen") => api.act<Ticket>(`/tickets/${ticket.id}/${step}`),
    onMutate: (step) => {
      client.setQueryData<Ticket>(keys.ticket(ticket.id), (t) =>
        t
          ? {
              ...t,
              status: step === "close" ? "closed" : "open",
              closed_at: step === "close" ? new Date().toISOString() : null,
            }
          : t,
      );
    },
    onError: (error) => {
      client.setQueryData(keys.ticket(ticket.id), ticket);
      report.failed(error);
    },
    onSuccess: ({ data, undoId }, step) => {
      if (data) client.setQueryData(keys.ticket(ticket.id), data);
      report.done(
        step === "close" ? texts.tickets.closedToast(ticket.number) : texts.tickets.reopened(ticket.number),
        undoId,
      );
    },
    onSettled: () => {
      void client.invalidateQueries({ queryKey: keys.tickets });
      void client.invalidateQueries({ queryKey: keys.conversations });
      void client.invalidateQueries({ queryKey: keys.tasks });
    },
  });
}
