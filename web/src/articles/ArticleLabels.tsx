import { useInfiniteQuery } from "@tanstack/react-query";
import { Plus, Tag as TagIcon } from "lucide-react";
import { useMemo } from "react";
import { texts } from "@/texts";
import { cx } from "@/ui/classes";
import { Picker } from "@/ui/Picker";
import { LabelTag } from "@/ui/Tag";
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
        <LabelTag key={l} label={l} onRemove={() => onChange(without(l))} />
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
            className={cx(
              "press flex h-6 items-center justify-center gap-1.5 rounded-4 text-12 text-ink-3 hover:bg-hover hover:text-ink",
              labels.length ? "w-6" : "-ml-1 px-1",
            )}
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
