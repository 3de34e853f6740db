import type { UseQueryResult } from "@tanstack/react-query";
import type { HistoryEntry } from "@/api/types";
import { useMe } from "@/session/me";
import { texts } from "@/texts";
import { When } from "@/time/clock";
import { Failed } from "@/ui/States";

/** A value of a change, short enough for a line. */
export function valueText(value: unknown): string {
  if (value === null || value === undefined || value === "") return texts.audit.nothing;
  if (typeof value === "string") return value.length > 80 ? `${value.slice(0, 79)}…` : value;
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  if (Array.isArray(value)) return value.length ? value.map(valueText).join(", ") : texts.audit.nothing;
  const record = value as Record<string, unknown>;
  if (typeof record.name === "string") return record.name;
  if (typeof record.title === "string") return record.title;
  if (typeof record.date === "string") return [record.date, record.time].filter(Boolean).join(" ");
  return valueText(JSON.stringify(value));
}

/** "status: todo → done"; what stood nowhere before is only named. */
export function changeText({ field, from, to }: { field: string; from?: unknown; to?: unknown }): string {
  const name = field.replaceAll("_", " ");
  return isEmpty(from) ? `${name}: ${valueText(to)}` : `${name}: ${valueText(from)} → ${valueText(to)}`;
}

function isEmpty(value: unknown): boolean {
  return (
    value === null || value === undefined || value === "" || (Array.isArray(value) && value.length === 0)
  );
}

/** The changes that the sentence about them does not name already. */
export function newsOf(entry: HistoryEntry): HistoryEntry["changes"] {
  return entry.changes.filter((c) => isEmpty(c.to) || !entry.text.endsWith(valueText(c.to)));
}

export function actorName(entry: HistoryEntry, myId: string): string {
  if (entry.actor.kind === "hand") return texts.inbox.hand;
  if (entry.actor.kind === "system") return entry.actor.name || texts.audit.machine;
  if (entry.actor.id === myId) return texts.inbox.you;
  return entry.actor.name || texts.contact.anonymous;
}

export function viaText(entry: HistoryEntry): string {
  return texts.audit.via[entry.via] ?? entry.via;
}

/** The story of one record: who did what, when and from where. */
export function HistoryList({ query }: { query: UseQueryResult<HistoryEntry[]> }) {
  const { member } = useMe();
  if (query.isPending) return <div className="skeleton h-16 rounded-8" />;
  if (!query.data) return <Failed className="py-4" error={query.error} retry={() => void query.refetch()} />;
  return (
    <ol className="flex flex-col gap-3">
      {query.data.map((entry) => (
        <li key={entry.id} className="text-13">
          <p className="break-words">
            <span className="font-medium">{actorName(entry, member.id)}</span> {entry.text}
          </p>
          {newsOf(entry).length ? (
            <ul>
              {newsOf(entry).map((change) => (
                <li key={change.field} className="text-12 break-words text-ink-2">
                  {changeText(change)}
                </li>
              ))}
            </ul>
          ) : null}
          <p className="text-12 text-ink-3">
            <When at={entry.at} /> · {viaText(entry)}
            {entry.address ? ` · ${entry.address}` : ""}
          </p>
        </li>
      ))}
    </ol>
  );
}
