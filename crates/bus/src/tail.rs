//! The end of the log as this process read it last: what one group reads is there for the other groups and for
//! the live feed, and nobody asks for what is known not to be there.
//!
//! A position never changes what it holds, so what is here can be short, but not wrong.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::time::Duration;

use domain::event::Unreadable;
use domain::ids::{EventId, WorkspaceId};
use domain::{Envelope, Topic};
use store::Store;
use store::bus::Logged;
use tokio::sync::{Mutex, watch};

use crate::coming::Coming;
use crate::log::{Error, Log};

/// How many events of a partition are kept for whoever reads them next.
const KEPT: usize = 100;
/// How long a read waits for a round of this process's relay that would spare it: it is about to be committed, or its
/// connection is cut.
const SETTLES: Duration = Duration::from_millis(20);

/// An event of the log as it was read, with its bytes for where it cannot be handled.
#[derive(Debug, Clone)]
pub(crate) struct Read {
    pub(crate) position: i64,
    pub(crate) id: EventId,
    pub(crate) workspace: WorkspaceId,
    pub(crate) original: Arc<[u8]>,
    pub(crate) event: Result<Arc<Envelope>, Unreadable>,
}

impl Read {
    pub(crate) fn new(position: i64, id: EventId, workspace: WorkspaceId, original: Vec<u8>) -> Self {
        let event = Envelope::parse(&original).map(Arc::new);
        Self { position, id, workspace, event, original: original.into() }
    }

    /// Whether it says nothing: it is where a broker has lost something.
    pub(crate) fn is_void(&self) -> bool {
        self.original.is_empty()
    }

    pub(crate) fn of(logged: Logged) -> Self {
        Self::new(logged.position, logged.event, logged.workspace, logged.envelope.into_bytes())
    }
}

/// Some events of a partition, in order.
#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) events: Vec<Read>,
    /// Whether nothing came after them when they were read; what comes later is told of.
    pub(crate) is_end: bool,
}

#[derive(Default)]
struct Partition {
    /// The position of the next event, as far as somebody said.
    end: AtomicI64,
    kept: Mutex<Kept>,
    coming: watch::Sender<Option<Coming>>,
    /// How many of those who are told of what comes have nothing else to do.
    resting: AtomicUsize,
}

/// Somebody has nothing else to do.
pub(crate) struct Rest<'a>(&'a AtomicUsize);

impl Drop for Rest<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

/// What is kept of a partition: every event from `from` up to `to`.
#[derive(Default)]
struct Kept {
    events: VecDeque<Read>,
    from: i64,
    to: i64,
    /// Whether the partition was read to its end when it was read last.
    is_end: bool,
}

impl Kept {
    /// Goes on with what follows.
    fn extend(&mut self, events: impl IntoIterator<Item = Read>) {
        self.events.extend(events);
        self.to = self.events.back().map_or(self.to, |last| last.position + 1);
    }

    /// Forgets what is more than is worth keeping.
    fn trim(&mut self) {
        let surplus = self.events.len().saturating_sub(KEPT);
        self.events.drain(..surplus);
        self.from = self.events.front().map_or(self.to, |first| first.position);
    }
}

/// The log's end. Shared by everything in the process that reads the log.
pub(crate) struct Tail {
    store: Store,
    log: Arc<Log>,
    partitions: HashMap<(Topic, u32), Partition>,
}

impl Tail {
    pub(crate) fn new(store: Store, log: Arc<Log>) -> Self {
        let partitions = Topic::all_partitions().map(|key| (key, Partition::default())).collect();
        Self { store, log, partitions }
    }

    /// Says that the partition goes on as far as `end`, the position of its next event.
    ///
    /// To be said before those are woken who shall read it.
    pub(crate) fn reaches(&self, topic: Topic, partition: u32, end: i64) {
        if let Some(partition) = self.partitions.get(&(topic, partition)) {
            partition.end.fetch_max(end, Ordering::AcqRel);
        }
    }

