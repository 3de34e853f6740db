// Every screen with the demonstration's data, in light, in dark and on a phone, for people to look at.
//
//   node tests/story/screens.mjs
//
// What a machine can see is checked as well: nothing scrolls sideways, no console error, no failed request, and
// nothing that axe calls a barrier.

import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { barriers } from "./lib/accessible.mjs";
import { launch, Person } from "./lib/browser.mjs";
import { freePort, ready, root, Server } from "./lib/desk.mjs";
import { until } from "./lib/wait.mjs";
import { Visitor } from "./lib/widget.mjs";

const looks = {
  light: { colorScheme: "light" },
  dark: { colorScheme: "dark" },
  phone: {
    colorScheme: "light",
    viewport: { width: 390, height: 844 },
    deviceScaleFactor: 2,
    isMobile: true,
    hasTouch: true,
  },
};

const first = (list) => async (api) => (await api("GET", list)).items[0].id;

/** The address of a screen, what shows that it is there, and what is done to it before the picture. */
const screens = {
  inbox: { path: () => "/inbox" },
  conversation: {
    path: async (api) => {
      const { items } = await api("GET", "/conversations?state=waiting");
      return `/inbox/${(items.find((c) => c.messages > 2) ?? items[0]).id}`;
    },
  },
  "conversation-answered": {
    path: async (api) => `/inbox/${await first("/conversations?state=bot")(api)}?tab=bot`,
  },
  "conversation-mine": {
    path: async (api) => `/inbox/${await first("/conversations?state=mine")(api)}?tab=mine`,
    act: async (page) => {
      await page.getByRole("textbox", { name: /^Reply to/ }).fill("Tomorrow at nine it is. I call you then.");
    },
  },
  "conversation-sources": {
    path: async (api) => {
      const { items } = await api("GET", "/conversations?state=bot");
      return `/inbox/${items.find((c) => /help pages/.test(c.last_message.text)).id}?tab=bot`;
    },
    act: async (page) => {
      await page
        .getByText(/\d sources?/)
        .last()
        .click();
    },
  },
  closed: { path: () => "/inbox?tab=closed" },
  "inbox-empty": { path: () => "/inbox?q=xylophone" },
  tickets: { path: () => "/tickets" },
  ticket: { path: async (api) => `/tickets/${await first("/tickets?status=all")(api)}` },
  contacts: { path: () => "/contacts" },
  contact: { path: async (api) => `/contacts/${await first("/contacts")(api)}` },
  articles: { path: () => "/articles" },
  article: { path: async (api) => `/articles/${await first("/articles")(api)}` },
  "article-new": { path: () => "/articles/new" },
  "article-preview": { path: async (api) => `/articles/${await first("/articles")(api)}?view=preview` },
  tasks: { path: () => "/tasks" },
  "tasks-done": { path: () => "/tasks?show=done" },
  task: { path: async (api) => `/tasks?task=${await first("/tasks?due=any")(api)}` },
  "task-full": {
    path: async (api) => {
      const { items } = await api("GET", "/tasks?due=any");
      return `/tasks?task=${items.find((t) => t.subtasks.total > 0).id}`;
    },
  },
  "task-repeats": {
    path: async (api) => {
      const { items } = await api("GET", "/tasks?due=any");
      return `/tasks?task=${items.find((t) => t.recurrence).id}`;
    },
    act: async (page) => {
      await page.getByRole("button", { name: /^Add reminder/ }).click();
      await page.getByRole("listbox").waitFor();
    },
  },
  "tasks-filter": {
    path: () => "/tasks",
    act: async (page) => {
      await page.getByRole("button", { name: "Project", exact: true }).click();
      await page.getByRole("listbox").waitFor();
    },
  },
  "tasks-done-toast": {
    path: () => "/tasks?q=Translate",
    act: async (page) => {
      await page
        .getByRole("checkbox", { name: /^Complete/ })
        .first()
        .click();
      await page.getByRole("button", { name: "Undo" }).waitFor();
    },
    after: async (page) => {
      await page.getByRole("button", { name: "Undo" }).click();
      await page.getByRole("button", { name: "Undo" }).waitFor({ state: "detached" });
    },
  },
  "task-missing": { path: () => "/tasks?task=00000000-0000-7000-8000-000000000000", status: 404 },
  board: { path: () => "/board" },
  say: { path: () => "/say" },
  "say-preview": {
    path: () => "/say",
    act: async (page) => {
      await page
        .getByRole("textbox")
        .fill("call Dana tomorrow at 9 about the refund p1 #Support, remind me 30 min before");
      await page.getByText("New task").waitFor();
    },
  },
  "say-dock": {
    path: () => "/tasks",
    act: async (page) => {
      await page.keyboard.press("c");
      await page.getByRole("region", { name: "Tell Deskhand" }).waitFor();
    },
  },
  search: { path: () => "/search?q=remind" },
  "search-nothing": { path: () => "/search?q=xylophone" },
  palette: {
    path: () => "/inbox",
    act: async (page) => {
      await page.keyboard.press("Control+k");
      await page.getByRole("combobox").fill("remind");
      await page.getByRole("group", { name: "Results" }).waitFor();
    },
  },
  shortcuts: {
    path: () => "/inbox",
    act: async (page) => {
      await page.keyboard.press("?");
      await page.getByRole("dialog").waitFor();
    },
  },
  notifications: { path: () => "/notifications" },
  bell: {
    path: () => "/inbox",
    act: async (page) => {
      if (await page.getByRole("button", { name: /^Notifications/ }).isVisible())
        await page.getByRole("button", { name: /^Notifications/ }).click();
      else await page.getByRole("button", { name: "More", exact: true }).click();
      await page.getByRole("dialog").waitFor();
    },
  },
  members: { path: () => "/members" },
  invite: {
    path: () => "/members",
    act: async (page) => {
      await page.getByRole("button", { name: "Invite member" }).click();
      await page.getByRole("dialog").waitFor();
    },
  },
  channels: { path: () => "/channels" },
  audit: { path: () => "/audit" },
  "settings-profile": { path: () => "/settings/profile" },
  "settings-appearance": { path: () => "/settings/appearance" },
  "settings-notifications": { path: () => "/settings/notifications" },
  "settings-shortcuts": { path: () => "/settings/shortcuts" },
  "settings-tokens": { path: () => "/settings/tokens" },
  "settings-projects": { path: () => "/settings/projects" },
  "settings-workspace": { path: () => "/settings/workspace" },
  "settings-hand": { path: () => "/settings/hand" },
  "settings-webhooks": { path: () => "/settings/webhooks" },
  "webhook-new": {
    path: () => "/settings/webhooks",
    act: async (page) => {
      await page.getByRole("button", { name: "New webhook" }).click();
      await page.getByRole("radio", { name: "Only some" }).click();
      await page.getByLabel("ticket.closed").waitFor();
    },
  },
  webhook: { path: async (api) => `/settings/webhooks/${await first("/webhooks")(api)}` },
  "webhook-failing": {
    path: async (api) => `/settings/webhooks/${(await api("GET", "/webhooks")).items[1].id}`,
  },
  "webhook-delivery": {
    path: async (api) => {
      const webhook = (await api("GET", "/webhooks")).items[1].id;
      return `/settings/webhooks/${webhook}?delivery=${await first(`/webhooks/${webhook}/deliveries`)(api)}`;
    },
    act: async (page) => {
      await page.getByText("Answered 503").first().waitFor();
    },
  },
  "not-found": { path: () => "/nowhere" },
  // The last: from here on the page is told by this instead of the desk.
  degraded: {
    path: () => "/inbox",
    act: async (page) => {
      await page.routeWebSocket("**/api/v1/live", (socket) => {
        const hello = { type: "hello", cursor: "", degraded: ["broker", "mail"] };
        socket.onMessage(() => socket.send(JSON.stringify(hello)));
      });
      await page.reload();
      await page.getByText(/^The event broker is away/).waitFor();
      await settled(page);
    },
  },
};

