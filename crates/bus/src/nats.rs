//! The log on NATS JetStream: a stream for each partition, so that positions are dense and each partition has an order
//! of its own. Its first message has the sequence 1, which is position 0.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use async_nats::HeaderMap;
use async_nats::header::{NATS_EXPECTED_LAST_SEQUENCE, NATS_MESSAGE_ID};
use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy, PullConsumer, pull};
use async_nats::jetstream::context::GetStreamErrorKind;
use async_nats::jetstream::{self, Context, ErrorCode, stream};
use domain::Topic;
use domain::ids::{EventId, WorkspaceId};
use futures_util::StreamExt;
use futures_util::future::join_all;
use store::bus::Outgoing;
use tokio::sync::Mutex;
use tokio::time::Instant;
use tracing::{debug, warn};
use uuid::Uuid;

use crate::log::{Error, Published, id_of_place};
use crate::tail::Read;
use crate::topics::Found;
use crate::{BrokerOptions, PUBLISH_TIMEOUT};

/// How long the server may take to bring what is known to be there.
const FETCH_TIMEOUT: Duration = Duration::from_secs(5);
/// After how long without a fetch the server forgets a reader.
const READER_IDLE: Duration = Duration::from_secs(300);
/// Within how long a message that comes again is not kept again.
const DUPLICATES: Duration = Duration::from_secs(120);
/// Beside the message: whose event it is, and which.
const WORKSPACE: &str = "Deskhand-Workspace";
const EVENT: &str = "Deskhand-Event";

type Place = (Topic, u32);

/// Reads a partition on and on.
struct Reader {
    consumer: PullConsumer,
    /// The position that it brings next.
    next: i64,
}

/// What became of events that were sent.
struct Sent {
    /// How many are in the stream: those at the beginning.
    events: usize,
    /// The stream's last sequence.
    end: u64,
    /// Whether some were in it already.
    had_copies: bool,
    /// Why the others are not.
    error: Option<Error>,
}

pub(crate) struct Nats {
    context: Context,
    options: BrokerOptions,
    readers: HashMap<Place, Mutex<Option<Reader>>>,
    /// The last sequence of each stream, as far as this process knows.
    last: HashMap<Place, Mutex<Option<u64>>>,
}

impl Nats {
    /// Connects in the background; where no server answers now, it is tried again and again.
    pub(crate) async fn connect(servers: &[String], options: BrokerOptions) -> Result<Self, Error> {
        let mut connect = async_nats::ConnectOptions::new()
            .name("deskhand")
            .retry_on_initial_connect()
            .connection_timeout(Duration::from_secs(3))
            .request_timeout(Some(FETCH_TIMEOUT))
            .event_callback(|event| async move {
                match event {
                    async_nats::Event::Connected => tracing::info!("connected to NATS"),
                    event => warn!(%event, "the connection to NATS changed"),
                }
            });
        if let (Some(user), Some(password)) = (&options.user, &options.password) {
            connect = connect.user_and_password(user.clone(), password.clone());
        }
        if let Some(file) = &options.credentials_file {
            let text = tokio::fs::read_to_string(file).await.map_err(|error| {
                let named = format!("{}: {error}", file.display());
                Error::broker("cannot be used: its credentials cannot be read", named)
            })?;
            connect = connect
                .credentials(&text)
                .map_err(|error| Error::broker("cannot be used: its credentials are not valid", error))?;
        }
        if options.tls {
            connect = connect.require_tls(true);
        }
        if let Some(file) = options.readable_ca_file()? {
            connect = connect.add_root_certificates(file.to_owned());
        }
        let client =
            connect.connect(servers).await.map_err(|error| Error::broker("cannot be reached", error))?;
        let context = jetstream::ContextBuilder::new()
            .ack_timeout(PUBLISH_TIMEOUT)
            .timeout(FETCH_TIMEOUT)
            .build(client);
        let places = || Topic::all_partitions();
        Ok(Self {
            context,
            options,
            readers: places().map(|place| (place, Mutex::default())).collect(),
            last: places().map(|place| (place, Mutex::default())).collect(),
        })
    }

    pub(crate) fn prefix(&self) -> &str {
        &self.options.prefix
    }

    pub(crate) async fn ends(&self) -> Result<Vec<(Topic, u32, i64)>, Error> {
        let mut ends = Vec::new();
        for place in Topic::all_partitions() {
            ends.push((place.0, place.1, position_after(self.last_sequence(place).await?)));
        }
        Ok(ends)
    }

    fn stream_name(&self, (topic, partition): Place) -> String {
        format!("{}-{}-{partition}", self.options.prefix, topic.as_str().replace('.', "_"))
    }

    fn subject(&self, (topic, partition): Place) -> String {
        format!("{}.{}.{partition}", self.options.prefix, topic.as_str())
    }

