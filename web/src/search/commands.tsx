import { useNavigate } from "@tanstack/react-router";
import {
  Bell,
  BookOpen,
  CheckCircle2,
  Columns3,
  Contact,
  Folder,
  Inbox,
  Keyboard,
  MailX,
  MessageSquarePlus,
  Monitor,
  Moon,
  Plus,
  Radio,
  ScrollText,
  Settings,
  Sun,
  Ticket,
  Users,
  Webhook,
} from "lucide-react";
import type { ReactNode } from "react";
import { useDock } from "@/say/dock";
import { useMay } from "@/session/me";
import { setTheme } from "@/settings/theme";
import { texts } from "@/texts";

export type Command = { id: string; label: string; icon: ReactNode; keys?: string[]; run: () => void };

/** What the palette offers besides finding things. */
export function useCommands(onHelp: () => void): Command[] {
  const navigate = useNavigate();
  const may = useMay();
  const dock = useDock();
  const go = (to: string) => () => void navigate({ to });
  const to = texts.search.goTo;
  const list: (Command | false)[] = [
    {
      id: "say",
      label: may.write ? texts.nav.say : texts.nav.ask,
      icon: <MessageSquarePlus size={16} />,
      keys: ["C"],
      run: () => dock.open(),
    },
    {
      id: "inbox",
      label: to(texts.nav.inbox),
      icon: <Inbox size={16} />,
      keys: ["G", "I"],
      run: go("/inbox"),
    },
    {
      id: "tasks",
      label: to(texts.nav.tasks),
      icon: <CheckCircle2 size={16} />,
      keys: ["G", "T"],
      run: go("/tasks"),
    },
    {
      id: "board",
      label: to(texts.nav.board),
      icon: <Columns3 size={16} />,
      keys: ["G", "B"],
      run: go("/board"),
    },
    {
      id: "tickets",
      label: to(texts.nav.tickets),
      icon: <Ticket size={16} />,
      keys: ["G", "K"],
      run: go("/tickets"),
    },
    {
      id: "articles",
      label: to(texts.nav.articles),
      icon: <BookOpen size={16} />,
      keys: ["G", "A"],
      run: go("/articles"),
    },
    {
      id: "contacts",
      label: to(texts.nav.contacts),
      icon: <Contact size={16} />,
      keys: ["G", "C"],
      run: go("/contacts"),
    },
    {
      id: "notifications",
      label: to(texts.nav.notifications),
      icon: <Bell size={16} />,
      keys: ["G", "N"],
      run: go("/notifications"),
    },
    may.write && {
      id: "article",
      label: texts.articles.new,
      icon: <Plus size={16} />,
      run: go("/articles/new"),
    },
    may.write && {
      id: "projects",
      label: texts.projects.manage,
      icon: <Folder size={16} />,
      run: go("/settings/projects"),
    },
    { id: "members", label: to(texts.nav.members), icon: <Users size={16} />, run: go("/members") },
    may.administer && {
      id: "channels",
      label: to(texts.nav.channels),
      icon: <Radio size={16} />,
      run: go("/channels"),
    },
    may.administer && {
      id: "audit",
      label: to(texts.nav.audit),
      icon: <ScrollText size={16} />,
      run: go("/audit"),
    },
    may.administer && {
      id: "webhooks",
      label: to(texts.webhooks.manage),
      icon: <Webhook size={16} />,
      run: go("/settings/webhooks"),
    },
    may.administer && {
      id: "deadLetters",
      label: to(texts.nav.deadLetters),
      icon: <MailX size={16} />,
      run: go("/dead-letters"),
    },
    {
      id: "settings",
      label: to(texts.nav.settings),
      icon: <Settings size={16} />,
      keys: ["G", "S"],
      run: go("/settings"),
    },
    { id: "help", label: texts.nav.shortcuts, icon: <Keyboard size={16} />, keys: ["?"], run: onHelp },
    { id: "light", label: texts.search.theme.light, icon: <Sun size={16} />, run: () => setTheme("light") },
    { id: "dark", label: texts.search.theme.dark, icon: <Moon size={16} />, run: () => setTheme("dark") },
    {
      id: "system",
      label: texts.search.theme.system,
      icon: <Monitor size={16} />,
      run: () => setTheme("system"),
    },
  ];
  return list.filter((c) => c !== false);
}
