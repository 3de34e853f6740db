//! What the tests share: a process with its relay and groups, a handler that writes down what it gets.

use std::collections::HashSet;
use std::ops::Deref;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bus::{BrokerOptions, Bus, Delivery, HandleError, Handler, Retries};
use domain::ids::{EventId, WorkspaceId};
use domain::{Envelope, EventType, Topic};
use futures_util::future::BoxFuture;
use store::audit::{Entry, Filter};
use store::{Error, Scope, Store};
use testkit::Database;
pub(crate) use testkit::{append, event};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Waits until `done`, at most three minutes.
pub(crate) async fn until(what: &str, done: impl AsyncFn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(180);
    while !done().await {
        assert!(Instant::now() < deadline, "in vain: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Everything that was handled, in the order of the effects; shared by the processes of a test.
#[derive(Default)]
pub(crate) struct Written {
    pub(crate) effects: Mutex<Vec<(&'static str, Envelope)>>,
    /// How often each event was handed over, whether or not it was fresh.
    pub(crate) deliveries: Mutex<Vec<EventId>>,
    /// Events that fail while they are in here.
    pub(crate) poison: Mutex<HashSet<EventId>>,
    /// Events that panic while they are in here.
    pub(crate) explosive: Mutex<HashSet<EventId>>,
    /// Events that are refused while they are in here.
    pub(crate) refused: Mutex<HashSet<EventId>>,
}

impl Written {
    pub(crate) fn count(&self) -> usize {
        self.effects.lock().unwrap().len()
    }

    /// That each event's effect is there once, and a subject's are in order.
    pub(crate) fn assert_once_and_in_order(&self) {
        let effects = self.effects.lock().unwrap();
        let mut ids = HashSet::new();
        let mut last = std::collections::HashMap::new();
        for (_, event) in effects.iter() {
            assert!(ids.insert(event.id), "{} twice", event.id);
            let before = last.insert(event.subject_id, event.sequence).unwrap_or(-1);
            assert!(event.sequence > before, "{} after {before}", event.sequence);
        }
    }
}

pub(crate) struct Writer {
    pub(crate) process: &'static str,
    pub(crate) group: &'static str,
    pub(crate) topics: &'static [Topic],
    pub(crate) batch: usize,
    pub(crate) store: Store,
    pub(crate) written: Arc<Written>,
}

impl Handler for Writer {
    fn group(&self) -> &'static str {
        self.group
    }

    fn topics(&self) -> &'static [Topic] {
        self.topics
    }

    fn batch(&self) -> usize {
        self.batch
    }

    fn handle<'a>(&'a self, deliveries: &'a [Delivery]) -> BoxFuture<'a, Result<(), HandleError>> {
        Box::pin(async move {
            for delivery in deliveries {
                let event = &delivery.event;
                self.written.deliveries.lock().unwrap().push(event.id);
                let explodes = self.written.explosive.lock().unwrap().contains(&event.id);
                assert!(!explodes, "as the test wants it");
                if self.written.refused.lock().unwrap().contains(&event.id) {
                    return Err(HandleError::Refused("not that one".into()));
                }
                if self.written.poison.lock().unwrap().contains(&event.id) {
                    return Err(HandleError::Failed("poison".into()));
                }
                let taken: Result<(), Error> = self
                    .store
                    .handle(event.workspace_id, delivery.wanted(), delivery.clone(), |tx, delivery| {
                        Box::pin(async move {
                            delivery.take(tx).await?;
                            store::audit::insert(tx, vec![effect(&delivery.event)])
                        })
                    })
                    .await;
                match taken {
                    Ok(()) => {
                        self.written.effects.lock().unwrap().push((self.process, Envelope::clone(event)))
                    }
                    Err(Error::Stale) => {}
                    Err(error) => return Err(HandleError::Unavailable(error.into())),
                }
            }
            Ok(())
        })
    }
}

/// A row for the effect of `event`: its own id, so that a second effect would be a second row.
pub(crate) fn effect(event: &Envelope) -> Entry {
    Entry {
        id: EventId(Uuid::now_v7()),
        occurred_at: event.occurred_at,
        action: event.id.to_string(),
        subject_kind: "effect".to_owned(),
        subject: event.subject_id,
        subject_number: Some(event.sequence),
        subject_title: String::new(),
        actor: event.actor.clone(),
        changes: Vec::new(),
    }
}

/// All effects that were committed.
pub(crate) async fn effects(store: &Store, workspace: WorkspaceId) -> Vec<Entry> {
    let effects: Result<_, Error> = store
        .read(workspace, (), |tx, ()| {
            Box::pin(async move { store::audit::list(tx, &Filter::default(), 10_000, None).await })
        })
        .await;
    effects.unwrap().items
}

/// How long the processes of tests wait before they try again what failed, in milliseconds.
const RETRIES: [u64; 3] = [300, 600, 1200];

/// A database, and where the log is.
pub(crate) struct Ground {
    db: Database,
    log: Log,
    options: BrokerOptions,
}

/// Where the log is.
#[derive(Debug, Clone)]
enum Log {
    Database,
    Nats(String),
    Kafka(String),
}

impl Deref for Ground {
    type Target = Database;

    fn deref(&self) -> &Database {
        &self.db
    }
}

impl Ground {
    fn new(db: Database, log: Log) -> Self {
        let prefix = format!("test-{}", Uuid::now_v7().simple());
        Self { db, log, options: BrokerOptions { prefix, replication: 1, ..BrokerOptions::default() } }
    }

    /// The same with other settings for the broker.
    pub(crate) fn with(mut self, change: impl FnOnce(&mut BrokerOptions)) -> Self {
        change(&mut self.options);
        self
    }

    pub(crate) fn on_database(db: Database) -> Self {
        Self::new(db, Log::Database)
    }

    pub(crate) fn on_nats(db: Database, server: String) -> Self {
        Self::new(db, Log::Nats(server))
    }

    pub(crate) fn on_kafka(db: Database, broker: String) -> Self {
        Self::new(db, Log::Kafka(broker))
    }

    /// The settings for the broker.
    pub(crate) fn options(&self) -> &BrokerOptions {
        &self.options
    }

    /// What the names of its streams and topics begin with.
    pub(crate) fn prefix(&self) -> &str {
        &self.options.prefix
    }

    /// Whether the log is with a broker.
    pub(crate) fn has_broker(&self) -> bool {
        !matches!(self.log, Log::Database)
    }

    /// The bus of a process that has `store` open.
    pub(crate) async fn bus(&self, store: &Store) -> Bus {
        let bus = self.unsettled(store).await;
        bus.settle().await.unwrap();
        bus
    }

    /// The same, of which it is not known whether it may begin.
    pub(crate) async fn unsettled(&self, store: &Store) -> Bus {
        let options = self.options.clone();
        let bus = match &self.log {
            Log::Database => Bus::database(store.clone()),
            Log::Nats(server) => {
                Bus::nats(store.clone(), std::slice::from_ref(server), options).await.unwrap()
            }
            Log::Kafka(brokers) => {
                let brokers: Vec<String> = brokers.split(',').map(str::to_owned).collect();
                Bus::kafka(store.clone(), &brokers, options).unwrap()
            }
        };
        bus.with_retries(Retries { usual: RETRIES.map(Duration::from_millis).into(), ..Retries::default() })
    }
}

/// Runs `test` on every kind of database and of log, one after the other.
pub(crate) async fn everywhere(test: impl AsyncFn(Ground)) {
    for log in logs() {
        eprintln!("on SQLite, {log:?}:");
        test(Ground::new(testkit::sqlite().await, log)).await;
    }
    in_a_fleet(test).await;
}

/// Runs `test` where there can be several processes: on PostgreSQL, with every kind of log.
pub(crate) async fn in_a_fleet(test: impl AsyncFn(Ground)) {
    for log in logs() {
        eprintln!("on PostgreSQL, {log:?}:");
        test(Ground::new(testkit::postgres().await, log)).await;
    }
}

fn logs() -> [Log; 3] {
    [Log::Database, Log::Nats(testkit::nats()), Log::Kafka(testkit::kafka())]
}

/// A process: a relay, and some groups.
pub(crate) struct Process {
    shutdown: CancellationToken,
    tasks: JoinSet<()>,
}

impl Process {
    pub(crate) fn start(bus: Bus, handlers: Vec<Arc<dyn Handler>>) -> Self {
        let shutdown = CancellationToken::new();
        let mut tasks = JoinSet::new();
        let (relay, groups) = (bus.clone(), bus);
        let (relay_end, groups_end) = (shutdown.clone(), shutdown.clone());
        tasks.spawn(async move { relay.relay(relay_end).await });
        tasks.spawn(async move { groups.consume(handlers, groups_end).await });
        Self { shutdown, tasks }
    }

    /// Ends as on SIGTERM.
    pub(crate) async fn stop(mut self) {
        self.shutdown.cancel();
        while self.tasks.join_next().await.is_some() {}
    }

    /// Ends as on kill -9: nothing is finished, kept or given back.
    pub(crate) async fn kill(mut self) {
        self.tasks.shutdown().await;
    }
}

/// The process's part of the group "hand", which reads incoming messages.
pub(crate) fn writer(process: &'static str, store: &Store, written: &Arc<Written>) -> Vec<Arc<dyn Handler>> {
    writer_of("hand", process, store, written)
}

/// The process's part of a group that reads incoming messages.
pub(crate) fn writer_of(
    group: &'static str,
    process: &'static str,
    store: &Store,
    written: &Arc<Written>,
) -> Vec<Arc<dyn Handler>> {
    vec![Arc::new(Writer {
        process,
        group,
        topics: &[Topic::ConversationsIncoming],
        batch: 1,
        store: store.clone(),
        written: Arc::clone(written),
    })]
}

/// How far the group "hand" is behind, by the places that are kept.
pub(crate) async fn lag(store: &Store) -> i64 {
    lag_of(store, "hand").await
}

/// How far `group` is behind.
pub(crate) async fn lag_of(store: &Store, group: &str) -> i64 {
    let lag: Result<_, Error> =
        store.read(Scope::System, (), |tx, ()| Box::pin(async move { store::bus::lag(tx).await })).await;
    lag.unwrap().iter().filter(|lag| lag.group == group).map(|lag| lag.events).sum()
}

/// How many events wait in the outbox.
pub(crate) async fn outbox(store: &Store) -> i64 {
    let waiting: Result<_, Error> = store
        .read(Scope::System, (), |tx, ()| Box::pin(async move { store::bus::outbox_backlog(tx).await }))
        .await;
    waiting.unwrap().events
}

/// A message that came in.
pub(crate) fn received(workspace: WorkspaceId, subject: Uuid, sequence: i64) -> Envelope {
    event(workspace, EventType::MessageReceived, subject, sequence)
}

/// That all effects are there, each once and each subject's in order.
pub(crate) async fn assert_effects(store: &Store, workspace: WorkspaceId, subjects: usize, sequences: i64) {
    let mut effects = effects(store, workspace).await;
    effects.reverse();
    assert_eq!(effects.len(), subjects * usize::try_from(sequences).unwrap());
    let mut next = std::collections::HashMap::new();
    for effect in effects {
        let expected = next.entry(effect.subject).or_insert(0);
        assert_eq!(effect.subject_number, Some(*expected), "of {}", effect.subject);
        *expected += 1;
    }
}
