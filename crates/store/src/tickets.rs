//! Tickets: conversations that a person has to deal with.

use domain::ids::{ContactId, ConversationId, MemberId, TicketId};
use jiff::Timestamp;
use sqlx::FromRow;
use uuid::Uuid;

use crate::at::At;
use crate::filter::{Select, containing};
use crate::tx::{Tx, execute, fetch_optional};
use crate::{Cursor, Error, Page};

/// A ticket.
#[derive(Debug, Clone, PartialEq)]
pub struct Ticket {
    /// Its id.
    pub id: TicketId,
    /// Its number in the workspace.
    pub number: i64,
    /// What it is about.
    pub subject: String,
    /// Whether it is dealt with.
    pub closed: bool,
    /// Why a person was asked for.
    pub reason: Option<String>,
    /// What it was about then.
    pub summary: Option<String>,
    /// Its conversation.
    pub conversation: ConversationId,
    /// Its contact.
    pub contact: ContactId,
    /// The member who deals with it.
    pub assignee: Option<MemberId>,
    /// When it was opened.
    pub created_at: Timestamp,
    /// When it was closed.
    pub closed_at: Option<Timestamp>,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// The ETag.
    pub version: i64,
}

impl Ticket {
    /// `open` or `closed`.
    pub fn status(&self) -> &'static str {
        if self.closed { "closed" } else { "open" }
    }
}

/// A ticket with the names of what it points to.
#[derive(Debug, Clone, PartialEq)]
pub struct TicketView {
    /// The ticket.
    pub ticket: Ticket,
    /// Its contact's name and e-mail address.
    pub contact: (String, Option<String>),
    /// Its assignee's name.
    pub assignee: Option<String>,
    /// How many tasks were promised in it.
    pub tasks: i64,
    /// How many of them are done.
    pub tasks_done: i64,
}

/// Which tickets.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only open (`false`) or closed (`true`) ones.
    pub closed: Option<bool>,
    /// Only this member's.
    pub assignee: Option<MemberId>,
    /// Only this contact's.
    pub contact: Option<ContactId>,
    /// Only with this in the subject or the contact's name.
    pub text: Option<String>,
}

#[derive(FromRow)]
struct Row {
    id: Uuid,
    number: i64,
    subject: String,
    status: String,
    reason: Option<String>,
    summary: Option<String>,
    conversation_id: Uuid,
    contact_id: Uuid,
    assignee_id: Option<Uuid>,
    created_at: At,
    closed_at: Option<At>,
    updated_at: At,
    version: i64,
}

#[derive(FromRow)]
struct ViewRow {
    #[sqlx(flatten)]
    ticket: Row,
    contact_name: String,
    contact_email: Option<String>,
    assignee_name: Option<String>,
    tasks: i64,
    tasks_done: i64,
}

impl From<Row> for Ticket {
    fn from(row: Row) -> Self {
        Self {
            id: TicketId(row.id),
            number: row.number,
            subject: row.subject,
            closed: row.status == "closed",
            reason: row.reason,
            summary: row.summary,
            conversation: ConversationId(row.conversation_id),
            contact: ContactId(row.contact_id),
            assignee: row.assignee_id.map(MemberId),
            created_at: row.created_at.0,
            closed_at: row.closed_at.map(Timestamp::from),
            updated_at: row.updated_at.0,
            version: row.version,
        }
    }
}

impl From<ViewRow> for TicketView {
    fn from(row: ViewRow) -> Self {
        Self {
            ticket: row.ticket.into(),
            contact: (row.contact_name, row.contact_email),
            assignee: row.assignee_name,
            tasks: row.tasks,
            tasks_done: row.tasks_done,
        }
    }
}

macro_rules! columns {
    () => {
        "k.id, k.number, k.subject, k.status, k.reason, k.summary, k.conversation_id, k.contact_id, k.assignee_id,
         k.created_at, k.closed_at, k.updated_at, k.version"
    };
}

macro_rules! view {
    () => {
        concat!(
            "SELECT ",
            columns!(),
            ", c.name AS contact_name, c.email AS contact_email, m.name AS assignee_name,
             (SELECT count(*) FROM tasks t WHERE t.ticket_id = k.id AND t.deleted_at IS NULL) AS tasks,
             (SELECT count(*) FROM tasks t WHERE t.ticket_id = k.id AND t.deleted_at IS NULL AND t.status = 'done')
                 AS tasks_done
             FROM tickets k JOIN contacts c ON c.id = k.contact_id LEFT JOIN members m ON m.id = k.assignee_id
             WHERE k.workspace_id = $1"
        )
    };
}

