import { useInfiniteQuery } from "@tanstack/react-query";
import { BookOpen, Lock } from "lucide-react";
import { Fragment, useEffect, useMemo, useState } from "react";
import { ApiError } from "@/api/client";
import type { Conversation, Message } from "@/api/types";
import { useLiveEvents, useLiveState } from "@/live/LiveProvider";
import { messageOfEvent } from "@/live/patch";
import { useMe } from "@/session/me";
import { texts } from "@/texts";
import { useClock } from "@/time/clock";
import { dayWord, exact } from "@/time/relative";
import { dateIn, timeIn } from "@/time/zone";
import { Avatar } from "@/ui/Avatar";
import { Button } from "@/ui/Button";
import { cx } from "@/ui/classes";
import { LinkedText } from "@/ui/LinkedText";
import { Mark } from "@/ui/Mark";
import { RichText } from "@/ui/RichText";
import { Failed, messageOf, SkeletonRows } from "@/ui/States";
import { type Outgoing, outbox, useOutgoing } from "./outbox";
import { messagesQuery, useSend } from "./queries";
import { startsGroup } from "./thread";

export function Thread({ conversation }: { conversation: Conversation }) {
  const query = useInfiniteQuery(messagesQuery(conversation.id));
  const outgoing = useOutgoing(conversation.id);
  const send = useSend(conversation.id);
  const live = useLiveState();
  const [announced, setAnnounced] = useState("");
  const { zone, now } = useClock();

  const messages = useMemo(
    () => (query.data?.pages.flatMap((p) => p.items) ?? []).toReversed(),
    [query.data],
  );
  const waiting = outgoing.filter((o) => !messages.some((m) => m.client_id === o.clientId));

  useLiveEvents((event) => {
    const message = event.conversation_id === conversation.id ? messageOfEvent(event) : null;
    if (message?.author.kind === "contact")
      setAnnounced(texts.live.arrived(message.author.name || texts.contact.anonymous, message.text));
  });
  // What could not be sent while the desk was out of reach is sent as soon as it is back, each message once.
  // biome-ignore lint/correctness/useExhaustiveDependencies: only the connection's return begins it
  useEffect(() => {
    if (live !== "live") return;
    for (const o of outgoing) if (o.failed instanceof ApiError && o.failed.offline) void send(o.clientId);
  }, [live]);
  useEffect(() => {
    if (!announced) return;
    const timer = setTimeout(() => setAnnounced(""), 5000);
    return () => clearTimeout(timer);
  }, [announced]);

  if (query.isPending) return <SkeletonRows tall rows={5} />;
  if (!query.data)
    return <Failed className="flex-1" error={query.error} retry={() => void query.refetch()} />;

  return (
    <div
      // A column turned upside down keeps to the newest message by itself, also when one arrives.
      className="flex min-h-0 flex-1 flex-col-reverse overflow-y-auto overscroll-contain"
    >
      <p className="sr-only" aria-live="polite">
        {announced}
      </p>
      <section aria-label={texts.inbox.thread} className="mx-auto mb-auto w-full max-w-190 px-4 py-4 md:px-6">
        {query.hasNextPage ? (
          <div className="mb-4 flex justify-center">
            <Button
              size="sm"
              look="quiet"
              disabled={query.isFetchingNextPage}
              onClick={() => void query.fetchNextPage()}
            >
              {texts.inbox.earlier}
            </Button>
          </div>
        ) : null}
        <ol>
          {messages.map((m, i) => {
            const before = messages[i - 1];
            const day = dateIn(zone, new Date(m.created_at));
            const newDay = !before || dateIn(zone, new Date(before.created_at)) !== day;
            return (
              <Fragment key={m.client_id ?? m.id}>
                {newDay ? (
                  <li className="my-4 flex items-center gap-3 text-12 text-ink-3 first:mt-0">
                    <span className="h-px flex-1 bg-line" />
                    {dayWord(day, dateIn(zone, now))}
                    <span className="h-px flex-1 bg-line" />
                  </li>
                ) : null}
                <li>
                  <Bubble message={m} head={newDay || startsGroup(before, m)} />
                </li>
              </Fragment>
            );
          })}
          {waiting.map((o) => (
            <li key={o.clientId}>
              <Waiting conversationId={conversation.id} outgoing={o} />
            </li>
          ))}
        </ol>
      </section>
    </div>
  );
}

