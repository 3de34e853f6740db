//! What a relay of this process has moved and not committed yet: groups begin with it at once, and are past it only
//! when the log has it.
//!
//! An effect is one transaction with its row of the ledger, and neither needs the log: where the round is lost, its
//! events are moved once more, and the ledger knows those that were handled. So an event waits for one flush of the
//! database's disk, not for two. Only on PostgreSQL: on SQLite what is moved may not be committed itself.

use std::sync::{Arc, Mutex, PoisonError};

use domain::Topic;
use store::bus::Logged;
use tokio::sync::watch;

use crate::tail::{Read, Tail};

/// Events of one partition, in order, at the positions that they have if their round is kept.
#[derive(Debug, Clone)]
pub(crate) struct Coming {
    pub(crate) events: Arc<[Read]>,
    kept: watch::Receiver<bool>,
}

impl Coming {
    pub(crate) fn new(events: Arc<[Read]>, kept: watch::Receiver<bool>) -> Self {
        Self { events, kept }
    }

    /// The position of the first of them.
    pub(crate) fn from(&self) -> Option<i64> {
        self.events.first().map(|first| first.position)
    }

    /// Whether it is the same, and not only of the same events.
    pub(crate) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.events, &other.events)
    }

    /// Waits until the round has ended; gives whether the log has them now.
    pub(crate) async fn is_kept(&self) -> bool {
        self.kept.clone().wait_for(|kept| *kept).await.is_ok()
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
    pub(crate) fn tell(&self, moved: &[((Topic, u32), Vec<Logged>)]) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        *told = None;
        let (sender, kept) = watch::channel(false);
        let mut new = Told { tail: Arc::clone(&self.tail), comings: Vec::new(), kept: sender };
        for (place, logged) in moved.iter().filter(|(place, _)| self.tail.is_awaited(*place)) {
            let coming = Coming::new(logged.iter().cloned().map(Read::of).collect(), kept.clone());
            self.tail.comes(*place, &coming);
            new.comings.push((*place, coming));
        }
        *told = Some(new);
    }

    /// The round is committed.
    pub(crate) fn keep(&self) {
        let told = self.told.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(told) = told else { return };
        for (place, coming) in &told.comings {
            told.tail.keeps(*place, coming);
        }
        told.kept.send_replace(true);
    }
}

/// What was told of, and to whom it is said that it is kept.
struct Told {
    tail: Arc<Tail>,
    comings: Vec<((Topic, u32), Coming)>,
    kept: watch::Sender<bool>,
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
    use store::{Error, Scope, Store};
    use testkit::{append, both, event, sqlite};
    use tokio::sync::Notify;
    use tokio::task::JoinSet;
    use tokio_util::sync::CancellationToken;
    use uuid::Uuid;

    use super::*;
    use crate::{Bus, Delivery, HandleError, Handler, relay};

    /// Counts how often the effect of each event was committed, and how often it was handed over.
    struct Counting {
        store: Store,
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
                let taken: Result<Vec<EventId>, Error> = self
                    .store
                    .write(deliveries[0].event.workspace_id, deliveries.to_vec(), |tx, deliveries| {
                        Box::pin(async move {
                            let fresh = Delivery::take_all(tx, deliveries).await?;
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
            let bus = Bus::database(store.clone());
            bus.settle().await.unwrap();
            let group = Counting { store: store.clone(), effects: Mutex::default(), handed_over: 0.into() };
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
                        .all(|place| stage.bus.tail.is_awaited(place))
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
                relay::round(&stage.store, &stage.bus.log, &stage.bus.tail),
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
}
