import { Link } from "@tanstack/react-router";
import { Compass } from "lucide-react";
import { texts } from "@/texts";
import { Mark } from "@/ui/Mark";
import { Empty } from "@/ui/States";

/** An address that leads nowhere, with the way back in. */
export function NotFound() {
  return (
    <main className="flex h-full flex-col bg-rail">
      <title>{`${texts.errors.notFoundTitle} · ${texts.product}`}</title>
      <p className="flex h-12 shrink-0 items-center gap-2.5 px-4 text-14 font-semibold">
        <Mark size={20} />
        {texts.product}
      </p>
      <Empty
        className="flex-1 pb-28"
        level="h1"
        icon={<Compass size={20} />}
        title={texts.errors.notFoundTitle}
        hint={texts.errors.notFound}
        action={
          <Link
            to="/inbox"
            className="press inline-flex h-8 items-center rounded-6 border border-line-strong bg-raised px-3 text-13 font-medium shadow-lift hover:bg-hover"
          >
            {texts.errors.toInbox}
          </Link>
        }
      />
    </main>
  );
}
