import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { conversationQuery } from "@/inbox/queries";
import { texts } from "@/texts";
import { ticketQuery } from "@/tickets/queries";
import type { About } from "./Chat";

export function useTicketAbout(ticketId: string | null): About {
  const { data } = useQuery({ ...ticketQuery(ticketId ?? ""), enabled: ticketId !== null });
  return ticketId && data ? { ticketId, text: `${texts.common.number(data.number)} ${data.subject}` } : null;
}

/** What is on the screen is what is talked about: the ticket, or the ticket of the conversation. */
export function useScreenAbout(): About {
  const { conversationId, ticketId } = useParams({ strict: false });
  const ticket = useTicketAbout(ticketId ?? null);
  const { data } = useQuery({
    ...conversationQuery(conversationId ?? ""),
    enabled: conversationId !== undefined,
  });
  if (ticket) return ticket;
  const found = conversationId ? data?.ticket : null;
  return found ? { ticketId: found.id, text: `${texts.common.number(found.number)} ${found.subject}` } : null;
}
