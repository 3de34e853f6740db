import { Link } from "@tanstack/react-router";
import { BellRing, MessageSquare, Repeat, Ticket } from "lucide-react";
import type { Task } from "@/api/types";
import { useMay } from "@/session/me";
import { changed } from "@/shell/address";
import { texts } from "@/texts";
import { Avatar } from "@/ui/Avatar";
import { cx } from "@/ui/classes";
import { Tag } from "@/ui/Tag";
import { Check } from "./Check";
import type { TaskChanges } from "./changes";
import { DueText, PriorityIcon, ProjectName } from "./TaskMeta";

export const rowHeight = 40;

/** One line of a list: what, and only as much else as helps to choose. */
export function TaskRow({
  task,
  changes,
  current,
  first,
}: {
  task: Task;
  changes: TaskChanges;
  current: boolean;
  first: boolean;
}) {
  const may = useMay();
  const done = task.status === "done";
  return (
    <div
      className={cx(
        "group relative flex h-10 items-center gap-3 px-4 md:px-6",
        current ? "bg-accent-soft" : "hover:bg-hover has-[a:focus-visible]:bg-hover",
      )}
    >
      <Check task={task} disabled={!may.write} onToggle={() => void changes.toggle(task)} tabIndex={-1} />
      <Link
        data-row
        data-task={task.id}
        to="."
        search={changed({ task: task.id })}
        tabIndex={current || first ? 0 : -1}
        aria-current={current ? "true" : undefined}
        className="flex h-full min-w-0 flex-1 items-center gap-3 outline-offset-[-2px]"
      >
        <span
          className={cx("min-w-0 truncate text-14", done && "text-ink-3 line-through decoration-line-strong")}
        >
          {task.title}
        </span>
        <span className="flex shrink-0 items-center gap-2 text-12 text-ink-3">
          {task.priority && !done ? <PriorityIcon priority={task.priority} /> : null}
          {task.subtasks.total ? (
            <span className="max-sm:hidden" title={texts.tasks.subtasks}>
              {task.subtasks.done}/{task.subtasks.total}
            </span>
          ) : null}
          {task.recurrence ? (
            <Repeat size={12} aria-label={task.recurrence_text ?? texts.tasks.repeat} />
          ) : null}
          {task.reminders.some((r) => r.state === "pending") ? (
            <BellRing size={12} aria-label={texts.tasks.reminders} className="max-sm:hidden" />
          ) : null}
          {task.comments ? (
            <span className="flex items-center gap-1 max-sm:hidden">
              <MessageSquare size={12} aria-label={texts.tasks.comments} />
              {task.comments}
            </span>
          ) : null}
        </span>
        <span className="flex-1" />
        <span className="flex min-w-0 shrink items-center justify-end gap-2 max-lg:hidden">
          {task.labels.slice(0, 2).map((l) => (
            <Tag key={l}>{l}</Tag>
          ))}
          {task.ticket ? (
            <Tag tone="accent">
              <Ticket size={12} aria-hidden />
              {texts.common.number(task.ticket.number)}
            </Tag>
          ) : null}
          {task.project ? <ProjectName project={task.project} /> : null}
        </span>
        <span className="flex shrink-0 items-center justify-end gap-3 text-12 md:min-w-28">
          <DueText task={task} />
          <span className="flex w-5 justify-end">
            {task.assignee ? (
              <span title={task.assignee.name}>
                <Avatar name={task.assignee.name} size={20} />
              </span>
            ) : null}
          </span>
        </span>
      </Link>
    </div>
  );
}
