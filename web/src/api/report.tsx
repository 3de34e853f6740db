import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useMemo } from "react";
import { texts } from "@/texts";
import { messageOf } from "@/ui/States";
import { type Toast, useToasts } from "@/ui/Toasts";
import { ApiError, api } from "./client";
import { changesWithRecords } from "./query";

export type Report = {
  /** Says what failed and that the page shows the former state again. */
  failed: (error: unknown, retry?: () => void) => void;
  /** Says what was done; with an undo id it can be taken back from there. */
  done: (text: string, undoId?: string | null, more?: Partial<Toast>) => void;
  /** For what the page shows by itself: says it only where it can be taken back. One toast for each thing. */
  undoable: (about: string, text: string, undoId: string | null | undefined) => void;
  undo: (undoId: string) => Promise<boolean>;
};

export function useReport(): Report {
  const { show } = useToasts();
  const client = useQueryClient();

  const failed = useCallback(
    (error: unknown, retry?: () => void) => {
      show({
        text: messageOf(error),
        detail: texts.errors.tookBack,
        tone: "error",
        actions: retry ? [{ label: texts.common.retry, run: retry }] : undefined,
      });
    },
    [show],
  );

  const undo = useCallback(
    async (undoId: string) => {
      try {
        const { data } = await api.act<{ text: string }>(`/undo/${undoId}`);
        show({ text: data?.text || texts.common.undone, stay: 4000 });
        return true;
      } catch (error) {
        const gone = error instanceof ApiError && error.code === "cannot_undo";
        show({ text: gone ? error.detail || texts.common.cannotUndo : messageOf(error), tone: "error" });
        return false;
      } finally {
        void client.invalidateQueries({ predicate: changesWithRecords });
      }
    },
    [client, show],
  );

  const done = useCallback(
    (text: string, undoId?: string | null, more?: Partial<Toast>) => {
      const actions = [...(more?.actions ?? [])];
      if (undoId) actions.push({ label: texts.common.undo, run: () => void undo(undoId), undo: true });
      show({ text, ...more, actions });
    },
    [show, undo],
  );

  const undoable = useCallback(
    (about: string, text: string, undoId: string | null | undefined) => {
      if (undoId) done(text, undoId, { about });
    },
    [done],
  );

  return useMemo(() => ({ failed, done, undoable, undo }), [failed, done, undoable, undo]);
}
