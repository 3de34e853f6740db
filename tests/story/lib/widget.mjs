// The chat on the customer's page, as a visitor uses it.

import { Person } from "./browser.mjs";
import { expect, until } from "./wait.mjs";

export class Visitor {
  static async arrive(browser, site, name, introduction = {}, options = {}) {
    const visitor = new Visitor();
    visitor.person = await Person.arrive(browser, name, options);
    visitor.page = visitor.person.page;
    const query = new URLSearchParams(introduction).toString();
    await visitor.page.goto(query ? `${site.url}/?${query}` : site.url);
    await visitor.page.getByRole("button", { name: /^Open chat/ }).click();
    visitor.panel = visitor.page.getByRole("dialog");
    visitor.field = visitor.panel.getByRole("textbox", { name: "Write a message" });
    await visitor.field.waitFor();
    return visitor;
  }

  /** Everything said so far, in its order: by whom, and what. */
  said() {
    return this.panel.locator(".item:not(.dots)").evaluateAll((items) =>
      items
        .filter((item) => item.querySelector(".bubble:not(.dots)"))
        .map((item) => ({
          mine: item.classList.contains("mine"),
          by: item.querySelector(".label")?.textContent ?? "",
          text: item.querySelector(".bubble").textContent,
          unsent: item.classList.contains("unsent"),
        })),
    );
  }

  async ask(text) {
    await this.field.fill(text);
    await this.field.press("Enter");
  }

  /** Asks, and answers how many milliseconds passed until the visitor saw something of `selector`. */
  async askAndTime(text, selector) {
    await this.field.fill(text);
    await this.page.evaluate((selector) => {
      const shadow = document.querySelector("deskhand-widget").shadowRoot;
      const had = shadow.querySelectorAll(selector).length;
      window.answered = new Promise((done) => {
        addEventListener("keydown", () => (window.askedAt = performance.now()), {
          once: true,
          capture: true,
        });
        const look = () => {
          if (shadow.querySelectorAll(selector).length <= had) return requestAnimationFrame(look);
          done(performance.now() - window.askedAt);
        };
        requestAnimationFrame(look);
      });
    }, selector);
    await this.field.press("Enter");
    const taken = await Promise.race([
      this.page.evaluate(() => window.answered),
      new Promise((done) => setTimeout(done, 15_000, null)),
    ]);
    expect(taken !== null, `no answer to “${text}” within 15 s`);
    return Math.round(taken);
  }

  async sees(text) {
    await this.panel.getByText(text).first().waitFor();
  }

  /** A message of a person with this text, once. */
  async hears(name, text) {
    await until(`${this.person.name} reads “${text}” by ${name}, once`, async () => {
      const found = (await this.said()).filter((m) => !m.mine && m.text === text);
      return found.length === 1 && found[0].by.includes(name);
    });
  }
}
