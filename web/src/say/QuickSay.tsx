import { Plus } from "lucide-react";
import { useId, useRef, useState } from "react";
import { useReport } from "@/api/report";
import type { SayAnswer } from "@/api/types";
import { cx } from "@/ui/classes";
import { messageOf } from "@/ui/States";
import { PreviewCard } from "./Answer";
import { keptChat, usePreview, useSay } from "./queries";
import { SayField } from "./SayField";

/** One line that takes an order where it belongs: above the tasks, beside a ticket. */
export function QuickSay({
  ticketId = null,
  label,
  placeholder,
}: {
  ticketId?: string | null;
  label: string;
  placeholder: string;
}) {
  const [text, setText] = useState("");
  const [answer, setAnswer] = useState<SayAnswer | null>(null);
  const [focused, setFocused] = useState(false);
  const field = useRef<HTMLTextAreaElement>(null);
  const preview = usePreview(text, ticketId);
  const say = useSay();
  const report = useReport();
  const id = useId();

  const submit = () => {
    const said = text.trim();
    if (!said || say.isPending) return;
    say.mutate(
      { text: said, chatId: keptChat(), ticketId },
      {
        onSuccess: (done) => {
          if (done.status === "done") {
            setText("");
            setAnswer(null);
            report.done(done.text, done.undo_id);
          } else setAnswer(done);
        },
      },
    );
  };
  const shown = answer ?? preview.answer;
  const open = (focused || answer) && text.trim() && (shown || preview.error);
  const error = say.error ?? preview.error;

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: only watches the focus come and go
    <div
      className={cx(
        "relative rounded-8 has-[textarea:focus-visible]:outline-2 has-[textarea:focus-visible]:outline-accent",
        open && "z-20 bg-raised shadow-float",
      )}
      onFocus={() => setFocused(true)}
      onBlur={(e) => {
        if (!e.currentTarget.contains(e.relatedTarget)) {
          setFocused(false);
          setAnswer(null);
        }
      }}
    >
      <div className="flex items-start">
        <Plus size={16} className="mt-3 ml-2 shrink-0 text-ink-3" aria-hidden />
        <SayField
          ref={field}
          text={text}
          spans={preview.spans}
          onChange={(t) => {
            setText(t);
            setAnswer(null);
          }}
          onEnter={submit}
          onEscape={() => (text ? setText("") : field.current?.blur())}
          label={label}
          placeholder={placeholder}
          describedBy={open ? id : undefined}
        />
      </div>
      {open ? (
        <div className="absolute inset-x-0 top-full rounded-b-8 border-t border-line bg-raised shadow-float [clip-path:inset(0_-40px_-60px_-40px)]">
          {error ? (
            <p role="alert" className="px-3 py-2 text-13 text-danger">
              {messageOf(error)}
            </p>
          ) : shown ? (
            <PreviewCard id={id} answer={shown} faded={!answer && !preview.current} />
          ) : null}
        </div>
      ) : null}
    </div>
  );
}
