import { type QueryClient, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useMemo } from "react";
import { type Answer, api } from "@/api/client";
import { keys, patchPages } from "@/api/query";
import { useReport } from "@/api/report";
import { Conflict, inTurn, saveFields } from "@/api/save";
import type { Task, TaskNew, TaskWrite } from "@/api/types";
import { outbox } from "@/inbox/outbox";
import { conversationQuery } from "@/inbox/queries";
import { texts } from "@/texts";
import { useClock } from "@/time/clock";
import { dueText } from "@/time/relative";
import type { TaskPages } from "./queries";

/** Shows a change of a task everywhere at once. Answers how to take it back. */
export function showTask(client: QueryClient, id: string, change: (task: Task) => Task): () => void {
  const before = client.getQueriesData({ queryKey: keys.tasks });
  for (const [key, data] of before) {
    if (!data) continue;
    if (Array.isArray(data)) {
      if ((data as Task[]).some((t) => t?.id === id && "title" in t))
        client.setQueryData(
          key,
          (data as Task[]).map((t) => (t.id === id ? change(t) : t)),
        );
    } else if (typeof data === "object" && "pages" in data) {
      client.setQueryData(key, patchPages(data as TaskPages, id, change));
    } else if (typeof data === "object" && (data as Task).id === id) {
      client.setQueryData(key, change(data as Task));
    }
  }
  return () => {
    for (const [key, data] of before) client.setQueryData(key, data);
  };
}

function refresh(client: QueryClient): void {
  void client.invalidateQueries({ queryKey: keys.tasks });
  void client.invalidateQueries({ queryKey: keys.projects });
  void client.invalidateQueries({ queryKey: keys.labels });
  void client.invalidateQueries({ queryKey: keys.tickets });
}

/** Everything that can be done to a task, each optimistic and each with its way back. */
export function useTaskChanges() {
  const client = useQueryClient();
  const report = useReport();
  const navigate = useNavigate();
  const { now, zone } = useClock();

  return useMemo(() => {
    /** Shows, sends, and takes back what did not work. */
    async function run(
      task: Task,
      show: (task: Task) => Task,
      send: () => Promise<Answer<Task | undefined>>,
      onDone: (answer: Answer<Task | undefined>) => void | Promise<void>,
      again: () => void,
    ): Promise<void> {
      await client.cancelQueries({ queryKey: keys.tasks });
      const takeBack = showTask(client, task.id, show);
      try {
        const answer = await inTurn(`/tasks/${task.id}`, send);
        if (answer.data) {
          const fresh = answer.data;
          showTask(client, task.id, () => fresh);
        }
        void onDone(answer);
      } catch (error) {
        takeBack();
        report.failed(error, again);
      } finally {
        refresh(client);
      }
    }

    const toggle = (task: Task): Promise<void> => {
      if (task.status === "done") {
        return run(
          task,
          (t) => ({ ...t, status: "todo", completed_at: null }),
          () => api.act<Task>(`/tasks/${task.id}/reopen`),
          ({ undoId }) => report.done(texts.tasks.reopened(task.title), undoId),
          () => void toggle(task),
        );
      }
      return run(
        task,
        (t) => ({ ...t, status: "done", completed_at: new Date().toISOString() }),
        () => api.act<Task>(`/tasks/${task.id}/complete`),
        async ({ data, undoId }) => {
          const ticket = data?.ticket ?? task.ticket;
          const contact = ticket
            ? await client
                .ensureQueryData(conversationQuery(ticket.conversation_id))
                .then((c) => c.contact.name || texts.contact.anonymous)
                .catch(() => texts.contact.anonymous)
            : "";
          const moved = data && data.status !== "done" && data.due;
          report.done(
            moved
              ? texts.tasks.completedNext(task.title, dueText(data, now, zone))
              : texts.tasks.completed(task.title),
            undoId,
            ticket
              ? {
                  detail: texts.tasks.replyOffer,
                  stay: 15_000,
                  actions: [
                    {
                      label: texts.tasks.replyTo(contact),
                      primary: true,
                      run: () => {
                        if (!outbox.draft(ticket.conversation_id))
                          outbox.keepDraft(
                            ticket.conversation_id,
                            texts.inbox.draftFromTask(contact, task.title),
                          );
                        void navigate({
                          to: "/inbox/$conversationId",
                          params: { conversationId: ticket.conversation_id },
                          search: { tab: "mine" },
                        });
                      },
                    },
                  ],
                }
              : undefined,
          );
        },
        () => void toggle(task),
      );
    };

    const remove = (task: Task, then?: () => void): Promise<void> => {
      then?.();
      return run(
        task,
        (t) => t,
        () => api.remove(`/tasks/${task.id}`),
        ({ undoId }) => {
          client.removeQueries({ queryKey: keys.task(task.id) });
          report.done(texts.tasks.deleted(task.title), undoId);
        },
        () => void remove(task),
      );
    };

    const snooze = (
      task: { id: string; title?: string },
      until: { date: string; time?: string },
      when: string,
    ) =>
      inTurn(`/tasks/${task.id}`, () => api.act<Task>(`/tasks/${task.id}/snooze`, { until }))
        .then(({ undoId }) => report.done(texts.tasks.snoozed(when), undoId))
        .catch((error) => report.failed(error))
        .finally(() => refresh(client));

    /** Writes fields under the version that was seen. `show` is the same change in the shape that is read. */
    const write = async (task: Task, change: TaskWrite, show: Partial<Task>): Promise<void> => {
      await client.cancelQueries({ queryKey: keys.tasks });
      const takeBack = showTask(client, task.id, (t) => ({ ...t, ...show, version: t.version }));
      try {
        const { data, undoId } = await saveFields<Task>(
          client,
          keys.task(task.id),
          `/tasks/${task.id}`,
          task,
          change,
        );
        showTask(client, task.id, () => data);
        report.undoable(`task-${task.id}`, texts.tasks.changed(data.title), undoId);
      } catch (error) {
        takeBack();
        if (error instanceof Conflict) {
          const theirs = error.theirs as Task;
          showTask(client, task.id, () => theirs);
          report.failed(new Error(texts.errors.conflict), () => void write(theirs, change, show));
        } else report.failed(error, () => void write(task, change, show));
      } finally {
        refresh(client);
      }
    };

    /** For fields that save themselves: the conflict stays with the field. */
    const writeText = async (task: Task, change: TaskWrite): Promise<void> => {
      const { data, undoId } = await saveFields<Task>(
        client,
        keys.task(task.id),
        `/tasks/${task.id}`,
        task,
        change,
      );
      showTask(client, task.id, () => data);
      report.undoable(`task-${task.id}`, texts.tasks.changed(data.title), undoId);
      refresh(client);
    };

    const create = async (body: TaskNew): Promise<Task | null> => {
      try {
        const { data, undoId } = await api.create<Task>("/tasks", body);
        // A subtask stands there already; only the way back is worth saying.
        if (body.parent) report.undoable(`subtask-${body.parent}`, texts.tasks.created1(data.title), undoId);
        else report.done(texts.tasks.created1(data.title), undoId);
        return data;
      } catch (error) {
        report.failed(error);
        return null;
      } finally {
        refresh(client);
      }
    };

    return { toggle, remove, snooze, write, writeText, create };
  }, [client, report, navigate, now, zone]);
}

export type TaskChanges = ReturnType<typeof useTaskChanges>;
