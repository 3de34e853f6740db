//! One partition of one group: reads it in order and hands each event over, until it is handled or a dead letter.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use domain::Envelope;
use domain::event::Unreadable;
use domain::ids::DeadLetterId;
use futures_util::FutureExt;
use jiff::Timestamp;
use store::bus::dead::{self, DeadLetter, Reason};
use store::bus::{Owned, Stretch};
use store::{Error, Scope};
use tokio::sync::{Notify, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::{Instrument as _, Span, field, info, info_span, warn};
use uuid::Uuid;

use crate::coming::Coming;
use crate::counts::Outcome;
use crate::log::Log;
use crate::tail::{Part, Read};
use crate::waiting::Waiting;
use crate::{Bus, Delivery, HandleError, Handler, backoff};

/// How long a place may be known only here. After a crash, what was handled since comes again, and is recognised by the
/// ledger: a place that moves with its effects is kept with them.
const COMMIT_AFTER: Duration = Duration::from_secs(1);
/// How many events may wait for another attempt before the partition is not read on.
const WAITING: usize = 1000;
/// How long a partition rests at most between two reads.
const REST_MOST: Duration = Duration::from_millis(100);
/// How soon a partition that could not be read is read again, at the latest.
const READ_AGAIN: Duration = Duration::from_secs(5);
/// How many events a stretch has at least. A place that moves leaves a version of its row behind, which is cheaper than as
/// many rows of the ledger.
const STRETCH: usize = 16;
/// How many dead letters are looked at together.
const LETTERS: i64 = 50;
/// How much of an error a dead letter keeps, in characters.
const DETAIL: usize = 1000;

/// Why the work on a partition ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// It was asked to stop; its place is kept and the lease is still its own.
    Stopped,
    /// Somebody else has the partition now.
    Lost,
}

pub(crate) struct Worker {
    pub(crate) bus: Bus,
    pub(crate) handler: Arc<dyn Handler>,
    pub(crate) owned: Owned,
    /// The next event to read.
    pub(crate) position: i64,
    /// Told when there is more to do.
    pub(crate) more: Arc<Notify>,
    /// What is about to be in the log, where a relay of this process moves it.
    pub(crate) coming: watch::Receiver<Option<Coming>>,
    /// Whether dead letters are to be handled again.
    pub(crate) replay: Arc<AtomicBool>,
    pub(crate) stop: CancellationToken,
    /// Since when the place here is ahead of the one that is kept.
    pub(crate) ahead_since: Option<Instant>,
    pub(crate) waiting: Waiting,
    /// When dead letters are looked at.
    pub(crate) replay_at: Option<Instant>,
}

/// What became of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// It waits for another attempt.
    Waits,
    /// It is handled, or a dead letter.
    Over,
    /// Neither, because the worker was asked to stop.
    Left,
}

/// Why an event was not handled; only what ends in a dead letter.
#[derive(Debug)]
struct Failure {
    reason: Reason,
    detail: String,
    /// The attempt that failed, where it was made.
    span: Span,
}

impl Failure {
    fn unreadable(why: &Unreadable) -> Self {
        let reason = match why {
            Unreadable::NotJson(_) => Reason::NotJson,
            Unreadable::NotAnEvent(_) => Reason::NotAnEvent,
            Unreadable::UnknownType(_) => Reason::UnknownType,
            Unreadable::UnknownVersion { .. } => Reason::UnknownVersion,
        };
        Self { reason, detail: why.to_string(), span: Span::none() }
    }

