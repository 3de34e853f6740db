import { useQueryClient } from "@tanstack/react-query";
import { createContext, type ReactNode, useContext, useEffect, useMemo, useRef, useState } from "react";
import type { LiveEvent } from "@/api/types";
import { applyAtOnce, doubtful, Refresher } from "./patch";
import { LiveSocket, type LiveState } from "./socket";

type Listener = (event: LiveEvent) => void;
type Live = { state: LiveState; degraded: string[]; listen: (listener: Listener) => () => void };

const LiveContext = createContext<Live>({ state: "connecting", degraded: [], listen: () => () => {} });

export function LiveProvider({ onSignedOut, children }: { onSignedOut: () => void; children: ReactNode }) {
  const client = useQueryClient();
  const [state, setState] = useState<LiveState>("connecting");
  const [degraded, setDegraded] = useState<string[]>([]);
  const listeners = useRef(new Set<Listener>());
  const signedOut = useRef(onSignedOut);
  signedOut.current = onSignedOut;

  useEffect(() => {
    const refresher = new Refresher(client);
    const scheme = window.location.protocol === "https:" ? "wss" : "ws";
    const socket = new LiveSocket(`${scheme}://${window.location.host}/api/v1/live`, {
      event: (event) => {
        applyAtOnce(client, event);
        refresher.add(doubtful(event));
        for (const listener of listeners.current) listener(event);
      },
      resync: () => void client.invalidateQueries(),
      signedOut: () => signedOut.current(),
      // Each ping tells; only what is new is a reason to draw.
      degraded: (now) => setDegraded((before) => (before.join() === now.join() ? before : now)),
      state: setState,
    });
    socket.start();
    return () => socket.stop();
  }, [client]);

  const value = useMemo<Live>(
    () => ({
      state,
      degraded,
      listen: (listener) => {
        listeners.current.add(listener);
        return () => listeners.current.delete(listener);
      },
    }),
    [state, degraded],
  );
  return <LiveContext.Provider value={value}>{children}</LiveContext.Provider>;
}

export function useLiveState(): LiveState {
  return useContext(LiveContext).state;
}

/** What is away that the desk can do without for a while. */
export function useDegraded(): string[] {
  return useContext(LiveContext).degraded;
}

/** Hears every event. The listener may change from render to render. */
export function useLiveEvents(listener: Listener): void {
  const { listen } = useContext(LiveContext);
  const latest = useRef(listener);
  latest.current = listener;
  useEffect(() => listen((event) => latest.current(event)), [listen]);
}
