import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useReport } from "@/api/report";
import type { Contact } from "@/api/types";
import { useMay } from "@/session/me";
import { texts } from "@/texts";
import { When } from "@/time/clock";
import { Avatar } from "@/ui/Avatar";
import { InlineField, Property } from "@/ui/InlineField";
import { Failed } from "@/ui/States";
import { contactQuery, useSaveContact } from "./queries";

/** Who someone is, edited where it stands. */
export function ContactCard({ id, whole }: { id: string; whole?: boolean }) {
  const query = useQuery(contactQuery(id));
  if (query.isPending) return <div className="skeleton h-32 rounded-8" />;
  if (!query.data) return <Failed className="py-4" error={query.error} retry={() => void query.refetch()} />;
  return <Card contact={query.data} whole={whole} />;
}

/** On its own page it shows everything; beside a conversation, what helps to answer. */
function Card({ contact: c, whole }: { contact: Contact; whole?: boolean }) {
  const may = useMay();
  const write = useSaveContact(c);
  const report = useReport();
  const save = async (change: Parameters<typeof write>[0]) => {
    const { undoId } = await write(change);
    report.undoable(`contact-${c.id}`, texts.contact.changed(c.name || texts.contact.anonymous), undoId);
  };
  const readOnly = !may.write;
  // The address and the number have fields of their own above.
  const others = (c.identities ?? []).filter((i) => i.value !== c.email && i.value !== c.phone);
  return (
    <div>
      <div className="mb-2 flex items-center gap-3">
        <Avatar name={c.name || texts.contact.anonymous} kind="contact" size={whole ? 40 : 32} />
        <InlineField
          label={texts.contact.name}
          value={c.name}
          placeholder={texts.contact.anonymous}
          save={(name) => save({ name })}
          readOnly={readOnly}
          className={whole ? "text-20 font-semibold" : "text-14 font-semibold"}
        />
      </div>
      <Property label={texts.contact.email}>
        <InlineField
          label={texts.contact.email}
          type="email"
          value={c.email ?? ""}
          placeholder={texts.contact.add}
          save={(email) => save({ email: email.trim() || null })}
          readOnly={readOnly}
        />
      </Property>
      <Property label={texts.contact.phone}>
        <InlineField
          label={texts.contact.phone}
          type="tel"
          value={c.phone ?? ""}
          placeholder={texts.contact.add}
          save={(phone) => save({ phone: phone.trim() || null })}
          readOnly={readOnly}
        />
      </Property>
      <Property label={texts.contact.notes}>
        <InlineField
          label={texts.contact.notes}
          multiline
          value={c.notes}
          placeholder={texts.contact.notesHint}
          save={(notes) => save({ notes })}
          readOnly={readOnly}
        />
      </Property>
      {others.map((i) => (
        <Property key={`${i.kind}-${i.value}`} label={texts.contact.kinds[i.kind] ?? i.kind}>
          <span className="min-w-0 py-1.5 break-all">{i.value}</span>
        </Property>
      ))}
      {c.last_seen_at ? (
        <Property label={texts.contact.lastSeen}>
          <When at={c.last_seen_at} />
        </Property>
      ) : null}
      <Property label={texts.contact.since}>
        <When at={c.created_at} />
      </Property>
      {whole ? null : (
        <Property label={texts.contact.asked}>
          <Link
            to="/contacts/$contactId"
            params={{ contactId: c.id }}
            className="rounded-4 text-accent-text underline decoration-accent-line underline-offset-2 hover:decoration-current"
          >
            {texts.contact.conversations(c.conversations)}
          </Link>
        </Property>
      )}
    </div>
  );
}
