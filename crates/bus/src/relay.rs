//! The relay: from the outbox to the log, in the database or with a broker, and what is cleared away now and then.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use domain::{Topic, TraceParent};
use futures_util::future::join_all;
use store::bus::{ByPlace, Moved, Outgoing};
use store::{Appends, Scope, Store, Wake};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::{debug, error, info, warn};

use crate::Bus;
use crate::coming;
use crate::log::{Error, Log, Published};
use crate::tail::Tail;

/// How many events one transaction moves, where the log is in the database; and how many are sent to a broker at once.
const ROUND: i64 = 4000;
const SENT_AT_ONCE: i64 = 500;
/// How far rounds are apart at least, so that each moves several events: the first after a rest goes at once.
const GATHER: Duration = Duration::from_millis(8);
/// How far they are apart for each event that the last one moved, since each round wakes every group; and at most.
const GATHER_EACH: Duration = Duration::from_millis(1);
const GATHER_MOST: Duration = Duration::from_millis(40);
/// How long a round waits at most for the commit that it was begun for.
const SOON: Duration = Duration::from_millis(20);
/// A round that takes longer is followed by one that looks at the outbox once, and not twice: as where dead rows lie before
/// those that wait, which a transaction keeps that was left open.
const SLOW: Duration = Duration::from_millis(500);
/// How long a round in the database may take: longer than the database lets a statement run.
const ROUND_TIMEOUT: Duration = Duration::from_secs(40);
/// How long a partition's events may take to be sent; a claim lasts longer.
const SEND_TIMEOUT: Duration = Duration::from_secs(8);
/// How long lost positions may take to be filled after that, before it is tried again.
const FILL_TIMEOUT: Duration = Duration::from_secs(6);
/// How often a process looks by itself where a wake from another one may have been lost.
const BACKSTOP: Duration = Duration::from_secs(3);
/// How often old rows are removed, at most; only while there is something to relay.
const PRUNE_EVERY: Duration = Duration::from_secs(3600);
/// How long after the start old rows may be removed for the first time.
const PRUNE_FIRST: Duration = Duration::from_secs(60);
/// How many rows one transaction removes, so that none is long.
const PRUNE_ROUND: i64 = 2000;

pub(crate) async fn run(bus: &Bus, shutdown: CancellationToken) {
    let Bus { store, log, .. } = bus;
    let owner = uuid::Uuid::now_v7().to_string();
    relay(bus, &owner, shutdown).await;
    if !log.is_database() {
        let let_go: Result<(), store::Error> = store
            .write(Scope::System, owner, |tx, owner| {
                Box::pin(async move { store::bus::let_go(tx, owner).await })
            })
            .await;
        if let Err(error) = let_go {
            debug!(
                error = &error as &dyn std::error::Error,
                "partitions were not given back; their claims run out"
            );
        }
    }
}

