import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { ArrowLeft, CheckCheck, ChevronRight, RotateCcw, User } from "lucide-react";
import { useReport } from "@/api/report";
import { Conflict } from "@/api/save";
import type { Ticket } from "@/api/types";
import { HistoryList } from "@/audit/HistoryList";
import { conversationQuery } from "@/inbox/queries";
import { reasonText, StateTag } from "@/inbox/StateTag";
import { lastWords, repeats } from "@/inbox/summary";
import { useBackToRow } from "@/keyboard/rows";
import { useShortcut } from "@/keyboard/shortcuts";
import { useReadAbout } from "@/notifications/queries";
import { QuickSay } from "@/say/QuickSay";
import { useMay } from "@/session/me";
import { changed } from "@/shell/address";
import { membersQuery } from "@/tasks/queries";
import { TicketTasks } from "@/tasks/TicketTasks";
import { texts } from "@/texts";
import { When } from "@/time/clock";
import { Avatar } from "@/ui/Avatar";
import { Button, IconButton } from "@/ui/Button";
import { InlineField, Property } from "@/ui/InlineField";
import { Picker } from "@/ui/Picker";
import { Failed, SkeletonRows } from "@/ui/States";
import { Tag } from "@/ui/Tag";
import { PartTitle, ViewTitle } from "@/ui/ViewTitle";
import { ticketHistoryQuery, ticketQuery, useSaveTicket, useTicketStep } from "./queries";

/** Below this width the list of tickets is away. */
const alone = "(max-width: 1079px)";

export function TicketView() {
  const { ticketId } = useParams({ from: "/app/tickets/$ticketId" });
  const query = useQuery(ticketQuery(ticketId));
  if (query.isPending) return <SkeletonRows rows={6} />;
  if (!query.data)
    return <Failed className="h-full" level="h1" error={query.error} retry={() => void query.refetch()} />;
  return <Detail key={query.data.id} ticket={query.data} />;
}

