// The steps of a story: each is named, timed, photographed, and counted.

import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { root } from "./desk.mjs";

/** After this many failed steps the rest of a story says nothing new. */
const enough = 3;

export class Play {
  passed = 0;
  failed = 0;
  people = [];
  #number = 0;

  constructor(name) {
    this.name = name;
    this.folder = join(root, "test-artifacts/story", name);
    rmSync(this.folder, { recursive: true, force: true });
    mkdirSync(this.folder, { recursive: true });
  }

  get hopeless() {
    return this.failed >= enough;
  }

  /** A picture of what a person sees now. */
  async shot(page, name) {
    const number = String(++this.#number).padStart(2, "0");
    await page.screenshot({ path: join(this.folder, `${number}-${name}.png`), timeout: 15_000 });
  }

  /** Plays one step. What it answers is printed behind its name. */
  async step(name, act) {
    if (this.hopeless) return;
    const begun = performance.now();
    const took = () => `${((performance.now() - begun) / 1000).toFixed(1)} s`;
    try {
      const said = await act();
      const trouble = this.people.flatMap((person) => person.trouble.splice(0));
      if (trouble.length) throw new Error(`the browser complained:\n  ${trouble.join("\n  ")}`);
      this.passed += 1;
      console.log(`ok     [${this.name}] ${name} (${took()})${typeof said === "string" ? `: ${said}` : ""}`);
    } catch (error) {
      this.failed += 1;
      console.log(`FAILED [${this.name}] ${name} (${took()})`);
      const trouble = this.people.flatMap((person) => person.trouble.splice(0));
      console.log([error.stack ?? error, ...trouble].join("\n").replace(/^/gm, "         "));
      await this.#photographAll();
      if (this.hopeless) console.log(`       [${this.name}] too much failed, the rest is left out`);
    }
  }

  async #photographAll() {
    for (const person of this.people) {
      const page = person.page;
      await this.shot(page, `FAILED-${person.name.toLowerCase().replaceAll(" ", "-")}`).catch(() => {});
    }
  }
}
