import { infiniteQueryOptions, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { Layers, ScrollText, User } from "lucide-react";
import { api } from "@/api/client";
import { flat, keys } from "@/api/query";
import type { AuditEntry, Page } from "@/api/types";
import { linkTo } from "@/search/links";
import { useMe } from "@/session/me";
import { changed } from "@/shell/address";
import { PageHeader } from "@/shell/PageHeader";
import { Filter } from "@/tasks/FilterBar";
import { membersQuery } from "@/tasks/queries";
import { texts } from "@/texts";
import { When } from "@/time/clock";
import { Avatar } from "@/ui/Avatar";
import { Rows } from "@/ui/Rows";
import { Empty, Failed, SkeletonRows } from "@/ui/States";
import { actorName, changeText, newsOf, viaText } from "./HistoryList";

const kinds = [
  "task",
  "conversation",
  "ticket",
  "contact",
  "article",
  "member",
  "channel",
  "workspace",
  "project",
  "token",
];

const auditQuery = (filters: { kind?: string; actor?: string }) =>
  infiniteQueryOptions({
    queryKey: keys.audit(filters),
    queryFn: ({ pageParam, signal }) =>
      api.get<Page<AuditEntry>>("/audit", { ...filters, limit: 100, cursor: pageParam }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next_cursor,
    select: (data) => flat<AuditEntry>(data),
    staleTime: 5_000,
  });

export function AuditPage() {
  const { kind, actor } = useSearch({ from: "/app/audit" });
  const navigate = useNavigate();
  const query = useInfiniteQuery(auditQuery({ kind, actor }));
  const members = useQuery(membersQuery);
  const { member } = useMe();
  const [title, hint] = texts.audit.empty;
  const set = (change: object) => void navigate({ to: ".", search: changed(change), replace: true });
  return (
    <div className="flex h-full flex-col">
      <PageHeader title={texts.audit.title} />
      <div className="flex h-10 shrink-0 items-center gap-1 overflow-x-auto border-b border-line px-2">
        <Filter
          icon={<Layers size={14} />}
          name={texts.audit.record}
          value={kind ? (texts.audit.kindNames[kind] ?? kind) : undefined}
          choices={kinds.map((k) => ({ value: k, label: texts.audit.kindNames[k] ?? k }))}
          selected={kind ? [kind] : []}
          onPick={(k) => set({ kind: k === kind ? undefined : k })}
          onClear={() => set({ kind: undefined })}
        />
        <Filter
          icon={<User size={14} />}
          name={texts.audit.actor}
          value={
            actor ? (members.data?.find((m) => m.id === actor)?.name ?? texts.common.unknown) : undefined
          }
          choices={(members.data ?? []).map((m) => ({
            value: m.id,
            label: m.name,
            icon: <Avatar name={m.name} size={20} />,
          }))}
          selected={actor ? [actor] : []}
          onPick={(a) => set({ actor: a === actor ? undefined : a })}
          onClear={() => set({ actor: undefined })}
        />
        <p className="ml-auto truncate pr-2 text-12 text-ink-3 max-md:hidden">{texts.audit.hint}</p>
      </div>
      {query.isPending ? (
        <SkeletonRows />
      ) : !query.data ? (
        <Failed error={query.error} retry={() => void query.refetch()} />
      ) : query.data.length === 0 ? (
        <Empty className="flex-1" icon={<ScrollText size={20} />} title={title} hint={hint} />
      ) : (
        <Rows
          label={texts.audit.title}
          items={query.data}
          keyOf={(e) => e.id}
          height={() => 56}
          place={`audit-${kind}-${actor}`}
          onEnd={() => query.hasNextPage && !query.isFetchingNextPage && void query.fetchNextPage()}
        >
          {(e, i) => (
            <div className="flex h-14 items-center gap-4 border-b border-line px-4">
              <div className="min-w-0 flex-1">
                <p className="truncate text-13">
                  <span className="font-medium">{actorName(e, member.id)}</span> {e.text}
                  <span className="text-12 text-ink-3">
                    {" · "}
                    {viaText(e)}
                    {e.address ? ` · ${e.address}` : ""}
                    {newsOf(e)
                      .map((c) => ` · ${changeText(c)}`)
                      .join("")}
                  </span>
                </p>
                {e.subject.kind === "member" && e.subject.id === e.actor.id ? null : (
                  <Link
                    data-row
                    tabIndex={i === 0 ? 0 : -1}
                    {...linkTo(e.subject)}
                    className="block w-fit max-w-full truncate rounded-4 text-13 text-ink-2 underline-offset-2 hover:text-ink hover:underline"
                  >
                    {e.subject.number ? (
                      <span className="text-ink-3">{texts.common.number(e.subject.number)} </span>
                    ) : null}
                    {e.subject.title}
                  </Link>
                )}
              </div>
              <When at={e.at} className="shrink-0 text-12 text-ink-3" />
            </div>
          )}
        </Rows>
      )}
    </div>
  );
}
