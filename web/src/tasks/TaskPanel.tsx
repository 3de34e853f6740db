import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { Clock, Link2, MoreHorizontal, SearchX, Ticket, Trash2, X } from "lucide-react";
import { useEffect, useRef } from "react";
import { ApiError } from "@/api/client";
import type { Task } from "@/api/types";
import { HistoryList } from "@/audit/HistoryList";
import { useBackToRow } from "@/keyboard/rows";
import { useShortcut } from "@/keyboard/shortcuts";
import { useReadAbout } from "@/notifications/queries";
import { useMay } from "@/session/me";
import { changed } from "@/shell/address";
import { texts } from "@/texts";
import { useClock, When } from "@/time/clock";
import { dateIn } from "@/time/zone";
import { Button, IconButton } from "@/ui/Button";
import { cx } from "@/ui/classes";
import { InlineField } from "@/ui/InlineField";
import { Menu, MenuItem, MenuLine, MenuTitle } from "@/ui/Menu";
import { Empty, Failed, SkeletonRows } from "@/ui/States";
import { useMedia } from "@/ui/useMedia";
import { ViewTitle } from "@/ui/ViewTitle";
import { Check } from "./Check";
import { Comments } from "./Comments";
import { useTaskChanges } from "./changes";
import { quickDays } from "./DuePicker";
import { Properties } from "./Properties";
import { taskHistoryQuery, taskQuery } from "./queries";
import { Subtasks } from "./Subtasks";

/** One task beside whatever was on the screen; on a phone it is the screen. */
export function TaskPanel({ id }: { id: string }) {
  const navigate = useNavigate();
  const close = () => void navigate({ to: ".", search: changed({ task: undefined }) });
  const query = useQuery(taskQuery(id));
  useShortcut("Escape", close);
  const phone = useMedia("(max-width: 759px)");
  useBackToRow(id);
  const gone = query.error instanceof ApiError && query.error.status === 404;

  return (
    <aside
      aria-label={texts.nav.tasks}
      className="slide-in z-30 flex h-full w-full flex-col bg-page max-md:fixed max-md:inset-0 md:absolute md:inset-y-0 md:right-0 md:max-w-110 md:shadow-float xl:static xl:w-110 xl:shrink-0 xl:border-l xl:border-line xl:shadow-none"
    >
      {gone ? (
        <>
          <Bar onClose={close} />
          <Empty
            level={phone ? "h1" : "h2"}
            icon={<SearchX size={20} />}
            title={texts.tasks.notFound}
            hint={texts.tasks.notFoundHint}
            action={<Button onClick={close}>{texts.tasks.closePanel}</Button>}
          />
        </>
      ) : query.isPending ? (
        <>
          <Bar onClose={close} />
          <SkeletonRows rows={6} />
        </>
      ) : query.data ? (
        <Detail key={query.data.id} task={query.data} onClose={close} />
      ) : (
        <>
          <Bar onClose={close} />
          <Failed error={query.error} retry={() => void query.refetch()} />
        </>
      )}
    </aside>
  );
}

function Bar({ onClose, children }: { onClose: () => void; children?: React.ReactNode }) {
  return (
    <header className="flex h-12 shrink-0 items-center gap-1 border-b border-line pr-2 pl-4">
      <div className="flex min-w-0 flex-1 items-center gap-2 text-13 text-ink-3">{children}</div>
      <IconButton label={texts.tasks.closePanel} keys={["Esc"]} onClick={onClose} className="order-last">
        <X size={16} />
      </IconButton>
    </header>
  );
}

