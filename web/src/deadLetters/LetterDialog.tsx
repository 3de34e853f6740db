import { useQuery } from "@tanstack/react-query";
import { RotateCw, Trash2 } from "lucide-react";
import type { ReactNode } from "react";
import type { FullDeadLetter } from "@/api/types";
import { texts } from "@/texts";
import { When } from "@/time/clock";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { Failed, SkeletonRows } from "@/ui/States";
import { letterQuery } from "./queries";

/** One dead letter: what went wrong, the event as it came, and what can be done. */
export function LetterDialog({
  id,
  onClose,
  onReplay,
  onDrop,
}: {
  id: string | null;
  onClose: () => void;
  onReplay: (id: string) => void;
  onDrop: (id: string) => void;
}) {
  const query = useQuery({ ...letterQuery(id ?? ""), enabled: id !== null });
  const letter = query.data;
  return (
    <Dialog
      wide
      open={id !== null}
      onOpenChange={(o) => !o && onClose()}
      title={letter?.event_type ?? texts.deadLetters.unreadable}
      footer={
        letter && !letter.replay_at ? (
          <>
            <Button look="danger" onClick={() => onDrop(letter.id)}>
              <Trash2 size={14} />
              {texts.deadLetters.drop}
            </Button>
            <Button look="primary" onClick={() => onReplay(letter.id)}>
              <RotateCw size={14} />
              {texts.deadLetters.replay}
            </Button>
          </>
        ) : null
      }
    >
      {letter ? (
        <Letter letter={letter} />
      ) : query.error ? (
        <Failed error={query.error} retry={() => void query.refetch()} />
      ) : (
        <SkeletonRows rows={4} />
      )}
    </Dialog>
  );
}

function Letter({ letter }: { letter: FullDeadLetter }) {
  const t = texts.deadLetters;
  return (
    <>
      <dl className="grid grid-cols-[max-content_1fr] gap-x-6 gap-y-2 text-13 max-sm:grid-cols-1 max-sm:gap-y-0.5">
        <Line name={t.group}>{letter.group}</Line>
        <Line name={t.reason}>
          {t.reasonNames[letter.reason] ?? letter.reason} · {t.attempts(letter.attempts)} ·{" "}
          <When at={letter.died_at} />
        </Line>
        <Line name={t.detail}>{letter.detail}</Line>
        <Line name={t.place}>
          {letter.topic} · {letter.partition}
        </Line>
        <Line name={t.event}>
          <code className="font-mono text-12 break-all">{letter.event_id}</code>
        </Line>
        {letter.subject_id ? (
          <Line name={t.subject}>
            <code className="font-mono text-12 break-all">{letter.subject_id}</code>
          </Line>
        ) : null}
      </dl>
      <h3 className="mt-6 mb-2 text-13 font-medium">{t.original}</h3>
      <pre className="max-h-80 overflow-auto rounded-8 border border-line bg-hover p-3 font-mono text-12 break-all whitespace-pre-wrap">
        {pretty(letter)}
      </pre>
    </>
  );
}

function Line({ name, children }: { name: string; children: ReactNode }) {
  return (
    <>
      <dt className="text-ink-3">{name}</dt>
      <dd className="min-w-0 break-words max-sm:mb-2">{children}</dd>
    </>
  );
}

/** The event with line breaks where it is JSON, and otherwise just as it came. */
function pretty(letter: FullDeadLetter): string {
  const text = letter.original ?? letter.original_hex ?? "";
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
