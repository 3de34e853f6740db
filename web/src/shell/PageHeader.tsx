import { ArrowLeft, Search } from "lucide-react";
import type { ReactNode } from "react";
import { BellLink } from "@/notifications/Bell";
import { usePalette } from "@/search/paletteState";
import { useMe } from "@/session/me";
import { texts } from "@/texts";
import { IconButton } from "@/ui/Button";

/** The line on top of every screen: where am I, and what can be done here. */
export function PageHeader({
  title,
  onBack,
  children,
  actions,
  searches,
}: {
  title: ReactNode;
  onBack?: () => void;
  children?: ReactNode;
  actions?: ReactNode;
  /** The page itself is a search, so that the way to another one is left out. */
  searches?: boolean;
}) {
  const palette = usePalette();
  const { workspace } = useMe();
  return (
    <header className="flex h-12 shrink-0 items-center gap-2 border-b border-line pr-2 pl-4 md:pr-3">
      {typeof title === "string" ? <title>{`${title} · ${workspace.name}`}</title> : null}
      {onBack ? (
        <IconButton label={texts.common.back} onClick={onBack} className="-ml-2">
          <ArrowLeft size={16} />
        </IconButton>
      ) : null}
      <h1 className="truncate text-14 font-semibold">{title}</h1>
      <div className="flex min-w-0 flex-1 items-center gap-2">{children}</div>
      {actions}
      <div className="flex items-center md:hidden">
        {searches ? null : (
          <IconButton label={texts.nav.search} onClick={() => palette.open()}>
            <Search size={18} />
          </IconButton>
        )}
        <BellLink />
      </div>
    </header>
  );
}
