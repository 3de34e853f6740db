//! The live feed: every process reads the whole log and tells those who watch in it.
//!
//! Not shared by a group, and nothing is handled here: an event is told to whoever is interested, once per
//! connection, with a cursor to go on from after a cut. Who falls too far behind is told to read anew.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use domain::ids::{ConversationId, WorkspaceId};
use domain::{Envelope, Topic};
use store::{Scope, Store, Wake};
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

use crate::cursor::Place;
use crate::log::{Error, Log};
use crate::tail::{Read, Tail};

/// How many events are remembered here, so that a short cut does not cost a read of the database.
const REMEMBERED: usize = 4096;
/// How many events may wait for one watcher.
const WAITING: usize = 1024;
/// The most events that are told again after a cut; reading anew is cheaper than more.
const REPLAY: usize = 2000;
/// How often a process looks by itself where a wake from another one may have been lost.
const BACKSTOP: Duration = Duration::from_secs(3);

/// What somebody watches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Interest {
    /// Everything in a workspace.
    Workspace(WorkspaceId),
    /// One conversation: what happens to it, its messages and its ticket.
    Conversation(WorkspaceId, ConversationId),
}

/// One event, live.
#[derive(Debug, Clone)]
pub struct LiveEvent {
    /// Where to go on from after this event.
    pub cursor: Arc<str>,
    /// The event.
    pub event: Arc<Envelope>,
}

/// The watcher fell too far behind, or the feed has ended: what it knows has to be read anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("some events were missed")]
pub struct Resync;

/// Why the feed cannot go on from a cursor.
#[derive(Debug, thiserror::Error)]
pub enum TooOld {
    /// The cursor is too old, or not one of this desk's.
    #[error("the cursor is too old")]
    Cursor,
    /// The log could not be read.
    #[error("the log cannot be read")]
    Unread(#[source] Error),
}

/// An event that was read, with what is needed to tell it again.
struct Item {
    topic: Topic,
    partition: u32,
    position: i64,
    conversation: Option<ConversationId>,
    event: Arc<Envelope>,
}

impl Item {
    fn is_for(&self, interest: Interest) -> bool {
        match interest {
            Interest::Workspace(workspace) => self.event.workspace_id == workspace,
            Interest::Conversation(workspace, conversation) => {
                self.event.workspace_id == workspace && self.conversation == Some(conversation)
            }
        }
    }
}

/// The conversation that an event is about, if it is about one.
fn conversation_of(event: &Envelope) -> Option<ConversationId> {
    if event.kind.kind() == "conversation" {
        return Some(ConversationId(event.subject_id));
    }
    match event.kind.kind() {
        "message" | "ticket" => event.data.get("conversation_id")?.as_str()?.parse().ok(),
        _ => None,
    }
}

/// An event, and the feed's place after it: the same for all who watch.
#[derive(Clone)]
struct Told {
    item: Arc<Item>,
    place: Arc<Place>,
    cursor: Arc<str>,
}

struct State {
    /// Up to where the log was read.
    read: Place,
    /// What was read last, oldest first.
    remembered: VecDeque<Arc<Item>>,
    /// From where on everything is remembered.
    remembered_from: Place,
    watchers: HashMap<Interest, HashMap<u64, mpsc::Sender<Told>>>,
}

struct Inner {
    store: Store,
    log: Arc<Log>,
    tail: Arc<Tail>,
    state: Mutex<State>,
    next_watcher: AtomicU64,
}

impl Inner {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

/// The live feed of this process. Cheap to clone.
#[derive(Clone)]
pub struct Live(Arc<Inner>);

impl Live {
    pub(crate) async fn open(store: Store, log: Arc<Log>, tail: Arc<Tail>) -> Result<Self, store::Error> {
        crate::consume::ensure(&store, Vec::new()).await?;
        let place = Place::at(&end(&store).await?);
        let state = State {
            remembered: VecDeque::new(),
            remembered_from: place.clone(),
            read: place,
            watchers: HashMap::new(),
        };
        Ok(Self(Arc::new(Inner {
            store,
            log,
            tail,
            state: Mutex::new(state),
            next_watcher: AtomicU64::new(1),
        })))
    }

