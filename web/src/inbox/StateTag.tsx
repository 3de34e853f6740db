import type { Conversation } from "@/api/types";
import { useMe } from "@/session/me";
import { texts } from "@/texts";
import { Tag } from "@/ui/Tag";

/** Where a conversation stands, in a word. */
export function StateTag({ conversation }: { conversation: Conversation }) {
  const { member } = useMe();
  switch (conversation.state) {
    case "offered":
      return <Tag tone="warn">{texts.inbox.states.offered}</Tag>;
    case "claimed":
      return (
        <Tag tone="accent">
          {conversation.claimed_by && conversation.claimed_by.id !== member.id
            ? conversation.claimed_by.name
            : texts.inbox.claimedByYou}
        </Tag>
      );
    case "closed":
      return <Tag>{texts.inbox.states.closed}</Tag>;
    case "returned":
    case "bot":
      return <Tag>{texts.inbox.states.bot}</Tag>;
  }
}

export function reasonText(reason: string | null): string | null {
  return reason ? (texts.inbox.reasons[reason] ?? reason) : null;
}
