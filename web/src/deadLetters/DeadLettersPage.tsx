import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { MailCheck, MailX, RotateCw, Trash2, Users, Wrench } from "lucide-react";
import { useState } from "react";
import { api } from "@/api/client";
import { keys } from "@/api/query";
import { useReport } from "@/api/report";
import type { DeadLetter } from "@/api/types";
import { changed } from "@/shell/address";
import { PageHeader } from "@/shell/PageHeader";
import { Filter } from "@/tasks/FilterBar";
import { texts } from "@/texts";
import { When } from "@/time/clock";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { Rows } from "@/ui/Rows";
import { Empty, Failed, SkeletonRows } from "@/ui/States";
import { Tag } from "@/ui/Tag";
import { LetterDialog } from "./LetterDialog";
import { countsQuery, type Filters, lettersQuery } from "./queries";

type Order = { ids?: string[]; all?: boolean } & Filters;
type Dropping = { order: Order; letters: number };

const nameOf = (reason: string) => texts.deadLetters.reasonNames[reason] ?? reason;
const sum = (numbers: number[]) => numbers.reduce((a, b) => a + b, 0);

export function DeadLettersPage() {
  const filters = useSearch({ from: "/app/dead-letters" });
  const { group, topic, reason } = filters;
  const navigate = useNavigate();
  const counts = useQuery(countsQuery);
  const query = useInfiniteQuery(lettersQuery({ group, topic, reason }));
  const [open, setOpen] = useState<string | null>(null);
  const [dropping, setDropping] = useState<Dropping | null>(null);
  const { replay, drop } = useOrders(() => setDropping(null));

  const set = (change: object) => void navigate({ to: ".", search: changed(change), replace: true });
  const shown = (counts.data ?? []).filter(
    (c) => (!group || c.group === group) && (!topic || c.topic === topic) && (!reason || c.reason === reason),
  );
  const queued = sum(shown.map((c) => c.queued));
  const resting = sum(shown.map((c) => c.letters)) - queued;
  const isFiltered = Boolean(group || topic || reason);
  const order: Order = isFiltered ? { group, topic, reason } : { all: true };
  const choices = (of: "group" | "reason") => [...new Set((counts.data ?? []).map((c) => c[of]))];
  const [title, hint] = isFiltered ? texts.deadLetters.none : texts.deadLetters.empty;

  return (
    <div className="flex h-full flex-col">
      <PageHeader
        title={texts.deadLetters.title}
        actions={
          resting > 0 ? (
            <>
              <Button look="danger" onClick={() => setDropping({ order, letters: resting })}>
                <Trash2 size={14} />
                <span className="max-sm:sr-only">{texts.deadLetters.dropAll}</span>
              </Button>
              <Button look="primary" disabled={replay.isPending} onClick={() => replay.mutate(order)}>
                <RotateCw size={14} />
                <span className="max-sm:sr-only">{texts.deadLetters.replayAll}</span>
              </Button>
            </>
          ) : null
        }
      />
      <div className="flex h-10 shrink-0 items-center gap-1 overflow-x-auto border-b border-line px-2">
        <Filter
          icon={<Users size={14} />}
          name={texts.deadLetters.group}
          value={group}
          choices={choices("group").map((g) => ({ value: g, label: g }))}
          selected={group ? [group] : []}
          onPick={(g) => set({ group: g === group ? undefined : g })}
          onClear={() => set({ group: undefined })}
        />
        <Filter
          icon={<Wrench size={14} />}
          name={texts.deadLetters.reason}
          value={reason ? nameOf(reason) : undefined}
          choices={choices("reason").map((r) => ({ value: r, label: nameOf(r) }))}
          selected={reason ? [reason] : []}
          onPick={(r) => set({ reason: r === reason ? undefined : r })}
          onClear={() => set({ reason: undefined })}
        />
        <p className="ml-auto truncate pr-2 text-12 text-ink-3" role="status">
          {shown.length ? texts.deadLetters.count(resting + queued) : null}
          {queued ? ` · ${texts.deadLetters.queued(queued)}` : null}
        </p>
      </div>
      {query.isPending ? (
        <SkeletonRows />
      ) : !query.data ? (
        <Failed error={query.error} retry={() => void query.refetch()} />
      ) : query.data.length === 0 ? (
        <Empty
          className="flex-1"
          icon={isFiltered ? <MailX size={20} /> : <MailCheck size={20} />}
          title={title}
          hint={hint}
        />
      ) : (
        <>
          <p className="border-b border-line px-4 py-2 text-12 text-ink-3">{texts.deadLetters.hint}</p>
          <Rows
            label={texts.deadLetters.title}
            items={query.data}
            keyOf={(l) => l.id}
            height={() => 56}
            place={`dead-letters-${group}-${reason}`}
            onEnd={() => query.hasNextPage && !query.isFetchingNextPage && void query.fetchNextPage()}
          >
            {(letter, i) => <Row letter={letter} first={i === 0} onOpen={() => setOpen(letter.id)} />}
          </Rows>
        </>
      )}
      <LetterDialog
        id={open}
        onClose={() => setOpen(null)}
        onReplay={(id) => {
          setOpen(null);
          replay.mutate({ ids: [id] });
        }}
        onDrop={(id) => {
          setOpen(null);
          setDropping({ order: { ids: [id] }, letters: 1 });
        }}
      />
      <Dialog
        open={dropping !== null}
        onOpenChange={(o) => !o && setDropping(null)}
        title={texts.deadLetters.dropTitle(dropping?.letters ?? 1)}
        footer={
          <>
            <Button onClick={() => setDropping(null)}>{texts.common.cancel}</Button>
            <Button
              look="danger"
              disabled={drop.isPending}
              onClick={() => dropping && drop.mutate(dropping.order)}
            >
              {texts.deadLetters.drop}
            </Button>
          </>
        }
      >
        <p className="text-13 text-ink-2">{texts.deadLetters.dropSure}</p>
      </Dialog>
    </div>
  );
}

