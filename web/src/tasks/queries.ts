import { type InfiniteData, infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api } from "@/api/client";
import { flat, keys } from "@/api/query";
import type { Comment, HistoryEntry, Label, Member, Page, Project, Task } from "@/api/types";
import type { TaskFilters } from "./filters";

export type TaskPages = InfiniteData<Page<Task>, string | null>;

export const tasksQuery = (filters: Record<string, string | number | undefined>) =>
  infiniteQueryOptions({
    queryKey: keys.taskList(filters),
    queryFn: ({ pageParam, signal }) =>
      api.get<Page<Task>>("/tasks", { limit: 100, ...filters, cursor: pageParam }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next_cursor,
    select: (data) => flat<Task>(data),
  });

export function listFilters(f: TaskFilters) {
  const { show = "open", ...rest } = f;
  return { ...rest, status: show, sort: show === "done" ? "completed" : "due" };
}

export const taskQuery = (id: string) =>
  queryOptions({
    queryKey: keys.task(id),
    queryFn: ({ signal }) => api.get<Task>(`/tasks/${id}`, undefined, signal),
  });

export const subtasksQuery = (id: string) =>
  queryOptions({
    queryKey: keys.taskPart(id, "subtasks"),
    queryFn: async ({ signal }) =>
      (await api.get<Page<Task>>(`/tasks/${id}/subtasks`, undefined, signal)).items,
  });

export const commentsQuery = (id: string) =>
  queryOptions({
    queryKey: keys.taskPart(id, "comments"),
    queryFn: async ({ signal }) =>
      (await api.get<Page<Comment>>(`/tasks/${id}/comments`, undefined, signal)).items,
  });

export const taskHistoryQuery = (id: string) =>
  queryOptions({
    queryKey: keys.taskPart(id, "history"),
    queryFn: async ({ signal }) =>
      (await api.get<Page<HistoryEntry>>(`/tasks/${id}/history`, undefined, signal)).items,
  });

export const ticketTasksQuery = (ticketId: string) =>
  queryOptions({
    queryKey: ["task", "of-ticket", ticketId],
    queryFn: async ({ signal }) =>
      (await api.get<Page<Task>>("/tasks", { ticket: ticketId, status: "all", limit: 100 }, signal)).items,
  });

export const projectsQuery = queryOptions({
  queryKey: keys.projects,
  queryFn: async ({ signal }) => (await api.get<Page<Project>>("/projects", { limit: 200 }, signal)).items,
});

export const labelsQuery = queryOptions({
  queryKey: keys.labels,
  queryFn: async ({ signal }) => (await api.get<{ items: Label[] }>("/labels", undefined, signal)).items,
});

export const membersQuery = queryOptions({
  queryKey: keys.members,
  queryFn: async ({ signal }) => (await api.get<Page<Member>>("/members", { limit: 200 }, signal)).items,
});
