import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link, Outlet, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { ArrowLeft, Contact as ContactIcon } from "lucide-react";
import type { Contact } from "@/api/types";
import { StateTag } from "@/inbox/StateTag";
import { useBackToRow } from "@/keyboard/rows";
import { useShortcut } from "@/keyboard/shortcuts";
import { changed } from "@/shell/address";
import { PageHeader } from "@/shell/PageHeader";
import { SearchBox } from "@/shell/SearchBox";
import { texts } from "@/texts";
import { When } from "@/time/clock";
import { Avatar } from "@/ui/Avatar";
import { IconButton } from "@/ui/Button";
import { cx } from "@/ui/classes";
import { Rows } from "@/ui/Rows";
import { Empty, Failed, SkeletonRows } from "@/ui/States";
import { PartTitle, ViewTitle } from "@/ui/ViewTitle";
import { ContactCard } from "./ContactCard";
import { contactConversationsQuery, contactQuery, contactsQuery } from "./queries";

export function ContactsPage() {
  const { contactId } = useParams({ strict: false });
  const { q = "" } = useSearch({ from: "/app/contacts" });
  const navigate = useNavigate();
  const list = useInfiniteQuery(contactsQuery(q));
  const [title, hint] = q ? texts.contact.emptySearch : texts.contact.empty;
  return (
    <div className="flex h-full min-w-0">
      <section
        aria-label={texts.nav.contacts}
        className={cx(
          "flex h-full w-full min-w-0 shrink-0 flex-col border-line md:w-80 md:border-r xl:w-90",
          contactId && "max-md:hidden",
        )}
      >
        <PageHeader title={texts.nav.contacts} />
        <div className="border-b border-line px-4 py-2">
          <SearchBox
            label={texts.contact.search}
            value={q}
            onChange={(t) =>
              void navigate({ to: ".", search: (s) => ({ ...s, q: t || undefined }), replace: true })
            }
          />
        </div>
        {list.isPending ? (
          <SkeletonRows tall />
        ) : !list.data ? (
          <Failed error={list.error} retry={() => void list.refetch()} />
        ) : list.data.length === 0 ? (
          <Empty icon={<ContactIcon size={20} />} title={title} hint={hint} />
        ) : (
          <Rows
            label={texts.nav.contacts}
            items={list.data}
            keyOf={(c) => c.id}
            height={() => 60}
            place={`contacts-${q}`}
            onEnd={() => list.hasNextPage && !list.isFetchingNextPage && void list.fetchNextPage()}
          >
            {(c, i) => <Row contact={c} current={c.id === contactId} first={!contactId && i === 0} />}
          </Rows>
        )}
      </section>
      <div className={cx("h-full min-w-0 flex-1", !contactId && "max-md:hidden")}>
        {contactId ? (
          <Outlet />
        ) : (
          <Empty
            className="h-full"
            icon={<ContactIcon size={20} />}
            title={texts.contact.select}
            hint={texts.inbox.selectHint}
          />
        )}
      </div>
    </div>
  );
}

function Row({ contact: c, current, first }: { contact: Contact; current: boolean; first: boolean }) {
  const name = c.name || texts.contact.anonymous;
  return (
    <Link
      data-row
      data-id={c.id}
      to="/contacts/$contactId"
      params={{ contactId: c.id }}
      search={changed()}
      tabIndex={current || first ? 0 : -1}
      aria-current={current ? "page" : undefined}
      className={cx(
        "press flex h-15 items-center gap-3 border-b border-line px-4 outline-offset-[-2px]",
        current ? "bg-accent-soft" : "hover:bg-hover focus-visible:bg-hover",
      )}
    >
      <Avatar name={name} kind="contact" size={32} />
      <span className="min-w-0 flex-1">
        <span className="block truncate text-13 font-medium">{name}</span>
        <span className="block truncate text-12 text-ink-3">
          {c.email ?? c.phone ?? texts.contact.conversations(c.conversations)}
        </span>
      </span>
      {c.last_seen_at ? <When at={c.last_seen_at} className="shrink-0 text-12 text-ink-3" /> : null}
    </Link>
  );
}

export function ContactView() {
  const { contactId } = useParams({ from: "/app/contacts/$contactId" });
  const navigate = useNavigate();
  const query = useQuery(contactQuery(contactId));
  const leave = () => void navigate({ to: "/contacts", search: changed() });
  useShortcut("Escape", leave);
  useBackToRow(contactId);
  const c = query.data;
  return (
    <article aria-label={c?.name || texts.contact.anonymous} className="flex h-full flex-col">
      <header className="flex h-12 shrink-0 items-center gap-2 border-b border-line pr-2 pl-2 md:px-6">
        <IconButton label={texts.common.back} onClick={leave} className="md:hidden">
          <ArrowLeft size={18} />
        </IconButton>
        <ViewTitle className="sr-only">
          {c ? c.name || texts.contact.anonymous : texts.contact.select}
        </ViewTitle>
        <p className="text-13 text-ink-3">{texts.inbox.contact}</p>
      </header>
      <div className="min-h-0 flex-1 overflow-y-auto">
        <div className="max-w-190 px-4 py-5 md:px-6">
          <ContactCard key={contactId} id={contactId} whole />
          {c ? <Conversations contact={c} /> : null}
        </div>
      </div>
    </article>
  );
}

function Conversations({ contact }: { contact: Contact }) {
  const query = useQuery(contactConversationsQuery(contact.id));
  return (
    <section aria-label={texts.contact.all} className="mt-6">
      <PartTitle className="mb-2 text-13 font-semibold">
        {texts.contact.conversations(contact.conversations)}
      </PartTitle>
      {query.isPending ? (
        <div className="skeleton h-12 rounded-8" />
      ) : !query.data ? (
        <Failed className="py-4" error={query.error} retry={() => void query.refetch()} />
      ) : (
        <ul className="overflow-hidden rounded-8 border border-line">
          {query.data.map((c) => (
            <li key={c.id} className="border-b border-line last:border-0">
              <Link
                to="/inbox/$conversationId"
                params={{ conversationId: c.id }}
                className="press flex min-h-12 items-center gap-3 px-3 py-2 hover:bg-hover"
              >
                <span className="text-12 text-ink-3">{texts.common.number(c.number)}</span>
                <span className="min-w-0 flex-1 truncate text-13">{c.subject || c.last_message?.text}</span>
                <StateTag conversation={c} />
                <When at={c.updated_at} className="shrink-0 text-12 text-ink-3 max-sm:hidden" />
              </Link>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
