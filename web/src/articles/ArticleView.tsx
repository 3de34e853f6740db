import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { ArrowLeft, ExternalLink, History, MoreHorizontal, Trash2 } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { ApiError, api } from "@/api/client";
import { keys } from "@/api/query";
import { useReport } from "@/api/report";
import { Conflict } from "@/api/save";
import type { Article } from "@/api/types";
import { useAutosave } from "@/api/useAutosave";
import { HistoryList } from "@/audit/HistoryList";
import { useBackToRow } from "@/keyboard/rows";
import { useShortcut } from "@/keyboard/shortcuts";
import { useMay } from "@/session/me";
import { changed } from "@/shell/address";
import { texts } from "@/texts";
import { When } from "@/time/clock";
import { Button, IconButton } from "@/ui/Button";
import { cx } from "@/ui/classes";
import { Dialog } from "@/ui/Dialog";
import { Segmented } from "@/ui/Field";
import { InlineField } from "@/ui/InlineField";
import { Menu, MenuItem, MenuLine } from "@/ui/Menu";
import { SaveNote } from "@/ui/SaveNote";
import { Failed, SkeletonRows } from "@/ui/States";
import { Tag } from "@/ui/Tag";
import { useMedia } from "@/ui/useMedia";
import { ViewTitle } from "@/ui/ViewTitle";
import { ArticleLabels } from "./ArticleLabels";
import { MarkdownField } from "./MarkdownField";
import { wordCount } from "./markdown";
import { NewArticle } from "./NewArticle";
import { articleHistoryQuery, articleQuery, channelsQuery, useRendered, useSaveArticle } from "./queries";

export type EditorView = "write" | "preview" | "both";

export function ArticleView() {
  const { articleId } = useParams({ from: "/app/articles/$articleId" });
  return articleId === "new" ? <NewArticle /> : <Existing key={articleId} id={articleId} />;
}

function Existing({ id }: { id: string }) {
  const query = useQuery(articleQuery(id));
  useBackToRow(id);
  const may = useMay();
  if (query.isPending) return <SkeletonRows rows={8} />;
  if (!query.data)
    return <Failed className="h-full" level="h1" error={query.error} retry={() => void query.refetch()} />;
  return may.write ? <Editor article={query.data} /> : <Reader article={query.data} />;
}

export function useLeave(): () => void {
  const navigate = useNavigate();
  return () => void navigate({ to: "/articles", search: changed() });
}

function Reader({ article }: { article: Article }) {
  const leave = useLeave();
  useShortcut("Escape", leave);
  return (
    <article className="flex h-full flex-col">
      <header className="flex h-12 shrink-0 items-center gap-2 border-b border-line px-2 md:px-6">
        <IconButton label={texts.common.back} onClick={leave} className="lg:hidden">
          <ArrowLeft size={18} />
        </IconButton>
        <ViewTitle alone="(max-width: 1079px)" className="truncate text-14 font-semibold">
          {article.title}
        </ViewTitle>
      </header>
      <section
        aria-label={article.title}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls is reached by the keyboard
        tabIndex={0}
        className="min-h-0 flex-1 overflow-y-auto px-4 py-6 outline-offset-[-2px] md:px-6"
      >
        {article.labels.length ? (
          <p className="mb-4 flex flex-wrap gap-1">
            {article.labels.map((l) => (
              <Tag key={l}>{l}</Tag>
            ))}
          </p>
        ) : null}
        <Prose html={article.html} />
      </section>
    </article>
  );
}

export function Prose({ html }: { html: string }) {
  const prose = useRef<HTMLDivElement>(null);
  // What scrolls sideways is reached by the keyboard as well.
  // biome-ignore lint/correctness/useExhaustiveDependencies: looked at again when the text is another
  useEffect(() => {
    const p = prose.current;
    if (!p) return;
    const look = () => {
      for (const e of p.querySelectorAll<HTMLElement>("pre, table"))
        if (e.scrollWidth > e.clientWidth) e.tabIndex = 0;
        else e.removeAttribute("tabindex");
    };
    const observer = new ResizeObserver(look);
    observer.observe(p);
    return () => observer.disconnect();
  }, [html]);
  return (
    // biome-ignore lint/security/noDangerouslySetInnerHtml: the server renders and sanitises it, and the policy forbids scripts
    <div ref={prose} className="prose" dangerouslySetInnerHTML={{ __html: html }} />
  );
}

