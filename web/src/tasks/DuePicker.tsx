import { Popover } from "radix-ui";
import { type ReactNode, useState } from "react";
import type { Due } from "@/api/types";
import { texts } from "@/texts";
import { Calendar } from "@/time/Calendar";
import { useClock } from "@/time/clock";
import { parseTime } from "@/time/parse";
import { addDays, dateIn, dateText, isoWeekday } from "@/time/zone";
import { Button } from "@/ui/Button";

/** The days people mean most often. */
export function quickDays(today: string): { label: string; date: string }[] {
  const weekday = isoWeekday(today);
  const days = [
    { label: texts.time.today, date: today },
    { label: texts.time.tomorrow, date: addDays(today, 1) },
  ];
  if (weekday < 5) days.push({ label: texts.time.weekend, date: addDays(today, 6 - weekday) });
  days.push({ label: texts.time.nextWeek, date: addDays(today, 8 - weekday) });
  return days;
}

export function DuePicker({
  due,
  onChange,
  trigger,
}: {
  due: Due | null;
  onChange: (due: Due | null) => void;
  trigger: ReactNode;
}) {
  const [open, setOpen] = useState(false);
  return (
    <Popover.Root open={open} onOpenChange={setOpen}>
      <Popover.Trigger asChild>{trigger}</Popover.Trigger>
      <Popover.Portal>
        <Popover.Content
          align="start"
          sideOffset={4}
          collisionPadding={8}
          aria-label={texts.tasks.due}
          className="float-in z-50 rounded-8 bg-raised p-2 shadow-float outline-none"
        >
          <DuePanel due={due} onChange={onChange} onClose={() => setOpen(false)} />
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}

function DuePanel({
  due,
  onChange,
  onClose,
}: {
  due: Due | null;
  onChange: (due: Due | null) => void;
  onClose: () => void;
}) {
  const { now, zone } = useClock();
  const today = dateIn(zone, now);
  const [time, setTime] = useState(due?.time?.slice(0, 5) ?? "");
  const pick = (date: string) => {
    const at = parseTime(time);
    onChange(at ? { date, time: at } : { date });
    onClose();
  };
  const keepTime = (said: string) => {
    const next = parseTime(said);
    setTime(next ?? due?.time?.slice(0, 5) ?? "");
    if (next === null || !due || next === (due.time?.slice(0, 5) ?? "")) return;
    onChange(next ? { date: due.date, time: next } : { date: due.date });
  };
  return (
    <div className="flex flex-col gap-2">
      <div className="flex flex-col">
        {quickDays(today).map((q) => (
          <button
            key={q.label}
            type="button"
            onClick={() => pick(q.date)}
            className="press flex h-8 items-center justify-between rounded-6 px-2 text-13 hover:bg-hover"
          >
            {q.label}
            <span className="text-12 text-ink-3">{dateText(q.date, today)}</span>
          </button>
        ))}
      </div>
      <div className="border-t border-line pt-2">
        <Calendar value={due?.date ?? null} today={today} onPick={pick} />
      </div>
      <div className="flex items-center gap-2 border-t border-line pt-2">
        <label className="flex flex-1 items-center gap-2 px-2 text-13 text-ink-2">
          {texts.time.time}
          <input
            value={time}
            placeholder={texts.time.timeExample}
            size={6}
            autoComplete="off"
            onChange={(e) => setTime(e.target.value)}
            onBlur={() => keepTime(time)}
            onKeyDown={(e) => {
              if (e.key !== "Enter") return;
              keepTime(time);
              onClose();
            }}
            className="figures h-8 w-16 rounded-6 border border-line-strong bg-raised px-2 text-13 text-ink"
          />
        </label>
        {due ? (
          <Button
            look="quiet"
            onClick={() => {
              onChange(null);
              onClose();
            }}
          >
            {texts.time.noDate}
          </Button>
        ) : null}
      </div>
    </div>
  );
}
