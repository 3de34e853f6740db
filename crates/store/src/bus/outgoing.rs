//! What a relay takes from the outbox to send to a broker, where the log is not in the database.
//!
//! A relay has a partition for itself while its claim lasts. One that was thought dead and goes on sends what others
//! have sent as well: each begins with the oldest event that was not acknowledged, so that the first of each event
//! still comes in order, and the second is recognised by the ledger.

use domain::ids::{EventId, WorkspaceId};
use domain::{Topic, TraceParent};

use super::log::{partition, trace_in};
use super::relay::Seen;
use crate::tx::{Tx, execute, fetch_all, fetch_one, fetch_optional};
use crate::{Error, Wake};

/// An event that is to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// Its place in the outbox.
    pub id: i64,
    /// The topic.
    pub topic: Topic,
    /// The partition.
    pub partition: u32,
    /// The event's id.
    pub event: EventId,
    /// Its workspace.
    pub workspace: WorkspaceId,
    /// The envelope, as JSON.
    pub envelope: String,
    /// Where its partition ended when it was claimed.
    pub end: i64,
}

impl Outgoing {
    /// The trace that it belongs to, if it belongs to one.
    pub fn trace(&self) -> Option<TraceParent> {
        trace_in(&self.envelope)
    }

    /// What tells this sending of the event from another one: the event's id, and for one that a remap has put back, its
    /// place as well, so that a broker does not take it for a copy of what it has.
    pub fn sending(&self) -> String {
        if self.id > 0 { self.event.to_string() } else { format!("{}{}", self.event, self.id) }
    }
}

impl TryFrom<Seen> for Outgoing {
    type Error = Error;

    fn try_from(seen: Seen) -> Result<Self, Error> {
        let (topic, partition) = partition(&seen.topic, seen.partition)?;
        let (Some(id), Some(event), Some(workspace), Some(envelope), Some(end)) =
            (seen.id, seen.event_id, seen.workspace_id, seen.envelope, seen.next_position)
        else {
            return Err(Error::Corrupt { what: "event", found: "nothing".to_owned() });
        };
        Ok(Self {
            id,
            topic,
            partition,
            event: EventId(event),
            workspace: WorkspaceId(workspace),
            envelope,
            end,
        })
    }
}

const CLAIM_POSTGRES: &str = "WITH free AS MATERIALIZED (
        SELECT topic, partition FROM bus_partitions
        WHERE (topic, partition) IN (SELECT topic, partition FROM outbox ORDER BY id LIMIT $2)
            AND (relay IS NULL OR relay = $1 OR relay_until <= now())
        ORDER BY topic, partition FOR UPDATE SKIP LOCKED
    )
    UPDATE bus_partitions p SET relay = $1, relay_until = now() + INTERVAL '15 seconds' FROM free
    WHERE p.topic = free.topic AND p.partition = free.partition";
const CLAIM_SQLITE: &str = "UPDATE bus_partitions
    SET relay = $1, relay_until = (unixepoch() + 15) * 1000000
    WHERE EXISTS (SELECT 1 FROM (SELECT topic, partition FROM outbox ORDER BY id LIMIT $2) o
        WHERE o.topic = bus_partitions.topic AND o.partition = bus_partitions.partition)";

/// Claims the partitions that `owner` can have of those with the oldest events, for 15 seconds, and gives up to
/// `limit` of their events, in order.
pub async fn claim(tx: &mut Tx, owner: &str, limit: i64) -> Result<Vec<Outgoing>, Error> {
    let sql = if tx.is_postgres() { CLAIM_POSTGRES } else { CLAIM_SQLITE };
    if execute!(tx, sql, owner, limit)? == 0 {
        return Ok(Vec::new());
    }
    // Read after the claim, so that it sees what was committed before.
    let rows = fetch_all!(
        tx,
        Seen,
        "SELECT o.id, o.topic, o.partition, o.event_id, o.workspace_id, o.envelope, o.created_at, p.next_position
         FROM outbox o
         JOIN bus_partitions p ON p.topic = o.topic AND p.partition = o.partition
         WHERE p.relay = $1 ORDER BY o.id LIMIT $2",
        owner,
        limit,
    )?;
    rows.into_iter().map(Outgoing::try_from).collect()
}

