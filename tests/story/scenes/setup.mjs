// The first start: the one-time link, the workspace, a token, and the knowledge base.

import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Person } from "../lib/browser.mjs";
import { command, ready, root } from "../lib/desk.mjs";
import { expect, expectEqual, until } from "../lib/wait.mjs";

export const password = "a bicycle for two, in spring";

export async function setup(story) {
  const { play, desk, browser } = story;

  await play.step("the first start prints a one-time link", async () => {
    const begun = performance.now();
    for (const server of desk.servers) server.start();
    const [link] = await desk.front.says(/http:\/\/\S+\/setup#\S+/);
    expect(link.startsWith(`${desk.url}/setup#`), `${link} leads somewhere else`);
    await ready(desk.url);
    story.link = link;
    return `after ${Math.round(performance.now() - begun)} ms`;
  });

  await play.step("behind the link, a form makes the workspace and its owner", async () => {
    const owner = await Person.arrive(browser, "Olivia");
    story.owner = owner;
    play.people.push(owner);
    const { page } = owner;
    await page.goto(story.link);
    await page.getByRole("heading", { name: "Set up your desk" }).waitFor();
    expect(!page.url().includes("#"), "the secret is still in the address bar");
    await page.getByLabel("Workspace name").fill("Northwind Bicycles");
    await page.getByLabel("Your name").fill("Olivia Brandt");
    await page.getByLabel("Email").fill("olivia@northwind.example");
    await page.getByLabel("Password", { exact: true }).fill(password);
    expectEqual(
      await page.getByLabel("Time zone").inputValue(),
      "Europe/Berlin",
      "the zone is the browser's",
    );
    await play.shot(page, "setup");
    await page.getByRole("button", { name: "Create the workspace" }).click();
    await page.getByRole("heading", { name: "Inbox" }).waitFor();
    await page.getByText("Nobody is waiting").waitFor();
    await play.shot(page, "empty-inbox");
  });

  await play.step("the link works once", async () => {
    const late = await Person.arrive(browser, "Latecomer");
    await late.page.goto(story.link);
    await late.page.getByText("This desk is already set up").waitFor();
    await play.shot(late.page, "link-used");
    await late.leave();
  });

  await play.step("the settings make an API token, shown once", async () => {
    const { page } = story.owner;
    await page.goto(`${desk.url}/settings/tokens`);
    await page.getByRole("button", { name: "New token" }).click();
    await page.getByLabel("What is it for?").fill("Importing articles");
    await page.getByRole("dialog").getByRole("button", { name: "New token" }).click();
    await page.getByText("Copy the token now").waitFor();
    story.token = (await page.getByRole("dialog").locator("code").textContent()).trim();
    await play.shot(page, "token");
    await page.keyboard.press("Escape");
    await page.getByText("Importing articles").waitFor();
    expect(!(await page.content()).includes(story.token), "the token is still on the page");
  });

  const articles = async (folder) => {
    const env = { DESKHAND_URL: desk.url, DESKHAND_TOKEN: story.token };
    const out = await command(["--json", "articles", "import", folder], env);
    return { ...out, report: out.stdout ? JSON.parse(out.stdout) : null };
  };

  await play.step(
    "the command line fills the knowledge base, and a second time changes nothing",
    async () => {
      const guide = join(root, "docs/guide");
      const first = await articles(guide);
      expectEqual(first.code, 0, `the exit code (${first.stderr})`);
      expect(first.report.created >= 15, `only ${first.report.created} articles`);
      const again = await articles(guide);
      expectEqual([again.code, again.report.created, again.report.updated], [0, 0, 0], "the second import");
      expectEqual(again.report.unchanged, first.report.created, "articles that stayed as they are");
      return `${first.report.created} articles`;
    },
  );

  await play.step("a broken file is named, and the rest goes in", async () => {
    const folder = join(desk.folder, "guide");
    cpSync(join(root, "docs/guide"), folder, { recursive: true });
    mkdirSync(join(folder, "more"));
    writeFileSync(join(folder, "broken.md"), "---\ntitle: [never closed\n---\n\nText.\n");
    writeFileSync(join(folder, "more/not-text.md"), Buffer.from([0x23, 0x20, 0xff, 0xfe, 0x0a]));
    writeFileSync(
      join(folder, "more/refunds.md"),
      "---\ntitle: What Dana asked\nslug: what-dana-asked\nstatus: draft\n---\n\nTo be written.\n",
    );
    const out = await articles(folder);
    expect(out.code !== 0, "a broken file is a failure");
    const named = out.report.failed.map((f) => f.path).sort();
    expectEqual(named, ["broken.md", "more/not-text.md"], "the files that are named");
    for (const path of named) expect(out.stderr.includes(path), `${path} is not on stderr: ${out.stderr}`);
    expectEqual(out.report.created, 1, "the new file beside them");
    return out.stderr.trim().split("\n").join(" | ");
  });

  await play.step("the articles stand on the page", async () => {
    const { page } = story.owner;
    await page.getByRole("link", { name: "Articles" }).click();
    await page.getByText("Reminders and notifications").first().click();
    await page
      .getByRole("button", { name: "Back to draft" })
      .or(page.getByText("Published").first())
      .first()
      .waitFor();
    await until("the text is there", async () =>
      (await page.content()).includes("It comes once, and never early"),
    );
    await play.shot(page, "articles");
  });
}
