import { act, screen, waitFor, within } from "@testing-library/react";
import { expect, test, vi } from "vitest";
import { openDesk, page } from "./desk";
import { aConversation, aMe, aMessage, aTask } from "./records";

const problem = (status: number, code: string, detail: string, extra: object = {}) => ({
  status,
  body: { code, detail, ...extra },
});
const answer = { chat_id: "chat", spans: [], lines: [], records: [], tasks: [], hits: [], undo_id: null };

test("a visitor without a session is led to sign in, and from there back to where they were going", async () => {
  let signedIn = false;
  const { user, router } = openDesk("/tickets?status=all", {
    "GET /me": () => (signedIn ? { body: aMe() } : problem(401, "unauthenticated", "Sign in.")),
    "GET /setup": { needed: false },
    "POST /session": ({ body }: { body: { password: string } }) => {
      if (body.password !== "right")
        return problem(401, "bad_credentials", "Email and password don't match.");
      signedIn = true;
      return { body: aMe() };
    },
  });
  await user.type(await screen.findByLabelText("Email"), "mara@example.com");
  await user.type(screen.getByLabelText("Password"), "wrong");
  await user.click(screen.getByRole("button", { name: "Sign in" }));
  expect((await screen.findByRole("alert")).textContent).toBe("Email and password don't match.");
  await user.clear(screen.getByLabelText("Password"));
  await user.type(screen.getByLabelText("Password"), "right");
  await user.click(screen.getByRole("button", { name: "Sign in" }));
  await screen.findByRole("heading", { name: "Tickets" });
  expect(router.state.location.href).toBe("/tickets?status=all");
});

test("a desk without an owner leads to its set-up", async () => {
  openDesk("/inbox", {
    "GET /me": () => problem(401, "unauthenticated", "Sign in."),
    "GET /setup": { needed: true },
  });
  await screen.findByRole("heading", { name: "Set up your desk" });
});

test("completing a task shows at once, can be undone, and offers the reply to its customer", async () => {
  const ticket = { id: "k", number: 21, subject: "Refund", conversation_id: "c" };
  const { user, of, router } = openDesk("/tasks", {
    "GET /tasks": page([aTask({ ticket })]),
    "POST /tasks/t1/complete": () => ({ body: aTask({ ticket, status: "done" }), undo: "u1" }),
    "POST /undo/u1": { text: "Taken back." },
    "GET /conversations/c": aConversation({ id: "c" }),
  });
  await user.click(await screen.findByRole("checkbox", { name: "Complete “Call Dana”" }));
  expect(await screen.findByRole("button", { name: "Undo" })).toBeTruthy();
  await user.click(screen.getByRole("button", { name: "Reply to Dana Whitfield" }));
  await waitFor(() => expect(router.state.location.pathname).toBe("/inbox/c"));
  const reply = await screen.findByRole("textbox", { name: "Reply to Dana Whitfield…" });
  expect((reply as HTMLTextAreaElement).value).toContain("“Call Dana” is done");
  expect(of("POST", "/tasks/t1/complete")).toHaveLength(1);
});

test("a task that could not be completed is open again, and the page says so", async () => {
  const { user } = openDesk("/tasks", {
    "GET /tasks": page([aTask()]),
    "POST /tasks/t1/complete": () => problem(500, "internal", "The desk could not do that."),
  });
  await user.click(await screen.findByRole("checkbox", { name: "Complete “Call Dana”" }));
  const alert = await screen.findByRole("alert");
  expect(alert.textContent).toContain("The desk could not do that.");
  expect(alert.textContent).toContain("taken back");
  expect(screen.getByRole("checkbox", { name: "Complete “Call Dana”" }).getAttribute("aria-checked")).toBe(
    "false",
  );
});

test("when another member claims first, the page says who", async () => {
  const { user } = openDesk("/inbox/k1", {
    "GET /conversations/k1": aConversation(),
    "GET /conversations/k1/messages": page([aMessage()]),
    "POST /conversations/k1/claim": () =>
      problem(409, "already_claimed", "Already claimed.", { claimed_by: { id: "j", name: "Jonas Weber" } }),
  });
  const thread = await screen.findByRole("region", { name: "Refund" });
  const [claim] = within(thread).getAllByRole("button", { name: "Claim" });
  if (!claim) throw new Error("no claim button");
  await user.click(claim);
  expect((await screen.findByRole("alert")).textContent).toContain("Jonas Weber claimed this a moment ago.");
});

