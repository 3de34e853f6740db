import { TriangleAlert } from "lucide-react";
import type { Priority, Task } from "@/api/types";
import { texts } from "@/texts";
import { useClock } from "@/time/clock";
import { dueText, dueTone, exact } from "@/time/relative";
import { cx } from "@/ui/classes";
import { Swatch } from "@/ui/Tag";

const tones: Record<number, string> = { 1: "text-danger", 2: "text-warn", 3: "text-low", 4: "text-ink-3" };

/** Three bars, as many filled as it matters; the most urgent is a sign of its own. */
export function PriorityIcon({ priority, size = 14 }: { priority: Priority | null; size?: number }) {
  if (priority === 1)
    return (
      <TriangleAlert size={size} className="shrink-0 text-danger" aria-label={texts.tasks.priorities[1]} />
    );
  const filled = priority ? 5 - priority : 0;
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 14 14"
      role="img"
      aria-label={priority ? texts.tasks.priorities[priority] : texts.tasks.noPriority}
      className={cx("shrink-0 fill-current", tones[priority ?? 4])}
    >
      {[0, 1, 2].map((bar) => (
        <rect
          key={bar}
          x={1 + bar * 4.5}
          y={8 - bar * 3}
          width={3}
          height={5 + bar * 3}
          rx={1}
          opacity={bar < filled ? 1 : 0.28}
        />
      ))}
    </svg>
  );
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
