import { X } from "lucide-react";
import { Dialog as Primitive } from "radix-ui";
import { type ReactNode, useRef } from "react";
import { texts } from "@/texts";
import { IconButton } from "./Button";
import { cx } from "./classes";

// Radix's own overlay locks scrolling with an inline <style>, which the Content-Security-Policy forbids.
// The page never scrolls as a whole, so a plain scrim does.

/** What is opened by a key has no button to give the focus back to; it goes where it came from. */
export function focusBack(to: Element | null): void {
  const lost = !document.activeElement || document.activeElement === document.body;
  if (lost && to instanceof HTMLElement && to.isConnected) to.focus({ preventScroll: true });
}

export function Dialog({
  open,
  onOpenChange,
  title,
  hint,
  children,
  footer,
  wide,
}: {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  title: string;
  hint?: ReactNode;
  children: ReactNode;
  footer?: ReactNode;
  wide?: boolean;
}) {
  const before = useRef<Element | null>(null);
  return (
    <Primitive.Root open={open} onOpenChange={onOpenChange}>
      <Primitive.Portal>
        <div className="fixed inset-0 z-40 bg-scrim" aria-hidden />
        <Primitive.Content
          aria-describedby={undefined}
          onOpenAutoFocus={(event) => {
            before.current = document.activeElement;
            // The first field is what the dialog is for; the close button, which comes first, is not.
            event.preventDefault();
            const content = event.currentTarget as HTMLElement;
            (content.querySelector<HTMLElement>("input, textarea, select") ?? content).focus();
          }}
          onCloseAutoFocus={(event) => {
            event.preventDefault();
            focusBack(before.current);
          }}
          tabIndex={-1}
          className={cx(
            "float-in fixed inset-x-4 top-[12vh] z-50 mx-auto flex max-h-[76vh] flex-col rounded-12 bg-raised shadow-float outline-none",
            wide ? "max-w-180" : "max-w-110",
          )}
        >
          <header className="flex items-start justify-between gap-4 px-6 pt-5">
            <div>
              <Primitive.Title className="text-16 font-semibold">{title}</Primitive.Title>
              {hint ? <p className="mt-0.5 text-13 text-ink-2">{hint}</p> : null}
            </div>
            <Primitive.Close asChild>
              <IconButton label={texts.common.close} className="-mt-1 -mr-2">
                <X size={16} />
              </IconButton>
            </Primitive.Close>
          </header>
          <div
            className="overflow-y-auto px-6 py-5 outline-offset-[-2px]"
            // What is long and holds nothing to tab to still scrolls by keys.
            tabIndex={wide ? 0 : undefined}
          >
            {children}
          </div>
          {footer ? (
            <footer className="flex justify-end gap-2 border-t border-line px-6 py-4">{footer}</footer>
          ) : null}
        </Primitive.Content>
      </Primitive.Portal>
    </Primitive.Root>
  );
}