    /// Reads the log and tells what is in it, until `shutdown`.
    pub async fn run(&self, shutdown: CancellationToken) {
        let store = &self.0.store;
        let mut wakes = store.wakes();
        let mut due: HashSet<(Topic, u32)> = HashSet::new();
        // What came between opening and now.
        let mut look_at = Some(Instant::now());
        let mut failed = false;
        loop {
            let looks = look_at.is_some_and(|at| at <= Instant::now());
            let result = async {
                if looks {
                    self.look(&mut due).await?;
                }
                self.follow(&mut due).await
            };
            match result.await {
                Ok(()) => {
                    failed = false;
                    if looks {
                        look_at = (!store.is_exclusive()).then(|| Instant::now() + BACKSTOP);
                    }
                }
                Err(error) => {
                    if !failed {
                        warn!(
                            error = &error as &dyn std::error::Error,
                            "the live feed cannot read the log; it tries again"
                        );
                    }
                    failed = true;
                    tokio::select! {
                        () = shutdown.cancelled() => return,
                        () = tokio::time::sleep(Duration::from_secs(1)) => continue,
                    }
                }
            }
            tokio::select! {
                () = shutdown.cancelled() => return,
                wake = wakes.next() => match wake {
                    Some(Wake::Log(topic, partition, end)) => {
                        self.0.tail.reaches(topic, partition, end);
                        due.insert((topic, partition));
                    }
                    Some(_) => {}
                    // Some were missed.
                    None => look_at = Some(Instant::now()),
                },
                () = tokio::time::sleep_until(look_at.unwrap_or_else(Instant::now)), if look_at.is_some() => {}
            }
        }
    }

    /// Adds those partitions to `due` that were not read to their end.
    async fn look(&self, due: &mut HashSet<(Topic, u32)>) -> Result<(), Error> {
        let ends = end(&self.0.store).await?;
        for ((topic, partition), end) in &ends {
            self.0.tail.reaches(*topic, *partition, *end);
        }
        let read = self.0.state().read.clone();
        due.extend(read.behind(&Place::at(&ends)).map(|(partition, _, _)| partition));
        Ok(())
    }

    /// Reads the partitions in `due` to their end.
    async fn follow(&self, due: &mut HashSet<(Topic, u32)>) -> Result<(), Error> {
        while let Some(&(topic, partition)) = due.iter().next() {
            let from = self.0.state().read.get(topic, partition);
            let part = self.0.tail.read(topic, partition, from).await?;
            if part.is_end {
                due.remove(&(topic, partition));
            }
            let mut state = self.0.state();
            for read in part.events {
                state.tell(topic, partition, read);
            }
        }
        Ok(())
    }

    /// Watches from now on.
    pub fn subscribe(&self, interest: Interest) -> Subscription {
        let mut state = self.0.state();
        let place = state.read.clone();
        self.watch(&mut state, interest, place)
    }

    fn watch(&self, state: &mut State, interest: Interest, place: Place) -> Subscription {
        let (tell, told) = mpsc::channel(WAITING);
        let id = self.0.next_watcher.fetch_add(1, Ordering::Relaxed);
        state.watchers.entry(interest).or_default().insert(id, tell);
        Subscription { live: self.clone(), interest, id, place, again: VecDeque::new(), told }
    }

    /// Watches from where `cursor` was given on, without a gap.
    ///
    /// Errors where the log no longer goes back that far, where too much has happened since, and where the
    /// cursor is not one of this desk's.
    pub async fn resume(&self, interest: Interest, cursor: &str) -> Result<Subscription, TooOld> {
        let seen = Place::decode(cursor).ok_or(TooOld::Cursor)?;
        let (mut subscription, read, remembered) = {
            let mut state = self.0.state();
            // From here on new events reach the subscription; what it missed before is in front of them.
            let subscription = self.watch(&mut state, interest, seen.clone());
            let remembered = seen.behind(&state.remembered_from).next().is_none().then(|| {
                let missed = |item: &&Arc<Item>| {
                    item.is_for(interest) && item.position >= seen.get(item.topic, item.partition)
                };
                state.remembered.iter().filter(missed).cloned().collect::<VecDeque<_>>()
            });
            (subscription, state.read.clone(), remembered)
        };
        if read.behind(&seen).next().is_some() {
            // Another process may have been ahead of this one; but nobody is ahead of the log.
            let ends = Place::at(&end(&self.0.store).await.map_err(|error| TooOld::Unread(error.into()))?);
            if ends.behind(&seen).next().is_some() {
                return Err(TooOld::Cursor);
            }
        }
        subscription.again = match remembered {
            Some(remembered) => remembered,
            None => self.read_again(interest, &seen, &read).await?,
        };
        Ok(subscription)
    }

