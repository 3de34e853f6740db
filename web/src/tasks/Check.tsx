import { Check as Tick } from "lucide-react";
import type { Task } from "@/api/types";
import { texts } from "@/texts";
import { cx } from "@/ui/classes";

/** The round box that completes a task; its ring tells the priority. */
export function Check({
  task,
  onToggle,
  disabled,
  size = "sm",
  tabIndex,
}: {
  task: Pick<Task, "title" | "status" | "priority">;
  onToggle: () => void;
  disabled?: boolean;
  size?: "sm" | "lg";
  tabIndex?: number;
}) {
  const done = task.status === "done";
  return (
    // biome-ignore lint/a11y/useSemanticElements: drawn by us, with the name and state a checkbox has
    <button
      type="button"
      role="checkbox"
      aria-checked={done}
      aria-label={done ? texts.tasks.reopenLabel(task.title) : texts.tasks.completeLabel(task.title)}
      disabled={disabled}
      tabIndex={tabIndex}
      onClick={(e) => {
        e.stopPropagation();
        e.preventDefault();
        onToggle();
      }}
      // The drawn circle is small; the area that takes the finger is not.
      className="group/check relative flex shrink-0 items-center justify-center rounded-full before:absolute before:-inset-2 disabled:cursor-default"
    >
      <span
        className={cx(
          "press flex items-center justify-center rounded-full border-[1.5px]",
          size === "lg" ? "size-5" : "size-4",
          done
            ? "border-accent bg-accent text-accent-ink"
            : task.priority === 1
              ? "border-danger text-danger"
              : task.priority === 2
                ? "border-warn text-warn"
                : "border-ink-3 text-ink-3 group-hover/check:border-accent group-hover/check:text-accent-text",
          task.status === "doing" && "bg-accent-soft",
        )}
      >
        <Tick
          size={size === "lg" ? 13 : 11}
          strokeWidth={3}
          aria-hidden
          className={cx(!done && "opacity-0 group-hover/check:opacity-60 group-disabled/check:opacity-0")}
        />
      </span>
    </button>
  );
}
