// Where the visitor writes: the field, the counter, the send button. Keeps the draft; sends nothing itself.

import { button, el, icon, set, setText } from "./dom";
import type { Memory } from "./memory";
import { fill, type Language } from "./texts";

/** In characters, as the desk counts them. */
const limit = 4000;
/** From here on the counter is shown. */
const near = 3600;

export class Composer {
  readonly element: HTMLElement;
  readonly field: HTMLTextAreaElement;
  readonly #button: HTMLElement;
  readonly #counter: HTMLElement;

  readonly #language: Language;
  readonly #drafts: Memory;
  readonly #submit: (text: string) => void;

  constructor(language: Language, drafts: Memory, submit: (text: string) => void) {
    this.#language = language;
    this.#drafts = drafts;
    this.#submit = submit;
    const { texts } = language;
    this.field = el("textarea", {
      rows: 1,
      "aria-label": texts.write,
      "aria-describedby": "hint count",
      placeholder: texts.write,
      enterkeyhint: "send",
      dir: "auto",
      input: () => this.#changed(),
      keydown: (event: KeyboardEvent) => this.#key(event),
    });
    this.#button = button(
      "send",
      { "aria-label": texts.send, title: texts.send },
      () => this.#send(),
      icon("send"),
    );
    this.#counter = el("div", { class: "count", id: "count", hidden: true });
    this.element = el(
      "div",
      { class: "field", click: () => this.field.focus() },
      this.field,
      this.#button,
      this.#counter,
      el("span", { class: "sr", id: "hint" }, texts.sendHint),
    );
    this.write(drafts.get<string>("draft") ?? "");
  }

  get text(): string {
    return this.field.value;
  }

  write(text: string): void {
    this.field.value = text;
    this.#changed();
  }

  /** Puts `text` in front of what is being written. */
  takeBack(text: string): void {
    if (text) this.write([text, this.text.trim()].filter(Boolean).join("\n\n"));
  }

  /** The field's height follows its text; it can only be measured while it is shown. */
  fit(): void {
    this.field.style.height = "";
    if (this.field.scrollHeight) this.field.style.height = `${Math.min(160, this.field.scrollHeight)}px`;
  }

  #changed(): void {
    const { texts } = this.#language;
    const count = [...this.text.trim()].length;
    const over = count > limit;
    this.#drafts.set("draft", this.text || null);
    set(this.#button, "aria-disabled", String(!count || over));
    set(this.field, "aria-invalid", over && "true");
    set(this.#counter, "hidden", count < near);
    setText(
      this.#counter,
      count < near
        ? ""
        : over
          ? fill(texts.tooLong, { count: count - limit })
          : fill(texts.count, { count, limit }),
    );
    this.#counter.classList.toggle("over", over);
    this.fit();
  }

  #key(event: KeyboardEvent): void {
    // While an input method composes, Enter chooses a word; Safari reports that Enter late, with key code 229.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    this.#send();
  }

  #send(): void {
    const text = this.text.trim();
    this.field.focus();
    if (!text || [...text].length > limit) return;
    this.write("");
    this.#submit(text);
  }
}
