import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { ChevronDown, CircleDot, Folder, SignalHigh, Tag as TagIcon, User, X } from "lucide-react";
import type { ReactNode } from "react";
import type { Priority } from "@/api/types";
import { useMe } from "@/session/me";
import { changed } from "@/shell/address";
import { texts } from "@/texts";
import { Avatar } from "@/ui/Avatar";
import { cx } from "@/ui/classes";
import { type Choice, Picker } from "@/ui/Picker";
import { Swatch } from "@/ui/Tag";
import { anyFilter, readFilters, type TaskFilters } from "./filters";
import { labelsQuery, membersQuery, projectsQuery } from "./queries";
import { PriorityIcon } from "./TaskMeta";

/** The quick filters of list and board. They live in the address, so a view can be passed on. */
export function FilterBar({ withShow, children }: { withShow?: boolean; children?: ReactNode }) {
  const search = useSearch({ strict: false });
  const filters = readFilters(search as Record<string, unknown>);
  const navigate = useNavigate();
  const { member: me } = useMe();
  const members = useQuery(membersQuery);
  const projects = useQuery(projectsQuery);
  const labels = useQuery(labelsQuery);
  const set = (change: Partial<TaskFilters>) =>
    void navigate({ to: ".", search: changed(change), replace: true });
  const toggle = <K extends keyof TaskFilters>(key: K, value: TaskFilters[K]) =>
    set({ [key]: filters[key] === value ? undefined : value });

  const people: Choice[] = [
    { value: "me", label: texts.common.me, icon: <Avatar name={me.name} size={20} /> },
    { value: "none", label: texts.tasks.unassigned, icon: <User size={14} /> },
    ...(members.data ?? [])
      .filter((m) => m.id !== me.id && m.state === "active")
      .map((m) => ({ value: m.id, label: m.name, icon: <Avatar name={m.name} size={20} /> })),
  ];
  const projectChoices: Choice[] = [
    { value: "none", label: texts.tasks.noProject, icon: <Folder size={14} /> },
    ...(projects.data ?? []).map((p) => ({
      value: p.id,
      label: p.name,
      icon: <Swatch color={p.color} />,
      hint: String(p.open_tasks),
    })),
  ];
  const labelChoices: Choice[] = (labels.data ?? []).map((l) => ({
    value: l.name,
    label: l.name,
    hint: String(l.open_tasks),
  }));
  const priorityChoices: Choice[] = ([1, 2, 3, 4] as Priority[]).map((p) => ({
    value: String(p),
    label: texts.tasks.priorities[p] ?? String(p),
    icon: <PriorityIcon priority={p} />,
  }));
  const shows: Choice[] = [
    { value: "open", label: texts.tasks.showOpen },
    { value: "done", label: texts.tasks.showDone },
    { value: "all", label: texts.tasks.showAll },
  ];
  const nameOf = (choices: Choice[], value: string | undefined) =>
    choices.find((c) => c.value === value)?.label;

  return (
    <div className="flex h-10 shrink-0 items-center gap-1 overflow-x-auto border-b border-line px-2">
      {withShow ? (
        <Filter
          icon={<CircleDot size={14} />}
          name={texts.tasks.filters.status}
          value={filters.show ? nameOf(shows, filters.show) : undefined}
          choices={shows}
          selected={[filters.show ?? "open"]}
          onPick={(v) => set({ show: v === "open" ? undefined : (v as TaskFilters["show"]) })}
          onClear={() => set({ show: undefined })}
        />
      ) : null}
      <Filter
        icon={<User size={14} />}
        name={texts.tasks.filters.assignee}
        value={nameOf(people, filters.assignee)}
        choices={people}
        selected={filters.assignee ? [filters.assignee] : []}
        onPick={(v) => toggle("assignee", v)}
        onClear={() => set({ assignee: undefined })}
      />
      <Filter
        icon={<Folder size={14} />}
        name={texts.tasks.filters.project}
        value={nameOf(projectChoices, filters.project)}
        choices={projectChoices}
        selected={filters.project ? [filters.project] : []}
        onPick={(v) => toggle("project", v)}
        onClear={() => set({ project: undefined })}
      />
      <Filter
        icon={<TagIcon size={14} />}
        name={texts.tasks.filters.label}
        value={filters.label}
        choices={labelChoices}
        selected={filters.label ? [filters.label] : []}
        onPick={(v) => toggle("label", v)}
        onClear={() => set({ label: undefined })}
      />
      <Filter
        icon={<SignalHigh size={14} />}
        name={texts.tasks.filters.priority}
        value={filters.priority ? texts.tasks.priorities[filters.priority] : undefined}
        choices={priorityChoices}
        selected={filters.priority ? [String(filters.priority)] : []}
        onPick={(v) => toggle("priority", Number(v))}
        onClear={() => set({ priority: undefined })}
      />
      {anyFilter(filters) || filters.show ? (
        <button
          type="button"
          onClick={() =>
            set({
              assignee: undefined,
              project: undefined,
              label: undefined,
              priority: undefined,
              q: undefined,
              show: undefined,
            })
          }
          className="press ml-1 h-6 shrink-0 rounded-4 px-2 text-12 text-ink-3 hover:text-ink"
        >
          {texts.common.clear}
        </button>
      ) : null}
      {children}
    </div>
  );
}

/** One quick filter: its name, or what it is set to with the way to clear it. */
export function Filter({
  icon,
  name,
  value,
  choices,
  selected,
  onPick,
  onClear,
}: {
  icon: ReactNode;
  name: string;
  value: string | undefined;
  choices: Choice[];
  selected: string[];
  onPick: (value: string) => void;
  onClear: () => void;
}) {
  const set = value !== undefined;
  return (
    <span className="flex shrink-0 items-center">
      <Picker
        label={name}
        choices={choices}
        selected={selected}
        onPick={onPick}
        trigger={
          <button
            type="button"
            className={cx(
              "press flex h-6 items-center gap-1.5 px-2 text-12 font-medium data-[state=open]:bg-pressed",
              set ? "rounded-l-4 bg-accent-soft text-accent-text" : "rounded-4 text-ink-2 hover:bg-hover",
            )}
          >
            <span className={set ? "" : "text-ink-3"}>{icon}</span>
            {value ?? name}
            {set ? null : <ChevronDown size={12} className="text-ink-3" aria-hidden />}
          </button>
        }
      />
      {set ? (
        <button
          type="button"
          aria-label={`${texts.common.remove}: ${name}`}
          onClick={onClear}
          className="press flex h-6 w-6 items-center justify-center rounded-r-4 bg-accent-soft text-accent-text hover:bg-accent-line"
        >
          <X size={12} />
        </button>
      ) : null}
    </span>
  );
}
