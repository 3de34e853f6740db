//! The log on Apache Kafka: a topic for each of ours, and its offsets are the positions.
//!
//! Who reads which partition is said by the leases in the database, whose fences the inbox ledger needs in any case, so
//! partitions are assigned by hand and no consumer group is joined.

mod observed;

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use domain::Topic;
use domain::ids::{EventId, WorkspaceId};
use futures_util::future::join_all;
use rdkafka::admin::{
    AdminClient, AdminOptions, NewPartitions, NewTopic, OwnedResourceSpecifier, ResourceSpecifier,
    TopicReplication,
};
use rdkafka::client::ClientContext;
use rdkafka::config::{ClientConfig, RDKafkaLogLevel};
use rdkafka::consumer::stream_consumer::StreamPartitionQueue;
use rdkafka::consumer::{Consumer, ConsumerContext, StreamConsumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{Header, Headers, Message, OwnedHeaders};
use rdkafka::producer::{FutureProducer, FutureRecord};
use rdkafka::{Offset, TopicPartitionList};
use store::bus::Outgoing;
use tokio::sync::Mutex;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tracing::{debug, warn};
use uuid::Uuid;

use crate::log::{Error, Published, id_of_place};
use crate::tail::Read;
use crate::topics::Found;
use crate::{BrokerOptions, PUBLISH_TIMEOUT};
use observed::Observed;

/// How long the brokers may take to bring what is known to be there, or to answer a question.
const TIMEOUT: Duration = Duration::from_secs(5);
/// How long is waited for more, once there is something.
const MORE: Duration = Duration::from_millis(20);
/// Beside the event: whose it is, and which; and the least offset that it may have, below which there have been others.
const WORKSPACE: &str = "deskhand-workspace";
const EVENT: &str = "deskhand-event";
const FROM: &str = "deskhand-from";

type Place = (Topic, u32);

/// Puts what librdkafka says into our log.
struct Context;

impl ClientContext for Context {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        match level {
            RDKafkaLogLevel::Debug | RDKafkaLogLevel::Info | RDKafkaLogLevel::Notice => {
                debug!(facility, "Kafka: {message}");
            }
            // Says at each start that a setting of ours is experimental.
            _ if facility == "CONFWARN" => debug!(facility, "Kafka: {message}"),
            _ => warn!(facility, "Kafka: {message}"),
        }
    }

    fn error(&self, error: KafkaError, reason: &str) {
        debug!(error = &error as &dyn std::error::Error, "Kafka: {reason}");
    }
}

impl ConsumerContext for Context {}

type KafkaConsumer = StreamConsumer<Context>;
type Producer = FutureProducer<Context>;

/// Reads a partition on and on.
struct Reader {
    queue: StreamPartitionQueue<Context>,
    /// The offset that it brings next.
    next: i64,
}

pub(crate) struct Kafka {
    options: BrokerOptions,
    config: ClientConfig,
    consumer: Arc<KafkaConsumer>,
    readers: HashMap<Place, Mutex<Option<Reader>>>,
    producer: RwLock<Arc<Producer>>,
    observed: Observed,
    /// Ends with this.
    _events: JoinSet<()>,
}

/// How administration is asked for.
fn patient() -> AdminOptions {
    AdminOptions::new().request_timeout(Some(TIMEOUT)).operation_timeout(Some(TIMEOUT))
}

impl Kafka {
    /// Nothing is connected before it is needed.
    pub(crate) fn new(brokers: &[String], options: BrokerOptions) -> Result<Self, Error> {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", brokers.join(",")).set("client.id", "deskhand");
        config.set(
            "security.protocol",
            match (options.user.is_some(), options.tls) {
                (false, false) => "plaintext",
                (false, true) => "ssl",
                (true, false) => "sasl_plaintext",
                (true, true) => "sasl_ssl",
            },
        );
        if let Some(file) = options.readable_ca_file()? {
            config.set("ssl.ca.location", file.display().to_string());
        }
        if let (Some(user), Some(password)) = (&options.user, &options.password) {
            config
                .set("sasl.mechanism", options.sasl)
                .set("sasl.username", user)
                .set("sasl.password", password);
        }
        // Reconnects soon: a broker that comes back is there within a second.
        config.set("reconnect.backoff.ms", "50").set("reconnect.backoff.max.ms", "1000");
        let unusable = |error| Error::broker("cannot be used", error);
        let consumer: KafkaConsumer = config
            .clone()
            // A group has to be named, but none is joined.
            .set("group.id", &options.prefix)
            .set("enable.auto.commit", "false")
            .set("auto.offset.reset", "earliest")
            .set("queued.max.messages.kbytes", "512")
            .set("fetch.wait.max.ms", "100")
            // Where that much waits here already; its own rest is a second long.
            .set("fetch.queue.backoff.ms", "10")
            .create_with_context(Context)
            .map_err(unusable)?;
        let consumer = Arc::new(consumer);
        let mut events = JoinSet::new();
        events.spawn({
            let consumer = Arc::clone(&consumer);
            async move {
                // Messages come on queues of their own; what comes here are the client's own events.
                loop {
                    if let Err(error) = consumer.recv().await {
                        debug!(error = &error as &dyn std::error::Error, "Kafka's client reports");
                        tokio::time::sleep(Duration::from_millis(100)).await;
                    }
                }
            }
        });
        let producer = RwLock::new(Arc::new(producer(&config).map_err(unusable)?));
        let readers = Topic::all_partitions().map(|place| (place, Mutex::default())).collect();
        let observed = Observed::new(&config);
        Ok(Self { options, config, consumer, readers, producer, observed, _events: events })
    }