const SENT_POSTGRES: &str = "DELETE FROM outbox WHERE id IN (
    SELECT CAST(value AS BIGINT) FROM jsonb_array_elements_text(CAST($1 AS JSONB)) AS value)";
const SENT_SQLITE: &str = "DELETE FROM outbox WHERE id IN (SELECT value FROM json_each($1))";

/// Removes what the broker has acknowledged, and keeps where each partition ends since.
pub async fn sent(tx: &mut Tx, ids: &[i64], ends: &[(Topic, u32, i64)]) -> Result<(), Error> {
    let sql = if tx.is_postgres() { SENT_POSTGRES } else { SENT_SQLITE };
    execute!(tx, sql, serde_json::json!(ids).to_string())?;
    for (topic, partition, end) in ends {
        execute!(
            tx,
            "UPDATE bus_partitions SET next_position = $3
             WHERE topic = $1 AND partition = $2 AND next_position < $3",
            topic.as_str(),
            i64::from(*partition),
            *end,
        )?;
        tx.wake(Wake::Log(*topic, *partition, *end));
    }
    Ok(())
}

/// Says that positions count in the log `home`, where that is so already or nothing has a position yet. The partitions
/// have to be there. Gives the log that they count in otherwise.
pub async fn settle(tx: &mut Tx, home: &str) -> Result<Option<String>, Error> {
    execute!(
        tx,
        "UPDATE bus_partitions SET home = $1 WHERE home <> $1 AND next_position = 0 AND NOT EXISTS (
             SELECT 1 FROM bus_log l
             WHERE l.topic = bus_partitions.topic AND l.partition = bus_partitions.partition)",
        home
    )?;
    let other =
        fetch_optional!(tx, (String,), "SELECT home FROM bus_partitions WHERE home <> $1 LIMIT 1", home)?;
    Ok(other.map(|(other,)| other))
}

/// Whether some process reads or sends events now. On SQLite there is no other than this one.
pub async fn anybody_at_work(tx: &mut Tx) -> Result<bool, Error> {
    if !tx.is_postgres() {
        return Ok(false);
    }
    let (found,) = fetch_one!(
        tx,
        (bool,),
        "SELECT EXISTS (SELECT 1 FROM bus_members WHERE lease_until > now())
             OR EXISTS (SELECT 1 FROM bus_partitions WHERE relay_until > now())"
    )?;
    Ok(found)
}

/// Lets positions count in the log `home` from now on, whose partitions end at `ends`. Every group begins there, so
/// that nothing may be unread.
pub async fn resettle(tx: &mut Tx, home: &str, ends: &[(Topic, u32, i64)]) -> Result<(), Error> {
    for (topic, partition, end) in ends {
        execute!(
            tx,
            "UPDATE bus_partitions SET home = $4, next_position = $3, relay = NULL, relay_until = NULL
             WHERE topic = $1 AND partition = $2",
            topic.as_str(),
            i64::from(*partition),
            *end,
            home,
        )?;
        execute!(
            tx,
            "UPDATE bus_consumers SET position = $3, fence = fence + 1, owner = NULL, lease_until = NULL
             WHERE topic = $1 AND partition = $2",
            topic.as_str(),
            i64::from(*partition),
            *end,
        )?;
    }
    Ok(())
}

/// Where the partitions of the log in the database end.
pub async fn ends_in_database(tx: &mut Tx) -> Result<Vec<(Topic, u32, i64)>, Error> {
    let rows = fetch_all!(
        tx,
        (String, i64, i64),
        "SELECT p.topic, p.partition, COALESCE(
             (SELECT max(position) + 1 FROM bus_log l WHERE l.topic = p.topic AND l.partition = p.partition), 0)
         FROM bus_partitions p"
    )?;
    rows.into_iter()
        .map(|(name, number, end)| {
            let (topic, partition) = partition(&name, number)?;
            Ok((topic, partition, end))
        })
        .collect()
}

/// Gives back what `owner` has claimed.
pub async fn let_go(tx: &mut Tx, owner: &str) -> Result<(), Error> {
    execute!(tx, "UPDATE bus_partitions SET relay = NULL, relay_until = NULL WHERE relay = $1", owner)?;
    tx.wake(Wake::Outbox);
    Ok(())
}
