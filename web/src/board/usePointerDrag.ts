import { useEffect, useRef, useState } from "react";
import type { TaskStatus } from "@/api/types";
import type { Place } from "./moves";

const slopPx = 6;
/** A finger that rests this long means to lift the card, not to scroll. */
const holdMs = 260;
const edgePx = 48;

export type Drag = { id: string; x: number; y: number; width: number; height: number };

/** Where the pointer is, in cards: the column under it, and before which of its cards. */
export function dropPlace(board: HTMLElement, id: string, x: number, y: number): Place | null {
  for (const column of board.querySelectorAll<HTMLElement>("[data-column]")) {
    const box = column.getBoundingClientRect();
    if (x < box.left || x > box.right) continue;
    const cards = [...column.querySelectorAll<HTMLElement>("[data-card]")].filter(
      (c) => c.dataset.card !== id,
    );
    const before = cards.findIndex((c) => {
      const r = c.getBoundingClientRect();
      return y < r.top + r.height / 2;
    });
    return { status: column.dataset.column as TaskStatus, index: before < 0 ? cards.length : before };
  }
  return null;
}

/** Dragging by pointer: mouse and pen after a few pixels, a finger after a short rest. */
export function usePointerDrag({
  board,
  enabled,
  onOver,
  onDrop,
  onCancel,
}: {
  board: React.RefObject<HTMLElement | null>;
  enabled: boolean;
  onOver: (id: string, place: Place) => void;
  onDrop: (id: string) => void;
  onCancel: (id: string) => void;
}) {
  const [drag, setDrag] = useState<Drag | null>(null);
  const handlers = useRef({ onOver, onDrop, onCancel });
  handlers.current = { onOver, onDrop, onCancel };
  const stop = useRef<(() => void) | null>(null);
  useEffect(() => () => stop.current?.(), []);

  const onPointerDown = (event: React.PointerEvent<HTMLElement>, id: string) => {
    if (!enabled || event.button !== 0 || !event.isPrimary) return;
    const card = event.currentTarget;
    const touch = event.pointerType === "touch";
    const start = { x: event.clientX, y: event.clientY };
    const box = card.getBoundingClientRect();
    let lifted = false;

    const lift = () => {
      lifted = true;
      setDrag({ id, x: start.x - box.left, y: start.y - box.top, width: box.width, height: box.height });
      document.body.style.userSelect = "none";
    };
    const hold = touch ? setTimeout(lift, holdMs) : undefined;

    const ghost = () => document.querySelector<HTMLElement>("[data-ghost]");
    const move = (e: PointerEvent) => {
      const far = Math.hypot(e.clientX - start.x, e.clientY - start.y) > slopPx;
      if (!lifted) {
        if (!far) return;
        if (touch) return end();
        lift();
      }
      e.preventDefault();
      const g = ghost();
      if (g)
        g.style.transform = `translate(${e.clientX - (start.x - box.left)}px, ${e.clientY - (start.y - box.top)}px)`;
      if (!board.current) return;
      scrollNear(board.current, e.clientX, e.clientY);
      const place = dropPlace(board.current, id, e.clientX, e.clientY);
      if (place) handlers.current.onOver(id, place);
    };
    const up = () => {
      if (lifted) {
        handlers.current.onDrop(id);
        // The click that follows a drop is not a wish to open the card.
        window.addEventListener("click", swallow, { capture: true, once: true });
        setTimeout(() => window.removeEventListener("click", swallow, { capture: true }), 0);
      }
      end();
    };
    const cancel = () => {
      if (lifted) handlers.current.onCancel(id);
      end();
    };
    const key = (e: KeyboardEvent) => {
      if (e.key !== "Escape" || !lifted) return;
      e.preventDefault();
      e.stopPropagation();
      cancel();
    };
    const noScroll = (e: TouchEvent) => lifted && e.preventDefault();
    const end = () => {
      clearTimeout(hold);
      window.removeEventListener("pointermove", move);
      window.removeEventListener("pointerup", up);
      window.removeEventListener("pointercancel", cancel);
      window.removeEventListener("keydown", key, { capture: true });
      window.removeEventListener("touchmove", noScroll);
      document.body.style.userSelect = "";
      stop.current = null;
      setDrag(null);
    };
    stop.current = end;
    window.addEventListener("pointermove", move, { passive: false });
    window.addEventListener("pointerup", up);
    window.addEventListener("pointercancel", cancel);
    window.addEventListener("keydown", key, { capture: true });
    window.addEventListener("touchmove", noScroll, { passive: false });
  };

  return { drag, onPointerDown };
}

function swallow(event: MouseEvent): void {
  event.preventDefault();
  event.stopPropagation();
}

function scrollNear(board: HTMLElement, x: number, y: number): void {
  const box = board.getBoundingClientRect();
  if (x < box.left + edgePx) board.scrollLeft -= 12;
  if (x > box.right - edgePx) board.scrollLeft += 12;
  for (const column of board.querySelectorAll<HTMLElement>("[data-scroll]")) {
    const c = column.getBoundingClientRect();
    if (x < c.left || x > c.right) continue;
    if (y < c.top + edgePx) column.scrollTop -= 12;
    if (y > c.bottom - edgePx) column.scrollTop += 12;
  }
}
