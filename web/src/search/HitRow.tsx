import { Link } from "@tanstack/react-router";
import { BookOpen, CheckCircle2, Inbox, Ticket, User } from "lucide-react";
import type { ReactNode } from "react";
import type { Hit } from "@/api/types";
import { texts } from "@/texts";
import { When } from "@/time/clock";
import { linkTo } from "./links";

const icons: Record<string, ReactNode> = {
  task: <CheckCircle2 size={16} />,
  conversation: <Inbox size={16} />,
  message: <Inbox size={16} />,
  ticket: <Ticket size={16} />,
  contact: <User size={16} />,
  article: <BookOpen size={16} />,
};

export function HitBody({ hit }: { hit: Hit }) {
  return (
    <>
      <span className="flex h-5 shrink-0 items-center text-ink-3" aria-hidden>
        {icons[hit.kind]}
      </span>
      <span className="min-w-0 flex-1">
        <span className="flex items-baseline gap-2 text-13">
          <span className="sr-only">{texts.search.kinds[hit.kind]}: </span>
          <span className="min-w-0 truncate font-medium">{hit.title}</span>
          {hit.number ? (
            <span className="shrink-0 text-12 text-ink-3">{texts.common.number(hit.number)}</span>
          ) : null}
        </span>
        {hit.snippet.some((s) => s.hit) ? (
          <span className="block text-12 text-ink-3 max-sm:line-clamp-2 sm:truncate">
            {hit.snippet.map((s, i) =>
              s.hit ? (
                // biome-ignore lint/suspicious/noArrayIndexKey: pieces of one text, in its order
                <mark key={i} className="bg-transparent font-semibold text-accent-text">
                  {s.text}
                </mark>
              ) : (
                s.text
              ),
            )}
          </span>
        ) : null}
      </span>
      <When at={hit.updated_at} className="shrink-0 text-12 leading-5 text-ink-3 max-sm:hidden" />
    </>
  );
}

export function HitRow({ hit, onOpen, row }: { hit: Hit; onOpen?: () => void; row?: boolean }) {
  return (
    <Link
      {...linkTo(hit)}
      {...(row ? { "data-row": "" } : {})}
      onClick={onOpen}
      className="press flex items-start gap-3 rounded-6 px-2 py-1.5 outline-offset-[-2px] hover:bg-hover"
    >
      <HitBody hit={hit} />
    </Link>
  );
}
