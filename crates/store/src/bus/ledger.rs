//! The inbox ledger: which group has handled which event. Its row and the effect are one transaction.
//!
//! Where a group handles many events of a partition together, all that it wants up to some position, its place moves
//! past them in that transaction instead: what is before a group's place is handled, and needs no rows.

use std::collections::{HashMap, HashSet};

use domain::Topic;
use domain::ids::EventId;
use uuid::Uuid;

use super::leases::Owned;
use crate::Error;
use crate::at::At;
use crate::flush::Flush;
use crate::pending::column;
use crate::tx::{self, Connection, Tx, execute, fetch_all, fetch_optional};

/// Events of one partition that a group's worker wants to handle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The group.
    pub group: &'static str,
    /// The topic.
    pub topic: Topic,
    /// The partition.
    pub partition: u32,
    /// The fence of the worker's lease on the partition.
    pub fence: i64,
    /// The events.
    pub events: Vec<EventId>,
    /// The position of the first of them.
    pub from: i64,
    /// Where they are a whole [stretch](super::Stretch), the position after it: the group's place moves there.
    pub until: Option<i64>,
    /// The flush that follows, where one does: their effects need none of their own.
    pub flush: Option<Flush>,
}

/// Events that were taken for jobs that share a transaction before those ran, until each takes its own; and whether they
/// were fresh.
#[derive(Default)]
pub(crate) struct Taken(HashMap<Lease, HashMap<EventId, bool>>);

type Lease = (&'static str, Topic, u32, i64);

impl Taken {
    /// The fresh ones among the events of `claim`; nothing where they were not taken before, or are no longer here.
    fn give(&mut self, claim: &Claim) -> Option<Vec<EventId>> {
        let taken = self.0.get_mut(&claim.lease())?;
        if !claim.events.iter().all(|event| taken.contains_key(event)) {
            return None;
        }
        Some(claim.events.iter().copied().filter(|event| taken.remove(event) == Some(true)).collect())
    }

    /// Whether events of `claim` are still here, because nobody wanted them after all.
    pub(crate) fn has(&self, claim: &Claim) -> bool {
        let taken = self.0.get(&claim.lease());
        taken.is_some_and(|taken| claim.events.iter().any(|event| taken.contains_key(event)))
    }
}

impl Claim {
    fn lease(&self) -> Lease {
        (self.group, self.topic, self.partition, self.fence)
    }
}

// Nobody takes a partition over from a transaction that has taken events of it: its lease's row is held.
macro_rules! take_one {
    ($held:literal) => {
        concat!(
            "INSERT INTO inbox_ledger (consumer_group, event_id, workspace_id, handled_at)
             SELECT consumer_group, $5, $6, $7 FROM bus_consumers
             WHERE consumer_group = $1 AND topic = $2 AND partition = $3 AND fence = $4 AND position <= $8",
            $held,
            " ON CONFLICT (consumer_group, event_id) DO NOTHING"
        )
    };
}

const TAKE_ONE_POSTGRES: &str = take_one!(" FOR KEY SHARE");
const TAKE_ONE_SQLITE: &str = take_one!("");

/// Takes the event at `position` for who has `owned`: the ledger's row, if there is none yet, the group's place is not past
/// it, and the lease is the newest.
///
/// Errors with [`Error::Stale`] otherwise; then nothing may be done for it. To be asked before anything is written.
pub async fn take(tx: &mut Tx, owned: &Owned, position: i64, event: EventId) -> Result<(), Error> {
    let lease = (owned.group.as_str(), owned.topic, owned.partition, owned.fence);
    tx.found_done = !take_one(tx, lease, position, event).await?;
    if tx.found_done { Err(Error::Stale) } else { Ok(()) }
}

/// Takes an event; gives whether it was not taken before, and the lease is the newest.
async fn take_one(
    tx: &mut Tx,
    (group, topic, partition, fence): (&str, Topic, u32, i64),
    position: i64,
    event: EventId,
) -> Result<bool, Error> {
    let (workspace, now) = (tx.workspace()?, tx.now());
    let sql = if tx.is_postgres() { TAKE_ONE_POSTGRES } else { TAKE_ONE_SQLITE };
    let partition = i64::from(partition);
    let taken =
        execute!(tx, sql, group, topic.as_str(), partition, fence, event.0, workspace.0, At(now), position)?;
    Ok(taken == 1)
}

// Its lease's row is held, as above.
const TAKE_POSTGRES: &str = "INSERT INTO inbox_ledger (consumer_group, event_id, workspace_id, handled_at)
    SELECT consumer_group, event_id, $7, $8
    FROM UNNEST($1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::bigint[], $6::uuid[])
        AS claim (consumer_group, topic, partition, fence, start, event_id)
    JOIN bus_consumers c USING (consumer_group, topic, partition, fence)
    WHERE c.position <= claim.start FOR KEY SHARE OF c
    ON CONFLICT (consumer_group, event_id) DO NOTHING RETURNING consumer_group, event_id";
const TAKE_SQLITE: &str = "INSERT INTO inbox_ledger (consumer_group, event_id, workspace_id, handled_at)
    SELECT consumer_group, unhex(value), $6, $7
    FROM bus_consumers, json_each($8)
    WHERE consumer_group = $1 AND topic = $2 AND partition = $3 AND fence = $4 AND position <= $5
    ON CONFLICT (consumer_group, event_id) DO NOTHING RETURNING event_id";

// Locked in one order, so that two that move several places cannot wait for each other; and so that who writes rows under
// the same lease waits, as where a commit hangs whose answer is lost. A lease that is locked is not renewed by others.
const PASS_POSTGRES: &str = "WITH claim AS (
        SELECT * FROM UNNEST($1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[])
            AS claim (consumer_group, topic, partition, fence, start, until)
    ), mine AS MATERIALIZED (
        SELECT consumer_group, topic, partition, until
        FROM bus_consumers c JOIN claim USING (consumer_group, topic, partition, fence)
        WHERE c.position <= claim.start
        ORDER BY consumer_group, topic, partition FOR UPDATE OF c
    )
    UPDATE bus_consumers c SET position = mine.until, lease_until = now() + INTERVAL '15 seconds' FROM mine
    WHERE c.consumer_group = mine.consumer_group AND c.topic = mine.topic AND c.partition = mine.partition
    RETURNING c.consumer_group, c.topic, c.partition, c.fence";
