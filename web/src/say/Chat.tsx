import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { ArrowUp, CornerDownLeft, Link2, RotateCcw, Undo2, X } from "lucide-react";
import { useId, useRef, useState } from "react";
import { newKey } from "@/api/client";
import { keys } from "@/api/query";
import { useReport } from "@/api/report";
import type { SayRecord } from "@/api/types";
import { linkTo } from "@/search/links";
import { useMay } from "@/session/me";
import { texts } from "@/texts";
import { When } from "@/time/clock";
import { Button } from "@/ui/Button";
import { cx } from "@/ui/classes";
import { messageOf } from "@/ui/States";
import { useMedia } from "@/ui/useMedia";
import { PreviewCard, Results } from "./Answer";
import { chatQuery, keepChat, keptChat, type Said, usePreview, useSay } from "./queries";
import { SayField } from "./SayField";

export type About = { ticketId: string; text: string } | null;

/** The chat in plain words: a preview while typing, Enter does it, each thing done can be undone. */
export function Chat({
  about,
  autoFocus,
  roomy,
  initial = "",
  onEscape,
  onOpen,
}: {
  about: About;
  autoFocus?: boolean;
  roomy?: boolean;
  initial?: string;
  onEscape?: () => void;
  onOpen?: () => void;
}) {
  const client = useQueryClient();
  const report = useReport();
  const may = useMay();
  const wide = useMedia("(min-width: 560px)");
  const [chatId, setChatId] = useState(keptChat);
  const [text, setText] = useState(initial);
  const [linked, setLinked] = useState(true);
  const field = useRef<HTMLTextAreaElement>(null);
  const id = useId();
  const ticketId = about && linked ? about.ticketId : null;
  const preview = usePreview(text, ticketId);
  const say = useSay();
  const items = useQuery(chatQuery(chatId)).data ?? [];

  const add = (chat: string | null, item: Said) =>
    client.setQueryData<Said[]>(keys.chat(chat ?? "new"), (all) => [...(all ?? []), item]);

  const submit = (said = text.trim()) => {
    if (!said || say.isPending) return;
    const before = items;
    say.mutate(
      { text: said, chatId, ticketId },
      {
        onSuccess: (answer) => {
          setText("");
          if (answer.chat_id && answer.chat_id !== chatId) {
            keepChat(answer.chat_id);
            client.setQueryData<Said[]>(keys.chat(answer.chat_id), before);
            setChatId(answer.chat_id);
          }
          if (answer.command.verb === "undo" && answer.status !== "failed") {
            client.setQueryData<Said[]>(keys.chat(answer.chat_id ?? chatId ?? "new"), (all) =>
              markLastUndone(all),
            );
          }
          add(answer.chat_id ?? chatId, {
            id: newKey(),
            said,
            status: answer.status,
            text: answer.text,
            undo_id: answer.undo_id,
            undone: false,
            records: answer.records,
            created_at: new Date().toISOString(),
            answer,
          });
        },
      },
    );
  };
  const undo = async (item: Said) => {
    if (!item.undo_id) return;
    if (await report.undo(item.undo_id))
      client.setQueryData<Said[]>(keys.chat(chatId ?? "new"), (all) =>
        all?.map((i) => (i.id === item.id ? { ...i, undone: true } : i)),
      );
  };
  const startOver = () => {
    keepChat(null);
    client.removeQueries({ queryKey: keys.chat("new") });
    setChatId(null);
    field.current?.focus();
  };

  const placeholder = !may.write
    ? texts.say.placeholderAsk
    : roomy && wide
      ? texts.say.placeholder
      : texts.say.placeholderShort;
  const showPreview = text.trim() !== "" && (preview.answer || preview.error || say.error);
  return (
    <div className="flex min-h-0 flex-1 flex-col">
      <div
        className={cx(
          "flex min-h-0 flex-1 flex-col-reverse overflow-y-auto",
          items.length === 0 && (roomy ? "justify-center" : "justify-end"),
        )}
      >
        <div className={cx("mx-auto w-full px-4 py-4", roomy && "max-w-180 md:px-6")}>
          {items.length === 0 ? (
            <Examples
              roomy={roomy}
              mayWrite={may.write}
              onPick={(example) => {
                setText(example);
                field.current?.focus();
              }}
            />
          ) : (
            <>
              <div className="mb-2 flex justify-center">
                <Button size="sm" look="quiet" onClick={startOver}>
                  <RotateCcw size={12} />
                  {texts.say.newChat}
                </Button>
              </div>
              <ol className="flex flex-col gap-4" aria-live="polite">
                {items.map((item) => (
                  <li key={item.id} className="flex flex-col gap-1.5">
                    <p className="ml-auto max-w-[86%] rounded-12 bg-accent-soft px-3 py-1.5 text-14 break-words">
                      {item.said}
                    </p>
                    <Reply
                      item={item}
                      onUndo={may.write ? () => void undo(item) : undefined}
                      onOpen={onOpen}
                    />
                  </li>
                ))}
              </ol>
            </>
          )}
        </div>
      </div>
      <div className={cx("mx-auto w-full shrink-0 px-3 pb-3", roomy && "max-w-180 md:px-6 md:pb-6")}>
        <div className="rounded-12 border border-line-strong bg-raised shadow-lift focus-within:border-accent">
          {showPreview ? (
            <div className="max-h-80 overflow-y-auto border-b border-line">
              {say.error || preview.error ? (
                <p role="alert" className="px-3 py-2 text-13 text-danger">
                  {messageOf(say.error ?? preview.error)}
                </p>
              ) : preview.answer ? (
                <PreviewCard id={id} answer={preview.answer} faded={!preview.current} />
              ) : null}
            </div>
          ) : null}
          {about && linked ? (
            <div className="flex items-center gap-1.5 px-3 pt-2 text-12 text-ink-3">
              <Link2 size={12} aria-hidden />
              <span className="min-w-0 truncate">{texts.say.about(about.text)}</span>
              <button
                type="button"
                aria-label={texts.say.aboutRemove}
                onClick={() => setLinked(false)}
                className="press flex size-4 items-center justify-center rounded-4 hover:bg-hover hover:text-ink"
              >
                <X size={12} />
              </button>
            </div>
          ) : null}
          <div className="flex items-end gap-1 pr-1.5">
            <SayField
              ref={field}
              text={text}
              spans={preview.spans}
              onChange={(t) => {
                setText(t);
                if (say.error) say.reset();
              }}
              onEnter={() => submit()}
              onEscape={() => (text ? setText("") : onEscape?.())}
              label={texts.say.label}
              placeholder={placeholder}
              describedBy={showPreview ? id : undefined}
              autoFocus={autoFocus}
              multiline
            />
            <Button
              look="primary"
              aria-label={texts.say.do}
              onClick={() => submit()}
              disabled={!text.trim() || say.isPending}
              className="mb-1"
            >
              <ArrowUp size={16} aria-hidden />
            </Button>
          </div>
        </div>
      </div>
    </div>
  );
}