async fn relay(bus: &Bus, owner: &str, shutdown: CancellationToken) {
    let Bus { store, log, tail, breaker, .. } = bus;
    let (mut wakes, mut appends) = (store.wakes(), store.appends());
    let mut prune_at = Instant::now() + PRUNE_FIRST;
    let mut failures = 0;
    let mut ensured = false;
    let mut not_before = Instant::now();
    let (mut soon, mut slow) = (false, false);
    while !shutdown.is_cancelled() {
        tokio::time::sleep_until(not_before).await;
        // What is woken from here on may not be seen by this round, and is kept for the next.
        soon &= !wakes.drain(|wake| wake == Wake::Outbox);
        let waits = match std::mem::take(&mut soon) {
            _ if slow => Waits::Much,
            true => Waits::Soon(appends.clone()),
            false => Waits::Perhaps,
        };
        let began = Instant::now();
        let result = async {
            if !ensured {
                crate::consume::ensure(store, Vec::new()).await?;
                log.ensure().await?;
                ensured = true;
            }
            drain(bus, owner, waits, &shutdown).await
        };
        let result = result.await;
        slow = began.elapsed() > SLOW;
        match result {
            Ok(Moved { partitions: 0, elsewhere, .. }) => {
                failures = 0;
                if elsewhere {
                    // Each commit wakes it, and most of what is committed meanwhile the other one moves.
                    not_before = Instant::now() + GATHER;
                }
            }
            Ok(moved) => {
                failures = 0;
                if breaker.succeeded() {
                    info!("the broker takes events again");
                }
                let each = GATHER_EACH * u32::try_from(moved.events).unwrap_or(u32::MAX).min(1000);
                not_before = Instant::now() + each.clamp(GATHER, GATHER_MOST);
                if Instant::now() >= prune_at {
                    prune_at = Instant::now() + PRUNE_EVERY;
                    if let Err(error) = prune(store, &shutdown).await {
                        warn!(error = &error as &dyn std::error::Error, "old events could not be removed");
                    }
                }
                if !store.is_exclusive() {
                    // It may have kept another relay from what came meanwhile: it looks again without a wake.
                    continue;
                }
            }
            Err(error) => {
                failures += 1;
                // It may come back without what it had.
                ensured &= !matches!(error, Error::Broker { .. });
                // Where it is the database that failed, nothing is known of the broker.
                if matches!(error, Error::Broker { .. }) && breaker.failed(std::time::Instant::now()) {
                    error!("the broker is away; the outbox keeps events until it is back");
                }
                if failures == 1 {
                    warn!(error = &error as &dyn std::error::Error, "the relay failed; it tries again");
                }
                tokio::select! {
                    () = shutdown.cancelled() => return,
                    () = tokio::time::sleep(crate::backoff(failures).min(BACKSTOP)) => {}
                }
                continue;
            }
        }
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = wakes.until(|wake| wake == Wake::Outbox) => {}
            scope = appends.begins(), if matches!(**log, Log::Database) => {
                soon = true;
                if tail.anybody_rests() {
                    store.expect_effect(scope);
                }
            }
            () = tokio::time::sleep(BACKSTOP), if !store.is_exclusive() => {}
        }
    }
}

/// Moves what waits, until a round was not full; gives the partitions that it had last, and how many events it moved.
async fn drain(
    bus: &Bus,
    owner: &str,
    mut waits: Waits,
    shutdown: &CancellationToken,
) -> Result<Moved, Error> {
    let Bus { store, log, tail, .. } = bus;
    let mut events = 0;
    loop {
        let (moved, most) = match **log {
            Log::Database => (round(store, log, tail, waits).await?, ROUND),
            _ => match send(store, log, owner).await {
                Err(cut @ Error::Cut { .. }) if !shutdown.is_cancelled() => {
                    make_up(log, cut).await?;
                    continue;
                }
                sent => (sent?, SENT_AT_ONCE),
            },
        };
        events += moved.events;
        if moved.events < most || shutdown.is_cancelled() {
            return Ok(Moved { events, ..moved });
        }
        waits = Waits::Much;
    }
}

/// What is known of the outbox before a round.
#[derive(Clone)]
pub(crate) enum Waits {
    /// Something may wait.
    Perhaps,
    /// Something is about to be committed: the round begins meanwhile.
    Soon(Appends),
    /// More waits than the last round could move, or to look takes long.
    Much,
}

/// Moves what waits, a round of it, from the outbox to the log in the database.
pub(crate) async fn round(
    store: &Store,
    log: &Log,
    tail: &Arc<Tail>,
    waits: Waits,
) -> Result<Moved, store::Error> {
    let sending = trace::sending(log.system());
    let round = Arc::new(coming::Round::new(Arc::clone(tail)));
    let input = (Arc::clone(&round), waits, store.clone());
    let written = store.write(Scope::System, input, |tx, (round, waits, store)| {
        Box::pin(async move {
            let mut wakes = store.wakes();
            // To pass twice over what is gone would take longer than to be told saves.
            if matches!(waits, Waits::Much) {
                return store::bus::relay(tx, ROUND).await;
            }
            let tell = |events: &ByPlace| round.tell(events);
            let mut soon = match waits {
                Waits::Soon(appends) => Some(appends),
                _ => None,
            };
            loop {
                let moved = store::bus::relay_telling(tx, ROUND, &tell).await?;
                match soon.take() {
                    Some(appends) if moved.partitions == 0 => {
                        tokio::select! {
                            () = appends.ends() => {}
                            // Of another process.
                            () = wakes.until(|wake| wake == Wake::Outbox) => {}
                            () = tokio::time::sleep(SOON) => {}
                        }
                    }
                    _ => {
                        round.gather().await;
                        return Ok(moved);
                    }
                }
            }
        })
    });
    // Where the database was cut off without a word, those who have begun must not wait for ever.
    let written = tokio::time::timeout(ROUND_TIMEOUT, written).await;
    let moved: Moved = written.unwrap_or(Err(store::Error::GivenUp("the database does not answer")))?;
    round.keep();
    let Some(sending) = sending.filter(|_| moved.events > 0) else { return Ok(moved) };
    let places = moved.positions.clone();
    let traced: Result<Vec<(Topic, u32, TraceParent)>, store::Error> = store
        .read(Scope::System, places, |tx, places| {
            Box::pin(async move {
                let mut traced = Vec::new();
                for (topic, partition, from, to) in places {
                    let parents = store::bus::traces(tx, *topic, *partition, *from, *to).await?;
                    traced.extend(parents.into_iter().map(|parent| (*topic, *partition, parent)));
                }
                Ok(traced)
            })
        })
        .await;
    // What cannot be read now is only missing in the traces.
    for (topic, partition, parent) in traced.unwrap_or_default() {
        sending.sent(topic.as_str(), partition, parent);
    }
    Ok(moved)
}

