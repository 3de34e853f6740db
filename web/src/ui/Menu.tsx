import { Check } from "lucide-react";
import { DropdownMenu } from "radix-ui";
import type { ReactNode } from "react";
import { cx } from "./classes";
import { Keys } from "./Keys";

const item =
  "flex min-h-8 items-center gap-2 rounded-6 px-2 text-13 outline-none select-none cursor-default data-[highlighted]:bg-hover data-[disabled]:opacity-45";

export function Menu({
  trigger,
  children,
  align = "end",
  side = "bottom",
}: {
  trigger: ReactNode;
  children: ReactNode;
  align?: "start" | "end";
  side?: "top" | "bottom" | "right";
}) {
  return (
    <DropdownMenu.Root modal={false}>
      <DropdownMenu.Trigger asChild>{trigger}</DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content
          align={align}
          side={side}
          sideOffset={4}
          collisionPadding={8}
          className="float-in z-50 min-w-48 rounded-8 bg-raised p-1 shadow-float"
        >
          {children}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}

export function MenuItem({
  icon,
  keys,
  danger,
  onSelect,
  disabled,
  checked,
  children,
}: {
  icon?: ReactNode;
  keys?: string[];
  danger?: boolean;
  onSelect: () => void;
  disabled?: boolean;
  checked?: boolean;
  children: ReactNode;
}) {
  return (
    <DropdownMenu.Item
      onSelect={onSelect}
      disabled={disabled}
      className={cx(item, danger && "text-danger data-[highlighted]:bg-danger-soft")}
    >
      {icon ? <span className={cx("shrink-0", !danger && "text-ink-3")}>{icon}</span> : null}
      <span className="min-w-0 flex-1 truncate">{children}</span>
      {keys ? <Keys keys={keys} /> : null}
      {checked ? <Check size={14} className="text-accent-text" aria-hidden /> : null}
    </DropdownMenu.Item>
  );
}

export function MenuLine() {
  return <DropdownMenu.Separator className="my-1 h-px bg-line" />;
}

export function MenuTitle({ children }: { children: ReactNode }) {
  return <DropdownMenu.Label className="px-2 py-1 text-12 text-ink-3">{children}</DropdownMenu.Label>;
}
