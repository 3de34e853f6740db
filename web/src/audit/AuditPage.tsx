import { infiniteQueryOptions, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { ScrollText } from "lucide-react";
import { api } from "@/api/client";
import { flat, keys } from "@/api/query";
import type { AuditEntry, Page } from "@/api/types";
import { linkTo } from "@/search/links";
import { useMe } from "@/session/me";
import { changed } from "@/shell/address";
import { PageHeader } from "@/shell/PageHeader";
import { membersQuery } from "@/tasks/queries";
import { texts } from "@/texts";
import { When } from "@/time/clock";
import { SelectField } from "@/ui/Field";
import { Rows } from "@/ui/Rows";
import { Empty, Failed, SkeletonRows } from "@/ui/States";
import { actorName, valueText, viaText } from "./HistoryList";

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
      <div className="flex shrink-0 flex-wrap items-center gap-3 border-b border-line px-4 py-2 md:px-5">
        <SelectField
          label={texts.audit.kinds.all}
          hideLabel
          value={kind ?? ""}
          onChange={(k) => set({ kind: k || undefined })}
          options={[
            { value: "", label: texts.audit.kinds.all },
            ...kinds.map((k) => ({ value: k, label: texts.audit.kindNames[k] ?? k })),
          ]}
          className="h-8 w-auto text-13"
        />
        <SelectField
          label={texts.audit.actor}
          hideLabel
          value={actor ?? ""}
          onChange={(a) => set({ actor: a || undefined })}
          options={[
            { value: "", label: texts.audit.actor },
            ...(members.data ?? []).map((m) => ({ value: m.id, label: m.name })),
          ]}
          className="h-8 w-auto text-13"
        />
        <p className="text-12 text-ink-3 max-md:hidden">{texts.audit.hint}</p>
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
            <div className="flex h-14 items-center gap-4 border-b border-line px-4 md:px-5">
              <div className="min-w-0 flex-1">
                <p className="truncate text-13">
                  <span className="font-medium">{actorName(e, member.id)}</span> {e.text}{" "}
                  <Link
                    data-row
                    tabIndex={i === 0 ? 0 : -1}
                    {...linkTo(e.subject)}
                    className="rounded-4 font-medium text-accent-text underline-offset-2 hover:underline"
                  >
                    {e.subject.number ? `${texts.common.number(e.subject.number)} ` : ""}
                    {e.subject.title}
                  </Link>
                </p>
                <p className="truncate text-12 text-ink-3">
                  {viaText(e)}
                  {e.address ? ` · ${e.address}` : ""}
                  {e.changes.map((c) => ` · ${c.field}: ${valueText(c.from)} → ${valueText(c.to)}`).join("")}
                </p>
              </div>
              <When at={e.at} className="shrink-0 text-12 text-ink-3" />
            </div>
          )}
        </Rows>
      )}
    </div>
  );
}
