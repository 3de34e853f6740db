//! What reacts to events and to time: one module a group, the clock, mail, and what sends webhooks.
//!
//! Workers decide nothing. They bring an event or a moment to a use case of the desk, which does its effect
//! once; see each handler for its idempotency key.

mod audit;
mod clock;
mod mail;
mod notify;
mod recurring;
mod webhooks;

use std::collections::{BTreeMap, BTreeSet};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use bus::{Bus, Delivery, HandleError, Handler};
use channels::webhooks::Sender;
use desk::Desk;
use domain::ids::WorkspaceId;
use futures_util::FutureExt;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::error;

pub use mail::MailSettings;

/// A group that this crate has a handler for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Group {
    /// Makes the next occurrence of a recurring task.
    Recurring,
    /// Tells members what concerns them.
    Notify,
    /// Keeps who did what.
    Audit,
    /// Tells other programs what happens.
    Webhooks,
}

/// What a process does in the background.
pub struct WorkersOptions {
    /// The desk.
    pub desk: Desk,
    /// The bus.
    pub bus: Bus,
    /// The groups that it runs.
    pub groups: BTreeSet<Group>,
    /// Handlers that are made elsewhere, such as the hand's.
    pub handlers: Vec<Arc<dyn Handler>>,
    /// Whether it fires reminders.
    pub clock: bool,
    /// Told how late each reminder came that it fires.
    pub late: Arc<dyn Fn(Duration) + Send + Sync>,
    /// Whether it moves events from the outbox to the bus.
    pub relay: bool,
    /// How mail goes out, where it does; sent by the processes that run [`Group::Notify`].
    pub mail: Option<MailSettings>,
    /// How webhooks go out; sent by the processes that run [`Group::Webhooks`].
    pub webhooks: Option<Sender>,
}

/// What runs in the background.
pub struct Workers {
    tasks: JoinSet<()>,
}

impl Workers {
    /// Waits until everything has ended, which it does after the shutdown that it was started with: what was
    /// in flight is finished, places are kept and leases are given back.
    pub async fn ended(mut self) {
        while self.tasks.join_next().await.is_some() {}
    }
}

/// Starts what `options` ask for. It goes on until `shutdown`.
pub fn start(options: WorkersOptions, shutdown: &CancellationToken) -> Workers {
    let WorkersOptions { desk, bus, groups, mut handlers, clock, late, relay, mail, webhooks } = options;
    let mut tasks = JoinSet::new();
    for group in &groups {
        handlers.push(match group {
            Group::Recurring => Arc::new(recurring::Recurring::new(desk.clone())),
            Group::Notify => Arc::new(notify::Notify::new(desk.clone(), mail.is_some())),
            Group::Audit => Arc::new(audit::Audit::new(desk.clone())),
            Group::Webhooks => Arc::new(webhooks::Webhooks::new(desk.clone())),
        });
    }
    if relay {
        let bus = bus.clone();
        keep_running(&mut tasks, "relay", shutdown, move |shutdown| {
            let bus = bus.clone();
            async move { bus.relay(shutdown).await }
        });
    }
    if clock {
        let desk = desk.clone();
        keep_running(&mut tasks, "clock", shutdown, move |shutdown| {
            clock::run(desk.clone(), Arc::clone(&late), shutdown)
        });
    }
    if let Some(mail) = mail.filter(|_| groups.contains(&Group::Notify)) {
        let desk = desk.clone();
        keep_running(&mut tasks, "mail", shutdown, move |shutdown| {
            mail::run(desk.clone(), mail.clone(), shutdown)
        });
    }
    if let Some(sender) = webhooks.filter(|_| groups.contains(&Group::Webhooks)) {
        let desk = desk.clone();
        keep_running(&mut tasks, "webhooks", shutdown, move |shutdown| {
            webhooks::send(desk.clone(), sender.clone(), shutdown)
        });
    }
    if !handlers.is_empty() {
        keep_running(&mut tasks, "groups", shutdown, move |shutdown| {
            let (bus, handlers) = (bus.clone(), handlers.clone());
            async move { bus.consume(handlers, shutdown).await }
        });
    }
    Workers { tasks }
}

/// Runs `work` until `shutdown`. A panic in it is a bug, but not a reason for reminders to stop coming.
fn keep_running<W>(
    tasks: &mut JoinSet<()>,
    name: &'static str,
    shutdown: &CancellationToken,
    work: impl Fn(CancellationToken) -> W + Send + 'static,
) where
    W: Future<Output = ()> + Send + 'static,
{
    let shutdown = shutdown.clone();
    tasks.spawn(async move {
        while AssertUnwindSafe(work(shutdown.clone())).catch_unwind().await.is_err() {
            error!(worker = name, "a worker panicked; this is a bug in Deskhand; it begins anew");
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = tokio::time::sleep(Duration::from_secs(1)) => {}
            }
        }
    });
}

/// Deliveries of one partition by workspace: a transaction is in one. Events of
/// different workspaces have no order among them.
fn by_workspace(deliveries: &[Delivery]) -> impl Iterator<Item = Vec<Delivery>> + use<> {
    let mut workspaces: BTreeMap<WorkspaceId, Vec<Delivery>> = BTreeMap::new();
    for delivery in deliveries {
        workspaces.entry(delivery.event.workspace_id).or_default().push(delivery.clone());
    }
    workspaces.into_values()
}

/// What a use case's result means for the bus: what was handled before is done, and what the event itself stands in
/// the way of will not work later either.
pub fn outcome(result: desk::Result<()>) -> Result<(), HandleError> {
    match result {
        Ok(()) | Err(desk::Error::Handled) => Ok(()),
        Err(desk::Error::Store(error)) if error.is_transient() => Err(HandleError::Unavailable(error.into())),
        Err(error) if error.is_lasting() => Err(HandleError::Refused(error.into())),
        Err(error) => Err(HandleError::Failed(error.into())),
    }
}

/// How long to wait before attempt number `attempt` (from 2) at something that is away: 1 s, doubling, 30 s.
fn backoff(attempt: u32) -> Duration {
    Duration::from_secs(1 << attempt.saturating_sub(2).min(5)).min(Duration::from_secs(30))
}
