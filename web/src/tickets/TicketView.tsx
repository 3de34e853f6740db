import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { ArrowLeft, CheckCheck, MessageSquare, RotateCcw, User } from "lucide-react";
import { useReport } from "@/api/report";
import { Conflict } from "@/api/save";
import type { Ticket } from "@/api/types";
import { HistoryList } from "@/audit/HistoryList";
import { reasonText } from "@/inbox/StateTag";
import { useShortcut } from "@/keyboard/shortcuts";
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
import { ticketHistoryQuery, ticketQuery, useSaveTicket, useTicketStep } from "./queries";

export function TicketView() {
  const { ticketId } = useParams({ from: "/app/tickets/$ticketId" });
  const query = useQuery(ticketQuery(ticketId));
  if (query.isPending) return <SkeletonRows rows={6} />;
  if (!query.data)
    return <Failed className="h-full" error={query.error} retry={() => void query.refetch()} />;
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
  const leave = () => void navigate({ to: "/tickets", search: changed() });
  useShortcut("Escape", leave, { enabled: !task });
  useShortcut("e", () => step.mutate("close"), { enabled: may.write && !task && ticket.status === "open" });
  const open = ticket.status === "open";
  const assign = (id: string) => {
    save({ assignee: id === ticket.assignee?.id ? null : id }).catch((error) =>
      report.failed(error instanceof Conflict ? new Error(texts.errors.conflict) : error),
    );
  };
  return (
    <article aria-label={ticket.subject} className="flex h-full flex-col">
      <header className="flex h-12 shrink-0 items-center gap-2 border-b border-line pr-2 pl-2 md:pl-4">
        <IconButton label={texts.common.back} onClick={leave} className="lg:hidden">
          <ArrowLeft size={18} />
        </IconButton>
        <span className="text-13 text-ink-3">{texts.common.number(ticket.number)}</span>
        <Tag tone={open ? "good" : "plain"}>{open ? texts.tickets.open : texts.tickets.closed}</Tag>
        <span className="flex-1" />
        <Link
          to="/inbox/$conversationId"
          params={{ conversationId: ticket.conversation_id }}
          className="press inline-flex h-8 items-center gap-2 rounded-6 px-3 text-13 font-medium text-ink-2 hover:bg-hover hover:text-ink"
        >
          <MessageSquare size={14} aria-hidden />
          <span className="max-sm:sr-only">{texts.tickets.conversation}</span>
        </Link>
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
        <div className="mx-auto max-w-180 px-4 py-5 md:px-6">
          <InlineField
            label={texts.tickets.subject}
            value={ticket.subject}
            required
            readOnly={!may.write}
            save={(subject) => save({ subject: subject.trim() })}
            className="text-20 font-semibold"
          />
          {ticket.summary ? <p className="mt-2 max-w-[72ch] text-14 text-ink-2">{ticket.summary}</p> : null}
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
          <section aria-label={texts.inbox.tasks} className="mt-6">
            <h2 className="mb-2 text-13 font-semibold">{texts.inbox.tasks}</h2>
            <TicketTasks ticketId={ticket.id} />
            {may.write ? (
              <QuickSay
                ticketId={ticket.id}
                label={texts.inbox.addTask}
                placeholder={texts.inbox.addTaskHint}
              />
            ) : null}
          </section>
          <section aria-label={texts.inbox.history} className="mt-6">
            <h2 className="mb-2 text-13 font-semibold">{texts.inbox.history}</h2>
            <HistoryList query={history} />
          </section>
        </div>
      </div>
    </article>
  );
}
