//! Webhooks: addresses of other programs that are told of events, and who delivers to which of them now.
//!
//! Who delivers has the webhook's lease: so of all processes one speaks to a receiver, and can keep order. What comes
//! of an attempt is written under the lease's fence. Leases and waits go by the database's clock.

pub mod deliveries;

use std::time::Duration;

use domain::ids::{WebhookId, WorkspaceId};
use domain::webhook::Disabled;
use jiff::Timestamp;
use sqlx::FromRow;
use sqlx::types::Json;
use uuid::Uuid;

use crate::Error;
use crate::at::At;
use crate::tx::{Tx, execute, fetch_all, fetch_one, fetch_optional};

/// A webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook {
    /// Its id.
    pub id: WebhookId,
    /// Where its events go.
    pub url: String,
    /// What it is for.
    pub description: String,
    /// The types of event that it wants; all public ones where there are none.
    pub event_types: Vec<String>,
    /// Whether its events come one after the other.
    pub ordered: bool,
    /// Whether it is told of anything.
    pub enabled: bool,
    /// Why it is not, where nobody disabled it.
    pub disabled_reason: Option<Disabled>,
    /// Until when the secret before the last one is good too.
    pub former_until: Option<Timestamp>,
    /// How many attempts in a row have failed.
    pub failures: i64,
    /// Since when none has worked.
    pub failing_since: Option<Timestamp>,
    /// Until when it is left alone.
    pub rest_until: Option<Timestamp>,
    /// How many deliveries wait.
    pub pending: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was changed, last.
    pub updated_at: Timestamp,
    /// The ETag.
    pub version: i64,
}

/// A webhook that has something to be delivered, and the right to deliver it.
#[derive(Clone)]
pub struct Claim {
    /// The webhook.
    pub id: WebhookId,
    /// Its workspace.
    pub workspace: WorkspaceId,
    /// What every write of the one who delivers names.
    pub fence: i64,
    /// Where it leads.
    pub url: String,
    /// Whether its events come one after the other.
    pub ordered: bool,
    /// How many attempts in a row have failed.
    pub failures: i64,
    /// The secret, and the one before it while that is good too; sealed.
    pub secrets: Vec<Vec<u8>>,
}

#[derive(FromRow)]
struct Row {
    id: Uuid,
    url: String,
    description: String,
    event_types: Json<Vec<String>>,
    ordered: bool,
    enabled: bool,
    disabled_reason: Option<String>,
    former_until: Option<At>,
    failures: i64,
    failing_since: Option<At>,
    rest_until: Option<At>,
    pending: i64,
    created_at: At,
    updated_at: At,
    version: i64,
}

impl From<Row> for Webhook {
    fn from(row: Row) -> Self {
        Self {
            id: WebhookId(row.id),
            url: row.url,
            description: row.description,
            event_types: row.event_types.0,
            ordered: row.ordered,
            enabled: row.enabled,
            disabled_reason: row.disabled_reason.as_deref().and_then(Disabled::parse),
            former_until: row.former_until.map(Timestamp::from),
            failures: row.failures,
            failing_since: row.failing_since.map(Timestamp::from),
            rest_until: row.rest_until.map(Timestamp::from),
            pending: row.pending,
            created_at: row.created_at.0,
            updated_at: row.updated_at.0,
            version: row.version,
        }
    }
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, url, description, event_types, ordered, enabled, disabled_reason, former_until, failures,
                 failing_since, rest_until, created_at, updated_at, version,
                 (SELECT count(*) FROM webhook_deliveries d WHERE d.webhook_id = webhooks.id AND d.state = 'pending')
                     AS pending
             FROM webhooks WHERE workspace_id = $1 ",
            $rest
        )
    };
}

/// Adds `webhook` with its sealed secret.
pub async fn insert(tx: &mut Tx, webhook: &Webhook, secret: &[u8]) -> Result<(), Error> {
    let workspace = tx.workspace()?;
    execute!(
        tx,
        "INSERT INTO webhooks (id, workspace_id, url, description, event_types, ordered, enabled, secret, created_at,
             updated_at, version)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9, $10)",
        webhook.id.0,
        workspace.0,
        webhook.url.as_str(),
        webhook.description.as_str(),
        Json(&webhook.event_types),
        webhook.ordered,
        webhook.enabled,
        secret,
        At(webhook.created_at),
        webhook.version,
    )?;
    Ok(())
}

