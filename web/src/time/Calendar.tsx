import { ChevronLeft, ChevronRight } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { texts } from "@/texts";
import { IconButton } from "@/ui/Button";
import { cx } from "@/ui/classes";
import { addDays, format, isoWeekday } from "./zone";

function monthStart(date: string): string {
  return `${date.slice(0, 7)}-01`;
}

function addMonths(date: string, months: number): string {
  const d = new Date(`${monthStart(date)}T00:00:00Z`);
  d.setUTCMonth(d.getUTCMonth() + months);
  return d.toISOString().slice(0, 10);
}

const asDate = (date: string) => new Date(`${date}T00:00:00Z`);

/** A month to pick a day from: arrows walk days, Page Up and Down months. */
export function Calendar({
  value,
  today,
  onPick,
}: {
  value: string | null;
  today: string;
  onPick: (date: string) => void;
}) {
  const [at, setAt] = useState(value ?? today);
  const grid = useRef<HTMLDivElement>(null);
  const moved = useRef(false);
  const start = addDays(monthStart(at), 1 - isoWeekday(monthStart(at)));
  const days = Array.from({ length: 42 }, (_, i) => addDays(start, i));

  useEffect(() => {
    if (moved.current) grid.current?.querySelector<HTMLElement>(`[data-date="${at}"]`)?.focus();
  }, [at]);

  const onKeyDown = (event: React.KeyboardEvent) => {
    const steps: Record<string, string> = {
      ArrowLeft: addDays(at, -1),
      ArrowRight: addDays(at, 1),
      ArrowUp: addDays(at, -7),
      ArrowDown: addDays(at, 7),
      PageUp: addMonths(at, -1),
      PageDown: addMonths(at, 1),
    };
    const next = steps[event.key];
    if (!next) return;
    event.preventDefault();
    moved.current = true;
    setAt(next);
  };

  return (
    <div className="w-56">
      <div className="flex items-center justify-between pb-1">
        <span className="px-2 text-13 font-medium" aria-live="polite">
          {format("UTC", { month: "long", year: "numeric" }).format(asDate(at))}
        </span>
        <span className="flex">
          <IconButton size="sm" label={texts.time.previousMonth} onClick={() => setAt(addMonths(at, -1))}>
            <ChevronLeft size={14} />
          </IconButton>
          <IconButton size="sm" label={texts.time.nextMonth} onClick={() => setAt(addMonths(at, 1))}>
            <ChevronRight size={14} />
          </IconButton>
        </span>
      </div>
      <div className="grid grid-cols-7 text-center text-12 text-ink-3" aria-hidden>
        {days.slice(0, 7).map((d) => (
          <span key={d} className="h-6 leading-6">
            {format("UTC", { weekday: "narrow" }).format(asDate(d))}
          </span>
        ))}
      </div>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: the keys walk the days, which are buttons */}
      <div ref={grid} onKeyDown={onKeyDown} className="grid grid-cols-7">
        {days.map((d) => (
          <button
            key={d}
            type="button"
            data-date={d}
            tabIndex={d === at ? 0 : -1}
            aria-label={format("UTC", { dateStyle: "full" } as Intl.DateTimeFormatOptions).format(asDate(d))}
            aria-pressed={d === value}
            aria-current={d === today ? "date" : undefined}
            onClick={() => onPick(d)}
            className={cx(
              "press size-8 rounded-6 text-13",
              d === value
                ? "bg-accent font-semibold text-accent-ink"
                : d === today
                  ? "font-semibold text-accent-text hover:bg-hover"
                  : d.slice(0, 7) === at.slice(0, 7)
                    ? "hover:bg-hover"
                    : "text-ink-3 hover:bg-hover",
            )}
          >
            {Number(d.slice(8))}
          </button>
        ))}
      </div>
    </div>
  );
}
