import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { ArrowLeft, KeyRound, MoreHorizontal, Pencil, Power, Send, Trash2 } from "lucide-react";
import { type ReactNode, useState } from "react";
import { api } from "@/api/client";
import { keys } from "@/api/query";
import { useReport } from "@/api/report";
import { saveFields } from "@/api/save";
import type { NewWebhook, Webhook } from "@/api/types";
import { texts } from "@/texts";
import { When } from "@/time/clock";
import { Button, IconButton } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { SelectField } from "@/ui/Field";
import { Menu, MenuItem } from "@/ui/Menu";
import { Failed, messageOf, Problem, SkeletonRows } from "@/ui/States";
import { Deliveries } from "./Deliveries";
import { webhookQuery } from "./queries";
import { Secret } from "./Secret";
import { nameOf, Standing } from "./standing";
import { WebhookForm } from "./WebhookForm";

const t = texts.webhooks;

/** One webhook: how it stands, what can be done with it, and what it was sent. */
export function WebhookView({ id }: { id: string }) {
  const query = useQuery(webhookQuery(id));
  return (
    <>
      <Link
        to="/settings/$section"
        params={{ section: "webhooks" }}
        className="mb-3 inline-flex h-8 items-center gap-1 rounded-6 text-13 font-medium text-ink-2 hover:text-ink"
      >
        <ArrowLeft size={14} aria-hidden />
        {t.all}
      </Link>
      {query.isPending ? (
        <SkeletonRows rows={4} />
      ) : !query.data ? (
        <Failed error={query.error} retry={() => void query.refetch()} />
      ) : (
        <Shown webhook={query.data} />
      )}
    </>
  );
}

function Shown({ webhook }: { webhook: Webhook }) {
  const client = useQueryClient();
  const report = useReport();
  const [open, setOpen] = useState<"edit" | "rotate" | "delete" | null>(null);
  const [secret, setSecret] = useState<string | null>(null);
  const refresh = () => void client.invalidateQueries({ queryKey: keys.webhooks });
  const test = useMutation({
    mutationFn: () => api.act(`/webhooks/${webhook.id}/test`),
    onSuccess: () => report.done(t.tested),
    onError: (error) => report.failed(error),
    onSettled: refresh,
  });
  const save = useMutation({
    mutationFn: (fields: Partial<Webhook>) =>
      saveFields<Webhook>(client, keys.webhook(webhook.id), `/webhooks/${webhook.id}`, webhook, fields),
    onSuccess: ({ data }) => {
      client.setQueryData(keys.webhook(webhook.id), data);
      setOpen(null);
      report.done(t.saved);
    },
    onSettled: refresh,
  });
  const turn = () => save.mutate({ enabled: !webhook.enabled }, { onError: (error) => report.failed(error) });
  return (
    <>
      <header className="flex items-center gap-2">
        <h3 className="min-w-0 truncate text-16 font-semibold">{nameOf(webhook)}</h3>
        <Standing webhook={webhook} />
        <span className="ml-auto flex shrink-0 gap-2">
          <Button disabled={!webhook.enabled || test.isPending} onClick={() => test.mutate()}>
            <Send size={14} />
            {t.test}
          </Button>
          <Menu
            trigger={
              <IconButton label={texts.common.more}>
                <MoreHorizontal size={16} />
              </IconButton>
            }
          >
            <MenuItem icon={<Pencil size={14} />} onSelect={() => setOpen("edit")}>
              {texts.common.edit}
            </MenuItem>
            <MenuItem icon={<KeyRound size={14} />} onSelect={() => setOpen("rotate")}>
              {t.rotate}
            </MenuItem>
            <MenuItem icon={<Power size={14} />} onSelect={turn}>
              {webhook.enabled ? t.disable : t.enable}
            </MenuItem>
            <MenuItem icon={<Trash2 size={14} />} danger onSelect={() => setOpen("delete")}>
              {texts.common.delete}
            </MenuItem>
          </Menu>
        </span>
      </header>
      <Trouble webhook={webhook} onEnable={turn} />
      <dl className="mt-4 mb-6 grid grid-cols-[max-content_1fr] gap-x-6 gap-y-2 text-13 max-sm:grid-cols-1 max-sm:gap-y-0.5">
        <Line name={t.url}>
          <code className="font-mono text-12 break-all">{webhook.url}</code>
        </Line>
        <Line name={t.events}>
          {webhook.event_types.length ? (
            <code className="font-mono text-12 break-words">{webhook.event_types.join(", ")}</code>
          ) : (
            t.allEvents
          )}
        </Line>
        <Line name={t.order}>{webhook.ordered ? t.inOrder : t.sideBySide}</Line>
        {webhook.former_secret_until && new Date(webhook.former_secret_until) > new Date() ? (
          <Line name={t.former}>
            {t.goodUntil} <When at={webhook.former_secret_until} />
          </Line>
        ) : null}
      </dl>
      <Deliveries webhook={webhook} />
      <Dialog open={open === "edit"} onOpenChange={(o) => !o && setOpen(null)} title={texts.common.edit}>
        {open === "edit" ? (
          <WebhookForm
            webhook={webhook}
            submit={texts.common.save}
            pending={save.isPending}
            error={save.error}
            onSubmit={(fields) => save.mutate(fields)}
          />
        ) : null}
      </Dialog>
      <Rotate
        webhook={webhook}
        open={open === "rotate"}
        onClose={() => setOpen(null)}
        onDone={(made) => {
          setOpen(null);
          setSecret(made);
        }}
      />
      <Remove webhook={webhook} open={open === "delete"} onClose={() => setOpen(null)} />
      <Secret secret={secret} onClose={() => setSecret(null)} />
    </>
  );
}

