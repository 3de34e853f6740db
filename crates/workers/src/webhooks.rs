//! The group `webhooks`: events become deliveries, of many events in one transaction; and who sends them.
//!
//! Idempotency key: the event, as [`Delivery`](bus::Delivery) takes it; besides, a delivery's id is derived from webhook
//! and event.
//!
//! Sending goes by turns: a turn has one webhook for itself, of all processes, and sends a few of its deliveries. Each
//! attempt is noted under the turn's fence, with those that end meanwhile. A process that ends between sending and noting
//! leaves the delivery to the next turn, which sends it again under the same id.

use std::future::ready;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::{Duration, Instant};

use bus::{HandleError, Handler};
use channels::webhooks::{Message, Sender};
use desk::webhooks::{self, Delivery, Turn};
use desk::{Desk, Error};
use domain::webhook::{self, Attempt, Failure};
use domain::{Envelope, Topic};
use futures_util::future::BoxFuture;
use futures_util::{StreamExt, stream};
use store::Wake;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

use crate::{backoff, by_workspace, outcome};

/// At once up to a hundred events a second of a partition.
const REST_FOR_EACH: Duration = Duration::from_millis(10);
/// How many webhooks a process delivers to at the same time.
const TURNS: usize = 64;
/// How many deliveries are on their way to one webhook at the same time, where they need not come in order.
const SIDE_BY_SIDE: usize = 4;
/// How many attempts that have ended are noted together, and how many more wait for that at most: a transaction for each
/// would take longer than the receiver does.
const UNNOTED: usize = 8;
/// How many deliveries a turn has, so that others get theirs.
const TURN: i64 = 32;
/// The longest sleep while a delivery waits.
const LONGEST: Duration = Duration::from_secs(60);
/// How often a process looks by itself where a wake from another one may have been lost.
const BACKSTOP: Duration = Duration::from_secs(30);
/// How long to wait where what is due may not be claimed: others do it, or their workspace has its share.
const PAUSE: Duration = Duration::from_millis(200);
/// How often old deliveries are removed, by a process that sends any.
const PRUNE_EVERY: Duration = Duration::from_secs(3600);
/// When that is done first.
const PRUNE_FIRST: Duration = Duration::from_secs(60);

pub(crate) struct Webhooks {
    desk: Desk,
}

impl Webhooks {
    pub(crate) fn new(desk: Desk) -> Self {
        Self { desk }
    }
}

impl Handler for Webhooks {
    fn group(&self) -> &'static str {
        "webhooks"
    }

    fn topics(&self) -> &'static [Topic] {
        &[Topic::ConversationsIncoming, Topic::TaskEvents, Topic::Reminders, Topic::Audit]
    }

    fn wants(&self, event: &Envelope) -> bool {
        webhooks::concerns(event)
    }

    fn batch(&self) -> usize {
        100
    }

    fn rest_for_each(&self) -> Duration {
        REST_FOR_EACH
    }

    fn handle<'a>(&'a self, deliveries: &'a [bus::Delivery]) -> BoxFuture<'a, Result<(), HandleError>> {
        Box::pin(async move {
            for deliveries in by_workspace(deliveries) {
                outcome(webhooks::accept(&self.desk, deliveries).await)?;
            }
            Ok(())
        })
    }
}

/// Sends what is due until `shutdown`; then waits for what is on its way.
pub(crate) async fn send(desk: Desk, sender: Sender, shutdown: CancellationToken) {
    let mut wakes = desk.store().wakes();
    let mut turns = JoinSet::new();
    let mut failures = 0;
    let mut prune_at = Instant::now() + PRUNE_FIRST;
    while !shutdown.is_cancelled() {
        wakes.drain(|_| true);
        let free = TURNS - turns.len();
        let sleep = match look(&desk, free).await {
            Ok(Look { begun, next }) => {
                failures = 0;
                if !begun.is_empty() && Instant::now() >= prune_at {
                    prune_at = Instant::now() + PRUNE_EVERY;
                    turns.spawn(prune(desk.clone()));
                }
                for turn in begun {
                    turns.spawn(deliver(desk.clone(), sender.clone(), turn, shutdown.clone()));
                }
                let backstop = (!desk.store().is_exclusive()).then_some(BACKSTOP);
                next.map(|next| next.clamp(PAUSE, LONGEST)).or(backstop)
            }
            Err(error) => {
                failures += 1;
                if failures == 1 {
                    let error = &error as &dyn std::error::Error;
                    warn!(error, "webhooks cannot be looked for; it is tried again");
                }
                Some(backoff(failures + 1))
            }
        };
        tokio::select! {
            () = shutdown.cancelled() => break,
            // With every turn taken, only the end of one is worth waking for.
            () = wakes.until(|wake| wake == Wake::Webhooks), if free > 0 => {}
            () = tokio::time::sleep(sleep.unwrap_or_default()), if sleep.is_some() && free > 0 => {}
            Some(ended) = turns.join_next() => resume(ended),
        }
    }
    while let Some(ended) = turns.join_next().await {
        resume(ended);
    }
}

