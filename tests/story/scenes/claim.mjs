// A second member joins; both claim at once and one wins; from then on people talk and the machine is silent.

import { Person } from "../lib/browser.mjs";
import { expect, expectEqual, until } from "../lib/wait.mjs";
import { password } from "./setup.mjs";
import { covered } from "./visitor.mjs";

/** What the machine said in the conversation, as the desk has it. */
export async function machineMessages(story) {
  const { items } = await story.owner.api("GET", `/conversations/${story.conversation}/messages?limit=200`);
  return items.filter((m) => m.author.kind === "hand");
}

export async function claim(story) {
  const { play, browser, desk } = story;

  await play.step("a second member is invited by a link and joins", async () => {
    const { page } = story.owner;
    await page.getByRole("link", { name: "Members" }).click();
    await page.getByRole("button", { name: "Invite member" }).click();
    await page.getByLabel("Name").fill("Mateo Silva");
    await page.getByLabel("Email").fill("mateo@northwind.example");
    await page.getByRole("button", { name: "Make invitation link" }).click();
    const link = (await page.getByRole("dialog").locator("code").textContent()).trim();
    await play.shot(page, "invited");
    await page.keyboard.press("Escape");
    const mateo = await Person.arrive(browser, "Mateo");
    story.mateo = mateo;
    play.people.push(mateo);
    await mateo.page.goto(link);
    await mateo.page.getByRole("heading", { name: "Join Northwind Bicycles" }).waitFor();
    await mateo.page.getByLabel("New password", { exact: true }).fill(password);
    await play.shot(mateo.page, "join");
    await mateo.page.getByRole("button", { name: "Join" }).click();
    await mateo.page.getByRole("heading", { name: "Inbox" }).waitFor();
    await page
      .getByRole("listitem")
      .filter({ hasText: "Mateo" })
      .getByText("Invited")
      .waitFor({ state: "detached" });
  });

  await play.step("two claim at the same moment: one wins, the other is told who", async () => {
    const members = [story.owner, story.mateo];
    // Both requests are held until both are on their way, so that neither page can know of the other's.
    const held = [];
    for (const { page } of members) {
      await page.getByRole("link", { name: "Inbox" }).click();
      await page.locator("[data-row]").filter({ hasText: "Dana Reyes" }).first().click();
      await page.route("**/claim", (route) => {
        held.push(route);
        if (held.length === 2) for (const r of held) void r.continue();
      });
    }
    const answers = await Promise.all(
      members.map(async (member) => {
        const answer = member.page.waitForResponse((r) => r.url().endsWith("/claim"));
        await member.page.locator("header").getByRole("button", { name: "Claim", exact: true }).click();
        return { member, status: (await answer).status() };
      }),
    );
    expectEqual(answers.map((a) => a.status).sort(), [200, 409], "the two answers");
    const winner = answers.find((a) => a.status === 200).member;
    const loser = answers.find((a) => a.status === 409).member;
    Object.assign(story, { winner, loser });
    for (const { page } of members) await page.unroute("**/claim");
    story.winnerName = winner === story.owner ? "Olivia Brandt" : "Mateo Silva";
    await loser.page.getByText(`${story.winnerName} claimed this a moment ago.`).waitFor();
    await loser.page.locator("header").getByText(story.winnerName).waitFor();
    await play.shot(loser.page, "claim-lost");
    await winner.page.locator("header").getByText("Claimed by you").waitFor();
    await play.shot(winner.page, "claim-won");
    return `${story.winnerName} won`;
  });

  await play.step("the visitor sees who joined", async () => {
    await story.dana.panel
      .getByText(new RegExp(`${story.winnerName}`))
      .first()
      .waitFor();
    await play.shot(story.dana.page, "somebody-joined");
  });

  await play.step("replies travel both ways live, and the machine is silent", async () => {
    const { dana, winner, loser } = story;
    const thread = winner.page.getByLabel("Messages");
    const before = (await machineMessages(story)).length;
    // The articles cover this; a person is there, so nothing but a person answers.
    await dana.ask(covered);
    await thread.getByText(covered).nth(1).waitFor();
    await reply(winner, "Hello Dana, I am sorry about the fork. A refund is no problem.");
    await dana.hears(story.winnerName, "Hello Dana, I am sorry about the fork. A refund is no problem.");
    await dana.ask("Thank you! When will you call me?");
    await thread.getByText("Thank you! When will you call me?").waitFor();
    await reply(winner, "Tomorrow at nine.");
    await dana.hears(story.winnerName, "Tomorrow at nine.");
    // The other member looks on.
    await loser.page.getByLabel("Messages").getByText("Tomorrow at nine.").waitFor();
    expectEqual((await machineMessages(story)).length, before, "messages of the machine since the claim");
    story.machineSaid = before;
    // Who has the conversation before them is not told of what they see.
    const { items } = await winner.api("GET", "/notifications");
    const told = items.filter((n) => n.kind === "customer_replied");
    await until("the notifications of what is on the screen are read", async () => {
      const { items } = await winner.api("GET", "/notifications");
      return items.filter((n) => n.kind === "customer_replied").every((n) => n.read_at);
    });
    expectEqual(told.length, 2, "notifications of her two messages");
    expectEqual(await winner.page.getByText("Dana Reyes replied").count(), 0, "toasts about them");
    await play.shot(winner.page, "thread");
    await play.shot(dana.page, "conversation");
  });

  await play.step("a note stays among the staff", async () => {
    const { page } = story.winner;
    await page.getByRole("radio", { name: "Note" }).click();
    await page
      .getByRole("textbox", { name: "Note", exact: true })
      .fill("She was charged twice last year, be quick.");
    await page.keyboard.press("Enter");
    await page.getByLabel("Messages").getByText("She was charged twice").waitFor();
    await page.getByRole("radio", { name: "Reply" }).click();
    await story.loser.page.getByLabel("Messages").getByText("She was charged twice").waitFor();
    const key = `${desk.url}/widget/v1/`;
    const texts = (await story.dana.said()).map((m) => m.text);
    expect(!texts.some((t) => t.includes("charged twice")), `the visitor reads the note (${key})`);
  });

  await play.step("nobody had to reload", async () => {
    expect(await story.owner.isPinned(), "the owner's page was loaded anew");
    await until("one waits still", async () =>
      (await story.owner.page.getByRole("link", { name: "Inbox" }).first().textContent()).includes("1"),
    );
  });
}

/** Writes a reply and sends it with Enter. */
export async function reply(member, text) {
  const box = member.page.getByRole("textbox", { name: /^Reply to/ });
  await box.fill(text);
  await box.press("Enter");
}
