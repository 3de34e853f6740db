//! Deliveries to webhooks, and the attempts at each: one event for one webhook, as it is sent.

use std::collections::HashMap;
use std::time::Duration;

use domain::ids::{DeliveryId, WebhookId};
use domain::webhook::{Attempt, Failure, State};
use jiff::Timestamp;
use serde_json::json;
use sqlx::FromRow;
use uuid::Uuid;

use super::{Claim, by_index};
use crate::at::{At, micros};
use crate::filter::Select;
use crate::page::{Cursor, Page};
use crate::tx::{Tx, execute, fetch_all, fetch_one, fetch_optional};
use crate::{Error, Wake};

/// A delivery to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewDelivery {
    /// Its id; the same event for the same webhook has the same.
    pub id: DeliveryId,
    /// For which webhook.
    pub webhook: WebhookId,
    /// What happened.
    pub event_type: &'static str,
    /// What is sent.
    pub body: String,
}

/// One event for one webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Its id.
    pub id: DeliveryId,
    /// Its place among all.
    pub position: i64,
    /// What happened.
    pub event_type: String,
    /// What is sent.
    pub body: String,
    /// Where it stands.
    pub state: State,
    /// How often it was tried in all.
    pub attempts: i64,
    /// How often since it was made or replayed, last.
    pub tried: i64,
    /// When it is tried next, if it is pending.
    pub due_at: Timestamp,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was taken or given up, last.
    pub ended_at: Option<Timestamp>,
}

#[derive(FromRow)]
struct Row {
    id: Uuid,
    position: i64,
    event_type: String,
    body: String,
    state: String,
    attempts: i64,
    tried: i64,
    due_at: At,
    created_at: At,
    ended_at: Option<At>,
}

impl TryFrom<Row> for Delivery {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        let state = State::parse(&row.state);
        Ok(Self {
            id: DeliveryId(row.id),
            position: row.position,
            event_type: row.event_type,
            body: row.body,
            state: state.ok_or(Error::Corrupt { what: "delivery's state", found: row.state })?,
            attempts: row.attempts,
            tried: row.tried,
            due_at: row.due_at.0,
            created_at: row.created_at.0,
            ended_at: row.ended_at.map(Timestamp::from),
        })
    }
}

/// An id as JSON has it for both databases.
fn hex(id: Uuid) -> String {
    id.simple().to_string()
}

macro_rules! insert {
    ($now:literal, $rest:literal) => {
        concat!(
            "INSERT INTO webhook_deliveries (id, workspace_id, webhook_id, event_type, body, state, attempts, tried,
                 due_at, created_at) ",
            $rest,
            $now,
            ", $3 FROM new ORDER BY place
             ON CONFLICT (id) DO NOTHING"
        )
    };
}

const INSERT_POSTGRES: &str = insert!(
    "now()",
    "WITH new AS (SELECT row, place FROM jsonb_array_elements(CAST($2 AS JSONB)) WITH ORDINALITY AS all_rows (row, place))
     SELECT CAST(row ->> 0 AS UUID), $1, CAST(row ->> 1 AS UUID), row ->> 2, row ->> 3, 'pending', 0, 0, "
);
const INSERT_SQLITE: &str = insert!(
    "CAST(unixepoch('subsec') * 1000000 AS INTEGER)",
    "WITH new AS (SELECT value AS row, key AS place FROM json_each($2))
     SELECT unhex(row ->> 0), $1, unhex(row ->> 1), row ->> 2, row ->> 3, 'pending', 0, 0, "
);

/// Adds `deliveries` in their order, to be sent at once. Those that are there already stay as they are.
pub async fn insert(tx: &mut Tx, deliveries: &[NewDelivery]) -> Result<(), Error> {
    let workspace = tx.workspace()?;
    let now = tx.now();
    let sql = if tx.is_postgres() { INSERT_POSTGRES } else { INSERT_SQLITE };
    let rows =
        deliveries.iter().map(|new| json!([hex(new.id.0), hex(new.webhook.0), new.event_type, new.body]));
    let rows = serde_json::Value::from_iter(rows).to_string();
    execute!(tx, sql, workspace.0, rows.as_str(), At(now))?;
    tx.wake(Wake::Webhooks);
    Ok(())
}

macro_rules! select {
    () => {
        "SELECT id, position, event_type, body, state, attempts, tried, due_at, created_at, ended_at
         FROM webhook_deliveries WHERE workspace_id = $1 AND webhook_id = $2 "
    };
}

