//! A process's part in its groups: which partitions it has, and a worker for each of them.
//!
//! On PostgreSQL partitions are shared with other processes by leases; on SQLite, which one process has for
//! itself, all are taken once at the start, and nothing is written or polled while nothing happens.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use domain::Topic;
use store::bus::{Lease, Owned, Unread};
use store::{Error, Scope, Store, Wake};
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::{debug, error, warn};

use crate::partition::{End, Worker};
use crate::waiting::Waiting;
use crate::{Bus, Handler};

/// How often leases are renewed, and how often a process looks by itself.
const RENEW_EVERY: Duration = Duration::from_secs(5);
/// The least time between two looks, however many wakes there are.
const PAUSE: Duration = Duration::from_millis(100);
/// How soon a failed look is repeated.
const RETRY: Duration = Duration::from_secs(1);

/// Makes the rows that the relay and the groups need.
pub(crate) async fn ensure(
    store: &Store,
    groups: Vec<(&'static str, &'static [Topic])>,
) -> Result<(), Error> {
    store
        .write(Scope::System, groups, |tx, groups| {
            Box::pin(async move { store::bus::ensure(tx, groups).await })
        })
        .await
}

type Key = (&'static str, Topic, u32);

struct Running {
    owned: Owned,
    more: Arc<Notify>,
    replay: Arc<AtomicBool>,
    stop: CancellationToken,
}

struct Consumer<'a> {
    bus: &'a Bus,
    store: &'a Store,
    handlers: Vec<Arc<dyn Handler>>,
    /// This process, or this part of it, among the groups' members.
    owner: String,
    running: HashMap<Key, Running>,
    workers: JoinSet<(Key, Owned, End)>,
    stopping: bool,
}

pub(crate) async fn run(bus: &Bus, handlers: Vec<Arc<dyn Handler>>, shutdown: CancellationToken) {
    let owner = uuid::Uuid::now_v7().to_string();
    let consumer = Consumer {
        bus,
        store: &bus.store,
        handlers,
        owner,
        running: HashMap::new(),
        workers: JoinSet::new(),
        stopping: false,
    };
    if !consumer.handlers.is_empty() {
        consumer.run(shutdown).await;
    }
}

