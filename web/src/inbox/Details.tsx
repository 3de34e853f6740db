import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { X } from "lucide-react";
import type { ReactNode } from "react";
import type { Conversation } from "@/api/types";
import { HistoryList } from "@/audit/HistoryList";
import { ContactCard } from "@/contacts/ContactCard";
import { QuickSay } from "@/say/QuickSay";
import { useMay } from "@/session/me";
import { TicketTasks } from "@/tasks/TicketTasks";
import { texts } from "@/texts";
import { IconButton } from "@/ui/Button";
import { Tag } from "@/ui/Tag";
import { conversationHistoryQuery } from "./queries";
import { reasonText } from "./StateTag";
import { repeats } from "./summary";

/** The right column: who is asking, what was promised, what happened. */
export function Details({ conversation: c, onClose }: { conversation: Conversation; onClose: () => void }) {
  const history = useQuery(conversationHistoryQuery(c.id));
  const may = useMay();
  return (
    <aside aria-label={texts.inbox.details} className="h-full overflow-y-auto">
      <div className="flex h-12 items-center justify-between border-b border-line pr-2 pl-4">
        <h2 className="text-13 font-semibold">{texts.inbox.details}</h2>
        <IconButton label={texts.common.close} onClick={onClose} className="xl:hidden">
          <X size={16} />
        </IconButton>
      </div>
      <Part title={texts.inbox.contact}>
        <ContactCard id={c.contact.id} />
      </Part>
      <Part title={texts.inbox.ticket}>
        {c.ticket ? (
          <>
            <Link
              to="/tickets/$ticketId"
              params={{ ticketId: c.ticket.id }}
              className="press -mx-2 flex items-start gap-2 rounded-6 px-2 py-1 hover:bg-hover"
            >
              <span className="text-13 text-ink-3">{texts.common.number(c.ticket.number)}</span>
              <span className="min-w-0 flex-1 text-13 font-medium">{c.ticket.subject}</span>
              <Tag tone={c.ticket.status === "open" ? "good" : "plain"}>
                {c.ticket.status === "open" ? texts.tickets.open : texts.tickets.closed}
              </Tag>
            </Link>
            {c.reason ? <p className="mt-1 text-12 text-ink-3">{reasonText(c.reason)}</p> : null}
            {c.summary && !repeats(c.summary, c.ticket.subject) ? (
              <p className="mt-1 text-13 text-ink-2">{c.summary}</p>
            ) : null}
          </>
        ) : (
          <p className="text-13 text-ink-3">{texts.inbox.noTicket}</p>
        )}
      </Part>
      {c.ticket ? (
        <Part title={texts.inbox.tasks}>
          <TicketTasks ticketId={c.ticket.id} />
          {may.write ? (
            <div className="-mx-2">
              <QuickSay
                ticketId={c.ticket.id}
                label={texts.inbox.addTask}
                placeholder={texts.inbox.addTaskHint}
              />
            </div>
          ) : null}
        </Part>
      ) : null}
      <Part title={texts.inbox.history}>
        <HistoryList query={history} />
      </Part>
    </aside>
  );
}

function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className="border-b border-line px-4 py-4 last:border-0">
      <h3 className="mb-2 text-12 font-medium text-ink-3">{title}</h3>
      {children}
    </section>
  );
}
