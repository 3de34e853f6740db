//! Events: from the outbox through the log to a group's effects, on every log.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bus::{BrokerOptions, Bus, Delivery, HandleError, Handler};
use domain::ids::{EventId, WorkspaceId};
use domain::{Envelope, EventType, Topic};
use futures_util::future::BoxFuture;
use store::audit::Entry;
use store::{Error, Store};
use testkit::{Database, append};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::machine::{Work, fsync, ms, percentile, touch_memory};

/// How many events wait when a round begins, where they are taken many at a time.
pub(crate) const MANY: usize = 24_000;
/// How many a handler takes at a time, where it takes many.
pub(crate) const BATCH: usize = 200;
/// How long an event's text is, in bytes.
pub(crate) const TEXT: usize = 600;
pub(crate) const ROUNDS: usize = 3;
/// How many events come one after the other to see how long each takes, and how far apart.
pub(crate) const PACED: usize = 100;
pub(crate) const PACE: Duration = Duration::from_millis(50);
/// How many come before, and how far apart.
pub(crate) const WARM: usize = 300;
const WARM_PACE: Duration = Duration::from_millis(10);
const PARTITIONS: [usize; 3] = [1, 4, 12];

/// Where the log is.
#[derive(Clone, Copy)]
pub(crate) enum Log {
    Database,
    Nats,
    Kafka,
}

pub(crate) async fn bus(store: &Store, log: Log) -> Bus {
    let prefix = format!("bench-{}", Uuid::now_v7().simple());
    let options = BrokerOptions { prefix, replication: 1, ..BrokerOptions::default() };
    let bus = match log {
        Log::Database => Bus::database(store.clone()),
        Log::Nats => Bus::nats(store.clone(), &[testkit::nats()], options).await.expect("NATS answers"),
        Log::Kafka => Bus::kafka(store.clone(), &[testkit::kafka()], options).expect("Kafka's settings"),
    };
    bus.settle().await.expect("the log is there");
    bus
}

/// `count` events whose keys lie on the first `partitions` partitions.
fn events(workspace: WorkspaceId, count: usize, partitions: usize) -> Vec<Envelope> {
    let text = "x".repeat(TEXT);
    let event = || Envelope {
        data: serde_json::json!({ "text": text }),
        ..testkit::event(workspace, EventType::MessageReceived, Uuid::now_v7(), 1)
    };
    std::iter::repeat_with(event)
        .filter(|event| (event.partition() as usize) < partitions)
        .take(count)
        .collect()
}

/// Notes each event in the ledger and writes a row of the audit as its effect, in one transaction for all that it gets.
struct Effects {
    store: Store,
    batch: usize,
    /// When each event's effect was committed and on the disk.
    at: Arc<Mutex<HashMap<EventId, Instant>>>,
    /// Those that wait for a flush which they share.
    flushing: Mutex<JoinSet<()>>,
}

impl Handler for Effects {
    fn group(&self) -> &'static str {
        "audit"
    }

    fn topics(&self) -> &'static [Topic] {
        &[Topic::ConversationsIncoming]
    }

    fn batch(&self) -> usize {
        self.batch
    }

    fn handle<'a>(&'a self, deliveries: &'a [Delivery]) -> BoxFuture<'a, Result<(), HandleError>> {
        Box::pin(async move {
            let Some((workspace, wants)) = Delivery::wants(deliveries) else { return Ok(()) };
            let written: Result<(), Error> = self
                .store
                .add(workspace, wants, deliveries.to_vec(), |tx, deliveries| {
                    Box::pin(async move {
                        let fresh = Delivery::take_all(tx, deliveries).await?;
                        store::audit::insert(
                            tx,
                            fresh.iter().map(|delivery| effect(&delivery.event)).collect(),
                        )
                    })
                })
                .await;
            written.map_err(|error| HandleError::Unavailable(error.into()))?;
            let events: Vec<EventId> = deliveries.iter().map(|delivery| delivery.event.id).collect();
            let at = Arc::clone(&self.at);
            let is_there = move || {
                let now = Instant::now();
                at.lock().expect("nobody panics").extend(events.into_iter().map(|event| (event, now)));
            };
            match deliveries.last().and_then(|delivery| delivery.flush.clone()) {
                None => is_there(),
                Some(flush) => {
                    let flushed = async move {
                        // Otherwise it comes again.
                        if flush.is_done().await {
                            is_there();
                        }
                    };
                    self.flushing.lock().expect("nobody panics").spawn(flushed);
                }
            }
            Ok(())
        })
    }
}

fn effect(event: &Envelope) -> Entry {
    Entry {
        id: event.id,
        occurred_at: event.occurred_at,
        action: "effect".to_owned(),
        subject_kind: "effect".to_owned(),
        subject: event.subject_id,
        subject_number: None,
        subject_title: event.data["text"].as_str().unwrap_or_default().to_owned(),
        actor: event.actor.clone(),
        changes: Vec::new(),
    }
}

impl Effects {
    fn count(&self) -> usize {
        self.at.lock().expect("nobody panics").len()
    }

