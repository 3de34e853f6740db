import { X } from "lucide-react";
import type { ReactNode } from "react";
import { texts } from "@/texts";
import { cx } from "./classes";

type Tone = "plain" | "accent" | "warn" | "danger" | "good";

const tones: Record<Tone, string> = {
  plain: "bg-pressed text-ink-2",
  accent: "bg-member text-accent-text",
  warn: "bg-warn-soft text-warn",
  danger: "bg-danger-soft text-danger",
  good: "bg-good-soft text-good",
};

export function Tag({
  tone = "plain",
  children,
  className,
}: {
  tone?: Tone;
  children: ReactNode;
  className?: string;
}) {
  return (
    <span
      className={cx(
        "inline-flex h-5 max-w-full shrink-0 items-center gap-1 truncate rounded-4 px-1.5 text-12 font-medium whitespace-nowrap",
        tones[tone],
        className,
      )}
    >
      {children}
    </span>
  );
}

/** A project's colour, as a dot. The colour is data, set through the style object model. */
export function Swatch({ color, large }: { color: string; large?: boolean }) {
  return (
    <span
      aria-hidden
      className={cx("shrink-0 rounded-full", large ? "size-3" : "size-2")}
      style={{ backgroundColor: color }}
    />
  );
}

/** A label that can be taken off: its cross is as large as a finger or a shaky hand needs. */
export function LabelTag({ label, onRemove }: { label: string; onRemove: () => void }) {
  return (
    <span className="inline-flex h-6 max-w-full items-center rounded-4 bg-pressed pl-2 text-12 font-medium text-ink-2">
      <span className="truncate">{label}</span>
      <button
        type="button"
        aria-label={`${texts.common.remove}: ${label}`}
        onClick={onRemove}
        className="press flex size-6 shrink-0 items-center justify-center rounded-4 hover:bg-pressed hover:text-ink"
      >
        <X size={12} />
      </button>
    </span>
  );
}