test("a message that cannot be sent stays, with its text and a way to send it again", async () => {
  let up = false;
  const sent: unknown[] = [];
  const { user } = openDesk("/inbox/k1", {
    "GET /conversations/k1": aConversation({ state: "claimed", claimed_by: { id: "me", name: "Mara" } }),
    "GET /conversations/k1/messages": page([aMessage()]),
    "POST /conversations/k1/messages": ({ body }: { body: { client_id: string; text: string } }) => {
      sent.push(body.client_id);
      return up
        ? {
            status: 201,
            body: aMessage({ id: "m2", sequence: 2, text: body.text, client_id: body.client_id }),
          }
        : problem(503, "unavailable", "The desk is busy.");
    },
  });
  await user.type(
    await screen.findByRole("textbox", { name: "Reply to Dana Whitfield…" }),
    "On its way{Enter}",
  );
  expect((await screen.findByRole("alert")).textContent).toContain("The desk is busy.");
  expect(screen.getByText("On its way")).toBeTruthy();
  up = true;
  await user.click(screen.getByRole("button", { name: "Send again" }));
  await waitFor(() => expect(screen.queryByRole("alert")).toBeNull());
  expect(screen.getAllByText("On its way")).toHaveLength(1);
  expect(new Set(sent).size).toBe(1);
});

test("a viewer sees the conversation but neither claim nor reply", async () => {
  openDesk(
    "/inbox/k1",
    { "GET /conversations/k1": aConversation(), "GET /conversations/k1/messages": page([aMessage()]) },
    "viewer",
  );
  await screen.findByText("Hello");
  expect(screen.queryByRole("button", { name: "Claim" })).toBeNull();
  expect(screen.queryByRole("textbox", { name: /Reply/ })).toBeNull();
  expect(screen.queryByRole("link", { name: "Channels" })).toBeNull();
});

test("on the board, Space picks a card up, an arrow carries it, Space drops it, and the server is told once", async () => {
  const cards = [aTask({ id: "a", title: "First" }), aTask({ id: "b", title: "Second" })];
  const { user, of } = openDesk("/board", {
    "GET /tasks": ({ query }: { query: URLSearchParams }) => ({
      body: page(query.get("status") === "todo" ? cards : []),
    }),
    "POST /tasks/a/move": () => ({ body: aTask({ id: "a", title: "First", status: "doing" }) }),
  });
  const card = await screen.findByRole("button", { name: /^First\./ });
  card.focus();
  await user.keyboard(" ");
  await user.keyboard("{ArrowRight}");
  await waitFor(() =>
    expect(document.activeElement?.getAttribute("aria-label")).toMatch(/^First\. Doing, 1 of 1/),
  );
  expect(of("POST", "/tasks/a/move")).toHaveLength(0);
  await user.keyboard(" ");
  await waitFor(() => expect(of("POST", "/tasks/a/move")).toHaveLength(1));
  expect(of("POST", "/tasks/a/move")[0]?.body).toEqual({ status: "doing", after: null });
});

test("on the board, Escape puts a carried card back and the server hears nothing", async () => {
  const { user, calls } = openDesk("/board", {
    "GET /tasks": ({ query }: { query: URLSearchParams }) => ({
      body: page(query.get("status") === "todo" ? [aTask({ id: "a", title: "First" })] : []),
    }),
  });
  (await screen.findByRole("button", { name: /^First\./ })).focus();
  await user.keyboard(" ");
  await user.keyboard("{ArrowRight}");
  await screen.findByRole("button", { name: /^First\. Doing/ });
  await user.keyboard("{Escape}");
  await screen.findByRole("button", { name: /^First\. To do/ });
  expect(calls.filter((c) => c.path.endsWith("/move"))).toHaveLength(0);
});