    /// Makes the streams that are missing. Errors where not one is there: what the others take is not held up by one.
    pub(crate) async fn ensure(&self) -> Result<(), Error> {
        let all = join_all(Topic::all_partitions().map(async |place| {
            let config = stream::Config {
                name: self.stream_name(place),
                subjects: vec![self.subject(place)],
                storage: stream::StorageType::File,
                num_replicas: usize::from(self.options.replication),
                max_age: place.0.retention(),
                duplicate_window: DUPLICATES,
                ..stream::Config::default()
            };
            self.context.get_or_create_stream(config).await
        }));
        let (mut is_any_there, mut missing) = (false, None);
        for ensured in all.await {
            match ensured {
                Ok(_) => is_any_there = true,
                Err(error) => missing = Some(error),
            }
        }
        let Some(error) = missing else { return Ok(()) };
        if !is_any_there {
            return Err(Error::broker("does not give the streams that are needed", error));
        }
        warn!(error = &error as &dyn std::error::Error, "NATS does not give all the streams that are needed");
        Ok(())
    }

    /// How many copies the settings want.
    pub(crate) fn replication(&self) -> u64 {
        u64::from(self.options.replication)
    }

    /// The topics as they are, each of them several streams.
    pub(crate) async fn found(&self) -> Result<Vec<Found>, Error> {
        let mut all = Vec::new();
        for topic in Topic::ALL {
            let name = format!("{}-{}-*", self.options.prefix, topic.as_str().replace('.', "_"));
            let mut found =
                Found { topic, name, partitions: 0, copies: BTreeSet::new(), kept_secs: BTreeSet::new() };
            for partition in 0.. {
                match self.config((topic, partition)).await? {
                    Some(config) => {
                        found.partitions += 1;
                        found.copies.insert(config.num_replicas as u64);
                        // Zero is for ever.
                        let kept = config.max_age.as_secs();
                        found.kept_secs.insert((kept > 0).then_some(kept));
                    }
                    None if partition >= topic.partitions() => break,
                    None => {}
                }
            }
            all.push(found);
        }
        Ok(all)
    }

    /// How the stream of a partition is set up, if it is there.
    async fn config(&self, place: Place) -> Result<Option<stream::Config>, Error> {
        match self.context.get_stream(self.stream_name(place)).await {
            Ok(stream) => Ok(Some(stream.cached_info().config.clone())),
            Err(error) => match error.kind() {
                GetStreamErrorKind::JetStream(why) if why.error_code() == ErrorCode::STREAM_NOT_FOUND => {
                    Ok(None)
                }
                _ => Err(Error::broker("does not tell of its streams", error)),
            },
        }
    }

    /// Sends events one behind the other, each on the condition that it follows the one before it: where one is
    /// missing, all after it are refused, and a relay that was thought dead adds nothing in between.
    pub(crate) async fn publish(&self, place: Place, events: &[Outgoing]) -> Published {
        let mut published = Published { events: 0, end: 0, error: None };
        let Some(last) = self.last.get(&place) else {
            published.error =
                Some(Error::Log(format!("there is no partition {} of {}", place.1, place.0.as_str())));
            return published;
        };
        let mut last = last.lock().await;
        // Where it is not known how the stream ends, some of these may be in it already.
        let mut one_by_one = last.is_none();
        let mut end = match last.take() {
            Some(end) => end,
            None => match self.last_sequence(place).await {
                Ok(end) => end,
                Err(error) => {
                    published.error = Some(error);
                    return published;
                }
            },
        };
        let known = events.first().map_or(0, |first| first.end);
        if position_after(end) < known {
            let (topic, partition) = place;
            published.error = Some(Error::Cut { topic, partition, end: position_after(end), known });
            return published;
        }
        let begun = Instant::now();
        while let Some(rest) = events.get(published.events..).filter(|rest| !rest.is_empty()) {
            if begun.elapsed() >= PUBLISH_TIMEOUT / 2 {
                // What was taken so far counts; the others are sent in the next round.
                published.error =
                    Some(Error::broker("is slow to take events", "many of them were there already"));
                break;
            }
            let together = if one_by_one { &rest[..1] } else { rest };
            let sent = self.send(place, together, end).await;
            published.events += sent.events;
            end = sent.end;
            match sent.error {
                // One that was there already moves nothing, and those after it expected that it would.
                Some(_) if sent.had_copies => one_by_one = true,
                Some(error) => {
                    published.error = Some(error);
                    break;
                }
                None => one_by_one = sent.had_copies,
            }
        }
        published.end = position_after(end);
        if published.error.is_none() {
            *last = Some(end);
        }
        published
    }

