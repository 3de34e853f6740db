//! What a relay of this process has moved and not committed yet: groups begin with it at once, and are past it only
//! when the log has it.
//!
//! An effect is one transaction with its row of the ledger, and neither needs the log: where the round is lost, its
//! events are moved once more, and the ledger knows those that were handled. The round waits a moment for their effects,
//! and one flush of the database's disk is for all of them. Only on PostgreSQL: on SQLite what is moved may not be
//! committed itself.

use std::sync::atomic::{AtomicIsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use domain::Topic;
use store::bus::ByPlace;
use store::{Flush, Flusher};
use tokio::sync::Notify;

use crate::tail::{Read, Tail};

/// How long a round waits for those who have begun: usual effects take less, and who needs longer has a flush of its own.
const GATHER: Duration = Duration::from_millis(3);

/// Events of one partition, in order, at the positions that they have if their round is kept.
#[derive(Debug, Clone)]
pub(crate) struct Coming {
    pub(crate) events: Arc<[Read]>,
    /// The flush of their round.
    pub(crate) flush: Flush,
    working: Arc<Working>,
}

/// How many of those who had nothing else to do when they were told of a round have not done yet what they can do before it
/// is kept.
#[derive(Debug, Default)]
pub(crate) struct Working {
    left: AtomicIsize,
    none: Notify,
}

impl Coming {
    pub(crate) fn new(events: Arc<[Read]>, flush: Flush, working: Arc<Working>) -> Self {
        Self { events, flush, working }
    }

    /// The position of the first of them.
    pub(crate) fn from(&self) -> Option<i64> {
        self.events.first().map(|first| first.position)
    }

    /// Whether it is the same, and not only of the same events.
    pub(crate) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.events, &other.events)
    }

    /// One of those who were told of it has done what it can.
    pub(crate) fn is_done_with(&self) {
        if self.working.left.fetch_sub(1, Ordering::AcqRel) <= 1 {
            self.working.none.notify_one();
        }
    }

    /// Waits until the round has ended; gives whether the log has them now.
    pub(crate) async fn is_kept(&self) -> bool {
        self.flush.is_done().await
    }
}

/// One round of the relay, as far as it is told of before it is committed. Dropped, it is lost.
pub(crate) struct Round {
    tail: Arc<Tail>,
    told: Mutex<Option<Told>>,
}

impl Round {
    pub(crate) fn new(tail: Arc<Tail>) -> Self {
        Self { tail, told: Mutex::default() }
    }

    /// Tells who waits for them of events that this round has moved. Its transaction may run again: what was told of
    /// before is lost.
    pub(crate) fn tell(&self, moved: &ByPlace) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        *told = None;
        let (flusher, working) = (Flusher::new(), Arc::<Working>::default());
        let mut comings = Vec::new();
        for (place, logged) in moved {
            if self.tail.is_awaited(*place) {
                working.left.fetch_add(self.tail.resting(*place).cast_signed(), Ordering::AcqRel);
                let events = logged.iter().cloned().map(Read::of).collect();
                comings.push((*place, Coming::new(events, flusher.flush(), Arc::clone(&working))));
            }
        }
        for (place, coming) in &comings {
            self.tail.comes(*place, coming);
        }
        *told = Some(Told { tail: Arc::clone(&self.tail), comings, flusher, working });
    }

    /// Waits a moment for those who were told, and says that the round is about to be committed.
    pub(crate) async fn gather(&self) {
        let working = {
            let told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
            told.as_ref().map(|told| Arc::clone(&told.working))
        };
        let Some(working) = working else { return };
        if working.left.load(Ordering::Acquire) > 0 {
            let _ = tokio::time::timeout(GATHER, working.none.notified()).await;
        }
        if let Some(told) = &*self.told.lock().unwrap_or_else(PoisonError::into_inner) {
            told.flusher.begins();
        }
    }

    /// The round is committed.
    pub(crate) fn keep(&self) {
        let told = self.told.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(told) = told else { return };
        for (place, coming) in &told.comings {
            told.tail.keeps(*place, coming);
        }
        told.flusher.ends();
    }
}

/// What was told of, and to whom it is said that it is kept.
struct Told {
    tail: Arc<Tail>,
    comings: Vec<((Topic, u32), Coming)>,
    flusher: Flusher,
    working: Arc<Working>,
}

