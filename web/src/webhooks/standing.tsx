import type { Attempt, DeliveryState, Webhook } from "@/api/types";
import { texts } from "@/texts";
import { useClock, When } from "@/time/clock";
import { Tag } from "@/ui/Tag";

const t = texts.webhooks;

/** What people call a webhook. */
export function nameOf(webhook: Pick<Webhook, "description" | "url">): string {
  return webhook.description || new URL(webhook.url).host;
}

/** How a webhook stands, in a word. */
export function Standing({ webhook }: { webhook: Webhook }) {
  if (!webhook.enabled) return <Tag tone={webhook.disabled_reason ? "danger" : "plain"}>{t.disabled}</Tag>;
  if (webhook.resting_until) return <Tag tone="warn">{t.resting}</Tag>;
  if (webhook.failures > 0) return <Tag tone="warn">{t.failing}</Tag>;
  return <Tag tone="good">{t.works}</Tag>;
}

const tones = { pending: "accent", delivered: "good", failed: "danger" } as const;

export function StateOf({ state }: { state: DeliveryState }) {
  return <Tag tone={tones[state]}>{t.states[state]}</Tag>;
}

/** When a delivery is tried next; what is due waits for its turn, or for the webhook's rest to be over. */
export function Next({ at }: { at: string | null }) {
  const { now } = useClock();
  if (!at) return null;
  return new Date(at) > now ? (
    <span>
      {t.next} <When at={at} />
    </span>
  ) : (
    <span>{t.due}</span>
  );
}

/** What came of an attempt: the status, or why there was none. */
export function answerOf(attempt: Pick<Attempt, "status" | "failure">): string {
  if (attempt.status !== null) return t.answered(attempt.status);
  return t.failures[attempt.failure ?? ""] ?? attempt.failure ?? "";
}

export const succeeded = (status: number | null) => status !== null && status >= 200 && status < 300;
