//! Comments on tasks.

use domain::ids::{CommentId, MemberId, TaskId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sqlx::FromRow;
use uuid::Uuid;

use crate::at::At;
use crate::tx::{Tx, execute, fetch_all, fetch_optional};
use crate::{Cursor, Error, Page};

/// A comment on a task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Comment {
    /// Its id.
    pub id: CommentId,
    /// The author.
    pub author: Option<MemberId>,
    /// The author's name at that time.
    pub author_name: String,
    /// What it says.
    pub text: String,
    /// When.
    pub created_at: Timestamp,
}

#[derive(FromRow)]
struct CommentRow {
    id: Uuid,
    author_id: Option<Uuid>,
    author_name: String,
    text: String,
    created_at: At,
}

/// Adds a comment to a task, and counts it there.
pub async fn insert_comment(tx: &mut Tx, task: TaskId, comment: &Comment) -> Result<(), Error> {
    let workspace = tx.workspace()?;
    execute!(
        tx,
        "INSERT INTO comments (id, workspace_id, task_id, author_id, author_name, text, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        comment.id.0,
        workspace.0,
        task.0,
        comment.author.map(|id| id.0),
        comment.author_name.as_str(),
        comment.text.as_str(),
        At(comment.created_at),
    )?;
    execute!(
        tx,
        "UPDATE tasks SET comments = comments + 1 WHERE workspace_id = $1 AND id = $2",
        workspace.0,
        task.0
    )?;
    Ok(())
}

/// Removes a comment on a task; gives what it said, if it was there.
pub async fn delete_comment(tx: &mut Tx, task: TaskId, id: CommentId) -> Result<Option<String>, Error> {
    let workspace = tx.workspace()?;
    let gone = fetch_optional!(
        tx,
        (String,),
        "DELETE FROM comments WHERE workspace_id = $1 AND task_id = $2 AND id = $3 RETURNING text",
        workspace.0,
        task.0,
        id.0,
    )?;
    if gone.is_some() {
        execute!(
            tx,
            "UPDATE tasks SET comments = comments - 1 WHERE workspace_id = $1 AND id = $2",
            workspace.0,
            task.0
        )?;
    }
    Ok(gone.map(|(text,)| text))
}

/// A page of a task's comments, oldest first.
pub async fn comments(
    tx: &mut Tx,
    task: TaskId,
    limit: i64,
    cursor: Option<Cursor>,
) -> Result<Page<Comment>, Error> {
    let workspace = tx.workspace()?;
    let rows = fetch_all!(
        tx,
        CommentRow,
        "SELECT id, author_id, author_name, text, created_at FROM comments
         WHERE workspace_id = $1 AND task_id = $2 AND id > $3 ORDER BY id LIMIT $4",
        workspace.0,
        task.0,
        cursor.map_or(Uuid::nil(), |cursor| cursor.id),
        limit + 1,
    )?;
    let comments = rows
        .into_iter()
        .map(|row| Comment {
            id: CommentId(row.id),
            author: row.author_id.map(MemberId),
            author_name: row.author_name,
            text: row.text,
            created_at: row.created_at.0,
        })
        .collect();
    Ok(Page::of(comments, limit, |comment: &Comment| Cursor { key: 0, id: comment.id.0 }))
}
