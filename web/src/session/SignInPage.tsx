import { getRouteApi, useNavigate, useRouter } from "@tanstack/react-router";
import { ApiError } from "@/api/client";
import { texts } from "@/texts";
import { Button } from "@/ui/Button";
import { TextField } from "@/ui/Field";
import { messageOf, Problem } from "@/ui/States";
import { Frame } from "./Frame";
import { PasswordField } from "./PasswordField";
import { useSignIn } from "./queries";

const route = getRouteApi("/sign-in");

export function SignInPage() {
  const { to, ended } = route.useSearch();
  const router = useRouter();
  const navigate = useNavigate();
  const signIn = useSignIn();
  const error = signIn.error instanceof ApiError ? signIn.error : null;

  return (
    <Frame
      title={texts.session.signInTitle}
      hint={ended ? texts.session.ended : texts.session.signInHint}
      foot={texts.session.forgot}
    >
      <form
        className="flex flex-col gap-4"
        // What was wrong with the last try is no longer said of what is being typed.
        onChange={() => signIn.isError && signIn.reset()}
        onSubmit={(event) => {
          event.preventDefault();
          const form = new FormData(event.currentTarget);
          signIn.mutate(
            { email: String(form.get("email")), password: String(form.get("password")) },
            {
              onSuccess: () => {
                // Only a path of this page is followed, never another site.
                if (to?.startsWith("/") && !to.startsWith("//")) router.history.push(to);
                else void navigate({ to: "/inbox" });
              },
            },
          );
        }}
      >
        <TextField
          label={texts.session.email}
          name="email"
          type="email"
          autoComplete="username"
          required
          autoFocus
          error={error?.field("email")}
        />
        <PasswordField
          label={texts.session.password}
          name="password"
          autoComplete="current-password"
          error={error?.field("password")}
        />
        {signIn.error && !error?.errors.length ? <Problem>{messageOf(signIn.error)}</Problem> : null}
        <Button type="submit" look="primary" size="lg" disabled={signIn.isPending}>
          {texts.session.signIn}
        </Button>
      </form>
    </Frame>
  );
}