impl Drop for Told {
    fn drop(&mut self) {
        // Before those who wait hear of it, so that they do not find it once more.
        for (place, coming) in &self.comings {
            self.tail.is_over(*place, coming);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use domain::ids::{EventId, WorkspaceId};
    use domain::{Envelope, EventType};
    use futures_util::future::BoxFuture;
    use store::audit::{Entry, Filter};
    use store::bus::Logged;
    use store::{Error, Scope, Store};
    use testkit::{Postgres, append, beside, both, event, sqlite};
    use tokio::sync::Notify;
    use tokio::task::JoinSet;
    use tokio_util::sync::CancellationToken;
    use uuid::Uuid;

    use super::*;
    use crate::{Bus, Delivery, HandleError, Handler, relay};

    /// Counts how often the effect of each event was committed, and how often it was handed over.
    struct Counting {
        store: Store,
        /// How long its transactions take.
        lasting: Duration,
        effects: Mutex<BTreeMap<EventId, usize>>,
        handed_over: AtomicUsize,
    }

    impl Handler for Counting {
        fn group(&self) -> &'static str {
            "audit"
        }

        fn topics(&self) -> &'static [Topic] {
            &[Topic::TaskEvents]
        }

        fn handle<'a>(&'a self, deliveries: &'a [Delivery]) -> BoxFuture<'a, Result<(), HandleError>> {
            Box::pin(async move {
                self.handed_over.fetch_add(1, Ordering::SeqCst);
                let Some((workspace, wants)) = Delivery::wants(deliveries) else { return Ok(()) };
                let input = (deliveries.to_vec(), self.lasting);
                let taken: Result<Vec<EventId>, Error> = self
                    .store
                    .add(workspace, wants, input, |tx, (deliveries, lasting)| {
                        Box::pin(async move {
                            let fresh = Delivery::take_all(tx, deliveries).await?;
                            store::audit::insert(tx, fresh.iter().map(|fresh| row(&fresh.event)).collect())?;
                            tokio::time::sleep(*lasting).await;
                            Ok(fresh.into_iter().map(|delivery| delivery.event.id).collect())
                        })
                    })
                    .await;
                let taken = taken.map_err(|error| HandleError::Unavailable(error.into()))?;
                for event in taken {
                    *self.effects.lock().unwrap().entry(event).or_default() += 1;
                }
                Ok(())
            })
        }
    }

    /// The effect of an event.
    fn row(event: &Envelope) -> Entry {
        Entry {
            id: EventId(Uuid::now_v7()),
            occurred_at: event.occurred_at,
            action: String::new(),
            subject_kind: String::new(),
            subject: event.subject_id,
            subject_number: None,
            subject_title: String::new(),
            actor: event.actor.clone(),
            changes: Vec::new(),
        }
    }

    /// How many effects the database has of events of the workspace of `event`.
    async fn rows(store: &Store, event: &Envelope) -> usize {
        let rows: Result<_, Error> = store
            .read(event.workspace_id, (), |tx, ()| {
                Box::pin(async move { store::audit::list(tx, &Filter::default(), 100, None).await })
            })
            .await;
        rows.unwrap().items.len()
    }

    /// A group at work, without a relay.
    struct Stage {
        store: Store,
        bus: Bus,
        group: Arc<Counting>,
        stop: CancellationToken,
        running: JoinSet<()>,
    }

    impl Stage {
        async fn new(store: Store) -> Self {
            Self::lasting(Duration::ZERO, store).await
        }

        async fn lasting(lasting: Duration, store: Store) -> Self {
            let bus = Bus::database(store.clone());
            bus.settle().await.unwrap();
            let group =
                Counting { store: store.clone(), lasting, effects: Mutex::default(), handed_over: 0.into() };
            let (group, stop) = (Arc::new(group), CancellationToken::new());
            let handlers: Vec<Arc<dyn Handler>> = vec![group.clone()];
            let (consuming, end) = (bus.clone(), stop.clone());
            let mut running = JoinSet::new();
            running.spawn(async move { consuming.consume(handlers, end).await });
            let stage = Self { store, bus, group, stop, running };
            // Every partition has its worker, which has found that there is nothing.
            stage
                .until(|| {
                    Topic::all_partitions()
                        .filter(|(topic, _)| *topic == Topic::TaskEvents)
                        .all(|place| stage.bus.tail.resting(place) > 0)
                })
                .await;
            stage
        }

