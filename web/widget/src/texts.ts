// Every text that the widget itself says, by language. A language that is missing falls back to English, and so
// does a text that a language lacks.

const en = {
  open: "Open chat",
  openUnread: "Open chat, {count} unread",
  close: "Close chat",
  messages: "Messages",
  intro: "You get an answer from our articles right away, and a person whenever you want one.",
  bot: "Answers right away",
  offered: "A person will answer",
  claimed: "{name} joined",
  returned: "{name} left. Answers come from our articles again.",
  closed: "This conversation is closed",
  somebody: "A person",
  you: "You",
  automatic: "Automatic answer",
  writing: "Writing an answer",
  sources: "Sources",
  newTab: "opens in a new tab",
  more: "{count} more",
  write: "Write a message",
  send: "Send",
  sendHint: "Enter sends, Shift and Enter begins a new line",
  count: "{count} of {limit}",
  tooLong: "{count} characters too long",
  person: "Talk to a person",
  askPerson: "I would like to talk to a person.",
  startNew: "Start a new conversation",
  sending: "Sending…",
  sent: "Sent",
  waiting: "Not sent yet",
  failed: "Not sent",
  retry: "Try again",
  edit: "Edit",
  latest: "Newest messages",
  offline: "No connection. What you write is kept and sent when it is back.",
  slow: "That was a lot at once. Sending again in {count} s.",
  gone: "That conversation is no longer available. Your next message begins a new one.",
  goneKept: "That conversation is no longer available. Your text is kept below: send it to begin a new one.",
  now: "Just now",
};

export type Texts = typeof en;

const catalogue: Record<string, Partial<Texts>> = { en };
const rightToLeft = /^(ar|dv|fa|he|ku|ps|sd|ug|ur|yi)\b/i;

export interface Language {
  texts: Texts;
  /** The language of `texts`, for screen readers and for times. */
  tag: string;
  direction: "ltr" | "rtl";
}

export function languageFor(wanted: string | undefined): Language {
  const tag = wanted && catalogue[wanted.split("-")[0]!.toLowerCase()] ? wanted : "en";
  return {
    texts: { ...en, ...catalogue[tag.split("-")[0]!.toLowerCase()] },
    tag,
    direction: rightToLeft.test(tag) ? "rtl" : "ltr",
  };
}

/** Puts values where a text has `{name}`. */
export function fill(text: string, values: Record<string, string | number>): string {
  return text.replace(/\{(\w+)\}/g, (hole, name: string) => String(values[name] ?? hole));
}

/** A time as one would say it: how long ago within the hour, then the clock, then the day. */
export function timeText(at: Date, now: Date, { tag, texts }: Language): string {
  const minutes = Math.floor((now.getTime() - at.getTime()) / 60_000);
  if (minutes < 1) return texts.now;
  if (minutes < 60) return new Intl.RelativeTimeFormat(tag, { style: "short" }).format(-minutes, "minute");
  const today = at.toDateString() === now.toDateString();
  return at.toLocaleString(tag, {
    ...(!today && { month: "short", day: "numeric" }),
    ...(at.getFullYear() !== now.getFullYear() && { year: "numeric" }),
    hour: "numeric",
    minute: "2-digit",
  });
}

/** The exact time, for those who point at it. */
export function exactTime(at: Date, { tag }: Language): string {
  return at.toLocaleString(tag, { dateStyle: "full", timeStyle: "short" });
}
