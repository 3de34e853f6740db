import { useQuery } from "@tanstack/react-query";
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { ArrowLeft, Bot, CheckCheck, Hand, PanelRight } from "lucide-react";
import { useEffect, useState } from "react";
import { useBackToRow } from "@/keyboard/rows";
import { useShortcut } from "@/keyboard/shortcuts";
import { useReadAbout } from "@/notifications/queries";
import { useMay, useMe } from "@/session/me";
import { changed } from "@/shell/address";
import { texts } from "@/texts";
import { When } from "@/time/clock";
import { Button, IconButton } from "@/ui/Button";
import { cx } from "@/ui/classes";
import { Failed, SkeletonRows } from "@/ui/States";
import { Tip } from "@/ui/Tip";
import { ViewTitle } from "@/ui/ViewTitle";
import { Composer } from "./Composer";
import { Details } from "./Details";
import { conversationQuery, useConversationStep, useMarkRead } from "./queries";
import { reasonText, StateTag } from "./StateTag";
import { Thread } from "./Thread";

export function ConversationView() {
  const { conversationId } = useParams({ from: "/app/inbox/$conversationId" });
  return <Conversation key={conversationId} id={conversationId} />;
}

function Conversation({ id }: { id: string }) {
  const query = useQuery(conversationQuery(id));
  const navigate = useNavigate();
  const { task } = useSearch({ from: "/app" });
  const { member } = useMe();
  const may = useMay();
  const step = useConversationStep(id);
  const { mutate: markRead } = useMarkRead(id);
  useReadAbout("conversation", id);
  useBackToRow(id);
  const [details, setDetails] = useState(() => window.matchMedia("(min-width: 1320px)").matches);
  const c = query.data;

  const unread = Boolean(c?.unread);
  useEffect(() => {
    if (unread) markRead();
  }, [unread, markRead]);

  const mine = may.write && c?.state === "claimed" && c.claimed_by?.id === member.id;
  const canClaim = Boolean(c && may.write && c.state !== "closed" && c.state !== "claimed");
  const canClose = Boolean(c && may.write && c.state !== "closed");
  const leave = () => void navigate({ to: "/inbox", search: changed() });
  useShortcut("e", () => step.mutate("close"), { enabled: canClose && !task });
  useShortcut("a", () => step.mutate("claim"), { enabled: canClaim && !task });
  useShortcut("h", () => step.mutate("return"), { enabled: mine && !task });
  useShortcut("i", () => setDetails(!details), { enabled: !task });
  useShortcut("Escape", leave, { enabled: !task });

  if (query.isPending) return <SkeletonRows tall rows={6} />;
  if (!c)
    return <Failed className="h-full" level="h1" error={query.error} retry={() => void query.refetch()} />;

  const reason = reasonText(c.reason);
  return (
    <div className="flex h-full min-w-0">
      <section aria-label={c.subject} className="flex h-full min-w-0 flex-1 flex-col">
        <header className="flex h-12 shrink-0 items-center gap-2 border-b border-line pr-2 pl-2 md:pl-4">
          <IconButton label={texts.common.back} onClick={leave} className="md:hidden">
            <ArrowLeft size={18} />
          </IconButton>
          <div className="flex min-w-0 flex-1 items-center gap-2">
            <ViewTitle className="min-w-0 truncate text-14 font-semibold" hint={c.subject}>
              {c.subject || c.contact.name || texts.contact.anonymous}
            </ViewTitle>
            <span className="text-13 text-ink-3 max-md:hidden">{texts.common.number(c.number)}</span>
            {c.state === "offered" ? null : (
              <span className="max-sm:hidden">
                <StateTag conversation={c} />
              </span>
            )}
          </div>
          {mine ? (
            <IconButton label={texts.inbox.return} keys={["H"]} onClick={() => step.mutate("return")}>
              <Bot size={16} />
            </IconButton>
          ) : null}
          {canClose ? (
            <Tip text={texts.inbox.close} keys={["E"]}>
              <Button
                look={mine ? "plain" : "quiet"}
                onClick={() => step.mutate("close")}
                aria-label={texts.inbox.close}
              >
                <CheckCheck size={16} />
                <span className={cx("max-md:hidden", details && "md:hidden")}>{texts.common.close}</span>
              </Button>
            </Tip>
          ) : null}
          {canClaim ? (
            <Tip text={texts.inbox.claimHint} keys={["A"]}>
              <Button look="primary" onClick={() => step.mutate("claim")}>
                <Hand size={14} />
                {texts.inbox.claim}
              </Button>
            </Tip>
          ) : null}
          <IconButton
            label={texts.inbox.details}
            keys={["I"]}
            pressed={details && !task}
            onClick={() => setDetails(!details)}
          >
            <PanelRight size={16} />
          </IconButton>
        </header>
        {c.state === "offered" ? (
          <p className="flex shrink-0 items-center gap-1.5 border-b border-line bg-warn-soft px-4 py-2 text-13 text-warn">
            <span className="truncate">
              {reason ? <span className="font-medium">{reason}</span> : null}
              {c.deadline ? (
                <>
                  {reason ? " · " : null}
                  {texts.inbox.promised} <When at={c.deadline} />
                </>
              ) : null}
            </span>
          </p>
        ) : null}
        <Thread conversation={c} />
        {may.write ? (
          <Composer
            conversation={c}
            mine={mine}
            canClaim={canClaim}
            onClaim={() => step.mutateAsync("claim")}
          />
        ) : (
          <p className="shrink-0 border-t border-line px-4 py-3 text-center text-13 text-ink-3">
            {texts.common.readOnly}
          </p>
        )}
      </section>
      {details && !task ? (
        <div
          className={cx(
            "h-full shrink-0 border-line bg-page",
            "max-xl:absolute max-xl:inset-y-0 max-xl:right-0 max-xl:z-20 max-xl:w-full max-xl:max-w-80 max-xl:shadow-float xl:w-76 xl:border-l",
          )}
        >
          <Details conversation={c} onClose={() => setDetails(false)} />
        </div>
      ) : null}
    </div>
  );
}
