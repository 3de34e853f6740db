//! Events: how they get from the outbox to the groups that react to them, and to whoever watches live.
//!
//! At least once, in order per key, each group for itself. What an event does to the records is not known
//! here; a [`Handler`] does that, in a transaction of its own that also notes that it is handled.

mod coming;
mod consume;
mod counts;
mod cursor;
mod kafka;
mod live;
mod log;
mod nats;
mod partition;
mod relay;
mod tail;
mod topics;
mod waiting;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use domain::{Breaker, Envelope, Topic};
use futures_util::future::BoxFuture;
pub use store::bus::Delivery;
use store::bus::{Lag, Outstanding};
use store::{Scope, Store};
use tokio_util::sync::CancellationToken;

use counts::Counts;
pub use counts::Outcome;
pub use live::{Interest, Live, LiveEvent, Resync, Subscription, TooOld};
pub use log::Error;
use log::Log;
use tail::Tail;
pub use topics::{Aspect, Difference};

/// The bus. Cheap to clone.
#[derive(Clone)]
pub struct Bus {
    store: Store,
    log: Arc<Log>,
    tail: Arc<Tail>,
    retries: Arc<Retries>,
    counts: Arc<Counts>,
    breaker: Arc<Breaker>,
}

/// How long a group waits before it tries an event again that failed, once for each time that it does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retries {
    /// Of the groups that are not named.
    pub usual: Vec<Duration>,
    /// Of these groups.
    pub of: HashMap<String, Vec<Duration>>,
}

impl Default for Retries {
    fn default() -> Self {
        Self { usual: [1, 2, 4].map(Duration::from_secs).into(), of: HashMap::new() }
    }
}

impl Retries {
    fn of(&self, group: &str) -> &[Duration] {
        self.of.get(group).unwrap_or(&self.usual)
    }
}

/// How long a broker may take to acknowledge events.
const PUBLISH_TIMEOUT: Duration = Duration::from_secs(5);

/// How a broker is spoken to.
#[derive(Debug, Clone, Default)]
pub struct BrokerOptions {
    /// What the names of its topics and streams begin with.
    pub prefix: String,
    /// How many copies of each event it keeps; at least 1.
    pub replication: u8,
    /// Whether the connection has to be encrypted.
    pub tls: bool,
    /// The certificates that its own is checked with, as PEM; the system's where there is none.
    pub ca_file: Option<PathBuf>,
    /// Who signs in.
    pub user: Option<String>,
    /// With which password.
    pub password: Option<String>,
    /// How user and password are proven to Kafka, such as `SCRAM-SHA-512`.
    pub sasl: &'static str,
    /// A file of NATS credentials, instead of user and password.
    pub credentials_file: Option<PathBuf>,
}

impl BrokerOptions {
    /// The file of certificates, where there is one. Errors where it cannot be read.
    fn readable_ca_file(&self) -> Result<Option<&Path>, Error> {
        let Some(file) = &self.ca_file else { return Ok(None) };
        match std::fs::File::open(file) {
            Ok(_) => Ok(Some(file)),
            Err(error) => {
                let named = format!("{}: {error}", file.display());
                Err(Error::broker("cannot be used: its certificates cannot be read", named))
            }
        }
    }
}

/// Why a handler could not handle.
#[derive(Debug, thiserror::Error)]
pub enum HandleError {
    /// What every event needs, such as the database, is away: it is waited for, however long that takes.
    #[error("something that is needed is not available now")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// It failed, and may work another time: it is tried again as [`Retries`] say, and then a dead letter.
    #[error("the event could not be handled")]
    Failed(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// It can be handled neither now nor later: it is a dead letter at once.
    #[error("the event cannot be handled")]
    Refused(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// What a group does with its events.
///
/// A delivery may come again, for instance after a crash: the handler takes it in the transaction of its effect
/// ([`Store::handle`] or [`Store::add`]), one with [`Delivery::take`], several with [`Delivery::take_all`]. What it does
/// after that must not need that effect to be on the disk already.
pub trait Handler: Send + Sync + 'static {
    /// The group.
    fn group(&self) -> &'static str;

    /// What it reads.
    fn topics(&self) -> &'static [Topic];

    /// Whether it does anything with this event; others are passed over.
    fn wants(&self, _event: &Envelope) -> bool {
        true
    }

    /// The most events that it takes at once.
    fn batch(&self) -> usize {
        1
    }

    /// How long it lets a partition rest for each event that it was given last, so that it is given many at once while
    /// many come: for what is cheaper together, and can be a moment late under load.
    fn rest_for_each(&self) -> Duration {
        Duration::ZERO
    }

    /// Handles deliveries of one partition, in order, and none of them only in part. After an error all of
    /// them come again.
    fn handle<'a>(&'a self, deliveries: &'a [Delivery]) -> BoxFuture<'a, Result<(), HandleError>>;
}

/// What waits on the bus.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backlog {
    /// In the outbox.
    pub outbox: Outstanding,
    /// In the log, by group and partition.
    pub lag: Vec<Lag>,
    /// Dead letters, by group and topic.
    pub dead: Vec<(String, String, i64)>,
}

impl Bus {
    /// A bus in the tables of `store`.
    pub fn database(store: Store) -> Self {
        Self::new(store, Log::Database)
    }

