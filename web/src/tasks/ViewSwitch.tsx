import { Link, useLocation } from "@tanstack/react-router";
import { Columns3, List } from "lucide-react";
import { changed } from "@/shell/address";
import { texts } from "@/texts";
import { cx } from "@/ui/classes";

/** The same tasks as a list or as a board; the filters come along. */
export function ViewSwitch() {
  const { pathname } = useLocation();
  const views = [
    { to: "/tasks" as const, label: texts.tasks.title, icon: <List size={14} aria-hidden /> },
    { to: "/board" as const, label: texts.board.title, icon: <Columns3 size={14} aria-hidden /> },
  ];
  return (
    <nav aria-label={texts.nav.work} className="inline-flex shrink-0 rounded-6 bg-hover p-0.5">
      {views.map((v) => (
        <Link
          key={v.to}
          to={v.to}
          search={changed()}
          className={cx(
            "press inline-flex h-7 items-center gap-1.5 rounded-4 px-2.5 text-13 font-medium",
            pathname.startsWith(v.to) ? "bg-chosen text-ink shadow-lift" : "text-ink-2 hover:text-ink",
          )}
        >
          {v.icon}
          <span className="max-sm:sr-only">{v.label}</span>
        </Link>
      ))}
    </nav>
  );
}
