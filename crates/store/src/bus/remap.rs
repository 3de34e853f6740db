//! How many partitions topics have here, and giving them another number.
//!
//! Which partition a record's events are in follows from their number, so that it may only change while nothing of a
//! topic is between the outbox and its groups: what is, goes back to the outbox.

use std::time::Duration;

use domain::ids::{EventId, WorkspaceId};
use domain::{Envelope, Topic};
use jiff::Timestamp;

use crate::Error;
use crate::at::At;
use crate::tx::{Tx, execute, fetch_all, fetch_one};

/// How old an event may be that goes back to the outbox. Groups that have handled it get it again, and the ledger, which
/// keeps its rows for 7 days, has to know it still.
const OLDEST: Duration = Duration::from_secs(6 * 86_400);

/// An event in the log that some group has not handled.
#[derive(Debug, Clone)]
pub struct Unhandled {
    /// Its id.
    pub event: EventId,
    /// Its workspace.
    pub workspace: WorkspaceId,
    /// Where it is in the log: the partition, and the position there.
    pub place: (u32, i64),
    /// To which partition it belongs now.
    pub partition: u32,
    /// The envelope, as JSON.
    pub envelope: String,
    /// When it happened.
    pub at: Timestamp,
}

/// How many partitions each topic has; one that was never used has none, and is not in it.
pub async fn partitions(tx: &mut Tx) -> Result<Vec<(Topic, u32)>, Error> {
    let rows = fetch_all!(tx, (String, i64), "SELECT topic, count(*) FROM bus_partitions GROUP BY topic")?;
    // A topic that this version does not know is another version's.
    let known = |(name, count): (String, i64)| Some((Topic::parse(&name)?, u32::try_from(count).ok()?));
    Ok(rows.into_iter().filter_map(known).collect())
}

/// From where on some group has not handled a topic's events, and where its partitions end as far as is known here.
pub async fn places(tx: &mut Tx, topic: Topic) -> Result<Vec<(u32, i64, i64)>, Error> {
    let rows = fetch_all!(
        tx,
        (i64, i64, i64),
        "SELECT p.partition, min(c.position), p.next_position FROM bus_partitions p
         JOIN bus_consumers c ON c.topic = p.topic AND c.partition = p.partition
         WHERE p.topic = $1 GROUP BY p.partition, p.next_position ORDER BY p.partition",
        topic.as_str(),
    )?;
    let known = |(number, place, end): (i64, i64, i64)| Some((u32::try_from(number).ok()?, place, end));
    Ok(rows.into_iter().filter_map(known).collect())
}

macro_rules! back {
    ($overriding:literal) => {
        concat!(
            "INSERT INTO outbox (id, workspace_id, event_id, topic, partition, envelope, created_at) ",
            $overriding,
            " VALUES ($1, $2, $3, $4, $5, $6, $7)"
        )
    };
}

/// Lets the ledger know which groups have passed an event: those get it again.
const PASSED: &str = "INSERT INTO inbox_ledger (consumer_group, event_id, workspace_id, handled_at)
    SELECT c.consumer_group, $4, $5, $6 FROM bus_consumers c
    WHERE c.topic = $1 AND c.partition = $2 AND c.position > $3 AND NOT EXISTS (
        SELECT 1 FROM dead_letters d
        WHERE d.consumer_group = c.consumer_group AND d.event_id = $4 AND d.replay_at IS NOT NULL)
    ON CONFLICT (consumer_group, event_id) DO NOTHING";

/// Puts events back to the outbox, before everything that waits there; the log has them no longer, for groups that come
/// later.
async fn put_back(tx: &mut Tx, topic: Topic, events: &[Unhandled]) -> Result<(), Error> {
    let now = tx.now();
    let (least,) = fetch_one!(tx, (i64,), "SELECT COALESCE(min(id), 1) FROM outbox")?;
    let sql = if tx.is_postgres() { back!("OVERRIDING SYSTEM VALUE") } else { back!("") };
    // Below what is given by itself, which begins with 1, and never the same again: a broker that drops copies has to
    // tell an event that was moved from the one that it has.
    let first = least.min(-now.as_microsecond()) - i64::try_from(events.len()).unwrap_or(i64::MAX);
    for (id, event) in (first..).zip(events) {
        let (partition, position) = event.place;
        execute!(
            tx,
            PASSED,
            topic.as_str(),
            i64::from(partition),
            position,
            event.event.0,
            event.workspace.0,
            At(now),
        )?;
        execute!(
            tx,
            "DELETE FROM bus_log WHERE topic = $1 AND partition = $2 AND position = $3",
            topic.as_str(),
            i64::from(partition),
            position,
        )?;
        execute!(
            tx,
            sql,
            id,
            event.workspace.0,
            event.event.0,
            topic.as_str(),
            i64::from(event.partition),
            event.envelope.as_str(),
            At(event.at),
        )?;
    }
    Ok(())
}

