//! The log: what the relay has given a position, for every group to read.

use std::time::Duration;

use domain::ids::{EventId, WorkspaceId};
use domain::{Topic, TraceParent};
use sqlx::FromRow;
use uuid::Uuid;

use crate::Error;
use crate::tx::{Tx, execute, fetch_all, fetch_one, fetch_optional};

/// One event in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Logged {
    /// Its place in its partition; they are dense.
    pub position: i64,
    /// The event's id.
    pub event: EventId,
    /// Its workspace.
    pub workspace: WorkspaceId,
    /// The envelope, as JSON.
    pub envelope: String,
}

#[derive(FromRow)]
struct LoggedRow {
    position: i64,
    event_id: Uuid,
    workspace_id: Uuid,
    envelope: String,
}

impl From<LoggedRow> for Logged {
    fn from(row: LoggedRow) -> Self {
        Self {
            position: row.position,
            event: EventId(row.event_id),
            workspace: WorkspaceId(row.workspace_id),
            envelope: row.envelope,
        }
    }
}

/// How far one group is behind in one partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lag {
    /// The group.
    pub group: String,
    /// The topic.
    pub topic: Topic,
    /// The partition.
    pub partition: u32,
    /// How many events wait.
    pub events: i64,
}

/// What waits in the outbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outstanding {
    /// How many events.
    pub events: i64,
    /// The age of the oldest.
    pub oldest: Duration,
}

fn topic(text: &str) -> Result<Topic, Error> {
    Topic::parse(text).ok_or_else(|| Error::Corrupt { what: "topic", found: text.to_owned() })
}

pub(super) fn partition(topic: &str, partition: i64) -> Result<(Topic, u32), Error> {
    let number = u32::try_from(partition)
        .map_err(|_| Error::Corrupt { what: "partition", found: partition.to_string() })?;
    Ok((self::topic(topic)?, number))
}

const ENSURE_POSTGRES: &str = "INSERT INTO bus_partitions (topic, partition, next_position)
    SELECT pair ->> 0, CAST(pair ->> 1 AS BIGINT), 0 FROM jsonb_array_elements(CAST($1 AS JSONB)) AS pair
    WHERE pair ->> 0 NOT IN (SELECT topic FROM bus_partitions)
    ON CONFLICT (topic, partition) DO NOTHING";
const ENSURE_SQLITE: &str = "INSERT INTO bus_partitions (topic, partition, next_position)
    SELECT value ->> 0, value ->> 1, 0 FROM json_each($1)
    WHERE value ->> 0 NOT IN (SELECT topic FROM bus_partitions)
    ON CONFLICT (topic, partition) DO NOTHING";
const ENSURE_GROUP: &str = "INSERT INTO bus_consumers (consumer_group, topic, partition, position, fence)
    SELECT $1, topic, partition, 0, 0 FROM bus_partitions WHERE topic = $2
    ON CONFLICT (consumer_group, topic, partition) DO NOTHING";

/// Makes what is missing: the partitions of topics that have none, and for each group its place in those of its topics.
/// A topic with another number of partitions keeps it: to which of them a record's events go would change.
///
/// A new group begins at the oldest event that is still kept.
pub async fn ensure(tx: &mut Tx, groups: &[(&'static str, &'static [Topic])]) -> Result<(), Error> {
    let pairs =
        Topic::all_partitions().map(|(topic, partition)| serde_json::json!([topic.as_str(), partition]));
    let pairs = serde_json::Value::from_iter(pairs).to_string();
    let sql = if tx.is_postgres() { ENSURE_POSTGRES } else { ENSURE_SQLITE };
    execute!(tx, sql, pairs.as_str())?;
    for (group, topics) in groups {
        for topic in *topics {
            execute!(tx, ENSURE_GROUP, *group, topic.as_str())?;
        }
    }
    Ok(())
}