let [passed, failed] = [0, 0];
function report(name, complaints) {
  if (complaints.length === 0) {
    passed += 1;
    return;
  }
  failed += 1;
  console.log(`FAILED ${name}\n  ${complaints.join("\n  ")}`);
}

/** What sticks out of the screen at its sides, unless it is meant to scroll or to end in dots. */
function sideways(page) {
  return page.evaluate(() => {
    const wide = document.documentElement.clientWidth;
    const complaints = [];
    if (document.documentElement.scrollWidth > wide) {
      complaints.push(`scrolls sideways: ${document.documentElement.scrollWidth} px on ${wide} px`);
    }
    // What scrolls down could also scroll sideways; only what says so, and code, is meant to.
    const meant = (e) =>
      /overflow-(x-)?auto/.test(e.className) ||
      ["PRE", "CODE", "SELECT"].includes(e.tagName) ||
      getComputedStyle(e).textOverflow === "ellipsis";
    for (const e of document.querySelectorAll("body *")) {
      const text = [...e.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
      const box = e.getBoundingClientRect();
      if (!text || box.width <= 1 || (box.left >= -1 && box.right <= wide + 1)) continue;
      let around = e;
      while (around && !meant(around)) around = around.parentElement;
      if (!around) complaints.push(`is cut off at the side: “${e.textContent.trim().slice(0, 50)}”`);
    }
    return complaints.slice(0, 5);
  });
}

/** Pictures are taken of what is there, not of what is on its way. */
async function settled(page) {
  await page.waitForLoadState("networkidle");
  await until(
    "nothing is loading any more",
    async () => (await page.locator(".skeleton:visible").count()) === 0,
  );
  await page.evaluate(() => document.fonts.ready);
}

/** Two receivers of webhooks, one of which does not take what it gets, and something that they were sent. */
async function arrange(browser, url, password, receiver) {
  const person = await Person.arrive(browser, "arranges", looks.light);
  await person.page.goto(url);
  await person.page.getByLabel("Email").fill("dana@northwind.example");
  await person.page.getByLabel("Password", { exact: true }).fill(password);
  await person.page.getByRole("button", { name: "Sign in" }).click();
  await person.page.getByRole("heading", { name: "Inbox" }).first().waitFor();
  for (const [path, description] of [
    ["works", "Accounts: tickets into the ledger"],
    ["fails", ""],
  ]) {
    // Told of little, so that the pictures do not depend on what is done for the others.
    const body = {
      url: `${receiver}/${path}`,
      description,
      event_types: ["ticket.closed", "ticket.reopened"],
    };
    const made = await person.api("POST", "/webhooks", body);
    const webhook = `/webhooks/${made.webhook.id}`;
    const { delivery_id } = await person.api("POST", `${webhook}/test`);
    await until("it was tried", async () => {
      const { items } = await person.api("GET", `${webhook}/deliveries`);
      return items.some((delivery) => delivery.id === delivery_id && delivery.attempts > 0);
    });
  }
  await person.leave();
}

async function photograph(browser, url, password, look) {
  const folder = join(root, "test-artifacts/screens", look);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const person = await Person.arrive(browser, look, looks[look]);
  const { page } = person;
  const api = (...call) => person.api(...call);
  const shoot = async (name, { page, trouble }, part) => {
    const complaints = [...trouble.splice(0), ...(await sideways(page)), ...(await barriers(page, part))];
    await page.screenshot({ path: join(folder, `${name}.png`) });
    report(`${look}/${name}`, complaints);
  };
  const take = async (name) => {
    await settled(page);
    await shoot(name, person);
  };

  await page.goto(`${url}/join#not-a-link`);
  await page.getByText("This link doesn't work any more").waitFor();
  person.trouble.length = 0;
  await take("join-bad-link");
  await page.goto(url);
  await page.getByLabel("Email").fill("dana@northwind.example");
  await page.getByLabel("Password", { exact: true }).fill("not this one");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("alert").waitFor();
  person.trouble.length = 0;
  await take("sign-in-refused");
  await page.getByLabel("Password", { exact: true }).fill(password);
  await take("sign-in");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("heading", { name: "Inbox" }).first().waitFor();

  for (const [name, screen] of Object.entries(screens)) {
    try {
      await page.goto(url + (await screen.path(api)));
      await page.locator("#main, h1, h2, p").first().waitFor();
      await settled(page);
      await screen.act?.(page);
      if (screen.status)
        person.trouble = person.trouble.filter((t) => !t.includes(`answered ${screen.status}`));
      await take(name);
      await screen.after?.(page);
    } catch (error) {
      await page.screenshot({ path: join(folder, `${name}-FAILED.png`) }).catch(() => {});
      report(`${look}/${name}`, [error.message, ...person.trouble.splice(0)]);
    }
  }

  const channel = (await api("GET", "/channels")).items[0];
  await page.goto(`${url}/help/${channel.key}/reminders-and-notifications`);
  await take("public-article");
  await person.leave();

  // Somebody who may look and ask, but change nothing.
  const viewer = await Person.arrive(browser, look, looks[look]);
  await viewer.page.goto(url);
  await viewer.page.getByLabel("Email").fill("priya@northwind.example");
  await viewer.page.getByLabel("Password", { exact: true }).fill(password);
  await viewer.page.getByRole("button", { name: "Sign in" }).click();
  await viewer.page.getByRole("heading", { name: "Inbox" }).first().waitFor();
  for (const name of ["conversation", "task", "article", "say"]) {
    await viewer.page.goto(url + (await screens[name].path((...call) => viewer.api(...call))));
    await settled(viewer.page);
    await shoot(`viewer-${name}`, viewer);
  }
  await viewer.leave();

  // A visitor, who has no account, in a browser of their own.
  const site = { url: `${url}/try/${channel.key}` };
  const visitor = await Visitor.arrive(
    browser,
    site,
    "visitor",
    {},
    { ...looks[look], reducedMotion: "reduce" },
  );
  // The page around the chat stands for the customer's own.
  const widget = "deskhand-widget";
  await shoot("widget", visitor.person, widget);
  await visitor.askAndTime("How do I set a reminder before a task is due?", ".sources .card");
  await shoot("widget-answer", visitor.person, widget);
  await visitor.ask("I want a person");
  await visitor.panel.locator(".state[data-state=offered]").waitFor();
  await shoot("widget-handed-over", visitor.person, widget);
  await visitor.person.leave();
}

const folder = mkdtempSync(join(tmpdir(), "deskhand-screens-"));
const port = await freePort();
const url = `http://127.0.0.1:${port}`;
const receiver = createServer((request, response) => {
  request.resume();
  const fails = request.url === "/fails";
  response.writeHead(fails ? 503 : 200, { "content-type": "text/plain" });
  response.end(fails ? "The ledger is closed for the night; come back in the morning." : "thank you");
});
await new Promise((done) => receiver.listen(0, "127.0.0.1", done));
const server = new Server({
  env: { DESKHAND_WEBHOOKS__ALLOWED_NETWORKS: "127.0.0.1" },
  args: ["--demo", "--data-dir", join(folder, "data"), "--listen", `127.0.0.1:${port}`],
  folder,
  log: join(folder, "deskhand.log"),
});
let browser = null;
try {
  server.start();
  await ready(url);
  const [, password] = await server.says(/with the password (\S+) as/);
  browser = await launch();
  await arrange(browser, url, password, `http://127.0.0.1:${receiver.address().port}`);
  for (const look of Object.keys(looks)) await photograph(browser, url, password, look);
  console.log(`pictures in ${join(root, "test-artifacts/screens")}`);
} catch (error) {
  failed += 1;
  console.log(`FAILED ${error.stack}`);
} finally {
  await browser?.close();
  await server.stop();
  receiver.close();
  rmSync(folder, { recursive: true, force: true });
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
