import { Link } from "@tanstack/react-router";
import { HelpCircle } from "lucide-react";
import type { SayAnswer } from "@/api/types";
import { HitRow } from "@/search/HitRow";
import { useMay } from "@/session/me";
import { changed } from "@/shell/address";
import { Check } from "@/tasks/Check";
import { useTaskChanges } from "@/tasks/changes";
import { DueText } from "@/tasks/TaskMeta";
import { texts } from "@/texts";
import { cx } from "@/ui/classes";
import { Keys } from "@/ui/Keys";

/** What was understood, row by row, before anything is done. */
export function PreviewCard({ answer, id, faded }: { answer: SayAnswer; id: string; faded: boolean }) {
  const verb = answer.command.verb ?? "";
  if (answer.status === "clarify" || answer.status === "failed") {
    return (
      <div id={id} role="status" className="flex items-start gap-2 px-3 py-2 text-13 text-warn">
        <HelpCircle size={16} className="mt-0.5 shrink-0" aria-hidden />
        {answer.text}
      </div>
    );
  }
  return (
    <div id={id} role="status" className={cx("press px-3 py-2", faded && "opacity-70")}>
      <div className="flex items-baseline justify-between gap-3">
        <p className="text-12 font-semibold text-accent-text">
          {texts.say.verbs[verb] ?? texts.say.understood}
        </p>
        {answer.status === "preview" ? (
          <span className="flex items-center gap-1.5 text-12 text-ink-3">
            <Keys keys={["↵"]} />
            {texts.say.do}
          </span>
        ) : null}
      </div>
      {answer.lines.length ? (
        <dl className="mt-1 grid grid-cols-[max-content_1fr] gap-x-4 gap-y-0.5 text-13">
          {answer.lines.map((line) => (
            <div key={`${line.label}-${line.value}`} className="contents">
              <dt className="text-ink-3">{line.label}</dt>
              <dd className="min-w-0 break-words">{line.value}</dd>
            </div>
          ))}
        </dl>
      ) : (
        <p className="mt-1 text-13">{answer.text}</p>
      )}
      <Results answer={answer} />
    </div>
  );
}

/** The lists that an answer carries. */
export function Results({ answer, onOpen }: { answer: SayAnswer; onOpen?: () => void }) {
  const changes = useTaskChanges();
  const may = useMay();
  if (answer.tasks.length) {
    return (
      <ul className="mt-2 -mx-2 max-h-72 overflow-y-auto">
        {answer.tasks.map((task) => (
          <li key={task.id} className="flex min-h-8 items-center gap-3 rounded-6 px-2 hover:bg-hover">
            <Check task={task} disabled={!may.write} onToggle={() => void changes.toggle(task)} />
            <Link
              to="."
              search={changed({ task: task.id })}
              onClick={onOpen}
              className="flex min-w-0 flex-1 items-center gap-2 rounded-4 text-13"
            >
              <span className="text-ink-3">{texts.common.number(task.number)}</span>
              <span className="min-w-0 flex-1 truncate">{task.title}</span>
              <DueText task={task} className="text-12" />
            </Link>
          </li>
        ))}
      </ul>
    );
  }
  if (answer.hits.length) {
    return (
      <ul className="mt-2 -mx-2 max-h-72 overflow-y-auto">
        {answer.hits.map((hit) => (
          <li key={`${hit.kind}-${hit.id}`}>
            <HitRow hit={hit} onOpen={onOpen} />
          </li>
        ))}
      </ul>
    );
  }
  return null;
}
