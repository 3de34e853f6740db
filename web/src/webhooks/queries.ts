import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api } from "@/api/client";
import { flat, keys } from "@/api/query";
import type { DeliveryState, FullWebhookDelivery, Page, Webhook, WebhookDelivery } from "@/api/types";

/** While something is on its way, the page shows how it goes. */
const soon = 1_000;
const later = 15_000;

export const webhooksQuery = queryOptions({
  queryKey: [...keys.webhooks, "list"],
  queryFn: async ({ signal }) => (await api.get<Page<Webhook>>("/webhooks", undefined, signal)).items,
  refetchInterval: later,
});

export const webhookQuery = (id: string) =>
  queryOptions({
    queryKey: keys.webhook(id),
    queryFn: ({ signal }) => api.get<Webhook>(`/webhooks/${id}`, undefined, signal),
    refetchInterval: (query) => (query.state.data?.pending ? soon : later),
  });

export const eventTypesQuery = queryOptions({
  queryKey: [...keys.webhooks, "event-types"],
  queryFn: async ({ signal }) =>
    (await api.get<Page<{ type: string; record: string }>>("/webhooks/event-types", undefined, signal)).items,
  staleTime: Number.POSITIVE_INFINITY,
});

export const deliveriesQuery = (id: string, state: DeliveryState | undefined) =>
  infiniteQueryOptions({
    queryKey: [...keys.webhook(id), "deliveries", state ?? "all"],
    queryFn: ({ pageParam, signal }) =>
      api.get<Page<WebhookDelivery>>(
        `/webhooks/${id}/deliveries`,
        { state, limit: 50, cursor: pageParam },
        signal,
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next_cursor,
    select: (data) => flat<WebhookDelivery>(data),
    refetchInterval: (query) =>
      query.state.data?.pages.some((p) => p.items.some((d) => d.state === "pending")) ? soon : later,
  });

export const deliveryQuery = (id: string, delivery: string) =>
  queryOptions({
    queryKey: [...keys.webhook(id), "delivery", delivery],
    queryFn: ({ signal }) =>
      api.get<FullWebhookDelivery>(`/webhooks/${id}/deliveries/${delivery}`, undefined, signal),
    refetchInterval: (query) => (query.state.data?.state === "pending" ? soon : false),
  });