/// A turn's panic is the sender's.
fn resume(ended: Result<(), tokio::task::JoinError>) {
    if let Err(error) = ended
        && error.is_panic()
    {
        std::panic::resume_unwind(error.into_panic());
    }
}

/// What was found to do.
struct Look {
    begun: Vec<Turn>,
    /// How long it is until there is more.
    next: Option<Duration>,
}

/// Claims what is due, up to as many webhooks as `free` turns.
async fn look(desk: &Desk, free: usize) -> desk::Result<Look> {
    let next = webhooks::next_due(desk).await?;
    if next != Some(Duration::ZERO) || free == 0 {
        return Ok(Look { begun: Vec::new(), next });
    }
    let begun = webhooks::claim(desk, i64::try_from(free).unwrap_or(1)).await?;
    Ok(Look { begun, next: webhooks::next_due(desk).await? })
}

async fn prune(desk: Desk) {
    match webhooks::prune(&desk).await {
        Ok(removed) => debug!(removed, "old deliveries to webhooks were removed"),
        Err(error) => {
            warn!(
                error = &error as &dyn std::error::Error,
                "old deliveries to webhooks could not be removed"
            );
        }
    }
}

/// One turn of a webhook, and its end.
async fn deliver(desk: Desk, sender: Sender, turn: Turn, shutdown: CancellationToken) {
    let delivered = take_turn(&desk, &sender, &turn, &shutdown).await;
    let released = webhooks::release(&desk, &turn).await;
    // Without this, the lease runs out.
    if let Err(error) = delivered.and(released) {
        warn!(
            error = &error as &dyn std::error::Error,
            webhook.id = %turn.webhook(),
            workspace.id = %turn.workspace(),
            "what became of deliveries to a webhook could not be written; they are sent again"
        );
    }
}

async fn take_turn(
    desk: &Desk,
    sender: &Sender,
    turn: &Turn,
    shutdown: &CancellationToken,
) -> desk::Result<()> {
    let due = webhooks::due(desk, turn, if turn.is_trial() { 1 } else { TURN }).await?;
    if turn.is_ordered() {
        // None is on its way before it is known what became of the one before it, and that is kept.
        for delivery in due {
            if shutdown.is_cancelled() {
                break;
            }
            let attempt = attempt(desk, sender, turn, &delivery).await;
            if !note(desk, turn, vec![(delivery, attempt)]).await? {
                break;
            }
        }
        return Ok(());
    }
    let (stops, failures) = (&AtomicBool::new(false), &AtomicI64::new(turn.failures()));
    let (ended, mut attempts) = mpsc::channel(UNNOTED);
    let sent = stream::iter(due)
        .take_while(|_| ready(!stops.load(Ordering::Relaxed) && !shutdown.is_cancelled()))
        .map(|delivery| async move {
            let attempt = attempt(desk, sender, turn, &delivery).await;
            // What is noted later must not let more be sent than a webhook that fails, or is gone, is to get.
            if attempt.succeeded() {
                failures.store(0, Ordering::Relaxed);
            } else if attempt.answer == Ok(410)
                || webhook::rests(failures.fetch_add(1, Ordering::Relaxed) + 1)
            {
                stops.store(true, Ordering::Relaxed);
            }
            (delivery, attempt)
        })
        .buffer_unordered(SIDE_BY_SIDE);
    let sending = async move {
        let mut sent = pin!(sent);
        while let Some(attempt) = sent.next().await {
            let _ = ended.send(attempt).await;
        }
    };
    let noting = async {
        let (mut batch, mut result) = (Vec::new(), Ok(()));
        // What is on its way is waited for, whatever became of another.
        while attempts.recv_many(&mut batch, UNNOTED).await > 0 {
            let noted = note(desk, turn, std::mem::take(&mut batch)).await;
            if !matches!(noted, Ok(true)) {
                stops.store(true, Ordering::Relaxed);
            }
            result = result.and(noted.map(drop));
        }
        result
    };
    tokio::join!(sending, noting).1
}

/// Makes one attempt.
async fn attempt(desk: &Desk, sender: &Sender, turn: &Turn, delivery: &Delivery) -> Attempt {
    let now = desk.clock().now();
    match turn.keys() {
        Some(keys) => {
            let id = format!("msg_{}", delivery.id.0.simple());
            sender.send(&Message { url: turn.url(), id: &id, body: &delivery.body, keys }, now).await
        }
        None => Attempt {
            at: now,
            duration: Duration::ZERO,
            answer: Err(Failure::Key),
            excerpt: String::new(),
            retry_after: None,
        },
    }
}

/// Notes attempts. Gives whether the turn may go on.
async fn note(desk: &Desk, turn: &Turn, attempts: Vec<(Delivery, Attempt)>) -> desk::Result<bool> {
    match webhooks::note(desk, turn, attempts).await {
        // Somebody else has the webhook, or it is gone.
        Err(Error::Handled) => Ok(false),
        noted => noted,
    }
}
