import { useQuery } from "@tanstack/react-query";
import {
  BellRing,
  CalendarDays,
  Folder,
  Plus,
  Repeat as RepeatIcon,
  Tag as TagIcon,
  User,
} from "lucide-react";
import type { ReactNode, Ref } from "react";
import type { Priority, Task } from "@/api/types";
import { useMay, useMe } from "@/session/me";
import { texts } from "@/texts";
import { useClock } from "@/time/clock";
import { dateIn } from "@/time/zone";
import { Avatar } from "@/ui/Avatar";
import { cx } from "@/ui/classes";
import { Segmented } from "@/ui/Field";
import { Property } from "@/ui/InlineField";
import { type Choice, Picker } from "@/ui/Picker";
import { LabelTag, Swatch } from "@/ui/Tag";
import type { TaskChanges } from "./changes";
import { DuePicker } from "./DuePicker";
import { labelsQuery, membersQuery, projectsQuery } from "./queries";
import { Reminders } from "./Reminders";
import { type Repeat, repeatOf, ruleFor, ruleText } from "./recurrence";
import { DueText, PriorityIcon } from "./TaskMeta";

function Value({
  label,
  empty,
  children,
  ref,
  ...rest
}: {
  /** What the value is of: the eye reads it beside, the ear needs it here. */
  label: string;
  empty?: boolean;
  children: ReactNode;
  ref?: Ref<HTMLButtonElement>;
} & React.ButtonHTMLAttributes<HTMLButtonElement>) {
  return (
    <button
      ref={ref}
      type="button"
      {...rest}
      className={cx(
        "press -mx-2 flex min-h-8 max-w-[calc(100%+16px)] items-center gap-2 rounded-6 px-2 text-left whitespace-nowrap hover:bg-hover data-[state=open]:bg-hover",
        empty && "text-ink-3",
      )}
    >
      <span className="sr-only">{label}: </span>
      {children}
    </button>
  );
}

