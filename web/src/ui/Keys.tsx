import { cx } from "./classes";

const mac = typeof navigator !== "undefined" && /Mac|iPhone|iPad/.test(navigator.platform);

/** Keys as they stand on the reader's keyboard: "mod" is Command on a Mac and Ctrl elsewhere. */
export function keyText(key: string): string {
  if (key === "mod") return mac ? "⌘" : "Ctrl";
  return key;
}

export function Keys({ keys, inverse }: { keys: string[]; inverse?: boolean }) {
  return (
    <span className="inline-flex items-center gap-1">
      {keys.map((key) => (
        <kbd
          key={key}
          className={cx(
            "inline-flex h-4 min-w-4 items-center justify-center rounded-4 px-1 font-sans text-12 leading-4",
            inverse ? "bg-page/20 text-page" : "bg-hover text-ink-2 ring-1 ring-line ring-inset",
          )}
        >
          {keyText(key)}
        </kbd>
      ))}
    </span>
  );
}
