import { ChevronDown } from "lucide-react";
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
    <div className="flex flex-col gap-1.5">
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
  unit,
  ref,
  ...rest
}: Shell & InputHTMLAttributes<HTMLInputElement> & { unit?: string; ref?: Ref<HTMLInputElement> }) {
  const id = useId();
  return (
    <Frame id={id} label={label} hint={hint} error={error} hideLabel={hideLabel}>
      <span className="flex items-center gap-2">
        <input
          ref={ref}
          id={id}
          aria-invalid={error ? true : undefined}
          aria-describedby={cx(described(id, hint, error), unit && `${id}-unit`) || undefined}
          className={cx(box, written, "h-9", className)}
          {...rest}
        />
        {unit ? (
          <span id={`${id}-unit`} className="shrink-0 text-13 text-ink-2">
            {unit}
          </span>
        ) : null}
      </span>
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
      <span className="relative">
        <select
          id={id}
          value={value}
          disabled={disabled}
          onChange={(e) => onChange(e.target.value)}
          aria-invalid={error ? true : undefined}
          aria-describedby={described(id, hint, error)}
          className={cx(box, "h-9 appearance-none truncate pr-9", className)}
        >
          {options.map((o) => (
            <option key={o.value} value={o.value}>
              {o.label}
            </option>
          ))}
        </select>
        <ChevronDown
          size={16}
          className="pointer-events-none absolute top-1/2 right-2.5 -translate-y-1/2 text-ink-3"
          aria-hidden
        />
      </span>
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
  fill,
}: {
  label: string;
  value: T;
  options: { value: T; label: ReactNode; name?: string }[];
  onChange: (value: T) => void;
  size?: "sm" | "md";
  /** As wide as the place it stands in. */
  fill?: boolean;
}) {
  return (
    <div
      role="radiogroup"
      aria-label={label}
      className={cx("shrink-0 rounded-6 bg-hover p-0.5", fill ? "flex" : "inline-flex")}
    >
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
            fill && "flex-1",
            o.value === value ? "bg-chosen text-ink shadow-lift" : "text-ink-2 hover:text-ink",
          )}
        >
          {o.label}
        </button>
      ))}
    </div>
  );
}

/** One of a few, each with what it means: all of them stay in sight while one is chosen. */
export function ChoiceField<T extends string>({
  label,
  value,
  options,
  onChange,
  error,
}: {
  label: string;
  value: T;
  options: { value: T; label: string; hint: string }[];
  onChange: (value: T) => void;
  error?: string;
}) {
  const id = useId();
  return (
    <fieldset aria-describedby={error ? `${id}-error` : undefined}>
      <legend className="mb-1.5 text-13 font-medium text-ink">{label}</legend>
      <div className="divide-y divide-line overflow-hidden rounded-8 border border-line-strong">
        {options.map((o) => (
          <label
            key={o.value}
            className="press flex cursor-pointer items-start gap-3 px-3 py-2 hover:bg-hover has-checked:bg-accent-soft has-focus-visible:outline-2 has-focus-visible:-outline-offset-2 has-focus-visible:outline-accent"
          >
            <input
              type="radio"
              name={id}
              value={o.value}
              checked={o.value === value}
              onChange={() => onChange(o.value)}
              className="mt-0.5 size-4 shrink-0 accent-accent outline-none"
            />
            <span className="min-w-0">
              <span className="block text-13 font-medium">{o.label}</span>
              <span className="block text-12 text-ink-2">{o.hint}</span>
            </span>
          </label>
        ))}
      </div>
      {error ? (
        <p id={`${id}-error`} className="mt-1 text-13 text-danger">
          {error}
        </p>
      ) : null}
    </fieldset>
  );
}
