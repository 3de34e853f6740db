import type { Task } from "@/api/types";
import { dueDateFor } from "@/time/relative";
import { dateIn, endOfWeek } from "@/time/zone";

export type Group = "overdue" | "today" | "week" | "later" | "none" | "done";
export const groupOrder: Group[] = ["overdue", "today", "week", "later", "none", "done"];

/** Where a task stands in the list, seen from the reader's zone. */
export function groupOf(task: Task, now: Date, zone: string): Group {
  if (task.status === "done") return "done";
  const date = dueDateFor(task, zone);
  if (!date) return "none";
  const today = dateIn(zone, now);
  if (date < today) return "overdue";
  if (task.due?.time && task.due_at && Date.parse(task.due_at) < now.getTime()) return "overdue";
  if (date === today) return "today";
  return date <= endOfWeek(today) ? "week" : "later";
}

export type Row = { kind: "head"; group: Group; count: number } | { kind: "task"; task: Task; group: Group };

/** The list with its headings, in the order of the groups; within a group the server's order stays. */
export function grouped(tasks: Task[], now: Date, zone: string): Row[] {
  const groups = new Map<Group, Task[]>();
  for (const task of tasks) {
    const group = groupOf(task, now, zone);
    const list = groups.get(group);
    if (list) list.push(task);
    else groups.set(group, [task]);
  }
  return groupOrder.flatMap((group): Row[] => {
    const list = groups.get(group);
    if (!list) return [];
    return [
      { kind: "head", group, count: list.length },
      ...list.map((task): Row => ({ kind: "task", task, group })),
    ];
  });
}
