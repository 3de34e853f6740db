import { useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { Link, Outlet, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { BookOpen, Plus } from "lucide-react";
import type { ArticleItem } from "@/api/types";
import { useMay } from "@/session/me";
import { changed } from "@/shell/address";
import { PageHeader } from "@/shell/PageHeader";
import { SearchBox } from "@/shell/SearchBox";
import { texts } from "@/texts";
import { When } from "@/time/clock";
import { IconButton } from "@/ui/Button";
import { cx } from "@/ui/classes";
import { Segmented } from "@/ui/Field";
import { Rows } from "@/ui/Rows";
import { Empty, Failed, SkeletonRows } from "@/ui/States";
import { Tag } from "@/ui/Tag";
import { articleQuery, articlesQuery } from "./queries";

export function ArticlesPage() {
  const { articleId } = useParams({ strict: false });
  const { status = "all", q = "" } = useSearch({ from: "/app/articles" });
  const navigate = useNavigate();
  const may = useMay();
  const list = useInfiniteQuery(articlesQuery(status, q));
  const [title, hint] = q || status !== "all" ? texts.articles.emptyFilter : texts.articles.empty;
  const set = (change: object) => void navigate({ to: ".", search: changed(change), replace: true });
  const create = may.write ? (
    <IconButton
      label={texts.articles.new}
      onClick={() => void navigate({ to: "/articles/$articleId", params: { articleId: "new" } })}
    >
      <Plus size={16} />
    </IconButton>
  ) : null;
  return (
    <div className="flex h-full min-w-0">
      <section
        aria-label={texts.articles.title}
        className={cx(
          "flex h-full w-full min-w-0 shrink-0 flex-col border-line md:w-72 md:border-r xl:w-80",
          articleId && "max-lg:hidden",
        )}
      >
        <PageHeader title={texts.articles.title} actions={create} />
        <div className="flex shrink-0 flex-col gap-2 border-b border-line px-4 py-2">
          <SearchBox label={texts.articles.search} value={q} onChange={(t) => set({ q: t || undefined })} />
          <Segmented
            fill
            label={texts.tasks.status}
            size="sm"
            value={status}
            onChange={(s) => set({ status: s === "all" ? undefined : s })}
            options={[
              { value: "all", label: texts.articles.all },
              { value: "published", label: texts.articles.published },
              { value: "draft", label: texts.articles.draft },
            ]}
          />
        </div>
        {list.isPending ? (
          <SkeletonRows />
        ) : !list.data ? (
          <Failed error={list.error} retry={() => void list.refetch()} />
        ) : list.data.length === 0 ? (
          <Empty icon={<BookOpen size={20} />} title={title} hint={hint} />
        ) : (
          <Rows
            label={texts.articles.title}
            items={list.data}
            keyOf={(a) => a.id}
            height={() => 64}
            place={`articles-${status}-${q}`}
            onEnd={() => list.hasNextPage && !list.isFetchingNextPage && void list.fetchNextPage()}
          >
            {(a, i) => <Row article={a} current={a.id === articleId} first={!articleId && i === 0} />}
          </Rows>
        )}
      </section>
      <div className={cx("h-full min-w-0 flex-1", !articleId && "max-md:hidden")}>
        {articleId ? (
          <Outlet />
        ) : (
          <Empty
            className="h-full"
            icon={<BookOpen size={20} />}
            title={texts.articles.select}
            hint={may.write ? texts.articles.selectHint : undefined}
          />
        )}
      </div>
    </div>
  );
}

function Row({ article: a, current, first }: { article: ArticleItem; current: boolean; first: boolean }) {
  const client = useQueryClient();
  return (
    <Link
      data-row
      data-id={a.id}
      to="/articles/$articleId"
      params={{ articleId: a.id }}
      search={changed()}
      onPointerEnter={() => void client.prefetchQuery(articleQuery(a.id))}
      tabIndex={current || first ? 0 : -1}
      aria-current={current ? "page" : undefined}
      className={cx(
        "press flex h-16 flex-col justify-center gap-0.5 border-b border-line px-4 outline-offset-[-2px]",
        current ? "bg-accent-soft" : "hover:bg-hover focus-visible:bg-hover",
      )}
    >
      <span className="flex items-center gap-2">
        <span className="min-w-0 flex-1 truncate text-13 font-medium">
          {a.title || texts.articles.untitled}
        </span>
        {a.status === "draft" ? <Tag tone="warn">{texts.articles.draft}</Tag> : null}
      </span>
      <span className="flex items-baseline gap-2 text-12 text-ink-3">
        <span className="min-w-0 flex-1 truncate">{a.summary}</span>
        <When at={a.updated_at} className="shrink-0" />
      </span>
    </Link>
  );
}
