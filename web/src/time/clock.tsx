import { createContext, type ReactNode, useContext, useEffect, useState } from "react";
import { exact, relative } from "./relative";
import { browserZone } from "./zone";

const ClockContext = createContext<{ now: Date; zone: string }>({ now: new Date(), zone: browserZone() });

/** Ticks twice a minute, so that "2 minutes ago" stays true, and carries the reader's zone. */
export function ClockProvider({ zone, children }: { zone: string; children: ReactNode }) {
  const [now, setNow] = useState(() => new Date());
  useEffect(() => {
    const timer = setInterval(() => setNow(new Date()), 30_000);
    return () => clearInterval(timer);
  }, []);
  return <ClockContext.Provider value={{ now, zone }}>{children}</ClockContext.Provider>;
}

export function useClock(): { now: Date; zone: string } {
  return useContext(ClockContext);
}

/** A moment in relative words; the exact one shows on hover. */
export function When({ at, className }: { at: string; className?: string }) {
  const { now, zone } = useClock();
  const instant = new Date(at);
  return (
    <time dateTime={at} title={exact(instant, zone)} className={className}>
      {relative(instant, now, zone)}
    </time>
  );
}
