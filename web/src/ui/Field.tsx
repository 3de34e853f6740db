import {
  type InputHTMLAttributes,
  type ReactNode,
  type Ref,
  type TextareaHTMLAttributes,
  useId,
} from "react";
import { cx } from "./classes";

const box =
  "press w-full rounded-6 border border-line-strong bg-raised px-3 text-14 text-ink shadow-lift hover:border-ink-3 focus-visible:border-accent focus-visible:outline-offset-0 aria-invalid:border-danger disabled:bg-sunken disabled:text-ink-3 disabled:shadow-none";
const written = "read-only:bg-sunken";

type Shell = { label: ReactNode; hint?: ReactNode; error?: string; hideLabel?: boolean };

function Frame({ id, label, hint, error, hideLabel, children }: Shell & { id: string; children: ReactNode }) {
  return (
    <div className="flex flex-col gap-1">
      <label htmlFor={id} className={cx("text-13 font-medium text-ink", hideLabel && "sr-only")}>
        {label}
      </label>
      {children}
      {error ? (
        <p id={`${id}-error`} className="text-13 text-danger">
          {error}
        </p>
      ) : hint ? (
        <p id={`${id}-hint`} className="text-12 text-ink-3">
          {hint}
        </p>
      ) : null}
    </div>
  );
}

function described(id: string, hint: ReactNode, error?: string): string | undefined {
  return error ? `${id}-error` : hint ? `${id}-hint` : undefined;
}

export function TextField({
  label,
  hint,
  error,
  hideLabel,
  className,
  ref,
  ...rest
}: Shell & InputHTMLAttributes<HTMLInputElement> & { ref?: Ref<HTMLInputElement> }) {
  const id = useId();
  return (
    <Frame id={id} label={label} hint={hint} error={error} hideLabel={hideLabel}>
      <input
        ref={ref}
        id={id}
        aria-invalid={error ? true : undefined}
        aria-describedby={described(id, hint, error)}
        className={cx(box, written, "h-9", className)}
        {...rest}
      />
    </Frame>
  );
}

export function TextArea({
  label,
  hint,
  error,
  hideLabel,
  className,
  ref,
  ...rest
}: Shell & TextareaHTMLAttributes<HTMLTextAreaElement> & { ref?: Ref<HTMLTextAreaElement> }) {
  const id = useId();
  return (
    <Frame id={id} label={label} hint={hint} error={error} hideLabel={hideLabel}>
      <textarea
        ref={ref}
        id={id}
        aria-invalid={error ? true : undefined}
        aria-describedby={described(id, hint, error)}
        className={cx(box, written, "min-h-20 resize-y py-2 leading-5", className)}
        {...rest}
      />
    </Frame>
  );
}

export type Option = { value: string; label: string };

export function SelectField({
  label,
  hint,
  error,
  hideLabel,
  options,
  value,
  onChange,
  disabled,
  className,
}: Shell & {
  options: Option[];
  value: string;
  onChange: (value: string) => void;
  disabled?: boolean;
  className?: string;
}) {
  const id = useId();
  return (
    <Frame id={id} label={label} hint={hint} error={error} hideLabel={hideLabel}>
      <select
        id={id}
        value={value}
        disabled={disabled}
        onChange={(e) => onChange(e.target.value)}
        aria-invalid={error ? true : undefined}
        aria-describedby={described(id, hint, error)}
        className={cx(box, "h-9", className)}
      >
        {options.map((o) => (
          <option key={o.value} value={o.value}>
            {o.label}
          </option>
        ))}
      </select>
    </Frame>
  );
}

export function Switch({
  label,
  hint,
  checked,
  onChange,
  disabled,
}: {
  label: string;
  hint?: string;
  checked: boolean;
  onChange: (checked: boolean) => void;
  disabled?: boolean;
}) {
  const id = useId();
  return (
    <div className="flex items-start justify-between gap-4">
      <div>
        <label htmlFor={id} className="text-13 font-medium">
          {label}
        </label>
        {hint ? <p className="text-12 text-ink-3">{hint}</p> : null}
      </div>
      <button
        id={id}
        type="button"
        role="switch"
        aria-checked={checked}
        disabled={disabled}
        onClick={() => onChange(!checked)}
        className={cx(
          "press mt-0.5 flex h-5 w-9 shrink-0 items-center rounded-full p-0.5 disabled:opacity-45",
          checked ? "bg-accent" : "bg-line-strong",
        )}
      >
        <span
          className={cx(
            "size-4 rounded-full bg-page shadow-lift transition-transform duration-[var(--quick)]",
            checked && "translate-x-4",
          )}
        />
      </button>
    </div>
  );
}

export function Segmented<T extends string>({
  label,
  value,
  options,
  onChange,
  size = "md",
}: {
  label: string;
  value: T;
  options: { value: T; label: ReactNode; name?: string }[];
  onChange: (value: T) => void;
  size?: "sm" | "md";
}) {
  return (
    <div role="radiogroup" aria-label={label} className="inline-flex shrink-0 rounded-6 bg-hover p-0.5">
      {options.map((o, at) => (
        // biome-ignore lint/a11y/useSemanticElements: a segmented control has its own arrow keys and look
        <button
          key={o.value}
          type="button"
          role="radio"
          aria-checked={o.value === value}
          aria-label={o.name}
          tabIndex={o.value === value ? 0 : -1}
          onClick={() => onChange(o.value)}
          onKeyDown={(e) => {
            const step =
              e.key === "ArrowRight" || e.key === "ArrowDown"
                ? 1
                : e.key === "ArrowLeft" || e.key === "ArrowUp"
                  ? -1
                  : 0;
            const next = options[(at + step + options.length) % options.length];
            if (!step || !next) return;
            e.preventDefault();
            onChange(next.value);
            const buttons = e.currentTarget.parentElement?.querySelectorAll<HTMLElement>('[role="radio"]');
            buttons?.[options.indexOf(next)]?.focus();
          }}
          className={cx(
            "press inline-flex items-center justify-center gap-1.5 rounded-4 font-medium whitespace-nowrap",
            size === "sm" ? "h-6 px-2 text-12" : "h-7 px-3 text-13",
            o.value === value ? "bg-raised text-ink shadow-lift" : "text-ink-2 hover:text-ink",
          )}
        >
          {o.label}
        </button>
      ))}
    </div>
  );
}
