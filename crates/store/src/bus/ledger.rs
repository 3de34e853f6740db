//! The inbox ledger: which group has handled which event. Its row and the effect are one transaction.

use domain::Topic;
use domain::ids::EventId;
use uuid::Uuid;

use crate::Error;
use crate::at::At;
use crate::tx::{Tx, execute, fetch_all, fetch_optional};

/// Takes the event for `group`: the ledger's row, if there is none yet and the worker's lease is the newest.
///
/// Errors with [`Error::Stale`] otherwise; then nothing may be done for it.
pub async fn take(
    tx: &mut Tx,
    group: &str,
    topic: Topic,
    partition: u32,
    fence: i64,
    event: EventId,
) -> Result<(), Error> {
    let workspace = tx.workspace()?;
    let now = tx.now();
    let taken = execute!(
        tx,
        "INSERT INTO inbox_ledger (consumer_group, event_id, workspace_id, handled_at)
         SELECT consumer_group, $5, $6, $7 FROM bus_consumers
         WHERE consumer_group = $1 AND topic = $2 AND partition = $3 AND fence = $4
         ON CONFLICT (consumer_group, event_id) DO NOTHING",
        group,
        topic.as_str(),
        i64::from(partition),
        fence,
        event.0,
        workspace.0,
        At(now),
    )?;
    if taken == 1 { Ok(()) } else { Err(Error::Stale) }
}

const TAKE_POSTGRES: &str = "INSERT INTO inbox_ledger (consumer_group, event_id, workspace_id, handled_at)
    SELECT consumer_group, CAST(value AS UUID), $5, $6
    FROM bus_consumers, jsonb_array_elements_text(CAST($7 AS JSONB)) AS value
    WHERE consumer_group = $1 AND topic = $2 AND partition = $3 AND fence = $4
    ON CONFLICT (consumer_group, event_id) DO NOTHING RETURNING event_id";
const TAKE_SQLITE: &str = "INSERT INTO inbox_ledger (consumer_group, event_id, workspace_id, handled_at)
    SELECT consumer_group, unhex(value), $5, $6
    FROM bus_consumers, json_each($7)
    WHERE consumer_group = $1 AND topic = $2 AND partition = $3 AND fence = $4
    ON CONFLICT (consumer_group, event_id) DO NOTHING RETURNING event_id";

/// Takes several events of one partition for `group` at once; gives those that were not taken before.
///
/// Errors with [`Error::Stale`] where the worker's lease is not the newest.
pub async fn take_all(
    tx: &mut Tx,
    group: &str,
    topic: Topic,
    partition: u32,
    fence: i64,
    events: &[EventId],
) -> Result<Vec<EventId>, Error> {
    let workspace = tx.workspace()?;
    let now = tx.now();
    let sql = if tx.is_postgres() { TAKE_POSTGRES } else { TAKE_SQLITE };
    let ids =
        serde_json::Value::from_iter(events.iter().map(|event| event.0.simple().to_string())).to_string();
    let rows = fetch_all!(
        tx,
        (Uuid,),
        sql,
        group,
        topic.as_str(),
        i64::from(partition),
        fence,
        workspace.0,
        At(now),
        ids.as_str(),
    )?;
    // Nothing was fresh, or the lease is not the newest.
    if rows.is_empty() {
        let current = fetch_optional!(
            tx,
            (i64,),
            "SELECT fence FROM bus_consumers WHERE consumer_group = $1 AND topic = $2 AND partition = $3",
            group,
            topic.as_str(),
            i64::from(partition),
        )?;
        if current != Some((fence,)) {
            return Err(Error::Stale);
        }
    }
    Ok(rows.into_iter().map(|(id,)| EventId(id)).collect())
}

/// An event can come again from where its group's place is kept, and not from before: what was handled before the
/// oldest event at such a place was made is done with. An hour is allowed for clocks that differ. How old an event is
/// that a broker has is not known here: there, nothing may be unread at all.
macro_rules! prune {
    ($week:literal, $hour:literal) => {
        concat!(
            "DELETE FROM inbox_ledger WHERE (consumer_group, event_id) IN (
                 SELECT i.consumer_group, i.event_id FROM inbox_ledger i
                 WHERE i.handled_at < ",
            $week,
            " AND NOT EXISTS (
                     SELECT 1 FROM bus_consumers c
                     JOIN bus_log l
                         ON l.topic = c.topic AND l.partition = c.partition AND l.position = c.position
                     WHERE c.consumer_group = i.consumer_group AND l.created_at < i.handled_at + ",
            $hour,
            ")
                 AND NOT EXISTS (
                     SELECT 1 FROM bus_consumers c
                     JOIN bus_partitions p ON p.topic = c.topic AND p.partition = c.partition
                     WHERE c.consumer_group = i.consumer_group AND c.position < p.next_position
                         AND p.home <> 'database:')
                 LIMIT $1)"
        )
    };
}

const PRUNE_POSTGRES: &str = prune!("now() - INTERVAL '7 days'", "INTERVAL '1 hour'");
const PRUNE_SQLITE: &str = prune!("(unixepoch() - 7 * 86400) * 1000000", "3600000000");

/// Forgets up to `limit` events that were handled more than 7 days ago and cannot come again; gives how many they
/// were.
pub async fn prune_ledger(tx: &mut Tx, limit: i64) -> Result<u64, Error> {
    let sql = if tx.is_postgres() { PRUNE_POSTGRES } else { PRUNE_SQLITE };
    execute!(tx, sql, limit)
}
