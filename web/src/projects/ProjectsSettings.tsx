import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Check, Folder, Plus, Trash2 } from "lucide-react";
import { Popover } from "radix-ui";
import { useState } from "react";
import { ApiError, api, keyFor, newKey } from "@/api/client";
import { keys } from "@/api/query";
import { useReport } from "@/api/report";
import { saveFields } from "@/api/save";
import type { Project } from "@/api/types";
import { projectsQuery } from "@/tasks/queries";
import { texts } from "@/texts";
import { Button, IconButton } from "@/ui/Button";
import { cx } from "@/ui/classes";
import { TextField } from "@/ui/Field";
import { InlineField } from "@/ui/InlineField";
import { Empty, Failed, messageOf, Problem, SkeletonRows } from "@/ui/States";
import { Swatch } from "@/ui/Tag";
import { projectColors } from "./colors";

/** The projects that tasks belong to: named, coloured and deleted here. */
export function ProjectsSettings() {
  const query = useQuery(projectsQuery);
  const [title, hint] = texts.projects.empty;
  return (
    <>
      <NewProject taken={(query.data ?? []).map((p) => p.color)} />
      {query.isPending ? (
        <SkeletonRows rows={4} />
      ) : !query.data ? (
        <Failed error={query.error} retry={() => void query.refetch()} />
      ) : query.data.length === 0 ? (
        <Empty icon={<Folder size={20} />} title={title} hint={hint} />
      ) : (
        <ul className="mt-5 rounded-12 border border-line">
          {query.data.map((p) => (
            <li key={p.id} className="border-b border-line last:border-0">
              <Row project={p} />
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

function useRefresh() {
  const client = useQueryClient();
  return () => {
    void client.invalidateQueries({ queryKey: keys.projects });
    void client.invalidateQueries({ queryKey: keys.tasks });
  };
}

function NewProject({ taken }: { taken: string[] }) {
  const [name, setName] = useState("");
  const [key, setKey] = useState(newKey);
  const report = useReport();
  const refresh = useRefresh();
  const color = projectColors.find((c) => !taken.includes(c)) ?? projectColors[0];
  const create = useMutation({
    mutationFn: (said: string) =>
      api.create<Project>("/projects", { name: said, color }, keyFor(key, said, color ?? "")),
    onSuccess: ({ data, undoId }) => {
      setName("");
      setKey(newKey());
      report.done(texts.projects.created(data.name), undoId);
    },
    onSettled: refresh,
  });
  const error = create.error instanceof ApiError ? create.error : null;
  return (
    <form
      onChange={() => create.isError && create.reset()}
      onSubmit={(e) => {
        e.preventDefault();
        if (name.trim()) create.mutate(name.trim());
      }}
    >
      <div className="flex items-start gap-2">
        <div className="min-w-0 flex-1">
          <TextField
            label={texts.projects.new}
            hideLabel
            placeholder={texts.projects.newHint}
            value={name}
            onChange={(e) => setName(e.target.value)}
            autoComplete="off"
            error={error?.field("name")}
          />
        </div>
        <Button type="submit" disabled={!name.trim() || create.isPending} className="mt-0.5">
          <Plus size={14} />
          {texts.projects.new}
        </Button>
      </div>
      {create.error && !error?.errors.length ? (
        <div className="mt-2">
          <Problem>{messageOf(create.error)}</Problem>
        </div>
      ) : null}
    </form>
  );
}

function Row({ project: p }: { project: Project }) {
  const client = useQueryClient();
  const report = useReport();
  const refresh = useRefresh();
  const save = async (change: { name?: string; color?: string }) => {
    const { data, undoId } = await saveFields<Project>(
      client,
      [...keys.projects, p.id],
      `/projects/${p.id}`,
      p,
      change,
    );
    client.setQueryData<Project[]>(keys.projects, (all) =>
      all?.map((x) => (x.id === p.id ? { ...x, ...data } : x)),
    );
    report.undoable(`project-${p.id}`, texts.projects.changed(data.name), undoId);
    refresh();
  };
  const remove = useMutation({
    mutationFn: () => api.remove(`/projects/${p.id}`),
    onMutate: () => {
      const before = client.getQueryData<Project[]>(keys.projects);
      client.setQueryData<Project[]>(keys.projects, (all) => all?.filter((x) => x.id !== p.id));
      return { before };
    },
    onSuccess: ({ undoId }) => report.done(texts.projects.deleted(p.name), undoId),
    onError: (error, _nothing, context) => {
      client.setQueryData(keys.projects, context?.before);
      report.failed(error);
    },
    onSettled: refresh,
  });
  return (
    <div className="flex min-h-12 items-center gap-2 px-2 py-1.5">
      <ColorPicker
        label={texts.projects.color(p.name)}
        value={p.color}
        onPick={(color) => void save({ color }).catch((error) => report.failed(error))}
      />
      <InlineField
        label={texts.projects.name}
        value={p.name}
        required
        save={(name) => save({ name: name.trim() })}
        className="text-14"
      />
      <Link
        to="/tasks"
        search={{ project: p.id }}
        className="shrink-0 rounded-4 px-2 text-12 text-ink-3 underline-offset-2 hover:text-ink hover:underline"
      >
        {texts.projects.open(p.open_tasks)}
      </Link>
      <IconButton
        label={texts.projects.delete(p.name)}
        disabled={remove.isPending}
        onClick={() => remove.mutate()}
      >
        <Trash2 size={14} />
      </IconButton>
    </div>
  );
}

function ColorPicker({
  label,
  value,
  onPick,
}: {
  label: string;
  value: string;
  onPick: (color: string) => void;
}) {
  const [open, setOpen] = useState(false);
  const colors = projectColors.includes(value) ? projectColors : [value, ...projectColors];
  return (
    <Popover.Root open={open} onOpenChange={setOpen}>
      <Popover.Trigger asChild>
        <IconButton label={label}>
          <Swatch color={value} large />
        </IconButton>
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Content
          align="start"
          sideOffset={4}
          collisionPadding={8}
          aria-label={label}
          className="float-in z-50 grid grid-cols-4 gap-1 rounded-8 bg-raised p-2 shadow-float outline-none"
        >
          {colors.map((c) => (
            <button
              key={c}
              type="button"
              aria-label={texts.projects.colorNames[c] ?? c}
              aria-pressed={c === value}
              onClick={() => {
                setOpen(false);
                if (c !== value) onPick(c);
              }}
              className={cx(
                "press flex size-8 items-center justify-center rounded-6 hover:bg-hover",
                c === value && "bg-hover",
              )}
            >
              <span
                className="flex size-5 items-center justify-center rounded-full text-[white]"
                style={{ backgroundColor: c }}
              >
                {c === value ? <Check size={12} aria-hidden /> : null}
              </span>
            </button>
          ))}
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}