impl Consumer<'_> {
    async fn run(mut self, shutdown: CancellationToken) {
        let mut wakes = self.store.wakes();
        if !self.prepare(&shutdown).await {
            return;
        }
        let mut look_at = Some(Instant::now());
        let mut failed = false;
        loop {
            tokio::select! {
                () = shutdown.cancelled(), if !self.stopping => {
                    self.stopping = true;
                    for running in self.running.values() {
                        running.stop.cancel();
                    }
                }
                Some(ended) = self.workers.join_next() => match ended {
                    Ok((key, owned, end)) => self.ended(key, &owned, end).await,
                    // Handlers' panics do not come as far as this. Whoever runs the groups begins them anew.
                    Err(error) => match error.try_into_panic() {
                        Ok(panic) => std::panic::resume_unwind(panic),
                        Err(error) => error!(error = &error as &dyn std::error::Error, "a partition's worker is gone"),
                    },
                },
                wake = wakes.next() => match wake {
                    Some(Wake::Log(topic, partition, end)) => self.tell(topic, partition, end),
                    Some(Wake::Replay) => look_at = Some(Instant::now()),
                    Some(Wake::Leases) => look_at = look_at.map(|at| at.min(Instant::now() + PAUSE)),
                    Some(_) => {}
                    // Some were missed.
                    None => look_at = Some(Instant::now()),
                },
                () = tokio::time::sleep_until(look_at.unwrap_or_else(Instant::now)), if look_at.is_some() => {
                    look_at = match self.look().await {
                        Ok(next) => {
                            failed = false;
                            next.map(|wait| Instant::now() + wait)
                        }
                        Err(error) => {
                            if !failed {
                                warn!(error = &error as &dyn std::error::Error, "leases could not be renewed");
                            }
                            failed = true;
                            Some(Instant::now() + RETRY)
                        }
                    };
                }
            }
            if self.stopping && self.workers.is_empty() {
                break;
            }
        }
        if !self.store.is_exclusive() {
            let left: Result<(), Error> = self
                .store
                .write(Scope::System, self.owner, |tx, owner| {
                    Box::pin(async move { store::bus::leave(tx, owner).await })
                })
                .await;
            if let Err(error) = left {
                debug!(error = &error as &dyn std::error::Error, "leases were not given back; they run out");
            }
        }
    }

    /// Makes the groups' rows and, on a database of its own, takes everything. Gives whether that worked
    /// before the shutdown.
    async fn prepare(&mut self, shutdown: &CancellationToken) -> bool {
        let groups: Vec<(&'static str, &'static [Topic])> =
            self.handlers.iter().map(|handler| (handler.group(), handler.topics())).collect();
        let mut failures = 0;
        loop {
            let result = async {
                ensure(self.store, groups.clone()).await?;
                if !self.store.is_exclusive() {
                    return Ok(Vec::new());
                }
                let names: Vec<&'static str> = groups.iter().map(|(name, _)| *name).collect();
                self.store
                    .write(Scope::System, (self.owner.clone(), names), |tx, (owner, names)| {
                        Box::pin(async move { store::bus::take_over_all(tx, owner, names).await })
                    })
                    .await
            };
            match result.await {
                Ok(leases) => {
                    self.start(leases);
                    return true;
                }
                Err(error) => {
                    failures += 1;
                    if failures == 1 {
                        warn!(error = &error as &dyn std::error::Error, "the groups cannot start yet");
                    }
                }
            }
            tokio::select! {
                () = shutdown.cancelled() => return false,
                () = tokio::time::sleep(crate::backoff(failures)) => {}
            }
        }
    }

    /// Renews and shares leases where there are others, and sees to what is unread. Gives when to look again.
    async fn look(&mut self) -> Result<Option<Duration>, Error> {
        let mut next = None;
        if !self.store.is_exclusive() {
            let shares = self.share().await?;
            self.running.retain(|_, running| {
                let ours = shares.ours.contains(&running.owned);
                if !ours {
                    running.stop.cancel();
                }
                ours
            });
            for owned in &shares.surplus {
                if let Some(running) = self.key(owned).and_then(|key| self.running.get(&key)) {
                    running.stop.cancel();
                }
            }
            // What is ours by the table but has no worker here is given back, and taken again by whoever may.
            for owned in &shares.ours {
                if !self.key(owned).is_some_and(|key| self.running.contains_key(&key)) {
                    self.release(owned).await;
                }
            }
            self.start(shares.taken);
            // Just after the lease of somebody who does not renew it has ended.
            let expiry = shares.next_expiry.unwrap_or(RENEW_EVERY) + PAUSE;
            next = Some(expiry.min(RENEW_EVERY));
        }
        let (unread, queued) = self.outstanding().await?;
        for Unread { group, topic, partition, end } in unread {
            self.bus.tail.reaches(topic, partition, end);
            if let Some(running) = self.running(&group, topic, partition) {
                running.more.notify_one();
            }
        }
        for (group, topic, partition) in queued {
            if let Some(running) = self.running(&group, topic, partition) {
                running.replay.store(true, Ordering::Release);
                running.more.notify_one();
            }
        }
        Ok(next)
    }

    fn running(&self, group: &str, topic: Topic, partition: u32) -> Option<&Running> {
        let handler = self.handlers.iter().find(|handler| handler.group() == group)?;
        self.running.get(&(handler.group(), topic, partition))
    }

    /// What waits in this process's partitions: events that are unread, and dead letters that are to be handled again.
    async fn outstanding(&self) -> Result<(Vec<Unread>, Vec<(String, Topic, u32)>), Error> {
        self.store
            .read(Scope::System, self.owner.clone(), |tx, owner| {
                Box::pin(async move {
                    let unread = store::bus::unread(tx, owner).await?;
                    let queued = store::bus::dead::queued_for(tx, owner).await?;
                    Ok((unread, queued))
                })
            })
            .await
    }

    async fn share(&self) -> Result<Shares, Error> {
        let groups: Vec<(&'static str, usize)> = self
            .handlers
            .iter()
            .map(|handler| {
                let partitions = handler.topics().iter().map(|topic| topic.partitions() as usize).sum();
                (handler.group(), partitions)
            })
            .collect();
        let input = (self.owner.clone(), groups, self.stopping);
        self.store
            .write_relaxed(Scope::System, input, |tx, (owner, groups, stopping)| {
                Box::pin(async move {
                    let names: Vec<&str> = groups.iter().map(|(name, _)| *name).collect();
                    let ours = store::bus::renew(tx, owner).await?;
                    let mut shares = Shares { ours, ..Shares::default() };
                    if *stopping {
                        return Ok(shares);
                    }
                    if store::bus::join(tx, owner, &names).await? {
                        tx.wake(Wake::Leases);
                        store::bus::forget_members(tx).await?;
                    }
                    let live: HashMap<String, i64> =
                        store::bus::live_members(tx, &names).await?.into_iter().collect();
                    for (name, partitions) in groups {
                        let members = usize::try_from(live.get(*name).copied().unwrap_or(1)).unwrap_or(1);
                        let fair = partitions.div_ceil(members.max(1));
                        let mine: Vec<&Owned> =
                            shares.ours.iter().filter(|owned| owned.group == *name).collect();
                        shares.surplus.extend(mine.iter().skip(fair).map(|owned| (*owned).clone()));
                        let missing = i64::try_from(fair.saturating_sub(mine.len())).unwrap_or(0);
                        if missing > 0 {
                            shares.taken.extend(store::bus::take_free(tx, owner, name, missing).await?);
                        }
                    }
                    shares.next_expiry = store::bus::next_expiry(tx, owner, &names).await?;
                    Ok(shares)
                })
            })
            .await
    }

    fn key(&self, owned: &Owned) -> Option<Key> {
        let handler = self.handlers.iter().find(|handler| handler.group() == owned.group)?;
        Some((handler.group(), owned.topic, owned.partition))
    }

    fn start(&mut self, leases: Vec<Lease>) {
        for Lease { owned, position } in leases {
            let Some(handler) = self.handlers.iter().find(|handler| handler.group() == owned.group) else {
                continue;
            };
            let key = (handler.group(), owned.topic, owned.partition);
            let running = Running {
                owned: owned.clone(),
                more: Arc::new(Notify::new()),
                replay: Arc::new(AtomicBool::new(false)),
                stop: CancellationToken::new(),
            };
            let worker = Worker {
                bus: self.bus.clone(),
                handler: Arc::clone(handler),
                owned: owned.clone(),
                position,
                more: Arc::clone(&running.more),
                coming: self.bus.tail.awaits((owned.topic, owned.partition)),
                replay: Arc::clone(&running.replay),
                stop: running.stop.clone(),
                ahead_since: None,
                waiting: Waiting::default(),
                replay_at: None,
            };
            self.workers.spawn(async move {
                let end = worker.run().await;
                (key, owned, end)
            });
            // A former worker of this partition has lost its lease; it ends when it notices.
            if let Some(former) = self.running.insert(key, running) {
                former.stop.cancel();
            }
        }
    }

    async fn ended(&mut self, key: Key, owned: &Owned, end: End) {
        if self.running.get(&key).is_some_and(|running| running.owned.fence == owned.fence) {
            self.running.remove(&key);
        }
        // At the end of the process everything is given back at once.
        if end == End::Stopped && !self.stopping && !self.store.is_exclusive() {
            self.release(owned).await;
        }
    }

    async fn release(&self, owned: &Owned) {
        let released: Result<(), Error> = self
            .store
            .write_relaxed(Scope::System, owned.clone(), |tx, owned| {
                Box::pin(async move { store::bus::release(tx, owned).await })
            })
            .await;
        if let Err(error) = released {
            debug!(error = &error as &dyn std::error::Error, "a lease was not given back; it runs out");
        }
    }

    fn tell(&self, topic: Topic, partition: u32, end: i64) {
        self.bus.tail.reaches(topic, partition, end);
        for handler in &self.handlers {
            if let Some(running) = self.running.get(&(handler.group(), topic, partition)) {
                running.more.notify_one();
            }
        }
    }
}

/// What a look at the leases found and did.
#[derive(Default)]
struct Shares {
    ours: Vec<Owned>,
    surplus: Vec<Owned>,
    taken: Vec<Lease>,
    next_expiry: Option<Duration>,
}
