import { AlertTriangle, Check, X } from "lucide-react";
import {
  createContext,
  type ReactNode,
  useCallback,
  useContext,
  useEffect,
  useMemo,
  useRef,
  useState,
} from "react";
import { texts } from "@/texts";
import { Button, IconButton } from "./Button";

type Action = {
  label: string;
  run: () => void;
  primary?: boolean;
  /** The way back from what the toast tells. */
  undo?: boolean;
};
export type Toast = {
  text: ReactNode;
  detail?: ReactNode;
  tone?: "plain" | "error" | "reminder";
  icon?: ReactNode;
  actions?: Action[];
  /** Milliseconds until it goes by itself; 0 stays until it is answered. */
  stay?: number;
  /** Takes the place of the last toast about the same thing. */
  about?: string;
};
type Shown = Toast & { id: number };
type Toaster = {
  show: (toast: Toast) => number;
  dismiss: (id: number) => void;
  /** Takes back what the newest toast with an undo tells. */
  undoLast: () => void;
};

const ToastContext = createContext<Toaster>({ show: () => 0, dismiss: () => {}, undoLast: () => {} });

export function useToasts(): Toaster {
  return useContext(ToastContext);
}

export function ToastProvider({ children }: { children: ReactNode }) {
  const [toasts, setToasts] = useState<Shown[]>([]);
  const next = useRef(1);
  const dismiss = useCallback((id: number) => setToasts((all) => all.filter((t) => t.id !== id)), []);
  const show = useCallback((toast: Toast) => {
    const id = next.current++;
    setToasts((all) => [
      ...all.filter((t) => !toast.about || t.about !== toast.about).slice(-3),
      { ...toast, id },
    ]);
    return id;
  }, []);
  const shown = useRef(toasts);
  shown.current = toasts;
  const undoLast = useCallback(() => {
    const last = shown.current.findLast((t) => t.actions?.some((a) => a.undo));
    if (!last) return;
    dismiss(last.id);
    last.actions?.find((a) => a.undo)?.run();
  }, [dismiss]);
  const value = useMemo(() => ({ show, dismiss, undoLast }), [show, dismiss, undoLast]);
  return (
    <ToastContext.Provider value={value}>
      {children}
      <section
        aria-label={texts.nav.messages}
        aria-live="polite"
        className="pointer-events-none fixed inset-x-4 bottom-20 z-60 flex flex-col items-center gap-2 md:inset-x-auto md:bottom-4 md:left-62 md:items-start"
      >
        {toasts.map((toast) => (
          <ToastCard key={toast.id} toast={toast} onGone={() => dismiss(toast.id)} />
        ))}
      </section>
    </ToastContext.Provider>
  );
}

function ToastCard({ toast, onGone }: { toast: Shown; onGone: () => void }) {
  const [held, setHeld] = useState(false);
  const gone = useRef(onGone);
  gone.current = onGone;
  const stay = toast.stay ?? (toast.tone === "error" ? 10_000 : 6_000);
  useEffect(() => {
    if (!stay || held) return;
    const timer = setTimeout(() => gone.current(), stay);
    return () => clearTimeout(timer);
  }, [stay, held]);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: resting on it only keeps it from going
    <div
      role={toast.tone === "error" ? "alert" : "status"}
      onPointerEnter={() => setHeld(true)}
      onPointerLeave={() => setHeld(false)}
      onFocus={() => setHeld(true)}
      onBlur={() => setHeld(false)}
      className="float-in pointer-events-auto flex w-full max-w-100 items-start gap-3 rounded-8 bg-raised py-2 pr-2 pl-3 shadow-float md:w-auto md:min-w-72"
    >
      <span className="flex h-8 items-center">
        {toast.icon ??
          (toast.tone === "error" ? (
            <AlertTriangle size={16} className="text-danger" aria-hidden />
          ) : (
            <Check size={16} className="text-good" aria-hidden />
          ))}
      </span>
      <div className="min-w-0 flex-1 py-1.5">
        <p className="text-13 font-medium break-words">{toast.text}</p>
        {toast.detail ? <p className="text-13 text-ink-2 break-words">{toast.detail}</p> : null}
        {toast.actions && toast.actions.length > 1 ? (
          <div className="mt-2 flex flex-wrap gap-2">
            {toast.actions.map((a) => (
              <ToastAction key={a.label} action={a} onGone={onGone} />
            ))}
          </div>
        ) : null}
      </div>
      {toast.actions?.length === 1 && toast.actions[0] ? (
        <ToastAction action={toast.actions[0]} onGone={onGone} />
      ) : null}
      <IconButton label={texts.common.close} onClick={onGone}>
        <X size={14} />
      </IconButton>
    </div>
  );
}

function ToastAction({ action, onGone }: { action: Action; onGone: () => void }) {
  return (
    <Button
      look={action.primary ? "primary" : "plain"}
      onClick={() => {
        action.run();
        onGone();
      }}
    >
      {action.label}
    </Button>
  );
}
