import { useInfiniteQuery } from "@tanstack/react-query";
import { Outlet, useNavigate, useParams, useRouter, useSearch } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { whenSignedOut } from "@/api/client";
import type { Me } from "@/api/types";
import { conversationsQuery } from "@/inbox/queries";
import { ShortcutHelp } from "@/keyboard/Help";
import { moveRow } from "@/keyboard/rows";
import { ShortcutProvider, useShortcut } from "@/keyboard/shortcuts";
import { LiveProvider } from "@/live/LiveProvider";
import { Arrivals } from "@/notifications/Arrivals";
import { DockProvider, SayDock } from "@/say/dock";
import { Palette } from "@/search/Palette";
import { PaletteProvider, usePalette } from "@/search/paletteState";
import { MeProvider } from "@/session/me";
import { useSignOut } from "@/session/queries";
import { TaskPanel } from "@/tasks/TaskPanel";
import { texts } from "@/texts";
import { ClockProvider } from "@/time/clock";
import { Guard } from "@/ui/States";
import { useToasts } from "@/ui/Toasts";
import { useMedia } from "@/ui/useMedia";
import { BottomNav } from "./BottomNav";
import { Degraded } from "./Degraded";
import { Sidebar } from "./Sidebar";

export function AppShell({ me }: { me: Me }) {
  const router = useRouter();
  const toSignIn = () => {
    const to = router.state.location.href;
    if (router.state.location.pathname !== "/sign-in")
      void router.navigate({ to: "/sign-in", search: { to, ended: true } });
  };
  useEffect(() => {
    whenSignedOut(toSignIn);
    return () => whenSignedOut(() => {});
  });
  return (
    <MeProvider me={me}>
      <ClockProvider zone={me.member.zone}>
        <ShortcutProvider>
          <LiveProvider onSignedOut={toSignIn}>
            <PaletteProvider>
              <DockProvider>
                <Frame />
              </DockProvider>
            </PaletteProvider>
          </LiveProvider>
        </ShortcutProvider>
      </ClockProvider>
    </MeProvider>
  );
}

const foldKey = "deskhand.sidebar";

function Frame() {
  const { task } = useSearch({ from: "/app" });
  const { conversationId } = useParams({ strict: false });
  const phone = useMedia("(max-width: 759px)");
  const { undoLast } = useToasts();
  const navigate = useNavigate();
  const palette = usePalette();
  const signOut = useSignOut();
  const [help, setHelp] = useState(false);
  const [folded, setFolded] = useState(
    () => localStorage.getItem(foldKey) === "folded" || window.matchMedia("(max-width: 1079px)").matches,
  );
  const waiting = useInfiniteQuery(conversationsQuery("waiting", "")).data?.counts?.waiting ?? 0;
  const fold = () => {
    setFolded(!folded);
    localStorage.setItem(foldKey, folded ? "open" : "folded");
  };
  const leave = () => signOut.mutate(undefined, { onSettled: () => void navigate({ to: "/sign-in" }) });

  useShortcut("mod+k", palette.open, { inFields: true });
  useShortcut("?", () => setHelp(true));
  useShortcut("mod+z", undoLast);
  useShortcut("[", fold);
  useShortcut("j", () => moveRow(1));
  useShortcut("k", () => moveRow(-1));
  useShortcut("g i", () => void navigate({ to: "/inbox" }));
  useShortcut("g t", () => void navigate({ to: "/tasks" }));
  useShortcut("g b", () => void navigate({ to: "/board" }));
  useShortcut("g a", () => void navigate({ to: "/articles" }));
  useShortcut("g k", () => void navigate({ to: "/tickets" }));
  useShortcut("g c", () => void navigate({ to: "/contacts" }));
  useShortcut("g n", () => void navigate({ to: "/notifications" }));
  useShortcut("g s", () => void navigate({ to: "/settings" }));

  return (
    <div className="flex h-dvh flex-col">
      <a
        href="#main"
        className="fixed top-2 left-2 z-60 -translate-y-16 rounded-6 bg-accent px-3 py-2 text-13 font-medium text-accent-ink focus:translate-y-0"
      >
        {texts.skip}
      </a>
      <Degraded />
      <div className="flex min-h-0 flex-1">
        <Sidebar
          folded={folded}
          onFold={fold}
          onHelp={() => setHelp(true)}
          onSignOut={leave}
          onSettings={() => void navigate({ to: "/settings" })}
        />
        <div className="relative flex min-w-0 flex-1">
          <main
            id="main"
            tabIndex={-1}
            // On a phone the task covers it.
            inert={phone && task !== undefined}
            className="relative h-full min-w-0 flex-1 overflow-hidden outline-none"
          >
            <Guard>
              <Outlet />
            </Guard>
          </main>
          {task ? (
            <Guard key={task}>
              <TaskPanel id={task} />
            </Guard>
          ) : null}
        </div>
      </div>
      {phone && (conversationId || task) ? null : <BottomNav waiting={waiting} onSignOut={leave} />}
      <SayDock />
      <Palette onHelp={() => setHelp(true)} />
      <ShortcutHelp open={help} onOpenChange={setHelp} />
      <Arrivals />
    </div>
  );
}
