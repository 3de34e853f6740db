//! What members are told, and what of it still has to be mailed.
//!
//! A row with a `mail_due_at` waits for its mail. Claiming moves that into the future, so that it is tried
//! again should the process that claimed it be gone; the number of attempts is the claim's fence.

use std::time::Duration;

use domain::ids::{ConversationId, EventId, MemberId, NotificationId, TaskId, TicketId, WorkspaceId};
use jiff::Timestamp;
use sqlx::FromRow;
use uuid::Uuid;

use crate::at::At;
use crate::filter::Select;
use crate::page::{Cursor, Page};
use crate::tx::{Tx, execute, fetch_all, fetch_one, fetch_optional};
use crate::{Error, Wake};

/// What a member is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notification {
    /// Its id.
    pub id: NotificationId,
    /// Whom.
    pub member: MemberId,
    /// `reminder`, `handoff`, `assigned` or `customer_replied`.
    pub kind: String,
    /// One line.
    pub title: String,
    /// Some more.
    pub body: String,
    /// The task it is about, and its number.
    pub task: Option<(TaskId, i64)>,
    /// The conversation it is about.
    pub conversation: Option<ConversationId>,
    /// The ticket it is about, and its number.
    pub ticket: Option<(TicketId, i64)>,
    /// When.
    pub created_at: Timestamp,
    /// When the member read it.
    pub read_at: Option<Timestamp>,
}

/// A mail to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailClaim {
    /// The notification that it carries.
    pub id: NotificationId,
    /// Its workspace.
    pub workspace: WorkspaceId,
    /// Which attempt this is, from 1.
    pub attempt: i64,
    /// The member's name; nothing where the member is no longer active.
    pub to: Option<Recipient>,
    /// One line.
    pub title: String,
    /// Some more.
    pub body: String,
    /// The task it is about.
    pub task: Option<TaskId>,
    /// The conversation it is about.
    pub conversation: Option<ConversationId>,
}

/// To whom a mail goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipient {
    /// The name.
    pub name: String,
    /// The address.
    pub email: String,
}

#[derive(FromRow)]
struct Row {
    id: Uuid,
    member_id: Uuid,
    kind: String,
    title: String,
    body: String,
    task_id: Option<Uuid>,
    task_number: Option<i64>,
    conversation_id: Option<Uuid>,
    ticket_id: Option<Uuid>,
    ticket_number: Option<i64>,
    created_at: At,
    read_at: Option<At>,
}

impl From<Row> for Notification {
    fn from(row: Row) -> Self {
        Self {
            id: NotificationId(row.id),
            member: MemberId(row.member_id),
            kind: row.kind,
            title: row.title,
            body: row.body,
            task: row.task_id.map(TaskId).zip(row.task_number),
            conversation: row.conversation_id.map(ConversationId),
            ticket: row.ticket_id.map(TicketId).zip(row.ticket_number),
            created_at: row.created_at.0,
            read_at: row.read_at.map(|at| at.0),
        }
    }
}

macro_rules! insert {
    ($now:literal) => {
        concat!(
            "INSERT INTO notifications (id, workspace_id, member_id, event_id, kind, title, body, task_id,
                 task_number, conversation_id, ticket_id, ticket_number, created_at, mail_due_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, CASE WHEN $14 THEN ",
            $now,
            " END)
             ON CONFLICT (event_id, member_id) DO NOTHING"
        )
    };
}

/// Tells a member of `event`, and by mail too if `mail` is set. Gives whether the member was not told before.
pub async fn insert(
    tx: &mut Tx,
    notification: &Notification,
    event: EventId,
    mail: bool,
) -> Result<bool, Error> {
    let workspace = tx.workspace()?;
    let sql = if tx.is_postgres() { insert!("now()") } else { insert!("unixepoch() * 1000000") };
    let inserted = execute!(
        tx,
        sql,
        notification.id.0,
        workspace.0,
        notification.member.0,
        event.0,
        notification.kind.as_str(),
        notification.title.as_str(),
        notification.body.as_str(),
        notification.task.map(|(id, _)| id.0),
        notification.task.map(|(_, number)| number),
        notification.conversation.map(|id| id.0),
        notification.ticket.map(|(id, _)| id.0),
        notification.ticket.map(|(_, number)| number),
        At(notification.created_at),
        mail,
    )?;
    if mail {
        tx.wake(Wake::Mail);
    }
    Ok(inserted == 1)
}