/// Sends what waits to the broker, all partitions at the same time and each in its order. What was acknowledged is
/// taken out of the outbox, also where something else failed.
async fn send(store: &Store, log: &Log, owner: &str) -> Result<Moved, Error> {
    let claimed: Vec<Outgoing> = store
        .write(Scope::System, owner.to_owned(), |tx, owner| {
            Box::pin(async move { store::bus::claim(tx, owner, SENT_AT_ONCE).await })
        })
        .await
        .map_err(Error::Store)?;
    let mut places: BTreeMap<(Topic, u32), Vec<Outgoing>> = BTreeMap::new();
    for event in claimed {
        places.entry((event.topic, event.partition)).or_default().push(event);
    }
    let sending = trace::sending(log.system());
    let all = join_all(places.iter().map(async |(place, events)| {
        let published = tokio::time::timeout(SEND_TIMEOUT, log.publish(*place, events)).await;
        published.unwrap_or_else(|late| {
            let error = Error::broker("does not acknowledge events in time", late);
            Published { events: 0, end: 0, error: Some(error) }
        })
    }));
    let (mut ids, mut ends, mut error) = (Vec::new(), Vec::new(), None);
    for (((topic, partition), events), published) in places.iter().zip(all.await) {
        let taken = events.get(..published.events).unwrap_or(events);
        ids.extend(taken.iter().map(|event| event.id));
        if let Some(sending) = sending {
            let parents = taken.iter().filter_map(Outgoing::trace);
            parents.for_each(|parent| sending.sent(topic.as_str(), *partition, parent));
        }
        if published.events > 0 {
            ends.push((*topic, *partition, published.end));
        }
        // Where events were lost, that is seen to whatever else there is.
        if error.is_none() || matches!(published.error, Some(Error::Cut { .. })) {
            error = published.error;
        }
    }
    let events = i64::try_from(ids.len()).unwrap_or(i64::MAX);
    let moved = Moved { partitions: places.len(), events, ..Moved::default() };
    if !ids.is_empty() {
        let sent: Result<(), store::Error> = store
            .write(Scope::System, (ids, ends), |tx, (ids, ends)| {
                Box::pin(async move { store::bus::sent(tx, ids, ends).await })
            })
            .await;
        sent?;
    }
    error.map_or(Ok(moved), Err)
}

/// Sees to it that what follows in a partition of which the broker has lost the end is not where the lost has been.
async fn make_up(log: &Log, cut: Error) -> Result<(), Error> {
    let Error::Cut { topic, partition, end, known } = cut else { return Err(cut) };
    error!(error = &cut as &dyn std::error::Error, "what was lost and not handled yet will not be");
    let filled = tokio::time::timeout(FILL_TIMEOUT, log.fill((topic, partition), end, known)).await;
    filled.unwrap_or_else(|late| Err(Error::broker("has lost more than can be made up for at once", late)))
}

/// Removes what is old, a little at a time, so that nobody waits for it.
async fn prune(store: &Store, shutdown: &CancellationToken) -> Result<(), store::Error> {
    let mut removed = 0;
    loop {
        let round = store
            .write(Scope::System, (), |tx, ()| {
                Box::pin(async move {
                    let events = store::bus::prune_log(tx, PRUNE_ROUND).await?;
                    let handled = store::bus::prune_ledger(tx, PRUNE_ROUND).await?;
                    Ok::<_, store::Error>(events + handled)
                })
            })
            .await?;
        removed += round;
        if round == 0 || shutdown.is_cancelled() {
            break;
        }
    }
    removed += store
        .write(Scope::System, (), |tx, ()| {
            Box::pin(async move {
                let now = tx.now();
                store::idempotency::prune(tx, now).await
            })
        })
        .await?;
    debug!(removed, "old events, ledger rows and kept answers were removed");
    Ok(())
}

