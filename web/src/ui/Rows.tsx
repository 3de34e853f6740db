import { useVirtualizer } from "@tanstack/react-virtual";
import { type ReactNode, useEffect, useRef } from "react";
import { onRowKeys } from "@/keyboard/rows";

/** From this many rows on, only what is seen is in the document. */
export const virtualFrom = 200;

type Props<T> = {
  label: string;
  items: T[];
  keyOf: (item: T) => string;
  height: (item: T) => number;
  children: (item: T, index: number) => ReactNode;
  /** Asked for when the end comes near. */
  onEnd?: () => void;
  footer?: ReactNode;
  /** Under this name the list remembers where it was. */
  place: string;
  className?: string;
};

const places = new Map<string, number>();

/** A scrolling list: remembers its place, walks by arrow keys, and stays fast when it is long. */
export function Rows<T>({
  label,
  items,
  keyOf,
  height,
  children,
  onEnd,
  footer,
  place,
  className,
}: Props<T>) {
  const scroller = useRef<HTMLDivElement>(null);
  const virtual = items.length > virtualFrom;
  const rows = useVirtualizer({
    count: virtual ? items.length : 0,
    getScrollElement: () => scroller.current,
    estimateSize: (i) => {
      const item = items[i];
      return item ? height(item) : 0;
    },
    getItemKey: (i) => {
      const item = items[i];
      return item ? keyOf(item) : i;
    },
    overscan: 12,
  });

  // The list comes back to where it was left, once there is enough of it to scroll.
  const restored = useRef<string | null>(null);
  const count = items.length;
  useEffect(() => {
    if (!scroller.current || restored.current === place || count === 0) return;
    restored.current = place;
    scroller.current.scrollTop = places.get(place) ?? 0;
  }, [place, count]);

  const end = useRef(onEnd);
  end.current = onEnd;
  const onScroll = () => {
    const s = scroller.current;
    if (!s) return;
    places.set(place, s.scrollTop);
    if (s.scrollHeight - s.scrollTop - s.clientHeight < 600) end.current?.();
  };
  // A first page that does not fill the screen never scrolls, so it asks by itself.
  useEffect(() => {
    const s = scroller.current;
    if (s && count > 0 && s.clientHeight > 0 && s.scrollHeight <= s.clientHeight) end.current?.();
  }, [count]);

  return (
    <div ref={scroller} onScroll={onScroll} className={className ?? "min-h-0 flex-1 overflow-y-auto"}>
      <ul
        data-rows
        aria-label={label}
        onKeyDown={onRowKeys}
        className="relative"
        style={virtual ? { height: rows.getTotalSize() } : undefined}
      >
        {virtual
          ? rows.getVirtualItems().map((v) => {
              const item = items[v.index];
              return item === undefined ? null : (
                <li
                  key={v.key}
                  className="absolute inset-x-0 top-0"
                  style={{ transform: `translateY(${v.start}px)`, height: v.size }}
                  aria-setsize={items.length}
                  aria-posinset={v.index + 1}
                >
                  {children(item, v.index)}
                </li>
              );
            })
          : items.map((item, index) => <li key={keyOf(item)}>{children(item, index)}</li>)}
      </ul>
      {footer}
    </div>
  );
}
