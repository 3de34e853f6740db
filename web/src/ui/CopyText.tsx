import { Check, Copy } from "lucide-react";
import { useState } from "react";
import { texts } from "@/texts";
import { Button } from "./Button";

export function useCopy(): [boolean, (text: string) => void] {
  const [copied, setCopied] = useState(false);
  const copy = (text: string) => {
    void navigator.clipboard?.writeText(text).then(() => {
      setCopied(true);
      setTimeout(() => setCopied(false), 2000);
    });
  };
  return [copied, copy];
}

/** Text to take along: selectable, with a button that says when it worked. */
export function CopyText({ text, label }: { text: string; label: string }) {
  const [copied, copy] = useCopy();
  return (
    <div className="flex items-start gap-2 max-sm:flex-col rounded-8 border border-line bg-sunken p-2 pl-3">
      <code className="min-w-0 flex-1 py-1.5 font-mono text-12 leading-5 break-words whitespace-pre-wrap select-all">
        <Words text={text} />
      </code>
      <Button
        onClick={() => copy(text)}
        aria-label={copied ? texts.common.copied : `${texts.common.copy}: ${label}`}
      >
        {copied ? <Check size={14} className="text-good" /> : <Copy size={14} />}
        {copied ? texts.common.copied : texts.common.copy}
      </Button>
    </div>
  );
}

/** Breaks between words only, never at a hyphen inside one; but a word that no line can hold may break. */
function Words({ text }: { text: string }) {
  return text.split(/(\s+)/).map((part, at) => {
    const key = `${at} ${part}`;
    return (
      <span key={key} className={part.trim() && part.length < 36 ? "whitespace-pre" : undefined}>
        {part}
      </span>
    );
  });
}
