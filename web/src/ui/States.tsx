import { CloudOff, RotateCw, SearchX } from "lucide-react";
import { Component, type ReactNode } from "react";
import { ApiError } from "@/api/client";
import { aboutField } from "@/api/sentence";
import { texts } from "@/texts";
import { Button } from "./Button";
import { cx } from "./classes";

/** What an empty list says: what belongs here and what to do next. */
export function Empty({
  icon,
  title,
  hint,
  action,
  className,
  level: Title = "p",
}: {
  icon?: ReactNode;
  title: string;
  hint?: ReactNode;
  action?: ReactNode;
  className?: string;
  /** Where this is all there is, its title is the heading. */
  level?: "h1" | "h2" | "p";
}) {
  return (
    <div className={cx("flex flex-col items-center justify-center px-6 py-16 text-center", className)}>
      {icon ? (
        <div
          className="mb-4 flex size-10 items-center justify-center rounded-12 bg-hover text-ink-3"
          aria-hidden
        >
          {icon}
        </div>
      ) : null}
      <Title className={cx("text-ink", Title === "h1" ? "text-20 font-semibold" : "text-14 font-medium")}>
        {title}
      </Title>
      {hint ? <p className="mt-1 max-w-80 text-13 text-ink-3 text-pretty">{hint}</p> : null}
      {action ? <div className="mt-4 flex gap-2">{action}</div> : null}
    </div>
  );
}

export function messageOf(error: unknown): string {
  if (error instanceof ApiError) {
    if (error.status === 429 && error.retryAfterSeconds) return texts.errors.tooFast(error.retryAfterSeconds);
    if (error.errors.length) return error.errors.map((e) => aboutField(e.field, e.message)).join(" ");
    return error.detail;
  }
  return error instanceof Error ? error.message : String(error);
}

/** A query that failed, said in the place where its answer would be. */
export function Failed({
  error,
  retry,
  className,
  level,
}: {
  error: unknown;
  retry?: () => void;
  className?: string;
  level?: "h1" | "h2";
}) {
  const missing = error instanceof ApiError && error.status === 404;
  const forbidden = error instanceof ApiError && error.status === 403;
  return (
    <Empty
      className={className}
      level={level}
      icon={missing ? <SearchX size={20} /> : <CloudOff size={20} />}
      title={missing ? texts.errors.notFoundTitle : texts.errors.load}
      hint={missing ? texts.errors.notFound : forbidden ? texts.errors.forbidden : messageOf(error)}
      action={
        retry && !missing && !forbidden ? (
          <Button onClick={retry}>
            <RotateCw size={14} />
            {texts.common.retry}
          </Button>
        ) : null
      }
    />
  );
}

/** A sentence about a failure, beside the thing that failed. */
export function Problem({ children }: { children: ReactNode }) {
  return (
    <p role="alert" className="rounded-6 bg-danger-soft px-3 py-2 text-13 text-danger">
      {children}
    </p>
  );
}

const widths = ["w-3/5", "w-2/5", "w-1/2", "w-2/3", "w-1/3", "w-3/4"];

export function SkeletonRows({ rows = 8, tall }: { rows?: number; tall?: boolean }) {
  return (
    <div role="status" aria-label={texts.common.loading} className="px-4 py-2">
      {Array.from({ length: rows }, (_, i) => i).map((i) => (
        <div key={i} className={cx("flex items-center gap-3", tall ? "h-17" : "h-9")}>
          <div className={cx("skeleton shrink-0 rounded-full", tall ? "size-8" : "size-4")} />
          <div className="flex-1">
            <div className={cx("skeleton h-3 rounded-4", widths[i % widths.length])} />
            {tall ? <div className="skeleton mt-2 h-3 w-4/5 rounded-4" /> : null}
          </div>
        </div>
      ))}
    </div>
  );
}

/** Something broke in the page itself; what was saved is safe, and a reload is the way on. */
export function Crashed() {
  return (
    <Empty
      className="h-full"
      level="h1"
      icon={<CloudOff size={20} />}
      title={texts.errors.crash}
      hint={texts.errors.crashHint}
      action={<Button onClick={() => window.location.reload()}>{texts.errors.reload}</Button>}
    />
  );
}

/** For a route that failed: a refusal of the server is told as such, anything else is ours. */
export function RouteFailed({ error, reset }: { error: unknown; reset: () => void }) {
  return error instanceof ApiError ? (
    <Failed className="h-full" level="h1" error={error} retry={reset} />
  ) : (
    <Crashed />
  );
}

/** Keeps one broken part from taking the page with it. */
export class Guard extends Component<{ children: ReactNode }, { broken: boolean }> {
  override state = { broken: false };

  static getDerivedStateFromError() {
    return { broken: true };
  }

  override render() {
    return this.state.broken ? <Crashed /> : this.props.children;
  }
}
