// A visitor asks in the widget: what the articles cover is answered, the rest is handed to a person at once.

import { expect, expectEqual, until } from "../lib/wait.mjs";
import { Visitor } from "../lib/widget.mjs";

export const covered = "How do I set a reminder before a task is due?";
export const uncovered = "Hello, this is Dana. My bicycle arrived with a bent fork, can I have a refund?";
const budgetMs = 3000;

export async function visitor(story) {
  const { play, desk, browser, site } = story;

  await play.step("a new widget gives the one line for a page", async () => {
    const { page } = story.owner;
    await page.getByRole("link", { name: "Channels" }).click();
    const make = page.getByRole("button", { name: "New widget" });
    const code = page.locator("code").filter({ hasText: "widget.js" });
    await make.or(code).first().waitFor();
    if ((await code.count()) === 0) await make.first().click();
    site.line = (await code.first().textContent()).trim();
    expect(!site.line.includes("\n"), "it is more than one line");
    expect(site.line.includes(`${desk.url}/widget.js`), `${site.line} does not lead to this desk`);
    await play.shot(page, "channels");
    // From here on this page stays open and is never reloaded.
    await page.getByRole("link", { name: "Inbox" }).click();
    await page.getByText("Nobody is waiting").waitFor();
    await story.owner.pin();
    return site.line;
  });

  await play.step("a page of another origin carries it, and the visitor opens it", async () => {
    const introduction = { name: "Dana Reyes", email: "dana@reyes.example" };
    const dana = await Visitor.arrive(browser, site, "Dana", introduction, {
      viewport: { width: 1200, height: 800 },
    });
    story.dana = dana;
    play.people.push(dana.person);
    expect(new URL(dana.page.url()).origin !== desk.url, "it is the same origin");
    await play.shot(dana.page, "widget-open");
  });

  await play.step("what the articles cover is answered at once, quoted and linked", async () => {
    const { dana } = story;
    const ms = await dana.askAndTime(covered, ".sources .card");
    const quotes = dana.panel.locator(".item blockquote, .sources .quote");
    expect((await quotes.first().textContent()).length > 20, "there is no quote");
    await play.shot(dana.page, "answer");
    expect(ms < budgetMs, `the answer took ${ms} ms`);
    return `answered after ${ms} ms`;
  });

  await play.step("the link opens the article", async () => {
    const { dana } = story;
    const [article] = await Promise.all([
      dana.person.context.waitForEvent("page"),
      dana.panel.locator(".sources a.card").first().click(),
    ]);
    await article.getByRole("heading", { level: 1, name: "Reminders and notifications" }).waitFor();
    await play.shot(article, "article");
    await article.close();
  });

  await play.step("what they do not cover goes to a person, and the visitor is told", async () => {
    const { dana } = story;
    const ms = await dana.askAndTime(uncovered, ".line, .state[data-state=offered]");
    await dana.panel.locator(".state[data-state=offered]").waitFor();
    await play.shot(dana.page, "handed-over");
    const said = await dana.said();
    expectEqual(said.filter((m) => m.mine).length, 2, "questions on the screen");
    return `after ${ms} ms`;
  });

  await play.step("the staff's open page shows it at once, with its ticket and its reason", async () => {
    const { page } = story.owner;
    const begun = performance.now();
    const row = page
      .getByRole("list", { name: "Waiting" })
      .or(page.locator("[data-row]"))
      .filter({ hasText: "Dana Reyes" })
      .first();
    await row.waitFor();
    const ms = Math.round(performance.now() - begun);
    expect((await row.textContent()).includes("Not covered by articles"), "the row does not say why");
    await row.click();
    await page.getByLabel("Messages").getByText(uncovered).waitFor();
    const details = page.getByRole("complementary", { name: "Details" });
    await details.getByText("Not covered by articles").waitFor();
    await details.getByText("#1", { exact: true }).first().waitFor();
    expect(await story.owner.isPinned(), "the page was loaded anew");
    await play.shot(page, "inbox");
    story.conversation = page.url().match(/inbox\/([0-9a-f-]{36})/)[1];
    return `${ms} ms after the visitor was told`;
  });

  await play.step("“I want a person” is a hand-over too", async () => {
    const sam = await Visitor.arrive(browser, site, "Visitor");
    story.sam = sam;
    play.people.push(sam.person);
    await sam.ask("I want a person");
    await sam.panel.locator(".state[data-state=offered]").waitFor();
    await play.shot(sam.page, "wants-a-person");
    const { page } = story.owner;
    await page.getByText("Asked for a person").first().waitFor();
    await until("both wait", async () =>
      (await page.getByRole("link", { name: "Inbox" }).first().textContent()).includes("2"),
    );
    await play.shot(page, "two-waiting");
  });
}
