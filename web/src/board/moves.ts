import type { Task, TaskStatus } from "@/api/types";

export const columnOrder: TaskStatus[] = ["todo", "doing", "done"];
export type Columns = Record<TaskStatus, Task[]>;
export type Place = { status: TaskStatus; index: number };

export function placeOf(columns: Columns, id: string): Place | null {
  for (const status of columnOrder) {
    const index = columns[status].findIndex((t) => t.id === id);
    if (index >= 0) return { status, index };
  }
  return null;
}

/** The board with one card moved. The index counts without the card, so it is where the card will stand. */
export function moved(columns: Columns, id: string, to: Place): Columns {
  const from = placeOf(columns, id);
  const card = from && columns[from.status][from.index];
  if (!from || !card) return columns;
  const next: Columns = { todo: [...columns.todo], doing: [...columns.doing], done: [...columns.done] };
  next[from.status].splice(from.index, 1);
  const target = next[to.status];
  const index = Math.max(0, Math.min(to.index, target.length));
  target.splice(index, 0, from.status === to.status ? card : { ...card, status: to.status });
  return next;
}

/** Whom the card stands after: what the server is told instead of a number that others may shift. */
export function afterOf(columns: Columns, id: string): string | null {
  const place = placeOf(columns, id);
  if (!place || place.index === 0) return null;
  return columns[place.status][place.index - 1]?.id ?? null;
}

export type Arrow = "ArrowUp" | "ArrowDown" | "ArrowLeft" | "ArrowRight";

export function isArrow(key: string): key is Arrow {
  return key === "ArrowUp" || key === "ArrowDown" || key === "ArrowLeft" || key === "ArrowRight";
}

/** Where a lifted card goes by an arrow key. Sideways it keeps its height as far as the column has it. */
export function step(columns: Columns, id: string, key: Arrow): Place | null {
  const at = placeOf(columns, id);
  if (!at) return null;
  const column = columnOrder.indexOf(at.status);
  if (key === "ArrowUp") return at.index > 0 ? { ...at, index: at.index - 1 } : null;
  if (key === "ArrowDown")
    return at.index < columns[at.status].length - 1 ? { ...at, index: at.index + 1 } : null;
  const status = columnOrder[column + (key === "ArrowRight" ? 1 : -1)];
  return status ? { status, index: Math.min(at.index, columns[status].length) } : null;
}

/** Where the focus goes by an arrow key when nothing is lifted. */
export function neighbour(columns: Columns, id: string, key: Arrow): string | null {
  const at = placeOf(columns, id);
  if (!at) return null;
  if (key === "ArrowUp" || key === "ArrowDown")
    return columns[at.status][at.index + (key === "ArrowDown" ? 1 : -1)]?.id ?? null;
  const direction = key === "ArrowRight" ? 1 : -1;
  for (let c = columnOrder.indexOf(at.status) + direction; c >= 0 && c < columnOrder.length; c += direction) {
    const status = columnOrder[c];
    const column = status ? columns[status] : [];
    if (column.length) return column[Math.min(at.index, column.length - 1)]?.id ?? null;
  }
  return null;
}
