import {
  BookOpen,
  CheckCircle2,
  Columns3,
  Contact,
  Inbox,
  MailX,
  Radio,
  ScrollText,
  Settings,
  Ticket,
  Users,
} from "lucide-react";
import type { ReactNode } from "react";
import { texts } from "@/texts";

export type NavTo =
  | "/inbox"
  | "/tickets"
  | "/contacts"
  | "/tasks"
  | "/board"
  | "/articles"
  | "/members"
  | "/channels"
  | "/audit"
  | "/dead-letters"
  | "/settings";
export type NavItem = { to: NavTo; label: string; icon: ReactNode; keys?: string[]; admin?: boolean };

export const navGroups: { title: string; items: NavItem[] }[] = [
  {
    title: texts.nav.customers,
    items: [
      { to: "/inbox", label: texts.nav.inbox, icon: <Inbox size={16} />, keys: ["G", "I"] },
      { to: "/tickets", label: texts.nav.tickets, icon: <Ticket size={16} />, keys: ["G", "K"] },
      { to: "/contacts", label: texts.nav.contacts, icon: <Contact size={16} />, keys: ["G", "C"] },
      { to: "/articles", label: texts.nav.articles, icon: <BookOpen size={16} />, keys: ["G", "A"] },
    ],
  },
  {
    title: texts.nav.work,
    items: [
      { to: "/tasks", label: texts.nav.tasks, icon: <CheckCircle2 size={16} />, keys: ["G", "T"] },
      { to: "/board", label: texts.nav.board, icon: <Columns3 size={16} />, keys: ["G", "B"] },
    ],
  },
  {
    title: texts.nav.workspace,
    items: [
      { to: "/members", label: texts.nav.members, icon: <Users size={16} /> },
      { to: "/channels", label: texts.nav.channels, icon: <Radio size={16} />, admin: true },
      { to: "/audit", label: texts.nav.audit, icon: <ScrollText size={16} />, admin: true },
      { to: "/dead-letters", label: texts.nav.deadLetters, icon: <MailX size={16} />, admin: true },
      { to: "/settings", label: texts.nav.settings, icon: <Settings size={16} />, keys: ["G", "S"] },
    ],
  },
];
