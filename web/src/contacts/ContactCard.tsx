import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { Contact } from "@/api/types";
import { useMay } from "@/session/me";
import { texts } from "@/texts";
import { When } from "@/time/clock";
import { Avatar } from "@/ui/Avatar";
import { InlineField, Property } from "@/ui/InlineField";
import { Failed } from "@/ui/States";
import { contactQuery, useSaveContact } from "./queries";

/** Who someone is, edited where it stands. */
export function ContactCard({ id }: { id: string }) {
  const query = useQuery(contactQuery(id));
  if (query.isPending) return <div className="skeleton h-32 rounded-8" />;
  if (!query.data) return <Failed className="py-4" error={query.error} retry={() => void query.refetch()} />;
  return <Card contact={query.data} />;
}

function Card({ contact: c }: { contact: Contact }) {
  const may = useMay();
  const save = useSaveContact(c);
  const readOnly = !may.write;
  return (
    <div>
      <div className="mb-2 flex items-center gap-3">
        <Avatar name={c.name || texts.contact.anonymous} kind="contact" size={32} />
        <InlineField
          label={texts.contact.name}
          value={c.name}
          placeholder={texts.contact.anonymous}
          save={(name) => save({ name })}
          readOnly={readOnly}
          className="text-14 font-semibold"
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
      {c.last_seen_at ? (
        <Property label={texts.contact.lastSeen}>
          <When at={c.last_seen_at} />
        </Property>
      ) : null}
      <Property label={texts.contact.since}>
        <span className="flex flex-1 items-center justify-between gap-2">
          <When at={c.created_at} />
          <Link
            to="/contacts/$contactId"
            params={{ contactId: c.id }}
            className="text-12 text-accent-text underline-offset-2 hover:underline"
          >
            {texts.contact.conversations(c.conversations)}
          </Link>
        </span>
      </Property>
    </div>
  );
}
