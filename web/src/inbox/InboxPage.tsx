import { useInfiniteQuery } from "@tanstack/react-query";
import { Link, Outlet, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { Inbox } from "lucide-react";
import type { Conversation, InboxTab } from "@/api/types";
import { useMe } from "@/session/me";
import { changed } from "@/shell/address";
import { PageHeader } from "@/shell/PageHeader";
import { SearchBox } from "@/shell/SearchBox";
import { texts } from "@/texts";
import { When } from "@/time/clock";
import { Avatar } from "@/ui/Avatar";
import { cx } from "@/ui/classes";
import { Rows } from "@/ui/Rows";
import { Empty, Failed, SkeletonRows } from "@/ui/States";
import { Tip } from "@/ui/Tip";
import { conversationsQuery } from "./queries";
import { reasonText, StateTag } from "./StateTag";
import { lastWords } from "./summary";

export const inboxTabs: InboxTab[] = ["waiting", "mine", "open", "bot", "closed"];

export function InboxPage() {
  const { conversationId } = useParams({ strict: false });
  const { tab = "waiting", q = "" } = useSearch({ from: "/app/inbox" });
  const navigate = useNavigate();
  const list = useInfiniteQuery(conversationsQuery(tab, q));
  const items = list.data?.items ?? [];

  return (
    <div className="flex h-full min-w-0">
      <section
        aria-label={texts.nav.inbox}
        className={cx(
          "flex h-full w-full min-w-0 shrink-0 flex-col border-line md:w-80 md:border-r xl:w-90",
          conversationId && "max-md:hidden",
        )}
      >
        <PageHeader title={texts.nav.inbox} />
        <Tabs tab={tab} counts={list.data?.counts ?? null} />
        <div className="border-b border-line px-4 py-2">
          <SearchBox
            label={texts.inbox.filter}
            value={q}
            onChange={(text) =>
              void navigate({ to: ".", search: (s) => ({ ...s, q: text || undefined }), replace: true })
            }
          />
        </div>
        {list.isPending ? (
          <SkeletonRows tall />
        ) : list.isError && !list.data ? (
          <Failed error={list.error} retry={() => void list.refetch()} />
        ) : items.length === 0 ? (
          <EmptyList tab={tab} filtered={q !== ""} />
        ) : (
          <Rows
            label={texts.inbox.tabs[tab]}
            items={items}
            keyOf={(c) => c.id}
            height={() => 88}
            place={`inbox-${tab}-${q}`}
            onEnd={() => list.hasNextPage && !list.isFetchingNextPage && void list.fetchNextPage()}
          >
            {(c, index) => (
              <Row
                conversation={c}
                current={c.id === conversationId}
                first={!conversationId && index === 0}
              />
            )}
          </Rows>
        )}
      </section>
      <div className={cx("h-full min-w-0 flex-1", !conversationId && "max-md:hidden")}>
        {conversationId ? (
          <Outlet />
        ) : (
          <Empty
            className="h-full"
            icon={<Inbox size={20} />}
            title={texts.inbox.select}
            hint={texts.inbox.selectHint}
          />
        )}
      </div>
    </div>
  );
}

function EmptyList({ tab, filtered }: { tab: InboxTab; filtered: boolean }) {
  const [title, hint] = filtered
    ? texts.inbox.emptyFilter
    : (texts.inbox.empty[tab] ?? texts.inbox.emptyFilter);
  return <Empty icon={<Inbox size={20} />} title={title} hint={hint} />;
}

function Tabs({ tab, counts }: { tab: InboxTab; counts: Record<InboxTab, number> | null }) {
  return (
    <nav
      aria-label={texts.nav.inbox}
      className="flex h-10 shrink-0 items-stretch gap-4 overflow-x-auto border-b border-line px-4"
    >
      {inboxTabs.map((t) => (
        <Tip key={t} text={texts.inbox.tabHints[t]}>
          <Link
            to="."
            search={(s) => ({ ...s, tab: t })}
            aria-current={t === tab ? "page" : undefined}
            className={cx(
              "press relative flex items-center gap-1 text-13 font-medium whitespace-nowrap",
              t === tab
                ? "text-ink after:absolute after:inset-x-0 after:-bottom-px after:h-0.5 after:bg-accent"
                : "text-ink-3 hover:text-ink",
            )}
          >
            {texts.inbox.tabs[t]}
            {counts && counts[t] > 0 && t !== "closed" ? (
              <span className={cx("text-12", t === "waiting" ? "text-warn" : "text-ink-3")}>{counts[t]}</span>
            ) : null}
          </Link>
        </Tip>
      ))}
    </nav>
  );
}

function Row({
  conversation: c,
  current,
  first,
}: {
  conversation: Conversation;
  current: boolean;
  first: boolean;
}) {
  const { member } = useMe();
  const name = c.contact.name || texts.contact.anonymous;
  const reason = c.state === "offered" ? reasonText(c.reason) : null;
  return (
    <Link
      data-row
      data-id={c.id}
      to="/inbox/$conversationId"
      params={{ conversationId: c.id }}
      search={changed()}
      tabIndex={current || first ? 0 : -1}
      aria-current={current ? "page" : undefined}
      className={cx(
        "press relative flex h-22 gap-3 border-b border-line px-4 py-3 outline-offset-[-2px]",
        current ? "bg-accent-soft" : "hover:bg-hover focus-visible:bg-hover",
      )}
    >
      <Avatar name={name} kind="contact" size={32} />
      <span className="flex min-w-0 flex-1 flex-col">
        <span className="flex items-baseline gap-2">
          <span className={cx("min-w-0 flex-1 truncate text-13", c.unread ? "font-semibold" : "font-medium")}>
            {name}
          </span>
          <When at={c.last_message?.created_at ?? c.updated_at} className="shrink-0 text-12 text-ink-3" />
        </span>
        <span className="flex items-center gap-2">
          <span className={cx("min-w-0 flex-1 truncate text-13", c.unread ? "text-ink" : "text-ink-2")}>
            {c.last_message ? (
              <>
                {c.last_message.author === "hand" ? (
                  <span className="text-ink-3">{texts.inbox.hand}: </span>
                ) : null}
                {c.last_message.author === "member" ? (
                  <span className="text-ink-3">{memberWord(c, member.id)}: </span>
                ) : null}
                {lastWords(c)}
              </>
            ) : (
              c.subject
            )}
          </span>
          {c.unread ? (
            <span
              className="size-2 shrink-0 rounded-full bg-accent"
              role="img"
              aria-label={texts.inbox.unread}
            />
          ) : null}
        </span>
        <span className="mt-auto flex min-w-0 items-center gap-2 text-12 text-ink-3">
          <StateTag conversation={c} />
          {reason ? (
            <span className="truncate">{reason}</span>
          ) : c.ticket ? (
            <span>{texts.common.number(c.ticket.number)}</span>
          ) : null}
        </span>
      </span>
    </Link>
  );
}

/** Who of the team wrote last, as far as the list knows: the one who has the conversation, or somebody. */
export function memberWord(c: Pick<Conversation, "claimed_by">, myId: string): string {
  if (!c.claimed_by) return texts.inbox.team;
  return c.claimed_by.id === myId ? texts.inbox.you : (c.claimed_by.name.split(" ")[0] ?? texts.inbox.team);
}
