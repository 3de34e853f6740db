import { useInfiniteQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { CheckCircle2 } from "lucide-react";
import { useMemo } from "react";
import { moveRow } from "@/keyboard/rows";
import { useShortcut } from "@/keyboard/shortcuts";
import { QuickSay } from "@/say/QuickSay";
import { useMay } from "@/session/me";
import { PageHeader } from "@/shell/PageHeader";
import { SearchBox } from "@/shell/SearchBox";
import { texts } from "@/texts";
import { useClock } from "@/time/clock";
import { cx } from "@/ui/classes";
import { Rows } from "@/ui/Rows";
import { Empty, Failed, SkeletonRows } from "@/ui/States";
import { useMedia } from "@/ui/useMedia";
import { useTaskChanges } from "./changes";
import { FilterBar } from "./FilterBar";
import { anyFilter, readFilters } from "./filters";
import { grouped } from "./grouping";
import { listFilters, tasksQuery } from "./queries";
import { rowHeight, TaskRow, tallRowHeight } from "./TaskRow";
import { ViewSwitch } from "./ViewSwitch";

const headHeight = 40;

export function TasksPage() {
  const search = useSearch({ from: "/app/tasks" });
  const filters = readFilters(search);
  const open = (search as { task?: string }).task;
  const navigate = useNavigate();
  const may = useMay();
  const { now, zone } = useClock();
  const changes = useTaskChanges();
  const narrow = useMedia("(max-width: 559px)");
  const list = useInfiniteQuery(tasksQuery(listFilters(filters)));
  const tasks = list.data;
  const rows = useMemo(() => grouped(tasks ?? [], now, zone), [tasks, now, zone]);
  const firstTask = rows.find((r) => r.kind === "task");

  useShortcut(
    "e",
    () => {
      const id = document.activeElement?.closest<HTMLElement>("[data-task]")?.dataset.task ?? open;
      const task = tasks?.find((t) => t.id === id);
      if (!task) return;
      if (!open) moveRow(1);
      void changes.toggle(task);
    },
    { enabled: may.write && !open },
  );

  return (
    <div className="flex h-full min-w-0 flex-col">
      <PageHeader
        title={texts.tasks.title}
        actions={
          <>
            <SearchBox
              label={texts.common.filter}
              value={filters.q ?? ""}
              onChange={(q) =>
                void navigate({ to: "/tasks", search: (s) => ({ ...s, q: q || undefined }), replace: true })
              }
              className="w-48 max-md:hidden"
            />
            <ViewSwitch />
          </>
        }
      />
      <FilterBar withShow />
      {may.write ? (
        <div className="border-b border-line px-2 py-1">
          <QuickSay label={texts.tasks.quickAdd} placeholder={texts.tasks.quickAdd} />
        </div>
      ) : null}
      {list.isPending ? (
        <SkeletonRows rows={10} />
      ) : !tasks ? (
        <Failed error={list.error} retry={() => void list.refetch()} />
      ) : tasks.length === 0 ? (
        <EmptyTasks filtered={anyFilter(filters)} done={filters.show === "done"} />
      ) : (
        <Rows
          label={texts.tasks.title}
          items={rows}
          keyOf={(r) => (r.kind === "head" ? r.group : r.task.id)}
          height={(r) => (r.kind === "head" ? headHeight : narrow ? tallRowHeight : rowHeight)}
          place={`tasks-${JSON.stringify(filters)}`}
          onEnd={() => list.hasNextPage && !list.isFetchingNextPage && void list.fetchNextPage()}
          footer={<div className="h-16" />}
        >
          {(row) =>
            row.kind === "head" ? (
              <h2 className="flex h-10 items-end gap-2 px-4 pb-1 text-12 font-semibold">
                <span className={cx(row.group === "overdue" ? "text-danger" : "text-ink-2")}>
                  {texts.tasks.groups[row.group]}
                </span>
                <span className="font-normal text-ink-3">{row.count}</span>
              </h2>
            ) : (
              <TaskRow
                task={row.task}
                changes={changes}
                current={row.task.id === open}
                first={!open && firstTask?.kind === "task" && firstTask.task.id === row.task.id}
              />
            )
          }
        </Rows>
      )}
    </div>
  );
}

function EmptyTasks({ filtered, done }: { filtered: boolean; done: boolean }) {
  const [title, hint] = filtered ? texts.tasks.emptyFilter : done ? texts.tasks.emptyDone : texts.tasks.empty;
  return <Empty icon={<CheckCircle2 size={20} />} title={title} hint={hint} />;
}
