import { QueryClient } from "@tanstack/react-query";
import { expect, test, vi } from "vitest";
import { ApiError, keyFor, request } from "./client";
import { Conflict, saveFields } from "./save";

type Record1 = { version: number; title: string; notes: string };
const seen: Record1 = { version: 1, title: "Old", notes: "" };
const key = ["task", "one", "t"];

function serve(server: Record1) {
  const patches: { match: string | null; body: object }[] = [];
  vi.stubGlobal("fetch", async (_url: string, init: RequestInit = {}) => {
    if (init.method !== "PATCH") return new Response(JSON.stringify(server));
    const match = new Headers(init.headers).get("If-Match");
    const body = JSON.parse(String(init.body));
    patches.push({ match, body });
    if (match !== `"${server.version}"`)
      return new Response(JSON.stringify({ code: "stale", detail: "changed" }), { status: 412 });
    Object.assign(server, body, { version: server.version + 1 });
    return new Response(JSON.stringify(server));
  });
  return patches;
}

test("a change to another field by someone else does not get in the way", async () => {
  const server = { version: 2, title: "Old", notes: "by Jonas" };
  serve(server);
  const { data } = await saveFields<Record1>(new QueryClient(), key, "/tasks/t", seen, { title: "New" });
  expect(data).toEqual({ version: 3, title: "New", notes: "by Jonas" });
});

test("a change to the same field by someone else is a conflict, and theirs stays", async () => {
  const server = { version: 2, title: "Theirs", notes: "" };
  serve(server);
  const saving = saveFields<Record1>(new QueryClient(), key, "/tasks/t", seen, { title: "Mine" });
  await expect(saving).rejects.toSatisfy(
    (e) => e instanceof Conflict && (e.theirs as Record1).title === "Theirs",
  );
  expect(server.title).toBe("Theirs");
});

test("two quick writes of one page follow one another and never make each other stale", async () => {
  const server = { ...seen };
  const patches = serve(server);
  const client = new QueryClient();
  await Promise.all([
    saveFields<Record1>(client, key, "/tasks/t", seen, { title: "New" }),
    saveFields<Record1>(client, key, "/tasks/t", seen, { notes: "More" }),
  ]);
  expect(patches.map((p) => p.match)).toEqual(['"1"', '"2"']);
  expect(server).toEqual({ version: 3, title: "New", notes: "More" });
});

test("a problem document becomes an error that knows its fields", async () => {
  vi.stubGlobal(
    "fetch",
    async () =>
      new Response(
        JSON.stringify({
          code: "validation",
          detail: "Look again.",
          errors: [{ field: "email", message: "Taken." }],
        }),
        { status: 422 },
      ),
  );
  const error = await request("POST", "/members", { body: {} }).catch((e) => e as ApiError);
  expect(error).toBeInstanceOf(ApiError);
  expect((error as ApiError).field("email")).toBe("Taken.");
  expect((error as ApiError).detail).toBe("Look again.");
});

test("no connection is an error that says what to do, not a stack trace", async () => {
  vi.stubGlobal("fetch", async () => {
    throw new TypeError("Failed to fetch");
  });
  const error = (await request("GET", "/tasks").catch((e) => e)) as ApiError;
  expect(error.offline).toBe(true);
  expect(error.detail).toMatch(/connection/);
});

test("a form's key is the same until the form says something else, and fits into a header", () => {
  const key = keyFor("base", "Zürich 🚲", "90");
  expect(keyFor("base", "Zürich 🚲", "90")).toBe(key);
  expect(keyFor("base", "Zürich", "90")).not.toBe(key);
  expect(keyFor("base", "a", "b")).not.toBe(keyFor("base", "ab"));
  expect(() => new Headers({ "Idempotency-Key": key })).not.toThrow();
});