/// What `member` was told, newest first.
pub async fn list(
    tx: &mut Tx,
    member: MemberId,
    unread: bool,
    limit: i64,
    cursor: Option<Cursor>,
) -> Result<Page<Notification>, Error> {
    let workspace = tx.workspace()?;
    let mut select = Select::new(
        "SELECT id, member_id, kind, title, body, task_id, task_number, conversation_id, ticket_id, ticket_number,
             created_at, read_at
         FROM notifications WHERE workspace_id = $1 AND member_id = $2",
        [workspace.0.into(), member.0.into()],
    );
    if unread {
        select.and("read_at IS NULL", []);
    }
    if let Some(cursor) = cursor {
        select.and("id < ?", [cursor.id.into()]);
    }
    select.end("ORDER BY id DESC LIMIT ?", [(limit + 1).into()]);
    let rows: Vec<Row> = select.fetch_all(tx).await?;
    let notifications = rows.into_iter().map(Notification::from).collect();
    Ok(Page::of(notifications, limit, |notification| Cursor { key: 0, id: notification.id.0 }))
}

/// How much of what `member` was told is unread.
pub async fn unread(tx: &mut Tx, member: MemberId) -> Result<i64, Error> {
    let workspace = tx.workspace()?;
    let (count,) = fetch_one!(
        tx,
        (i64,),
        "SELECT count(*) FROM notifications WHERE workspace_id = $1 AND member_id = $2 AND read_at IS NULL",
        workspace.0,
        member.0,
    )?;
    Ok(count)
}

const READ_POSTGRES: &str = "UPDATE notifications SET read_at = $3
    WHERE workspace_id = $1 AND member_id = $2 AND read_at IS NULL
      AND id = ANY (ARRAY(SELECT CAST(value AS UUID) FROM jsonb_array_elements_text(CAST($4 AS JSONB)) AS value))";
const READ_SQLITE: &str = "UPDATE notifications SET read_at = $3
    WHERE workspace_id = $1 AND member_id = $2 AND read_at IS NULL
      AND id IN (SELECT unhex(value) FROM json_each($4))";

/// Marks these of `member`'s notifications as read; others' stay as they are.
pub async fn mark_read(tx: &mut Tx, member: MemberId, ids: &[NotificationId]) -> Result<u64, Error> {
    let workspace = tx.workspace()?;
    let now = tx.now();
    let sql = if tx.is_postgres() { READ_POSTGRES } else { READ_SQLITE };
    let ids = serde_json::Value::from_iter(ids.iter().map(|id| id.0.simple().to_string())).to_string();
    execute!(tx, sql, workspace.0, member.0, At(now), ids.as_str())
}

/// A record that notifications are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About {
    /// A task.
    Task(TaskId),
    /// A conversation.
    Conversation(ConversationId),
    /// A ticket.
    Ticket(TicketId),
}

/// Marks what `member` was told about one record as read; gives how much that was.
pub async fn mark_read_about(tx: &mut Tx, member: MemberId, about: About) -> Result<u64, Error> {
    macro_rules! about {
        ($column:literal) => {
            concat!(
                "UPDATE notifications SET read_at = $3
                 WHERE workspace_id = $1 AND member_id = $2 AND read_at IS NULL AND ",
                $column,
                " = $4"
            )
        };
    }
    let workspace = tx.workspace()?;
    let now = tx.now();
    let (sql, id) = match about {
        About::Task(id) => (about!("task_id"), id.0),
        About::Conversation(id) => (about!("conversation_id"), id.0),
        About::Ticket(id) => (about!("ticket_id"), id.0),
    };
    execute!(tx, sql, workspace.0, member.0, At(now), id)
}

/// Marks everything that `member` was told as read.
pub async fn mark_all_read(tx: &mut Tx, member: MemberId) -> Result<u64, Error> {
    let workspace = tx.workspace()?;
    let now = tx.now();
    execute!(
        tx,
        "UPDATE notifications SET read_at = $3 WHERE workspace_id = $1 AND member_id = $2 AND read_at IS NULL",
        workspace.0,
        member.0,
        At(now),
    )
}

/// The newest ticket of a conversation, and its number.
pub async fn ticket_of(tx: &mut Tx, conversation: ConversationId) -> Result<Option<(TicketId, i64)>, Error> {
    let workspace = tx.workspace()?;
    let row = fetch_optional!(
        tx,
        (Uuid, i64),
        "SELECT id, number FROM tickets WHERE workspace_id = $1 AND conversation_id = $2
         ORDER BY number DESC LIMIT 1",
        workspace.0,
        conversation.0,
    )?;
    Ok(row.map(|(id, number)| (TicketId(id), number)))
}