    /// A bus over NATS with JetStream, on servers `HOST:PORT`. It need not be there yet.
    ///
    /// Errors where it cannot be used as `options` say.
    pub async fn nats(store: Store, servers: &[String], options: BrokerOptions) -> Result<Self, Error> {
        Ok(Self::new(store, Log::Nats(nats::Nats::connect(servers, options).await?)))
    }

    /// A bus over Apache Kafka, with brokers `HOST:PORT` to begin with. It need not be there yet.
    ///
    /// Errors where it cannot be used as `options` say.
    pub fn kafka(store: Store, brokers: &[String], options: BrokerOptions) -> Result<Self, Error> {
        Ok(Self::new(store, Log::Kafka(kafka::Kafka::new(brokers, options)?)))
    }

    fn new(store: Store, log: Log) -> Self {
        let log = Arc::new(log);
        let tail = Arc::new(Tail::new(store.clone(), Arc::clone(&log)));
        Self {
            store,
            log,
            tail,
            retries: Arc::default(),
            counts: Arc::default(),
            breaker: Arc::new(Breaker::new("broker").after(1)),
        }
    }

    /// The same with other waits before an event that failed is tried again.
    #[must_use]
    pub fn with_retries(self, retries: Retries) -> Self {
        Self { retries: Arc::new(retries), ..self }
    }

    /// Moves events from the outbox to the log until `shutdown`, and removes what nobody needs any more.
    ///
    /// Any number of processes may do this at the same time.
    pub async fn relay(&self, shutdown: CancellationToken) {
        relay::run(self, shutdown).await;
    }

    /// Hands events to `handlers` until `shutdown`; then finishes what is in flight, keeps how far it came
    /// and gives its partitions back.
    ///
    /// Processes that run the same group share its partitions.
    pub async fn consume(&self, handlers: Vec<Arc<dyn Handler>>, shutdown: CancellationToken) {
        consume::run(self, handlers, shutdown).await;
    }

    /// Opens the live feed at the end of the log; [`Live::run`] keeps it going.
    pub async fn live(&self) -> Result<Live, store::Error> {
        Live::open(self.store.clone(), Arc::clone(&self.log), Arc::clone(&self.tail)).await
    }

    /// What a relay in this process knows of the broker, where there is one. The relay goes on trying every few
    /// seconds, one round at a time; meanwhile the outbox keeps everything.
    pub fn breaker(&self) -> Option<Arc<Breaker>> {
        (!self.log.is_database()).then(|| Arc::clone(&self.breaker))
    }

    /// How many events the groups of this process had, by topic, group and what became of them.
    pub fn counts(&self) -> Vec<((Topic, &'static str, Outcome), u64)> {
        self.counts.all()
    }

    /// What waits now.
    pub async fn backlog(&self) -> Result<Backlog, store::Error> {
        self.store
            .read(Scope::System, (), |tx, ()| {
                Box::pin(async move {
                    let outbox = store::bus::outbox_backlog(tx).await?;
                    let lag = store::bus::lag(tx).await?;
                    let dead = store::bus::dead::totals(tx).await?;
                    Ok(Backlog { outbox, lag, dead })
                })
            })
            .await
    }
}

/// How long to wait before the attempt that follows attempt number `attempt` (from 1): 1 s, doubling, 30 s.
fn backoff(attempt: u32) -> Duration {
    Duration::from_secs(1 << (attempt - 1).min(5)).min(Duration::from_secs(30))
}