/// Adds `ticket`.
pub async fn insert(tx: &mut Tx, ticket: &Ticket) -> Result<(), Error> {
    let workspace = tx.workspace()?;
    execute!(
        tx,
        "INSERT INTO tickets (id, workspace_id, number, subject, status, reason, summary, conversation_id,
             contact_id, assignee_id, created_at, closed_at, updated_at, version)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $11, $13)",
        ticket.id.0,
        workspace.0,
        ticket.number,
        ticket.subject.as_str(),
        ticket.status(),
        ticket.reason.as_deref(),
        ticket.summary.as_deref(),
        ticket.conversation.0,
        ticket.contact.0,
        ticket.assignee.map(|id| id.0),
        At(ticket.created_at),
        ticket.closed_at.map(At),
        ticket.version,
    )?;
    Ok(())
}

/// Writes `ticket`, whose version is one above the one it was read with; gives whether it was still at that.
pub async fn update(tx: &mut Tx, ticket: &Ticket) -> Result<bool, Error> {
    let workspace = tx.workspace()?;
    let touched = execute!(
        tx,
        "UPDATE tickets SET subject = $3, status = $4, reason = $5, summary = $6, assignee_id = $7, closed_at = $8,
             updated_at = $9, version = $10
         WHERE workspace_id = $1 AND id = $2 AND version = $10 - 1",
        workspace.0,
        ticket.id.0,
        ticket.subject.as_str(),
        ticket.status(),
        ticket.reason.as_deref(),
        ticket.summary.as_deref(),
        ticket.assignee.map(|id| id.0),
        ticket.closed_at.map(At),
        At(ticket.updated_at),
        ticket.version,
    )?;
    Ok(touched == 1)
}

/// The ticket of that id, held against other writers until this transaction ends.
pub async fn lock(tx: &mut Tx, id: TicketId) -> Result<Option<Ticket>, Error> {
    const SQLITE: &str =
        concat!("SELECT ", columns!(), " FROM tickets k WHERE k.workspace_id = $1 AND k.id = $2");
    const POSTGRES: &str =
        concat!("SELECT ", columns!(), " FROM tickets k WHERE k.workspace_id = $1 AND k.id = $2 FOR UPDATE");
    let workspace = tx.workspace()?;
    let text = if tx.is_postgres() { POSTGRES } else { SQLITE };
    Ok(fetch_optional!(tx, Row, text, workspace.0, id.0)?.map(Ticket::from))
}

/// The ticket of that id, with names.
pub async fn get(tx: &mut Tx, id: TicketId) -> Result<Option<TicketView>, Error> {
    let workspace = tx.workspace()?;
    let row = fetch_optional!(tx, ViewRow, concat!(view!(), " AND k.id = $2"), workspace.0, id.0)?;
    Ok(row.map(TicketView::from))
}

/// A page of the tickets that `filter` names, newest first.
pub async fn list(
    tx: &mut Tx,
    filter: &Filter,
    limit: i64,
    cursor: Option<Cursor>,
) -> Result<Page<TicketView>, Error> {
    let workspace = tx.workspace()?;
    let mut select = Select::new(view!(), [workspace.0.into()]);
    if let Some(closed) = filter.closed {
        select.and("k.status = ?", [if closed { "closed" } else { "open" }.into()]);
    }
    if let Some(assignee) = filter.assignee {
        select.and("k.assignee_id = ?", [assignee.0.into()]);
    }
    if let Some(contact) = filter.contact {
        select.and("k.contact_id = ?", [contact.0.into()]);
    }
    if let Some(text) = &filter.text {
        let pattern = containing(text);
        select.and(
            r"(lower(k.subject) LIKE ? ESCAPE '\' OR lower(c.name) LIKE ? ESCAPE '\')",
            [pattern.clone(), pattern],
        );
    }
    if let Some(Cursor { key, .. }) = cursor {
        select.and("k.number < ?", [key.into()]);
    }
    select.end("ORDER BY k.number DESC LIMIT ?", [(limit + 1).into()]);
    let rows: Vec<ViewRow> = select.fetch_all(tx).await?;
    let tickets = rows.into_iter().map(TicketView::from).collect();
    Ok(Page::of(tickets, limit, |view: &TicketView| Cursor { key: view.ticket.number, id: view.ticket.id.0 }))
}