    pub(crate) fn prefix(&self) -> &str {
        &self.options.prefix
    }

    fn topic(&self, topic: Topic) -> String {
        format!("{}.{}", self.options.prefix, topic.as_str())
    }

    /// Says, for those who look from outside, that `group` goes on at `position`.
    pub(crate) fn tell(&self, group: &str, (topic, partition): Place, position: i64) {
        let group = format!("{}.{group}", self.options.prefix);
        self.observed.tell(group, &self.topic(topic), partition, position);
    }

    pub(crate) async fn ensure(&self) -> Result<(), Error> {
        let failed = |error| Error::broker("does not give the topics that are needed", error);
        let admin = self.admin().map_err(failed)?;
        let replication = i32::from(self.options.replication);
        let named: Vec<(String, String, Topic)> = Topic::ALL
            .iter()
            .map(|topic| (self.topic(*topic), topic.retention().as_millis().to_string(), *topic))
            .collect();
        // With three copies, two have to have an event before it is acknowledged.
        let in_sync = if replication >= 3 { "2" } else { "1" };
        let topics: Vec<NewTopic<'_>> = named
            .iter()
            .map(|(name, retention, topic)| {
                let partitions = i32::try_from(topic.partitions()).unwrap_or(1);
                NewTopic::new(name, partitions, TopicReplication::Fixed(replication))
                    .set("retention.ms", retention)
                    .set("min.insync.replicas", in_sync)
            })
            .collect();
        for made in admin.create_topics(&topics, &patient()).await.map_err(failed)? {
            match made {
                Ok(_) | Err((_, RDKafkaErrorCode::TopicAlreadyExists)) => {}
                Err((topic, code)) => {
                    return Err(Error::broker(
                        "does not give the topics that are needed",
                        format!("{topic}: {code}"),
                    ));
                }
            }
        }
        Ok(())
    }

    fn admin(&self) -> Result<AdminClient<Context>, KafkaError> {
        self.config.create_with_context(Context)
    }

    /// How many copies the settings want.
    pub(crate) fn replication(&self) -> u64 {
        u64::from(self.options.replication)
    }

    /// The topics as they are.
    pub(crate) async fn found(&self) -> Result<Vec<Found>, Error> {
        let failed = |error| Error::broker("does not tell of its topics", error);
        let consumer = Arc::clone(&self.consumer);
        // All of them: asking for one that is missing could make it, by the broker's settings.
        let asked = tokio::task::spawn_blocking(move || consumer.fetch_metadata(None, TIMEOUT)).await;
        let metadata = asked.map_err(|error| Error::broker("was not asked", error))?.map_err(failed)?;
        let mut found: Vec<Found> = Vec::new();
        for topic in Topic::ALL {
            let name = self.topic(topic);
            let there = metadata.topics().iter().find(|there| there.name() == name);
            let partitions = there.map(|there| there.partitions()).unwrap_or_default();
            found.push(Found {
                topic,
                name,
                partitions: u32::try_from(partitions.len()).unwrap_or(u32::MAX),
                copies: partitions.iter().map(|partition| partition.replicas().len() as u64).collect(),
                kept_secs: BTreeSet::new(),
            });
        }
        let there = found.iter().filter(|found| found.partitions > 0);
        let asked: Vec<String> = there.map(|found| found.name.clone()).collect();
        let asked: Vec<ResourceSpecifier<'_>> =
            asked.iter().map(|name| ResourceSpecifier::Topic(name)).collect();
        if asked.is_empty() {
            return Ok(found);
        }
        let admin = self.admin().map_err(failed)?;
        for told in admin.describe_configs(&asked, &patient()).await.map_err(failed)? {
            let told = told.map_err(|code| Error::broker("does not tell of its topics", code))?;
            let OwnedResourceSpecifier::Topic(name) = &told.specifier else { continue };
            let kept = told.get("retention.ms").and_then(|entry| entry.value.as_deref()?.parse::<i64>().ok());
            if let (Some(found), Some(kept)) = (found.iter_mut().find(|found| found.name == *name), kept) {
                // -1 is for ever.
                found.kept_secs.insert(u64::try_from(kept).ok().map(|millis| millis / 1000));
            }
        }
        Ok(found)
    }

