import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { RotateCw, Send } from "lucide-react";
import { api } from "@/api/client";
import { keys } from "@/api/query";
import { useReport } from "@/api/report";
import type { DeliveryState, Webhook, WebhookDelivery } from "@/api/types";
import { changed } from "@/shell/address";
import { texts } from "@/texts";
import { When } from "@/time/clock";
import { Button } from "@/ui/Button";
import { Segmented } from "@/ui/Field";
import { Empty, Failed, SkeletonRows } from "@/ui/States";
import { DeliveryDialog } from "./DeliveryDialog";
import { deliveriesQuery } from "./queries";
import { Next, StateOf } from "./standing";

const t = texts.webhooks;

/** What a webhook was sent, and what is sent again. */
export function Deliveries({ webhook }: { webhook: Webhook }) {
  const search: { state?: DeliveryState; delivery?: string } = useSearch({ strict: false });
  const navigate = useNavigate();
  const client = useQueryClient();
  const report = useReport();
  const query = useInfiniteQuery(deliveriesQuery(webhook.id, search.state));
  const set = (change: object) => void navigate({ to: ".", search: changed(change), replace: true });
  const replay = useMutation({
    mutationFn: async () =>
      (await api.act<{ deliveries: number }>(`/webhooks/${webhook.id}/replay`, { all: true })).data
        .deliveries,
    onSuccess: (count) => report.done(t.replayed(count)),
    onError: (error) => report.failed(error),
    onSettled: () => void client.invalidateQueries({ queryKey: keys.webhooks }),
  });
  const failed = query.data?.some((delivery) => delivery.state === "failed") ?? false;
  const [title, hint] = search.state ? t.noneOfThese : t.noDeliveries;
  return (
    <section aria-label={t.deliveries}>
      <div className="mb-2 flex flex-wrap items-center justify-between gap-2">
        <h4 className="text-13 font-medium">{t.deliveries}</h4>
        <Segmented
          size="sm"
          label={t.deliveries}
          value={search.state ?? "all"}
          onChange={(state) => set({ state: state === "all" ? undefined : state })}
          options={[
            { value: "all", label: texts.common.all },
            ...(["pending", "delivered", "failed"] as const).map((state) => ({
              value: state,
              label: t.states[state],
            })),
          ]}
        />
      </div>
      {failed ? (
        <div className="mb-2 flex items-center justify-between gap-4 text-12 text-ink-3">
          <p>{t.replayHint}</p>
          <Button size="sm" disabled={!webhook.enabled || replay.isPending} onClick={() => replay.mutate()}>
            <RotateCw size={12} />
            {t.replayAll}
          </Button>
        </div>
      ) : null}
      {query.isPending ? (
        <SkeletonRows rows={4} />
      ) : !query.data ? (
        <Failed error={query.error} retry={() => void query.refetch()} />
      ) : query.data.length === 0 ? (
        <Empty icon={<Send size={20} />} title={title} hint={hint} />
      ) : (
        <ul data-rows className="rounded-12 border border-line">
          {query.data.map((delivery) => (
            <li key={delivery.id} className="border-b border-line last:border-0">
              <Row delivery={delivery} onOpen={() => set({ delivery: delivery.id })} />
            </li>
          ))}
        </ul>
      )}
      {query.hasNextPage ? (
        <div className="mt-3 flex justify-center">
          <Button disabled={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
            {texts.common.loadMore}
          </Button>
        </div>
      ) : null}
      <DeliveryDialog
        webhook={webhook}
        id={search.delivery ?? null}
        onClose={() => set({ delivery: undefined })}
      />
    </section>
  );
}

function Row({ delivery, onOpen }: { delivery: WebhookDelivery; onOpen: () => void }) {
  return (
    <button
      type="button"
      data-row
      onClick={onOpen}
      className="flex min-h-11 w-full items-center gap-3 px-4 py-1.5 text-left outline-offset-[-2px] hover:bg-hover"
    >
      <span className="min-w-0 flex-1">
        <span className="block truncate text-13 font-medium">{delivery.event_type}</span>
        <span className="block truncate text-12 text-ink-3">
          {t.attempts(delivery.attempts)}
          {delivery.next_attempt_at ? (
            <>
              {" · "}
              <Next at={delivery.next_attempt_at} />
            </>
          ) : null}
        </span>
      </span>
      <StateOf state={delivery.state} />
      <When at={delivery.created_at} className="shrink-0 text-12 text-ink-3 max-sm:hidden" />
    </button>
  );
}