function Line({ name, children }: { name: string; children: ReactNode }) {
  return (
    <>
      <dt className="text-ink-3">{name}</dt>
      <dd className="min-w-0 break-words max-sm:mb-2">{children}</dd>
    </>
  );
}

/** Why nothing arrives, where nothing does, and what to do. */
function Trouble({ webhook, onEnable }: { webhook: Webhook; onEnable: () => void }) {
  if (webhook.enabled && !webhook.failing_since) return null;
  return (
    <div className="mt-4 flex items-center gap-4 rounded-8 bg-warn-soft px-4 py-3 text-13 text-warn">
      <p className="min-w-0 flex-1 text-pretty" role="status">
        {!webhook.enabled ? (
          t.disabledBecause[webhook.disabled_reason ?? "member"]
        ) : (
          <>
            {t.failingFor(webhook.failures)}{" "}
            {webhook.failing_since ? <When at={webhook.failing_since} /> : null}.{" "}
            {webhook.resting_until ? t.restingHint : null}
          </>
        )}
      </p>
      {webhook.enabled ? null : <Button onClick={onEnable}>{t.enable}</Button>}
    </div>
  );
}

function Rotate({
  webhook,
  open,
  onClose,
  onDone,
}: {
  webhook: Webhook;
  open: boolean;
  onClose: () => void;
  onDone: (secret: string) => void;
}) {
  const client = useQueryClient();
  const [hours, setHours] = useState("24");
  const rotate = useMutation({
    mutationFn: async () =>
      (await api.create<NewWebhook>(`/webhooks/${webhook.id}/rotate`, { overlap_hours: Number(hours) })).data,
    onSuccess: ({ secret }) => {
      void client.invalidateQueries({ queryKey: keys.webhooks });
      onDone(secret);
    },
  });
  return (
    <Dialog
      open={open}
      onOpenChange={(o) => !o && onClose()}
      title={t.rotate}
      hint={t.rotateHint}
      footer={
        <>
          <Button onClick={onClose}>{texts.common.cancel}</Button>
          <Button look="primary" disabled={rotate.isPending} onClick={() => rotate.mutate()}>
            {t.rotate}
          </Button>
        </>
      }
    >
      <SelectField
        label={t.overlap}
        value={hours}
        onChange={setHours}
        options={[
          { value: "0", label: t.overlapNone },
          { value: "24", label: t.overlapDays(1) },
          { value: "168", label: t.overlapDays(7) },
        ]}
      />
      {rotate.error ? <Problem>{messageOf(rotate.error)}</Problem> : null}
    </Dialog>
  );
}

function Remove({ webhook, open, onClose }: { webhook: Webhook; open: boolean; onClose: () => void }) {
  const client = useQueryClient();
  const report = useReport();
  const navigate = useNavigate();
  const remove = useMutation({
    mutationFn: () => api.remove(`/webhooks/${webhook.id}`),
    onSuccess: () => {
      report.done(t.deleted);
      client.removeQueries({ queryKey: keys.webhook(webhook.id) });
      void navigate({ to: "/settings/$section", params: { section: "webhooks" } });
    },
    onError: (error) => report.failed(error),
    onSettled: () => {
      onClose();
      void client.invalidateQueries({ queryKey: keys.webhooks });
    },
  });
  return (
    <Dialog
      open={open}
      onOpenChange={(o) => !o && onClose()}
      title={t.deleteTitle(nameOf(webhook))}
      footer={
        <>
          <Button onClick={onClose}>{texts.common.cancel}</Button>
          <Button look="danger" disabled={remove.isPending} onClick={() => remove.mutate()}>
            {texts.common.delete}
          </Button>
        </>
      }
    >
      <p className="text-13 text-ink-2">{t.deleteSure(webhook.pending)}</p>
    </Dialog>
  );
}
