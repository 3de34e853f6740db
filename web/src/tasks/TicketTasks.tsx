import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useMay } from "@/session/me";
import { changed } from "@/shell/address";
import { texts } from "@/texts";
import { cx } from "@/ui/classes";
import { Failed } from "@/ui/States";
import { Check } from "./Check";
import { useTaskChanges } from "./changes";
import { ticketTasksQuery } from "./queries";
import { DueText } from "./TaskMeta";

/** What was promised on a ticket. */
export function TicketTasks({ ticketId }: { ticketId: string }) {
  const query = useQuery(ticketTasksQuery(ticketId));
  const changes = useTaskChanges();
  const may = useMay();
  if (query.isPending) return <div className="skeleton mb-2 h-8 rounded-6" />;
  if (!query.data) return <Failed className="py-4" error={query.error} retry={() => void query.refetch()} />;
  if (query.data.length === 0) return <p className="pb-1 text-13 text-ink-3">{texts.inbox.noTasks}</p>;
  return (
    <ul className="-mx-2 pb-1">
      {query.data.map((task) => (
        <li key={task.id} className="flex items-start gap-2 rounded-6 px-2 py-1.5 hover:bg-hover">
          <span className="flex h-5 items-center">
            <Check task={task} disabled={!may.write} onToggle={() => void changes.toggle(task)} />
          </span>
          <Link to="." search={changed({ task: task.id })} className="flex min-w-0 flex-1 flex-col rounded-4">
            <span className={cx("text-13 break-words", task.status === "done" && "text-ink-3 line-through")}>
              {task.title}
            </span>
            <span className="text-12">
              <DueText task={task} />
            </span>
          </Link>
        </li>
      ))}
    </ul>
  );
}
