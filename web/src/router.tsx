import type { QueryClient } from "@tanstack/react-query";
import { useQuery } from "@tanstack/react-query";
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  Outlet,
  type RouterHistory,
  redirect,
} from "@tanstack/react-router";
import { ApiError } from "@/api/client";
import type { DeliveryState, InboxTab, RecordKind } from "@/api/types";
import { ArticlesPage } from "@/articles/ArticlesPage";
import { ArticleView, type EditorView } from "@/articles/ArticleView";
import { AuditPage } from "@/audit/AuditPage";
import { BoardPage } from "@/board/BoardPage";
import { ChannelsPage } from "@/channels/ChannelsPage";
import { ContactsPage, ContactView } from "@/contacts/ContactsPage";
import { DeadLettersPage } from "@/deadLetters/DeadLettersPage";
import { ConversationView } from "@/inbox/ConversationView";
import { InboxPage, inboxTabs } from "@/inbox/InboxPage";
import { MembersPage } from "@/members/MembersPage";
import { NotificationsPage } from "@/notifications/NotificationsPage";
import { SayPage } from "@/say/SayPage";
import { SearchPage, searchKinds } from "@/search/SearchPage";
import { JoinPage } from "@/session/JoinPage";
import { meQuery, setupQuery } from "@/session/queries";
import { SetupPage } from "@/session/SetupPage";
import { SignInPage } from "@/session/SignInPage";
import { SettingsPage } from "@/settings/SettingsPage";
import { AppShell } from "@/shell/AppShell";
import { NotFound } from "@/shell/NotFound";
import { readFilters } from "@/tasks/filters";
import { TasksPage } from "@/tasks/TasksPage";
import { TicketsPage } from "@/tickets/TicketsPage";
import { TicketView } from "@/tickets/TicketView";
import { RouteFailed } from "@/ui/States";

// The address is the state: what a view shows is read from it here, and anything odd in it is left out.

type Search = Record<string, unknown>;
const text = (value: unknown): string | undefined =>
  typeof value === "string" && value !== "" ? value : typeof value === "number" ? String(value) : undefined;
const oneOf = <T extends string>(value: unknown, allowed: readonly T[]): T | undefined =>
  allowed.find((a) => a === value);

const root = createRootRouteWithContext<{ client: QueryClient }>()({
  component: Outlet,
  notFoundComponent: NotFound,
});

const setup = createRoute({ getParentRoute: () => root, path: "/setup", component: SetupPage });
const join = createRoute({ getParentRoute: () => root, path: "/join", component: JoinPage });
const signIn = createRoute({
  getParentRoute: () => root,
  path: "/sign-in",
  validateSearch: (s: Search): { to?: string; ended?: boolean } => ({
    to: text(s.to),
    ended: s.ended === true ? true : undefined,
  }),
  component: SignInPage,
});

const app = createRoute({
  getParentRoute: () => root,
  id: "app",
  validateSearch: (s: Search): { task?: string } => ({ task: text(s.task) }),
  beforeLoad: async ({ context, location }) => {
    try {
      await context.client.ensureQueryData(meQuery);
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 401) throw error;
      const fresh = await context.client.fetchQuery(setupQuery).catch(() => ({ needed: false }));
      if (fresh.needed) throw redirect({ to: "/setup" });
      throw redirect({
        to: "/sign-in",
        search: location.href === "/" || location.href === "/inbox" ? {} : { to: location.href },
      });
    }
  },
  component: function App() {
    const { data } = useQuery(meQuery);
    return data ? <AppShell me={data} /> : null;
  },
  errorComponent: RouteFailed,
});

const index = createRoute({
  getParentRoute: () => app,
  path: "/",
  beforeLoad: () => {
    throw redirect({ to: "/inbox" });
  },
});

const inbox = createRoute({
  getParentRoute: () => app,
  path: "/inbox",
  validateSearch: (s: Search): { tab?: InboxTab; q?: string } => ({
    tab: oneOf(s.tab, inboxTabs),
    q: text(s.q),
  }),
  component: InboxPage,
});
const conversation = createRoute({
  getParentRoute: () => inbox,
  path: "$conversationId",
  component: ConversationView,
});

const tickets = createRoute({
  getParentRoute: () => app,
  path: "/tickets",
  validateSearch: (s: Search): { status?: "open" | "closed" | "all"; assignee?: string; q?: string } => ({
    status: oneOf(s.status, ["closed", "all"] as const),
    assignee: text(s.assignee),
    q: text(s.q),
  }),
  component: TicketsPage,
});
const ticket = createRoute({ getParentRoute: () => tickets, path: "$ticketId", component: TicketView });