/** Everything about a task that is chosen rather than written. */
export function Properties({ task, changes }: { task: Task; changes: TaskChanges }) {
  const may = useMay();
  const { member: me } = useMe();
  const { now, zone } = useClock();
  const members = useQuery(membersQuery);
  const projects = useQuery(projectsQuery);
  const labels = useQuery(labelsQuery);
  const today = dateIn(zone, now);

  const people: Choice[] = (members.data ?? [])
    .filter((m) => m.state === "active" || m.id === task.assignee?.id)
    .map((m) => ({
      value: m.id,
      label: m.id === me.id ? `${m.name} (${texts.common.you})` : m.name,
      icon: <Avatar name={m.name} size={20} />,
    }));
  const projectChoices: Choice[] = (projects.data ?? []).map((p) => ({
    value: p.id,
    label: p.name,
    icon: <Swatch color={p.color} />,
  }));
  const labelChoices: Choice[] = [
    ...new Set([...(labels.data ?? []).map((l) => l.name), ...task.labels]),
  ].map((l) => ({
    value: l,
    label: l,
  }));
  const priorityChoices: Choice[] = [
    ...([1, 2, 3, 4] as Priority[]).map((p) => ({
      value: String(p),
      label: texts.tasks.priorities[p] ?? "",
      icon: <PriorityIcon priority={p} />,
    })),
    { value: "0", label: texts.tasks.noPriority, icon: <PriorityIcon priority={null} /> },
  ];
  const repeats = Object.entries(texts.tasks.repeats).map(([value, label]) => ({ value, label }));
  const setLabels = (next: string[]) => void changes.write(task, { labels: next }, { labels: next });
  const setRepeat = (repeat: Repeat) => {
    const date = task.due?.date ?? today;
    const rule = ruleFor(repeat, date);
    const recurrence = rule ? { rule, from: task.recurrence?.from ?? ("schedule" as const) } : null;
    void changes.write(task, { recurrence, ...(rule && !task.due ? { due: { date } } : {}) }, { recurrence });
  };

  if (!may.write) return <ReadOnly task={task} />;
  return (
    <div>
      <Property label={texts.tasks.status}>
        <Segmented
          label={texts.tasks.status}
          size="sm"
          value={task.status}
          options={(["todo", "doing", "done"] as const).map((s) => ({
            value: s,
            label: texts.tasks.statuses[s],
          }))}
          onChange={(status) => {
            if (status === "done" || task.status === "done") void changes.toggle(task);
            else void changes.write(task, { status }, { status });
          }}
        />
      </Property>
      <Property label={texts.tasks.due}>
        <DuePicker
          due={task.due}
          onChange={(due) =>
            void changes.write(task, { due }, { due, due_at: due?.time ? task.due_at : null })
          }
          trigger={
            <Value label={texts.tasks.due} empty={!task.due}>
              <CalendarDays size={14} className="text-ink-3" aria-hidden />
              {task.due ? <DueText task={task} /> : texts.tasks.dueAdd}
            </Value>
          }
        />
      </Property>
      <Property label={texts.tasks.repeat}>
        <div className="flex flex-wrap items-center gap-x-2">
          <Picker
            label={texts.tasks.repeat}
            choices={repeats}
            selected={[repeatOf(task.recurrence) ?? ""]}
            onPick={(v) => setRepeat(v as Repeat)}
            trigger={
              <Value label={texts.tasks.repeat} empty={!task.recurrence}>
                <RepeatIcon size={14} className="text-ink-3" aria-hidden />
                {task.recurrence ? ruleText(task.recurrence) : texts.tasks.repeats.none}
              </Value>
            }
          />
          {task.recurrence ? (
            <Picker
              label={texts.tasks.repeat}
              choices={Object.entries(texts.tasks.repeatFrom).map(([value, label]) => ({ value, label }))}
              selected={[task.recurrence.from]}
              onPick={(v) => {
                if (!task.recurrence) return;
                const recurrence = { ...task.recurrence, from: v as "schedule" | "completion" };
                void changes.write(task, { recurrence }, { recurrence });
              }}
              trigger={
                <Value label={texts.tasks.repeat} empty>
                  {texts.tasks.repeatFrom[task.recurrence.from]}
                </Value>
              }
            />
          ) : null}
        </div>
      </Property>
      <Property label={texts.tasks.reminders}>
        <Reminders task={task} icon={<BellRing size={14} className="text-ink-3" aria-hidden />} />
      </Property>
      <Property label={texts.tasks.assignee}>
        <Picker
          label={texts.tasks.assignee}
          choices={people}
          selected={task.assignee ? [task.assignee.id] : []}
          onPick={(id) => {
            const next = id === task.assignee?.id ? null : (members.data?.find((m) => m.id === id) ?? null);
            void changes.write(
              task,
              { assignee: next?.id ?? null },
              { assignee: next ? { id: next.id, name: next.name } : null },
            );
          }}
          trigger={
            <Value label={texts.tasks.assignee} empty={!task.assignee}>
              {task.assignee ? (
                <Avatar name={task.assignee.name} size={20} />
              ) : (
                <User size={14} className="text-ink-3" aria-hidden />
              )}
              {task.assignee?.name ?? texts.tasks.assigneeAdd}
            </Value>
          }
        />
      </Property>
      <Property label={texts.tasks.priority}>
        <Picker
          label={texts.tasks.priority}
          choices={priorityChoices}
          selected={[String(task.priority ?? 0)]}
          onPick={(v) => {
            const priority = v === "0" ? null : (Number(v) as Priority);
            void changes.write(task, { priority }, { priority });
          }}
          trigger={
            <Value label={texts.tasks.priority} empty={!task.priority}>
              <PriorityIcon priority={task.priority} />
              {task.priority ? texts.tasks.priorities[task.priority] : texts.tasks.noPriority}
            </Value>
          }
        />
      </Property>
      <Property label={texts.tasks.project}>
        <Picker
          label={texts.tasks.project}
          choices={projectChoices}
          selected={task.project ? [task.project.id] : []}
          onPick={(id) => {
            const next = id === task.project?.id ? null : (projects.data?.find((p) => p.id === id) ?? null);
            void changes.write(
              task,
              { project: next?.id ?? null },
              { project: next ? { id: next.id, name: next.name, color: next.color } : null },
            );
          }}
          onCreate={{
            label: texts.tasks.projectNew,
            run: (name) => void changes.write(task, { project: name }, {}),
          }}
          trigger={
            <Value label={texts.tasks.project} empty={!task.project}>
              {task.project ? (
                <Swatch color={task.project.color} />
              ) : (
                <Folder size={14} className="text-ink-3" aria-hidden />
              )}
              <span className="truncate">{task.project?.name ?? texts.tasks.projectAdd}</span>
            </Value>
          }
        />
      </Property>
      <Property label={texts.tasks.labels}>
        <div className="flex flex-wrap items-center gap-1">
          {task.labels.map((l) => (
            <LabelTag key={l} label={l} onRemove={() => setLabels(task.labels.filter((x) => x !== l))} />
          ))}
          <Picker
            label={texts.tasks.labels}
            multiple
            choices={labelChoices}
            selected={task.labels}
            onPick={(l) =>
              setLabels(task.labels.includes(l) ? task.labels.filter((x) => x !== l) : [...task.labels, l])
            }
            onCreate={{ label: texts.tasks.labelNew, run: (l) => setLabels([...task.labels, l]) }}
            trigger={
              task.labels.length ? (
                <button
                  type="button"
                  aria-label={texts.tasks.labelsAdd}
                  className="press flex size-6 items-center justify-center rounded-4 text-ink-3 hover:bg-hover"
                >
                  <Plus size={14} />
                </button>
              ) : (
                <Value label={texts.tasks.labels} empty>
                  <TagIcon size={14} className="text-ink-3" aria-hidden />
                  {texts.tasks.labelsAdd}
                </Value>
              )
            }
          />
        </div>
      </Property>
    </div>
  );
}

function ReadOnly({ task }: { task: Task }) {
  return (
    <div>
      <Property label={texts.tasks.status}>{texts.tasks.statuses[task.status]}</Property>
      {task.due ? (
        <Property label={texts.tasks.due}>
          <DueText task={task} />
        </Property>
      ) : null}
      {task.recurrence ? <Property label={texts.tasks.repeat}>{ruleText(task.recurrence)}</Property> : null}
      {task.assignee ? <Property label={texts.tasks.assignee}>{task.assignee.name}</Property> : null}
      {task.priority ? (
        <Property label={texts.tasks.priority}>{texts.tasks.priorities[task.priority]}</Property>
      ) : null}
      {task.project ? <Property label={texts.tasks.project}>{task.project.name}</Property> : null}
      {task.labels.length ? <Property label={texts.tasks.labels}>{task.labels.join(", ")}</Property> : null}
    </div>
  );
}
