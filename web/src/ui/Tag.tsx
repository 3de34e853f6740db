import type { ReactNode } from "react";
import { cx } from "./classes";

type Tone = "plain" | "accent" | "warn" | "danger" | "good";

const tones: Record<Tone, string> = {
  plain: "bg-pressed text-ink-2",
  accent: "bg-accent-soft text-accent-text",
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
