import { useInfiniteQuery } from "@tanstack/react-query";
import { Plus, Tag as TagIcon, X } from "lucide-react";
import { useMemo } from "react";
import { texts } from "@/texts";
import { Picker } from "@/ui/Picker";
import { Tag } from "@/ui/Tag";
import { articlesQuery } from "./queries";

/** What an article is about, in a few words: chosen from those that others carry, or made by typing. */
export function ArticleLabels({
  labels,
  onChange,
}: {
  labels: string[];
  onChange: (labels: string[]) => void;
}) {
  const { data } = useInfiniteQuery(articlesQuery("all", ""));
  const choices = useMemo(
    () =>
      [...new Set([...(data ?? []).flatMap((a) => a.labels), ...labels])]
        .sort((a, b) => a.localeCompare(b))
        .map((l) => ({ value: l, label: l })),
    [data, labels],
  );
  const without = (label: string) => labels.filter((l) => l !== label);
  return (
    <div className="flex min-h-8 flex-wrap items-center gap-1 pt-1">
      {labels.map((l) => (
        <Tag key={l} className="pr-0.5">
          {l}
          <button
            type="button"
            aria-label={`${texts.common.remove}: ${l}`}
            onClick={() => onChange(without(l))}
            className="press flex size-4 items-center justify-center rounded-4 hover:bg-pressed"
          >
            <X size={10} />
          </button>
        </Tag>
      ))}
      <Picker
        label={texts.articles.labels}
        multiple
        choices={choices}
        selected={labels}
        onPick={(l) => onChange(labels.includes(l) ? without(l) : [...labels, l])}
        onCreate={{ label: texts.tasks.labelNew, run: (l) => onChange([...labels, l]) }}
        trigger={
          <button
            type="button"
            aria-label={texts.articles.labelsAdd}
            className="press flex h-6 items-center gap-1.5 rounded-4 px-1 text-12 text-ink-3 hover:bg-hover hover:text-ink"
          >
            {labels.length ? (
              <Plus size={14} aria-hidden />
            ) : (
              <>
                <TagIcon size={12} aria-hidden />
                {texts.articles.labelsAdd}
              </>
            )}
          </button>
        }
      />
    </div>
  );
}
