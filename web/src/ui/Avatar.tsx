import { cx } from "./classes";

export function initials(name: string): string {
  const words = name.trim().split(/\s+/).filter(Boolean);
  const first = [...(words[0] ?? "?")][0] ?? "?";
  const last = words.length > 1 ? ([...(words.at(-1) ?? "")][0] ?? "") : "";
  return (first + last).toUpperCase();
}

/** A person: staff are round and filled, customers round and outlined, so one glance tells who speaks. */
export function Avatar({
  name,
  kind = "member",
  size = 24,
}: {
  name: string;
  kind?: "member" | "contact";
  size?: 16 | 20 | 24 | 32 | 40;
}) {
  return (
    <span
      aria-hidden
      className={cx(
        "inline-flex shrink-0 items-center justify-center rounded-full font-semibold select-none",
        size === 16 && "size-4 text-[8px]",
        size === 20 && "size-5 text-[9px]",
        size === 24 && "size-6 text-[10px]",
        size === 32 && "size-8 text-12",
        size === 40 && "size-10 text-14",
        kind === "member"
          ? "bg-member text-accent-text"
          : "bg-hover text-ink-2 ring-1 ring-line-strong ring-inset",
      )}
    >
      {initials(name)}
    </span>
  );
}