function Detail({ ticket }: { ticket: Ticket }) {
  const navigate = useNavigate();
  const { task } = useSearch({ from: "/app" });
  const may = useMay();
  const report = useReport();
  const save = useSaveTicket(ticket);
  const step = useTicketStep(ticket);
  const history = useQuery(ticketHistoryQuery(ticket.id));
  const members = useQuery(membersQuery);
  useReadAbout("ticket", ticket.id);
  useBackToRow(ticket.id);
  const leave = () => void navigate({ to: "/tickets", search: changed() });
  useShortcut("Escape", leave, { enabled: !task });
  useShortcut("e", () => step.mutate("close"), { enabled: may.write && !task && ticket.status === "open" });
  const open = ticket.status === "open";
  const assign = (id: string) => {
    const next = id === ticket.assignee?.id ? null : id;
    save({ assignee: next }).then(
      ({ undoId }) =>
        report.undoable(
          `ticket-${ticket.id}`,
          next
            ? texts.tickets.assigned(ticket.number, members.data?.find((m) => m.id === next)?.name ?? "")
            : texts.tickets.unassignedToast(ticket.number),
          undoId,
        ),
      (error) => report.failed(error instanceof Conflict ? new Error(texts.errors.conflict) : error),
    );
  };
  return (
    <article aria-label={ticket.subject} className="flex h-full flex-col">
      <header className="flex h-12 shrink-0 items-center gap-2 border-b border-line pr-2 pl-2 md:pl-6">
        <IconButton label={texts.common.back} onClick={leave} className="lg:hidden">
          <ArrowLeft size={18} />
        </IconButton>
        <span className="text-13 text-ink-3">{texts.common.number(ticket.number)}</span>
        <Tag tone={open ? "good" : "plain"}>{open ? texts.tickets.open : texts.tickets.closed}</Tag>
        <span className="flex-1" />
        {may.write ? (
          open ? (
            <Button look="primary" onClick={() => step.mutate("close")}>
              <CheckCheck size={14} />
              {texts.tickets.close}
            </Button>
          ) : (
            <Button onClick={() => step.mutate("reopen")}>
              <RotateCcw size={14} />
              {texts.tickets.reopen}
            </Button>
          )
        ) : null}
      </header>
      <div className="min-h-0 flex-1 overflow-y-auto">
        <div className="max-w-190 px-4 py-5 md:px-6">
          <ViewTitle alone={alone} className="sr-only">
            {ticket.subject}
          </ViewTitle>
          <InlineField
            label={texts.tickets.subject}
            value={ticket.subject}
            required
            readOnly={!may.write}
            save={async (subject) => {
              const { undoId } = await save({ subject: subject.trim() });
              report.undoable(`ticket-${ticket.id}`, texts.tickets.renamed(ticket.number), undoId);
            }}
            className="text-20 font-semibold"
          />
          {ticket.summary && !repeats(ticket.summary, ticket.subject) ? (
            <p className="mt-2 max-w-[72ch] text-14 text-ink-2">{ticket.summary}</p>
          ) : null}
          <div className="mt-4">
            <Property label={texts.inbox.contact}>
              <Link
                to="/contacts/$contactId"
                params={{ contactId: ticket.contact.id }}
                className="press -mx-2 flex min-h-8 items-center gap-2 rounded-6 px-2 hover:bg-hover"
              >
                <Avatar name={ticket.contact.name || texts.contact.anonymous} kind="contact" size={20} />
                {ticket.contact.name || texts.contact.anonymous}
                {ticket.contact.email ? (
                  <span className="text-ink-3 max-sm:hidden">{ticket.contact.email}</span>
                ) : null}
              </Link>
            </Property>
            <Property label={texts.tickets.assignee}>
              {may.write ? (
                <Picker
                  label={texts.tickets.assignee}
                  selected={ticket.assignee ? [ticket.assignee.id] : []}
                  onPick={assign}
                  choices={(members.data ?? [])
                    .filter((m) => m.state === "active" && m.role !== "viewer")
                    .map((m) => ({ value: m.id, label: m.name, icon: <Avatar name={m.name} size={20} /> }))}
                  trigger={
                    <button
                      type="button"
                      className="press -mx-2 flex min-h-8 items-center gap-2 rounded-6 px-2 hover:bg-hover"
                    >
                      {ticket.assignee ? (
                        <Avatar name={ticket.assignee.name} size={20} />
                      ) : (
                        <User size={14} className="text-ink-3" aria-hidden />
                      )}
                      <span className={ticket.assignee ? "" : "text-ink-3"}>
                        {ticket.assignee?.name ?? texts.tickets.unassigned}
                      </span>
                    </button>
                  }
                />
              ) : (
                (ticket.assignee?.name ?? texts.tickets.unassigned)
              )}
            </Property>
            {ticket.reason ? (
              <Property label={texts.tickets.reason}>{reasonText(ticket.reason)}</Property>
            ) : null}
            <Property label={texts.tickets.opened}>
              <When at={ticket.created_at} />
            </Property>
            {ticket.closed_at ? (
              <Property label={texts.tickets.closedAt}>
                <When at={ticket.closed_at} />
              </Property>
            ) : null}
          </div>
          <LastWords conversationId={ticket.conversation_id} />
          <section aria-label={texts.inbox.tasks} className="mt-6">
            <PartTitle alone={alone} className="mb-2 text-13 font-semibold">
              {texts.inbox.tasks}
            </PartTitle>
            <TicketTasks ticketId={ticket.id} />
            {may.write ? (
              <div className="-mx-2">
                <QuickSay
                  ticketId={ticket.id}
                  label={texts.inbox.addTask}
                  placeholder={texts.inbox.addTaskHint}
                />
              </div>
            ) : null}
          </section>
          <section aria-label={texts.inbox.history} className="mt-6">
            <PartTitle alone={alone} className="mb-2 text-13 font-semibold">
              {texts.inbox.history}
            </PartTitle>
            <HistoryList query={history} />
          </section>
        </div>
      </div>
    </article>
  );
}

/** Where the talk stands, and the way into it. */
function LastWords({ conversationId }: { conversationId: string }) {
  const { data: c } = useQuery(conversationQuery(conversationId));
  if (!c?.last_message) return null;
  return (
    <section aria-label={texts.nav.conversation} className="mt-6">
      <PartTitle alone={alone} className="mb-2 text-13 font-semibold">
        {texts.nav.conversation}
      </PartTitle>
      <Link
        to="/inbox/$conversationId"
        params={{ conversationId }}
        className="press flex items-center gap-3 rounded-8 border border-line px-3 py-2.5 hover:border-line-strong hover:bg-hover"
      >
        <span className="min-w-0 flex-1">
          <span className="flex items-center gap-2 text-12 text-ink-3">
            <StateTag conversation={c} />
            <When at={c.last_message.created_at} />
          </span>
          <span className="mt-1 line-clamp-2 text-13 text-ink-2">{lastWords(c)}</span>
        </span>
        <ChevronRight size={16} className="shrink-0 text-ink-3" aria-hidden />
      </Link>
    </section>
  );
}
