//! Contacts: the customers, and what the staff knows of them.

use domain::event::data::{self, Change};
use domain::ids::ContactId;
use domain::{Caller, EventType, text};
use store::Tx;
use store::search::{Doc, Kind as SearchKind};

use crate::error::{Check, Error, Result, require_version};
use crate::{Desk, Page, Paging, UseCase};

pub use store::contacts::Contact;

/// A change of a contact: what is `None` stays.
#[derive(Debug, Clone, Default)]
pub struct ContactPatch {
    /// The name.
    pub name: Option<String>,
    /// The e-mail address.
    pub email: Option<Option<String>>,
    /// The phone number.
    pub phone: Option<Option<String>>,
    /// What the staff noted.
    pub notes: Option<String>,
}

pub(crate) fn snapshot(contact: &Contact) -> data::Contact {
    data::Contact { id: contact.id.0, name: contact.name.clone(), email: contact.email.clone() }
}

/// Makes the contact findable.
pub(crate) async fn index(tx: &mut Tx, contact: &Contact) -> Result<()> {
    let known = [contact.email.as_deref(), contact.phone.as_deref(), Some(contact.notes.as_str())];
    let body = known.into_iter().flatten().collect::<Vec<_>>().join("\n");
    let doc = Doc {
        kind: SearchKind::Contact,
        record_id: contact.id.0,
        conversation_id: None,
        number: None,
        slug: None,
        title: &contact.name,
        body: &body,
        updated_at: contact.last_seen_at,
    };
    Ok(store::search::put(tx, &doc).await?)
}

/// The contact of that id.
pub async fn get(desk: &Desk, caller: &Caller, id: ContactId) -> Result<Contact> {
    desk.read(caller, UseCase::ReadContacts, id, |tx, id| {
        Box::pin(async move { store::contacts::get(tx, *id).await?.ok_or(Error::NotFound("contact")) })
    })
    .await
}

/// A page of contacts, the most recently seen first; only those with `text` in name or address.
pub async fn list(
    desk: &Desk,
    caller: &Caller,
    text: Option<String>,
    paging: Paging,
) -> Result<Page<Contact>> {
    desk.read(caller, UseCase::ReadContacts, (text, paging), |tx, (text, paging)| {
        Box::pin(
            async move { Ok(store::contacts::list(tx, text.as_deref(), paging.limit, paging.cursor).await?) },
        )
    })
    .await
}

/// Changes a contact; with `expected`, only if it is still at one of those versions.
pub async fn update(
    desk: &Desk,
    caller: &Caller,
    id: ContactId,
    patch: ContactPatch,
    expected: Option<Vec<i64>>,
) -> Result<Contact> {
    let mut check = Check::new();
    let name = patch.name.map(|name| check.text("name", text::line(&name, 100)));
    let email = patch.email.map(|email| {
        email.filter(|email| !email.trim().is_empty()).and_then(|email| {
            let known = text::email(&email);
            if known.is_none() {
                check.refuse("email", "is not an e-mail address");
            }
            known
        })
    });
    let phone = patch.phone.map(|phone| {
        phone
            .map(|phone| check.text("phone", text::optional_line(&phone, 40)))
            .filter(|phone| !phone.is_empty())
    });
    let notes = patch.notes.map(|notes| check.text("notes", text::optional_block(&notes, 10_000)));
    check.done()?;
    desk.write(caller, UseCase::UpdateContact, (id, name, email, phone, notes, expected), |tx, job| {
        Box::pin(async move {
            let (id, name, email, phone, notes, expected) = &job.input;
            let before = store::contacts::get(tx, *id).await?.ok_or(Error::NotFound("contact"))?;
            require_version(expected.as_deref(), "contact", before.version)?;
            let mut after = before.clone();
            if let Some(name) = name {
                after.name.clone_from(name);
            }
            if let Some(email) = email {
                after.email.clone_from(email);
            }
            if let Some(phone) = phone {
                after.phone.clone_from(phone);
            }
            if let Some(notes) = notes {
                after.notes.clone_from(notes);
            }
            if after == before {
                return Ok(after);
            }
            after.version += 1;
            if !store::contacts::update(tx, &after).await? {
                return Err(Error::Stale { kind: "contact", version: before.version });
            }
            index(tx, &after).await?;
            let changes = [
                Change::of("name", Some(before.name), Some(after.name.clone())),
                Change::of("email", before.email, after.email.clone()),
                Change::of("phone", before.phone, after.phone.clone()),
                Change::of("notes", Some(before.notes), Some(after.notes.clone())),
            ];
            let changes = changes.into_iter().flatten().collect();
            job.record(tx, EventType::ContactUpdated, *id, after.version, snapshot(&after), changes).await?;
            Ok(after)
        })
    })
    .await
}