/// The traces of a partition's events from one position up to another.
pub async fn traces(
    tx: &mut Tx,
    topic: Topic,
    partition: u32,
    from: i64,
    to: i64,
) -> Result<Vec<TraceParent>, Error> {
    // The trace stands before everything that can be long.
    let heads = fetch_all!(
        tx,
        (String,),
        "SELECT substr(envelope, 1, 512) FROM bus_log
         WHERE topic = $1 AND partition = $2 AND position >= $3 AND position < $4",
        topic.as_str(),
        i64::from(partition),
        from,
        to,
    )?;
    Ok(heads.iter().filter_map(|(head,)| trace_in(head)).collect())
}

/// The trace that the beginning of an envelope names.
pub(super) fn trace_in(head: &str) -> Option<TraceParent> {
    let (_, rest) = head.split_once("\"traceparent\":\"")?;
    rest.split('"').next()?.parse().ok()
}

/// Up to `limit` events of one partition from `position` on.
pub async fn read(
    tx: &mut Tx,
    topic: Topic,
    partition: u32,
    position: i64,
    limit: i64,
) -> Result<Vec<Logged>, Error> {
    let rows = fetch_all!(
        tx,
        LoggedRow,
        "SELECT position, event_id, workspace_id, envelope FROM bus_log
         WHERE topic = $1 AND partition = $2 AND position >= $3 ORDER BY position LIMIT $4",
        topic.as_str(),
        i64::from(partition),
        position,
        limit,
    )?;
    Ok(rows.into_iter().map(Logged::from).collect())
}

/// Up to `limit` events of one workspace in one partition, from `from` up to and without `to`.
pub async fn read_of(
    tx: &mut Tx,
    workspace: WorkspaceId,
    (topic, partition): (Topic, u32),
    (from, to): (i64, i64),
    limit: i64,
) -> Result<Vec<Logged>, Error> {
    let rows = fetch_all!(
        tx,
        LoggedRow,
        "SELECT position, event_id, workspace_id, envelope FROM bus_log
         WHERE workspace_id = $1 AND topic = $2 AND partition = $3 AND position >= $4 AND position < $5
         ORDER BY position LIMIT $6",
        workspace.0,
        topic.as_str(),
        i64::from(partition),
        from,
        to,
        limit,
    )?;
    Ok(rows.into_iter().map(Logged::from).collect())
}

/// The first position of a partition at or after `position` that is still kept.
pub async fn oldest_from(
    tx: &mut Tx,
    topic: Topic,
    partition: u32,
    position: i64,
) -> Result<Option<i64>, Error> {
    let row = fetch_optional!(
        tx,
        (i64,),
        "SELECT position FROM bus_log WHERE topic = $1 AND partition = $2 AND position >= $3
         ORDER BY position LIMIT 1",
        topic.as_str(),
        i64::from(partition),
        position,
    )?;
    Ok(row.map(|(position,)| position))
}

/// The position that the next event will have, for every partition.
pub async fn end(tx: &mut Tx) -> Result<Vec<((Topic, u32), i64)>, Error> {
    let rows =
        fetch_all!(tx, (String, i64, i64), "SELECT topic, partition, next_position FROM bus_partitions")?;
    // A partition of a topic that this version does not know is another version's.
    Ok(rows
        .into_iter()
        .filter_map(|(name, number, end)| Some((partition(&name, number).ok()?, end)))
        .collect())
}

/// A partition that a group has not read to the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unread {
    /// The group.
    pub group: String,
    /// The topic.
    pub topic: Topic,
    /// The partition.
    pub partition: u32,
    /// The position of its next event.
    pub end: i64,
}

/// The partitions that `owner` has leases on and has not read to the end, by group.
pub async fn unread(tx: &mut Tx, owner: &str) -> Result<Vec<Unread>, Error> {
    let rows = fetch_all!(
        tx,
        (String, String, i64, i64),
        "SELECT c.consumer_group, c.topic, c.partition, p.next_position FROM bus_consumers c
         JOIN bus_partitions p ON p.topic = c.topic AND p.partition = c.partition
         WHERE c.owner = $1 AND c.position < p.next_position",
        owner,
    )?;
    rows.into_iter()
        .map(|(group, name, number, end)| {
            let (topic, partition) = partition(&name, number)?;
            Ok(Unread { group, topic, partition, end })
        })
        .collect()
}

