import type { Message } from "@/api/types";

/** Messages of one author within five minutes stand together under one name. */
export function startsGroup(before: Message | undefined, message: Message): boolean {
  if (!before) return true;
  return (
    before.author.kind !== message.author.kind ||
    before.author.id !== message.author.id ||
    before.note !== message.note ||
    Date.parse(message.created_at) - Date.parse(before.created_at) > 5 * 60_000
  );
}
