import { useEffect } from "react";

// Lists mark themselves with data-rows and what can be reached in them with data-row. That is enough for
// j/k and the arrow keys, in every list, without any list holding a second copy of "which row am I on".

function visible(element: HTMLElement): boolean {
  return element.offsetParent !== null || element.getClientRects().length > 0;
}

export function rowsOf(list: HTMLElement): HTMLElement[] {
  return [...list.querySelectorAll<HTMLElement>("[data-row]")];
}

export function activeRow(list: HTMLElement): HTMLElement | null {
  const focused = document.activeElement?.closest<HTMLElement>("[data-row]");
  if (focused && list.contains(focused)) return focused;
  return (
    list.querySelector<HTMLElement>('[data-row][aria-current="page"]') ??
    list.querySelector<HTMLElement>('[data-row][aria-current="true"]')
  );
}

export function currentList(root: ParentNode = document): HTMLElement | null {
  const focused = document.activeElement?.closest<HTMLElement>("[data-rows]");
  if (focused) return focused;
  const lists = [...root.querySelectorAll<HTMLElement>("[data-rows]")];
  return lists.find(visible) ?? lists[0] ?? null;
}

/** Moves the focus by one row; from nowhere, to the first. */
export function moveRow(step: 1 | -1, list: HTMLElement | null = currentList()): void {
  if (!list) return;
  const rows = rowsOf(list);
  const from = activeRow(list);
  const at = from ? rows.indexOf(from) : -1;
  const next =
    at < 0 ? rows[step > 0 ? 0 : rows.length - 1] : rows[Math.min(rows.length - 1, Math.max(0, at + step))];
  if (!next) return;
  next.focus({ preventScroll: true });
  next.scrollIntoView?.({ block: "nearest" });
}

/** For a list's onKeyDown: up, down, home and end walk the rows. */
export function onRowKeys(event: React.KeyboardEvent<HTMLElement>): void {
  const onRow = (event.target as HTMLElement).hasAttribute("data-row");
  if (!onRow) return;
  const list = event.currentTarget;
  if (event.key === "ArrowDown") moveRow(1, list);
  else if (event.key === "ArrowUp") moveRow(-1, list);
  else if (event.key === "Home") rowsOf(list)[0]?.focus();
  else if (event.key === "End") rowsOf(list).at(-1)?.focus();
  else return;
  event.preventDefault();
}

/** Gives the focus to the row of a record, when it is nowhere else. */
export function focusRow(id: string): void {
  if (document.activeElement && document.activeElement !== document.body) return;
  const shown = [...document.querySelectorAll<HTMLElement>("[data-id]")].find((e) => e.dataset.id === id);
  shown?.focus({ preventScroll: true });
}

/** Who closes what a row opened is back on that row. */
export function useBackToRow(id: string): void {
  useEffect(() => () => void requestAnimationFrame(() => focusRow(id)), [id]);
}
