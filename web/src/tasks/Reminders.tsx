import { useQueryClient } from "@tanstack/react-query";
import { X } from "lucide-react";
import type { ReactNode } from "react";
import { api } from "@/api/client";
import { keys } from "@/api/query";
import { useReport } from "@/api/report";
import type { Reminder, Task } from "@/api/types";
import { texts } from "@/texts";
import { useClock } from "@/time/clock";
import { exact, relative } from "@/time/relative";
import { addDays, dateIn } from "@/time/zone";
import { cx } from "@/ui/classes";
import { Picker } from "@/ui/Picker";

const leads = [0, 10, 30, 60, 120, 1440];

/** A reminder is set before a due time, or at nine on a day when there is only a date. */
export function reminderChoices(task: Pick<Task, "due">, today: string): { value: string; label: string }[] {
  if (task.due?.time)
    return leads.map((m) => ({ value: `before:${m}`, label: texts.tasks.reminderBefore(m) }));
  const day = task.due?.date ?? addDays(today, 1);
  const days = [
    { date: day, label: task.due ? texts.tasks.reminderOnDay : texts.tasks.reminderTomorrow },
    { date: addDays(day, -1), label: texts.tasks.reminderDayBefore },
  ];
  return days
    .filter((d) => d.date >= today && (task.due || d.date === day))
    .map((d) => ({ value: `at:${d.date}T09:00`, label: d.label }));
}

function reminderText(r: Reminder, now: Date, zone: string): string {
  if (typeof r.before_minutes === "number") return texts.tasks.reminderBefore(r.before_minutes);
  return relative(new Date(r.due_at), now, zone);
}

export function Reminders({ task, icon }: { task: Task; icon: ReactNode }) {
  const client = useQueryClient();
  const report = useReport();
  const { now, zone } = useClock();
  const refresh = () => client.invalidateQueries({ queryKey: keys.tasks });
  const add = async (value: string) => {
    const [kind = "", ...rest] = value.split(":");
    const body = kind === "before" ? { before_minutes: Number(rest[0]) } : { at: rest.join(":") };
    try {
      const { undoId } = await api.create<Reminder>(`/tasks/${task.id}/reminders`, body);
      report.undoable(`reminder-${task.id}`, texts.tasks.reminderSet, undoId);
    } catch (error) {
      report.failed(error);
    }
    await refresh();
  };
  const remove = async (id: string) => {
    try {
      const { undoId } = await api.remove(`/tasks/${task.id}/reminders/${id}`);
      report.undoable(`reminder-${task.id}`, texts.tasks.reminderRemoved, undoId);
    } catch (error) {
      report.failed(error);
    }
    await refresh();
  };
  const shown = task.reminders.filter((r) => r.state !== "cancelled");
  return (
    <div className="flex min-w-0 flex-1 flex-col">
      {shown.map((r) => (
        <div key={r.id} className="group/reminder flex min-h-8 items-center gap-2">
          {icon}
          <span
            className={cx("min-w-0 truncate", r.state === "fired" && "text-ink-3")}
            title={exact(new Date(r.due_at), zone)}
          >
            {reminderText(r, now, zone)}
            {r.state === "fired" ? `, ${texts.tasks.reminderFired}` : ""}
          </span>
          {r.state === "pending" ? (
            <button
              type="button"
              aria-label={texts.tasks.reminderRemove}
              onClick={() => void remove(r.id)}
              className="press flex size-5 items-center justify-center rounded-4 text-ink-3 hover:bg-hover hover:text-ink"
            >
              <X size={12} />
            </button>
          ) : null}
        </div>
      ))}
      <Picker
        label={texts.tasks.reminderAdd}
        choices={reminderChoices(task, dateIn(zone, now))}
        selected={[]}
        onPick={(v) => void add(v)}
        trigger={
          <button
            type="button"
            className="press -mx-2 flex min-h-8 items-center gap-2 self-start rounded-6 px-2 text-ink-3 hover:bg-hover"
          >
            {shown.length ? null : icon}
            {texts.tasks.reminderAdd}
          </button>
        }
      />
    </div>
  );
}