/// Gives topics their present number of partitions, each with all that some group has not handled, each record's events
/// in order. New partitions are in the log `home` and end where `ends` says, or at the beginning; every group begins at
/// the end. What waits in the outbox goes to where it belongs by the new number, behind what was not handled.
///
/// Nobody may be at work. Gives whether it was done: not, where something unhandled is older than the ledger surely
/// knows.
pub async fn remap(
    tx: &mut Tx,
    topics: &[(Topic, Vec<Unhandled>)],
    home: &str,
    ends: &[(Topic, u32, i64)],
) -> Result<bool, Error> {
    let now = tx.now();
    let mut unhandled = topics.iter().flat_map(|(_, unhandled)| unhandled);
    if unhandled.any(|event| now.duration_since(event.at).unsigned_abs() > OLDEST) {
        return Ok(false);
    }
    for (topic, unhandled) in topics {
        put_back(tx, *topic, unhandled).await?;
        renumber(tx, *topic, home, ends).await?;
    }
    Ok(true)
}

async fn renumber(tx: &mut Tx, topic: Topic, home: &str, ends: &[(Topic, u32, i64)]) -> Result<(), Error> {
    let (name, number) = (topic.as_str(), i64::from(topic.partitions()));
    execute!(tx, "DELETE FROM bus_log WHERE topic = $1 AND partition >= $2", name, number)?;
    execute!(tx, "DELETE FROM bus_consumers WHERE topic = $1 AND partition >= $2", name, number)?;
    execute!(tx, "DELETE FROM bus_partitions WHERE topic = $1 AND partition >= $2", name, number)?;
    // Among dead letters there is no order: each only needs a partition that somebody has.
    execute!(
        tx,
        "UPDATE dead_letters SET partition = partition % $2 WHERE topic = $1 AND partition >= $2",
        name,
        number,
    )?;
    for partition in 0..topic.partitions() {
        let end = ends.iter().find(|(known, number, _)| (*known, *number) == (topic, partition));
        let end = end.map_or(0, |(_, _, end)| *end);
        execute!(
            tx,
            "UPDATE bus_partitions SET next_position = $3 WHERE topic = $1 AND partition = $2 AND next_position < $3",
            name,
            i64::from(partition),
            end,
        )?;
        let made = execute!(
            tx,
            "INSERT INTO bus_partitions (topic, partition, next_position, home) VALUES ($1, $2, $3, $4)
             ON CONFLICT (topic, partition) DO NOTHING",
            name,
            i64::from(partition),
            end,
            home,
        )?;
        if made == 1 {
            execute!(
                tx,
                "INSERT INTO bus_consumers (consumer_group, topic, partition, position, fence)
                 SELECT DISTINCT consumer_group, topic, CAST($2 AS BIGINT), CAST($3 AS BIGINT), 0
                 FROM bus_consumers WHERE topic = $1
                 ON CONFLICT (consumer_group, topic, partition) DO NOTHING",
                name,
                i64::from(partition),
                end,
            )?;
        }
    }
    execute!(
        tx,
        "UPDATE bus_consumers SET fence = fence + 1, owner = NULL, lease_until = NULL,
             position = (SELECT next_position FROM bus_partitions p
                 WHERE p.topic = bus_consumers.topic AND p.partition = bus_consumers.partition)
         WHERE topic = $1",
        name,
    )?;
    let waiting = fetch_all!(
        tx,
        (i64, i64, String),
        "SELECT id, partition, envelope FROM outbox WHERE topic = $1 ORDER BY id",
        name,
    )?;
    for (id, former, envelope) in waiting {
        // What cannot be read is a dead letter wherever it is read.
        let belongs = Envelope::parse(envelope.as_bytes())
            .map_or_else(|_| former % number, |event| i64::from(event.partition()));
        if belongs != former {
            execute!(tx, "UPDATE outbox SET partition = $2 WHERE id = $1", id, belongs)?;
        }
    }
    Ok(())
}