/** "undo" said aloud takes back the last thing that can be taken back. */
export function markLastUndone(items: Said[] | undefined): Said[] | undefined {
  const at = items?.findLastIndex((i) => i.undo_id && !i.undone) ?? -1;
  return at < 0 ? items : items?.map((i, n) => (n === at ? { ...i, undone: true } : i));
}

function Examples({
  onPick,
  roomy,
  mayWrite,
}: {
  onPick: (example: string) => void;
  roomy?: boolean;
  mayWrite: boolean;
}) {
  const groups = texts.say.examples.filter((g) => mayWrite || g.reads);
  const Title = roomy ? "h2" : "h3";
  return (
    <div className="pb-2">
      <p className={cx("font-semibold", roomy ? "text-20" : "text-14")}>
        {mayWrite ? texts.say.examplesTitle : texts.say.examplesTitleAsk}
      </p>
      <p className="mt-1 text-13 text-ink-2 text-pretty">
        {mayWrite ? texts.say.examplesHint : texts.say.examplesHintAsk}
      </p>
      <div className={cx("mt-4 flex flex-col", roomy ? "gap-5" : "gap-4")}>
        {groups.map((g) => (
          <section key={g.title} aria-label={g.title}>
            <Title className="mb-1 text-12 font-medium text-ink-3">{g.title}</Title>
            <ul className="-mx-2">
              {g.say.map((example) => (
                <li key={example}>
                  <button
                    type="button"
                    onClick={() => onPick(example)}
                    className="press group/example flex min-h-8 w-full items-center gap-2 rounded-6 px-2 py-1 text-left text-14 hover:bg-hover"
                  >
                    <span className="min-w-0 flex-1">{example}</span>
                    <CornerDownLeft
                      size={14}
                      className="shrink-0 text-ink-3 opacity-0 group-hover/example:opacity-100 group-focus-visible/example:opacity-100"
                      aria-hidden
                    />
                  </button>
                </li>
              ))}
            </ul>
          </section>
        ))}
      </div>
    </div>
  );
}

function Reply({ item, onUndo, onOpen }: { item: Said; onUndo?: () => void; onOpen?: () => void }) {
  const tone = item.status === "clarify" || item.status === "failed" ? "text-warn" : "text-ink";
  return (
    <div className="max-w-[94%] px-1">
      <p
        className={cx(
          "text-14 break-words whitespace-pre-line",
          tone,
          item.undone && "text-ink-3 line-through",
        )}
      >
        {item.text}
      </p>
      {item.answer ? <Results answer={item.answer} onOpen={onOpen} /> : null}
      <div className="mt-1 flex flex-wrap items-center gap-x-3 gap-y-1 text-12 text-ink-3">
        {item.status === "done" && !item.undone
          ? item.records.map((r) => <RecordLink key={r.id} record={r} onOpen={onOpen} />)
          : null}
        {item.undone ? <span>{texts.say.undone}</span> : null}
        {item.undo_id && !item.undone && onUndo ? (
          <button
            type="button"
            onClick={onUndo}
            className="press flex items-center gap-1 rounded-4 hover:text-ink"
          >
            <Undo2 size={12} aria-hidden />
            {texts.common.undo}
          </button>
        ) : null}
        <When at={item.created_at} />
      </div>
    </div>
  );
}

function RecordLink({ record, onOpen }: { record: SayRecord; onOpen?: () => void }) {
  return (
    <Link
      {...linkTo(record)}
      onClick={onOpen}
      className="max-w-60 truncate font-medium text-accent-text underline-offset-2 hover:underline"
    >
      {record.number ? `${texts.common.number(record.number)} ` : ""}
      {record.title}
    </Link>
  );
}
