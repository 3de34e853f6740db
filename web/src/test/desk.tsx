import { QueryClientProvider } from "@tanstack/react-query";
import { createMemoryHistory, RouterProvider } from "@tanstack/react-router";
import { render } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { vi } from "vitest";
import { makeQueryClient } from "@/api/query";
import type { Role } from "@/api/types";
import { makeRouter } from "@/router";
import { TipProvider } from "@/ui/Tip";
import { ToastProvider } from "@/ui/Toasts";
import { aMe } from "./records";

export type Call = { method: string; path: string; query: URLSearchParams; body: unknown; headers: Headers };
type Reply = { status?: number; body?: unknown; undo?: string };
export type Handler = (call: Call) => Reply | Promise<Reply>;

/** "GET /tasks/*" or "POST /tasks/t1/complete": the first that fits answers; what nobody answers is empty. */
export type Desk = Record<string, Handler | unknown>;

const empty = {
  items: [],
  next_cursor: null,
  unread: 0,
  counts: { waiting: 0, mine: 0, open: 0, bot: 0, closed: 0 },
};

/** Opens the whole page at an address, with answers in place of the server. */
export function openDesk(address: string, desk: Desk, role: Role = "agent") {
  const calls: Call[] = [];
  vi.stubGlobal("fetch", async (input: string, init: RequestInit = {}) => {
    const url = new URL(input, "http://desk.test");
    const call: Call = {
      method: init.method ?? "GET",
      path: url.pathname.replace("/api/v1", ""),
      query: url.searchParams,
      body: init.body ? JSON.parse(String(init.body)) : undefined,
      headers: new Headers(init.headers),
    };
    calls.push(call);
    const all: Desk = { ...desk, "GET /me": desk["GET /me"] ?? aMe(role) };
    for (const [pattern, answer] of Object.entries(all)) {
      const [method, path = ""] = pattern.split(" ");
      const fits = path.endsWith("*") ? call.path.startsWith(path.slice(0, -1)) : call.path === path;
      if (method !== call.method || !fits) continue;
      const reply: Reply = typeof answer === "function" ? await (answer as Handler)(call) : { body: answer };
      return new Response(reply.body === undefined ? null : JSON.stringify(reply.body), {
        status: reply.status ?? (reply.body === undefined ? 204 : 200),
        headers: reply.undo ? { "Deskhand-Undo": reply.undo } : {},
      });
    }
    // A list nobody answers for is empty; a record nobody answers for is not there.
    if (/^\/\w+\/[\w-]+$/.test(call.path) && call.method === "GET")
      return new Response(JSON.stringify({ code: "not_found", detail: "Not here." }), { status: 404 });
    return new Response(JSON.stringify(empty), { status: 200 });
  });
  const client = makeQueryClient();
  client.setDefaultOptions({ queries: { ...client.getDefaultOptions().queries, retry: false } });
  const history = createMemoryHistory({ initialEntries: [address] });
  const router = makeRouter(client, history);
  render(
    <QueryClientProvider client={client}>
      <TipProvider>
        <ToastProvider>
          <RouterProvider router={router} />
        </ToastProvider>
      </TipProvider>
    </QueryClientProvider>,
  );
  const of = (method: string, path: string) => calls.filter((c) => c.method === method && c.path === path);
  return { calls, of, client, router, user: userEvent.setup() };
}

export function page<T>(items: T[]) {
  return { items, next_cursor: null };
}