/// The deliveries of a webhook, newest first; of one state where one is named.
pub async fn list(
    tx: &mut Tx,
    webhook: WebhookId,
    state: Option<State>,
    limit: i64,
    cursor: Option<Cursor>,
) -> Result<Page<Delivery>, Error> {
    let workspace = tx.workspace()?;
    let mut select = Select::new(select!(), [workspace.0.into(), webhook.0.into()]);
    if let Some(state) = state {
        select.and("state = ?", [state.as_str().into()]);
    }
    if let Some(cursor) = cursor {
        select.and("position < ?", [cursor.key.into()]);
    }
    select.end("ORDER BY position DESC LIMIT ?", [(limit + 1).into()]);
    let rows: Vec<Row> = select.fetch_all(tx).await?;
    let deliveries = rows.into_iter().map(Delivery::try_from).collect::<Result<Vec<_>, _>>()?;
    Ok(Page::of(deliveries, limit, |delivery| Cursor { key: delivery.position, id: delivery.id.0 }))
}

/// The delivery of that id to that webhook.
pub async fn get(tx: &mut Tx, webhook: WebhookId, id: DeliveryId) -> Result<Option<Delivery>, Error> {
    let workspace = tx.workspace()?;
    let row = fetch_optional!(tx, Row, concat!(select!(), "AND id = $3"), workspace.0, webhook.0, id.0)?;
    row.map(Delivery::try_from).transpose()
}

/// Up to `limit` deliveries that the holder of `claim` sends now: with order, the first ones, as long as they are due;
/// otherwise those that have been due longest.
pub async fn due(tx: &mut Tx, claim: &Claim, limit: i64) -> Result<Vec<Delivery>, Error> {
    macro_rules! due {
        ($now:literal) => {
            concat!(select!(), "AND state = 'pending' AND due_at <= ", $now, " ORDER BY due_at LIMIT $3")
        };
    }
    macro_rules! first {
        ($now:literal) => {
            concat!(
                "SELECT * FROM (",
                select!(),
                "AND state = 'pending' ORDER BY position LIMIT $3) AS first
                 WHERE NOT EXISTS (
                     SELECT 1 FROM webhook_deliveries before
                     WHERE before.webhook_id = $2 AND before.state = 'pending' AND before.position <= first.position
                         AND before.due_at > ",
                $now,
                ") ORDER BY position"
            )
        };
    }
    let workspace = tx.workspace()?;
    let sql = match (claim.ordered, tx.is_postgres()) {
        (true, true) => first!("now()"),
        (true, false) => first!("CAST(unixepoch('subsec') * 1000000 AS INTEGER)"),
        (false, true) => due!("now()"),
        (false, false) => due!("CAST(unixepoch('subsec') * 1000000 AS INTEGER)"),
    };
    by_index(tx).await?;
    let mut rows = fetch_all!(tx, Row, sql, workspace.0, claim.id.0, limit)?;
    if !claim.ordered {
        // Thousands are due at the same moment where they are replayed: which of them come first does not matter.
        rows.sort_unstable_by_key(|row| (row.due_at, row.position));
    }
    rows.into_iter().map(Delivery::try_from).collect()
}

/// What becomes of a delivery after an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum After {
    /// It is tried again after this long.
    Wait(Duration),
    /// It has ended so.
    End(State),
}

/// An attempt at a delivery, and what becomes of that.
#[derive(Debug, Clone)]
pub struct Noted {
    /// The delivery.
    pub delivery: DeliveryId,
    /// The attempt.
    pub attempt: Attempt,
    /// What becomes of the delivery.
    pub after: After,
}

// Rows are found by their ids alone: what reads JSON may not be asked about rows of other workspaces, so that is done
// before; and the index of all that wait would look short enough to go through. So would the one of all ids, to PostgreSQL
// when it planned for few rows: it gets them as an array.
macro_rules! note {
    ($begin:literal, $among:literal, $now:literal, $micro:literal) => {
        concat!(
            $begin,
            " UPDATE webhook_deliveries SET attempts = attempts + 1, tried = tried + 1, state = becomes, due_at = ",
            $now,
            " + wait * ",
            $micro,
            ", ended_at = CASE WHEN becomes <> 'pending' THEN $3 END
             FROM new WHERE workspace_id = $1 AND id = delivery",
            $among,
            " AND state NOT IN ('delivered', 'failed') RETURNING id, attempts"
        )
    };
}

