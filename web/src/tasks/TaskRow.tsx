import { Link } from "@tanstack/react-router";
import { BellRing, MessageSquare, Repeat, Ticket } from "lucide-react";
import type { Task } from "@/api/types";
import { useMay } from "@/session/me";
import { changed } from "@/shell/address";
import { ruleText } from "@/tasks/recurrence";
import { texts } from "@/texts";
import { Avatar } from "@/ui/Avatar";
import { cx } from "@/ui/classes";
import { Tag } from "@/ui/Tag";
import { Check } from "./Check";
import type { TaskChanges } from "./changes";
import { DueText, PriorityIcon, ProjectName } from "./TaskMeta";

export const rowHeight = 40;
/** On a phone the date stands under the title, so that the title has the line to itself. */
export const tallRowHeight = 56;

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
        "group relative flex h-10 items-center gap-3 px-4 max-sm:h-14",
        current ? "bg-accent-soft" : "hover:bg-hover has-[a:focus-visible]:bg-hover",
      )}
    >
      <Check task={task} disabled={!may.write} onToggle={() => void changes.toggle(task)} tabIndex={-1} />
      <Link
        data-row
        data-task={task.id}
        data-id={task.id}
        to="."
        search={changed({ task: task.id })}
        tabIndex={current || first ? 0 : -1}
        aria-current={current ? "true" : undefined}
        className="flex h-full min-w-0 flex-1 items-center gap-3 outline-offset-[-2px]"
      >
        <span className="flex min-w-0 flex-1 items-center gap-3 max-sm:flex-col max-sm:items-start max-sm:gap-0">
          <span
            className={cx(
              "min-w-0 max-w-full truncate text-14",
              done && "text-ink-3 line-through decoration-line-strong",
            )}
          >
            {task.title}
          </span>
          <span className="flex max-w-full shrink-0 items-center gap-2 text-12 text-ink-3">
            <DueText task={task} className="sm:hidden" />
            {task.priority && !done ? <PriorityIcon priority={task.priority} /> : null}
            {task.subtasks.total ? (
              <span className="figures" title={texts.tasks.subtasks}>
                <span className="sr-only">{texts.tasks.subtasks}: </span>
                {task.subtasks.done}/{task.subtasks.total}
              </span>
            ) : null}
            {task.recurrence ? (
              <span className="flex min-w-0 items-center gap-1" title={ruleText(task.recurrence)}>
                <Repeat size={12} className="shrink-0" aria-hidden />
                <span className="truncate max-xl:sr-only">{ruleText(task.recurrence)}</span>
              </span>
            ) : null}
            {task.reminders.some((r) => r.state === "pending") ? (
              <BellRing size={12} aria-label={texts.tasks.reminders} />
            ) : null}
            {task.comments ? (
              <span className="figures flex items-center gap-1">
                <MessageSquare size={12} aria-hidden />
                <span className="sr-only">{texts.tasks.comments}: </span>
                {task.comments}
              </span>
            ) : null}
            {task.ticket ? (
              <span className="sm:hidden">{texts.common.number(task.ticket.number)}</span>
            ) : null}
            {task.project ? (
              <span className="flex min-w-0 sm:hidden">
                <ProjectName project={task.project} />
              </span>
            ) : null}
          </span>
        </span>
        <span className="flex min-w-0 shrink items-center justify-end gap-2 max-lg:hidden">
          <span className="flex min-w-0 shrink-[2] justify-end gap-1 overflow-hidden">
            {task.labels.slice(0, 2).map((l) => (
              <Tag key={l}>{l}</Tag>
            ))}
          </span>
          {task.ticket ? (
            <Tag tone="accent">
              <Ticket size={12} aria-hidden />
              {texts.common.number(task.ticket.number)}
            </Tag>
          ) : null}
          {task.project ? <ProjectName project={task.project} /> : null}
        </span>
        <span className="flex shrink-0 items-center justify-end gap-3 text-12 md:min-w-33">
          <DueText task={task} className="max-sm:hidden" />
          <span className="flex w-5 justify-end">
            {task.assignee ? (
              <span title={task.assignee.name}>
                <span className="sr-only">{task.assignee.name}</span>
                <Avatar name={task.assignee.name} size={20} />
              </span>
            ) : null}
          </span>
        </span>
      </Link>
    </div>
  );
}
