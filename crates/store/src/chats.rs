//! Members' chats with the desk in plain words: what was said and what came of it.

use domain::ids::{ChatId, MemberId, UndoId};
use jiff::Timestamp;
use sqlx::FromRow;
use sqlx::types::Json;
use uuid::Uuid;

use crate::Error;
use crate::at::At;
use crate::tx::{Tx, execute, fetch_all, fetch_optional};

/// One order and its outcome.
#[derive(Debug, Clone)]
pub struct Item {
    /// Its id.
    pub id: Uuid,
    /// What the member said.
    pub said: String,
    /// What came of it: `done`, `answer`, `clarify` or `failed`.
    pub status: String,
    /// The desk's sentence.
    pub text: String,
    /// What takes it back.
    pub undo: Option<UndoId>,
    /// Whether it was taken back.
    pub undone: bool,
    /// The records it touched, as the desk wrote them.
    pub records: serde_json::Value,
    /// When.
    pub created_at: Timestamp,
}

#[derive(FromRow)]
struct Row {
    id: Uuid,
    said: String,
    status: String,
    text: String,
    undo_id: Option<Uuid>,
    undone_at: Option<At>,
    records: Json<serde_json::Value>,
    created_at: At,
}

/// Begins a chat of `member`, unless it is there already.
pub async fn begin(tx: &mut Tx, id: ChatId, member: MemberId) -> Result<(), Error> {
    let workspace = tx.workspace()?;
    let now = tx.now();
    execute!(
        tx,
        "INSERT INTO chats (id, workspace_id, member_id, created_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (id) DO NOTHING",
        id.0,
        workspace.0,
        member.0,
        At(now),
    )?;
    Ok(())
}

/// Whose chat it is.
pub async fn owner(tx: &mut Tx, id: ChatId) -> Result<Option<MemberId>, Error> {
    let workspace = tx.workspace()?;
    let row = fetch_optional!(
        tx,
        (Uuid,),
        "SELECT member_id FROM chats WHERE workspace_id = $1 AND id = $2",
        workspace.0,
        id.0
    )?;
    Ok(row.map(|(member,)| MemberId(member)))
}

/// Adds an order to a chat.
pub async fn insert(tx: &mut Tx, chat: ChatId, item: &Item) -> Result<(), Error> {
    let workspace = tx.workspace()?;
    execute!(
        tx,
        "INSERT INTO chat_items (id, workspace_id, chat_id, said, status, text, undo_id, records, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        item.id,
        workspace.0,
        chat.0,
        item.said.as_str(),
        item.status.as_str(),
        item.text.as_str(),
        item.undo.map(|id| id.0),
        Json(&item.records),
        At(item.created_at),
    )?;
    Ok(())
}

/// The newest orders of a chat, oldest first.
pub async fn items(tx: &mut Tx, chat: ChatId, limit: i64) -> Result<Vec<Item>, Error> {
    let workspace = tx.workspace()?;
    let rows = fetch_all!(
        tx,
        Row,
        "SELECT i.id, i.said, i.status, i.text, i.undo_id, u.done_at AS undone_at, i.records, i.created_at
         FROM chat_items i LEFT JOIN undo u ON u.id = i.undo_id
         WHERE i.workspace_id = $1 AND i.chat_id = $2 ORDER BY i.id DESC LIMIT $3",
        workspace.0,
        chat.0,
        limit,
    )?;
    let mut items: Vec<Item> = rows
        .into_iter()
        .map(|row| Item {
            id: row.id,
            said: row.said,
            status: row.status,
            text: row.text,
            undo: row.undo_id.map(UndoId),
            undone: row.undone_at.is_some(),
            records: row.records.0,
            created_at: row.created_at.0,
        })
        .collect();
    items.reverse();
    Ok(items)
}