export function ViewToggle({ view, onChange }: { view: EditorView; onChange: (view: EditorView) => void }) {
  const wide = useMedia("(min-width: 760px)");
  return (
    <Segmented
      label={texts.articles.preview}
      size="sm"
      value={view}
      onChange={onChange}
      options={[
        { value: "write" as const, label: texts.articles.write },
        { value: "both" as const, label: texts.articles.both },
        { value: "preview" as const, label: texts.articles.preview },
      ].filter((o) => wide || o.value !== "both")}
    />
  );
}

/** Text and preview beside each other where there is room, one of them where there is not. */
export function Panes({
  view,
  body,
  children,
}: {
  view: EditorView;
  body: string;
  children: React.ReactNode;
}) {
  const html = useRendered(body);
  return (
    <div className="flex min-h-0 flex-1 border-t border-line">
      <div
        className={cx(
          "min-h-0 min-w-0 flex-1 flex-col",
          view === "preview" ? "hidden" : "flex",
          view === "both" && "md:border-r md:border-line",
        )}
      >
        {children}
      </div>
      <section
        aria-label={texts.articles.preview}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls is reached by the keyboard
        tabIndex={0}
        className={cx(
          "min-w-0 flex-1 overflow-y-auto px-4 py-5 md:px-6",
          view === "write" ? "hidden" : view === "both" ? "max-md:hidden" : "",
        )}
      >
        {html ? <Prose html={html} /> : <p className="text-13 text-ink-3">{texts.articles.emptyPreview}</p>}
      </section>
    </div>
  );
}

export function useEditorView(): [EditorView, (view: EditorView) => void] {
  const { view } = useSearch({ from: "/app/articles" });
  const navigate = useNavigate();
  const fallback: EditorView = window.matchMedia("(min-width: 1320px)").matches ? "both" : "write";
  return [
    view ?? fallback,
    (next) => void navigate({ to: ".", search: changed({ view: next }), replace: true }),
  ];
}

