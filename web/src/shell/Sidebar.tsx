import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import {
  ChevronsUpDown,
  Keyboard,
  LogOut,
  MessageSquarePlus,
  PanelLeft,
  Search,
  Settings,
} from "lucide-react";
import type { ReactNode } from "react";
import { conversationsQuery } from "@/inbox/queries";
import { useLiveState } from "@/live/LiveProvider";
import { Bell } from "@/notifications/Bell";
import { useDock } from "@/say/dock";
import { usePalette } from "@/search/paletteState";
import { useMay, useMe } from "@/session/me";
import { texts } from "@/texts";
import { Avatar } from "@/ui/Avatar";
import { IconButton } from "@/ui/Button";
import { cx } from "@/ui/classes";
import { Keys } from "@/ui/Keys";
import { Mark } from "@/ui/Mark";
import { Menu, MenuItem, MenuLine, MenuTitle } from "@/ui/Menu";
import { Tip } from "@/ui/Tip";
import { type NavItem, navGroups } from "./nav";

/** The rail on the left: full, or folded to its icons. */
export function Sidebar({
  folded,
  onFold,
  onHelp,
  onSignOut,
  onSettings,
}: {
  folded: boolean;
  onFold: () => void;
  onHelp: () => void;
  onSignOut: () => void;
  onSettings: () => void;
}) {
  const me = useMe();
  const may = useMay();
  const palette = usePalette();
  const dock = useDock();
  const say = may.write ? texts.nav.say : texts.nav.ask;
  const waiting = useInfiniteQuery(conversationsQuery("waiting", "")).data?.counts?.waiting ?? 0;

  return (
    <nav
      aria-label={texts.nav.label}
      className={cx(
        "hidden h-full shrink-0 flex-col border-r border-line bg-rail md:flex",
        folded ? "w-14 items-center px-2" : "w-58 px-2",
      )}
    >
      <div
        className={cx(
          "flex h-12 w-full shrink-0 items-center",
          folded ? "justify-center" : "gap-2 pr-0 pl-2",
        )}
      >
        {folded ? (
          <Mark size={24} />
        ) : (
          <>
            <Mark size={20} />
            <span className="min-w-0 flex-1 truncate text-13 font-semibold" title={me.workspace.name}>
              {me.workspace.name}
            </span>
            <Bell />
          </>
        )}
      </div>
      <div className={cx("flex w-full flex-col gap-1 pb-3", folded && "items-center")}>
        {folded ? <Bell /> : null}
        {folded ? (
          <IconButton label={texts.nav.search} keys={["mod", "K"]} onClick={palette.open}>
            <Search size={16} />
          </IconButton>
        ) : (
          <button
            type="button"
            onClick={palette.open}
            className="press flex h-8 w-full items-center gap-2 rounded-6 border border-line-strong bg-raised px-2 text-13 text-ink-3 shadow-lift hover:text-ink"
          >
            <Search size={14} aria-hidden />
            <span className="flex-1 text-left">{texts.nav.search}</span>
            <Keys keys={["mod", "K"]} />
          </button>
        )}
        {folded ? (
          <IconButton label={say} keys={["C"]} onClick={() => dock.open()}>
            <MessageSquarePlus size={16} />
          </IconButton>
        ) : (
          <button
            type="button"
            onClick={() => dock.open()}
            className="press flex h-8 w-full items-center gap-2 rounded-6 px-2 text-13 font-medium text-accent-text hover:bg-accent-soft"
          >
            <MessageSquarePlus size={16} aria-hidden />
            <span className="flex-1 text-left">{say}</span>
            <Keys keys={["C"]} />
          </button>
        )}
      </div>
      <div className="flex min-h-0 w-full flex-1 flex-col gap-4 overflow-y-auto">
        {navGroups.map((group) => (
          <div key={group.title} className={cx("flex flex-col gap-0.5", folded && "items-center")}>
            {folded ? null : <h2 className="px-2 pb-1 text-12 font-medium text-ink-3">{group.title}</h2>}
            {group.items
              .filter((item) => !item.admin || may.administer)
              .map((item) => (
                <Item key={item.to} item={item} folded={folded} count={item.to === "/inbox" ? waiting : 0} />
              ))}
          </div>
        ))}
      </div>
      <Reconnecting folded={folded} />
      <div className={cx("flex w-full shrink-0 items-center gap-1 py-2", folded && "flex-col-reverse")}>
        <Menu
          align="start"
          side="top"
          trigger={
            <button
              type="button"
              aria-label={folded ? `${texts.nav.account}: ${me.member.name}` : undefined}
              className={cx(
                "press flex h-9 min-w-0 items-center gap-2 rounded-6 px-2 text-left hover:bg-pressed data-[state=open]:bg-pressed",
                !folded && "flex-1",
              )}
            >
              <Avatar name={me.member.name} />
              {folded ? null : (
                <>
                  <span className="sr-only">{texts.nav.account}: </span>
                  <span className="min-w-0 flex-1 truncate text-13">{me.member.name}</span>
                  <ChevronsUpDown size={12} className="text-ink-3" aria-hidden />
                </>
              )}
            </button>
          }
        >
          <MenuTitle>
            {me.member.email} · {texts.roles[me.member.role]}
          </MenuTitle>
          <MenuItem icon={<Settings size={14} />} onSelect={onSettings}>
            {texts.nav.settings}
          </MenuItem>
          <MenuItem icon={<Keyboard size={14} />} keys={["?"]} onSelect={onHelp}>
            {texts.nav.shortcuts}
          </MenuItem>
          <MenuLine />
          <MenuItem icon={<LogOut size={14} />} onSelect={onSignOut}>
            {texts.nav.signOut}
          </MenuItem>
        </Menu>
        <IconButton label={folded ? texts.nav.expand : texts.nav.collapse} keys={["["]} onClick={onFold}>
          <PanelLeft size={16} />
        </IconButton>
      </div>
    </nav>
  );
}

function Item({ item, folded, count }: { item: NavItem; folded: boolean; count: number }) {
  const link: ReactNode = (
    <Link
      to={item.to}
      aria-label={folded ? item.label : undefined}
      className={cx(
        "press relative flex h-8 items-center gap-2.5 rounded-6 text-13 font-medium text-ink-2 hover:bg-pressed hover:text-ink aria-[current=page]:bg-pressed aria-[current=page]:text-ink",
        folded ? "w-8 justify-center" : "px-2",
      )}
    >
      <span aria-hidden>{item.icon}</span>
      {folded ? null : <span className="flex-1">{item.label}</span>}
      {count ? (
        <span
          className={cx(
            "text-12 font-semibold text-warn",
            folded && "absolute top-0 right-0 size-2 overflow-hidden rounded-full bg-warn text-transparent",
          )}
        >
          {count}
        </span>
      ) : null}
    </Link>
  );
  return folded ? (
    <Tip text={item.label} keys={item.keys} side="right">
      {link}
    </Tip>
  ) : (
    link
  );
}

/** Shown only when a cut lasts; most are over before anyone notices. */
export function Reconnecting({ folded }: { folded?: boolean }) {
  const state = useLiveState();
  if (state !== "reconnecting") return null;
  return (
    <Tip text={texts.live.reconnectingHint} side="top">
      <p
        role="status"
        className="skeleton-late flex h-7 w-full items-center justify-center gap-2 rounded-6 text-12 text-ink-3"
      >
        <span className="size-2 rounded-full bg-warn" aria-hidden />
        {folded ? <span className="sr-only">{texts.live.reconnecting}</span> : texts.live.reconnecting}
      </p>
    </Tip>
  );
}
