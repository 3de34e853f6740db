import { useNavigate, useSearch } from "@tanstack/react-router";
import { Plus } from "lucide-react";
import { useRef, useState } from "react";
import { createPortal } from "react-dom";
import type { Task } from "@/api/types";
import { useShortcut } from "@/keyboard/shortcuts";
import { useDock } from "@/say/dock";
import { useMay } from "@/session/me";
import { PageHeader } from "@/shell/PageHeader";
import { useTaskChanges } from "@/tasks/changes";
import { FilterBar } from "@/tasks/FilterBar";
import { readFilters } from "@/tasks/filters";
import { ViewSwitch } from "@/tasks/ViewSwitch";
import { texts } from "@/texts";
import { Button, IconButton } from "@/ui/Button";
import { cx } from "@/ui/classes";
import { Failed } from "@/ui/States";
import { CardFace } from "./Card";
import { type Columns, columnOrder, isArrow, moved, neighbour, type Place, placeOf, step } from "./moves";
import { useBoard, useMove } from "./queries";
import { usePointerDrag } from "./usePointerDrag";

export function BoardPage() {
  const search = useSearch({ from: "/app/board" });
  const filters = readFilters(search);
  const open = (search as { task?: string }).task;
  const board = useBoard(filters);
  const move = useMove(filters);
  const changes = useTaskChanges();
  const may = useMay();
  const dock = useDock();
  const navigate = useNavigate();
  const area = useRef<HTMLDivElement>(null);
  // While a card is in the air, the board is what it would be after the drop.
  const [draft, setDraft] = useState<{ id: string; columns: Columns } | null>(null);
  const [lifted, setLifted] = useState<string | null>(null);
  const [said, setSaid] = useState("");
  const columns = draft?.columns ?? board.columns;
  const shown = useRef(columns);
  shown.current = columns;

  const tell = (kind: "lifted" | "over" | "dropped", task: Task, at: Columns) => {
    const place = placeOf(at, task.id);
    if (place)
      setSaid(
        texts.board[kind](
          task.title,
          texts.tasks.statuses[place.status],
          place.index + 1,
          at[place.status].length,
        ),
      );
  };
  const over = (id: string, place: Place) => {
    const now = placeOf(shown.current, id);
    if (now && now.status === place.status && now.index === place.index) return;
    setDraft({ id, columns: moved(shown.current, id, place) });
  };
  const drop = (id: string) => {
    const next = shown.current;
    const from = placeOf(board.columns, id);
    const to = placeOf(next, id);
    setDraft(null);
    setLifted(null);
    const task = from && board.columns[from.status][from.index];
    if (!task || !from || !to) return;
    tell("dropped", task, next);
    if (from.status !== to.status || from.index !== to.index) void move(task, next);
  };
  const back = (id: string) => {
    const place = placeOf(board.columns, id);
    const task = place && board.columns[place.status][place.index];
    setDraft(null);
    setLifted(null);
    if (task) setSaid(texts.board.back(task.title));
  };
  const { drag, onPointerDown } = usePointerDrag({
    board: area,
    enabled: may.write,
    onOver: over,
    onDrop: drop,
    onCancel: back,
  });

  const focusCard = (id: string) =>
    requestAnimationFrame(() => {
      const card = area.current?.querySelector<HTMLElement>(`[data-card="${id}"] [data-row]`);
      card?.focus({ preventScroll: true });
      card?.scrollIntoView?.({ block: "nearest", inline: "nearest" });
    });
  const openTask = (id: string) => void navigate({ to: "/board", search: (s) => ({ ...s, task: id }) });

  const onKeyDown = (event: React.KeyboardEvent, task: Task) => {
    if (event.target !== event.currentTarget) return;
    const { key } = event;
    if (lifted === task.id) {
      if (isArrow(key)) {
        const to = step(columns, task.id, key);
        if (to) {
          const next = moved(columns, task.id, to);
          setDraft({ id: task.id, columns: next });
          tell("over", task, next);
          focusCard(task.id);
        }
      } else if (key === " " || key === "Enter") {
        drop(task.id);
        focusCard(task.id);
      } else if (key === "Escape") {
        back(task.id);
        focusCard(task.id);
      } else if (key !== "Tab") return;
      event.preventDefault();
      event.stopPropagation();
      return;
    }
    if (isArrow(key)) {
      const id = neighbour(columns, task.id, key);
      if (id) focusCard(id);
    } else if (key === " " && may.write) {
      setLifted(task.id);
      setDraft({ id: task.id, columns });
      tell("lifted", task, columns);
    } else if (key === "Enter") openTask(task.id);
    else return;
    event.preventDefault();
  };
  useShortcut(
    "e",
    () => {
      const id = document.activeElement?.closest<HTMLElement>("[data-card]")?.dataset.card;
      const place = id ? placeOf(columns, id) : null;
      const task = place && columns[place.status][place.index];
      if (task) void changes.toggle(task);
    },
    { enabled: may.write && !open },
  );

  const dragged = drag ? columnOrder.flatMap((s) => columns[s]).find((t) => t.id === drag.id) : null;
  const first = columnOrder.flatMap((s) => columns[s])[0]?.id;
  return (
    <div className="flex h-full min-w-0 flex-col">
      <PageHeader title={texts.board.title} actions={<ViewSwitch />} />
      <FilterBar />
      <p className="sr-only" aria-live="assertive">
        {said}
      </p>
      {board.error ? (
        <Failed error={board.error} retry={board.retry} />
      ) : (
        <div
          ref={area}
          className="flex min-h-0 flex-1 snap-x gap-3 overflow-x-auto px-4 py-4 max-md:snap-mandatory"
        >
          {columnOrder.map((status) => (
            <section
              key={status}
              data-column={status}
              aria-label={texts.tasks.statuses[status]}
              className="flex h-full min-h-0 w-[86%] max-w-100 shrink-0 snap-center flex-col rounded-12 bg-sunken md:w-auto md:min-w-60 md:flex-1"
            >
              <header className="flex h-10 shrink-0 items-center gap-2 px-3">
                <h2 className="text-13 font-semibold">{texts.tasks.statuses[status]}</h2>
                <span className="flex-1 text-12 text-ink-3">{columns[status].length}</span>
                {may.write && status !== "done" ? (
                  <IconButton size="sm" label={texts.board.add} onClick={() => dock.open()}>
                    <Plus size={14} />
                  </IconButton>
                ) : null}
              </header>
              <ul data-scroll className="flex min-h-0 flex-1 flex-col gap-2 overflow-y-auto px-2 pb-2">
                {board.pending
                  ? [0, 1, 2].map((i) => <li key={i} className="skeleton h-16 shrink-0 rounded-8" />)
                  : columns[status].map((task) => (
                      <li key={task.id}>
                        {/* biome-ignore lint/a11y/noStaticElementInteractions: dragging by pointer; the button inside has the keys */}
                        <div
                          data-card={task.id}
                          onPointerDown={(e) => onPointerDown(e, task.id)}
                          onContextMenu={(e) => drag && e.preventDefault()}
                          className={cx(
                            "press relative rounded-8 border bg-raised px-3 py-2.5 shadow-lift [-webkit-touch-callout:none]",
                            drag?.id === task.id
                              ? "border-dashed border-accent-line opacity-40 shadow-none"
                              : lifted === task.id
                                ? "border-accent shadow-float"
                                : open === task.id
                                  ? "border-accent-line bg-accent-soft"
                                  : "border-line hover:border-line-strong",
                          )}
                        >
                          <CardFace
                            task={task}
                            onToggle={may.write ? () => void changes.toggle(task) : undefined}
                            handle={{
                              "aria-roledescription": texts.board.roleName,
                              "aria-label": texts.board.card(
                                task.title,
                                texts.tasks.statuses[status],
                                columns[status].indexOf(task) + 1,
                                columns[status].length,
                              ),
                              "aria-pressed": lifted === task.id,
                              "aria-current": open === task.id ? "true" : undefined,
                              tabIndex:
                                (open ? open === task.id : first === task.id) || lifted === task.id ? 0 : -1,
                              onClick: () => openTask(task.id),
                              onKeyDown: (e) => onKeyDown(e, task),
                              onBlur: () => lifted === task.id && !draft && setLifted(null),
                            }}
                          />
                        </div>
                      </li>
                    ))}
                {!board.pending && columns[status].length === 0 ? (
                  <li className="flex h-20 items-center justify-center rounded-8 border border-dashed border-line-strong text-12 text-ink-3">
                    {texts.board.empty}
                  </li>
                ) : null}
                {board.more[status].hasNextPage ? (
                  <li className="flex justify-center py-1">
                    <Button size="sm" look="quiet" onClick={() => void board.more[status].fetchNextPage()}>
                      {texts.common.loadMore}
                    </Button>
                  </li>
                ) : null}
              </ul>
            </section>
          ))}
        </div>
      )}
      {drag && dragged
        ? createPortal(
            <div
              data-ghost
              aria-hidden
              className="pointer-events-none fixed top-0 left-0 z-60 rounded-8 border border-accent-line bg-raised px-3 py-2.5 shadow-float"
              style={{ width: drag.width, transform: "translate(-9999px, 0)" }}
            >
              <CardFace task={dragged} />
            </div>,
            document.body,
          )
        : null}
    </div>
  );
}
