//! What undoes what a member did.

use domain::ids::{MemberId, UndoId};
use sqlx::FromRow;
use sqlx::types::Json;
use uuid::Uuid;

use crate::Error;
use crate::at::At;
use crate::tx::{Tx, execute, fetch_optional};

/// One kept undo.
#[derive(Debug, Clone)]
pub struct Undo {
    /// Its id.
    pub id: UndoId,
    /// What was done, as a sentence.
    pub text: String,
    /// What takes it back, as the desk wrote it.
    pub operation: serde_json::Value,
    /// Whether it was used.
    pub done: bool,
}

#[derive(FromRow)]
struct Row {
    id: Uuid,
    text: String,
    operation: Json<serde_json::Value>,
    done_at: Option<At>,
}

impl From<Row> for Undo {
    fn from(row: Row) -> Self {
        Self { id: UndoId(row.id), text: row.text, operation: row.operation.0, done: row.done_at.is_some() }
    }
}

/// Keeps how `member` can take something back.
pub async fn insert(
    tx: &mut Tx,
    id: UndoId,
    member: MemberId,
    text: &str,
    operation: &serde_json::Value,
) -> Result<(), Error> {
    let workspace = tx.workspace()?;
    let now = tx.now();
    execute!(
        tx,
        "INSERT INTO undo (id, workspace_id, member_id, text, operation, created_at) VALUES ($1, $2, $3, $4, $5, $6)",
        id.0,
        workspace.0,
        member.0,
        text,
        Json(operation),
        At(now),
    )?;
    Ok(())
}

/// The undo of that id, if it is `member`'s.
pub async fn get(tx: &mut Tx, id: UndoId, member: MemberId) -> Result<Option<Undo>, Error> {
    let workspace = tx.workspace()?;
    let row = fetch_optional!(
        tx,
        Row,
        "SELECT id, text, operation, done_at FROM undo WHERE workspace_id = $1 AND id = $2 AND member_id = $3",
        workspace.0,
        id.0,
        member.0,
    )?;
    Ok(row.map(Undo::from))
}

/// The newest undo of `member` that was not used.
pub async fn latest(tx: &mut Tx, member: MemberId) -> Result<Option<Undo>, Error> {
    let workspace = tx.workspace()?;
    let row = fetch_optional!(
        tx,
        Row,
        "SELECT id, text, operation, done_at FROM undo
         WHERE workspace_id = $1 AND member_id = $2 AND done_at IS NULL ORDER BY id DESC LIMIT 1",
        workspace.0,
        member.0,
    )?;
    Ok(row.map(Undo::from))
}

/// Marks the undo as used; gives whether it was not before.
pub async fn finish(tx: &mut Tx, id: UndoId) -> Result<bool, Error> {
    let workspace = tx.workspace()?;
    let now = tx.now();
    let touched = execute!(
        tx,
        "UPDATE undo SET done_at = $3 WHERE workspace_id = $1 AND id = $2 AND done_at IS NULL",
        workspace.0,
        id.0,
        At(now),
    )?;
    Ok(touched == 1)
}
