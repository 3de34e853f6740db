//! Who reads which partition for a group: leases with fences, shared fairly by the group's live members.
//!
//! A lease lasts 15 seconds from its last renewal. Taking a partition over counts its fence up, so that
//! whatever the former owner still had in flight is refused.

use std::time::Duration;

use domain::Topic;
use sqlx::FromRow;

use super::log::partition;
use crate::tx::{Tx, execute, fetch_all, fetch_one};
use crate::{Error, Wake};

/// A partition that was taken for a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// Which.
    pub owned: Owned,
    /// The next event to read.
    pub position: i64,
}

/// A partition of a group, and the fence that it is held under.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owned {
    /// The group.
    pub group: String,
    /// The topic.
    pub topic: Topic,
    /// The partition.
    pub partition: u32,
    /// The fence.
    pub fence: i64,
}

#[derive(FromRow)]
struct Row {
    consumer_group: String,
    topic: String,
    partition: i64,
    fence: i64,
    position: i64,
}

impl TryFrom<Row> for Lease {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        let (topic, partition) = partition(&row.topic, row.partition)?;
        let owned = Owned { group: row.consumer_group, topic, partition, fence: row.fence };
        Ok(Self { owned, position: row.position })
    }
}

fn names(groups: &[&str]) -> String {
    serde_json::json!(groups).to_string()
}

const TAKE_OVER: &str = "UPDATE bus_consumers SET owner = $1, fence = fence + 1, lease_until = NULL
    WHERE consumer_group IN (SELECT value FROM json_each($2))
    RETURNING consumer_group, topic, partition, fence, position";

/// Takes every partition of `groups`, whoever had them: for a process that has the database for itself.
///
/// Only for SQLite, where a second process is refused at the door.
pub async fn take_over_all(tx: &mut Tx, owner: &str, groups: &[&str]) -> Result<Vec<Lease>, Error> {
    let rows = fetch_all!(tx, Row, TAKE_OVER, owner, names(groups))?;
    rows.into_iter().map(Lease::try_from).collect()
}

const JOIN: &str = "INSERT INTO bus_members (consumer_group, owner, lease_until)
    SELECT value, $1, now() + INTERVAL '15 seconds' FROM jsonb_array_elements_text(CAST($2 AS JSONB)) AS value
    ON CONFLICT (consumer_group, owner) DO UPDATE SET lease_until = EXCLUDED.lease_until
    RETURNING xmax = 0";

/// Says that `owner` is a live member of `groups` for the next 15 seconds; gives whether it is new to one.
pub async fn join(tx: &mut Tx, owner: &str, groups: &[&str]) -> Result<bool, Error> {
    let rows = fetch_all!(tx, (bool,), JOIN, owner, names(groups))?;
    Ok(rows.into_iter().any(|(new,)| new))
}

// Nobody is waited for: whom a transaction moves the place of right now keeps its lease by that, and a transaction that
// hangs must not cost the others theirs.
const RENEW: &str = "WITH mine AS MATERIALIZED (
        SELECT consumer_group, topic, partition FROM bus_consumers WHERE owner = $1
        FOR NO KEY UPDATE SKIP LOCKED
    ), renewed AS (
        UPDATE bus_consumers c SET lease_until = now() + INTERVAL '15 seconds' FROM mine
        WHERE c.consumer_group = mine.consumer_group AND c.topic = mine.topic AND c.partition = mine.partition
    )
    SELECT consumer_group, topic, partition, fence, position FROM bus_consumers WHERE owner = $1
    ORDER BY consumer_group, topic, partition";

/// Renews everything that `owner` has, but what a transaction has in its hands; gives all that is its own.
pub async fn renew(tx: &mut Tx, owner: &str) -> Result<Vec<Owned>, Error> {
    let rows = fetch_all!(tx, Row, RENEW, owner)?;
    rows.into_iter().map(|row| Ok(Lease::try_from(row)?.owned)).collect()
}

/// How many members of each group are alive.
pub async fn live_members(tx: &mut Tx, groups: &[&str]) -> Result<Vec<(String, i64)>, Error> {
    fetch_all!(
        tx,
        (String, i64),
        "SELECT consumer_group, count(*) FROM bus_members
         WHERE lease_until > now()
           AND consumer_group IN (SELECT jsonb_array_elements_text(CAST($1 AS JSONB)))
         GROUP BY consumer_group",
        names(groups),
    )
}

