import { createContext, type ReactNode, useContext, useMemo, useState } from "react";

type PaletteState = { isOpen: boolean; open: () => void; close: () => void };
const PaletteContext = createContext<PaletteState>({ isOpen: false, open: () => {}, close: () => {} });

export function usePalette(): PaletteState {
  return useContext(PaletteContext);
}

export function PaletteProvider({ children }: { children: ReactNode }) {
  const [isOpen, setOpen] = useState(false);
  const value = useMemo(() => ({ isOpen, open: () => setOpen(true), close: () => setOpen(false) }), [isOpen]);
  return <PaletteContext.Provider value={value}>{children}</PaletteContext.Provider>;
}