// A dead letter that waits to be handled again has no row meanwhile, and its event is not handled on the way.
const KNOWN_POSTGRES: &str =
    "SELECT consumer_group, event_id FROM inbox_ledger WHERE consumer_group = ANY($1) AND event_id = ANY($2)
     UNION ALL SELECT consumer_group, event_id FROM dead_letters
     WHERE consumer_group = ANY($1) AND event_id = ANY($2) AND replay_at IS NOT NULL";
// In one order, so that two who lock some of the same rows cannot wait for each other.
const HOLD_POSTGRES: &str = "SELECT count(*) FROM (
        SELECT 1 FROM inbox_ledger i
        JOIN UNNEST($1::text[], $2::uuid[]) AS claim (consumer_group, event_id) USING (consumer_group, event_id)
        ORDER BY consumer_group, event_id FOR KEY SHARE OF i
    ) held";
const PASS_SQLITE: &str = "UPDATE bus_consumers SET position = $6
    WHERE consumer_group = $1 AND topic = $2 AND partition = $3 AND fence = $4 AND position <= $5";
const KNOWN_SQLITE: &str = "SELECT event_id FROM inbox_ledger
    WHERE consumer_group = $1 AND event_id IN (SELECT unhex(value) FROM json_each($2))
    UNION ALL SELECT event_id FROM dead_letters
    WHERE consumer_group = $1 AND event_id IN (SELECT unhex(value) FROM json_each($2)) AND replay_at IS NOT NULL";