test("plain words: a preview while typing changes nothing, Enter does it, and it can be undone", async () => {
  const { user, of } = openDesk("/say", {
    "POST /say": ({ body }: { body: { text: string; confirm: boolean } }) => ({
      body: body.confirm
        ? {
            ...answer,
            status: "done",
            text: "Added “Call Dana”.",
            command: { verb: "add_task" },
            undo_id: "u1",
          }
        : {
            ...answer,
            status: "preview",
            text: "",
            command: { verb: "add_task" },
            spans: [{ start: 10, end: 18, kind: "date" }],
            lines: [{ label: "Due", value: "Sun 22 Nov" }],
          },
    }),
    "POST /undo/u1": { text: "Taken back." },
  });
  await user.type(
    await screen.findByRole("textbox", { name: "Say it in plain words" }),
    "Call Dana tomorrow",
  );
  await screen.findByText("Sun 22 Nov");
  expect(document.querySelector("mark")?.textContent).toBe("tomorrow");
  expect(of("POST", "/say").every((c) => (c.body as { confirm: boolean }).confirm === false)).toBe(true);
  await user.keyboard("{Enter}");
  await screen.findByText("Added “Call Dana”.");
  await user.click(screen.getByRole("button", { name: "Undo" }));
  await screen.findByText("undone");
  expect(of("POST", "/undo/u1")).toHaveLength(1);
});

test("a question back is shown instead of being done", async () => {
  const { user } = openDesk("/tasks", {
    "GET /tasks": page([]),
    "POST /say": {
      ...answer,
      status: "clarify",
      text: "Is 12/03 in March or in December?",
      command: { verb: "clarify", clarify: "ambiguous_date" },
    },
  });
  await user.type(await screen.findByRole("textbox", { name: "Add a task…" }), "Call Dana 12/03{Enter}");
  await screen.findByText("Is 12/03 in March or in December?");
  expect(screen.getByRole("textbox", { name: "Add a task…" })).toHaveProperty("value", "Call Dana 12/03");
});

test("a screen that cannot load says why and loads on the next try", async () => {
  let up = false;
  const { user } = openDesk("/contacts", {
    "GET /contacts": () => (up ? { body: page([]) } : problem(500, "internal", "The desk could not answer.")),
  });
  await screen.findByText("The desk could not answer.");
  up = true;
  await user.click(screen.getByRole("button", { name: "Try again" }));
  await screen.findByText("No contacts yet");
});

test("a viewer may ask the chat box, is shown only what may be asked, and is told what may not", async () => {
  const { user } = openDesk(
    "/inbox",
    {
      "POST /say": { ...answer, status: "failed", text: "Your role may look but not change.", command: {} },
    },
    "viewer",
  );
  await user.click((await screen.findAllByRole("button", { name: "Ask Deskhand" }))[0] as HTMLElement);
  const chat = await screen.findByRole("region", { name: "Ask Deskhand" });
  expect(within(chat).getByRole("button", { name: "What's overdue?" })).toBeTruthy();
  expect(within(chat).queryByRole("button", { name: /^Call Dana/ })).toBeNull();
  await user.type(within(chat).getByRole("textbox"), "add milk{Enter}");
  expect((await within(chat).findAllByText("Your role may look but not change.")).length).toBeGreaterThan(0);
});

test("what was wrong with a sign-in is no longer said while the next try is typed", async () => {
  const { user } = openDesk("/sign-in", {
    "POST /session": () => problem(401, "bad_credentials", "Email and password don't match."),
  });
  await user.type(await screen.findByLabelText("Email"), "mara@example.com");
  await user.type(screen.getByLabelText("Password"), "wrong{Enter}");
  await screen.findByRole("alert");
  await user.type(screen.getByLabelText("Password"), "x");
  expect(screen.queryByRole("alert")).toBeNull();
});

test("an address that leads nowhere has a heading and the way back", async () => {
  openDesk("/nowhere", {});
  await screen.findByRole("heading", { level: 1, name: "Not here" });
  expect(screen.getByRole("link", { name: "Go to the inbox" })).toBeTruthy();
});

