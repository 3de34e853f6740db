//! The log: what the relay has given a position, for every group to read.

use std::time::Duration;

use domain::ids::{EventId, WorkspaceId};
use domain::{Topic, TraceParent};
use sqlx::{AssertSqlSafe, FromRow};
use uuid::Uuid;

use crate::tx::{self, Connection, Tx, execute, fetch_all, fetch_one, fetch_optional};
use crate::{Error, Wake};

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

/// What one round of the relay did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Moved {
    /// How many partitions it had for itself; with none, nothing waits that others do not have.
    pub partitions: usize,
    /// How many events it moved.
    pub events: i64,
    /// The positions that they got, from and up to which, in each partition.
    pub positions: Vec<(Topic, u32, i64, i64)>,
    /// The events themselves by partition, each in order, where they are no more than 32.
    pub logged: Vec<((Topic, u32), Vec<Logged>)>,
}

/// How many events a round of the relay gives back at most: those who wait for them begin before the round is committed.
/// Where there are more, reading them again is cheaper than one relay that reads for all.
const FEW: i64 = 32;

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

/// Moves up to `limit` events from the outbox to the log, in the order of their ids in each partition.
///
/// A relay has a partition for itself while it moves its events, so several relays work side by side. Rows
/// are taken as they are seen, never from a remembered id on: transactions commit out of order.
pub async fn relay(tx: &mut Tx, limit: i64) -> Result<Moved, Error> {
    let rows =
        if tx.is_postgres() { relay_postgres(tx, limit).await? } else { relay_sqlite(tx, limit).await? };
    let mut moved = Moved::default();
    let mut last = None;
    for row in rows {
        let place @ (topic, partition) = partition(&row.topic, row.partition)?;
        // A partition's rows follow each other: one for each event that is given back, or one.
        if last.replace(place) != Some(place) {
            let (count, end) = (row.events, row.next_position);
            moved.partitions += 1;
            moved.events += count;
            if count > 0 {
                tx.wake(Wake::Log(topic, partition, end));
                moved.positions.push((topic, partition, end - count, end));
            }
        }
        let Some(event) = row.logged() else { continue };
        match moved.logged.last_mut() {
            Some((of, events)) if *of == place => events.push(event),
            _ => moved.logged.push((place, vec![event])),
        }
    }
    Ok(moved)
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

// What is moved is what the statement's one look at the outbox saw, less what another relay has moved before its partition
// was free. Of a key no event is seen, or was seen by that relay, without those before it: their order stays. Envelopes are
// copied once, from the outbox to the log: what is sorted and counted are places.
const MOVE: &str = "WITH seen AS MATERIALIZED (
        SELECT ctid AS place, topic, partition FROM outbox ORDER BY id LIMIT {limit}
    ), mine AS MATERIALIZED (
        SELECT topic, partition, next_position FROM bus_partitions
        WHERE (topic, partition) IN (SELECT topic, partition FROM seen)
        ORDER BY topic, partition FOR UPDATE SKIP LOCKED
    ), sent AS (
        DELETE FROM outbox o USING seen, mine
        WHERE o.ctid = seen.place AND mine.topic = seen.topic AND mine.partition = seen.partition
        RETURNING seen.place, o.id, mine.topic, mine.partition, next_position
    ), taken AS MATERIALIZED (
        SELECT place, topic, partition,
            next_position + row_number() OVER (PARTITION BY topic, partition ORDER BY id) - 1 AS position
        FROM sent
    ), logged AS (
        INSERT INTO bus_log (topic, partition, position, workspace_id, event_id, envelope, created_at)
        SELECT taken.topic, taken.partition, position, workspace_id, event_id, envelope, created_at
        FROM taken JOIN outbox o ON o.ctid = place
    ), grown AS (
        UPDATE bus_partitions p SET next_position = counted.next_position
        FROM (SELECT topic, partition, count(*) AS events, max(position) + 1 AS next_position
              FROM taken GROUP BY topic, partition) counted
        WHERE p.topic = counted.topic AND p.partition = counted.partition
        RETURNING p.topic, p.partition, counted.events, p.next_position
    ), few AS (
        SELECT taken.topic, taken.partition, position, event_id, workspace_id, envelope
        FROM taken JOIN outbox o ON o.ctid = place WHERE (SELECT count(*) FROM taken) <= {few}
    )
    SELECT topic, partition, COALESCE(events, 0) AS events,
        COALESCE(grown.next_position, mine.next_position) AS next_position, position, event_id, workspace_id, envelope
    FROM mine LEFT JOIN grown USING (topic, partition) LEFT JOIN few USING (topic, partition)
    ORDER BY topic, partition, position";

