//! How many partitions topics have here, and giving them another number.
//!
//! Which partition a record's events are in follows from their number, so that it may only change while nothing of a
//! topic is between the outbox and its groups.

use domain::{Envelope, Topic};

use crate::Error;
use crate::tx::{Tx, execute, fetch_all};

/// How many partitions each topic has; one that was never used has none, and is not in it.
pub async fn partitions(tx: &mut Tx) -> Result<Vec<(Topic, u32)>, Error> {
    let rows = fetch_all!(tx, (String, i64), "SELECT topic, count(*) FROM bus_partitions GROUP BY topic")?;
    // A topic that this version does not know is another version's.
    let known = |(name, count): (String, i64)| Some((Topic::parse(&name)?, u32::try_from(count).ok()?));
    Ok(rows.into_iter().filter_map(known).collect())
}

/// Gives `topic` its present number of partitions. New ones are in the log `home` and end where `ends` says, or at the
/// beginning; every group begins there. What waits in the outbox goes to where it belongs by the new number.
///
/// Nobody may be at work, and every group has to have handled everything.
pub async fn remap(tx: &mut Tx, topic: Topic, home: &str, ends: &[(Topic, u32, i64)]) -> Result<(), Error> {
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
