import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { ApiError } from "@/api/client";
import { keys } from "@/api/query";
import { useReport } from "@/api/report";
import { Conflict, saveFields } from "@/api/save";
import type { Settings } from "@/api/types";
import { ZoneField } from "@/session/ZoneField";
import { texts } from "@/texts";
import { Button } from "@/ui/Button";
import { Switch, TextArea, TextField } from "@/ui/Field";
import { Failed, messageOf, Problem } from "@/ui/States";
import { settingsQuery } from "./queries";

function Loaded({ children }: { children: (settings: Settings) => ReactNode }) {
  const query = useQuery(settingsQuery);
  if (query.isPending) return <div className="skeleton h-40 rounded-8" />;
  if (!query.data) return <Failed error={query.error} retry={() => void query.refetch()} />;
  return children(query.data);
}

function useSaveSettings(settings: Settings) {
  const client = useQueryClient();
  const report = useReport();
  return useMutation({
    mutationFn: (change: Partial<Settings>) =>
      saveFields<Settings>(client, keys.settings, "/settings", settings, change),
    onSuccess: ({ undoId }) => {
      report.done(texts.settings.saved, undoId);
      void client.invalidateQueries({ queryKey: keys.me });
    },
  });
}

function Errors({ error, fields }: { error: unknown; fields: boolean }) {
  if (!error || fields) return null;
  return <Problem>{error instanceof Conflict ? texts.errors.conflict : messageOf(error)}</Problem>;
}

export function Workspace() {
  return <Loaded>{(settings) => <WorkspaceForm key={settings.version} settings={settings} />}</Loaded>;
}

function WorkspaceForm({ settings }: { settings: Settings }) {
  const [workspace, setWorkspace] = useState(settings.workspace);
  const [zone, setZone] = useState(settings.zone);
  const save = useSaveSettings(settings);
  const error = save.error instanceof ApiError ? save.error : null;
  const changed = workspace.trim() !== settings.workspace || zone !== settings.zone;
  return (
    <form
      className="flex flex-col gap-4"
      onSubmit={(e) => {
        e.preventDefault();
        save.mutate({ workspace: workspace.trim(), zone });
      }}
    >
      <TextField
        label={texts.settings.workspaceName}
        value={workspace}
        onChange={(e) => setWorkspace(e.target.value)}
        required
        error={error?.field("workspace")}
      />
      <ZoneField value={zone} onChange={setZone} error={error?.field("zone")} />
      <Errors error={save.error} fields={Boolean(error?.errors.length)} />
      <Button type="submit" look="primary" className="self-start" disabled={!changed || save.isPending}>
        {texts.common.save}
      </Button>
    </form>
  );
}

export function Hand() {
  return <Loaded>{(settings) => <HandForm key={settings.version} settings={settings} />}</Loaded>;
}

function HandForm({ settings }: { settings: Settings }) {
  const [hand, setHand] = useState(settings.hand);
  const save = useSaveSettings(settings);
  const error = save.error instanceof ApiError ? save.error : null;
  const field = (name: string) => error?.field(`hand.${name}`) ?? error?.field(name);
  const changed = JSON.stringify(hand) !== JSON.stringify(settings.hand);
  return (
    <form
      className="flex flex-col gap-4"
      onSubmit={(e) => {
        e.preventDefault();
        save.mutate({ hand });
      }}
    >
      <Switch
        label={texts.settings.handEnabled}
        hint={texts.settings.handEnabledHint}
        checked={hand.enabled}
        onChange={(enabled) => setHand({ ...hand, enabled })}
      />
      <TextArea
        label={texts.settings.greeting}
        hint={texts.settings.greetingHint}
        value={hand.greeting}
        onChange={(e) => setHand({ ...hand, greeting: e.target.value })}
        error={field("greeting")}
      />
      <TextArea
        label={texts.settings.handoffText}
        hint={texts.settings.handoffHint}
        value={hand.handoff_text}
        onChange={(e) => setHand({ ...hand, handoff_text: e.target.value })}
        error={field("handoff_text")}
      />
      <TextField
        label={texts.settings.replyMinutes}
        unit={texts.settings.minutes}
        type="number"
        min={1}
        max={10080}
        value={String(hand.reply_minutes)}
        onChange={(e) => setHand({ ...hand, reply_minutes: Number(e.target.value) })}
        error={field("reply_minutes")}
        className="max-w-28"
      />
      <Errors error={save.error} fields={Boolean(error?.errors.length)} />
      <Button type="submit" look="primary" className="self-start" disabled={!changed || save.isPending}>
        {texts.common.save}
      </Button>
    </form>
  );
}
