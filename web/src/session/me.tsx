import { createContext, type ReactNode, useContext } from "react";
import type { Me } from "@/api/types";
import { mayAdminister, mayWrite } from "./permissions";

const MeContext = createContext<Me | null>(null);

export function MeProvider({ me, children }: { me: Me; children: ReactNode }) {
  return <MeContext.Provider value={me}>{children}</MeContext.Provider>;
}

export function useMe(): Me {
  const me = useContext(MeContext);
  if (!me) throw new Error("used outside the signed-in page");
  return me;
}

export function useMay(): { write: boolean; administer: boolean } {
  const { role } = useMe().member;
  return { write: mayWrite(role), administer: mayAdminister(role) };
}
