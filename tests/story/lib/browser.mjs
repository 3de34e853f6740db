// The browser, and people in it: each has a context of their own, and everything that goes wrong is noted.

import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { chromium } from "playwright-core";
import { patienceMs } from "./wait.mjs";

const names = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];

function executable() {
  if (process.env.CHROMIUM) return process.env.CHROMIUM;
  const folders = [...(process.env.PATH ?? "").split(delimiter), "/usr/bin"];
  for (const name of names) {
    const found = folders.map((f) => join(f, name)).find((path) => existsSync(path));
    if (found) return found;
  }
  throw new Error("Chromium is missing: run make setup, or name it in CHROMIUM");
}

export function launch() {
  return chromium.launch({
    executablePath: executable(),
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}

/** What a page may complain about: before sign-in nobody is known, and of two who claim one is refused. */
const allowed = [
  ({ url, status }) => status === 401 && url.endsWith("/api/v1/me"),
  ({ url, status }) => status === 409 && url.endsWith("/claim"),
];

/** One person at one browser. */
export class Person {
  /** What went wrong in this browser and should not have. */
  trouble = [];
  /** While the server is down, requests fail, and that is no fault of the page. */
  down = false;

  static async arrive(browser, name, options = {}) {
    const context = await browser.newContext({
      viewport: { width: 1440, height: 900 },
      locale: "en-GB",
      timezoneId: "Europe/Berlin",
      reducedMotion: "reduce",
      ...options,
    });
    context.setDefaultTimeout(patienceMs);
    const person = new Person();
    person.name = name;
    person.context = context;
    context.on("page", (page) => person.#watch(page));
    person.page = await context.newPage();
    return person;
  }

  #watch(page) {
    const note = (text) => this.down || this.trouble.push(`${this.name}: ${text}`);
    page.on("pageerror", (error) => note(`page error: ${error.message}`));
    page.on("console", (message) => {
      // The browser's own line about an answer says less than the answer itself, which is looked at below.
      if (message.type() === "error" && !/^Failed to load resource/.test(message.text()))
        note(`console: ${message.text()}`);
    });
    page.on("response", (response) => {
      const answer = { url: response.url(), status: response.status() };
      if (answer.status >= 400 && !allowed.some((may) => may(answer)))
        note(`${response.request().method()} ${answer.url} answered ${answer.status}`);
    });
    page.on("requestfailed", (request) => {
      // A view that is left lets go of what it was loading.
      const reason = request.failure()?.errorText ?? "";
      if (reason !== "net::ERR_ABORTED") note(`${request.method()} ${request.url()} failed: ${reason}`);
    });
  }

  /** Calls the API as this person, from their page. */
  async api(method, path, body) {
    const answer = await this.page.evaluate(
      async ([method, path, body]) => {
        const response = await fetch(`/api/v1${path}`, {
          method,
          headers: body === undefined ? {} : { "Content-Type": "application/json" },
          body: body === undefined ? undefined : JSON.stringify(body),
        });
        const text = await response.text();
        return { status: response.status, body: text ? JSON.parse(text) : null };
      },
      [method, path, body],
    );
    if (answer.status >= 400) throw new Error(`${method} ${path}: ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  /** Marks the page, so that a reload would show. */
  async pin() {
    await this.page.evaluate(() => (window.pinned = true));
  }

  async isPinned() {
    return this.page.evaluate(() => window.pinned === true);
  }

  leave() {
    return this.context.close();
  }
}
