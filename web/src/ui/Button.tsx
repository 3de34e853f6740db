import type { ButtonHTMLAttributes, Ref } from "react";
import { cx } from "./classes";
import { Tip } from "./Tip";

type Look = "primary" | "plain" | "quiet" | "danger";

const looks: Record<Look, string> = {
  primary: "bg-accent text-accent-ink hover:bg-accent-hover shadow-lift",
  plain: "bg-raised text-ink border border-line-strong hover:bg-hover shadow-lift",
  quiet: "text-ink-2 hover:bg-hover hover:text-ink",
  danger: "text-danger border border-line-strong bg-raised hover:bg-danger-soft shadow-lift",
};

type Props = ButtonHTMLAttributes<HTMLButtonElement> & {
  look?: Look;
  size?: "sm" | "md" | "lg";
  ref?: Ref<HTMLButtonElement>;
};

export function Button({ look = "plain", size = "md", className, type = "button", ...rest }: Props) {
  return (
    <button
      type={type}
      className={cx(
        "press inline-flex shrink-0 items-center justify-center gap-2 rounded-6 font-medium whitespace-nowrap select-none disabled:pointer-events-none disabled:opacity-45",
        size === "sm" && "h-6 px-2 text-12",
        size === "md" && "h-8 px-3 text-13",
        size === "lg" && "h-10 px-4 text-14",
        looks[look],
        className,
      )}
      {...rest}
    />
  );
}

type IconProps = ButtonHTMLAttributes<HTMLButtonElement> & {
  label: string;
  keys?: string[];
  size?: "sm" | "md";
  pressed?: boolean;
  ref?: Ref<HTMLButtonElement>;
};

/** A button that shows an icon only: it always has a name, and says it on hover. */
export function IconButton({
  label,
  keys,
  size = "md",
  pressed,
  className,
  type = "button",
  ...rest
}: IconProps) {
  return (
    <Tip text={label} keys={keys}>
      <button
        type={type}
        aria-label={label}
        aria-pressed={pressed}
        className={cx(
          "press inline-flex shrink-0 items-center justify-center rounded-6 text-ink-2 hover:bg-hover hover:text-ink disabled:pointer-events-none disabled:opacity-45 aria-pressed:bg-pressed aria-pressed:text-ink data-[state=open]:bg-pressed",
          size === "sm" ? "size-6" : "size-8",
          className,
        )}
        {...rest}
      />
    </Tip>
  );
}