/// A partition, how many events it got, and the position of its next one; with one of the events, where they are few.
#[derive(FromRow)]
struct Grown {
    topic: String,
    partition: i64,
    events: i64,
    next_position: i64,
    position: Option<i64>,
    event_id: Option<Uuid>,
    workspace_id: Option<Uuid>,
    envelope: Option<String>,
}

impl Grown {
    fn logged(self) -> Option<Logged> {
        Some(Logged {
            position: self.position?,
            event: EventId(self.event_id?),
            workspace: WorkspaceId(self.workspace_id?),
            envelope: self.envelope?,
        })
    }
}

async fn relay_postgres(tx: &mut Tx, limit: i64) -> Result<Vec<Grown>, Error> {
    // As parameters, the numbers would change what PostgreSQL expects, so that it plans each time anew: that takes longer
    // than to move a few events.
    let text = MOVE.replace("{limit}", &limit.to_string()).replace("{few}", &FEW.to_string());
    tx.wrote = true;
    let Connection::Postgres(connection) = tx::ready(tx).await? else {
        return Err(Error::GivenUp("the transaction is not PostgreSQL's"));
    };
    Ok(sqlx::query_as(AssertSqlSafe(text)).fetch_all(&mut **connection).await?)
}

const GROWN_BY_FEW: &str = "SELECT o.topic, o.partition, count(*) OVER place AS events,
        next_position + count(*) OVER place AS next_position,
        next_position + row_number() OVER (PARTITION BY o.topic, o.partition ORDER BY o.id) - 1 AS position,
        event_id, workspace_id, envelope
    FROM outbox o JOIN bus_partitions p ON p.topic = o.topic AND p.partition = o.partition
    WHERE o.id <= $1 WINDOW place AS (PARTITION BY o.topic, o.partition)
    ORDER BY o.topic, o.partition, position";
const GROWN_BY_MANY: &str = "SELECT o.topic, o.partition, count(*) AS events,
        next_position + count(*) AS next_position,
        NULL AS position, NULL AS event_id, NULL AS workspace_id, NULL AS envelope
    FROM outbox o JOIN bus_partitions p ON p.topic = o.topic AND p.partition = o.partition
    WHERE o.id <= $1 GROUP BY o.topic, o.partition";

async fn relay_sqlite(tx: &mut Tx, limit: i64) -> Result<Vec<Grown>, Error> {
    // There is one writer: what is seen now is all there is, and nothing can slip in below the last id.
    let (last, count) = fetch_one!(
        tx,
        (Option<i64>, i64),
        "SELECT max(id), count(*) FROM (SELECT id FROM outbox ORDER BY id LIMIT $1)",
        limit
    )?;
    let Some(last) = last else { return Ok(Vec::new()) };
    execute!(
        tx,
        "INSERT INTO bus_log (topic, partition, position, workspace_id, event_id, envelope, created_at)
         SELECT o.topic, o.partition,
             next_position + row_number() OVER (PARTITION BY o.topic, o.partition ORDER BY o.id) - 1,
             workspace_id, event_id, envelope, created_at
         FROM outbox o JOIN bus_partitions p ON p.topic = o.topic AND p.partition = o.partition
         WHERE o.id <= $1",
        last,
    )?;
    let moved = fetch_all!(tx, Grown, if count <= FEW { GROWN_BY_FEW } else { GROWN_BY_MANY }, last)?;
    execute!(
        tx,
        "UPDATE bus_partitions AS p SET next_position = next_position + events
         FROM (SELECT topic, partition, count(*) AS events FROM outbox WHERE id <= $1 GROUP BY topic, partition) AS o
         WHERE p.topic = o.topic AND p.partition = o.partition",
        last,
    )?;
    execute!(tx, "DELETE FROM outbox WHERE id <= $1", last)?;
    Ok(moved)
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
