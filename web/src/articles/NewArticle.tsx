import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { ArrowLeft } from "lucide-react";
import { useState } from "react";
import { ApiError, api, keyFor, newKey } from "@/api/client";
import { keys } from "@/api/query";
import { useReport } from "@/api/report";
import type { Article, ArticleStatus } from "@/api/types";
import { changed } from "@/shell/address";
import { texts } from "@/texts";
import { Button, IconButton } from "@/ui/Button";
import { messageOf, Problem } from "@/ui/States";
import { ViewTitle } from "@/ui/ViewTitle";
import { ArticleLabels } from "./ArticleLabels";
import { Panes, useEditorView, useLeave, ViewToggle } from "./ArticleView";
import { MarkdownField } from "./MarkdownField";

/** An article that is not there yet; the first save makes it. */
export function NewArticle() {
  const [view, setView] = useEditorView();
  const [title, setTitle] = useState("");
  const [summary, setSummary] = useState("");
  const [body, setBody] = useState("");
  const [labels, setLabels] = useState<string[]>([]);
  const [key] = useState(newKey);
  const client = useQueryClient();
  const navigate = useNavigate();
  const report = useReport();
  const leave = useLeave();
  const create = useMutation({
    mutationFn: (status: ArticleStatus) =>
      api.create<Article>(
        "/articles",
        { title: title.trim(), summary, body, labels, status },
        keyFor(key, status, title, summary, body, ...labels),
      ),
    onSuccess: ({ data, undoId }) => {
      client.setQueryData(keys.article(data.id), data);
      void client.invalidateQueries({ queryKey: keys.articles });
      report.done(
        data.status === "published" ? texts.articles.publishedToast : texts.articles.draftSaved,
        undoId,
      );
      void navigate({
        to: "/articles/$articleId",
        params: { articleId: data.id },
        search: changed(),
        replace: true,
      });
    },
  });
  const error = create.error instanceof ApiError ? create.error : null;
  const ready = title.trim() !== "" && !create.isPending;
  return (
    <article className="flex h-full flex-col">
      <header className="flex h-12 shrink-0 items-center gap-2 border-b border-line pr-3 pl-2 md:pl-6">
        <IconButton label={texts.common.back} onClick={leave} className="lg:hidden">
          <ArrowLeft size={18} />
        </IconButton>
        <ViewTitle alone="(max-width: 1079px)" className="min-w-0 flex-1 truncate text-14 font-semibold">
          {texts.articles.new}
        </ViewTitle>
        <ViewToggle view={view} onChange={setView} />
        <Button disabled={!ready} onClick={() => create.mutate("draft")} className="max-sm:hidden">
          {texts.articles.saveDraft}
        </Button>
        <Button look="primary" disabled={!ready} onClick={() => create.mutate("published")}>
          {texts.articles.publish}
        </Button>
      </header>
      <div className="flex shrink-0 flex-col px-4 pt-4 pb-2 md:px-6">
        <input
          value={title}
          onChange={(e) => setTitle(e.target.value)}
          // biome-ignore lint/a11y/noAutofocus: a new article begins with its title
          autoFocus
          aria-label={texts.articles.titleField}
          placeholder={texts.articles.untitled}
          className="-mx-2 rounded-6 bg-transparent px-2 py-1 text-20 font-semibold"
        />
        <input
          value={summary}
          onChange={(e) => setSummary(e.target.value)}
          aria-label={texts.articles.summary}
          placeholder={texts.articles.summaryHint}
          className="-mx-2 rounded-6 bg-transparent px-2 py-1 text-14 text-ink-2"
        />
        <ArticleLabels labels={labels} onChange={setLabels} />
        {create.error ? (
          <div className="pt-2">
            <Problem>{error?.field("title") ?? error?.field("summary") ?? messageOf(create.error)}</Problem>
          </div>
        ) : null}
      </div>
      <Panes view={view} body={body}>
        <MarkdownField value={body} onChange={setBody} onBlur={() => {}} error={error?.field("body")} />
      </Panes>
    </article>
  );
}