#[cfg(test)]
mod tests {
    use domain::ids::WorkspaceId;
    use domain::{Envelope, EventType};
    use testkit::{append, event, postgres};
    use tokio::task::JoinSet;
    use uuid::Uuid;

    use super::*;

    /// Notes each look at the outbox.
    const LOOKS: &str = "RESET ROLE;
        CREATE TABLE looks (round xid8 DEFAULT pg_current_xact_id(), at timestamptz DEFAULT clock_timestamp());
        GRANT INSERT, SELECT ON looks TO deskhand_system;
        CREATE FUNCTION look() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            INSERT INTO looks DEFAULT VALUES; RETURN NULL; END $$;
        CREATE TRIGGER look AFTER DELETE ON outbox FOR EACH STATEMENT EXECUTE FUNCTION look()";

    /// A relay at work, until what is given back is dropped.
    async fn relaying(store: &Store) -> JoinSet<()> {
        let bus = Bus::database(store.clone());
        bus.settle().await.unwrap();
        let mut relaying = JoinSet::new();
        relaying.spawn(async move { run(&bus, CancellationToken::new()).await });
        relaying
    }

    /// Events of one partition.
    fn neighbours(count: i64) -> Vec<Envelope> {
        let workspace = WorkspaceId(Uuid::now_v7());
        (0..count).map(|n| event(workspace, EventType::TaskCreated, Uuid::nil(), n)).collect()
    }

    /// Waits until nothing waits.
    async fn until_relayed(store: &Store) {
        let deadline = Instant::now() + Duration::from_secs(30);
        loop {
            let backlog: Result<_, store::Error> = store
                .read(Scope::System, (), |tx, ()| {
                    Box::pin(async move { store::bus::outbox_backlog(tx).await })
                })
                .await;
            if backlog.unwrap().events == 0 {
                return;
            }
            assert!(Instant::now() < deadline, "it is not relayed");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Two looks that take as long as the database lets them are more than a round may take.
    #[tokio::test]
    async fn where_a_look_at_the_outbox_takes_long_a_round_looks_once() {
        let database = postgres().await;
        database.spoil(LOOKS).await;
        let linger = "RESET ROLE;
            CREATE FUNCTION linger() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                PERFORM pg_sleep(0.6); RETURN NULL; END $$;
            CREATE TRIGGER linger AFTER DELETE ON outbox FOR EACH STATEMENT EXECUTE FUNCTION linger()";
        database.spoil(linger).await;
        // More than are told of, so that the first round looks once more for the others.
        append(&database, neighbours(40)).await;
        let _relaying = relaying(&database).await;
        until_relayed(&database).await;
        append(&database, neighbours(40)).await;
        until_relayed(&database).await;
        let once = "DO $$ BEGIN ASSERT 1 = (SELECT count(*) FROM
            (SELECT FROM looks GROUP BY round HAVING count(*) > 1) AS twice); END $$";
        database.spoil(once).await;
    }

    #[tokio::test]
    async fn what_another_relay_has_is_not_looked_at_for_every_commit() {
        let database = postgres().await;
        database.spoil(LOOKS).await;
        crate::consume::ensure(&database, Vec::new()).await.unwrap();
        let held: Result<(), store::Error> = database
            .write(Scope::System, database.store.clone(), |tx, store| {
                Box::pin(async move {
                    let mut events = neighbours(400);
                    append(store, events.drain(..1).collect()).await;
                    assert_eq!(store::bus::relay(tx, 1).await?.events, 1);
                    let _relaying = relaying(store).await;
                    for event in events {
                        append(store, vec![event]).await;
                    }
                    Ok(())
                })
            })
            .await;
        held.unwrap();
        // A round that begins before a commit looks again after it.
        let seldom = "DO $$ BEGIN ASSERT (SELECT count(*) BETWEEN 3
            AND 10 + 2 * EXTRACT(EPOCH FROM max(at) - min(at)) / 0.008 FROM looks); END $$";
        database.spoil(seldom).await;
    }
}