test("a project is renamed where it stands, deleted with a way back, and the desk hears both", async () => {
  let projects = [{ id: "p", name: "Bilng", color: "#5b6ee1", open_tasks: 3, version: 1 }];
  const { user, of } = openDesk("/settings/projects", {
    "GET /projects": () => ({ body: page(projects) }),
    "PATCH /projects/p": ({ body }: { body: { name: string } }) => {
      projects = [{ ...projects[0], ...body, version: 2 } as (typeof projects)[0]];
      return { body: projects[0], undo: "u1" };
    },
    "DELETE /projects/p": () => {
      projects = [];
      return { undo: "u2" };
    },
    "POST /undo/u2": { text: "Taken back." },
  });
  const name = await screen.findByRole("textbox", { name: "Project name" });
  await user.clear(name);
  await user.type(name, "Billing{Enter}");
  await screen.findByText("Project “Billing” changed.");
  expect(of("PATCH", "/projects/p")[0]?.body).toEqual({ name: "Billing" });
  await user.click(screen.getByRole("button", { name: "Delete project Billing" }));
  await screen.findByText("Project “Billing” deleted. Its tasks are kept.");
  expect(screen.queryByRole("textbox", { name: "Project name" })).toBeNull();
  await user.keyboard("{Control>}z{/Control}");
  await waitFor(() => expect(of("POST", "/undo/u2")).toHaveLength(1));
});

test("an article's labels are added from those of others, or made by typing, and can be taken off", async () => {
  const article = {
    id: "a",
    number: 1,
    slug: "refunds",
    title: "Refunds",
    summary: "",
    body: "Text",
    html: "<p>Text</p>",
    labels: ["billing"],
    status: "published",
    updated_at: "2026-11-21T09:00:00Z",
    updated_by: "Mara",
    version: 1,
  };
  const { user, of } = openDesk("/articles/a", {
    "GET /articles/a": article,
    "GET /articles": page([article]),
    "POST /articles/preview": { html: "<p>Text</p>" },
    "PATCH /articles/a": ({ body }: { body: object }) => ({ body: { ...article, ...body }, undo: "u" }),
  });
  await user.click(await screen.findByRole("button", { name: "Add labels" }));
  await user.type(screen.getByRole("combobox", { name: "Labels" }), "returns{Enter}");
  await waitFor(() =>
    expect(of("PATCH", "/articles/a")[0]?.body).toEqual({ labels: ["billing", "returns"] }),
  );
  expect(await screen.findByRole("button", { name: "Undo" })).toBeTruthy();
});

test("a task that is changed offers the way back, and one toast stands for all of its changes", async () => {
  let undone = 0;
  const task = aTask({ labels: ["one", "two"] });
  let version = 1;
  const { user } = openDesk("/tasks?task=t1", {
    "GET /tasks": page([task]),
    "GET /tasks/t1": task,
    "PATCH /tasks/t1": ({ body }: { body: object }) => ({
      body: { ...task, ...body, version: ++version },
      undo: `u${version}`,
    }),
    "POST /undo/u3": () => {
      undone += 1;
      return { body: { text: "Taken back." } };
    },
  });
  await user.click(await screen.findByRole("button", { name: "Remove: one" }));
  await screen.findByText("“Call Dana” changed.");
  await user.click(await screen.findByRole("button", { name: "Remove: two" }));
  await waitFor(() => expect(screen.getAllByRole("button", { name: "Undo" })).toHaveLength(1));
  await waitFor(async () => {
    const undo = screen.queryByRole("button", { name: "Undo" });
    if (undo) await user.click(undo);
    expect(undone).toBe(1);
  });
});

test("opening a conversation marks what was said about it as read, and nothing else", async () => {
  const about = (id: string, conversation: string) => ({
    id,
    kind: "handoff",
    title: "Dana asks for a person",
    body: "",
    task: null,
    conversation_id: conversation,
    ticket: null,
    created_at: "2026-11-21T09:00:00Z",
    read_at: null,
  });
  const { of } = openDesk("/inbox/k1", {
    "GET /conversations/k1": aConversation(),
    "GET /conversations/k1/messages": page([aMessage()]),
    "GET /notifications": { ...page([about("n1", "k1"), about("n2", "other")]), unread: 2 },
  });
  await waitFor(() => expect(of("POST", "/notifications/read")).toHaveLength(1));
  expect(of("POST", "/notifications/read")[0]?.body).toEqual({
    about: { kind: "conversation", id: "k1" },
  });
});

test("who closes a task with Escape is back on its row", async () => {
  const { user } = openDesk("/tasks", { "GET /tasks": page([aTask()]), "GET /tasks/t1": aTask() });
  const row = await screen.findByRole("link", { name: /Call Dana/ });
  await user.click(row);
  await screen.findByRole("textbox", { name: "Title" });
  await user.keyboard("{Escape}");
  await waitFor(() => expect(screen.queryByRole("textbox", { name: "Title" })).toBeNull());
  await waitFor(() => expect(document.activeElement).toBe(screen.getByRole("link", { name: /Call Dana/ })));
});

