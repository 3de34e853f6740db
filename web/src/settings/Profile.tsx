import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { ApiError, api } from "@/api/client";
import { keys } from "@/api/query";
import { useReport } from "@/api/report";
import type { Me } from "@/api/types";
import { useMe } from "@/session/me";
import { PasswordField } from "@/session/PasswordField";
import { ZoneField } from "@/session/ZoneField";
import { texts } from "@/texts";
import { Button } from "@/ui/Button";
import { TextField } from "@/ui/Field";
import { messageOf, Problem } from "@/ui/States";

type MePatch = { name?: string; zone?: string; current_password?: string; password?: string };

function useSaveMe(done: string) {
  const client = useQueryClient();
  const report = useReport();
  return useMutation({
    mutationFn: (body: MePatch) => api.patch<Me>("/me", body),
    onSuccess: ({ data, undoId }) => {
      client.setQueryData(keys.me, data);
      void client.invalidateQueries({ queryKey: keys.members });
      report.done(done, undoId);
    },
  });
}

export function Profile() {
  const { member } = useMe();
  const [name, setName] = useState(member.name);
  const [zone, setZone] = useState(member.zone);
  const save = useSaveMe(texts.settings.saved);
  const error = save.error instanceof ApiError ? save.error : null;
  const changed = name.trim() !== member.name || zone !== member.zone;
  return (
    <>
      <form
        className="flex flex-col gap-4"
        onSubmit={(e) => {
          e.preventDefault();
          save.mutate({ name: name.trim(), zone });
        }}
      >
        <TextField
          label={texts.session.name}
          value={name}
          onChange={(e) => setName(e.target.value)}
          required
          error={error?.field("name")}
        />
        <TextField label={texts.session.email} value={member.email} readOnly />
        <ZoneField value={zone} onChange={setZone} error={error?.field("zone")} />
        {save.error && !error?.errors.length ? <Problem>{messageOf(save.error)}</Problem> : null}
        <Button type="submit" look="primary" className="self-start" disabled={!changed || save.isPending}>
          {texts.common.save}
        </Button>
      </form>
      <h3 className="mt-8 border-t border-line pt-8 text-16 font-semibold">{texts.settings.passwordTitle}</h3>
      <p className="mb-4 text-13 text-ink-2">{texts.settings.passwordHint}</p>
      <Password />
    </>
  );
}

function Password() {
  const save = useSaveMe(texts.settings.passwordChanged);
  const error = save.error instanceof ApiError ? save.error : null;
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const element = event.currentTarget;
    const form = new FormData(element);
    save.mutate(
      { current_password: String(form.get("current")), password: String(form.get("next")) },
      { onSuccess: () => element.reset() },
    );
  };
  return (
    <form className="flex flex-col gap-4" onSubmit={submit}>
      <PasswordField
        label={texts.settings.currentPassword}
        name="current"
        autoComplete="current-password"
        error={error?.field("current_password")}
      />
      <PasswordField
        label={texts.session.newPassword}
        hint={texts.session.passwordHint}
        name="next"
        autoComplete="new-password"
        minLength={8}
        error={error?.field("password")}
      />
      {save.error && !error?.errors.length ? <Problem>{messageOf(save.error)}</Problem> : null}
      <Button type="submit" className="self-start" disabled={save.isPending}>
        {texts.settings.changePassword}
      </Button>
    </form>
  );
}
