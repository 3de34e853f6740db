// The messages on the screen. Keeps the nodes that are there, so that a screen reader hears each message once
// and nothing jumps.

import { button, el, icon, set, setText } from "./dom";
import { link, plain, rich, webAddress } from "./markdown";
import type { Outgoing } from "./outbox";
import type { Session } from "./session";
import { exactTime, fill, type Language, timeText } from "./texts";
import type { Source, VisitorMessage } from "./wire";

/** Messages of one author within this time stand together. */
const groupMs = 5 * 60_000;
const shownSources = 3;

interface Entry {
  key: string;
  /** Entries with the same one stand together; null stands alone. */
  author: string | null;
  at: number;
  build(): HTMLElement;
  update?(node: HTMLElement): void;
}

export class Thread {
  readonly list = el("div");
  readonly #nodes = new Map<string, HTMLElement>();

  readonly #session: Session;
  readonly #language: Language;
  readonly #base: string;
  readonly #edit: (item: Outgoing) => void;

  constructor(session: Session, language: Language, base: string, edit: (item: Outgoing) => void) {
    this.#session = session;
    this.#language = language;
    this.#base = base;
    this.#edit = edit;
  }

  /** Brings the list up to date; returns the first node that is new at its end. */
  render(): HTMLElement | null {
    const entries = this.#entries();
    const wanted = new Set(entries.map(({ key }) => key));
    for (const [key, node] of this.#nodes) {
      if (wanted.has(key)) continue;
      node.remove();
      this.#nodes.delete(key);
    }
    let cursor = this.list.firstElementChild;
    let fresh: HTMLElement | null = null;
    entries.forEach((entry, i) => {
      let node = this.#nodes.get(entry.key);
      if (!node) {
        node = entry.build();
        this.#nodes.set(entry.key, node);
        fresh ??= node;
      } else {
        fresh = null;
      }
      node.classList.toggle("first", !together(entries[i - 1], entry));
      node.classList.toggle("last", !together(entry, entries[i + 1]));
      entry.update?.(node);
      if (node === cursor) cursor = cursor.nextElementSibling;
      else this.list.insertBefore(node, cursor);
    });
    return fresh;
  }

