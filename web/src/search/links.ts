import type { LinkProps } from "@tanstack/react-router";
import { changed } from "@/shell/address";

type Target = { kind: string; id: string; conversation_id?: string | null };

/** Where a record is shown. A task opens beside what is on the screen. */
export function linkTo(target: Target): Pick<LinkProps, "to" | "params" | "search"> {
  switch (target.kind) {
    case "task":
      return { to: ".", search: changed({ task: target.id }) };
    case "message":
      return {
        to: "/inbox/$conversationId",
        params: { conversationId: target.conversation_id ?? target.id },
      };
    case "conversation":
      return { to: "/inbox/$conversationId", params: { conversationId: target.id } };
    case "ticket":
      return { to: "/tickets/$ticketId", params: { ticketId: target.id } };
    case "contact":
      return { to: "/contacts/$contactId", params: { contactId: target.id } };
    case "article":
      return { to: "/articles/$articleId", params: { articleId: target.id } };
    case "member":
      return { to: "/members" };
    case "channel":
      return { to: "/channels" };
    default:
      return { to: "." };
  }
}