test("dead letters are counted, shown with their event, replayed one by one and dropped only when that is sure", async () => {
  const letter = {
    id: "d1",
    group: "hand",
    topic: "conversations.incoming",
    partition: 3,
    event_id: "e1",
    event_type: "message.received",
    subject_id: "s1",
    reason: "failed",
    detail: "the model does not answer",
    attempts: 4,
    died_at: "2026-11-20T10:00:00Z",
    replay_at: null,
  };
  const count = { group: "hand", topic: letter.topic, reason: "failed", letters: 2, queued: 1 };
  const { user, of } = openDesk(
    "/dead-letters",
    {
      "GET /dead-letters/counts": page([count]),
      "GET /dead-letters/d1": { ...letter, original: '{"type":"message.received"}', original_hex: null },
      "GET /dead-letters": page([letter]),
      "POST /dead-letters/replay": { letters: 1, dry_run: false },
      "POST /dead-letters/drop": { letters: 1, dry_run: false },
    },
    "admin",
  );
  const row = await screen.findByRole("button", { name: /message\.received.*Failed each time/ });
  expect(await screen.findByText("2 dead letters · 1 to be handled again")).toBeTruthy();
  await user.click(row);
  const dialog = await screen.findByRole("dialog", { name: "message.received" });
  expect(await within(dialog).findByText("the model does not answer")).toBeTruthy();
  expect(dialog.textContent).toContain('"type": "message.received"');
  await user.click(within(dialog).getByRole("button", { name: "Replay" }));
  await screen.findByText("1 dead letter is handled again");
  expect(of("POST", "/dead-letters/replay")[0]?.body).toEqual({ ids: ["d1"] });

  await user.click(screen.getByRole("button", { name: "Drop these" }));
  expect(of("POST", "/dead-letters/drop")).toHaveLength(0);
  await user.click(within(await screen.findByRole("dialog")).getByRole("button", { name: "Drop" }));
  await screen.findByText("1 dead letter dropped");
  expect(of("POST", "/dead-letters/drop")[0]?.body).toEqual({ all: true });
});

const webhook = {
  id: "w1",
  url: "https://hooks.example.com/desk",
  description: "Accounts",
  event_types: [],
  ordered: false,
  enabled: true,
  disabled_reason: null,
  failures: 0,
  failing_since: null,
  resting_until: null,
  former_secret_until: null,
  pending: 0,
  created_at: "2026-11-20T10:00:00Z",
  updated_at: "2026-11-20T10:00:00Z",
  version: 1,
};

test("a webhook is made for some events, and its secret is shown once", async () => {
  const { user, of } = openDesk(
    "/settings/webhooks",
    {
      "GET /webhooks/event-types": page([
        { type: "task.created", record: "task" },
        { type: "ticket.closed", record: "ticket" },
      ]),
      "GET /webhooks": page([]),
      "POST /webhooks": { webhook, secret: "whsec_once" },
    },
    "admin",
  );
  await user.click(await screen.findByRole("button", { name: "New webhook" }));
  const dialog = await screen.findByRole("dialog", { name: "New webhook" });
  await user.type(within(dialog).getByLabelText("Address"), "https://hooks.example.com/desk");
  await user.type(within(dialog).getByLabelText("What is it for?"), "Accounts");
  await user.click(within(dialog).getByRole("radio", { name: "Only some" }));
  const make = within(dialog).getByRole("button", { name: "Make webhook" });
  expect((make as HTMLButtonElement).disabled).toBe(true);
  await user.click(await within(dialog).findByLabelText("ticket.closed"));
  await user.click(within(dialog).getByRole("switch", { name: "In order" }));
  await user.click(make);
  const secret = await screen.findByRole("dialog", { name: "Secret" });
  expect(secret.textContent).toContain("whsec_once");
  expect(of("POST", "/webhooks")[0]?.body).toEqual({
    url: "https://hooks.example.com/desk",
    description: "Accounts",
    event_types: ["ticket.closed"],
    ordered: true,
  });
  await user.keyboard("{Escape}");
  await waitFor(() => expect(screen.queryByText(/whsec_once/)).toBeNull());
});

