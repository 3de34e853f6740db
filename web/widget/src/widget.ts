// The launcher and the panel: puts the parts into a shadow root on the page and keeps them in step with the
// session. What is asked of the desk, and when, is the session's business.

import { accentFor } from "./color";
import { Composer } from "./composer";
import { button, el, icon, set, setText } from "./dom";
import { browserStorage, Memory } from "./memory";
import type { Options } from "./options";
import { Session } from "./session";
import css from "./style.css?inline";
import { face, memberName, Thread } from "./thread";
import { fill, languageFor } from "./texts";
import type { Channel, State, VisitorMessage } from "./wire";

export interface WidgetEvents {
  ready: [];
  open: [];
  close: [];
  message: [message: VisitorMessage];
  sent: [text: string];
  state: [state: State, by: string | null];
  unread: [count: number];
}

export interface Widget {
  open(): void;
  close(): void;
  toggle(): void;
  /** Opens the chat with `text` ready to be sent. */
  show(text: string): void;
}

export type Emit = <E extends keyof WidgetEvents>(event: E, ...values: WidgetEvents[E]) => void;

/** The style sheet's own condition for filling the screen. */
const phoneQuery = "(max-width: 480px), (max-height: 480px) and (pointer: coarse)";

/** Puts the chat on the page. */
export function mountWidget(options: Options, channel: Channel, memory: Memory, emit: Emit): Widget {
  const language = languageFor(options.language);
  const { texts } = language;
  const tab = new Memory(options.key, browserStorage("sessionStorage"));
  const phone = matchMedia(phoneQuery);
  const host = document.createElement("deskhand-widget");
  const shadow = host.attachShadow({ mode: "open" });

  let isOpen = false;
  let opener: Element | null = null;
  let notice = "";
  let unread = 0;
  let atEnd = true;
  let renderQueued = false;
  let tick = 0;
  /** What the page's own overflow was, while the chat covers the page. */
  let pageOverflow: string | null = null;

  const { key, base, name, email } = options;
  const session = new Session(
    base,
    { channel: key, ...(name && { name }), ...(email && { email }) },
    memory,
    {
      change: changed,
      message: (message) => emit("message", message),
      state: (state, by) => emit("state", state, by),
      gone(unsent) {
        notice = unsent ? texts.goneKept : texts.gone;
        composer.takeBack(unsent);
        changed();
      },
    },
  );
  const thread = new Thread(session, language, base, (item) => {
    session.outbox.remove(item.client_id);
    composer.takeBack(item.text);
    composer.field.focus();
    changed();
  });
  const composer = new Composer(language, tab, send);

  const badge = el("span", { class: "badge", "aria-hidden": true });
  const launcher = button(
    "launcher",
    { "aria-haspopup": "dialog", "aria-controls": "panel" },
    toggle,
    icon("chat"),
    icon("down"),
    badge,
  );
  const portrait = el("span");
  const standing = el("p", { class: "state", role: "status" });
  const banner = el("p", { class: "banner", role: "status" });
  const log = el(
    "div",
    { class: "log", role: "log", tabindex: 0, "aria-label": texts.messages, scroll: scrolled },
    el(
      "div",
      { class: "intro" },
      channel.greeting && el("p", { class: "greeting", dir: "auto" }, channel.greeting),
      el("p", {}, texts.intro),
    ),
    thread.list,
  );
  const jump = button("jump", { hidden: true }, () => toEnd(), icon("down"), texts.latest);
  const person = button("chip", {}, askPerson, icon("person"), texts.person);
  const again = button("again", {}, startNew, texts.startNew);
  const panel = el(
    "section",
    { class: "panel", id: "panel", role: "dialog", "aria-labelledby": "title", tabindex: -1, hidden: true },
    el(
      // No header element: the page that carries the chat has its own.
      "div",
      { class: "head" },
      portrait,
      el(
        "div",
        { class: "who" },
        el("h2", { id: "title", dir: "auto" }, channel.workspace || channel.name),
        standing,
      ),
      button("round", { "aria-label": texts.close, title: texts.close }, close, icon("close")),
    ),
    banner,
    log,
    el("div", { class: "foot" }, jump, person, composer.element, again),
  );
  const left = (options.position ?? channel.position) === "left";
  const root = el(
    "div",
    { class: left ? "root left" : "root", lang: language.tag, dir: language.direction },
    panel,
    launcher,
  );

  adopt(shadow, css + accentCss(options.color ?? channel.color));
  shadow.append(root);
  // The page's own shortcuts are not for what is typed here.
  for (const type of ["keydown", "keyup", "keypress"]) {
    root.addEventListener(type, (event) => {
      if (type === "keydown") keyPressed(event as KeyboardEvent);
      event.stopPropagation();
    });
  }
  document.body.append(host);
  document.addEventListener("visibilitychange", changed);
  phone.addEventListener("change", fitPhone);
  for (const type of ["resize", "scroll"]) window.visualViewport?.addEventListener(type, fitPhone);
  new ResizeObserver(() => atEnd && toEnd()).observe(log);
  emit("ready");
  session.start();
  render();
  // A chat that was open stays open from page to page; but it does not take a phone's whole screen unasked.
  if ((tab.get("open") || options.open) && !phone.matches) open(false);

  return { open, close, toggle, show };

  function open(focus = true): void {
    if (!isOpen) {
      const active = document.activeElement;
      opener = active && active !== document.body && active !== host ? active : launcher;
      isOpen = true;
      tab.set("open", true);
      fitPhone();
      render();
      composer.fit();
      toEnd();
      emit("open");
    }
    if (!focus) return;
    // On a touch screen the field would bring up the keyboard over the messages.
    const toField = session.talk?.state !== "closed" && !matchMedia("(pointer: coarse)").matches;
    (toField ? composer.field : panel).focus();
  }

  function close(): void {
    if (!isOpen) return;
    const hadFocus = document.activeElement === host;
    isOpen = false;
    tab.set("open", null);
    fitPhone();
    render();
    if (hadFocus) ((opener?.isConnected ? opener : launcher) as HTMLElement).focus();
    emit("close");
  }

  function toggle(): void {
    if (isOpen) close();
    else open();
  }

  function show(text: string): void {
    open();
    if (text) composer.write(text);
  }

  function send(text: string): void {
    notice = "";
    atEnd = true;
    session.send(text);
    emit("sent", text);
  }

  function askPerson(): void {
    send(texts.askPerson);
    composer.field.focus();
  }

  function startNew(): void {
    session.startNew();
    notice = "";
    render();
    composer.field.focus();
  }

  function changed(): void {
    if (renderQueued) return;
    renderQueued = true;
    queueMicrotask(() => {
      renderQueued = false;
      render();
    });
  }

  function render(): void {
    session.attend(isOpen && !document.hidden);
    renderLauncher();
    set(panel, "hidden", !isOpen);
    root.classList.toggle("open", isOpen);
    clearTimeout(tick);
    if (!isOpen) return;
    renderHead();
    renderFoot();
    set(log, "aria-busy", session.loading && "true");
    const fresh = thread.render();
    if (atEnd && fresh) toEnd(fresh.classList.contains("mine") ? null : fresh);
    else scrolled();
    // Times grow old, and a wait is counted down.
    tick = setTimeout(changed, session.waitUntil > Date.now() ? 1000 : 20_000);
  }

  function renderLauncher(): void {
    const count = session.unread;
    const label = count ? fill(texts.openUnread, { count }) : texts.open;
    set(launcher, "aria-expanded", String(isOpen));
    set(launcher, "aria-label", isOpen ? texts.close : label);
    set(badge, "hidden", !count || isOpen);
    setText(badge, count > 99 ? "99+" : String(count));
    if (count !== unread) emit("unread", (unread = count));
  }

  function renderHead(): void {
    const state = session.talk?.state ?? "bot";
    const name = memberName(session) ?? texts.somebody;
    set(standing, "data-state", state);
    setText(standing, fill(texts[state === "returned" ? "bot" : state], { name }));
    const shown = face(state === "claimed" ? name : channel.workspace || channel.name);
    if (portrait.textContent !== shown.textContent) portrait.replaceChildren(shown);
    const count = Math.ceil((session.waitUntil - Date.now()) / 1000);
    const slow = count > 0 && session.outbox.next() ? fill(texts.slow, { count }) : "";
    const news = session.offline ? texts.offline : slow || notice;
    set(banner, "hidden", !news);
    setText(banner, news);
  }

  function renderFoot(): void {
    const state = session.talk?.state ?? "bot";
    const closed = state === "closed";
    set(again, "hidden", !closed);
    set(composer.element, "hidden", closed);
    set(person, "hidden", state !== "bot" && state !== "returned");
  }

  function keyPressed(event: KeyboardEvent): void {
    if (!isOpen || event.isComposing) return;
    if (event.key === "Escape") {
      event.preventDefault();
      close();
    }
    if (event.key === "Tab" && phone.matches) keepFocusInside(event);
  }

  /** Where the panel is the whole screen, there is nothing else to go to. */
  function keepFocusInside(event: KeyboardEvent): void {
    const stops = [
      ...panel.querySelectorAll<HTMLElement>("a[href], button, textarea, [tabindex='0']"),
    ].filter((stop) => stop.getClientRects().length);
    const active = shadow.activeElement;
    const [from, to] = event.shiftKey ? [stops[0], stops.at(-1)] : [stops.at(-1), stops[0]];
    if (active !== from && !(active === panel && event.shiftKey)) return;
    event.preventDefault();
    to?.focus();
  }

  /** On a phone: the height that the keyboard leaves, and no second page that scrolls behind. */
  function fitPhone(): void {
    const full = isOpen && phone.matches;
    const page = document.documentElement.style;
    const view = window.visualViewport;
    set(panel, "aria-modal", full && "true");
    if (full && view) {
      panel.style.setProperty("--_top", `${view.offsetTop}px`);
      panel.style.setProperty("--_height", `${view.height}px`);
    }
    if (full === (pageOverflow !== null)) return;
    if (full) {
      pageOverflow = page.overflow;
      page.overflow = "hidden";
    } else {
      page.overflow = pageOverflow ?? "";
      pageOverflow = null;
    }
  }

  /** To the newest message; to its beginning when it is longer than the view. */
  function toEnd(fresh: HTMLElement | null = null): void {
    const most = log.scrollHeight - log.clientHeight;
    log.scrollTop = fresh ? Math.min(most, fresh.offsetTop - log.offsetTop - 12) : most;
    atEnd = true;
    set(jump, "hidden", true);
  }

  function scrolled(): void {
    atEnd = log.scrollHeight - log.clientHeight - log.scrollTop < 48;
    set(jump, "hidden", atEnd);
  }
}

function accentCss(color: string): string {
  const [light, dark] = [accentFor(color, "light"), accentFor(color, "dark")];
  const names = ["fill", "on", "ink"] as const;
  return `:host{${names.map((name) => `--_${name}:light-dark(${light[name]},${dark[name]})`).join(";")}}`;
}

/** A constructed sheet is not inline style, so a page's policy against that does not concern it. */
function adopt(root: ShadowRoot, text: string): void {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(text);
  root.adoptedStyleSheets = [sheet];
}
