//! Channels: the ways in for customers.

use domain::ids::{ChannelId, WorkspaceId};
use sqlx::FromRow;
use sqlx::types::Json;
use uuid::Uuid;

use crate::Error;
use crate::at::At;
use crate::tx::{Tx, execute, fetch_all, fetch_optional};

/// A channel.
#[derive(Debug, Clone, PartialEq)]
pub struct Channel {
    /// Its id.
    pub id: ChannelId,
    /// Its workspace.
    pub workspace: WorkspaceId,
    /// `widget`.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// What a page names it by; no secret.
    pub key: String,
    /// The origins whose pages may use it; any where empty.
    pub allowed_origins: Vec<String>,
    /// The accent colour, `#rrggbb`.
    pub color: String,
    /// What a visitor reads first; the workspace's greeting where empty.
    pub greeting: String,
    /// `right` or `left`.
    pub position: String,
    /// Whether it takes messages.
    pub enabled: bool,
    /// The ETag.
    pub version: i64,
}

#[derive(FromRow)]
struct Row {
    id: Uuid,
    workspace_id: Uuid,
    kind: String,
    name: String,
    key: String,
    allowed_origins: Json<Vec<String>>,
    color: String,
    greeting: String,
    position: String,
    enabled: bool,
    version: i64,
}

impl From<Row> for Channel {
    fn from(row: Row) -> Self {
        Self {
            id: ChannelId(row.id),
            workspace: WorkspaceId(row.workspace_id),
            kind: row.kind,
            name: row.name,
            key: row.key,
            allowed_origins: row.allowed_origins.0,
            color: row.color,
            greeting: row.greeting,
            position: row.position,
            enabled: row.enabled,
            version: row.version,
        }
    }
}

macro_rules! select {
    () => {
        "SELECT id, workspace_id, kind, name, key, allowed_origins, color, greeting, position, enabled, version
         FROM channels "
    };
}

/// Adds `channel`.
pub async fn insert(tx: &mut Tx, channel: &Channel) -> Result<(), Error> {
    let now = tx.now();
    execute!(
        tx,
        "INSERT INTO channels (id, workspace_id, kind, name, key, allowed_origins, color, greeting, position,
             enabled, created_at, updated_at, version)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11, $12)",
        channel.id.0,
        channel.workspace.0,
        channel.kind.as_str(),
        channel.name.as_str(),
        channel.key.as_str(),
        Json(&channel.allowed_origins),
        channel.color.as_str(),
        channel.greeting.as_str(),
        channel.position.as_str(),
        channel.enabled,
        At(now),
        channel.version,
    )?;
    Ok(())
}

/// Writes `channel`, whose version is one above the one it was read with; gives whether it was still at that.
pub async fn update(tx: &mut Tx, channel: &Channel) -> Result<bool, Error> {
    let workspace = tx.workspace()?;
    let now = tx.now();
    let touched = execute!(
        tx,
        "UPDATE channels SET name = $3, allowed_origins = $4, color = $5, greeting = $6, position = $7,
             enabled = $8, updated_at = $9, version = $10
         WHERE workspace_id = $1 AND id = $2 AND version = $10 - 1",
        workspace.0,
        channel.id.0,
        channel.name.as_str(),
        Json(&channel.allowed_origins),
        channel.color.as_str(),
        channel.greeting.as_str(),
        channel.position.as_str(),
        channel.enabled,
        At(now),
        channel.version,
    )?;
    Ok(touched == 1)
}

/// All channels, oldest first.
pub async fn list(tx: &mut Tx) -> Result<Vec<Channel>, Error> {
    let workspace = tx.workspace()?;
    let rows = fetch_all!(
        tx,
        Row,
        concat!(select!(), "WHERE workspace_id = $1 ORDER BY id LIMIT 500"),
        workspace.0
    )?;
    Ok(rows.into_iter().map(Channel::from).collect())
}

/// The channel of that id.
pub async fn get(tx: &mut Tx, id: ChannelId) -> Result<Option<Channel>, Error> {
    let workspace = tx.workspace()?;
    let row = fetch_optional!(
        tx,
        Row,
        concat!(select!(), "WHERE workspace_id = $1 AND id = $2"),
        workspace.0,
        id.0
    )?;
    Ok(row.map(Channel::from))
}

/// The channel of that key, in any workspace. Needs the system's scope.
pub async fn by_key(tx: &mut Tx, key: &str) -> Result<Option<Channel>, Error> {
    let row = fetch_optional!(tx, Row, concat!(select!(), "WHERE key = $1"), key)?;
    Ok(row.map(Channel::from))
}
