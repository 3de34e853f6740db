import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { ApiError } from "@/api/client";
import type { Webhook } from "@/api/types";
import { texts } from "@/texts";
import { Button } from "@/ui/Button";
import { Segmented, Switch, TextField } from "@/ui/Field";
import { messageOf, Problem } from "@/ui/States";
import { eventTypesQuery } from "./queries";

const t = texts.webhooks;

export type WebhookFields = Pick<Webhook, "url" | "description" | "event_types" | "ordered">;

/** What a webhook is: where it leads, what it is told of, and whether in order. */
export function WebhookForm({
  webhook,
  submit,
  pending,
  error,
  onSubmit,
}: {
  webhook?: Webhook;
  submit: string;
  pending: boolean;
  error: unknown;
  onSubmit: (fields: WebhookFields) => void;
}) {
  const [url, setUrl] = useState(webhook?.url ?? "");
  const [description, setDescription] = useState(webhook?.description ?? "");
  const [types, setTypes] = useState<string[]>(webhook?.event_types ?? []);
  const [some, setSome] = useState(types.length > 0);
  const [ordered, setOrdered] = useState(webhook?.ordered ?? false);
  const refused = error instanceof ApiError ? error : null;
  return (
    <form
      className="flex flex-col gap-4"
      onSubmit={(e) => {
        e.preventDefault();
        onSubmit({
          url: url.trim(),
          description: description.trim(),
          event_types: some ? types : [],
          ordered,
        });
      }}
    >
      <TextField
        label={t.url}
        hint={t.urlHint}
        value={url}
        onChange={(e) => setUrl(e.target.value)}
        type="url"
        inputMode="url"
        placeholder="https://"
        required
        autoComplete="off"
        spellCheck={false}
        error={refused?.field("url")}
      />
      <TextField
        label={t.description}
        value={description}
        onChange={(e) => setDescription(e.target.value)}
        autoComplete="off"
        error={refused?.field("description")}
      />
      <div className="flex flex-col items-start gap-2">
        <span className="text-13 font-medium">{t.events}</span>
        <Segmented
          label={t.events}
          value={some ? "some" : "all"}
          onChange={(value) => setSome(value === "some")}
          options={[
            { value: "all", label: t.allEvents },
            { value: "some", label: t.someEvents },
          ]}
        />
        {some ? <EventTypes chosen={types} onChange={setTypes} /> : null}
        {refused?.field("event_types") ? (
          <p className="text-12 text-danger">{refused.field("event_types")}</p>
        ) : null}
      </div>
      <Switch label={t.ordered} hint={t.orderedHint} checked={ordered} onChange={setOrdered} />
      {error && !refused?.errors.length ? <Problem>{messageOf(error)}</Problem> : null}
      <Button
        type="submit"
        look="primary"
        className="self-end"
        disabled={pending || (some && types.length === 0)}
      >
        {submit}
      </Button>
    </form>
  );
}

/** The types of event, by the record that they are about. */
function EventTypes({ chosen, onChange }: { chosen: string[]; onChange: (types: string[]) => void }) {
  const all = useQuery(eventTypesQuery).data ?? [];
  const records = [...new Set(all.map((one) => one.record))];
  const toggle = (type: string) =>
    onChange(chosen.includes(type) ? chosen.filter((one) => one !== type) : [...chosen, type].sort());
  return (
    <div className="max-h-56 w-full overflow-y-auto rounded-8 border border-line p-3">
      {records.map((record) => (
        <fieldset key={record} className="mb-3 last:mb-0">
          <legend className="mb-1 text-12 font-medium text-ink-3">{t.records[record] ?? record}</legend>
          <div className="grid grid-cols-2 gap-x-4 max-sm:grid-cols-1">
            {all
              .filter((one) => one.record === record)
              .map(({ type }) => (
                <label key={type} className="flex min-h-7 items-center gap-2 text-13">
                  <input
                    type="checkbox"
                    aria-label={type}
                    checked={chosen.includes(type)}
                    onChange={() => toggle(type)}
                    className="size-4 accent-accent"
                  />
                  <span className="truncate">{type.slice(record.length + 1).replaceAll("_", " ")}</span>
                </label>
              ))}
          </div>
        </fieldset>
      ))}
    </div>
  );
}