const NOTE_POSTGRES: &str = note!(
    "WITH new AS MATERIALIZED (SELECT CAST(row ->> 0 AS UUID) AS delivery, row ->> 1 AS becomes, CAST(row ->> 2 AS BIGINT) AS wait
                  FROM jsonb_array_elements(CAST($2 AS JSONB)) AS all_rows (row))",
    " AND id = ANY (ARRAY(SELECT delivery FROM new))",
    "now()",
    "INTERVAL '1 microsecond'"
);
const NOTE_SQLITE: &str = note!(
    "WITH new AS MATERIALIZED (SELECT unhex(value ->> 0) AS delivery, value ->> 1 AS becomes, value ->> 2 AS wait FROM json_each($2))",
    "",
    "CAST(unixepoch('subsec') * 1000000 AS INTEGER)",
    "1"
);

macro_rules! attempted {
    ($rest:literal) => {
        concat!(
            "INSERT INTO webhook_attempts (delivery_id, number, workspace_id, at, duration_ms, status, failure, excerpt) ",
            $rest
        )
    };
}

const ATTEMPTED_POSTGRES: &str = attempted!(
    "SELECT CAST(row ->> 0 AS UUID), CAST(row ->> 1 AS BIGINT), $1,
         TIMESTAMPTZ 'epoch' + CAST(row ->> 2 AS BIGINT) * INTERVAL '1 microsecond', CAST(row ->> 3 AS BIGINT),
         CAST(row ->> 4 AS BIGINT), row ->> 5, row ->> 6
     FROM jsonb_array_elements(CAST($2 AS JSONB)) AS all_rows (row)"
);
const ATTEMPTED_SQLITE: &str = attempted!(
    "SELECT unhex(value ->> 0), value ->> 1, $1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6
     FROM json_each($2)"
);

/// Notes attempts at different pending deliveries, and what becomes of those. The lease has to be kept in the same
/// transaction.
///
/// Errors with [`Error::Stale`] where one is not pending; then nothing may be kept.
pub async fn note(tx: &mut Tx, attempts: &[Noted]) -> Result<(), Error> {
    let workspace = tx.workspace()?;
    let now = tx.now();
    let becomes = attempts.iter().map(|Noted { delivery, after, .. }| {
        let (state, wait) = match *after {
            After::Wait(wait) => (State::Pending, wait),
            After::End(state) => (state, Duration::ZERO),
        };
        json!([hex(delivery.0), state.as_str(), micros(wait)])
    });
    let becomes = serde_json::Value::from_iter(becomes).to_string();
    let sql = if tx.is_postgres() { NOTE_POSTGRES } else { NOTE_SQLITE };
    by_index(tx).await?;
    let noted = fetch_all!(tx, (Uuid, i64), sql, workspace.0, becomes.as_str(), At(now))?;
    let numbers: HashMap<Uuid, i64> = noted.into_iter().collect();
    let mut rows = Vec::with_capacity(attempts.len());
    for Noted { delivery, attempt, .. } in attempts {
        let number = numbers.get(&delivery.0).ok_or(Error::Stale)?;
        rows.push(json!([
            hex(delivery.0),
            number,
            attempt.at.as_microsecond(),
            i64::try_from(attempt.duration.as_millis()).unwrap_or(i64::MAX),
            attempt.answer.ok(),
            attempt.answer.err().map(Failure::as_str),
            attempt.excerpt,
        ]));
    }
    let sql = if tx.is_postgres() { ATTEMPTED_POSTGRES } else { ATTEMPTED_SQLITE };
    execute!(tx, sql, workspace.0, serde_json::Value::from(rows).to_string())?;
    Ok(())
}

#[derive(FromRow)]
struct AttemptRow {
    at: At,
    duration_ms: i64,
    status: Option<i64>,
    failure: Option<String>,
    excerpt: String,
}

impl TryFrom<AttemptRow> for Attempt {
    type Error = Error;

    fn try_from(row: AttemptRow) -> Result<Self, Error> {
        let status = row.status.and_then(|status| u16::try_from(status).ok());
        let failure = row.failure.as_deref().and_then(Failure::parse);
        let corrupt =
            || Error::Corrupt { what: "attempt", found: format!("{:?} {:?}", row.status, row.failure) };
        Ok(Self {
            at: row.at.0,
            duration: Duration::from_millis(u64::try_from(row.duration_ms).unwrap_or(0)),
            answer: match (status, failure) {
                (Some(status), None) => Ok(status),
                (None, Some(failure)) => Err(failure),
                _ => return Err(corrupt()),
            },
            excerpt: row.excerpt,
            retry_after: None,
        })
    }
}

