import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { KeyRound, Plus } from "lucide-react";
import { useState } from "react";
import { ApiError, api, keyFor, newKey } from "@/api/client";
import { keys } from "@/api/query";
import { useReport } from "@/api/report";
import type { Token } from "@/api/types";
import { texts } from "@/texts";
import { When } from "@/time/clock";
import { Button } from "@/ui/Button";
import { CopyText } from "@/ui/CopyText";
import { Dialog } from "@/ui/Dialog";
import { SelectField, TextField } from "@/ui/Field";
import { Empty, Failed, messageOf, Problem, SkeletonRows } from "@/ui/States";
import { tokensQuery } from "./queries";

export function Tokens() {
  const query = useQuery(tokensQuery);
  const [making, setMaking] = useState(false);
  const [secret, setSecret] = useState<string | null>(null);
  const [revoking, setRevoking] = useState<Token | null>(null);
  const [title, hint] = texts.settings.tokensEmpty;
  const add = (
    <Button onClick={() => setMaking(true)}>
      <Plus size={14} />
      {texts.settings.tokenNew}
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
        <Empty icon={<KeyRound size={20} />} title={title} hint={hint} action={add} />
      ) : (
        <ul className="rounded-12 border border-line">
          {query.data.map((t) => (
            <li
              key={t.id}
              className="flex min-h-15 items-center gap-3 border-b border-line px-4 py-2 last:border-0"
            >
              <div className="min-w-0 flex-1">
                <p className="flex items-baseline gap-2 text-14">
                  <span className="truncate font-medium">{t.name}</span>
                  <code className="font-mono text-12 text-ink-3">{t.prefix}…</code>
                </p>
                <p className="truncate text-12 text-ink-3">
                  {t.member.name} · {texts.settings.tokenUsed}{" "}
                  {t.last_used_at ? <When at={t.last_used_at} /> : texts.settings.never} ·{" "}
                  {texts.settings.tokenExpires}{" "}
                  {t.expires_at ? <When at={t.expires_at} /> : texts.settings.never}
                </p>
              </div>
              <Button look="danger" size="sm" onClick={() => setRevoking(t)}>
                {texts.settings.tokenRevoke}
              </Button>
            </li>
          ))}
        </ul>
      )}
      <Dialog
        open={making}
        onOpenChange={setMaking}
        title={texts.settings.tokenNew}
        hint={texts.settings.hints.tokens}
      >
        {making ? (
          <TokenForm
            onDone={(made) => {
              setMaking(false);
              setSecret(made);
            }}
          />
        ) : null}
      </Dialog>
      <Dialog
        open={secret !== null}
        onOpenChange={(o) => !o && setSecret(null)}
        title={texts.settings.tokenNew}
        hint={texts.settings.tokenCreated}
      >
        {secret ? <CopyText text={secret} label={texts.settings.tokenNew} /> : null}
      </Dialog>
      <Revoke token={revoking} onClose={() => setRevoking(null)} />
    </>
  );
}

function Revoke({ token, onClose }: { token: Token | null; onClose: () => void }) {
  const client = useQueryClient();
  const report = useReport();
  const revoke = useMutation({
    mutationFn: (t: Token) => api.remove(`/tokens/${t.id}`),
    onSuccess: (_answer, t) => report.done(texts.settings.tokenRevoked(t.name)),
    onError: (error) => report.failed(error),
    onSettled: () => {
      onClose();
      void client.invalidateQueries({ queryKey: keys.tokens });
    },
  });
  return (
    <Dialog
      open={token !== null}
      onOpenChange={(o) => !o && onClose()}
      title={`${texts.settings.tokenRevoke} “${token?.name ?? ""}”`}
      footer={
        <>
          <Button onClick={onClose}>{texts.common.cancel}</Button>
          <Button look="danger" disabled={revoke.isPending} onClick={() => token && revoke.mutate(token)}>
            {texts.settings.tokenRevoke}
          </Button>
        </>
      }
    >
      <p className="text-13 text-ink-2">{texts.settings.tokenRevokeSure}</p>
    </Dialog>
  );
}

function TokenForm({ onDone }: { onDone: (secret: string) => void }) {
  const client = useQueryClient();
  const [days, setDays] = useState("90");
  const [key] = useState(newKey);
  const create = useMutation({
    mutationFn: async (name: string) =>
      (
        await api.create<{ token: Token; secret: string }>(
          "/tokens",
          days === "never" ? { name } : { name, expires_in_days: Number(days) },
          keyFor(key, name, days),
        )
      ).data,
    onSuccess: ({ secret }) => {
      void client.invalidateQueries({ queryKey: keys.tokens });
      onDone(secret);
    },
  });
  const error = create.error instanceof ApiError ? create.error : null;
  return (
    <form
      className="flex flex-col gap-4"
      onSubmit={(e) => {
        e.preventDefault();
        create.mutate(String(new FormData(e.currentTarget).get("name")).trim());
      }}
    >
      <TextField
        label={texts.settings.tokenName}
        name="name"
        required
        autoComplete="off"
        error={error?.field("name")}
      />
      <SelectField
        label={texts.settings.tokenExpiry}
        value={days}
        onChange={setDays}
        options={[
          ...[30, 90, 365].map((n) => ({ value: String(n), label: texts.settings.tokenDays(n) })),
          { value: "never", label: texts.settings.tokenNever },
        ]}
        error={error?.field("expires_in_days")}
      />
      {create.error && !error?.errors.length ? <Problem>{messageOf(create.error)}</Problem> : null}
      <Button type="submit" look="primary" className="self-end" disabled={create.isPending}>
        {texts.settings.tokenNew}
      </Button>
    </form>
  );
}
