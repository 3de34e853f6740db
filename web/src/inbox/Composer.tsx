import { Hand, SendHorizontal } from "lucide-react";
import { useEffect, useLayoutEffect, useRef, useState } from "react";
import { newKey } from "@/api/client";
import type { Conversation } from "@/api/types";
import { useShortcut } from "@/keyboard/shortcuts";
import { texts } from "@/texts";
import { Button } from "@/ui/Button";
import { cx } from "@/ui/classes";
import { Segmented } from "@/ui/Field";
import { Keys } from "@/ui/Keys";
import { outbox, useDraft } from "./outbox";
import { useSend } from "./queries";

type Mode = "reply" | "note";

/** Where one answers. A reply needs the claim, a note never does. Enter sends, Shift+Enter breaks the line. */
export function Composer({
  conversation: c,
  mine,
  canClaim,
  onClaim,
}: {
  conversation: Conversation;
  mine: boolean;
  canClaim: boolean;
  onClaim: () => Promise<unknown>;
}) {
  const text = useDraft(c.id);
  const [chosen, setChosen] = useState<Mode | null>(null);
  const box = useRef<HTMLTextAreaElement>(null);
  const send = useSend(c.id);
  const mode: Mode = chosen ?? (mine || canClaim ? "reply" : "note");
  const needsClaim = mode === "reply" && !mine;

  useShortcut("r", () => {
    setChosen("reply");
    box.current?.focus();
  });
  useShortcut("n", () => {
    setChosen("note");
    box.current?.focus();
  });
  // A draft that was begun elsewhere ("Reply to Dana") is gone on with here.
  const begun = text !== "";
  useEffect(() => {
    if (begun) box.current?.focus();
  }, [begun]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the height follows the text
  useLayoutEffect(() => {
    const b = box.current;
    if (!b) return;
    b.style.height = "auto";
    b.style.height = `${Math.min(b.scrollHeight, 240)}px`;
  }, [text]);

  const change = (value: string) => outbox.keepDraft(c.id, value);
  const submit = async () => {
    const said = text.trim();
    if (!said) return;
    if (needsClaim) {
      if (!canClaim) return;
      try {
        await onClaim();
      } catch {
        return;
      }
    }
    const clientId = newKey();
    outbox.add(c.id, {
      clientId,
      text: said,
      note: mode === "note",
      at: new Date().toISOString(),
      failed: null,
    });
    change("");
    void send(clientId);
  };

  const name = c.contact.name || texts.contact.anonymous;
  return (
    <div className="shrink-0 px-3 pb-3 md:px-6 md:pb-4">
      <div
        className={cx(
          "mx-auto max-w-190 rounded-12 border shadow-lift focus-within:border-accent",
          mode === "note" ? "border-note-line bg-note" : "border-line-strong bg-raised",
        )}
      >
        <textarea
          ref={box}
          rows={1}
          value={text}
          aria-label={mode === "note" ? texts.inbox.note : texts.inbox.replyTo(name)}
          placeholder={mode === "note" ? texts.inbox.notePlaceholder : texts.inbox.replyTo(name)}
          onChange={(e) => change(e.target.value)}
          onKeyDown={(e) => {
            if (e.key === "Escape") {
              e.preventDefault();
              e.currentTarget.blur();
            } else if (e.key === "Enter" && !e.shiftKey && !e.nativeEvent.isComposing) {
              e.preventDefault();
              void submit();
            }
          }}
          className="block max-h-60 min-h-11 w-full resize-none bg-transparent px-3 pt-3 pb-1 text-14 outline-none"
        />
        <div className="flex items-center gap-2 px-2 pb-2">
          <Segmented<Mode>
            label={texts.inbox.reply}
            size="sm"
            value={mode}
            onChange={setChosen}
            options={[
              { value: "reply", label: texts.inbox.reply },
              { value: "note", label: texts.inbox.note },
            ]}
          />
          <span className="min-w-0 flex-1 truncate text-right text-12 text-ink-3">
            {needsClaim && c.state !== "closed" ? (
              c.state === "claimed" && c.claimed_by ? (
                texts.inbox.claimedBy(c.claimed_by.name)
              ) : null
            ) : text ? (
              <span className="max-md:hidden">
                <Keys keys={["↵"]} />
              </span>
            ) : null}
          </span>
          {needsClaim ? (
            <Button
              look={text.trim() ? "primary" : "plain"}
              disabled={!canClaim || !text.trim()}
              onClick={() => void submit()}
            >
              <Hand size={14} />
              {texts.inbox.claimAndSend}
            </Button>
          ) : (
            <Button
              look={text.trim() ? "primary" : "plain"}
              disabled={!text.trim()}
              onClick={() => void submit()}
            >
              <SendHorizontal size={14} />
              {mode === "note" ? texts.inbox.sendNote : texts.inbox.send}
            </Button>
          )}
        </div>
      </div>
    </div>
  );
}
