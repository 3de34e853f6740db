import { useNavigate } from "@tanstack/react-router";
import { Maximize2, X } from "lucide-react";
import { createContext, type ReactNode, useContext, useMemo, useRef, useState } from "react";
import { useShortcut } from "@/keyboard/shortcuts";
import { useMay } from "@/session/me";
import { texts } from "@/texts";
import { IconButton } from "@/ui/Button";
import { focusBack } from "@/ui/Dialog";
import { Mark } from "@/ui/Mark";
import { useScreenAbout } from "./about";
import { Chat } from "./Chat";

type Dock = {
  isOpen: boolean;
  open: (text?: string) => void;
  close: () => void;
  text: string;
  opened: number;
};

const DockContext = createContext<Dock>({
  isOpen: false,
  open: () => {},
  close: () => {},
  text: "",
  opened: 0,
});

export function useDock(): Dock {
  return useContext(DockContext);
}

export function DockProvider({ children }: { children: ReactNode }) {
  const [state, setState] = useState({ isOpen: false, text: "", opened: 0 });
  const from = useRef<Element | null>(null);
  const dock = useMemo<Dock>(
    () => ({
      ...state,
      open: (text = "") => {
        from.current = document.activeElement;
        setState((s) => ({ isOpen: true, text, opened: s.opened + 1 }));
      },
      close: () => {
        setState((s) => ({ ...s, isOpen: false }));
        // Who closes it is back where the keyboard was, unless the focus has gone on by itself.
        const back = from.current;
        requestAnimationFrame(() => focusBack(back));
      },
    }),
    [state],
  );
  return <DockContext.Provider value={dock}>{children}</DockContext.Provider>;
}

/** The chat over whatever is on the screen. It knows which ticket that is. */
export function SayDock() {
  const dock = useDock();
  const about = useScreenAbout();
  const title = useMay().write ? texts.say.title : texts.nav.ask;
  const navigate = useNavigate();
  useShortcut("c", () => dock.open());
  useShortcut("Escape", dock.close, { enabled: dock.isOpen });
  if (!dock.isOpen) return null;
  return (
    <section
      aria-label={title}
      className="float-in fixed inset-x-0 bottom-0 z-40 flex h-[min(640px,85dvh)] flex-col overflow-hidden rounded-t-12 bg-raised shadow-float md:inset-x-auto md:right-4 md:bottom-4 md:h-[min(560px,80dvh)] md:w-110 md:rounded-12"
    >
      <header className="flex h-11 shrink-0 items-center gap-2 border-b border-line pr-2 pl-3">
        <Mark size={20} />
        <h2 className="flex-1 text-13 font-semibold">{title}</h2>
        <IconButton
          label={texts.say.expand}
          onClick={() => {
            dock.close();
            void navigate({ to: "/say", search: { ticket: about?.ticketId } });
          }}
        >
          <Maximize2 size={14} />
        </IconButton>
        <IconButton label={texts.common.close} keys={["Esc"]} onClick={dock.close}>
          <X size={16} />
        </IconButton>
      </header>
      <Chat
        key={dock.opened}
        about={about}
        autoFocus
        initial={dock.text}
        onEscape={dock.close}
        onOpen={() => window.matchMedia("(max-width: 759px)").matches && dock.close()}
      />
    </section>
  );
}
