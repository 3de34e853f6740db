import { Repeat, Ticket } from "lucide-react";
import type { Task } from "@/api/types";
import { Check } from "@/tasks/Check";
import { DueText, PriorityIcon, ProjectName } from "@/tasks/TaskMeta";
import { texts } from "@/texts";
import { Avatar } from "@/ui/Avatar";
import { cx } from "@/ui/classes";
import { Tag } from "@/ui/Tag";

/** What a card shows; the ghost under the pointer is the same. */
export function CardFace({ task, onToggle }: { task: Task; onToggle?: () => void }) {
  const done = task.status === "done";
  return (
    <>
      <div className="flex items-start gap-2.5">
        <span className="flex h-5 items-center">
          <Check task={task} disabled={!onToggle} onToggle={() => onToggle?.()} tabIndex={-1} />
        </span>
        <p
          className={cx(
            "min-w-0 flex-1 text-13 break-words",
            done && "text-ink-3 line-through decoration-line-strong",
          )}
        >
          {task.title}
        </p>
        {task.assignee ? (
          <span title={task.assignee.name} className="flex">
            <Avatar name={task.assignee.name} size={20} />
          </span>
        ) : null}
      </div>
      <div className="mt-2 flex flex-wrap items-center gap-x-2.5 gap-y-1 pl-6.5 text-12 text-ink-3 empty:hidden">
        {task.priority && !done ? <PriorityIcon priority={task.priority} /> : null}
        <DueText task={task} />
        {task.recurrence ? (
          <Repeat size={12} aria-label={task.recurrence_text ?? texts.tasks.repeat} />
        ) : null}
        {task.subtasks.total ? (
          <span>
            {task.subtasks.done}/{task.subtasks.total}
          </span>
        ) : null}
        {task.project ? <ProjectName project={task.project} /> : null}
        {task.labels.slice(0, 2).map((l) => (
          <Tag key={l}>{l}</Tag>
        ))}
        {task.ticket ? (
          <Tag tone="accent">
            <Ticket size={12} aria-hidden />
            {texts.common.number(task.ticket.number)}
          </Tag>
        ) : null}
      </div>
    </>
  );
}