test("what a webhook was sent is seen with its attempts and sent again, and one that was given up is enabled", async () => {
  const failing = {
    ...webhook,
    enabled: false,
    disabled_reason: "failing",
    failures: 40,
    failing_since: "2026-11-14T10:00:00Z",
  };
  const delivery = {
    id: "0199-d1",
    event_type: "ticket.closed",
    state: "failed",
    attempts: 8,
    next_attempt_at: null,
    created_at: "2026-11-20T10:00:00Z",
    ended_at: "2026-11-21T14:00:00Z",
  };
  const tries = [
    { at: "2026-11-21T14:00:00Z", duration_ms: 15_000, status: null, failure: "timeout", excerpt: "" },
    { at: "2026-11-20T10:00:00Z", duration_ms: 12, status: 500, failure: null, excerpt: "<b>broken</b>" },
  ];
  let enabled = false;
  const { user, of, router } = openDesk(
    "/settings/webhooks/w1",
    {
      "GET /webhooks/w1/deliveries/0199-d1": { ...delivery, tries, body: '{"type":"ticket.closed"}' },
      "POST /webhooks/w1/deliveries/0199-d1/replay": { ...delivery, state: "pending" },
      "GET /webhooks/w1/deliveries": page([delivery]),
      "POST /webhooks/w1/replay": { deliveries: 3 },
      "PATCH /webhooks/w1": () => {
        enabled = true;
        return { body: { ...webhook, version: 2 } };
      },
      "GET /webhooks/w1": () => ({ body: enabled ? { ...webhook, version: 2 } : failing }),
    },
    "admin",
  );
  expect(await screen.findByText(/Nothing has worked for five days/)).toBeTruthy();
  expect((screen.getByRole("button", { name: "Send test" }) as HTMLButtonElement).disabled).toBe(true);
  await user.click(screen.getByRole("button", { name: "Enable" }));
  await screen.findByText("Works");
  expect(of("PATCH", "/webhooks/w1")[0]?.body).toEqual({ enabled: true });

  await user.click(await screen.findByRole("button", { name: /ticket\.closed/ }));
  const dialog = await screen.findByRole("dialog", { name: "ticket.closed" });
  expect(router.state.location.search).toEqual({ delivery: "0199-d1" });
  expect(await within(dialog).findByText("No answer in 15 s")).toBeTruthy();
  expect(within(dialog).getByText("Answered 500")).toBeTruthy();
  expect(dialog.textContent).toContain("<b>broken</b>");
  expect(dialog.textContent).toContain("msg_0199d1");
  await user.click(within(dialog).getByRole("button", { name: "Send again" }));
  await screen.findByText("1 delivery is sent again.");
  await user.keyboard("{Escape}");
  await user.click(screen.getByRole("button", { name: "Send all failed again" }));
  await screen.findByText("3 deliveries are sent again.");
  expect(of("POST", "/webhooks/w1/replay")[0]?.body).toEqual({ all: true });

  await user.click(screen.getByRole("radio", { name: "Failed" }));
  await waitFor(() => expect(router.state.location.search).toMatchObject({ state: "failed" }));
});

test("what is away is said above the page in a sentence each, and no longer once it is back", async () => {
  let hears: (frame: object) => void = () => {};
  vi.stubGlobal(
    "WebSocket",
    class {
      onmessage: ((message: { data: string }) => void) | null = null;
      constructor() {
        hears = (frame) => act(() => this.onmessage?.({ data: JSON.stringify(frame) }));
      }
      send(): void {}
      close(): void {}
    },
  );
  openDesk("/tasks", {});
  await screen.findByRole("heading", { name: "Tasks" });
  const said = () => screen.getAllByRole("status").map((status) => status.textContent);
  expect(said().join()).not.toContain("away");
  hears({ type: "hello", cursor: "1", degraded: ["broker", "mail", "something new", "something else"] });
  const all = said().join();
  expect(all).toContain("The event broker is away. Everything goes on");
  expect(all).toContain("The mail server is away. Reminders appear here");
  // Newer desks may name what this page does not know.
  expect(all.match(/A part of Deskhand is away/g)).toHaveLength(1);
  hears({ type: "ping", degraded: ["mail"] });
  expect(said().join()).not.toContain("broker");
  expect(said().join()).toContain("mail server");
  hears({ type: "ping", degraded: [] });
  expect(said().join()).not.toContain("away");
});
