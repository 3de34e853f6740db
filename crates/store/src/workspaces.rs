//! Workspaces: their names, zones and the hand's settings.

use domain::ids::WorkspaceId;
use jiff::Timestamp;
use sqlx::FromRow;
use uuid::Uuid;

use crate::Error;
use crate::at::At;
use crate::tx::{Tx, execute, fetch_all, fetch_one, fetch_optional};

/// A workspace's row.
#[derive(Debug, Clone, PartialEq)]
pub struct Workspace {
    /// Its id.
    pub id: WorkspaceId,
    /// Its name.
    pub name: String,
    /// Its IANA zone.
    pub zone: String,
    /// Whether the hand answers customers.
    pub hand_enabled: bool,
    /// What a new visitor reads first.
    pub greeting: String,
    /// What a customer reads when a person is asked for.
    pub handoff_text: String,
    /// Within how many minutes a person is promised.
    pub reply_minutes: i64,
    /// Goes up whenever published articles change.
    pub articles_revision: i64,
    /// The ETag.
    pub version: i64,
}

#[derive(FromRow)]
struct Row {
    id: Uuid,
    name: String,
    zone: String,
    hand_enabled: bool,
    greeting: String,
    handoff_text: String,
    reply_minutes: i64,
    articles_revision: i64,
    version: i64,
}

impl From<Row> for Workspace {
    fn from(row: Row) -> Self {
        Self {
            id: WorkspaceId(row.id),
            name: row.name,
            zone: row.zone,
            hand_enabled: row.hand_enabled,
            greeting: row.greeting,
            handoff_text: row.handoff_text,
            reply_minutes: row.reply_minutes,
            articles_revision: row.articles_revision,
            version: row.version,
        }
    }
}

/// The workspace of this transaction.
pub async fn get(tx: &mut Tx) -> Result<Workspace, Error> {
    let id = tx.workspace()?;
    let row = fetch_one!(
        tx,
        Row,
        "SELECT id, name, zone, hand_enabled, greeting, handoff_text, reply_minutes, articles_revision, version
         FROM workspaces WHERE id = $1",
        id.0
    )?;
    Ok(row.into())
}

/// How many workspaces there are. Needs the system's scope.
pub async fn count(tx: &mut Tx) -> Result<i64, Error> {
    let (count,) = fetch_one!(tx, (i64,), "SELECT count(*) FROM workspaces")?;
    Ok(count)
}

/// Every workspace's id, oldest first. Needs the system's scope.
pub async fn all(tx: &mut Tx) -> Result<Vec<WorkspaceId>, Error> {
    let rows = fetch_all!(tx, (Uuid,), "SELECT id FROM workspaces ORDER BY id")?;
    Ok(rows.into_iter().map(|(id,)| WorkspaceId(id)).collect())
}

/// Adds `workspace`.
pub async fn insert(tx: &mut Tx, workspace: &Workspace, now: Timestamp) -> Result<(), Error> {
    execute!(
        tx,
        "INSERT INTO workspaces (id, name, zone, hand_enabled, greeting, handoff_text, reply_minutes,
             created_at, updated_at, version)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8, $9)",
        workspace.id.0,
        workspace.name.as_str(),
        workspace.zone.as_str(),
        workspace.hand_enabled,
        workspace.greeting.as_str(),
        workspace.handoff_text.as_str(),
        workspace.reply_minutes,
        At(now),
        workspace.version,
    )?;
    Ok(())
}

/// Writes the settings of `workspace`, whose version is one above the one it was read with.
///
/// Gives whether it was still at that version.
pub async fn update(tx: &mut Tx, workspace: &Workspace) -> Result<bool, Error> {
    let now = tx.now();
    let touched = execute!(
        tx,
        "UPDATE workspaces SET name = $2, zone = $3, hand_enabled = $4, greeting = $5, handoff_text = $6,
             reply_minutes = $7, updated_at = $8, version = $9
         WHERE id = $1 AND version = $9 - 1",
        workspace.id.0,
        workspace.name.as_str(),
        workspace.zone.as_str(),
        workspace.hand_enabled,
        workspace.greeting.as_str(),
        workspace.handoff_text.as_str(),
        workspace.reply_minutes,
        At(now),
        workspace.version,
    )?;
    Ok(touched == 1)
}

/// The revision of the published articles, after counting it up.
pub async fn bump_articles_revision(tx: &mut Tx) -> Result<(), Error> {
    let id = tx.workspace()?;
    execute!(tx, "UPDATE workspaces SET articles_revision = articles_revision + 1 WHERE id = $1", id.0)?;
    Ok(())
}

/// The revision of the published articles.
pub async fn articles_revision(tx: &mut Tx) -> Result<i64, Error> {
    let id = tx.workspace()?;
    let row = fetch_optional!(tx, (i64,), "SELECT articles_revision FROM workspaces WHERE id = $1", id.0)?;
    Ok(row.map_or(0, |(revision,)| revision))
}
