//! Contacts: the customers.

use domain::ids::ContactId;
use jiff::Timestamp;
use sqlx::FromRow;
use uuid::Uuid;

use crate::at::At;
use crate::filter::{Select, containing};
use crate::tx::{Tx, execute, fetch_optional};
use crate::{Cursor, Error, Page};

/// A contact.
#[derive(Debug, Clone, PartialEq)]
pub struct Contact {
    /// Its id.
    pub id: ContactId,
    /// The name.
    pub name: String,
    /// The e-mail address, where it is known.
    pub email: Option<String>,
    /// The phone number, where it is known.
    pub phone: Option<String>,
    /// What the staff noted.
    pub notes: String,
    /// How many conversations there are with them.
    pub conversations: i64,
    /// When they first came.
    pub created_at: Timestamp,
    /// When they last wrote.
    pub last_seen_at: Timestamp,
    /// The ETag.
    pub version: i64,
}

#[derive(FromRow)]
struct Row {
    id: Uuid,
    name: String,
    email: Option<String>,
    phone: Option<String>,
    notes: String,
    conversations: i64,
    created_at: At,
    last_seen_at: At,
    version: i64,
}

impl From<Row> for Contact {
    fn from(row: Row) -> Self {
        Self {
            id: ContactId(row.id),
            name: row.name,
            email: row.email,
            phone: row.phone,
            notes: row.notes,
            conversations: row.conversations,
            created_at: row.created_at.0,
            last_seen_at: row.last_seen_at.0,
            version: row.version,
        }
    }
}

macro_rules! select {
    () => {
        "SELECT c.id, c.name, c.email, c.phone, c.notes, c.created_at, c.last_seen_at, c.version,
             (SELECT count(*) FROM conversations v WHERE v.contact_id = c.id AND v.workspace_id = $1) AS conversations
         FROM contacts c WHERE c.workspace_id = $1"
    };
}

/// Adds `contact`.
pub async fn insert(tx: &mut Tx, contact: &Contact) -> Result<(), Error> {
    let workspace = tx.workspace()?;
    execute!(
        tx,
        "INSERT INTO contacts (id, workspace_id, name, email, phone, notes, created_at, updated_at, last_seen_at, version)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $8, $9)",
        contact.id.0,
        workspace.0,
        contact.name.as_str(),
        contact.email.as_deref(),
        contact.phone.as_deref(),
        contact.notes.as_str(),
        At(contact.created_at),
        At(contact.last_seen_at),
        contact.version,
    )?;
    Ok(())
}

/// Writes `contact`, whose version is one above the one it was read with; gives whether it was still at that.
pub async fn update(tx: &mut Tx, contact: &Contact) -> Result<bool, Error> {
    let workspace = tx.workspace()?;
    let now = tx.now();
    let touched = execute!(
        tx,
        "UPDATE contacts SET name = $3, email = $4, phone = $5, notes = $6, updated_at = $7, version = $8
         WHERE workspace_id = $1 AND id = $2 AND version = $8 - 1",
        workspace.0,
        contact.id.0,
        contact.name.as_str(),
        contact.email.as_deref(),
        contact.phone.as_deref(),
        contact.notes.as_str(),
        At(now),
        contact.version,
    )?;
    Ok(touched == 1)
}

/// Notes that the contact wrote.
pub async fn seen(tx: &mut Tx, id: ContactId) -> Result<(), Error> {
    let workspace = tx.workspace()?;
    let now = tx.now();
    execute!(
        tx,
        "UPDATE contacts SET last_seen_at = $3 WHERE workspace_id = $1 AND id = $2",
        workspace.0,
        id.0,
        At(now)
    )?;
    Ok(())
}

/// The contact of that id.
pub async fn get(tx: &mut Tx, id: ContactId) -> Result<Option<Contact>, Error> {
    let workspace = tx.workspace()?;
    let row = fetch_optional!(tx, Row, concat!(select!(), " AND c.id = $2"), workspace.0, id.0)?;
    Ok(row.map(Contact::from))
}

/// A page of contacts, the most recently seen first; only those with `text` in name or address.
pub async fn list(
    tx: &mut Tx,
    text: Option<&str>,
    limit: i64,
    cursor: Option<Cursor>,
) -> Result<Page<Contact>, Error> {
    let workspace = tx.workspace()?;
    let mut query = Select::new(select!(), [workspace.0.into()]);
    if let Some(text) = text {
        let pattern = containing(text);
        query.and(
            r"(lower(c.name) LIKE ? ESCAPE '\' OR c.email LIKE ? ESCAPE '\')",
            [pattern.clone(), pattern],
        );
    }
    if let Some(Cursor { key, id }) = cursor {
        let at = Timestamp::from_microsecond(key).map_err(|_| Error::Cursor)?;
        query.and(
            "(c.last_seen_at < ? OR (c.last_seen_at = ? AND c.id < ?))",
            [at.into(), at.into(), id.into()],
        );
    }
    query.end("ORDER BY c.last_seen_at DESC, c.id DESC LIMIT ?", [(limit + 1).into()]);
    let rows: Vec<Row> = query.fetch_all(tx).await?;
    let contacts = rows.into_iter().map(Contact::from).collect();
    Ok(Page::of(contacts, limit, |contact: &Contact| Cursor {
        key: contact.last_seen_at.as_microsecond(),
        id: contact.id.0,
    }))
}
