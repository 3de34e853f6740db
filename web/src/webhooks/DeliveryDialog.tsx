import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { RotateCw } from "lucide-react";
import { api } from "@/api/client";
import { keys } from "@/api/query";
import { useReport } from "@/api/report";
import type { Attempt, FullWebhookDelivery, Webhook } from "@/api/types";
import { texts } from "@/texts";
import { When } from "@/time/clock";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { Failed, SkeletonRows } from "@/ui/States";
import { Tag } from "@/ui/Tag";
import { deliveryQuery } from "./queries";
import { answerOf, Next, StateOf, succeeded } from "./standing";

const t = texts.webhooks;

/** One delivery: every attempt at it, and what is sent. */
export function DeliveryDialog({
  webhook,
  id,
  onClose,
}: {
  webhook: Webhook;
  id: string | null;
  onClose: () => void;
}) {
  const client = useQueryClient();
  const report = useReport();
  const query = useQuery({ ...deliveryQuery(webhook.id, id ?? ""), enabled: id !== null });
  const replay = useMutation({
    mutationFn: (delivery: string) => api.act(`/webhooks/${webhook.id}/deliveries/${delivery}/replay`),
    onSuccess: () => report.done(t.replayed(1)),
    onError: (error) => report.failed(error),
    onSettled: () => void client.invalidateQueries({ queryKey: keys.webhooks }),
  });
  const delivery = query.data;
  return (
    <Dialog
      wide
      open={id !== null}
      onOpenChange={(o) => !o && onClose()}
      title={delivery?.event_type ?? t.delivery}
      footer={
        delivery ? (
          <Button
            look="primary"
            disabled={!webhook.enabled || replay.isPending}
            onClick={() => replay.mutate(delivery.id)}
          >
            <RotateCw size={14} />
            {delivery.state === "pending" ? t.sendNow : t.replay}
          </Button>
        ) : null
      }
    >
      {delivery ? (
        <Delivery delivery={delivery} />
      ) : query.error ? (
        <Failed error={query.error} retry={() => void query.refetch()} />
      ) : (
        <SkeletonRows rows={4} />
      )}
    </Dialog>
  );
}

function Delivery({ delivery }: { delivery: FullWebhookDelivery }) {
  return (
    <>
      <p className="flex flex-wrap items-center gap-x-3 gap-y-1 text-13 text-ink-2">
        <StateOf state={delivery.state} />
        <When at={delivery.created_at} />
        <Next at={delivery.next_attempt_at} />
        <code className="font-mono text-12 break-all text-ink-3">msg_{delivery.id.replaceAll("-", "")}</code>
      </p>
      <h3 className="mt-5 mb-2 text-13 font-medium">{t.attempts(delivery.tries.length)}</h3>
      {delivery.tries.length ? (
        <ol className="rounded-8 border border-line">
          {delivery.tries.map((attempt) => (
            <Try key={attempt.at} attempt={attempt} />
          ))}
        </ol>
      ) : (
        <p className="text-13 text-ink-3">{t.notTried}</p>
      )}
      <h3 className="mt-5 mb-2 text-13 font-medium">{t.body}</h3>
      <pre
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls also scrolls by keys
        tabIndex={0}
        className="max-h-80 overflow-auto rounded-8 border border-line bg-hover p-3 font-mono text-12 break-all whitespace-pre-wrap"
      >
        {JSON.stringify(JSON.parse(delivery.body), null, 2)}
      </pre>
    </>
  );
}

function Try({ attempt }: { attempt: Attempt }) {
  return (
    <li className="border-b border-line px-3 py-2 text-13 last:border-0">
      <p className="flex flex-wrap items-center gap-2">
        <Tag tone={succeeded(attempt.status) ? "good" : "danger"}>{answerOf(attempt)}</Tag>
        <span className="text-12 text-ink-3">{t.took(attempt.duration_ms)}</span>
        <When at={attempt.at} className="ml-auto text-12 text-ink-3" />
      </p>
      {attempt.excerpt ? (
        <p className="mt-1 max-h-24 overflow-y-auto font-mono text-12 break-words whitespace-pre-wrap text-ink-2">
          {attempt.excerpt}
        </p>
      ) : null}
    </li>
  );
}