        async fn until(&self, holds: impl Fn() -> bool) {
            let deadline = tokio::time::Instant::now() + Duration::from_secs(30);
            while !holds() {
                assert!(tokio::time::Instant::now() < deadline, "it does not come to that");
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        }

        fn effects(&self) -> usize {
            self.group.effects.lock().unwrap().values().sum()
        }

        fn handed_over(&self) -> usize {
            self.group.handed_over.load(Ordering::SeqCst)
        }

        /// Moves what waits in the outbox, as a relay does.
        async fn relay(&self) {
            let moved: Result<_, Error> = self
                .store
                .write(Scope::System, (), |tx, ()| Box::pin(async move { store::bus::relay(tx, 100).await }))
                .await;
            moved.unwrap();
        }

        /// Ends the group; gives how often each event had its effect, and the place that is kept of its partition.
        async fn end(self, of: &Envelope) -> (Vec<usize>, i64) {
            self.stop.cancel();
            self.running.join_all().await;
            let lag: Result<_, Error> = self
                .store
                .read(Scope::System, (), |tx, ()| {
                    Box::pin(async move { Ok((store::bus::lag(tx).await?, store::bus::end(tx).await?)) })
                })
                .await;
            let (lag, ends) = lag.unwrap();
            let place = (Topic::TaskEvents, of.partition());
            let behind = lag.iter().find(|lag| (lag.topic, lag.partition) == place).unwrap().events;
            let end = ends.iter().find(|(key, _)| *key == place).unwrap().1;
            (self.group.effects.lock().unwrap().values().copied().collect(), end - behind)
        }
    }

    /// Events of different records in one partition.
    fn neighbours(count: usize) -> Vec<Envelope> {
        let workspace = WorkspaceId(Uuid::now_v7());
        std::iter::repeat_with(|| event(workspace, EventType::TaskCreated, Uuid::now_v7(), 1))
            .filter(|event| event.partition() == 0)
            .take(count)
            .collect()
    }

