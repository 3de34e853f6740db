import type { LinkProps } from "@tanstack/react-router";
import type { Notification } from "@/api/types";
import { changed } from "@/shell/address";

/** Where a notification leads. */
export function notificationLink(n: Notification): Pick<LinkProps, "to" | "params" | "search"> {
  if (n.task) return { to: ".", search: changed({ task: n.task?.id }) };
  if (n.conversation_id)
    return { to: "/inbox/$conversationId", params: { conversationId: n.conversation_id } };
  if (n.ticket) return { to: "/tickets/$ticketId", params: { ticketId: n.ticket.id } };
  return { to: "/notifications" };
}