/** What can be done with dead letters, each said when it is done. */
function useOrders(onDropped: () => void) {
  const client = useQueryClient();
  const report = useReport();
  const refresh = () => void client.invalidateQueries({ queryKey: keys.deadLetters });
  const send = (what: "replay" | "drop") => async (order: Order) =>
    (await api.act<{ letters: number }>(`/dead-letters/${what}`, order)).data.letters;
  const replay = useMutation({
    mutationFn: send("replay"),
    onSuccess: (letters) => report.done(texts.deadLetters.replayed(letters)),
    onError: (error) => report.failed(error),
    onSettled: refresh,
  });
  const drop = useMutation({
    mutationFn: send("drop"),
    onSuccess: (letters) => report.done(texts.deadLetters.dropped(letters)),
    onError: (error) => report.failed(error),
    onSettled: () => {
      onDropped();
      refresh();
    },
  });
  return { replay, drop };
}

function Row({ letter, first, onOpen }: { letter: DeadLetter; first: boolean; onOpen: () => void }) {
  return (
    <button
      type="button"
      data-row
      tabIndex={first ? 0 : -1}
      onClick={onOpen}
      className="flex h-14 w-full items-center gap-4 border-b border-line px-4 text-left hover:bg-hover"
    >
      <span className="min-w-0 flex-1">
        <span className="flex items-center gap-2 text-13">
          <span className="truncate font-medium">{letter.event_type ?? texts.deadLetters.unreadable}</span>
          <Tag tone={letter.replay_at ? "accent" : "danger"}>
            {letter.replay_at ? texts.deadLetters.waits : nameOf(letter.reason)}
          </Tag>
        </span>
        <span className="block truncate text-12 text-ink-3">
          {letter.group} · {texts.deadLetters.attempts(letter.attempts)} · {letter.detail}
        </span>
      </span>
      <When at={letter.died_at} className="shrink-0 text-12 text-ink-3" />
    </button>
  );
}
