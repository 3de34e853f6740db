// The chat in plain words, on the ticket: shown, done, undone, done again; and where the task then stands.

import { expect, expectEqual, until } from "../lib/wait.mjs";

const order = "call Dana tomorrow at 9 about the refund, remind me 30 min before";
const title = "Call Dana about the refund";

const sameTitle = (text) => new RegExp(text, "i");

/** The day after today where the member is. */
function tomorrow() {
  const today = new Date().toLocaleDateString("en-CA", { timeZone: "Europe/Berlin" });
  const next = new Date(`${today}T12:00:00Z`);
  next.setUTCDate(next.getUTCDate() + 1);
  return next.toISOString().slice(0, 10);
}

async function ticketTasks(story) {
  const { ticket } = await story.owner.api("GET", `/conversations/${story.conversation}`);
  const { items } = await story.owner.api("GET", `/tasks?status=all&ticket=${ticket.id}`);
  return items;
}

export async function say(story) {
  const { play } = story;
  const { page } = story.winner;
  const dock = () => page.getByRole("region", { name: "Tell Deskhand" });
  const field = () => dock().getByRole("textbox");

  await play.step("an order on the ticket is shown as it was understood", async () => {
    // The conversation is on the screen, so that the chat knows what the order is about.
    await page.getByRole("button", { name: /^Tell Deskhand/ }).click();
    await field().pressSequentially(order, { delay: 5 });
    const card = dock().getByRole("status");
    await until("the preview is whole", async () => (await card.textContent()).match(/30 min/i));
    const shown = await card.textContent();
    for (const part of [sameTitle(title), /tomorrow|\d{1,2} \w{3}/i, /9:00/, /30 min/i, /#1\b/]) {
      expect(part.test(shown), `the preview does not show ${part}: ${shown}`);
    }
    expectEqual((await ticketTasks(story)).length, 0, "tasks made by the preview");
    await play.shot(page, "preview");
    return shown;
  });

  await play.step("Enter does it", async () => {
    await field().press("Enter");
    await dock()
      .getByText(/^Added task/)
      .waitFor();
    const [task, ...more] = await ticketTasks(story);
    expectEqual(more.length, 0, "further tasks");
    expect(sameTitle(title).test(task.title), `the title is “${task.title}”`);
    expectEqual(task.due, { date: tomorrow(), time: "09:00" }, "the due date");
    expectEqual(
      task.reminders.map((r) => r.before_minutes),
      [30],
      "the reminders",
    );
    expectEqual(task.ticket.number, 1, "the ticket");
    await play.shot(page, "done");
  });

  await play.step("“undo” undoes it", async () => {
    await field().fill("undo");
    await field().press("Enter");
    await dock().getByText("undone", { exact: true }).waitFor();
    expectEqual((await ticketTasks(story)).length, 0, "tasks after undo");
    await play.shot(page, "undone");
  });

  await play.step("done again, the task stands on the ticket, in the list and on the board", async () => {
    await field().fill(order);
    await field().press("Enter");
    await until("the task is there", async () => (await ticketTasks(story)).length === 1);
    [story.task] = await ticketTasks(story);
    await until("the field is empty again", async () => (await field().inputValue()) === "");
    await field().press("Escape");
    await dock().waitFor({ state: "hidden" });
    const details = page.getByRole("complementary", { name: "Details" });
    await details.getByText(story.task.title).waitFor();
    await play.shot(page, "on-the-ticket");
    await page.getByRole("link", { name: "Tasks", exact: true }).click();
    await page.locator(`[data-task="${story.task.id}"]`).getByText(story.task.title).waitFor();
    expect(
      (await page.locator(`[data-task="${story.task.id}"]`).textContent()).includes("#1"),
      "no ticket in the row",
    );
    await play.shot(page, "list");
    await page.getByRole("link", { name: "Board", exact: true }).first().click();
    await page
      .getByRole("button", { name: sameTitle(title) })
      .first()
      .waitFor();
    await play.shot(page, "board");
  });
}