/// Writes what people can change of `webhook`, whose version is one above the one it was read with; gives whether it
/// was still at that. Without failures, those that it has are forgotten, and it is tried again at once.
pub async fn update(tx: &mut Tx, webhook: &Webhook) -> Result<bool, Error> {
    let workspace = tx.workspace()?;
    let now = tx.now();
    let touched = execute!(
        tx,
        "UPDATE webhooks SET url = $3, description = $4, event_types = $5, ordered = $6, enabled = $7,
             disabled_reason = $8, failures = CASE WHEN $9 THEN 0 ELSE failures END,
             failing_since = CASE WHEN $9 THEN NULL ELSE failing_since END,
             rest_until = CASE WHEN $9 THEN NULL ELSE rest_until END, updated_at = $10, version = $11
         WHERE workspace_id = $1 AND id = $2 AND version = $11 - 1",
        workspace.0,
        webhook.id.0,
        webhook.url.as_str(),
        webhook.description.as_str(),
        Json(&webhook.event_types),
        webhook.ordered,
        webhook.enabled,
        webhook.disabled_reason.map(Disabled::as_str),
        webhook.failures == 0,
        At(now),
        webhook.version,
    )?;
    tx.wake(crate::Wake::Webhooks);
    Ok(touched == 1)
}

/// Gives the webhook, which is at `version` - 1, a new sealed secret; the one it had is good too until `until`.
pub async fn rotate(
    tx: &mut Tx,
    id: WebhookId,
    secret: &[u8],
    until: Timestamp,
    version: i64,
) -> Result<bool, Error> {
    let workspace = tx.workspace()?;
    let now = tx.now();
    let touched = execute!(
        tx,
        "UPDATE webhooks SET former_secret = secret, former_until = $4, secret = $3, updated_at = $5, version = $6
         WHERE workspace_id = $1 AND id = $2 AND version = $6 - 1",
        workspace.0,
        id.0,
        secret,
        At(until),
        At(now),
        version,
    )?;
    Ok(touched == 1)
}

/// Removes a webhook. Its deliveries are seen by nobody from now on, and go with what is old.
pub async fn delete(tx: &mut Tx, id: WebhookId) -> Result<bool, Error> {
    let workspace = tx.workspace()?;
    let touched =
        execute!(tx, "DELETE FROM webhooks WHERE workspace_id = $1 AND id = $2", workspace.0, id.0)?;
    Ok(touched == 1)
}

/// All webhooks, oldest first.
pub async fn list(tx: &mut Tx) -> Result<Vec<Webhook>, Error> {
    let workspace = tx.workspace()?;
    let rows = fetch_all!(tx, Row, select!("ORDER BY id"), workspace.0)?;
    Ok(rows.into_iter().map(Webhook::from).collect())
}

/// The webhook of that id.
pub async fn get(tx: &mut Tx, id: WebhookId) -> Result<Option<Webhook>, Error> {
    let workspace = tx.workspace()?;
    let row = fetch_optional!(tx, Row, select!("AND id = $2"), workspace.0, id.0)?;
    Ok(row.map(Webhook::from))
}

/// How many webhooks there are.
pub async fn count(tx: &mut Tx) -> Result<i64, Error> {
    let workspace = tx.workspace()?;
    let (count,) =
        fetch_one!(tx, (i64,), "SELECT count(*) FROM webhooks WHERE workspace_id = $1", workspace.0)?;
    Ok(count)
}

/// The webhooks that are told of anything, each with the types of event that it wants.
pub async fn enabled(tx: &mut Tx) -> Result<Vec<(WebhookId, Vec<String>)>, Error> {
    let workspace = tx.workspace()?;
    let rows = fetch_all!(
        tx,
        (Uuid, Json<Vec<String>>),
        "SELECT id, event_types FROM webhooks WHERE workspace_id = $1 AND enabled ORDER BY id",
        workspace.0,
    )?;
    Ok(rows.into_iter().map(|(id, Json(types))| (WebhookId(id), types)).collect())
}

