/** The quick filters as they stand in the address. An absent one filters nothing. */
export type TaskFilters = {
  assignee?: string;
  project?: string;
  label?: string;
  priority?: number;
  show?: "open" | "done" | "all";
  q?: string;
};

const text = (value: unknown): string | undefined =>
  typeof value === "string" && value !== "" ? value : typeof value === "number" ? String(value) : undefined;

export function readFilters(search: Record<string, unknown>): TaskFilters {
  const priority = Number(search.priority);
  const show = text(search.show);
  return {
    assignee: text(search.assignee),
    project: text(search.project),
    label: text(search.label),
    priority: priority >= 1 && priority <= 4 ? priority : undefined,
    show: show === "done" || show === "all" ? show : undefined,
    q: text(search.q),
  };
}

export function anyFilter(f: TaskFilters): boolean {
  return Boolean(f.assignee || f.project || f.label || f.priority || f.q);
}