/// Takes the events of `claim` at once; gives those that were not taken before.
///
/// Errors with [`Error::Stale`] where the worker's lease is not the newest.
pub async fn take_all(tx: &mut Tx, claim: &Claim) -> Result<Vec<EventId>, Error> {
    let fresh = if let Some(fresh) = tx.taken.give(claim) {
        fresh
    } else if tx.is_postgres() {
        take_postgres(tx, &[claim]).await?.into_iter().map(|(_, event)| event).collect()
    } else {
        take_sqlite(tx, claim).await?
    };
    // Nothing was fresh, or the lease is not the newest.
    if fresh.is_empty() {
        let current = fetch_optional!(
            tx,
            (i64,),
            "SELECT fence FROM bus_consumers WHERE consumer_group = $1 AND topic = $2 AND partition = $3",
            claim.group,
            claim.topic.as_str(),
            i64::from(claim.partition),
        )?;
        if current != Some((claim.fence,)) {
            return Err(Error::Stale);
        }
    }
    Ok(fresh)
}

/// Takes what several jobs claim that share a transaction on PostgreSQL, for [`take_all`] to find; one trip.
///
/// Nothing is taken where two of them want the same event, as a worker does that does not know yet that it has lost its
/// partition: who gets it is then found out by each.
pub(crate) async fn take_together(tx: &mut Tx, claims: &[&Claim]) -> Result<(), Error> {
    let mut owners: HashMap<(&str, EventId), Lease> = HashMap::new();
    for claim in claims {
        for event in &claim.events {
            if owners.insert((claim.group, *event), claim.lease()).is_some() {
                return Ok(());
            }
        }
    }
    let mut taken: HashMap<Lease, HashMap<EventId, bool>> = HashMap::new();
    for claim in claims {
        taken.entry(claim.lease()).or_default().extend(claim.events.iter().map(|event| (*event, false)));
    }
    for (group, event) in take_postgres(tx, claims).await? {
        let lease = owners.get(&(group.as_str(), event));
        if let Some(events) = lease.and_then(|lease| taken.get_mut(lease)) {
            events.insert(event, true);
        }
    }
    tx.taken = Taken(taken);
    Ok(())
}

/// Takes events; gives those that were not taken before, with their groups.
async fn take_postgres(tx: &mut Tx, claims: &[&Claim]) -> Result<Vec<(String, EventId)>, Error> {
    let (passing, others): (Vec<&Claim>, Vec<&Claim>) =
        claims.iter().partition(|claim| claim.until.is_some());
    let mut fresh = Vec::new();
    if !others.is_empty() {
        fresh = take_rows(tx, &others).await?;
    }
    if !passing.is_empty() {
        fresh.extend(pass(tx, &passing).await?);
    }
    Ok(fresh)
}

/// Takes events by a row for each.
async fn take_rows(tx: &mut Tx, claims: &[&Claim]) -> Result<Vec<(String, EventId)>, Error> {
    // PostgreSQL plans it anew each time for lists, which takes longer than to take one.
    if let [claim] = claims
        && let [event] = claim.events[..]
    {
        let is_fresh = take_one(tx, claim.lease(), claim.from, event).await?;
        return Ok(is_fresh.then(|| (claim.group.to_owned(), event)).into_iter().collect());
    }
    let (workspace, now) = (tx.workspace()?, tx.now());
    let rows: Vec<(&Claim, Uuid)> =
        claims.iter().flat_map(|claim| claim.events.iter().map(|event| (*claim, event.0))).collect();
    tx.wrote = true;
    let fresh: Vec<(String, Uuid)> = sqlx::query_as(TAKE_POSTGRES)
        .bind(column(&rows, |(claim, _)| claim.group))
        .bind(column(&rows, |(claim, _)| claim.topic.as_str()))
        .bind(column(&rows, |(claim, _)| i64::from(claim.partition)))
        .bind(column(&rows, |(claim, _)| claim.fence))
        .bind(column(&rows, |(claim, _)| claim.from))
        .bind(column(&rows, |(_, event)| *event))
        .bind(workspace.0)
        .bind(At(now))
        .fetch_all(postgres(tx).await?)
        .await?;
    Ok(fresh.into_iter().map(|(group, event)| (group, EventId(event))).collect())
}

