import type { ReactNode } from "react";
import { texts } from "@/texts";
import { Mark } from "@/ui/Mark";

/** The quiet page around the forms that lead in. */
export function Frame({
  title,
  hint,
  children,
  foot,
}: {
  title: string;
  hint?: ReactNode;
  children: ReactNode;
  foot?: ReactNode;
}) {
  return (
    <main className="flex h-full flex-col items-center overflow-y-auto bg-rail px-4">
      <title>{`${title} · ${texts.product}`}</title>
      <div className="my-auto w-full max-w-95 py-10">
        <div className="mb-8 flex items-center gap-2.5">
          <Mark size={28} />
          <span className="text-16 font-semibold tracking-tight">{texts.product}</span>
        </div>
        <h1 className="text-28 font-semibold text-balance">{title}</h1>
        {hint ? <p className="mt-1 text-14 text-ink-2 text-pretty">{hint}</p> : null}
        <div className="mt-6">{children}</div>
        {foot ? <div className="mt-6 text-13 text-ink-3">{foot}</div> : null}
      </div>
    </main>
  );
}
