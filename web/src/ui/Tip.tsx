import { Tooltip } from "radix-ui";
import type { ReactNode } from "react";
import { Keys } from "./Keys";

export const TipProvider = Tooltip.Provider;

export function Tip({
  text,
  keys,
  side = "bottom",
  children,
}: {
  text: ReactNode;
  keys?: string[];
  side?: "top" | "bottom" | "left" | "right";
  children: ReactNode;
}) {
  return (
    <Tooltip.Root>
      <Tooltip.Trigger asChild>{children}</Tooltip.Trigger>
      <Tooltip.Portal>
        <Tooltip.Content
          side={side}
          sideOffset={6}
          collisionPadding={8}
          className="float-in z-60 flex max-w-70 items-center gap-2 rounded-6 bg-ink px-2 py-1 text-12 text-page"
        >
          {text}
          {keys ? <Keys keys={keys} inverse /> : null}
        </Tooltip.Content>
      </Tooltip.Portal>
    </Tooltip.Root>
  );
}