/// The attempts at a delivery, newest first, at most a hundred.
pub async fn attempts(tx: &mut Tx, id: DeliveryId) -> Result<Vec<Attempt>, Error> {
    let workspace = tx.workspace()?;
    let rows = fetch_all!(
        tx,
        AttemptRow,
        "SELECT at, duration_ms, status, failure, excerpt FROM webhook_attempts
         WHERE workspace_id = $1 AND delivery_id = $2 ORDER BY number DESC LIMIT 100",
        workspace.0,
        id.0,
    )?;
    rows.into_iter().map(Attempt::try_from).collect()
}

/// Makes deliveries pending, due now, and the next attempt the first of a new round.
macro_rules! again {
    ($now:literal) => {
        concat!(
            "UPDATE webhook_deliveries SET state = 'pending', tried = 0, ended_at = NULL, due_at = ",
            $now,
            " WHERE workspace_id = $1 AND webhook_id = $2 AND "
        )
    };
}

/// Has one delivery sent again, whatever became of it. Gives whether there is such a one.
pub async fn replay(tx: &mut Tx, webhook: WebhookId, id: DeliveryId) -> Result<bool, Error> {
    let workspace = tx.workspace()?;
    let sql = if tx.is_postgres() {
        concat!(again!("now()"), "id = $3")
    } else {
        concat!(again!("CAST(unixepoch('subsec') * 1000000 AS INTEGER)"), "id = $3")
    };
    let touched = execute!(tx, sql, workspace.0, webhook.0, id.0)?;
    tx.wake(Wake::Webhooks);
    Ok(touched == 1)
}

/// Has up to `limit` deliveries that failed sent again; with `since`, of those that were made then or later. Gives how
/// many they are.
pub async fn replay_failed(
    tx: &mut Tx,
    webhook: WebhookId,
    since: Option<Timestamp>,
    limit: i64,
) -> Result<u64, Error> {
    macro_rules! which {
        ($now:literal) => {
            concat!(
                again!($now),
                "id IN (SELECT id FROM webhook_deliveries
                 WHERE webhook_id = $2 AND state = 'failed' AND created_at >= $3 ORDER BY position LIMIT $4)"
            )
        };
    }
    let workspace = tx.workspace()?;
    let sql = if tx.is_postgres() {
        which!("now()")
    } else {
        which!("CAST(unixepoch('subsec') * 1000000 AS INTEGER)")
    };
    let since = since.unwrap_or(Timestamp::UNIX_EPOCH);
    let touched = execute!(tx, sql, workspace.0, webhook.0, At(since), limit)?;
    tx.wake(Wake::Webhooks);
    Ok(touched)
}

/// How many deliveries wait, of webhooks that are told of anything. Needs the system's scope.
pub async fn pending(tx: &mut Tx) -> Result<i64, Error> {
    let (count,) = fetch_one!(
        tx,
        (i64,),
        "SELECT count(*) FROM webhooks w JOIN webhook_deliveries d ON d.webhook_id = w.id AND d.state = 'pending'
         WHERE w.enabled",
    )?;
    Ok(count)
}

/// Removes up to `limit` deliveries, with their attempts, that ended before `before`, or whose webhook is gone; those
/// that wait stay. Gives how many they were. Needs the system's scope.
pub async fn prune(tx: &mut Tx, before: Timestamp, limit: i64) -> Result<u64, Error> {
    let rows = fetch_all!(
        tx,
        (Uuid,),
        "SELECT id FROM webhook_deliveries WHERE ended_at < $1
         UNION ALL
         SELECT id FROM webhook_deliveries d WHERE NOT EXISTS (SELECT 1 FROM webhooks w WHERE w.id = d.webhook_id)
         LIMIT $2",
        At(before),
        limit,
    )?;
    let ids = serde_json::Value::from_iter(rows.iter().map(|(id,)| id.simple().to_string())).to_string();
    macro_rules! among {
        ($begin:literal) => {
            if tx.is_postgres() {
                concat!(
                    $begin,
                    " IN (SELECT CAST(value AS UUID) FROM jsonb_array_elements_text(CAST($1 AS JSONB)) AS value)"
                )
            } else {
                concat!($begin, " IN (SELECT unhex(value) FROM json_each($1))")
            }
        };
    }
    let (attempts, deliveries) = (
        among!("DELETE FROM webhook_attempts WHERE delivery_id"),
        among!("DELETE FROM webhook_deliveries WHERE id"),
    );
    execute!(tx, attempts, ids.as_str())?;
    execute!(tx, deliveries, ids.as_str())
}