    /// Ends PostgreSQL at once, and waits until it is there again.
    async fn crash(server: &mut Postgres, store: &Store) {
        server.kill();
        server.start_again();
        while store.ping().await.is_err() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    fn logged(event: &Envelope, position: i64) -> Logged {
        let envelope = serde_json::to_string(event).unwrap();
        Logged { position, event: event.id, workspace: event.workspace_id, envelope }
    }

    #[tokio::test]
    async fn a_group_begins_with_what_is_not_committed_and_is_past_it_when_that_is() {
        both(async |db| {
            let stage = Stage::new(db.store.clone()).await;
            let events = neighbours(2);
            append(&stage.store, events.clone()).await;
            let round = Round::new(Arc::clone(&stage.bus.tail));
            let place = (Topic::TaskEvents, 0);
            round.tell(&[(place, vec![logged(&events[0], 0), logged(&events[1], 1)])]);
            stage.until(|| stage.handed_over() == 1).await;
            tokio::time::sleep(Duration::from_millis(50)).await;
            assert_eq!(stage.handed_over(), 1, "the second waits until the first is known to stay");
            stage.relay().await;
            round.keep();
            stage.until(|| stage.handed_over() == 2).await;
            tokio::time::sleep(Duration::from_millis(50)).await;
            assert_eq!(stage.handed_over(), 2, "neither comes again");
            assert_eq!(stage.end(&events[0]).await, (vec![1, 1], 2));
        })
        .await;
    }

    /// A write that neither fails nor ends until it is let go on.
    async fn linger(store: &Store, begun: &Arc<Notify>, goes_on: &Arc<Notify>) {
        let written: Result<(), Error> = store
            .write(Scope::System, (Arc::clone(begun), Arc::clone(goes_on)), |_, (begun, goes_on)| {
                Box::pin(async move {
                    begun.notify_one();
                    goes_on.notified().await;
                    Ok(())
                })
            })
            .await;
        written.unwrap();
    }

    /// Writes that wait for SQLite's writer share a transaction. Where it is lost, who appended an event in it does that
    /// once more, and the event has another id then.
    #[tokio::test]
    async fn on_sqlite_nothing_is_begun_with_that_a_neighbour_may_still_take_back() {
        let db = sqlite().await;
        let stage = Stage::new(db.store.clone()).await;
        append(&stage.store, neighbours(1)).await;
        let [first_begun, first_goes_on, last_begun, last_goes_on]: [Arc<Notify>; 4] = Default::default();
        let first = linger(&stage.store, &first_begun, &first_goes_on);
        let others = async {
            first_begun.notified().await;
            // They queue behind the first, in this order.
            tokio::join!(
                relay::round(&stage.store, &stage.bus.log, &stage.bus.tail, relay::Waits::Perhaps),
                linger(&stage.store, &last_begun, &last_goes_on),
                async {
                    first_goes_on.notify_one();
                    last_begun.notified().await;
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    assert_eq!(stage.handed_over(), 0, "its round is not committed");
                    last_goes_on.notify_one();
                }
            )
        };
        let ((), (moved, ..)) = tokio::join!(first, others);
        assert_eq!(moved.unwrap().events, 1);
        stage.until(|| stage.handed_over() == 1).await;
    }

    #[tokio::test]
    async fn what_was_handled_early_and_then_lost_hides_nothing_that_takes_its_place() {
        both(async |db| {
            let stage = Stage::new(db.store.clone()).await;
            let events = neighbours(2);
            // A relay has seen the second event only; it moves it, and its transaction is lost.
            let round = Round::new(Arc::clone(&stage.bus.tail));
            round.tell(&[((Topic::TaskEvents, 0), vec![logged(&events[1], 0)])]);
            stage.until(|| stage.handed_over() == 1).await;
            drop(round);
            append(&stage.store, events.clone()).await;
            stage.relay().await;
            stage.until(|| stage.group.effects.lock().unwrap().len() == 2).await;
            assert_eq!(stage.end(&events[0]).await, (vec![1, 1], 2));
        })
        .await;
    }

    #[tokio::test]
    async fn an_effect_that_takes_longer_than_its_round_waits_is_on_the_disk_nevertheless() {
        let mut server = Postgres::start().await;
        let store = beside(&server.new_database().await).await;
        let stage = Stage::lasting(GATHER * 20, store.clone()).await;
        let events = neighbours(1);
        let round = Round::new(Arc::clone(&stage.bus.tail));
        round.tell(&[((Topic::TaskEvents, 0), vec![logged(&events[0], 0)])]);
        round.gather().await;
        assert_eq!(stage.effects(), 0, "the round is about to be committed before it");
        stage.until(|| stage.effects() == 1).await;
        crash(&mut server, &store).await;
        assert_eq!(rows(&store, &events[0]).await, 1);
    }

    /// The log is flushed for the round while the effect is committed.
    #[tokio::test]
    async fn an_effect_that_is_committed_while_its_round_is_flushed_is_on_the_disk_when_the_group_is_past_it()
    {
        let slower = Duration::from_millis(400);
        let mut server = Postgres::start_on_slow_disk(slower).await;
        let url = server.new_database().await;
        server.administer(&url, "ALTER SYSTEM SET wal_writer_delay = '10s'").await;
        server.administer(&url, "SELECT pg_reload_conf()").await;
        let store = beside(&url).await;
        let stage = Stage::lasting(slower / 4, store.clone()).await;
        let events = neighbours(1);
        append(&store, events.clone()).await;
        relay::round(&store, &stage.bus.log, &stage.bus.tail, relay::Waits::Perhaps).await.unwrap();
        stage.until(|| stage.bus.counts().iter().any(|(_, handled)| *handled == 1)).await;
        crash(&mut server, &store).await;
        assert_eq!(rows(&store, &events[0]).await, 1);
    }

    #[tokio::test]
    async fn a_round_that_was_begun_for_a_commit_does_not_wait_for_one_that_takes_long() {
        let server = Postgres::start_on_slow_disk(Duration::from_millis(500)).await;
        let store = beside(&server.new_database().await).await;
        let bus = Bus::database(store.clone());
        bus.settle().await.unwrap();
        let mut appends = store.appends();
        let relaying = async {
            appends.begins().await;
            let waits = relay::Waits::Soon(appends.clone());
            let moved = relay::round(&store, &bus.log, &bus.tail, waits).await.unwrap();
            assert_eq!(moved.events, 0, "it is not committed yet");
        };
        tokio::join!(append(&store, neighbours(1)), relaying);
    }

    #[tokio::test]
    async fn what_a_crash_takes_back_together_with_its_round_is_handled_again() {
        let mut server = Postgres::start().await;
        let store = beside(&server.new_database().await).await;
        let stage = Stage::new(store.clone()).await;
        let events = neighbours(1);
        append(&store, events.clone()).await;
        let round = Round::new(Arc::clone(&stage.bus.tail));
        round.tell(&[((Topic::TaskEvents, 0), vec![logged(&events[0], 0)])]);
        stage.until(|| stage.effects() == 1).await;
        crash(&mut server, &store).await;
        assert_eq!(rows(&store, &events[0]).await, 0, "it is gone: nobody has waited for the disk");
        drop(round);
        relay::round(&store, &stage.bus.log, &stage.bus.tail, relay::Waits::Perhaps).await.unwrap();
        stage.until(|| stage.effects() == 2).await;
        assert_eq!(rows(&store, &events[0]).await, 1);
        assert_eq!(stage.end(&events[0]).await, (vec![2], 1));
    }
}
