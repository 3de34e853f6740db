import { useCallback, useEffect, useRef, useState } from "react";
import { Conflict } from "./save";

export type SaveState = "clean" | "dirty" | "saving" | "saved" | "failed" | "conflict";

/**
 * A field that saves itself: a moment after the last key, when it is left, and when it goes away. While it
 * holds unsaved words, what arrives from elsewhere waits; a conflict keeps both until one is chosen.
 */
export function useAutosave({
  value,
  save,
  delayMs = 700,
  valid = () => true,
}: {
  value: string;
  save: (text: string) => Promise<unknown>;
  delayMs?: number;
  valid?: (text: string) => boolean;
}) {
  const [draft, setDraft] = useState(value);
  const [state, setState] = useState<SaveState>("clean");
  const [error, setError] = useState<unknown>(null);
  const latest = useRef({ draft, value, save, state, valid });
  latest.current = { draft, value, save, state, valid };
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  /** What stood on the server when the typing began; if that is no longer so, it is a conflict. */
  const base = useRef(value);

  // What the server says is shown as long as nothing typed here is in the way.
  useEffect(() => {
    const { state, draft } = latest.current;
    if (state === "clean" || state === "saved") {
      base.current = value;
      setDraft(value);
    } else if (value.trim() === base.current.trim() || value.trim() === draft.trim()) {
      base.current = value;
    }
  }, [value]);

  const write = useCallback(async (text: string) => {
    clearTimeout(timer.current);
    if (latest.current.value !== base.current) {
      latest.current.state = "conflict";
      setState("conflict");
      return;
    }
    setState("saving");
    latest.current.state = "saving";
    setError(null);
    try {
      await latest.current.save(text);
      base.current = text;
      const next = latest.current.draft === text ? "saved" : "dirty";
      latest.current.state = next;
      setState(next);
    } catch (cause) {
      const next = cause instanceof Conflict ? "conflict" : "failed";
      latest.current.state = next;
      setState(next);
      setError(cause);
    }
  }, []);

  const flush = useCallback(() => {
    const now = latest.current;
    if (now.state !== "dirty" && now.state !== "failed") return;
    if (now.draft === now.value) {
      setState("clean");
      return;
    }
    if (now.valid(now.draft)) void write(now.draft);
    else {
      setDraft(now.value);
      setState("clean");
    }
  }, [write]);

  const change = useCallback(
    (text: string) => {
      setDraft(text);
      latest.current.draft = text;
      if (latest.current.state === "conflict") return;
      latest.current.state = "dirty";
      setState("dirty");
      clearTimeout(timer.current);
      timer.current = setTimeout(() => {
        if (latest.current.valid(latest.current.draft)) flush();
      }, delayMs);
    },
    [delayMs, flush],
  );

  useEffect(() => () => flush(), [flush]);

  const takeTheirs = () => {
    base.current = latest.current.value;
    setDraft(latest.current.value);
    setState("clean");
    setError(null);
  };
  const keepMine = () => {
    base.current = latest.current.value;
    void write(latest.current.draft);
  };
  return { draft, change, flush, state, error, keepMine, takeTheirs };
}
