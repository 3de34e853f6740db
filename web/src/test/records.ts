import type { Conversation, Me, Message, Role, Task } from "@/api/types";

// Plain records for tests; each test names only what it is about.

export function aTask(change: Partial<Task> = {}): Task {
  return {
    id: "t1",
    number: 1,
    title: "Call Dana",
    notes: "",
    status: "todo",
    rank: 1,
    due: null,
    due_at: null,
    zone: "Europe/Berlin",
    priority: null,
    labels: [],
    project: null,
    assignee: null,
    parent: null,
    subtasks: { total: 0, done: 0 },
    recurrence: null,
    ticket: null,
    reminders: [],
    comments: 0,
    created_by: "Mara",
    completed_at: null,
    created_at: "2026-11-20T10:00:00Z",
    updated_at: "2026-11-20T10:00:00Z",
    version: 1,
    ...change,
  };
}

export function aMessage(change: Partial<Message> = {}): Message {
  return {
    id: "m1",
    sequence: 1,
    author: { kind: "contact", id: "c1", name: "Dana" },
    text: "Hello",
    note: false,
    sources: [],
    client_id: null,
    created_at: "2026-11-21T09:00:00Z",
    ...change,
  };
}

export function aConversation(change: Partial<Conversation> = {}): Conversation {
  return {
    id: "k1",
    number: 1,
    subject: "Refund",
    state: "offered",
    channel: { id: "ch", kind: "widget", name: "Website" },
    contact: { id: "c1", name: "Dana Whitfield", email: null },
    claimed_by: null,
    reason: "asked_for_person",
    summary: null,
    deadline: null,
    ticket: null,
    last_message: null,
    unread: false,
    messages: 1,
    created_at: "2026-11-21T09:00:00Z",
    updated_at: "2026-11-21T09:00:00Z",
    version: 1,
    ...change,
  };
}

export function aMe(role: Role = "agent"): Me {
  return {
    member: {
      id: "me",
      name: "Mara Lindqvist",
      email: "mara@example.com",
      role,
      zone: "Europe/Berlin",
      state: "active",
      created_at: "2026-01-01T00:00:00Z",
      last_seen_at: null,
      version: 1,
    },
    workspace: { id: "w", name: "Fernwood", zone: "Europe/Berlin" },
  };
}