  #entries(): Entry[] {
    const { timeline, outbox, talk, typing } = this.#session;
    const entries: Entry[] = timeline.messages.map((message) => this.#messageEntry(message));
    const line = this.#stateLine();
    if (line && talk) {
      const after = timeline.messages.filter(({ sequence }) => sequence <= talk.at).length;
      entries.splice(after, 0, line);
    }
    const stored = new Set(timeline.messages.map((message) => message.client_id));
    for (const item of outbox.list()) {
      if (!stored.has(item.client_id)) entries.push(this.#mineEntry(item.client_id, item, item));
    }
    if (typing) entries.push({ key: "typing", author: "hand", at: Date.now(), build: () => this.#dots() });
    return entries;
  }

  #messageEntry(message: VisitorMessage): Entry {
    const { kind, name } = message.author;
    if (kind === "contact") return this.#mineEntry(message.client_id ?? message.id, message);
    const at = Date.parse(message.created_at);
    if (kind === "system") {
      return { key: message.id, author: null, at, build: () => line(message.text) };
    }
    return {
      key: message.id,
      author: `${kind} ${name}`,
      at,
      build: () => this.#answer(message),
      update: (node) => this.#stamp(node, at),
    };
  }

  #mineEntry(
    key: string,
    { text, created_at }: { text: string; created_at: string },
    item?: Outgoing,
  ): Entry {
    const at = Date.parse(created_at);
    return {
      key,
      author: "contact",
      at,
      build: () =>
        el(
          "div",
          { class: "item mine" },
          el("p", { class: "label sr" }, this.#language.texts.you),
          el("div", { class: "bubble", dir: "auto" }, ...plain(text)),
          el("p", { class: "meta", "aria-live": "off" }, el("span")),
        ),
      update: (node) => this.#standing(node, at, item),
    };
  }

  /** Sending, waiting, failed, sent: the line under the visitor's own message. */
  #standing(node: HTMLElement, at: number, item: Outgoing | undefined): void {
    const { texts } = this.#language;
    const session = this.#session;
    const meta = node.querySelector(".meta")!;
    const failed = item?.failed !== undefined;
    const sending = item && (session.sending === item.client_id || !session.troubled);
    node.classList.toggle("unsent", !!item);
    node.classList.toggle("failed", failed);
    set(meta, "aria-live", failed ? "polite" : "off");
    if (!item) {
      this.#stamp(node, at, `${texts.sent} · `);
    } else {
      const text = failed
        ? [texts.failed, item.failed].filter(Boolean).join(". ")
        : sending
          ? texts.sending
          : texts.waiting;
      setText(meta.firstElementChild!, text);
    }
    const actions = failed ? 2 : item && !sending && session.waitUntil < Date.now() ? 1 : 0;
    if (meta.childElementCount - 1 === actions) return;
    while (meta.childElementCount > 1) meta.lastElementChild!.remove();
    if (item && actions > 0) meta.append(textButton(texts.retry, () => session.retry(item.client_id)));
    if (item && actions > 1) meta.append(textButton(texts.edit, () => this.#edit(item)));
  }

  #stamp(node: HTMLElement, at: number, before = ""): void {
    const time = node.querySelector(".meta")!.firstElementChild!;
    const date = new Date(at);
    if (Number.isNaN(at)) return;
    setText(time, before + timeText(date, new Date(), this.#language));
    if (!time.hasAttribute("title")) set(time, "title", exactTime(date, this.#language));
  }

  #answer({ author, text, sources }: VisitorMessage): HTMLElement {
    const { texts } = this.#language;
    const byHand = author.kind === "hand";
    return el(
      "div",
      { class: "item" },
      face(byHand ? null : author.name),
      el(
        "div",
        {},
        el(
          "p",
          { class: "label" },
          el("b", {}, el("bdi", {}, author.name || texts.somebody)),
          byHand && ` · ${texts.automatic}`,
        ),
        el("div", { class: "bubble", dir: "auto" }, ...(byHand ? rich(text) : plain(text))),
        sources?.length > 0 && this.#sources(sources, text),
        el("p", { class: "meta", "aria-live": "off" }, el("span")),
      ),
    );
  }

  #sources(sources: Source[], answer: string): HTMLElement {
    const { texts } = this.#language;
    const said = bareWords(answer);
    const items = sources.map((source) => {
      // What the answer itself quotes is not said twice.
      const quote = said.includes(bareWords(source.quote)) ? "" : source.quote;
      return el("li", {}, this.#card({ ...source, quote }));
    });
    const list = el("ul", { class: "sources", "aria-label": texts.sources }, ...items.slice(0, shownSources));
    const rest = items.slice(shownSources);
    if (rest.length) {
      const more = el(
        "li",
        {},
        textButton(fill(texts.more, { count: rest.length }), () => more.replaceWith(...rest)),
      );
      list.append(more);
    }
    return list;
  }

  #card({ title, heading, quote, url }: Source): HTMLElement {
    const part = heading === title ? "" : (heading ?? "");
    // Without a quote, the second line says which part of the article it is.
    const more = quote.replace(/[*`]/g, "") || part;
    const parts = [
      icon("article"),
      el("b", { dir: "auto" }, title, quote && part && el("i", {}, ` · ${part}`)),
      more && el("span", { class: "quote", dir: "auto" }, more),
    ];
    const address = webAddress(url, `${this.#base}/`);
    if (!address) return el("div", { class: "card" }, ...parts);
    return link(
      address,
      { class: "card" },
      ...parts,
      el("span", { class: "sr" }, this.#language.texts.newTab),
    );
  }

  #stateLine(): Entry | null {
    const { talk, timeline } = this.#session;
    if (!talk || talk.state === "bot") return null;
    // The desk may have said it in its own words.
    const said = timeline.messages.some(
      ({ author, sequence }) =>
        author.kind === "system" && (sequence === talk.at || sequence === talk.at + 1),
    );
    if (said) return null;
    const name = memberName(this.#session) ?? this.#language.texts.somebody;
    const text = fill(this.#language.texts[talk.state], { name });
    return { key: `state ${talk.at} ${text}`, author: null, at: 0, build: () => line(text) };
  }

  #dots(): HTMLElement {
    return el(
      "div",
      { class: "item", title: this.#language.texts.writing, "aria-hidden": true },
      face(null),
      el("div", { class: "bubble dots" }, el("i"), el("i"), el("i")),
    );
  }
}

/** Who claimed the conversation; the member who wrote last, where the desk did not say. */
export function memberName({ talk, timeline }: Session): string | null {
  return (
    talk?.by ?? timeline.messages.findLast(({ author }) => author.kind === "member")?.author.name ?? null
  );
}

/** A member's initials, or the hand's sign. */
export function face(name: string | null): HTMLElement {
  const initials = (name ?? "")
    .split(/\s+/)
    .map((word) => [...word][0] ?? "")
    .filter((_, i, all) => i === 0 || i === all.length - 1)
    .join("")
    .toUpperCase();
  return el("span", { class: "face", "aria-hidden": true }, name === null ? icon("spark") : initials);
}

function together(one: Entry | undefined, other: Entry | undefined): boolean {
  return !!one?.author && one.author === other?.author && other.at - one.at < groupMs;
}

function line(text: string): HTMLElement {
  return el("div", { class: "line" }, el("span", { dir: "auto" }, text));
}

/** The words of a text without the signs of its Markdown and its line breaks. */
function bareWords(text: string): string {
  return text.replace(/[\s>*`#-]+/g, " ").trim();
}

function textButton(text: string, click: () => void): HTMLElement {
  return button("text-button", {}, click, text);
}
