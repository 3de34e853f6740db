import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { ExternalLink, Plus, Radio } from "lucide-react";
import { useEffect, useState } from "react";
import { ApiError, api } from "@/api/client";
import { keys } from "@/api/query";
import { useReport } from "@/api/report";
import { Conflict, saveFields } from "@/api/save";
import type { Channel } from "@/api/types";
import { channelsQuery } from "@/articles/queries";
import { useMay } from "@/session/me";
import { settingsQuery } from "@/settings/queries";
import { AdminPage } from "@/shell/AdminPage";
import { texts } from "@/texts";
import { Button } from "@/ui/Button";
import { CopyText } from "@/ui/CopyText";
import { Segmented, Switch, TextArea, TextField } from "@/ui/Field";
import { Empty, Failed, messageOf, Problem, SkeletonRows } from "@/ui/States";
import { Tag } from "@/ui/Tag";
import { bodyOf, type ChannelForm, contrastWithWhite, formOf, snippet } from "./snippet";
import { WidgetPreview } from "./WidgetPreview";

export function ChannelsPage() {
  const query = useQuery(channelsQuery);
  const client = useQueryClient();
  const report = useReport();
  const may = useMay();
  const create = useMutation({
    mutationFn: () =>
      api.create<Channel>("/channels", {
        name: texts.channels.defaultName,
        greeting: texts.channels.defaultGreeting,
      }),
    onSuccess: ({ undoId }) => report.done(texts.channels.created, undoId),
    onError: (error) => report.failed(error),
    onSettled: () => void client.invalidateQueries({ queryKey: keys.channels }),
  });
  const add = may.administer ? (
    <Button look="primary" onClick={() => create.mutate()} disabled={create.isPending}>
      <Plus size={14} />
      {texts.channels.new}
    </Button>
  ) : null;
  const [title, hint] = texts.channels.empty;
  return (
    <AdminPage title={texts.channels.title} hint={texts.channels.hint} actions={add}>
      {query.isPending ? (
        <SkeletonRows rows={4} />
      ) : !query.data ? (
        <Failed error={query.error} retry={() => void query.refetch()} />
      ) : query.data.length === 0 ? (
        <Empty icon={<Radio size={20} />} title={title} hint={hint} action={add} />
      ) : (
        <div className="flex flex-col gap-6">
          {query.data.map((c) => (
            <ChannelCard key={c.id} channel={c} editable={may.administer} />
          ))}
        </div>
      )}
    </AdminPage>
  );
}