    /// Adds the partitions that are missing to topics that are there.
    pub(crate) async fn grow(&self) -> Result<(), Error> {
        let failed = |error| Error::broker("does not give the partitions that are needed", error);
        let found = self.found().await?;
        let small: Vec<NewPartitions<'_>> = found
            .iter()
            .filter(|found| found.partitions > 0 && found.partitions < found.topic.partitions())
            .map(|found| NewPartitions::new(&found.name, found.topic.partitions() as usize))
            .collect();
        if small.is_empty() {
            return Ok(());
        }
        let admin = self.admin().map_err(failed)?;
        for grown in admin.create_partitions(&small, &patient()).await.map_err(failed)? {
            grown.map_err(|(topic, code)| {
                Error::broker("does not give the partitions that are needed", format!("{topic}: {code}"))
            })?;
        }
        // What this client knows of topics is refreshed by asking for them.
        let deadline = Instant::now() + TIMEOUT;
        while self.ends().await.is_err() && Instant::now() < deadline {
            tokio::time::sleep(Duration::from_millis(100)).await;
            self.found().await?;
        }
        Ok(())
    }

    pub(crate) async fn ends(&self) -> Result<Vec<(Topic, u32, i64)>, Error> {
        let (consumer, prefix) = (Arc::clone(&self.consumer), self.options.prefix.clone());
        let asked = tokio::task::spawn_blocking(move || {
            Topic::all_partitions()
                .map(|(topic, partition)| {
                    let name = format!("{prefix}.{}", topic.as_str());
                    let number = i32::try_from(partition).unwrap_or(0);
                    let (_, end) = consumer.fetch_watermarks(&name, number, TIMEOUT)?;
                    Ok((topic, partition, end))
                })
                .collect::<Result<Vec<_>, KafkaError>>()
        });
        let ends = asked.await.map_err(|error| Error::broker("was not asked", error))?;
        ends.map_err(|error| Error::broker("does not say where its partitions end", error))
    }

    /// Sends events one behind the other. The producer is idempotent and leaves no gap: where one cannot be sent, it
    /// sends none after it, and another producer takes its place.
    pub(crate) async fn publish(&self, (topic, partition): Place, events: &[Outgoing]) -> Published {
        let producer = Arc::clone(&self.producer.read().unwrap_or_else(PoisonError::into_inner));
        let name = self.topic(topic);
        let mut published = Published { events: 0, end: 0, error: None };
        let mut sent = Vec::with_capacity(events.len());
        let known = events.first().map_or(0, |first| first.end);
        for (from, event) in (known..).zip(events) {
            let key = key_of(event);
            let from = from.to_string();
            let workspace = event.workspace.to_string();
            let id = event.event.to_string();
            let headers = OwnedHeaders::new()
                .insert(Header { key: WORKSPACE, value: Some(&workspace) })
                .insert(Header { key: EVENT, value: Some(&id) })
                .insert(Header { key: FROM, value: Some(&from) });
            let record = FutureRecord::to(&name)
                .partition(i32::try_from(partition).unwrap_or(0))
                .key(&key)
                .payload(&event.envelope)
                .headers(headers);
            match producer.send_result(record) {
                Ok(delivery) => sent.push(delivery),
                Err((error, _)) => {
                    published.error = Some(Error::broker("does not take events", error));
                    break;
                }
            }
        }
        for delivered in join_all(sent).await {
            let error = match delivered {
                Ok(Ok(delivery)) if delivery.offset < 0 => {
                    Error::broker("does not take events", "it has one already and does not say where")
                }
                Ok(Ok(delivery)) if delivery.offset < known => {
                    Error::Cut { topic, partition, end: delivery.offset, known }
                }
                Ok(Ok(delivery)) => {
                    published.events += 1;
                    published.end = delivery.offset + 1;
                    continue;
                }
                Ok(Err((error, _))) => Error::broker("does not take events", error),
                Err(gone) => Error::broker("does not take events", gone),
            };
            published.error = Some(error);
            break;
        }
        if published.error.is_some() {
            self.replace(&producer);
        }
        published
    }