/// Has PostgreSQL find what this transaction looks for by the indexes that are in order, whatever it knows of the tables.
///
/// A receiver that stops answering lets thousands of deliveries wait within a minute. What was known before, that hardly
/// any wait, would have each look go through all of them.
async fn by_index(tx: &mut Tx) -> Result<(), Error> {
    const BY_INDEX: &str =
        "SELECT set_config('enable_seqscan', 'off', true), set_config('enable_bitmapscan', 'off', true),
             set_config('enable_sort', 'off', true)";
    if tx.is_postgres() {
        fetch_one!(tx, (String, String, String), BY_INDEX)?;
    }
    Ok(())
}

/// When a webhook has something to be sent: with order, when its first delivery is due; otherwise when any is.
macro_rules! next {
    () => {
        "CASE WHEN w.ordered
             THEN (SELECT d.due_at FROM webhook_deliveries d WHERE d.webhook_id = w.id AND d.state = 'pending'
                   ORDER BY d.position LIMIT 1)
             ELSE (SELECT d.due_at FROM webhook_deliveries d WHERE d.webhook_id = w.id AND d.state = 'pending'
                   ORDER BY d.due_at LIMIT 1)
         END"
    };
}

macro_rules! claim {
    ($now:literal, $later:literal, $lock:literal) => {
        concat!(
            "WITH waiting AS MATERIALIZED (
                 SELECT w.id, w.workspace_id, ",
            next!(),
            " AS next FROM webhooks w
                 WHERE w.enabled AND (w.lease_until IS NULL OR w.lease_until <= ",
            $now,
            ") AND (w.rest_until IS NULL OR w.rest_until <= ",
            $now,
            ")),
             ranked AS (
                 SELECT id, next, row_number() OVER (PARTITION BY workspace_id ORDER BY next, id) + (
                     SELECT count(*) FROM webhooks busy
                     WHERE busy.workspace_id = waiting.workspace_id AND busy.lease_until > ",
            $now,
            ") AS place
                 FROM waiting WHERE next <= ",
            $now,
            "),
             chosen AS MATERIALIZED (
                 SELECT w.id FROM webhooks w JOIN ranked ON ranked.id = w.id
                 WHERE ranked.place <= $2 AND (w.lease_until IS NULL OR w.lease_until <= ",
            $now,
            ") ORDER BY ranked.next LIMIT $1 ",
            $lock,
            ")
             UPDATE webhooks SET fence = fence + 1, lease_until = ",
            $later,
            " WHERE id IN (SELECT id FROM chosen)
             RETURNING id, workspace_id, fence, url, ordered, failures, secret, former_secret, former_until"
        )
    };
}

const CLAIM_POSTGRES: &str = claim!("now()", "now() + INTERVAL '20 seconds'", "FOR UPDATE OF w SKIP LOCKED");
const CLAIM_SQLITE: &str = claim!(
    "CAST(unixepoch('subsec') * 1000000 AS INTEGER)",
    "CAST(unixepoch('subsec') * 1000000 AS INTEGER) + 20000000",
    ""
);

#[derive(FromRow)]
struct ClaimRow {
    id: Uuid,
    workspace_id: Uuid,
    fence: i64,
    url: String,
    ordered: bool,
    failures: i64,
    secret: Vec<u8>,
    former_secret: Option<Vec<u8>>,
    former_until: Option<At>,
}

/// Claims up to `limit` webhooks that have something to be sent, for 20 seconds, those that wait longest first; of one
/// workspace no more than `of_one` at a time. Needs the system's scope.
pub async fn claim(tx: &mut Tx, limit: i64, of_one: i64) -> Result<Vec<Claim>, Error> {
    let now = tx.now();
    by_index(tx).await?;
    let sql = if tx.is_postgres() { CLAIM_POSTGRES } else { CLAIM_SQLITE };
    let rows = fetch_all!(tx, ClaimRow, sql, limit, of_one)?;
    let claim = |row: ClaimRow| {
        let former = row.former_secret.filter(|_| row.former_until.is_some_and(|until| until.0 > now));
        Claim {
            id: WebhookId(row.id),
            workspace: WorkspaceId(row.workspace_id),
            fence: row.fence,
            url: row.url,
            ordered: row.ordered,
            failures: row.failures,
            secrets: [Some(row.secret), former].into_iter().flatten().collect(),
        }
    };
    Ok(rows.into_iter().map(claim).collect())
}

/// Keeps the lease of `claim` for 20 seconds more, and notes how attempts went: whether any of them worked, and how many
/// have failed since; after so many failures in a row the webhook rests for so long. Gives how many they are, and when the
/// first of them was.
///
/// Errors with [`Error::Stale`] where somebody else has the lease, or the webhook is gone.
pub async fn keep(
    tx: &mut Tx,
    claim: &Claim,
    (worked, failed): (bool, i64),
    (failures, rest): (i64, Duration),
) -> Result<(i64, Timestamp), Error> {
    macro_rules! keep {
        ($now:literal, $second:literal, $micro:literal) => {
            concat!(
                "UPDATE webhooks SET lease_until = ",
                $now,
                " + 20 * ",
                $second,
                ", failures = CASE WHEN $4 THEN 0 ELSE failures END + $8,
                 failing_since = CASE WHEN $8 = 0 THEN NULL WHEN $4 THEN $5 ELSE COALESCE(failing_since, $5) END,
                 rest_until = CASE WHEN $8 > 0 AND CASE WHEN $4 THEN 0 ELSE failures END + $8 >= $6 THEN ",
                $now,
                " + $7 * ",
                $micro,
                " END
                 WHERE workspace_id = $1 AND id = $2 AND fence = $3
                 RETURNING failures, failing_since"
            )
        };
    }
    let workspace = tx.workspace()?;
    let now = tx.now();
    let sql = if tx.is_postgres() {
        keep!("now()", "INTERVAL '1 second'", "INTERVAL '1 microsecond'")
    } else {
        keep!("CAST(unixepoch('subsec') * 1000000 AS INTEGER)", "1000000", "1")
    };
    let row = fetch_optional!(
        tx,
        (i64, Option<At>),
        sql,
        workspace.0,
        claim.id.0,
        claim.fence,
        worked,
        At(now),
        failures,
        crate::at::micros(rest),
        failed,
    )?;
    row.map(|(failures, since)| (failures, since.map_or(now, Timestamp::from))).ok_or(Error::Stale)
}

/// Gives the lease of `claim` back, if it is still good.
pub async fn release(tx: &mut Tx, claim: &Claim) -> Result<(), Error> {
    let workspace = tx.workspace()?;
    execute!(
        tx,
        "UPDATE webhooks SET lease_until = NULL WHERE workspace_id = $1 AND id = $2 AND fence = $3",
        workspace.0,
        claim.id.0,
        claim.fence,
    )?;
    Ok(())
}

macro_rules! next_due {
    ($begin:literal, $greatest:literal, $end:literal) => {
        concat!(
            "WITH waiting AS MATERIALIZED (SELECT w.lease_until, w.rest_until, ",
            next!(),
            " AS next FROM webhooks w WHERE w.enabled) ",
            $begin,
            "min(",
            $greatest,
            "(next, COALESCE(lease_until, next), COALESCE(rest_until, next)))",
            $end,
            " FROM waiting WHERE next IS NOT NULL"
        )
    };
}

const NEXT_POSTGRES: &str =
    next_due!("SELECT CAST(EXTRACT(EPOCH FROM ", "GREATEST", " - now()) * 1000000 AS BIGINT)");
const NEXT_SQLITE: &str = next_due!("SELECT ", "max", " - CAST(unixepoch('subsec') * 1000000 AS INTEGER)");

/// How long it is, on the database's clock, until there is something to claim; nothing where nothing waits. Needs the
/// system's scope.
pub async fn next_due(tx: &mut Tx) -> Result<Option<Duration>, Error> {
    by_index(tx).await?;
    let sql = if tx.is_postgres() { NEXT_POSTGRES } else { NEXT_SQLITE };
    let (micros,) = fetch_one!(tx, (Option<i64>,), sql)?;
    Ok(micros.map(|micros| Duration::from_micros(u64::try_from(micros).unwrap_or(0))))
}