    /// The events from `position` on: at least one, unless that is the end.
    pub(crate) async fn read(&self, topic: Topic, partition: u32, position: i64) -> Result<Part, Error> {
        let Some(shared) = self.partitions.get(&(topic, partition)) else {
            // A newer version has more partitions.
            return self.log.read(&self.store, (topic, partition), position, i64::MAX).await;
        };
        let mut waited = false;
        let (mut kept, end) = loop {
            let mut kept = shared.kept.lock().await;
            let end = shared.end.load(Ordering::Acquire);
            if position < kept.from {
                // Far behind the others: what it reads is of no use to them.
                drop(kept);
                return self.log.read(&self.store, (topic, partition), position, end).await;
            }
            if position > kept.to {
                *kept = Kept { from: position, to: position, ..Kept::default() };
            }
            // It was told of the end, but not yet that the round is kept: that is about to be said.
            let coming = self.coming((topic, partition), position);
            match coming.filter(|_| !waited && kept.is_end && position == kept.to && kept.to < end) {
                Some(coming) => {
                    drop(kept);
                    let _ = tokio::time::timeout(SETTLES, coming.is_kept()).await;
                    waited = true;
                }
                None => break (kept, end),
            }
        };
        if !kept.is_end || kept.to < end {
            let part = self.log.read(&self.store, (topic, partition), kept.to, end).await?;
            kept.is_end = part.is_end;
            kept.extend(part.events);
        }
        let events = kept.events.iter().filter(|event| event.position >= position).cloned().collect();
        let part = Part { events, is_end: kept.is_end };
        kept.trim();
        Ok(part)
    }

    /// Told of events that a relay of this process has moved and not committed yet.
    pub(crate) fn awaits(&self, place: (Topic, u32)) -> watch::Receiver<Option<Coming>> {
        let shared = self.partitions.get(&place);
        // A newer version has more partitions: nothing is ever told of those.
        shared.map_or_else(|| watch::channel(None).1, |shared| shared.coming.subscribe())
    }

    /// Whether anybody is told of what comes there.
    pub(crate) fn is_awaited(&self, place: (Topic, u32)) -> bool {
        self.partitions.get(&place).is_some_and(|shared| shared.coming.receiver_count() > 0)
    }