const BACKLOG_POSTGRES: &str = "SELECT count(*),
    CAST(COALESCE(EXTRACT(EPOCH FROM now() - min(created_at)) * 1000000, 0) AS BIGINT) FROM outbox";
const BACKLOG_SQLITE: &str = "SELECT count(*),
    COALESCE(CAST(unixepoch('subsec') * 1000000 AS INTEGER) - min(created_at), 0) FROM outbox";

/// What waits in the outbox.
pub async fn outbox_backlog(tx: &mut Tx) -> Result<Outstanding, Error> {
    let sql = if tx.is_postgres() { BACKLOG_POSTGRES } else { BACKLOG_SQLITE };
    let (events, micros) = fetch_one!(tx, (i64, i64), sql)?;
    Ok(Outstanding { events, oldest: Duration::from_micros(u64::try_from(micros).unwrap_or(0)) })
}

/// How far each group is behind in each partition of its topics.
pub async fn lag(tx: &mut Tx) -> Result<Vec<Lag>, Error> {
    let rows = fetch_all!(
        tx,
        (String, String, i64, i64),
        "SELECT c.consumer_group, c.topic, c.partition, p.next_position - c.position FROM bus_consumers c
         JOIN bus_partitions p ON p.topic = c.topic AND p.partition = c.partition
         ORDER BY c.consumer_group, c.topic, c.partition",
    )?;
    rows.into_iter()
        .map(|(group, name, number, events)| {
            let (topic, partition) = partition(&name, number)?;
            Ok(Lag { group, topic, partition, events })
        })
        .collect()
}

// The oldest come first: a look at the beginning of each partition finds what is old. What a clock that was ahead has
// stamped is not its beginning. Where nothing is old, as mostly, nothing but these beginnings may be read.
const PRUNE_POSTGRES: &str = "DELETE FROM bus_log WHERE (topic, partition, position) IN (
    SELECT l.topic, l.partition, l.position FROM bus_partitions p
    CROSS JOIN LATERAL (
        SELECT topic, partition, position, created_at FROM bus_log
        WHERE topic = p.topic AND partition = p.partition AND position >= (
            SELECT min(first.position) FROM bus_log first
            WHERE first.topic = p.topic AND first.partition = p.partition AND first.created_at <= now())
        ORDER BY position LIMIT $1) l
    WHERE l.created_at < now() - INTERVAL '24 hours' AND NOT EXISTS (
        SELECT 1 FROM bus_consumers c
        WHERE c.topic = l.topic AND c.partition = l.partition AND c.position <= l.position)
    LIMIT $1)";
const PRUNE_SQLITE: &str = "DELETE FROM bus_log WHERE (topic, partition, position) IN (
    SELECT l.topic, l.partition, l.position FROM bus_partitions p
    CROSS JOIN bus_log l ON l.topic = p.topic AND l.partition = p.partition
        AND l.position < $1 + (
            SELECT min(first.position) FROM bus_log first
            WHERE first.topic = p.topic AND first.partition = p.partition AND first.created_at <= unixepoch() * 1000000)
    WHERE l.created_at < (unixepoch() - 86400) * 1000000 AND NOT EXISTS (
        SELECT 1 FROM bus_consumers c
        WHERE c.topic = l.topic AND c.partition = l.partition AND c.position <= l.position)
    LIMIT $1)";

/// Removes up to `limit` events that are older than a day and that every group has passed; gives how many.
pub async fn prune_log(tx: &mut Tx, limit: i64) -> Result<u64, Error> {
    let sql = if tx.is_postgres() { PRUNE_POSTGRES } else { PRUNE_SQLITE };
    execute!(tx, sql, limit)
}
