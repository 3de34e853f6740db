import { Repeat, Ticket } from "lucide-react";
import type { ButtonHTMLAttributes } from "react";
import type { Task } from "@/api/types";
import { Check } from "@/tasks/Check";
import { ruleText } from "@/tasks/recurrence";
import { DueText, PriorityIcon, ProjectName } from "@/tasks/TaskMeta";
import { texts } from "@/texts";
import { Avatar } from "@/ui/Avatar";
import { cx } from "@/ui/classes";
import { Tag } from "@/ui/Tag";

/** What a card shows; the ghost under the pointer is the same. */
export function CardFace({
  task,
  onToggle,
  handle,
}: {
  task: Task;
  onToggle?: () => void;
  /** What makes the title the card's button: it covers the whole card, only the checkbox lies above it. */
  handle?: ButtonHTMLAttributes<HTMLButtonElement>;
}) {
  const done = task.status === "done";
  const title = cx(
    "min-w-0 flex-1 text-left text-13 break-words",
    done && "text-ink-3 line-through decoration-line-strong",
  );
  return (
    <>
      <div className="flex items-start gap-2.5">
        <span className="relative z-10 flex h-5 items-center">
          <Check task={task} disabled={!onToggle} onToggle={() => onToggle?.()} tabIndex={-1} />
        </span>
        {handle ? (
          <button
            type="button"
            data-row
            data-id={task.id}
            {...handle}
            className={cx(
              title,
              "cursor-[inherit] outline-none after:absolute after:inset-0 after:rounded-8 focus-visible:after:outline-2 focus-visible:after:outline-accent",
            )}
          >
            {task.title}
          </button>
        ) : (
          <p className={title}>{task.title}</p>
        )}
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
          <span className="flex items-center gap-1">
            <Repeat size={12} aria-hidden />
            {ruleText(task.recurrence)}
          </span>
        ) : null}
        {task.subtasks.total ? (
          <span className="figures" title={texts.tasks.subtasks}>
            <span className="sr-only">{texts.tasks.subtasks}: </span>
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
