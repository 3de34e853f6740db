import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { Search as SearchIcon, SearchX } from "lucide-react";
import type { RecordKind } from "@/api/types";
import { onRowKeys } from "@/keyboard/rows";
import { changed } from "@/shell/address";
import { PageHeader } from "@/shell/PageHeader";
import { SearchBox } from "@/shell/SearchBox";
import { texts } from "@/texts";
import { Segmented } from "@/ui/Field";
import { Empty, Failed, SkeletonRows } from "@/ui/States";
import { HitRow } from "./HitRow";
import { searchQuery } from "./queries";

export const searchKinds: (RecordKind | "all")[] = [
  "all",
  "task",
  "conversation",
  "ticket",
  "contact",
  "article",
];

export function SearchPage() {
  const { q = "", kind = "all" } = useSearch({ from: "/app/search" });
  const navigate = useNavigate();
  const query = useQuery(searchQuery(q, kind, 50));
  const set = (change: object) => void navigate({ to: ".", search: changed(change), replace: true });
  return (
    <div className="flex h-full flex-col">
      <PageHeader title={texts.nav.search} searches>
        <SearchBox
          label={texts.nav.search}
          value={q}
          onChange={(t) => set({ q: t || undefined })}
          className="max-w-120 flex-1"
        />
      </PageHeader>
      <div className="shrink-0 overflow-x-auto border-b border-line px-4 py-2">
        <Segmented
          label={texts.common.filter}
          size="sm"
          value={kind}
          onChange={(k) => set({ kind: k === "all" ? undefined : k })}
          options={searchKinds.map((k) => ({ value: k, label: texts.search.kindsPlural[k] }))}
        />
      </div>
      <div className="min-h-0 flex-1 overflow-y-auto">
        {q.trim() === "" ? (
          <Empty icon={<SearchIcon size={20} />} title={texts.nav.search} hint={texts.search.start} />
        ) : query.isPending ? (
          <SkeletonRows />
        ) : !query.data ? (
          <Failed error={query.error} retry={() => void query.refetch()} />
        ) : query.data.length === 0 ? (
          <Empty icon={<SearchX size={20} />} title={texts.search.none(q)} hint={texts.search.noneHint} />
        ) : (
          <ul
            data-rows
            onKeyDown={onRowKeys}
            aria-label={texts.search.results}
            className="max-w-190 px-2 py-2"
          >
            {query.data.map((hit) => (
              <li key={`${hit.kind}-${hit.id}`}>
                <HitRow hit={hit} row />
              </li>
            ))}
          </ul>
        )}
      </div>
    </div>
  );
}