    /// Sends events to the stream of a partition, which ends at `end`, until one is not taken.
    async fn send(&self, place: Place, events: &[Outgoing], mut end: u64) -> Sent {
        let mut acks = Vec::with_capacity(events.len());
        let mut error = None;
        for (expected, event) in (end..).zip(events) {
            let mut headers = HeaderMap::new();
            headers.insert(NATS_MESSAGE_ID, event.sending());
            headers.insert(NATS_EXPECTED_LAST_SEQUENCE, expected.to_string());
            headers.insert(WORKSPACE, event.workspace.to_string());
            headers.insert(EVENT, event.event.to_string());
            let payload = event.envelope.clone().into_bytes().into();
            match self.context.publish_with_headers(self.subject(place), headers, payload).await {
                Ok(ack) => acks.push(ack),
                Err(failed) => {
                    error = Some(Error::broker("does not take events", failed));
                    break;
                }
            }
        }
        let (mut taken, mut had_copies) = (0, false);
        for ack in acks {
            match ack.await {
                Ok(ack) => {
                    taken += 1;
                    end = end.max(ack.sequence);
                    had_copies |= ack.duplicate;
                }
                Err(failed) => {
                    error = Some(Error::broker("does not take events", failed));
                    break;
                }
            }
        }
        Sent { events: taken, end, had_copies, error }
    }

    /// Has the first event in a stream that is empty get the position `end`, if it would get an earlier one and the server
    /// lets us. Gives where the stream ends then.
    pub(crate) async fn begin_at(&self, place: Place, end: i64) -> Result<i64, Error> {
        let end = u64::try_from(end).unwrap_or(0);
        let mut stream = self.stream(place).await?;
        let info = stream.info().await.map_err(|error| Error::broker("does not tell of a stream", error))?;
        let (is_empty, last) = (info.state.messages == 0, info.state.last_sequence);
        if is_empty && last < end {
            match stream.purge().sequence(end + 1).await {
                Ok(_) => return Ok(position_after(self.last_sequence(place).await?)),
                Err(error) => debug!(error = &error as &dyn std::error::Error, "a stream cannot begin later"),
            }
        }
        Ok(position_after(last))
    }

    async fn stream(&self, place: Place) -> Result<stream::Stream, Error> {
        let stream = self.context.get_stream(self.stream_name(place)).await;
        stream.map_err(|error| Error::broker("does not know a stream", error))
    }

    async fn last_sequence(&self, place: Place) -> Result<u64, Error> {
        let mut stream = self.stream(place).await?;
        let info = stream.info().await.map_err(|error| Error::broker("does not tell of a stream", error))?;
        Ok(info.state.last_sequence)
    }

    pub(crate) async fn read(&self, place: Place, position: i64, wanted: i64) -> Result<Vec<Read>, Error> {
        let Some(reader) = self.readers.get(&place) else { return Ok(Vec::new()) };
        let mut reader = reader.lock().await;
        let mut current = match reader.take() {
            Some(current) if current.next == position => current,
            _ => Reader { consumer: self.reader(place, position).await?, next: position },
        };
        let messages = current
            .consumer
            .fetch()
            .max_messages(usize::try_from(wanted).unwrap_or(1))
            .expires(FETCH_TIMEOUT)
            .messages()
            .await;
        let mut messages = messages.map_err(|error| Error::broker("does not bring events", error))?;
        let mut events = Vec::new();
        while let Some(message) = messages.next().await {
            let message = message.map_err(|error| Error::broker("does not bring events", error))?;
            let info = message.info().map_err(|error| Error::broker("brings no events", error))?;
            let position = position_after(info.stream_sequence) - 1;
            let header = |name: &str| {
                let value = message.headers.as_ref().and_then(|headers| headers.get(name));
                value.and_then(|value| Uuid::try_parse(value.as_str()).ok())
            };
            let id = header(EVENT).map_or_else(|| id_of_place(place, position), EventId);
            let workspace = WorkspaceId(header(WORKSPACE).unwrap_or_default());
            events.push(Read::new(position, id, workspace, message.payload.to_vec()));
        }
        let Some(read) = events.last() else {
            return Err(Error::broker(
                "does not bring events",
                "nothing came where something is known to be",
            ));
        };
        current.next = read.position + 1;
        *reader = Some(current);
        Ok(events)
    }

    /// A reader of its own, which the server forgets when nobody asks.
    async fn reader(&self, place: Place, position: i64) -> Result<PullConsumer, Error> {
        let config = pull::Config {
            deliver_policy: DeliverPolicy::ByStartSequence {
                start_sequence: u64::try_from(position + 1).unwrap_or(1),
            },
            ack_policy: AckPolicy::None,
            inactive_threshold: READER_IDLE,
            memory_storage: true,
            num_replicas: 1,
            ..pull::Config::default()
        };
        self.context
            .create_consumer_on_stream(config, self.stream_name(place))
            .await
            .map_err(|error| Error::broker("does not let a stream be read", error))
    }
}

/// The position after the message with the sequence `last`.
fn position_after(last: u64) -> i64 {
    i64::try_from(last).unwrap_or(i64::MAX)
}
