//! Answers that are kept for a day, so that a repeated request gets the first one's.

use domain::IdempotencyKey;
use jiff::{Span, Timestamp};
use sqlx::FromRow;

use crate::Error;
use crate::at::At;
use crate::tx::{Tx, execute, fetch_optional};

/// A kept answer.
#[derive(Debug, Clone, FromRow)]
pub struct Kept {
    /// Of the request that got it.
    pub request_hash: String,
    /// The answer, as JSON.
    pub answer: String,
}

/// Begins a request with `key`, or gives the answer that an earlier one with it got.
pub async fn begin(tx: &mut Tx, actor: &str, key: &IdempotencyKey) -> Result<Option<Kept>, Error> {
    let workspace = tx.workspace()?;
    let now = tx.now();
    let begun = execute!(
        tx,
        "INSERT INTO idempotency (workspace_id, actor, key, request_hash, answer, created_at)
         VALUES ($1, $2, $3, $4, '', $5) ON CONFLICT (workspace_id, actor, key) DO NOTHING",
        workspace.0,
        actor,
        key.key.as_str(),
        key.request_hash.as_str(),
        At(now),
    )?;
    if begun == 1 {
        return Ok(None);
    }
    fetch_optional!(
        tx,
        Kept,
        "SELECT request_hash, answer FROM idempotency WHERE workspace_id = $1 AND actor = $2 AND key = $3",
        workspace.0,
        actor,
        key.key.as_str(),
    )
}

/// Keeps the answer of the request that [`begin`] began.
pub async fn finish(tx: &mut Tx, actor: &str, key: &str, answer: &str) -> Result<(), Error> {
    let workspace = tx.workspace()?;
    execute!(
        tx,
        "UPDATE idempotency SET answer = $4 WHERE workspace_id = $1 AND actor = $2 AND key = $3",
        workspace.0,
        actor,
        key,
        answer,
    )?;
    Ok(())
}

/// Forgets answers older than a day. Needs the system's scope.
pub async fn prune(tx: &mut Tx, now: Timestamp) -> Result<u64, Error> {
    let before = now.saturating_sub(Span::new().hours(24)).unwrap_or(Timestamp::MIN);
    execute!(tx, "DELETE FROM idempotency WHERE created_at < $1", At(before))
}
