import { useSearch } from "@tanstack/react-router";
import { useMay } from "@/session/me";
import { PageHeader } from "@/shell/PageHeader";
import { texts } from "@/texts";
import { useTicketAbout } from "./about";
import { Chat } from "./Chat";

export function SayPage() {
  const { ticket, text } = useSearch({ from: "/app/say" });
  const about = useTicketAbout(ticket ?? null);
  const may = useMay();
  return (
    <div className="flex h-full flex-col">
      <PageHeader title={may.write ? texts.say.title : texts.nav.ask} />
      <Chat about={about} autoFocus roomy initial={text ?? ""} />
    </div>
  );
}