function Editor({ article }: { article: Article }) {
  const [view, setView] = useEditorView();
  const save = useSaveArticle(article);
  const report = useReport();
  const client = useQueryClient();
  const leave = useLeave();
  const [history, setHistory] = useState(false);
  // The text is saved every few words: its way back stands beside the note about that, not in toast after toast.
  const [undoId, setUndoId] = useState<string | null>(null);
  const body = useAutosave({
    value: article.body,
    save: async (text) => setUndoId((await save({ body: text })).undoId),
    delayMs: 1000,
  });
  const saveField = async (change: Parameters<typeof save>[0]) => {
    const answer = await save(change);
    report.undoable(`article-${article.id}`, texts.articles.changed(answer.data.title), answer.undoId);
  };
  const channels = useQuery({ ...channelsQuery, retry: false });
  useShortcut("Escape", leave);
  useShortcut("mod+s", body.flush, { inFields: true });

  const publish = (status: "published" | "draft") => {
    body.flush();
    save({ status }).then(
      ({ undoId }) =>
        report.done(
          status === "published" ? texts.articles.publishedToast : texts.articles.draftToast,
          undoId,
        ),
      (error) => report.failed(error instanceof Conflict ? new Error(texts.errors.conflict) : error),
    );
  };
  const remove = async () => {
    leave();
    try {
      const { undoId } = await api.remove(`/articles/${article.id}`);
      client.removeQueries({ queryKey: keys.article(article.id) });
      report.done(texts.articles.deleted(article.title), undoId);
    } catch (error) {
      report.failed(error);
    }
    void client.invalidateQueries({ queryKey: keys.articles });
  };
  const channel = channels.data?.find((c) => c.enabled) ?? channels.data?.[0];

  return (
    <article className="flex h-full flex-col">
      <header className="flex h-12 shrink-0 items-center gap-2 border-b border-line pr-2 pl-2 md:pl-6">
        <IconButton label={texts.common.back} onClick={leave} className="lg:hidden">
          <ArrowLeft size={18} />
        </IconButton>
        <Tag tone={article.status === "published" ? "good" : "warn"}>
          {article.status === "published" ? texts.articles.published : texts.articles.draft}
        </Tag>
        <span role="status" className="min-w-0 flex-1 truncate text-12 text-ink-3">
          {body.state === "saving" || body.state === "dirty" ? (
            texts.common.saving
          ) : undoId ? (
            <>
              {texts.common.saved} ·{" "}
              <button
                type="button"
                onClick={() => {
                  setUndoId(null);
                  void report.undo(undoId);
                }}
                className="rounded-4 font-medium text-accent-text underline-offset-2 hover:underline"
              >
                {texts.common.undo}
              </button>
            </>
          ) : (
            <span className="max-md:hidden">
              <When at={article.updated_at} /> {texts.articles.updated(article.updated_by)} ·{" "}
              {texts.articles.words(wordCount(body.draft))}
            </span>
          )}
        </span>
        <ViewToggle view={view} onChange={setView} />
        {article.status === "published" ? null : (
          <Button look="primary" onClick={() => publish("published")}>
            {texts.articles.publish}
          </Button>
        )}
        <Menu
          trigger={
            <IconButton label={texts.common.more}>
              <MoreHorizontal size={16} />
            </IconButton>
          }
        >
          {article.status === "published" && channel ? (
            <MenuItem
              icon={<ExternalLink size={14} />}
              onSelect={() => window.open(`/help/${channel.key}/${article.slug}`, "_blank", "noopener")}
            >
              {texts.articles.open}
            </MenuItem>
          ) : null}
          <MenuItem icon={<History size={14} />} onSelect={() => setHistory(true)}>
            {texts.articles.history}
          </MenuItem>
          {article.status === "published" ? (
            <MenuItem onSelect={() => publish("draft")} icon={<ArrowLeft size={14} />}>
              {texts.articles.unpublish}
            </MenuItem>
          ) : null}
          <MenuLine />
          <MenuItem danger icon={<Trash2 size={14} />} onSelect={() => void remove()}>
            {texts.articles.delete}
          </MenuItem>
        </Menu>
      </header>
      <div className="shrink-0 px-4 pt-4 pb-2 md:px-6">
        <ViewTitle alone="(max-width: 1079px)" className="sr-only">
          {article.title}
        </ViewTitle>
        <InlineField
          label={texts.articles.titleField}
          value={article.title}
          required
          placeholder={texts.articles.untitled}
          save={(title) => saveField({ title: title.trim() })}
          className="text-20 font-semibold"
        />
        <InlineField
          label={texts.articles.summary}
          value={article.summary}
          placeholder={texts.articles.summaryHint}
          save={(summary) => saveField({ summary })}
          className="text-14 text-ink-2"
        />
        <ArticleLabels
          labels={article.labels}
          onChange={(labels) =>
            void saveField({ labels }).catch((error) =>
              report.failed(error instanceof Conflict ? new Error(texts.errors.conflict) : error),
            )
          }
        />
        <SaveNote state={body.state} error={body.error} onMine={body.keepMine} onTheirs={body.takeTheirs} />
      </div>
      <Panes view={view} body={body.draft}>
        <MarkdownField
          value={body.draft}
          onChange={body.change}
          onBlur={body.flush}
          error={body.error instanceof ApiError ? body.error.field("body") : undefined}
        />
      </Panes>
      <Dialog open={history} onOpenChange={setHistory} title={texts.articles.history}>
        {history ? <ArticleHistory id={article.id} /> : null}
      </Dialog>
    </article>
  );
}

function ArticleHistory({ id }: { id: string }) {
  return <HistoryList query={useQuery(articleHistoryQuery(id))} />;
}
