import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { Plus, Webhook as WebhookIcon } from "lucide-react";
import { useState } from "react";
import { api, keyFor, newKey } from "@/api/client";
import { keys } from "@/api/query";
import type { NewWebhook, Webhook } from "@/api/types";
import { texts } from "@/texts";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { Empty, Failed, SkeletonRows } from "@/ui/States";
import { webhooksQuery } from "./queries";
import { Secret } from "./Secret";
import { nameOf, Standing } from "./standing";
import { WebhookForm } from "./WebhookForm";
import { WebhookView } from "./WebhookView";

const t = texts.webhooks;

/** Webhooks: all of them, or the one that the address names. */
export function WebhooksSettings() {
  const { item } = useParams({ strict: false });
  return item ? <WebhookView id={item} /> : <WebhookList />;
}

function WebhookList() {
  const query = useQuery(webhooksQuery);
  const [making, setMaking] = useState(false);
  const [secret, setSecret] = useState<string | null>(null);
  const [title, hint] = t.empty;
  const add = (
    <Button onClick={() => setMaking(true)}>
      <Plus size={14} />
      {t.new}
    </Button>
  );
  return (
    <>
      {query.data?.length ? <div className="mb-4">{add}</div> : null}
      {query.isPending ? (
        <SkeletonRows rows={3} />
      ) : !query.data ? (
        <Failed error={query.error} retry={() => void query.refetch()} />
      ) : query.data.length === 0 ? (
        <Empty icon={<WebhookIcon size={20} />} title={title} hint={hint} action={add} />
      ) : (
        <ul data-rows className="rounded-12 border border-line">
          {query.data.map((webhook) => (
            <li key={webhook.id} className="border-b border-line last:border-0">
              <Row webhook={webhook} />
            </li>
          ))}
        </ul>
      )}
      <Dialog open={making} onOpenChange={setMaking} title={t.new} hint={t.newHint}>
        {making ? (
          <NewWebhookForm
            onDone={(made) => {
              setMaking(false);
              setSecret(made);
            }}
          />
        ) : null}
      </Dialog>
      <Secret secret={secret} onClose={() => setSecret(null)} />
    </>
  );
}

function Row({ webhook }: { webhook: Webhook }) {
  const about = [
    webhook.event_types.length ? t.types(webhook.event_types.length) : t.allEvents,
    webhook.ordered ? t.inOrder : null,
    webhook.pending ? t.waiting(webhook.pending) : null,
  ];
  return (
    <Link
      to="/settings/$section/$item"
      params={{ section: "webhooks", item: webhook.id }}
      data-row
      className="flex min-h-15 items-center gap-3 px-4 py-2 outline-offset-[-2px] hover:bg-hover"
    >
      <span className="min-w-0 flex-1">
        <span className="block truncate text-14 font-medium">{nameOf(webhook)}</span>
        <span className="block truncate text-12 text-ink-3">
          {webhook.description ? `${new URL(webhook.url).host} · ` : null}
          {about.filter(Boolean).join(" · ")}
        </span>
      </span>
      <Standing webhook={webhook} />
    </Link>
  );
}

function NewWebhookForm({ onDone }: { onDone: (secret: string) => void }) {
  const client = useQueryClient();
  const [key] = useState(newKey);
  const create = useMutation({
    mutationFn: async (body: object) =>
      (await api.create<NewWebhook>("/webhooks", body, keyFor(key, JSON.stringify(body)))).data,
    onSuccess: ({ secret }) => {
      void client.invalidateQueries({ queryKey: keys.webhooks });
      onDone(secret);
    },
  });
  return (
    <WebhookForm
      submit={t.create}
      pending={create.isPending}
      error={create.error}
      onSubmit={(fields) => create.mutate(fields)}
    />
  );
}