    fn new(reason: Reason, error: &(dyn std::error::Error + 'static)) -> Self {
        // What it says, and why.
        let causes = std::iter::successors(Some(error), |error| error.source());
        let detail = causes.map(ToString::to_string).collect::<Vec<_>>().join(": ");
        Self { reason, detail: domain::text::shorten(&detail, DETAIL), span: Span::none() }
    }
}

impl Worker {
    pub(crate) async fn run(mut self) -> End {
        let mut failures = 0;
        let mut not_before = Instant::now();
        self.tell(self.position);
        while !self.stop.is_cancelled() {
            if self.replay.swap(false, Ordering::AcqRel) {
                self.replay_at = Some(Instant::now());
            }
            self.catch_up().await;
            if self.waiting.len() >= WAITING {
                if self.idle().await == Some(End::Lost) {
                    return End::Lost;
                }
                continue;
            }
            let early = not_before.saturating_duration_since(Instant::now());
            if !early.is_zero() {
                self.pause(early).await;
            }
            match self.read().await {
                Ok((part, coming)) => {
                    failures = 0;
                    if part.is_end {
                        let given = u32::try_from(part.events.len()).unwrap_or(u32::MAX);
                        let rest = self.handler.rest_for_each().saturating_mul(given);
                        not_before = Instant::now() + rest.min(REST_MOST);
                    }
                    for chunk in self.chunks(part.events) {
                        if self.stop.is_cancelled() || !self.work(chunk, coming.as_ref()).await {
                            break;
                        }
                        self.catch_up().await;
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
                    self.pause(backoff(failures).min(READ_AGAIN)).await;
                }
            }
        }
        self.commit().await.unwrap_or(End::Stopped)
    }

    /// What is next: in the log, or about to be there.
    async fn read(&mut self) -> Result<(Part, Option<Coming>), crate::Error> {
        let place @ (topic, partition) = (self.owned.topic, self.owned.partition);
        self.coming.borrow_and_update();
        if let Some(coming) = self.bus.tail.coming(place, self.position) {
            return Ok((Part { events: coming.events.to_vec(), is_end: true }, Some(coming)));
        }
        Ok((self.bus.tail.read(topic, partition, self.position).await?, None))
    }

    /// Waits for more, or for the moment of what is next.
    async fn idle(&mut self) -> Option<End> {
        let commit_at = self.ahead_since.map(|since| since + COMMIT_AFTER);
        let next = [commit_at, self.waiting.next_at(), self.replay_at].into_iter().flatten().min();
        let bus = self.bus.clone();
        let _rest = bus.tail.rests((self.owned.topic, self.owned.partition));
        tokio::select! {
            () = self.more.notified() => None,
            Ok(()) = self.coming.changed() => None,
            () = self.stop.cancelled() => None,
            () = tokio::time::sleep_until(next.unwrap_or_else(Instant::now)), if next.is_some() => {
                if self.ahead_for() >= COMMIT_AFTER { self.commit().await } else { None }
            }
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
            let counts = event.event.as_ref().is_ok_and(|event| self.handler.wants(event));
            if counts && wanted >= self.handler.batch() {
                chunks.push(std::mem::take(&mut chunk));
                wanted = 0;
            }
            wanted += usize::from(counts);
            chunk.push(event);
        }
        chunks.push(chunk);
        chunks
    }

    /// Sees to it that each event of a chunk is handled, waits for another attempt, or is a dead letter. Gives
    /// whether that was done, or left because of a stop, or because what was `coming` did not come.
    async fn work(&mut self, chunk: Vec<Read>, coming: Option<&Coming>) -> bool {
        let Some(end) = chunk.last().map(|last| last.position + 1) else { return true };
        let plain =
            |read: &Read| read.event.as_ref().is_ok_and(|event| !self.waiting.holds(event.subject_id));
        // Nothing but a first attempt is made of what may not stay where it is.
        if !chunk.iter().all(plain) && !self.arrives(coming).await {
            return false;
        }
        let mut batch = Vec::with_capacity(chunk.len());
        for read in chunk {
            match &read.event {
                Err(_) if read.is_void() => {}
                Err(why) => {
                    let failure = Failure::unreadable(why);
                    if self.bury(&read, failure, 1).await == Fate::Left {
                        return false;
                    }
                }
                Ok(event) if !self.handler.wants(event) => {}
                Ok(event) if self.waiting.holds(event.subject_id) => {
                    self.waiting.push(event.subject_id, read)
                }
                Ok(_) => batch.push(read),
            }
        }
        let stretch = self.stretch(&batch, end).filter(|_| coming.is_none());
        let attempted = self.attempt(&batch, stretch, 1, coming).await;
        if !self.arrives(coming).await {
            return false;
        }
        match attempted {
            None => return false,
            Some(Ok(())) => self.count(Outcome::Handled, batch.len()),
            Some(Err(failure)) => match batch.as_slice() {
                [read] => {
                    if self.failed(read, failure, 1).await == Fate::Left {
                        return false;
                    }
                }
                // One of them failed: each by itself, so that the others do not share its fate.
                several => {
                    for read in several {
                        if !self.alone(read).await {
                            return false;
                        }
                    }
                }
            },
        }
        self.position = end;
        self.ahead_since.get_or_insert_with(Instant::now);
        true
    }

    /// What a handler needs to know to note that `batch` is handled by moving the group's place to `end`: only where
    /// nothing waits that is before it, where one transaction can have all of it, and in the log that has no event twice.
    fn stretch(&self, batch: &[Read], end: i64) -> Option<Stretch> {
        let first = batch.first()?;
        let whole = batch.len() >= STRETCH
            && self.waiting.first().is_none()
            && matches!(*self.bus.log, Log::Database)
            && batch.iter().all(|read| read.workspace == first.workspace);
        whole.then_some(Stretch { events: batch.len(), until: end })
    }

    /// Waits until what is `coming` is in the log; gives whether it is, before a stop.
    async fn arrives(&self, coming: Option<&Coming>) -> bool {
        let Some(coming) = coming else { return true };
        coming.is_done_with();
        tokio::select! {
            kept = coming.is_kept() => kept,
            () = self.stop.cancelled() => false,
        }
    }

    /// Handles one event for the first time, unless an earlier one of its key waits. Gives whether that was done, or
    /// left because of a stop.
    async fn alone(&mut self, read: &Read) -> bool {
        if let Ok(event) = &read.event
            && self.waiting.holds(event.subject_id)
        {
            self.waiting.push(event.subject_id, read.clone());
            return true;
        }
        match self.attempt(std::slice::from_ref(read), None, 1, None).await {
            None => false,
            Some(Ok(())) => {
                self.count(Outcome::Handled, 1);
                true
            }
            Some(Err(failure)) => self.failed(read, failure, 1).await != Fate::Left,
        }
    }

    /// Handles what has waited long enough, and dead letters that are due.
    async fn catch_up(&mut self) {
        while !self.stop.is_cancelled()
            && let Some((key, read, attempts)) = self.waiting.due(Instant::now())
        {
            let fate = match self.attempt(std::slice::from_ref(&read), None, attempts + 1, None).await {
                None => Fate::Left,
                Some(Err(failure)) => self.failed(&read, failure, attempts + 1).await,
                Some(Ok(())) => {
                    info!(
                        bus.group = self.handler.group(),
                        event.id = %read.id,
                        "an event that had to wait is handled"
                    );
                    self.count(Outcome::Handled, 1);
                    Fate::Over
                }
            };
            match fate {
                Fate::Waits => {}
                // It comes again to whoever has the partition next.
                Fate::Left => self.waiting.park(key, read, attempts, Instant::now()),
                Fate::Over => {
                    self.waiting.release(key, Instant::now());
                    self.ahead_since.get_or_insert_with(Instant::now);
                }
            }
        }
        if self.replay_at.is_some_and(|at| at <= Instant::now()) && !self.stop.is_cancelled() {
            self.replay_at = match self.replay().await {
                Ok(next) => next.map(|wait| Instant::now() + wait),
                Err(error) => {
                    warn!(
                        error = &error as &dyn std::error::Error,
                        "dead letters could not be handled again yet"
                    );
                    Some(Instant::now() + backoff(1))
                }
            };
        }
    }

    /// What happens to an event that was tried `attempts` times: it waits, or is a dead letter.
    async fn failed(&mut self, read: &Read, failure: Failure, attempts: u32) -> Fate {
        let retries = self.bus.retries.of(self.handler.group());
        let wait = usize::try_from(attempts - 1).ok().and_then(|index| retries.get(index));
        let (Some(wait), Ok(event)) = (wait.filter(|_| failure.reason != Reason::Refused), &read.event)
        else {
            return self.bury(read, failure, attempts).await;
        };
        if attempts == 1 {
            warn!(
                parent: &failure.span,
                error = failure.detail,
                bus.group = self.handler.group(),
                bus.topic = self.owned.topic.as_str(),
                bus.partition = self.owned.partition,
                event.id = %read.id,
                workspace.id = %read.workspace,
                "an event could not be handled; it is tried again"
            );
        }
        let at = Instant::now() + jitter(*wait, read.id.0);
        self.count(Outcome::Retried, 1);
        self.waiting.park(event.subject_id, read.clone(), attempts, at);
        Fate::Waits
    }

    fn count(&self, outcome: Outcome, events: usize) {
        self.bus.counts.add((self.owned.topic, self.handler.group(), outcome), events);
    }

    /// Makes `read` a dead letter.
    async fn bury(&self, read: &Read, failure: Failure, attempts: u32) -> Fate {
        let event = read.event.as_ref().ok();
        let letter = DeadLetter {
            id: DeadLetterId(Uuid::now_v7()),
            workspace: read.workspace,
            group: self.handler.group().to_owned(),
            topic: self.owned.topic,
            partition: self.owned.partition,
            event: read.id,
            kind: event.map(|event| event.kind),
            subject: event.map(|event| event.subject_id),
            original: read.original.to_vec(),
            reason: failure.reason,
            detail: failure.detail,
            attempts: i64::from(attempts),
            died_at: Timestamp::UNIX_EPOCH,
            replay_at: None,
        };
        let mut failures = 0;
        while !self.stop.is_cancelled() {
            match self.keep(letter.clone(), read.position, &failure.span).await {
                Ok(()) => return Fate::Over,
                Err(error) => {
                    failures += 1;
                    if failures == 1 {
                        warn!(
                            error = &error as &dyn std::error::Error,
                            "a dead letter could not be kept; it is tried again"
                        );
                    }
                    self.pause(backoff(failures)).await;
                }
            }
        }
        Fate::Left
    }

    /// Writes a dead letter, which dies now, unless its event is handled already or somebody else has the partition.
    async fn keep(&self, letter: DeadLetter, position: i64, failed: &Span) -> Result<(), Error> {
        let (id, reason, detail) = (letter.event, letter.reason, letter.detail.clone());
        let kept: Result<(), Error> = self
            .bus
            .store
            .write(Scope::System, (letter, self.owned.fence, position), |tx, (letter, fence, position)| {
                Box::pin(async move {
                    let letter = DeadLetter { died_at: tx.now(), ..letter.clone() };
                    dead::bury(tx, &letter, *fence, *position).await
                })
            })
            .await;
        match kept {
            Err(Error::Stale) => Ok(()),
            Ok(()) => {
                self.count(Outcome::Dead, 1);
                warn!(
                    parent: failed,
                    error = detail,
                    reason = reason.as_str(),
                    bus.group = self.handler.group(),
                    bus.topic = self.owned.topic.as_str(),
                    bus.partition = self.owned.partition,
                    event.id = %id,
                    "an event could not be handled; it is a dead letter"
                );
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    /// Handles dead letters whose moment has come; gives when to look again, if more wait.
    async fn replay(&mut self) -> Result<Option<Duration>, Error> {
        for (letter, wait) in self.letters(LETTERS).await? {
            if !wait.is_zero() || self.stop.is_cancelled() {
                return Ok(Some(wait));
            }
            let attempts = letter.attempts + 1;
            let read = Read {
                position: self.position,
                id: letter.event,
                workspace: letter.workspace,
                event: Envelope::parse(&letter.original).map(Arc::new),
                original: letter.original.clone().into(),
            };
            let result = match &read.event {
                Err(why) => Some(Err(Failure::unreadable(why))),
                Ok(event) if !self.handler.wants(event) => Some(Ok(())),
                Ok(_) => {
                    let attempt = u32::try_from(attempts).unwrap_or(u32::MAX);
                    self.attempt(std::slice::from_ref(&read), None, attempt, None).await
                }
            };
            match result {
                None => return Ok(None),
                Some(Ok(())) => {
                    self.count(Outcome::Replayed, 1);
                    let done = (self.owned.clone(), letter.id);
                    let removed: Result<(), Error> = self
                        .bus
                        .store
                        .write(Scope::System, done, |tx, (owned, id)| {
                            Box::pin(async move { dead::replayed(tx, owned, *id).await })
                        })
                        .await;
                    removed?;
                }
                Some(Err(Failure { reason, detail, span })) => {
                    let letter = DeadLetter { reason, detail, attempts, ..letter };
                    self.keep(letter, read.position, &span).await?;
                }
            }
        }
        // There may be more than were looked at.
        Ok(self.letters(1).await?.first().map(|(_, wait)| *wait))
    }

    /// Dead letters of this partition that are to be handled again.
    async fn letters(&self, limit: i64) -> Result<Vec<(DeadLetter, Duration)>, Error> {
        self.bus
            .store
            .read(Scope::System, (self.owned.clone(), limit), |tx, (owned, limit)| {
                Box::pin(async move { dead::queued(tx, owned, *limit).await })
            })
            .await
    }

    /// Hands events over for the `attempt`th time, again and again while what they need is away. Nothing where it was
    /// asked to stop first.
    async fn attempt(
        &self,
        reads: &[Read],
        stretch: Option<Stretch>,
        attempt: u32,
        coming: Option<&Coming>,
    ) -> Option<Result<(), Failure>> {
        let deliveries: Vec<Delivery> = reads
            .iter()
            .filter_map(|read| Some((read.position, read.event.as_ref().ok()?)))
            .map(|(position, event)| Delivery {
                group: self.handler.group(),
                topic: self.owned.topic,
                partition: self.owned.partition,
                fence: self.owned.fence,
                event: Arc::clone(event),
                position,
                stretch,
                flush: coming.map(|coming| coming.flush.clone()),
                span: self.span(event, attempt),
            })
            .collect();
        let mut handed = match deliveries.as_slice() {
            [] => return Some(Ok(())),
            [one] => self.hand_over(&deliveries).instrument(one.span.clone()).await,
            // What is done for all of them together belongs to no one's trace.
            _ => self.hand_over(&deliveries).await,
        };
        if let Some(Err(failure)) = &mut handed {
            for Delivery { span, .. } in &deliveries {
                span.record("otel.status_code", "ERROR");
                span.record("error.type", failure.reason.as_str());
                failure.span = span.clone();
            }
        }
        handed
    }

    /// What is done about `event`, as a part of the event's trace.
    fn span(&self, event: &Envelope, attempt: u32) -> Span {
        let topic = self.owned.topic.as_str();
        let span = info_span!(
            "process",
            otel.name = format!("process {topic}"),
            otel.kind = "consumer",
            otel.status_code = field::Empty,
            error.type = field::Empty,
            messaging.system = self.bus.log.system(),
            messaging.operation.type = "process",
            messaging.operation.name = "process",
            messaging.destination.name = topic,
            messaging.destination.partition.id = self.owned.partition,
            messaging.consumer.group.name = self.handler.group(),
            messaging.message.id = %event.id,
            event.type = event.kind.as_str(),
            attempt,
            workspace.id = %event.workspace_id,
            correlation_id = %event.correlation_id,
            trace_id = field::Empty,
        );
        trace::begin(&span, event.traceparent);
        span
    }

    async fn hand_over(&self, deliveries: &[Delivery]) -> Option<Result<(), Failure>> {
        let mut away = 0;
        loop {
            let handled =
                AssertUnwindSafe(async { self.handler.handle(deliveries).await }).catch_unwind().await;
            match handled {
                Ok(Ok(())) => return Some(Ok(())),
                Ok(Err(HandleError::Failed(error))) => {
                    return Some(Err(Failure::new(Reason::Failed, &*error)));
                }
                Ok(Err(HandleError::Refused(error))) => {
                    return Some(Err(Failure::new(Reason::Refused, &*error)));
                }
                Err(panic) => {
                    let said = panic
                        .downcast_ref::<&str>()
                        .map(|said| (*said).to_owned())
                        .or_else(|| panic.downcast_ref::<String>().cloned())
                        .unwrap_or_default();
                    let detail = format!("its handler panicked, which is a bug in Deskhand: {said}");
                    let detail = domain::text::shorten(&detail, DETAIL);
                    return Some(Err(Failure { reason: Reason::Panicked, detail, span: Span::none() }));
                }
                Ok(Err(error @ HandleError::Unavailable(_))) => {
                    away += 1;
                    if away == 1 {
                        warn!(
                            error = &error as &dyn std::error::Error,
                            bus.group = self.handler.group(),
                            bus.topic = self.owned.topic.as_str(),
                            bus.partition = self.owned.partition,
                            "events wait for what they need"
                        );
                    }
                    self.pause(backoff(away)).await;
                    if self.stop.is_cancelled() {
                        return None;
                    }
                }
            }
        }
    }

    /// Lets those who look at the broker see where the group is.
    fn tell(&self, place: i64) {
        self.bus.log.tell(&self.owned.group, (self.owned.topic, self.owned.partition), place);
    }

    /// Keeps the place, if it is ahead. Nothing where that worked or was not needed, or has to wait.
    async fn commit(&mut self) -> Option<End> {
        self.ahead_since?;
        // What waits for another attempt comes again after a crash, and with it what was handled since.
        let place = self.waiting.first().unwrap_or(self.position).min(self.position);
        let input = (self.owned.clone(), place);
        let committed: Result<bool, Error> = self
            .bus
            .store
            .write_relaxed(Scope::System, input, |tx, (owned, position)| {
                Box::pin(async move { store::bus::commit(tx, owned, *position).await })
            })
            .await;
        match committed {
            Ok(true) => {
                self.ahead_since = None;
                self.tell(place);
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

/// `wait`, a little more or less, so that those that failed together do not all come again together. The random part
/// is that of the event's id.
fn jitter(wait: Duration, id: Uuid) -> Duration {
    let share = f64::from(u32::try_from(id.as_u128() & 0xffff).unwrap_or(0)) / f64::from(0xffff);
    wait.mul_f64(0.9 + 0.2 * share)
}