/// Takes events by moving their groups' places past them.
async fn pass(tx: &mut Tx, claims: &[&Claim]) -> Result<Vec<(String, EventId)>, Error> {
    tx.wrote = true;
    let passed: Vec<(String, String, i64, i64)> = sqlx::query_as(PASS_POSTGRES)
        .bind(column(claims, |claim| claim.group))
        .bind(column(claims, |claim| claim.topic.as_str()))
        .bind(column(claims, |claim| i64::from(claim.partition)))
        .bind(column(claims, |claim| claim.fence))
        .bind(column(claims, |claim| claim.from))
        .bind(column(claims, |claim| claim.until))
        .fetch_all(postgres(tx).await?)
        .await?;
    let has_passed = |claim: &&&Claim| {
        let partition = i64::from(claim.partition);
        let lease = (claim.group, claim.topic.as_str(), partition, claim.fence);
        passed.iter().any(|(group, topic, partition, fence)| {
            lease == (group.as_str(), topic.as_str(), *partition, *fence)
        })
    };
    let mut taken: HashSet<(String, EventId)> = claims
        .iter()
        .filter(has_passed)
        .flat_map(|claim| claim.events.iter().map(|event| (claim.group.to_owned(), *event)))
        .collect();
    // Asked once the places are held: whoever had one of these partitions before has ended.
    let groups: HashSet<&str> = claims.iter().map(|claim| claim.group).collect();
    let events: Vec<Uuid> = taken.iter().map(|(_, event)| event.0).collect();
    let known: Vec<(String, Uuid)> = sqlx::query_as(KNOWN_POSTGRES)
        .bind(groups.into_iter().collect::<Vec<_>>())
        .bind(events)
        .fetch_all(postgres(tx).await?)
        .await?;
    for (group, event) in known {
        taken.remove(&(group, EventId(event)));
    }
    Ok(taken.into_iter().collect())
}

/// Locks the rows of the ledger that events of `claims` have; gives whether all of them have one.
pub(crate) async fn hold(tx: &mut Tx, claims: &[Claim]) -> Result<bool, Error> {
    let wanted: HashSet<(&str, Uuid)> =
        claims.iter().flat_map(|claim| claim.events.iter().map(|event| (claim.group, event.0))).collect();
    let wanted: Vec<(&str, Uuid)> = wanted.into_iter().collect();
    tx.wrote = true;
    let (held,): (i64,) = sqlx::query_as(HOLD_POSTGRES)
        .bind(column(&wanted, |(group, _)| *group))
        .bind(column(&wanted, |(_, event)| *event))
        .fetch_one(postgres(tx).await?)
        .await?;
    Ok(usize::try_from(held) == Ok(wanted.len()))
}

async fn postgres(tx: &mut Tx) -> Result<&mut sqlx::PgConnection, Error> {
    match tx::ready(tx).await? {
        Connection::Postgres(connection) => Ok(&mut **connection),
        _ => Err(Error::GivenUp("the transaction is not PostgreSQL's")),
    }
}

async fn take_sqlite(tx: &mut Tx, claim: &Claim) -> Result<Vec<EventId>, Error> {
    let ids = claim.events.iter().map(|event| event.0.simple().to_string());
    let ids = serde_json::Value::from_iter(ids).to_string();
    let (group, topic, partition) = (claim.group, claim.topic.as_str(), i64::from(claim.partition));
    let Some(until) = claim.until else {
        let (workspace, now) = (tx.workspace()?, tx.now());
        let (workspace, now, ids) = (workspace.0, At(now), ids.as_str());
        let (fence, from) = (claim.fence, claim.from);
        let rows =
            fetch_all!(tx, (Uuid,), TAKE_SQLITE, group, topic, partition, fence, from, workspace, now, ids)?;
        return Ok(rows.into_iter().map(|(event,)| EventId(event)).collect());
    };
    if execute!(tx, PASS_SQLITE, group, topic, partition, claim.fence, claim.from, until)? == 0 {
        return Ok(Vec::new());
    }
    let known = fetch_all!(tx, (Uuid,), KNOWN_SQLITE, group, ids.as_str())?;
    Ok(claim.events.iter().copied().filter(|event| !known.contains(&(event.0,))).collect())
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
