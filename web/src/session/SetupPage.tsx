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
import { setupQuery, useSetup } from "./queries";
import { takeToken } from "./token";
import { ZoneField } from "./ZoneField";

export function SetupPage() {
  const [token] = useState(takeToken);
  const [zone, setZone] = useState(browserZone);
  const setup = useSetup();
  const navigate = useNavigate();
  const { data } = useQuery(setupQuery);
  const error = setup.error instanceof ApiError ? setup.error : null;
  const already = data?.needed === false || error?.code === "already_set_up";

  if (already) {
    return (
      <Frame title={texts.session.setupTitle} hint={texts.session.setupAlready}>
        <Link to="/sign-in" className="font-medium text-accent-text underline underline-offset-2">
          {texts.session.signIn}
        </Link>
      </Frame>
    );
  }
  if (!token)
    return (
      <Frame title={texts.session.setupTitle} hint={texts.session.setupNoToken}>
        {null}
      </Frame>
    );

  return (
    <Frame title={texts.session.setupTitle} hint={texts.session.setupHint}>
      <form
        className="flex flex-col gap-4"
        onChange={() => setup.isError && setup.reset()}
        onSubmit={(event) => {
          event.preventDefault();
          const form = new FormData(event.currentTarget);
          const text = (name: string) => String(form.get(name) ?? "");
          setup.mutate(
            {
              token,
              zone,
              workspace: text("workspace"),
              name: text("name"),
              email: text("email"),
              password: text("password"),
            },
            { onSuccess: () => void navigate({ to: "/inbox" }) },
          );
        }}
      >
        <TextField
          label={texts.session.workspace}
          hint={texts.session.workspaceHint}
          name="workspace"
          autoComplete="organization"
          required
          autoFocus
          error={error?.field("workspace")}
        />
        <TextField
          label={texts.session.name}
          name="name"
          autoComplete="name"
          required
          error={error?.field("name")}
        />
        <TextField
          label={texts.session.email}
          name="email"
          type="email"
          autoComplete="username"
          required
          error={error?.field("email")}
        />
        <PasswordField
          label={texts.session.password}
          hint={texts.session.passwordHint}
          name="password"
          autoComplete="new-password"
          minLength={8}
          error={error?.field("password")}
        />
        <ZoneField value={zone} onChange={setZone} error={error?.field("zone")} />
        {error && !error.errors.length ? <Problem>{messageOf(error)}</Problem> : null}
        <Button type="submit" look="primary" size="lg" disabled={setup.isPending}>
          {texts.session.setupDo}
        </Button>
      </form>
    </Frame>
  );
}
