// The records' histories, one search for everything, the ticket closed, and the way out.

import { expect, expectEqual, until } from "../lib/wait.mjs";
import { machineMessages } from "./claim.mjs";

const entries = async (person, path) => (await person.api("GET", `${path}/history`)).items;

/** Each entry says who did what, when, and from where. */
function expectWhole(history, what) {
  expect(history.length > 0, `${what} has no history`);
  for (const entry of history) {
    const whole = entry.actor?.kind && entry.text && !Number.isNaN(Date.parse(entry.at)) && entry.via;
    expect(whole, `${what}: an entry lacks something: ${JSON.stringify(entry)}`);
    const remote = ["page", "api", "say", "widget"].includes(entry.via);
    expect(!remote || entry.address, `${what}: from which address? ${JSON.stringify(entry)}`);
  }
}

export async function histories(story) {
  const { play, winner } = story;
  const { page } = winner;

  await play.step("the task's history says who, what, when and from where", async () => {
    const history = await entries(winner, `/tasks/${story.task.id}`);
    expectWhole(history, "the task");
    expect(
      history.some((e) => e.via === "say" && e.action === "task.created"),
      "not said in plain words",
    );
    await page.getByRole("link", { name: "Tasks", exact: true }).click();
    await page.locator(`[data-task="${story.task.id}"]`).click();
    const panel = page.getByRole("complementary", { name: /task/i }).or(page.locator("aside")).last();
    await panel.locator("summary", { hasText: "History" }).click();
    await panel
      .getByText(/in plain words/)
      .first()
      .waitFor();
    await panel
      .getByText(/127\.0\.0\.1/)
      .first()
      .waitFor();
    await play.shot(page, "task-history");
    return history
      .map((e) => `${e.actor.name} ${e.text} (${e.via})`)
      .reverse()
      .join("; ");
  });

  await play.step("so do the ticket's and the conversation's", async () => {
    const conversation = await winner.api("GET", `/conversations/${story.conversation}`);
    story.ticket = conversation.ticket;
    const said = await entries(winner, `/conversations/${story.conversation}`);
    expectWhole(said, "the conversation");
    expectEqual(
      said.filter((e) => e.action === "conversation.claimed").map((e) => e.actor.name),
      [story.winnerName],
      "who claimed it",
    );
    expectWhole(await entries(winner, `/tickets/${conversation.ticket.id}`), "the ticket");
    await page.getByRole("link", { name: "Tickets" }).click();
    await page.locator("[data-row]").filter({ hasText: "#1" }).first().click();
    const history = page.getByRole("region", { name: "History" });
    await history
      .getByText(/127\.0\.0\.1|by the hand/)
      .first()
      .waitFor();
    await play.shot(page, "ticket");
    return said
      .map((e) => `${e.actor.name} ${e.text} (${e.via})`)
      .reverse()
      .join("; ");
  });
}

export async function search(story) {
  const { play, winner } = story;
  const { page } = winner;

  await play.step(
    "one search finds the task, the message, the ticket, the contact and the article",
    async () => {
      await page.keyboard.press("Control+k");
      await page.getByRole("combobox").fill("dana");
      const options = page.getByRole("listbox").getByRole("option");
      const kinds = ["Task", "Ticket", "Contact", "Article", "Conversation"];
      const found = async () =>
        (await options.evaluateAll((all) => all.map((o) => o.textContent))).map(
          (t) => t.match(/^(\w+): /)?.[1],
        );
      await until(`all of ${kinds}`, async () => {
        const there = (await found()).map((kind) => (kind === "Message" ? "Conversation" : kind));
        return kinds.every((kind) => there.includes(kind));
      });
      await play.shot(page, "search");
      await options
        .filter({ hasText: /^Task: Call Dana/i })
        .first()
        .click();
      await until("the task is open", () => page.url().includes(story.task.id));
      await page.keyboard.press("Escape");
    },
  );
}

export async function close(story) {
  const { play, dana, winner, loser } = story;
  const { page } = winner;

  await play.step("closing the ticket closes the conversation, and the visitor sees it", async () => {
    await page.getByRole("link", { name: "Tickets" }).click();
    await page.locator("[data-row]").filter({ hasText: "#1" }).first().click();
    await page.getByRole("button", { name: "Close ticket" }).click();
    await page.getByText("Ticket #1 closed, and its conversation with it.").waitFor();
    await dana.panel.getByText("This conversation is closed").first().waitFor();
    await dana.panel.getByRole("button", { name: "Start a new conversation" }).waitFor();
    await page
      .getByRole("region", { name: "History" })
      .getByText(/closed the ticket/)
      .waitFor();
    await play.shot(page, "ticket-closed");
    await play.shot(dana.page, "closed");
    const { state } = await winner.api("GET", `/conversations/${story.conversation}`);
    expectEqual(state, "closed", "the conversation");
  });

  await play.step("in all of it the machine said nothing after the claim", async () => {
    expectEqual((await machineMessages(story)).length, story.machineSaid, "messages of the machine");
  });

  await play.step("signing out ends the session in the other tab too", async () => {
    const { context } = winner;
    const other = await context.newPage();
    await other.goto(`${story.desk.url}/board`);
    await other.getByRole("heading", { name: "Board" }).waitFor();
    winner.down = true;
    await page.getByRole("button", { name: "Account" }).click();
    const begun = performance.now();
    await page.getByRole("menuitem", { name: "Sign out" }).click();
    await page.getByRole("heading", { name: "Welcome back" }).waitFor();
    const here = performance.now();
    await other.getByText("You were signed out.").waitFor();
    const there = performance.now();
    await play.shot(other, "signed-out");
    winner.down = false;
    // Nobody else is.
    await loser.api("GET", "/me");
    return `here after ${Math.round(here - begun)} ms, there ${Math.round(there - here)} ms later`;
  });
}
