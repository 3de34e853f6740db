//! One partition of one group: reads it in order and hands each event over until it is handled.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use store::bus::Owned;
use store::{Error, Scope, Store};
use tokio::sync::Notify;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use crate::tail::{Read, Tail};
use crate::{Delivery, HandleError, Handler, backoff};

/// How long a place may be known only here. After a crash, what was handled since comes again and is
/// recognised by the ledger.
const COMMIT_AFTER: Duration = Duration::from_secs(1);

/// Why the work on a partition ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// It was asked to stop; its place is kept and the lease is still its own.
    Stopped,
    /// Somebody else has the partition now.
    Lost,
}

pub(crate) struct Worker {
    pub(crate) store: Store,
    pub(crate) tail: Arc<Tail>,
    pub(crate) handler: Arc<dyn Handler>,
    pub(crate) owned: Owned,
    /// The next event to read.
    pub(crate) position: i64,
    /// Told when there is more to read.
    pub(crate) more: Arc<Notify>,
    pub(crate) stop: CancellationToken,
    /// Since when the place here is ahead of the one that is kept.
    pub(crate) ahead_since: Option<Instant>,
}

impl Worker {
    pub(crate) async fn run(mut self) -> End {
        let mut failures = 0;
        while !self.stop.is_cancelled() {
            match self.tail.read(self.owned.topic, self.owned.partition, self.position).await {
                Ok(part) => {
                    failures = 0;
                    for group in self.chunks(part.events) {
                        if self.stop.is_cancelled() || !self.work(&group).await {
                            break;
                        }
                        if self.ahead_for() >= COMMIT_AFTER && self.commit().await == Some(End::Lost) {
                            return End::Lost;
                        }
                    }
                    if part.is_end && self.idle().await == Some(End::Lost) {
                        return End::Lost;
                    }
                }
                Err(error) => {
                    failures += 1;
                    if failures == 1 {
                        warn!(
                            error = &error as &dyn std::error::Error,
                            bus.group = self.handler.group(),
                            bus.topic = self.owned.topic.as_str(),
                            bus.partition = self.owned.partition,
                            "a partition could not be read; it is tried again"
                        );
                    }
                    self.pause(backoff(failures)).await;
                }
            }
        }
        self.commit().await.unwrap_or(End::Stopped)
    }

    /// Waits for more, or for the moment to keep the place.
    async fn idle(&mut self) -> Option<End> {
        let wait = self.ahead_since.map(|since| COMMIT_AFTER.saturating_sub(since.elapsed()));
        tokio::select! {
            () = self.more.notified() => None,
            () = self.stop.cancelled() => None,
            () = tokio::time::sleep(wait.unwrap_or_default()), if wait.is_some() => self.commit().await,
        }
    }

    async fn pause(&self, time: Duration) {
        tokio::select! {
            () = self.stop.cancelled() => {}
            () = tokio::time::sleep(time) => {}
        }
    }

    fn ahead_for(&self) -> Duration {
        self.ahead_since.map_or(Duration::ZERO, |since| since.elapsed())
    }

    /// Groups of events that are handed over together; each ends where the next begins.
    fn chunks(&self, events: Vec<Read>) -> Vec<Vec<Read>> {
        let mut chunks = Vec::new();
        let mut chunk: Vec<Read> = Vec::new();
        let mut wanted = 0;
        for event in events {
            let counts = event.event.as_ref().map_or(true, |event| self.handler.wants(event));
            let alone = event.event.is_err();
            if (counts && wanted >= self.handler.batch()) || (alone && !chunk.is_empty()) {
                chunks.push(std::mem::take(&mut chunk));
                wanted = 0;
            }
            wanted += if alone { self.handler.batch() } else { usize::from(counts) };
            chunk.push(event);
        }
        chunks.push(chunk);
        chunks
    }

    /// Handles one chunk, as often as it takes; gives whether it is done, or was left because of a stop.
    async fn work(&mut self, chunk: &[Read]) -> bool {
        let Some(last) = chunk.last() else { return true };
        let unreadable = chunk.iter().find(|event| event.event.is_err());
        let deliveries: Vec<Delivery> = chunk
            .iter()
            .filter_map(|event| event.event.as_ref().ok())
            .filter(|event| self.handler.wants(event))
            .map(|event| Delivery {
                group: self.handler.group(),
                topic: self.owned.topic,
                partition: self.owned.partition,
                fence: self.owned.fence,
                event: Arc::clone(event),
            })
            .collect();
        let mut attempt = 1;
        loop {
            let result = match unreadable {
                Some(event) => Err(HandleError::Failed(
                    format!("event {} is not one that this version understands", event.id).into(),
                )),
                None if deliveries.is_empty() => Ok(()),
                None => self.attempt(&deliveries).await,
            };
            match result {
                Ok(()) => {
                    if attempt > 1 {
                        info!(
                            bus.group = self.handler.group(),
                            event.id = %last.id,
                            attempt,
                            "an event that had failed is handled"
                        );
                    }
                    self.position = last.position + 1;
                    self.ahead_since.get_or_insert_with(Instant::now);
                    return true;
                }
                Err(error) => self.failed(chunk, &error, attempt).await,
            }
            if self.stop.is_cancelled() {
                return false;
            }
            attempt += 1;
        }
    }

    async fn attempt(&self, deliveries: &[Delivery]) -> Result<(), HandleError> {
        match AssertUnwindSafe(async { self.handler.handle(deliveries).await }).catch_unwind().await {
            Ok(result) => result,
            Err(_) => Err(HandleError::Failed("its handler panicked; this is a bug in Deskhand".into())),
        }
    }

    /// What happens to events that could not be handled: they are said once and tried again, in order and
    /// for as long as it takes. Nothing is passed over.
    async fn failed(&self, chunk: &[Read], error: &HandleError, attempt: u32) {
        if attempt == 1 {
            let ids: Vec<String> = chunk.iter().map(|event| event.id.to_string()).collect();
            let workspace = chunk.first().map(|event| event.workspace.to_string());
            error!(
                error = error as &dyn std::error::Error,
                bus.group = self.handler.group(),
                bus.topic = self.owned.topic.as_str(),
                bus.partition = self.owned.partition,
                event.ids = ids.join(" "),
                workspace.id = workspace,
                "an event could not be handled; it is tried again until it can"
            );
        }
        self.pause(backoff(attempt)).await;
    }

    /// Keeps the place, if it is ahead. Nothing where that worked or was not needed, or has to wait.
    async fn commit(&mut self) -> Option<End> {
        self.ahead_since?;
        let input = (self.owned.clone(), self.position);
        let committed: Result<bool, Error> = self
            .store
            .write_relaxed(Scope::System, input, |tx, (owned, position)| {
                Box::pin(async move { store::bus::commit(tx, owned, *position).await })
            })
            .await;
        match committed {
            Ok(true) => {
                self.ahead_since = None;
                None
            }
            Ok(false) => Some(End::Lost),
            Err(error) => {
                warn!(
                    error = &error as &dyn std::error::Error,
                    bus.group = self.handler.group(),
                    "a group's place could not be kept; what follows it may come again"
                );
                // Tried again with the next events, or a moment later.
                self.ahead_since = Some(Instant::now());
                None
            }
        }
    }
}