function ChannelCard({ channel, editable }: { channel: Channel; editable: boolean }) {
  const client = useQueryClient();
  const report = useReport();
  const [form, setForm] = useState<ChannelForm>(() => formOf(channel));
  const [touched, setTouched] = useState(false);
  // What the widget says where the channel has no greeting of its own.
  const common = useQuery({ ...settingsQuery, enabled: editable }).data?.hand.greeting ?? "";
  useEffect(() => {
    if (!touched) setForm(formOf(channel));
  }, [channel, touched]);
  const save = useMutation({
    mutationFn: (body: ChannelForm) =>
      saveFields<Channel>(
        client,
        [...keys.channels, channel.id],
        `/channels/${channel.id}`,
        channel,
        bodyOf(body),
      ),
    onSuccess: ({ data, undoId }) => {
      client.setQueryData<Channel[]>(keys.channels, (all) => all?.map((c) => (c.id === data.id ? data : c)));
      setTouched(false);
      report.done(texts.settings.saved, undoId);
    },
  });
  const error = save.error instanceof ApiError ? save.error : null;
  const set = (change: Partial<ChannelForm>) => {
    setTouched(true);
    setForm((f) => ({ ...f, ...change }));
  };
  return (
    <section aria-label={channel.name} className="rounded-12 border border-line">
      <header className="flex items-center gap-2 border-b border-line px-5 py-3">
        <Radio size={16} className="text-ink-3" aria-hidden />
        <h2 className="min-w-0 flex-1 truncate text-14 font-semibold">{channel.name}</h2>
        <Tag tone={channel.enabled ? "good" : "plain"}>
          {channel.enabled ? texts.channels.on : texts.channels.off}
        </Tag>
        <a
          href={`/try/${channel.key}`}
          target="_blank"
          rel="noopener"
          className="press inline-flex h-8 items-center gap-2 rounded-6 px-3 text-13 font-medium text-accent-text hover:bg-hover"
        >
          {texts.channels.tryIt}
          <ExternalLink size={14} aria-hidden />
        </a>
      </header>
      <div className="flex flex-col gap-5 p-5">
        <div>
          <h3 className="mb-1 text-13 font-medium">{texts.channels.snippet}</h3>
          <CopyText text={snippet(window.location.origin, channel.key)} label={texts.channels.snippet} />
          <p className="mt-1 text-12 text-ink-3">{texts.channels.snippetHint}</p>
        </div>
        {editable ? (
          <form
            className="grid gap-6 sm:grid-cols-[1fr_240px]"
            onSubmit={(e) => {
              e.preventDefault();
              save.mutate(form);
            }}
          >
            <div className="flex min-w-0 flex-col gap-4">
              <TextField
                label={texts.channels.name}
                value={form.name}
                onChange={(e) => set({ name: e.target.value })}
                required
                error={error?.field("name")}
              />
              <TextArea
                label={texts.channels.greeting}
                value={form.greeting}
                placeholder={common}
                hint={texts.channels.greetingHint}
                onChange={(e) => set({ greeting: e.target.value })}
                rows={2}
                error={error?.field("greeting")}
              />
              <div className="flex flex-wrap gap-6">
                <label className="flex flex-col gap-1 text-13 font-medium">
                  {texts.channels.color}
                  <span className="flex h-9 items-center gap-2 rounded-6 border border-line-strong bg-raised px-2 shadow-lift">
                    <input
                      type="color"
                      value={form.color}
                      onChange={(e) => set({ color: e.target.value })}
                      className="size-5 cursor-pointer rounded-4 bg-transparent"
                    />
                    <span className="font-mono text-12 font-normal text-ink-2">{form.color}</span>
                  </span>
                </label>
                <div className="flex flex-col gap-1">
                  <span className="text-13 font-medium">{texts.channels.position}</span>
                  <Segmented
                    label={texts.channels.position}
                    value={form.position}
                    onChange={(position) => set({ position })}
                    options={[
                      { value: "left", label: texts.channels.left },
                      { value: "right", label: texts.channels.right },
                    ]}
                  />
                </div>
              </div>
              {contrastWithWhite(form.color) < 4.5 ? (
                <p className="text-12 text-warn">{texts.channels.contrast}</p>
              ) : null}
              <TextArea
                label={texts.channels.origins}
                hint={texts.channels.originsHint}
                value={form.origins}
                onChange={(e) => set({ origins: e.target.value })}
                rows={2}
                spellCheck={false}
                error={error?.field("allowed_origins")}
              />
              <Switch
                label={texts.channels.enabled}
                checked={form.enabled}
                onChange={(enabled) => set({ enabled })}
              />
              {save.error && !error?.errors.length ? (
                <Problem>
                  {save.error instanceof Conflict ? texts.errors.conflict : messageOf(save.error)}
                </Problem>
              ) : null}
              <div className="flex gap-2">
                <Button type="submit" look="primary" disabled={!touched || save.isPending}>
                  {texts.common.save}
                </Button>
                {touched ? (
                  <Button look="quiet" onClick={() => setTouched(false)}>
                    {texts.common.cancel}
                  </Button>
                ) : null}
              </div>
            </div>
            <WidgetPreview form={form} greeting={common} />
          </form>
        ) : null}
      </div>
    </section>
  );
}
