import { useSearch } from "@tanstack/react-router";
import { PageHeader } from "@/shell/PageHeader";
import { texts } from "@/texts";
import { useTicketAbout } from "./about";
import { Chat } from "./Chat";

export function SayPage() {
  const { ticket, text } = useSearch({ from: "/app/say" });
  const about = useTicketAbout(ticket ?? null);
  return (
    <div className="flex h-full flex-col">
      <PageHeader title={texts.say.title} />
      <Chat about={about} autoFocus roomy initial={text ?? ""} />
    </div>
  );
}
