import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Plus } from "lucide-react";
import { useState } from "react";
import type { Task } from "@/api/types";
import { useMay } from "@/session/me";
import { changed } from "@/shell/address";
import { texts } from "@/texts";
import { cx } from "@/ui/classes";
import { PartTitle } from "@/ui/ViewTitle";
import { Check } from "./Check";
import type { TaskChanges } from "./changes";
import { subtasksQuery } from "./queries";
import { DueText } from "./TaskMeta";

export function Subtasks({ task, changes }: { task: Task; changes: TaskChanges }) {
  const may = useMay();
  const query = useQuery(subtasksQuery(task.id));
  const [title, setTitle] = useState("");
  const subtasks = query.data ?? [];
  if (!may.write && subtasks.length === 0) return null;
  const add = () => {
    const said = title.trim();
    if (!said) return;
    setTitle("");
    void changes.create({ title: said, parent: task.id }).then((made) => {
      if (!made) setTitle(said);
    });
  };
  return (
    <section aria-label={texts.tasks.subtasks} className="border-t border-line px-4 py-3">
      <PartTitle className="mb-1 pl-8 text-12 font-medium text-ink-3">
        {texts.tasks.subtasks}
        {task.subtasks.total ? (
          <span className="font-normal">
            {" "}
            {task.subtasks.done}/{task.subtasks.total}
          </span>
        ) : null}
      </PartTitle>
      <ul>
        {subtasks.map((s) => (
          <li key={s.id} className="flex min-h-8 items-center gap-3 rounded-6 hover:bg-hover">
            <span className="flex w-5 justify-center">
              <Check task={s} disabled={!may.write} onToggle={() => void changes.toggle(s)} />
            </span>
            <Link
              to="."
              search={changed({ task: s.id })}
              className={cx(
                "min-w-0 flex-1 truncate rounded-4 py-1 text-13 pointer-coarse:text-16",
                s.status === "done" && "text-ink-3 line-through",
              )}
            >
              {s.title}
            </Link>
            <DueText task={s} className="pr-2 text-12" />
          </li>
        ))}
      </ul>
      {may.write ? (
        <div className="flex h-8 items-center gap-3">
          <Plus size={14} className="w-5 text-ink-3" aria-hidden />
          <input
            value={title}
            onChange={(e) => setTitle(e.target.value)}
            onKeyDown={(e) => {
              if (e.key === "Enter") add();
              else if (e.key === "Escape") e.currentTarget.blur();
              else return;
              e.preventDefault();
              e.stopPropagation();
            }}
            onBlur={add}
            aria-label={texts.tasks.subtaskAdd}
            placeholder={texts.tasks.subtaskAdd}
            className="h-8 min-w-0 flex-1 rounded-6 bg-transparent text-13 outline-none"
          />
        </div>
      ) : null}
    </section>
  );
}