const TAKE_FREE: &str = "WITH free AS MATERIALIZED (
        SELECT consumer_group, topic, partition FROM bus_consumers
        WHERE consumer_group = $1 AND (owner IS NULL OR lease_until <= now())
        ORDER BY topic, partition LIMIT $3 FOR UPDATE SKIP LOCKED
    )
    UPDATE bus_consumers c SET owner = $2, fence = c.fence + 1, lease_until = now() + INTERVAL '15 seconds'
    FROM free
    WHERE c.consumer_group = free.consumer_group AND c.topic = free.topic AND c.partition = free.partition
    RETURNING c.consumer_group, c.topic, c.partition, c.fence, c.position";

/// Takes up to `limit` partitions of `group` that nobody has, or whose owner has not renewed its lease.
pub async fn take_free(tx: &mut Tx, owner: &str, group: &str, limit: i64) -> Result<Vec<Lease>, Error> {
    let rows = fetch_all!(tx, Row, TAKE_FREE, group, owner, limit)?;
    rows.into_iter().map(Lease::try_from).collect()
}

const EXPIRY: &str = "SELECT CAST(EXTRACT(EPOCH FROM min(lease_until) - now()) * 1000000 AS BIGINT)
    FROM bus_consumers
    WHERE owner <> $1 AND consumer_group IN (SELECT jsonb_array_elements_text(CAST($2 AS JSONB)))";

/// How long it is until the first lease of others in `groups` ends, unless it is renewed.
pub async fn next_expiry(tx: &mut Tx, owner: &str, groups: &[&str]) -> Result<Option<Duration>, Error> {
    let (micros,) = fetch_one!(tx, (Option<i64>,), EXPIRY, owner, names(groups))?;
    Ok(micros.map(|micros| Duration::from_micros(u64::try_from(micros).unwrap_or(0))))
}

/// Moves the group's place in a partition to `position`, the next event to read, unless it is further already.
///
/// Gives whether the fence was still the newest: if not, the partition is somebody else's.
pub async fn commit(tx: &mut Tx, owned: &Owned, position: i64) -> Result<bool, Error> {
    let touched = execute!(
        tx,
        "UPDATE bus_consumers SET position = CASE WHEN position < $5 THEN $5 ELSE position END
         WHERE consumer_group = $1 AND topic = $2 AND partition = $3 AND fence = $4",
        owned.group.as_str(),
        owned.topic.as_str(),
        i64::from(owned.partition),
        owned.fence,
        position,
    )?;
    Ok(touched == 1)
}

/// Gives one partition back for others to take, if it is still held under that fence.
pub async fn release(tx: &mut Tx, owned: &Owned) -> Result<(), Error> {
    execute!(
        tx,
        "UPDATE bus_consumers SET owner = NULL, lease_until = NULL
         WHERE consumer_group = $1 AND topic = $2 AND partition = $3 AND fence = $4",
        owned.group.as_str(),
        owned.topic.as_str(),
        i64::from(owned.partition),
        owned.fence,
    )?;
    tx.wake(Wake::Leases);
    Ok(())
}

/// Gives everything back that `owner` has, and ends its membership of every group.
pub async fn leave(tx: &mut Tx, owner: &str) -> Result<(), Error> {
    execute!(tx, "UPDATE bus_consumers SET owner = NULL, lease_until = NULL WHERE owner = $1", owner)?;
    execute!(tx, "DELETE FROM bus_members WHERE owner = $1", owner)?;
    tx.wake(Wake::Leases);
    Ok(())
}

/// Forgets members whose lease ended more than a minute ago.
pub async fn forget_members(tx: &mut Tx) -> Result<(), Error> {
    execute!(tx, "DELETE FROM bus_members WHERE lease_until < now() - INTERVAL '1 minute'")?;
    Ok(())
}

/// Who has the group's partitions now, once for each that somebody has.
pub async fn owners(tx: &mut Tx, group: &str) -> Result<Vec<String>, Error> {
    let rows = fetch_all!(
        tx,
        (String,),
        "SELECT owner FROM bus_consumers WHERE consumer_group = $1 AND owner IS NOT NULL ORDER BY topic, partition",
        group,
    )?;
    Ok(rows.into_iter().map(|(owner,)| owner).collect())
}