    /// Puts another producer in the place of `failed`, if that was not done yet.
    fn replace(&self, failed: &Arc<Producer>) {
        let mut current = self.producer.write().unwrap_or_else(PoisonError::into_inner);
        if Arc::ptr_eq(&current, failed) {
            match producer(&self.config) {
                Ok(new) => *current = Arc::new(new),
                Err(error) => {
                    warn!(error = &error as &dyn std::error::Error, "Kafka's producer cannot be made anew")
                }
            }
        }
    }

    pub(crate) async fn read(&self, place: Place, position: i64, wanted: i64) -> Result<Vec<Read>, Error> {
        let Some(reader) = self.readers.get(&place) else { return Ok(Vec::new()) };
        let mut reader = reader.lock().await;
        let mut current = match reader.take() {
            Some(current) if current.next == position => current,
            former => self.assign(place, position, former)?,
        };
        let failed = |error| Error::broker("does not bring events", error);
        let mut is_anew = false;
        let mut events: Vec<Read> = Vec::new();
        while i64::try_from(events.len()).unwrap_or(i64::MAX) < wanted {
            let wait = if events.is_empty() { TIMEOUT } else { MORE };
            match tokio::time::timeout(wait, current.queue.recv()).await {
                Ok(message) => {
                    let message = message.map_err(failed)?;
                    if message.offset() < current.next {
                        // The broker had lost what was to follow, so that its client went back to the beginning.
                        drop(message);
                        if std::mem::replace(&mut is_anew, true) {
                            return Err(Error::broker("does not bring events", "it ends before them"));
                        }
                        current = self.assign(place, current.next, Some(current))?;
                        continue;
                    }
                    current.next = message.offset() + 1;
                    events.push(read_of(place, &message));
                }
                Err(_) if !events.is_empty() => break,
                Err(late) => return Err(Error::broker("does not bring events in time", late)),
            }
        }
        *reader = Some(current);
        Ok(events)
    }

    /// Lets the consumer bring a partition from `position` on.
    fn assign(&self, place: Place, position: i64, former: Option<Reader>) -> Result<Reader, Error> {
        let failed = |error: KafkaError| Error::broker("does not let a partition be read", error);
        let (name, number) = (self.topic(place.0), i32::try_from(place.1).unwrap_or(0));
        let mut list = TopicPartitionList::new();
        list.add_partition_offset(&name, number, Offset::Offset(position)).map_err(failed)?;
        drop(former);
        // One that a failed read has left behind is still assigned.
        if self.consumer.assignment().map_err(failed)?.find_partition(&name, number).is_some() {
            self.consumer.incremental_unassign(&list).map_err(failed)?;
        }
        self.consumer.incremental_assign(&list).map_err(failed)?;
        let queue = self.consumer.split_partition_queue(&name, number);
        let queue =
            queue.ok_or_else(|| Error::broker("does not let a partition be read", "it has no queue"))?;
        Ok(Reader { queue, next: position })
    }
}

fn producer(config: &ClientConfig) -> Result<Producer, KafkaError> {
    config
        .clone()
        .set("acks", "all")
        .set("enable.idempotence", "true")
        .set("enable.gapless.guarantee", "true")
        .set("message.timeout.ms", PUBLISH_TIMEOUT.as_millis().to_string())
        .set("request.timeout.ms", "3000")
        .set("linger.ms", "1")
        // They have to have the partitions that we want.
        .set("allow.auto.create.topics", "false")
        // Partitions are given; this is for whoever sends by the key alone.
        .set("partitioner", "murmur2_random")
        .create_with_context(Context)
}

/// The event's key: its subject, as the partition was made of it.
fn key_of(event: &Outgoing) -> String {
    let subject = serde_json::from_str::<serde_json::Value>(&event.envelope).ok();
    let subject = subject.as_ref().and_then(|event| event.get("subject_id")?.as_str());
    subject.map_or_else(|| event.event.to_string(), str::to_owned)
}

fn read_of(place: Place, message: &impl Message) -> Read {
    let header = |name: &str| {
        let found = message.headers()?.iter().find(|header| header.key == name)?;
        std::str::from_utf8(found.value?).ok()
    };
    let uuid = |name| Uuid::try_parse(header(name)?).ok();
    let position = message.offset();
    let id = uuid(EVENT).map_or_else(|| id_of_place(place, position), EventId);
    let workspace = WorkspaceId(uuid(WORKSPACE).unwrap_or_default());
    // Sent before it was noticed that others had been there: it comes again.
    let is_too_early =
        header(FROM).and_then(|from| from.parse().ok()).is_some_and(|from: i64| position < from);
    let payload = message.payload().filter(|_| !is_too_early).unwrap_or_default();
    Read::new(position, id, workspace, payload.to_vec())
}
