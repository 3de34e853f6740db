// A reminder on the page, and what follows when its task is done: the way back to the customer.

import { expect, expectEqual, until } from "../lib/wait.mjs";
import { reply } from "./claim.mjs";

const draft = /^Hello Dana, a short update: “Print the return label for Dana” is done\.$/;

/** Notes when a toast with a text appeared, by the clock. */
export async function watchArrivals(page) {
  await page.evaluate(() => {
    window.arrived = [];
    const toasts = document.querySelector("section[aria-live=polite]");
    new MutationObserver((changes) => {
      for (const change of changes)
        for (const node of change.addedNodes) window.arrived.push({ at: Date.now(), text: node.textContent });
    }).observe(toasts, { childList: true });
  });
}

export async function arrivals(page, text) {
  const all = await page.evaluate(() => window.arrived);
  return all.filter((a) => a.text.includes(text)).map((a) => a.at);
}

/** A task on the conversation's ticket with a reminder at the next full minute that is not too near. */
export async function remindSoon(person, title, conversation) {
  const { ticket } = await person.api("GET", `/conversations/${conversation}`);
  const at = new Date(Math.ceil((Date.now() + 12_000) / 60_000) * 60_000);
  const [date, time] = at.toLocaleString("sv-SE", { timeZone: "Europe/Berlin" }).split(" ");
  const task = await person.api("POST", "/tasks", {
    title,
    due: { date, time: time.slice(0, 5) },
    zone: "Europe/Berlin",
    ticket: ticket.id,
    assignee: "me",
    reminders: [{ before_minutes: 0 }],
  });
  expectEqual(Date.parse(task.reminders[0].due_at), at.getTime(), "when the reminder is due");
  return { id: task.id, due_at: task.reminders[0].due_at };
}

export async function reminder(story) {
  const { play, dana, winner } = story;
  const { page } = winner;
  const ofTask = (items) => items.filter((n) => n.task?.id === story.reminder.id && n.kind === "reminder");

  await play.step("after a reload the reminder is in the list, once, and does not come again", async () => {
    await page.reload();
    await page.getByRole("button", { name: /^Notifications, \d+ unread/ }).click();
    const list = page.getByRole("dialog", { name: "Notifications" });
    await list.getByText("Print the return label for Dana").first().waitFor();
    expectEqual(await list.getByText("Print the return label for Dana").count(), 1, "rows of it");
    await play.shot(page, "notifications");
    await page.keyboard.press("Escape");
    expectEqual(
      await page.getByRole("status").filter({ hasText: "Print the return label" }).count(),
      0,
      "toasts of it",
    );
    expectEqual(ofTask((await winner.api("GET", "/notifications")).items).length, 1, "notifications");
  });

  await play.step("completing the task leads back to the customer, with the reply begun", async () => {
    await page.getByRole("link", { name: "Tasks", exact: true }).click();
    await page.getByRole("checkbox", { name: "Complete “Print the return label for Dana”" }).click();
    const offer = page.getByRole("button", { name: "Reply to Dana Reyes" });
    await offer.waitFor();
    await play.shot(page, "offers-the-reply");
    await offer.click();
    const box = page.getByRole("textbox", { name: /^Reply to/ });
    await until("the reply is begun", async () => draft.test(await box.inputValue()));
    expect(page.url().includes(story.conversation), "it is another conversation");
    await play.shot(page, "draft");
    await reply(winner, "The return label is in your mail, Dana.");
    await dana.hears(story.winnerName, "The return label is in your mail, Dana.");
  });
}
