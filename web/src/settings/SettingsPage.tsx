import { Link, useParams } from "@tanstack/react-router";
import { Fragment, type ReactNode, useEffect, useRef } from "react";
import { ShortcutList } from "@/keyboard/Help";
import { ProjectsSettings } from "@/projects/ProjectsSettings";
import { useMay } from "@/session/me";
import { PageHeader } from "@/shell/PageHeader";
import { texts } from "@/texts";
import { cx } from "@/ui/classes";
import { WebhooksSettings } from "@/webhooks/WebhooksSettings";
import { Appearance } from "./Appearance";
import { BrowserNotifications } from "./BrowserNotifications";
import { Profile } from "./Profile";
import { Tokens } from "./Tokens";
import { Hand, Workspace } from "./Workspace";

export type SettingsSection = keyof typeof texts.settings.sections;

const own: SettingsSection[] = ["profile", "appearance", "notifications", "shortcuts", "tokens"];
/** What everybody shares: projects are for all who write, the rest for admins. */
const shared: SettingsSection[] = ["projects", "workspace", "hand", "webhooks"];

const pages: Record<SettingsSection, ReactNode> = {
  profile: <Profile />,
  appearance: <Appearance />,
  notifications: <BrowserNotifications />,
  shortcuts: <ShortcutList />,
  projects: <ProjectsSettings />,
  workspace: <Workspace />,
  hand: <Hand />,
  webhooks: <WebhooksSettings />,
  tokens: <Tokens />,
};

export function SettingsPage() {
  const params = useParams({ strict: false });
  const may = useMay();
  const groups = [
    { title: texts.settings.own, sections: own },
    {
      title: texts.settings.shared,
      sections: shared.filter((s) => (s === "projects" ? may.write : may.administer)),
    },
  ].filter((g) => g.sections.length > 0);
  const sections = groups.flatMap((g) => g.sections);
  const section = sections.find((s) => s === params.section) ?? "profile";
  const tabs = useRef<HTMLElement>(null);
  // On a phone the line of sections is longer than the screen.
  // biome-ignore lint/correctness/useExhaustiveDependencies: follows the section that is shown
  useEffect(() => {
    tabs.current
      ?.querySelector('[aria-current="page"]')
      ?.scrollIntoView?.({ block: "nearest", inline: "center" });
  }, [section]);
  return (
    <div className="flex h-full flex-col">
      <PageHeader title={texts.settings.title} />
      <div className="flex min-h-0 flex-1 max-md:flex-col">
        <nav
          ref={tabs}
          aria-label={texts.settings.title}
          className="flex shrink-0 gap-1 overflow-x-auto border-line px-2 py-2 max-md:border-b md:w-48 md:flex-col md:gap-0.5 md:border-r md:py-4"
        >
          {groups.map((g) => (
            <Fragment key={g.title}>
              <p className="px-2 pt-4 pb-1 text-12 font-medium text-ink-3 first:pt-0 max-md:hidden">
                {g.title}
              </p>
              {g.sections.map((s) => (
                <Link
                  key={s}
                  to="/settings/$section"
                  params={{ section: s }}
                  aria-current={s === section ? "page" : undefined}
                  className={cx(
                    "press flex h-8 shrink-0 items-center rounded-6 px-2 text-13 font-medium whitespace-nowrap",
                    s === section ? "bg-pressed text-ink" : "text-ink-2 hover:bg-hover hover:text-ink",
                  )}
                >
                  {texts.settings.sections[s]}
                </Link>
              ))}
            </Fragment>
          ))}
        </nav>
        <section
          aria-label={texts.settings.sections[section]}
          // biome-ignore lint/a11y/noNoninteractiveTabindex: a section without a field still scrolls by keys
          tabIndex={0}
          className="min-h-0 flex-1 overflow-y-auto outline-offset-[-2px]"
        >
          <div className="max-w-148 px-4 py-5 md:px-6">
            <h2 className="text-20 font-semibold">{texts.settings.sections[section]}</h2>
            <p className="mt-1 mb-6 text-13 text-ink-2 text-pretty">{texts.settings.hints[section]}</p>
            {pages[section]}
          </div>
        </section>
      </div>
    </div>
  );
}