function Bubble({ message: m, head }: { message: Message; head: boolean }) {
  const { zone } = useClock();
  const { member } = useMe();
  const at = new Date(m.created_at);
  const kind = m.author.kind;
  if (kind === "system") {
    return (
      <p className="my-3 text-center text-12 text-ink-3" title={exact(at, zone)}>
        {m.text}
      </p>
    );
  }
  const ours = kind !== "contact";
  const name =
    kind === "hand"
      ? texts.inbox.hand
      : m.author.id === member.id
        ? texts.inbox.you
        : m.author.name || texts.contact.anonymous;
  return (
    <div className={cx("flex gap-2", ours ? "flex-row-reverse" : "", head ? "mt-4" : "mt-1")}>
      <span className="w-6 shrink-0 pt-6">
        {head ? (
          kind === "hand" ? (
            <Mark size={24} />
          ) : (
            <Avatar
              name={m.author.name || texts.contact.anonymous}
              kind={kind === "contact" ? "contact" : "member"}
            />
          )
        ) : null}
      </span>
      <div className={cx("flex min-w-0 max-w-[min(72ch,86%)] flex-col", ours ? "items-end" : "items-start")}>
        {head ? (
          <p className="mb-1 flex items-center gap-2 px-1 text-12 text-ink-3">
            <span className="font-medium text-ink-2">{name}</span>
            {m.note ? <NoteTag /> : null}
            <time dateTime={m.created_at} title={exact(at, zone)}>
              {timeIn(zone, at)}
            </time>
          </p>
        ) : null}
        <div
          title={head ? undefined : exact(at, zone)}
          className={cx(
            "max-w-full rounded-12 px-3 py-2 text-14 break-words whitespace-pre-wrap",
            m.note
              ? "border border-note-line bg-note"
              : kind === "contact"
                ? "bg-hover"
                : kind === "hand"
                  ? "border border-line bg-page"
                  : "bg-accent-soft",
          )}
        >
          {kind === "hand" ? <RichText text={m.text} /> : <LinkedText text={m.text} />}
          {m.sources.length ? <Sources message={m} /> : null}
        </div>
      </div>
    </div>
  );
}

function NoteTag() {
  return (
    <span className="inline-flex items-center gap-1 font-medium text-warn">
      <Lock size={12} aria-hidden />
      {texts.inbox.noteTag}
    </span>
  );
}

/** Where an answer of the hand comes from: the passages, each with the article it stands in. */
function Sources({ message }: { message: Message }) {
  return (
    <details className="group mt-2 border-t border-line pt-2 whitespace-normal">
      <summary className="flex cursor-pointer list-none items-center gap-1.5 rounded-4 text-12 font-medium text-ink-2 hover:text-ink">
        <BookOpen size={12} aria-hidden />
        <span className="shrink-0">{texts.inbox.sources(message.sources.length)}</span>
        <span className="min-w-0 truncate font-normal text-ink-3 group-open:hidden">
          {[...new Set(message.sources.map((s) => s.title))].join(", ")}
        </span>
      </summary>
      <ul className="mt-2 flex flex-col gap-2">
        {message.sources.map((s) => (
          <li key={`${s.article_id}-${s.heading}-${s.quote}`} className="border-l-2 border-line-strong pl-3">
            <a
              href={`/articles/${s.article_id}`}
              className="text-13 font-medium text-accent-text underline-offset-2 hover:underline"
            >
              {s.title}
              {s.heading ? <span className="font-normal text-ink-3"> › {s.heading}</span> : null}
            </a>
            <div className="line-clamp-6 text-13 text-ink-2">
              <RichText text={s.quote} />
            </div>
          </li>
        ))}
      </ul>
    </details>
  );
}

function Waiting({ conversationId, outgoing }: { conversationId: string; outgoing: Outgoing }) {
  const send = useSend(conversationId);
  return (
    <div className="mt-1 flex flex-row-reverse gap-2">
      <span className="w-6 shrink-0" />
      <div className="flex min-w-0 max-w-[min(72ch,86%)] flex-col items-end">
        <div
          className={cx(
            "rounded-12 px-3 py-2 text-14 break-words whitespace-pre-wrap",
            outgoing.failed
              ? "bg-danger-soft"
              : outgoing.note
                ? "border border-note-line bg-note opacity-60"
                : "bg-accent-soft opacity-60",
          )}
        >
          {outgoing.text}
        </div>
        {outgoing.failed ? (
          <div
            role="alert"
            className="mt-1 flex flex-wrap items-center justify-end gap-2 text-12 text-danger"
          >
            <span>
              {texts.inbox.notSent}: {messageOf(outgoing.failed)}
            </span>
            <Button size="sm" onClick={() => void send(outgoing.clientId)}>
              {texts.inbox.sendAgain}
            </Button>
            <Button size="sm" look="quiet" onClick={() => outbox.drop(conversationId, outgoing.clientId)}>
              {texts.inbox.discard}
            </Button>
          </div>
        ) : (
          <p className="mt-1 px-1 text-12 text-ink-3">{texts.inbox.sending}</p>
        )}
      </div>
    </div>
  );
}
