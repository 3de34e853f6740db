// kill -9 of every process, with the page and the widget open and a reminder to come; then the same start again.

import { ready } from "../lib/desk.mjs";
import { expect, expectEqual, until } from "../lib/wait.mjs";
import { Visitor } from "../lib/widget.mjs";
import { reply } from "./claim.mjs";
import { arrivals, remindSoon, watchArrivals } from "./reminder.mjs";
import { covered } from "./visitor.mjs";

/** Which texts stand in the conversation, as the desk has them, oldest first. */
async function texts(story) {
  const { items } = await story.owner.api("GET", `/conversations/${story.conversation}/messages?limit=200`);
  return items.map((m) => m.text).reverse();
}

const times = (all, text) => all.filter((t) => t === text).length;

export async function crash(story) {
  const { play, desk, dana, winner, loser } = story;
  const people = [story.owner, story.mateo, dana.person, story.sam.person];
  const thread = winner.page.getByLabel("Messages");
  const down = (is) => {
    for (const person of people) person.down = is;
  };

  await play.step("a reminder is set for the next minute", async () => {
    await watchArrivals(winner.page);
    story.reminder = await remindSoon(winner, "Print the return label for Dana", story.conversation);
    await winner.page.getByRole("link", { name: "Inbox" }).click();
    await winner.page.getByRole("link", { name: "Mine" }).click();
    await winner.page.locator("[data-row]").filter({ hasText: "Dana Reyes" }).first().click();
    await thread.getByText("Tomorrow at nine.").waitFor();
    return `due ${story.reminder.due_at}`;
  });

  await play.step("kill -9 of every process in the middle of it", async () => {
    await winner.pin();
    await dana.page.evaluate(() => (window.pinned = true));
    await dana.ask("One more thing: the bell is missing too.");
    await thread.getByText("One more thing: the bell is missing too.").waitFor();
    down(true);
    await Promise.all(desk.servers.map((server) => server.kill()));
    await dana.ask("Are you still there?");
    await reply(winner, "I will put a bell into the parcel.");
    await dana.panel.getByText("No connection").waitFor();
    await thread.getByText(/^Not sent: /).waitFor();
    await winner.page.getByText("Reconnecting…").waitFor();
    await play.shot(winner.page, "server-gone");
    await play.shot(dana.page, "server-gone-widget");
  });

  await play.step("started again on the same port, both come back by themselves", async () => {
    const begun = performance.now();
    for (const server of desk.servers) server.start();
    await ready(desk.url);
    const up = performance.now();
    await thread.getByText("Are you still there?").waitFor({ timeout: 40_000 });
    await winner.page.getByText("Reconnecting…").waitFor({ state: "detached", timeout: 40_000 });
    const back = performance.now();
    down(false);
    await dana.hears(story.winnerName, "I will put a bell into the parcel.");
    await dana.panel.getByText("No connection").waitFor({ state: "hidden" });
    expect(await winner.isPinned(), "the member's page was loaded anew");
    expect(await dana.person.isPinned(), "the visitor's page was loaded anew");
    await play.shot(winner.page, "back");
    await play.shot(dana.page, "back-widget");
    return `ready after ${Math.round(up - begun)} ms, reconnected ${Math.round(back - up)} ms later`;
  });

  await play.step("nothing that was said is lost or doubled", async () => {
    const stored = await texts(story);
    for (const text of [
      "Tomorrow at nine.",
      "One more thing: the bell is missing too.",
      "Are you still there?",
      "I will put a bell into the parcel.",
    ]) {
      expectEqual(times(stored, text), 1, `“${text}” in the desk`);
      expectEqual(
        times(
          (await dana.said()).map((m) => m.text),
          text,
        ),
        1,
        `“${text}” in the widget`,
      );
      expectEqual(await thread.getByText(text, { exact: true }).count(), 1, `“${text}” on the page`);
    }
    const { items } = await winner.api("GET", "/tasks?status=all&q=refund");
    expectEqual(items.filter((t) => t.id === story.task.id).length, 1, "the task");
    const tickets = await winner.api("GET", "/tickets?status=all");
    expectEqual(tickets.items.map((t) => t.number).sort(), [1, 2], "the tickets");
    const members = [...new Set([winner, loser])];
    expectEqual(members.length, 2, "members who are still signed in");
  });

  await play.step("the reminder comes, once and not early, for all that", async () => {
    const { id, due_at } = story.reminder;
    const due = Date.parse(due_at);
    const [arrival] = await until(
      "the notification is on the page",
      async () => {
        const found = await arrivals(winner.page, "Print the return label");
        return found.length > 0 && found;
      },
      { within: Math.max(0, due - Date.now()) + 15_000 },
    );
    expect(arrival >= due, `it came ${due - arrival} ms early`);
    await play.shot(winner.page, "reminder");
    const { items } = await winner.api("GET", "/notifications");
    expectEqual(
      items.filter((n) => n.task?.id === id && n.kind === "reminder").length,
      1,
      "notifications of it",
    );
    return `${arrival - due} ms after it was due`;
  });

  const [, back] = desk.servers;
  if (!back) return;
  await play.step(
    "a question that comes while the workers are dead is answered when they are back, once",
    async () => {
      const lena = await Visitor.arrive(story.browser, story.site, "Lena", { name: "Lena Fischer" });
      play.people.push(lena.person);
      await back.kill();
      await lena.ask(covered);
      await lena.panel.getByText("Sent").waitFor();
      expectEqual((await lena.said()).length, 1, "messages before the workers are back");
      const begun = performance.now();
      back.start();
      // What the dead process had begun is free for others when its lease is over.
      await lena.panel.locator(".sources .card").first().waitFor({ timeout: 30_000 });
      const ms = Math.round(performance.now() - begun);
      // A second question is answered behind the first: had that been answered twice, it would show by now.
      await lena.askAndTime(covered, ".item:not(.mine):has(.sources)");
      expectEqual((await lena.said()).filter((m) => !m.mine).length, 2, "answers to two questions");
      await play.shot(lena.page, "answered-late");
      return `answered ${ms} ms after their start`;
    },
  );
}
