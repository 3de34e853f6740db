import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { ApiError } from "@/api/client";
import { texts } from "@/texts";
import { browserZone } from "@/time/zone";
import { Button } from "@/ui/Button";
import { TextField } from "@/ui/Field";
import { messageOf, Problem } from "@/ui/States";
import { Frame } from "./Frame";
import { PasswordField } from "./PasswordField";
import { invitationQuery, useAccept } from "./queries";
import { takeToken } from "./token";
import { ZoneField } from "./ZoneField";

export function JoinPage() {
  const [token] = useState(takeToken);
  const [zone, setZone] = useState(browserZone);
  const invitation = useQuery(invitationQuery(token));
  const accept = useAccept();
  const navigate = useNavigate();
  const error = accept.error instanceof ApiError ? accept.error : null;
  const offline = invitation.error instanceof ApiError && invitation.error.offline;

  if (!token || (invitation.isError && !offline)) {
    return (
      <Frame title={texts.session.joinBad} hint={texts.session.joinBadHint}>
        <Link
          to="/sign-in"
          className="text-14 font-medium text-accent-text underline decoration-accent-line underline-offset-2 hover:decoration-current"
        >
          {texts.session.toSignIn}
        </Link>
      </Frame>
    );
  }
  if (!invitation.data) {
    return (
      <Frame title={texts.product} hint={invitation.error ? messageOf(invitation.error) : undefined}>
        <div className="flex flex-col gap-4" aria-hidden>
          <div className="skeleton h-9 rounded-6" />
          <div className="skeleton h-9 rounded-6" />
        </div>
      </Frame>
    );
  }
  const { workspace, name, email, role } = invitation.data;
  const roleName = texts.roles[role as keyof typeof texts.roles] ?? role;
  return (
    <Frame title={texts.session.joinTitle(workspace)} hint={texts.session.joinHint(roleName)}>
      <form
        className="flex flex-col gap-4"
        onChange={() => accept.isError && accept.reset()}
        onSubmit={(event) => {
          event.preventDefault();
          const form = new FormData(event.currentTarget);
          accept.mutate(
            { token, zone, name: String(form.get("name")), password: String(form.get("password")) },
            { onSuccess: () => void navigate({ to: "/inbox" }) },
          );
        }}
      >
        <TextField label={texts.session.email} value={email} readOnly autoComplete="username" />
        <TextField
          label={texts.session.name}
          name="name"
          defaultValue={name}
          autoComplete="name"
          required
          error={error?.field("name")}
        />
        <PasswordField
          label={texts.session.newPassword}
          hint={texts.session.passwordHint}
          name="password"
          autoComplete="new-password"
          minLength={8}
          error={error?.field("password")}
        />
        <ZoneField value={zone} onChange={setZone} error={error?.field("zone")} />
        {error && !error.errors.length ? <Problem>{messageOf(error)}</Problem> : null}
        <Button type="submit" look="primary" size="lg" disabled={accept.isPending}>
          {texts.session.joinDo}
        </Button>
      </form>
    </Frame>
  );
}
