import type { Span } from "@/api/types";

export type Segment = { text: string; kind: string | null; at: number };

/**
 * Cuts a text along its spans. The server counts characters (code points), the page UTF-16 units, so that an
 * emoji before a date would shift it; both are brought together here. Spans that overlap or lie outside are
 * left out: a highlight is help, never a reason to lose a letter.
 */
export function segments(text: string, spans: Span[]): Segment[] {
  const characters = [...text];
  const out: Segment[] = [];
  let at = 0;
  const push = (end: number, kind: string | null) => {
    if (end > at) out.push({ text: characters.slice(at, end).join(""), kind, at });
    at = Math.max(at, end);
  };
  for (const span of [...spans].sort((a, b) => a.start - b.start)) {
    if (span.start < at || span.end <= span.start || span.end > characters.length) continue;
    push(span.start, null);
    push(span.end, span.kind);
  }
  push(characters.length, null);
  return out;
}

/**
 * While the next preview is on its way, the last one's spans still fit before and after what was typed:
 * those before stay, those after move along, those that were typed into go.
 */
export function carryOver(spans: Span[], from: string, to: string): Span[] {
  const a = [...from];
  const b = [...to];
  let head = 0;
  while (head < a.length && head < b.length && a[head] === b[head]) head += 1;
  let tail = 0;
  while (
    tail < a.length - head &&
    tail < b.length - head &&
    a[a.length - 1 - tail] === b[b.length - 1 - tail]
  )
    tail += 1;
  const shift = b.length - a.length;
  return spans.flatMap((span) => {
    if (span.end <= head) return [span];
    if (span.start >= a.length - tail) return [{ ...span, start: span.start + shift, end: span.end + shift }];
    return [];
  });
}