function Detail({ task, onClose }: { task: Task; onClose: () => void }) {
  const changes = useTaskChanges();
  const may = useMay();
  const { now, zone } = useClock();
  const history = useQuery(taskHistoryQuery(task.id));
  useReadAbout("task", task.id);
  const panel = useRef<HTMLDivElement>(null);
  useShortcut("e", () => void changes.toggle(task), { enabled: may.write });
  useEffect(() => {
    panel.current?.focus({ preventScroll: true });
  }, []);
  const done = task.status === "done";

  return (
    <>
      <Bar onClose={onClose}>
        <span>{texts.common.number(task.number)}</span>
        {task.parent ? (
          <Link
            to="."
            search={changed({ task: task.parent?.id })}
            className="min-w-0 truncate hover:text-ink"
          >
            {texts.tasks.partOf} <span className="text-ink-2">{task.parent.title}</span>
          </Link>
        ) : null}
        <span className="flex-1" />
        {may.write ? (
          <Menu
            trigger={
              <IconButton label={texts.common.more}>
                <MoreHorizontal size={16} />
              </IconButton>
            }
          >
            <MenuTitle>{texts.tasks.snooze}</MenuTitle>
            {quickDays(dateIn(zone, now))
              .slice(1)
              .map((q) => (
                <MenuItem
                  key={q.label}
                  icon={<Clock size={14} />}
                  onSelect={() =>
                    void changes.snooze(
                      task,
                      task.due?.time ? { date: q.date, time: task.due.time } : { date: q.date },
                      q.label.toLowerCase(),
                    )
                  }
                >
                  {q.label}
                </MenuItem>
              ))}
            <MenuLine />
            <MenuItem
              icon={<Link2 size={14} />}
              onSelect={() =>
                void navigator.clipboard?.writeText(`${window.location.origin}/tasks/${task.id}`)
              }
            >
              {texts.tasks.copyLink}
            </MenuItem>
            <MenuItem danger icon={<Trash2 size={14} />} onSelect={() => void changes.remove(task, onClose)}>
              {texts.tasks.delete}
            </MenuItem>
          </Menu>
        ) : null}
      </Bar>
      <div ref={panel} tabIndex={-1} className="min-h-0 flex-1 overflow-y-auto outline-none">
        <div className="px-4 pt-4 pb-2">
          <ViewTitle className="sr-only">{task.title}</ViewTitle>
          <div className="flex items-start gap-3">
            <span className="flex h-8 items-center">
              <Check task={task} size="lg" disabled={!may.write} onToggle={() => void changes.toggle(task)} />
            </span>
            <InlineField
              label={texts.tasks.titleLabel}
              value={task.title}
              required
              readOnly={!may.write}
              save={(title) => changes.writeText(task, { title: title.trim() })}
              className={cx(
                "text-16 leading-6 font-semibold",
                done && "text-ink-3 line-through decoration-line-strong",
              )}
            />
          </div>
          {may.write || task.notes ? (
            <div className="pt-1 pl-8">
              <InlineField
                label={texts.tasks.notes}
                multiline
                value={task.notes}
                placeholder={texts.tasks.notesAdd}
                readOnly={!may.write}
                save={(notes) => changes.writeText(task, { notes })}
                className="min-h-8 text-14 leading-5 text-ink-2"
              />
            </div>
          ) : null}
        </div>
        {task.ticket ? (
          <div className="px-4 pb-2 pl-12">
            <Link
              to="/inbox/$conversationId"
              params={{ conversationId: task.ticket.conversation_id }}
              className="press flex items-center gap-2 rounded-8 border border-line bg-sunken px-3 py-2 text-13 hover:bg-hover"
            >
              <Ticket size={14} className="text-accent-text" aria-label={texts.tasks.ticket} />
              <span className="text-ink-3">{texts.common.number(task.ticket.number)}</span>
              <span className="min-w-0 truncate font-medium">{task.ticket.subject}</span>
            </Link>
          </div>
        ) : null}
        <div className="px-4 pt-2 pb-4 pl-12">
          <Properties task={task} changes={changes} />
        </div>
        {task.parent ? null : <Subtasks task={task} changes={changes} />}
        <Comments task={task} />
        <details className="group border-t border-line px-4 py-3 pl-12">
          <summary className="cursor-pointer list-none rounded-4 text-12 font-medium text-ink-3 hover:text-ink">
            {texts.tasks.history}
            <span className="font-normal">
              {" "}
              · {texts.tasks.created(task.created_by)} <When at={task.created_at} />
            </span>
          </summary>
          <div className="pt-3">
            <HistoryList query={history} />
          </div>
        </details>
      </div>
    </>
  );
}
