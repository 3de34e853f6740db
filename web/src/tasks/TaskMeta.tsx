import { SignalHigh, SignalLow, SignalMedium, TriangleAlert } from "lucide-react";
import type { Priority, Task } from "@/api/types";
import { texts } from "@/texts";
import { useClock } from "@/time/clock";
import { dueText, dueTone, exact } from "@/time/relative";
import { cx } from "@/ui/classes";
import { Swatch } from "@/ui/Tag";

export function PriorityIcon({ priority, size = 14 }: { priority: Priority | null; size?: number }) {
  const label = priority ? texts.tasks.priorities[priority] : undefined;
  switch (priority) {
    case 1:
      return <TriangleAlert size={size} className="text-danger" aria-label={label} />;
    case 2:
      return <SignalHigh size={size} className="text-warn" aria-label={label} />;
    case 3:
      return <SignalMedium size={size} className="text-low" aria-label={label} />;
    case 4:
      return <SignalLow size={size} className="text-ink-3" aria-label={label} />;
    default:
      return null;
  }
}

export function DueText({ task, className }: { task: Task; className?: string }) {
  const { now, zone } = useClock();
  const tone = dueTone(task, now, zone);
  if (!tone || !task.due) return null;
  const done = task.status === "done";
  return (
    <time
      dateTime={task.due_at ?? task.due.date}
      title={task.due.time && task.due_at ? exact(new Date(task.due_at), zone) : task.due.date}
      className={cx(
        "whitespace-nowrap",
        done
          ? "text-ink-3"
          : tone === "overdue"
            ? "text-danger"
            : tone === "today"
              ? "text-accent-text"
              : "text-ink-2",
        className,
      )}
    >
      {dueText(task, now, zone)}
    </time>
  );
}

export function ProjectName({ project }: { project: NonNullable<Task["project"]> }) {
  return (
    <span className="inline-flex min-w-0 items-center gap-1.5 text-12 text-ink-2">
      <Swatch color={project.color} />
      <span className="truncate">{project.name}</span>
    </span>
  );
}