const tasks = createRoute({
  getParentRoute: () => app,
  path: "/tasks",
  validateSearch: readFilters,
  component: TasksPage,
});
/** The address that mails and other programs link to. */
const task = createRoute({
  getParentRoute: () => app,
  path: "/tasks/$taskId",
  beforeLoad: ({ params }) => {
    throw redirect({ to: "/tasks", search: { task: params.taskId } });
  },
});
const board = createRoute({
  getParentRoute: () => app,
  path: "/board",
  validateSearch: readFilters,
  component: BoardPage,
});

const contacts = createRoute({
  getParentRoute: () => app,
  path: "/contacts",
  validateSearch: (s: Search): { q?: string } => ({ q: text(s.q) }),
  component: ContactsPage,
});
const contact = createRoute({ getParentRoute: () => contacts, path: "$contactId", component: ContactView });

const articles = createRoute({
  getParentRoute: () => app,
  path: "/articles",
  validateSearch: (s: Search): { status?: "published" | "draft" | "all"; q?: string; view?: EditorView } => ({
    status: oneOf(s.status, ["published", "draft"] as const),
    q: text(s.q),
    view: oneOf(s.view, ["write", "preview", "both"] as const),
  }),
  component: ArticlesPage,
});
const article = createRoute({ getParentRoute: () => articles, path: "$articleId", component: ArticleView });

const say = createRoute({
  getParentRoute: () => app,
  path: "/say",
  validateSearch: (s: Search): { ticket?: string; text?: string } => ({
    ticket: text(s.ticket),
    text: text(s.text),
  }),
  component: SayPage,
});
const search = createRoute({
  getParentRoute: () => app,
  path: "/search",
  validateSearch: (s: Search): { q?: string; kind?: RecordKind | "all" } => ({
    q: text(s.q),
    kind: oneOf(s.kind, searchKinds),
  }),
  component: SearchPage,
});
const notifications = createRoute({
  getParentRoute: () => app,
  path: "/notifications",
  validateSearch: (s: Search): { filter?: "all" | "unread" } => ({
    filter: oneOf(s.filter, ["unread"] as const),
  }),
  component: NotificationsPage,
});
const members = createRoute({ getParentRoute: () => app, path: "/members", component: MembersPage });
const channels = createRoute({ getParentRoute: () => app, path: "/channels", component: ChannelsPage });
const audit = createRoute({
  getParentRoute: () => app,
  path: "/audit",
  validateSearch: (s: Search): { kind?: string; actor?: string } => ({
    kind: text(s.kind),
    actor: text(s.actor),
  }),
  component: AuditPage,
});
const deadLetters = createRoute({
  getParentRoute: () => app,
  path: "/dead-letters",
  validateSearch: (s: Search): { group?: string; topic?: string; reason?: string } => ({
    group: text(s.group),
    topic: text(s.topic),
    reason: text(s.reason),
  }),
  component: DeadLettersPage,
});
const settings = createRoute({ getParentRoute: () => app, path: "/settings", component: SettingsPage });
const settingsSection = createRoute({
  getParentRoute: () => app,
  path: "/settings/$section",
  component: SettingsPage,
});

/** One of what a section lists, such as a webhook. */
const settingsItem = createRoute({
  getParentRoute: () => app,
  path: "/settings/$section/$item",
  validateSearch: (s: Search): { state?: DeliveryState; delivery?: string } => ({
    state: oneOf(s.state, ["pending", "delivered", "failed"] as const),
    delivery: text(s.delivery),
  }),
  component: SettingsPage,
});

const tree = root.addChildren([
  setup,
  join,
  signIn,
  app.addChildren([
    index,
    inbox.addChildren([conversation]),
    tickets.addChildren([ticket]),
    tasks,
    task,
    board,
    contacts.addChildren([contact]),
    articles.addChildren([article]),
    say,
    search,
    notifications,
    members,
    channels,
    audit,
    deadLetters,
    settings,
    settingsSection,
    settingsItem,
  ]),
]);

export function makeRouter(client: QueryClient, history?: RouterHistory) {
  return createRouter({
    routeTree: tree,
    history,
    context: { client },
    defaultPreload: false,
    defaultNotFoundComponent: NotFound,
    defaultErrorComponent: RouteFailed,
  });
}

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof makeRouter>;
  }
}