#[derive(FromRow)]
struct MailRow {
    id: Uuid,
    workspace_id: Uuid,
    mail_attempts: i64,
    name: Option<String>,
    email: Option<String>,
    title: String,
    body: String,
    task_id: Option<Uuid>,
    conversation_id: Option<Uuid>,
}

impl From<MailRow> for MailClaim {
    fn from(row: MailRow) -> Self {
        Self {
            id: NotificationId(row.id),
            workspace: WorkspaceId(row.workspace_id),
            attempt: row.mail_attempts,
            to: row.name.zip(row.email).map(|(name, email)| Recipient { name, email }),
            title: row.title,
            body: row.body,
            task: row.task_id.map(TaskId),
            conversation: row.conversation_id.map(ConversationId),
        }
    }
}

macro_rules! claim {
    ($now:literal, $later:literal, $lock:literal) => {
        concat!(
            "UPDATE notifications SET mail_due_at = ",
            $later,
            ", mail_attempts = mail_attempts + 1
             WHERE id IN (
                 SELECT id FROM notifications WHERE mail_due_at <= ",
            $now,
            " ORDER BY mail_due_at LIMIT $1 ",
            $lock,
            ")
             RETURNING id, workspace_id, mail_attempts,
                 (SELECT m.name FROM members m WHERE m.workspace_id = notifications.workspace_id
                      AND m.id = member_id AND m.state = 'active') AS name,
                 (SELECT m.email FROM members m WHERE m.workspace_id = notifications.workspace_id
                      AND m.id = member_id AND m.state = 'active') AS email,
                 title, body, task_id, conversation_id"
        )
    };
}

/// Claims up to `limit` mails that are due, for a minute. Needs the system's scope.
pub async fn claim_mail(tx: &mut Tx, limit: i64) -> Result<Vec<MailClaim>, Error> {
    let sql = if tx.is_postgres() {
        claim!("now()", "now() + INTERVAL '1 minute'", "FOR UPDATE SKIP LOCKED")
    } else {
        claim!("unixepoch() * 1000000", "(unixepoch() + 60) * 1000000", "")
    };
    let rows = fetch_all!(tx, MailRow, sql, limit)?;
    Ok(rows.into_iter().map(MailClaim::from).collect())
}

/// Ends the mailing of a notification: it was sent, or given up. Gives whether the claim was still good.
/// Needs the system's scope.
pub async fn end_mail(tx: &mut Tx, id: NotificationId, attempt: i64) -> Result<bool, Error> {
    let touched = execute!(
        tx,
        "UPDATE notifications SET mail_due_at = NULL WHERE id = $1 AND mail_attempts = $2",
        id.0,
        attempt,
    )?;
    Ok(touched == 1)
}

/// Has the mail tried again in `wait_secs` seconds. Gives whether the claim was still good. Needs the
/// system's scope.
pub async fn postpone_mail(
    tx: &mut Tx,
    id: NotificationId,
    attempt: i64,
    wait_secs: i64,
) -> Result<bool, Error> {
    let sql = if tx.is_postgres() {
        "UPDATE notifications SET mail_due_at = now() + $3 * INTERVAL '1 second' WHERE id = $1 AND mail_attempts = $2"
    } else {
        "UPDATE notifications SET mail_due_at = (unixepoch() + $3) * 1000000 WHERE id = $1 AND mail_attempts = $2"
    };
    let touched = execute!(tx, sql, id.0, attempt, wait_secs)?;
    Ok(touched == 1)
}

/// How long it is, on the database's clock, until a mail is to be sent; nothing where none waits. Needs the
/// system's scope.
pub async fn next_mail(tx: &mut Tx) -> Result<Option<Duration>, Error> {
    let sql = if tx.is_postgres() {
        "SELECT CAST(EXTRACT(EPOCH FROM min(mail_due_at) - now()) * 1000000 AS BIGINT) FROM notifications
         WHERE mail_due_at IS NOT NULL"
    } else {
        "SELECT min(mail_due_at) - unixepoch() * 1000000 FROM notifications WHERE mail_due_at IS NOT NULL"
    };
    let (micros,) = fetch_one!(tx, (Option<i64>,), sql)?;
    Ok(micros.map(|micros| Duration::from_micros(u64::try_from(micros).unwrap_or(0))))
}
