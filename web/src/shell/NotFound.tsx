import { Link } from "@tanstack/react-router";
import { Compass } from "lucide-react";
import { texts } from "@/texts";
import { Empty } from "@/ui/States";

export function NotFound() {
  return (
    <Empty
      className="h-full"
      icon={<Compass size={20} />}
      title={texts.errors.notFoundTitle}
      hint={texts.errors.notFound}
      action={
        <Link to="/inbox" className="text-13 font-medium text-accent-text underline underline-offset-2">
          {texts.errors.toInbox}
        </Link>
      }
    />
  );
}
