import type { ReactNode } from "react";
import { PageHeader } from "./PageHeader";

/** A page of settings and lists: one calm column. */
export function AdminPage({
  title,
  hint,
  actions,
  children,
}: {
  title: string;
  hint?: string;
  actions?: ReactNode;
  children: ReactNode;
}) {
  return (
    <div className="flex h-full flex-col">
      <PageHeader title={title} actions={actions} />
      <div className="min-h-0 flex-1 overflow-y-auto">
        <div className="max-w-190 px-4 py-5">
          {hint ? <p className="mb-4 text-13 text-ink-2">{hint}</p> : null}
          {children}
        </div>
      </div>
    </div>
  );
}
