import { type InfiniteData, useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { useMemo } from "react";
import { api } from "@/api/client";
import { keys } from "@/api/query";
import { useReport } from "@/api/report";
import { inTurn } from "@/api/save";
import type { Page, Task, TaskStatus } from "@/api/types";
import type { TaskFilters } from "@/tasks/filters";
import { tasksQuery } from "@/tasks/queries";
import { texts } from "@/texts";
import { afterOf, type Columns, columnOrder, placeOf } from "./moves";

function columnFilters(status: TaskStatus, filters: TaskFilters) {
  const { show: _show, ...rest } = filters;
  return {
    ...rest,
    status,
    sort: status === "done" ? "completed" : "rank",
    limit: status === "done" ? 30 : 200,
  };
}

const empty: Task[] = [];

export function useBoard(filters: TaskFilters) {
  const todo = useInfiniteQuery(tasksQuery(columnFilters("todo", filters)));
  const doing = useInfiniteQuery(tasksQuery(columnFilters("doing", filters)));
  const done = useInfiniteQuery(tasksQuery(columnFilters("done", filters)));
  const columns = useMemo<Columns>(() => {
    // A task that was just completed or begun is still in its old list until that is fetched again.
    const all = [...(todo.data ?? empty), ...(doing.data ?? empty), ...(done.data ?? empty)];
    const seen = new Set<string>();
    const out: Columns = { todo: [], doing: [], done: [] };
    for (const task of all) {
      if (seen.has(task.id)) continue;
      seen.add(task.id);
      out[task.status].push(task);
    }
    return out;
  }, [todo.data, doing.data, done.data]);
  const queries = [todo, doing, done];
  return {
    columns,
    pending: queries.some((q) => q.isPending),
    error: queries.find((q) => q.isError && !q.data)?.error ?? null,
    more: { todo, doing, done },
    retry: () => {
      for (const q of queries) void q.refetch();
    },
  };
}

/** Puts the card there at once, tells the server, and puts it back when that fails. */
export function useMove(filters: TaskFilters) {
  const client = useQueryClient();
  const report = useReport();
  return async (task: Task, next: Columns) => {
    const place = placeOf(next, task.id);
    if (!place) return;
    await client.cancelQueries({ queryKey: ["task", "list"] });
    const before = columnOrder.map((s) => [keys.taskList(columnFilters(s, filters)), s] as const);
    const kept = before.map(([key]) => client.getQueryData(key));
    for (const [key, status] of before) {
      client.setQueryData<InfiniteData<Page<Task>, string | null>>(key, (data) => {
        const first = data?.pages[0];
        return first
          ? {
              pages: [{ items: next[status], next_cursor: data.pages.at(-1)?.next_cursor ?? null }],
              pageParams: [null],
            }
          : data;
      });
    }
    try {
      const { data, undoId } = await inTurn(`/tasks/${task.id}`, () =>
        api.act<Task>(`/tasks/${task.id}/move`, { status: place.status, after: afterOf(next, task.id) }),
      );
      if (place.status === "done" && task.status !== "done")
        report.done(texts.tasks.completed(data?.title ?? task.title), undoId);
      else
        report.undoable(
          `task-${task.id}`,
          place.status === task.status
            ? texts.tasks.moved(task.title)
            : texts.tasks.movedTo(task.title, texts.tasks.statuses[place.status]),
          undoId,
        );
    } catch (error) {
      for (const [i, [key]] of before.entries()) client.setQueryData(key, kept[i]);
      report.failed(error);
    } finally {
      void client.invalidateQueries({ queryKey: keys.tasks });
      void client.invalidateQueries({ queryKey: keys.tickets });
    }
  };
}