    async fn reach(&self, count: usize) {
        let until = Instant::now() + Duration::from_secs(300);
        while self.count() < count {
            assert!(Instant::now() < until, "{} of {count} events were handled", self.count());
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }
}

/// A relay and a group at work.
pub(crate) struct Running {
    store: Store,
    workspace: WorkspaceId,
    partitions: usize,
    effects: Arc<Effects>,
    tasks: JoinSet<()>,
    shutdown: CancellationToken,
}

impl Running {
    /// Handles `count` events that wait, `batch` at a time; gives the events per second and what that took.
    pub(crate) async fn drain(
        store: &Store,
        log: Log,
        count: usize,
        batch: usize,
        partitions: usize,
    ) -> (Self, f64, Work) {
        let workspace = WorkspaceId(Uuid::now_v7());
        let bus = bus(store, log).await;
        for chunk in events(workspace, count, partitions).chunks(500) {
            append(store, chunk.to_vec()).await;
        }
        let effects =
            Arc::new(Effects { store: store.clone(), batch, at: Arc::default(), flushing: Mutex::default() });
        let shutdown = CancellationToken::new();
        touch_memory();
        let before = Work::now();
        let began = Instant::now();
        let mut tasks = JoinSet::new();
        {
            let (relay, end) = (bus.clone(), shutdown.clone());
            tasks.spawn(async move { relay.relay(end).await });
            let (handlers, end): (Vec<Arc<dyn Handler>>, _) = (vec![effects.clone()], shutdown.clone());
            tasks.spawn(async move { bus.consume(handlers, end).await });
        }
        effects.reach(count).await;
        let rate = count as f64 / began.elapsed().as_secs_f64();
        let work = Work::now().since(&before);
        (Self { store: store.clone(), workspace, partitions, effects, tasks, shutdown }, rate, work)
    }

    /// From an event's commit to its effect's, when there is nothing else to do.
    pub(crate) async fn rest(&self) -> Vec<Duration> {
        tokio::time::sleep(Duration::from_secs(1)).await;
        // Every connection has seen every statement before.
        for event in events(self.workspace, WARM, self.partitions) {
            append(&self.store, vec![event]).await;
            tokio::time::sleep(WARM_PACE).await;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
        let before = self.effects.count();
        let mut committed = Vec::with_capacity(PACED);
        for event in events(self.workspace, PACED, self.partitions) {
            let id = event.id;
            append(&self.store, vec![event]).await;
            committed.push((id, Instant::now()));
            tokio::time::sleep(PACE).await;
        }
        self.effects.reach(before + PACED).await;
        let at = self.effects.at.lock().expect("nobody panics");
        committed.iter().map(|(id, since)| at[id].saturating_duration_since(*since)).collect()
    }

    pub(crate) async fn stop(mut self) {
        self.shutdown.cancel();
        while self.tasks.join_next().await.is_some() {}
    }
}

/// What one round shows.
struct Round {
    rate: f64,
    work: Work,
    took: Vec<Duration>,
}

async fn round(database: &Database, log: Log, partitions: usize) -> Round {
    let (running, rate, work) = Running::drain(database, log, MANY, BATCH, partitions).await;
    let took = running.rest().await;
    running.stop().await;
    Round { rate, work, took }
}

pub(crate) async fn run() -> String {
    let folder = tempfile::TempDir::new().expect("a folder");
    let mut out = format!(
        "## Events on every log\n\n\
         {MANY} events of {TEXT} bytes wait in the outbox, with keys on 1, 4 and 12 partitions; they go to the log, and \
         from there, {BATCH} at a time, to the ledger and the audit; medians of {ROUNDS} rounds. At rest: one event \
         every {} ms, from its commit to its effect's. Processor time is that of this program and of the servers \
         together. An fsync took {} before. NATS and Kafka are one server each, with the database beside them on \
         PostgreSQL.\n\n\
         | database | log | partitions | events/s | at rest, median | p99 | processor time an event | disk flushes an event |\n\
         |---|---|---|---|---|---|---|---|\n",
        PACE.as_millis(),
        ms(fsync(folder.path()))
    );
    for (place, name, log) in [
        ("SQLite", "database", Log::Database),
        ("PostgreSQL", "database", Log::Database),
        ("PostgreSQL", "NATS", Log::Nats),
        ("PostgreSQL", "Kafka", Log::Kafka),
    ] {
        for partitions in PARTITIONS {
            let mut rounds = Vec::new();
            for _ in 0..ROUNDS {
                let database =
                    if place == "SQLite" { testkit::sqlite().await } else { testkit::postgres().await };
                rounds.push(round(&database, log, partitions).await);
            }
            rounds.sort_by(|a, b| a.rate.total_cmp(&b.rate));
            let Round { rate, work, .. } = &rounds[ROUNDS / 2];
            let mut took: Vec<Duration> =
                rounds.iter().flat_map(|round| round.took.iter().copied()).collect();
            let _ = writeln!(
                out,
                "| {place} | {name} | {partitions} | {rate:.0} | {} | {} | {:.3} ms | {:.3} |",
                ms(percentile(&mut took, 0.5)),
                ms(percentile(&mut took, 0.99)),
                work.processor.as_secs_f64() * 1000.0 / MANY as f64,
                work.flushes as f64 / MANY as f64,
            );
        }
    }
    out
}