    /// What is in the log from `seen` up to `read`.
    async fn read_again(
        &self,
        interest: Interest,
        seen: &Place,
        read: &Place,
    ) -> Result<VecDeque<Arc<Item>>, TooOld> {
        let workspace = match interest {
            Interest::Workspace(workspace) | Interest::Conversation(workspace, _) => workspace,
        };
        let mut again = VecDeque::new();
        for ((topic, partition), from, to) in seen.behind(read) {
            let (store, limit) = (&self.0.store, REPLAY + 1 - again.len());
            let found = self.0.log.range(store, workspace, (topic, partition), (from, to), limit).await;
            let Some(found) = found.map_err(TooOld::Unread)? else { return Err(TooOld::Cursor) };
            if again.len() + found.len() > REPLAY {
                return Err(TooOld::Cursor);
            }
            let items = found.into_iter().filter_map(|read| item(topic, partition, read));
            again.extend(items.filter(|item| item.is_for(interest)).map(Arc::new));
        }
        Ok(again)
    }
}

async fn end(store: &Store) -> Result<Vec<((Topic, u32), i64)>, store::Error> {
    store.read(Scope::System, (), |tx, ()| Box::pin(async move { store::bus::end(tx).await })).await
}

fn item(topic: Topic, partition: u32, read: Read) -> Option<Item> {
    match read.event {
        Ok(event) => Some(Item {
            topic,
            partition,
            position: read.position,
            conversation: conversation_of(&event),
            event,
        }),
        Err(error) => {
            // A newer version's event, during an update; whoever watches here cannot show it anyway.
            debug!(
                error = &error as &dyn std::error::Error,
                event.id = %read.id,
                "an event is not one that this version understands"
            );
            None
        }
    }
}

impl State {
    fn tell(&mut self, topic: Topic, partition: u32, read: Read) {
        self.read.set(topic, partition, read.position + 1);
        let Some(item) = item(topic, partition, read) else { return };
        let item = Arc::new(item);
        let workspace = item.event.workspace_id;
        let interests = [
            Some(Interest::Workspace(workspace)),
            item.conversation.map(|conversation| Interest::Conversation(workspace, conversation)),
        ];
        let mut told: Option<Told> = None;
        for interest in interests.into_iter().flatten() {
            let Some(watchers) = self.watchers.get_mut(&interest) else { continue };
            let told = told.get_or_insert_with(|| Told {
                item: Arc::clone(&item),
                place: Arc::new(self.read.clone()),
                cursor: self.read.encode().into(),
            });
            // Who is full has fallen behind: with the sender gone, it finds out when it has read the rest.
            watchers.retain(|_, tell| tell.try_send(told.clone()).is_ok());
            if watchers.is_empty() {
                self.watchers.remove(&interest);
            }
        }
        self.remembered.push_back(item);
        while self.remembered.len() > REMEMBERED {
            if let Some(oldest) = self.remembered.pop_front() {
                self.remembered_from.set(oldest.topic, oldest.partition, oldest.position + 1);
            }
        }
    }
}

/// Somebody's view of the live feed.
pub struct Subscription {
    live: Live,
    interest: Interest,
    id: u64,
    /// Up to where it has seen the log.
    place: Place,
    /// What it missed, to be told first.
    again: VecDeque<Arc<Item>>,
    told: mpsc::Receiver<Told>,
}

impl Subscription {
    /// Where to go on from after what was given so far.
    pub fn cursor(&self) -> String {
        self.place.encode()
    }

    /// The next event. Errors, from then on always, where some were missed.
    pub async fn next(&mut self) -> Result<LiveEvent, Resync> {
        if let Some(item) = self.again.pop_front() {
            self.place.set(item.topic, item.partition, item.position + 1);
            return Ok(LiveEvent { cursor: self.cursor().into(), event: Arc::clone(&item.event) });
        }
        loop {
            let Told { item, place, cursor } = self.told.recv().await.ok_or(Resync)?;
            // One that resumed may have seen it elsewhere, in a process that was ahead of this one.
            if item.position < self.place.get(item.topic, item.partition) {
                continue;
            }
            let event = Arc::clone(&item.event);
            if place.behind(&self.place).next().is_none() {
                self.place.clone_from(&place);
                return Ok(LiveEvent { cursor, event });
            }
            self.place.set(item.topic, item.partition, item.position + 1);
            return Ok(LiveEvent { cursor: self.cursor().into(), event });
        }
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        let mut state = self.live.0.state();
        if let Some(watchers) = state.watchers.get_mut(&self.interest) {
            watchers.remove(&self.id);
            if watchers.is_empty() {
                state.watchers.remove(&self.interest);
            }
        }
    }
}
