import { useInfiniteQuery } from "@tanstack/react-query";
import { Link, Outlet, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { Ticket as TicketIcon } from "lucide-react";
import type { Ticket } from "@/api/types";
import { reasonText } from "@/inbox/StateTag";
import { changed } from "@/shell/address";
import { PageHeader } from "@/shell/PageHeader";
import { SearchBox } from "@/shell/SearchBox";
import { texts } from "@/texts";
import { When } from "@/time/clock";
import { Avatar } from "@/ui/Avatar";
import { cx } from "@/ui/classes";
import { Segmented } from "@/ui/Field";
import { Rows } from "@/ui/Rows";
import { Empty, Failed, SkeletonRows } from "@/ui/States";
import { ticketsQuery } from "./queries";

export function TicketsPage() {
  const { ticketId } = useParams({ strict: false });
  const { status = "open", assignee, q = "" } = useSearch({ from: "/app/tickets" });
  const navigate = useNavigate();
  const list = useInfiniteQuery(ticketsQuery({ status, assignee, q }));
  const set = (change: object) => void navigate({ to: ".", search: changed(change), replace: true });
  const [title, hint] = q || assignee || status !== "open" ? texts.tickets.emptyFilter : texts.tickets.empty;
  return (
    <div className="flex h-full min-w-0">
      <section
        aria-label={texts.tickets.title}
        className={cx(
          "flex h-full min-w-0 flex-1 flex-col",
          ticketId && "max-lg:hidden lg:max-w-90 lg:border-r lg:border-line",
        )}
      >
        <PageHeader title={texts.tickets.title} />
        <div className="flex shrink-0 flex-wrap items-center gap-2 border-b border-line px-4 py-2">
          <Segmented
            label={texts.tasks.status}
            size="sm"
            value={status}
            onChange={(s) => set({ status: s === "open" ? undefined : s })}
            options={[
              { value: "open", label: texts.tickets.open },
              { value: "closed", label: texts.tickets.closed },
              { value: "all", label: texts.tickets.all },
            ]}
          />
          <Segmented
            label={texts.tickets.assignee}
            size="sm"
            value={assignee === "me" ? "me" : "all"}
            onChange={(a) => set({ assignee: a === "me" ? "me" : undefined })}
            options={[
              { value: "all", label: texts.tickets.anyone },
              { value: "me", label: texts.tickets.mine },
            ]}
          />
          <SearchBox
            label={texts.tickets.search}
            value={q}
            onChange={(t) => set({ q: t || undefined })}
            className={cx("min-w-40 flex-1", !ticketId && "sm:max-w-80")}
          />
        </div>
        {list.isPending ? (
          <SkeletonRows />
        ) : !list.data ? (
          <Failed error={list.error} retry={() => void list.refetch()} />
        ) : list.data.length === 0 ? (
          <Empty className="flex-1" icon={<TicketIcon size={20} />} title={title} hint={hint} />
        ) : (
          <Rows
            label={texts.tickets.title}
            items={list.data}
            keyOf={(t) => t.id}
            height={() => 56}
            place={`tickets-${status}-${assignee}-${q}`}
            onEnd={() => list.hasNextPage && !list.isFetchingNextPage && void list.fetchNextPage()}
          >
            {(t, i) => (
              <Row
                ticket={t}
                current={t.id === ticketId}
                first={!ticketId && i === 0}
                narrow={Boolean(ticketId)}
              />
            )}
          </Rows>
        )}
      </section>
      {ticketId ? (
        <div className="h-full min-w-0 flex-[2]">
          <Outlet />
        </div>
      ) : null}
    </div>
  );
}

function Row({
  ticket: t,
  current,
  first,
  narrow,
}: {
  ticket: Ticket;
  current: boolean;
  first: boolean;
  narrow: boolean;
}) {
  return (
    <Link
      data-row
      data-id={t.id}
      to="/tickets/$ticketId"
      params={{ ticketId: t.id }}
      search={changed()}
      tabIndex={current || first ? 0 : -1}
      aria-current={current ? "page" : undefined}
      className={cx(
        "press flex h-14 items-center gap-3 border-b border-line px-4 outline-offset-[-2px]",
        current ? "bg-accent-soft" : "hover:bg-hover focus-visible:bg-hover",
      )}
    >
      <span className="figures min-w-6 shrink-0 text-13 text-ink-3">{texts.common.number(t.number)}</span>
      <span className="min-w-0 flex-1">
        <span className={cx("block truncate text-14", t.status === "closed" && "text-ink-3")}>
          {t.subject}
        </span>
        <span className="block truncate text-12 text-ink-3">
          {t.contact.name || texts.contact.anonymous}
          {t.reason ? ` · ${reasonText(t.reason)}` : ""}
        </span>
      </span>
      {t.tasks.total ? (
        <span
          role="img"
          className={cx(
            "flex w-16 shrink-0 items-center gap-2 text-12 text-ink-3 max-sm:hidden",
            narrow && "lg:hidden",
          )}
          aria-label={texts.tickets.tasksLabel(t.tasks.done, t.tasks.total)}
          title={texts.tickets.tasksLabel(t.tasks.done, t.tasks.total)}
        >
          <span className="h-1 flex-1 overflow-hidden rounded-full bg-pressed">
            <span
              className="block h-full rounded-full bg-accent"
              style={{ width: `${(t.tasks.done / t.tasks.total) * 100}%` }}
            />
          </span>
          {texts.tickets.tasks(t.tasks.done, t.tasks.total)}
        </span>
      ) : null}
      <span className={cx("flex w-5 shrink-0 justify-end max-sm:hidden", narrow && "lg:hidden")}>
        {t.assignee ? (
          <span title={t.assignee.name}>
            <Avatar name={t.assignee.name} size={20} />
          </span>
        ) : null}
      </span>
      <When
        at={t.updated_at}
        className={cx("shrink-0 text-right text-12 text-ink-3", !narrow && "sm:w-24")}
      />
    </Link>
  );
}