    /// One of those has nothing else to do, until what is given back is dropped.
    pub(crate) fn rests(&self, place: (Topic, u32)) -> Option<Rest<'_>> {
        let resting = &self.partitions.get(&place)?.resting;
        resting.fetch_add(1, Ordering::AcqRel);
        Some(Rest(resting))
    }

    /// How many of those have nothing else to do, and begin at once.
    pub(crate) fn resting(&self, place: (Topic, u32)) -> usize {
        self.partitions.get(&place).map_or(0, |shared| shared.resting.load(Ordering::Acquire))
    }

    /// Whether any of them anywhere would begin at once.
    pub(crate) fn anybody_rests(&self) -> bool {
        self.partitions.values().any(|shared| shared.resting.load(Ordering::Acquire) > 0)
    }

    /// What comes at `position` and is not committed yet, if anything does.
    pub(crate) fn coming(&self, place: (Topic, u32), position: i64) -> Option<Coming> {
        let coming = self.partitions.get(&place)?.coming.borrow();
        coming.as_ref().filter(|coming| coming.from() == Some(position)).cloned()
    }

    /// Says what comes next in a partition.
    pub(crate) fn comes(&self, place: (Topic, u32), coming: &Coming) {
        if let Some(shared) = self.partitions.get(&place) {
            shared.coming.send_replace(Some(coming.clone()));
        }
    }

    /// Says no more that `coming` comes.
    pub(crate) fn is_over(&self, place: (Topic, u32), coming: &Coming) {
        if let Some(shared) = self.partitions.get(&place) {
            shared.coming.send_if_modified(|told| told.take_if(|told| told.is(coming)).is_some());
        }
    }

    /// Says that `coming` is in the log. It is kept where it is what follows, and nobody reads just now.
    pub(crate) fn keeps(&self, place: (Topic, u32), coming: &Coming) {
        let Some(shared) = self.partitions.get(&place) else { return };
        let Ok(mut kept) = shared.kept.try_lock() else { return };
        if kept.is_end && coming.from() == Some(kept.to) {
            kept.extend(coming.events.iter().cloned());
            kept.trim();
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::EventType;
    use store::{Flusher, Scope};
    use testkit::{append, both, event};
    use uuid::Uuid;

    use super::*;

    const PLACE: (Topic, u32) = (Topic::TaskEvents, 0);

    /// Puts events with these sequences into the log; gives the position of the next one.
    async fn log(store: &Store, sequences: std::ops::Range<i64>) -> (u32, i64) {
        let workspace = WorkspaceId(Uuid::nil());
        let events: Vec<Envelope> = sequences
            .map(|sequence| event(workspace, EventType::TaskCreated, Uuid::nil(), sequence))
            .collect();
        let place = events[0].partition();
        append(store, events).await;
        let moved: Result<store::bus::Moved, store::Error> = store
            .write(Scope::System, (), |tx, ()| Box::pin(async move { store::bus::relay(tx, 1000).await }))
            .await;
        assert!(moved.unwrap().events > 0);
        let ends: Result<_, store::Error> =
            store.read(Scope::System, (), |tx, ()| Box::pin(async move { store::bus::end(tx).await })).await;
        (place, ends.unwrap().into_iter().find(|(key, _)| *key == (PLACE.0, place)).unwrap().1)
    }

    fn sequences(part: &Part) -> Vec<i64> {
        part.events.iter().map(|read| read.event.as_ref().unwrap().sequence).collect()
    }

    #[tokio::test]
    async fn what_one_has_read_is_there_for_the_others_and_more_only_when_it_was_told_of() {
        both(async |store| {
            crate::consume::ensure(&store, Vec::new()).await.unwrap();
            let tail = Tail::new(store.clone(), Arc::new(Log::Database));
            let (place, _) = log(&store, 0..3).await;
            let read = async |position| tail.read(PLACE.0, place, position).await.unwrap();
            let part = read(0).await;
            assert_eq!((sequences(&part), part.is_end), (vec![0, 1, 2], true));

            let (_, end) = log(&store, 3..5).await;
            assert_eq!(sequences(&read(1).await), [1, 2], "the log was not asked");
            tail.reaches(PLACE.0, place, end);
            assert_eq!(sequences(&read(1).await), [1, 2, 3, 4]);
            let part = read(5).await;
            assert_eq!((sequences(&part), part.is_end), (vec![], true));
            // An older word about the end changes nothing.
            tail.reaches(PLACE.0, place, 2);
            assert_eq!(sequences(&read(4).await), [4]);
        })
        .await;
    }

    #[tokio::test]
    async fn whoever_waits_for_a_round_misses_nothing_that_others_read_meanwhile() {
        both(async |store| {
            crate::consume::ensure(&store, Vec::new()).await.unwrap();
            let tail = Arc::new(Tail::new(store.clone(), Arc::new(Log::Database)));
            let (place, end) = log(&store, 0..3).await;
            tail.reaches(PLACE.0, place, end);
            assert_eq!(tail.read(PLACE.0, place, 0).await.unwrap().events.len(), 3);
            let (_, end) = log(&store, 3..300).await;
            let round = Flusher::new();
            let next = store.read(Scope::System, place, |tx, place| {
                Box::pin(async move { store::bus::read(tx, PLACE.0, *place, 3, 1).await })
            });
            let next: Result<Vec<Logged>, store::Error> = next.await;
            let events = next.unwrap().into_iter().map(Read::of).collect();
            let coming = Coming::new(events, round.flush(), Arc::default());
            tail.comes((PLACE.0, place), &coming);
            tail.reaches(PLACE.0, place, end);
            let mut waiting = tokio::task::JoinSet::new();
            let reader = Arc::clone(&tail);
            waiting.spawn(async move { reader.read(PLACE.0, place, 3).await.unwrap() });
            tokio::time::sleep(Duration::from_millis(3)).await;
            tail.is_over((PLACE.0, place), &coming);
            let mut position = 3;
            while position < end {
                let part = tail.read(PLACE.0, place, position).await.unwrap();
                position = part.events.last().unwrap().position + 1;
            }
            let part = waiting.join_next().await.unwrap().unwrap();
            assert_eq!(part.events[0].position, 3);
        })
        .await;
    }

    #[tokio::test]
    async fn whoever_is_far_behind_or_ahead_reads_every_event_once_and_in_order() {
        both(async |store| {
            crate::consume::ensure(&store, Vec::new()).await.unwrap();
            let tail = Tail::new(store.clone(), Arc::new(Log::Database));
            let (place, end) = log(&store, 0..450).await;
            let read_all = async |mut position: i64| {
                let mut all = Vec::new();
                loop {
                    let part = tail.read(PLACE.0, place, position).await.unwrap();
                    position = part.events.last().map_or(position, |last| last.position + 1);
                    all.extend(sequences(&part));
                    if part.is_end {
                        return all;
                    }
                }
            };
            // The second is behind what is kept, which the first has carried to the end.
            for _ in 0..2 {
                assert_eq!(read_all(0).await, (0..450).collect::<Vec<_>>());
            }
            assert_eq!(read_all(380).await, (380..450).collect::<Vec<_>>());
            let (_, later) = log(&store, 450..460).await;
            assert_eq!((end, later), (450, 460));
            // One that is further than anybody here has been, as after a takeover.
            let ahead = tail.read(PLACE.0, place, 455).await.unwrap();
            assert_eq!((sequences(&ahead), ahead.is_end), ((455..460).collect(), true));
            assert_eq!(read_all(440).await, (440..460).collect::<Vec<_>>());
        })
        .await;
    }
}
