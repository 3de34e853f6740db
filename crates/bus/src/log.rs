//! The log: events in the order of their partitions, where the relay has put them. In tables of the database, or with
//! a broker; who reads which partition, how far, and what was handled is in the database in any case.

use domain::Topic;
use domain::ids::{EventId, WorkspaceId};
use store::bus::{Logged, Outgoing};
use store::{Scope, Store};
use uuid::Uuid;

use crate::kafka::Kafka;
use crate::nats::Nats;
use crate::tail::{Part, Read};

/// What can go wrong with the bus.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The broker failed, or did not answer in time.
    #[error("the broker {what}")]
    Broker {
        /// What it did not do.
        what: &'static str,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The log is not what the database knows of it.
    #[error("{0}")]
    Log(String),
    /// The broker's partition is shorter than it was.
    #[error("the broker has lost events: partition {partition} of {} ends at {end}, and ended at {known}", topic.as_str())]
    Cut {
        /// The topic.
        topic: Topic,
        /// The partition.
        partition: u32,
        /// Where it ends now.
        end: i64,
        /// Where it is known to have ended.
        known: i64,
    },
}

impl Error {
    pub(crate) fn broker(
        what: &'static str,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self::Broker { what, source: source.into() }
    }
}

/// How many events are read at once.
const READ: i64 = 400;
/// How many lost positions are filled at once.
const FILL: i64 = 500;

/// Where events are.
pub(crate) enum Log {
    Database,
    Kafka(Kafka),
    Nats(Nats),
}

/// What became of events that were sent to one partition.
#[derive(Debug)]
pub(crate) struct Published {
    /// How many of them are in the log: those at the beginning, none in between.
    pub(crate) events: usize,
    /// The position after the last of them.
    pub(crate) end: i64,
    /// Why the others are not.
    pub(crate) error: Option<Error>,
}

impl Log {
    /// Whether it is in the database, where the relay moves events instead of sending them.
    pub(crate) fn is_database(&self) -> bool {
        matches!(self, Self::Database)
    }

    /// What keeps it, as traces name it.
    pub(crate) fn system(&self) -> &'static str {
        match self {
            Self::Database => "deskhand",
            Self::Kafka(_) => "kafka",
            Self::Nats(_) => "nats",
        }
    }

    /// Which log it is, as the database keeps it.
    pub(crate) fn home(&self) -> String {
        match self {
            Self::Database => "database:".to_owned(),
            Self::Kafka(kafka) => format!("kafka:{}", kafka.prefix()),
            Self::Nats(nats) => format!("nats:{}", nats.prefix()),
        }
    }

    /// Where each partition ends.
    pub(crate) async fn ends(&self, store: &Store) -> Result<Vec<(Topic, u32, i64)>, Error> {
        match self {
            Self::Database => {
                let ends: Result<_, store::Error> = store
                    .read(Scope::System, (), |tx, ()| {
                        Box::pin(async move { store::bus::ends_in_database(tx).await })
                    })
                    .await;
                Ok(ends?)
            }
            Self::Kafka(kafka) => kafka.ends().await,
            Self::Nats(nats) => nats.ends().await,
        }
    }

    /// Makes the topics that are missing.
    pub(crate) async fn ensure(&self) -> Result<(), Error> {
        match self {
            Self::Database => Ok(()),
            Self::Kafka(kafka) => kafka.ensure().await,
            Self::Nats(nats) => nats.ensure().await,
        }
    }

    /// The events of a partition from `position` on: at least one, unless that is `end`, the end as far as it is known.
    pub(crate) async fn read(
        &self,
        store: &Store,
        (topic, partition): (Topic, u32),
        position: i64,
        end: i64,
    ) -> Result<Part, Error> {
        let wanted = (end - position).clamp(0, READ);
        let events = match self {
            Self::Database => {
                let logged: Vec<Logged> = store
                    .read(Scope::System, (topic, partition, position), |tx, (topic, partition, position)| {
                        Box::pin(
                            async move { store::bus::read(tx, *topic, *partition, *position, READ).await },
                        )
                    })
                    .await?;
                let is_end = i64::try_from(logged.len()).unwrap_or(READ) < READ;
                return Ok(Part { events: logged.into_iter().map(Read::of).collect(), is_end });
            }
            _ if wanted == 0 => Vec::new(),
            Self::Kafka(kafka) => kafka.read((topic, partition), position, wanted).await?,
            Self::Nats(nats) => nats.read((topic, partition), position, wanted).await?,
        };
        let is_end = events.last().map_or(position, |last| last.position + 1) >= end;
        Ok(Part { events, is_end })
    }

    /// What of a workspace is in a partition from `from` up to and without `to`, at most `limit` of it; nothing where
    /// the log no longer goes back that far.
    pub(crate) async fn range(
        &self,
        store: &Store,
        workspace: WorkspaceId,
        place: (Topic, u32),
        (from, to): (i64, i64),
        limit: usize,
    ) -> Result<Option<Vec<Read>>, Error> {
        if self.is_database() {
            let limit = i64::try_from(limit).unwrap_or(i64::MAX);
            let input = (workspace, place, (from, to), limit);
            let (oldest, read): (Option<i64>, Vec<Logged>) = store
                .read(Scope::System, input, |tx, (workspace, place, range, limit)| {
                    Box::pin(async move {
                        let oldest = store::bus::oldest_from(tx, place.0, place.1, range.0).await?;
                        let read = store::bus::read_of(tx, *workspace, *place, *range, *limit).await?;
                        Ok::<_, store::Error>((oldest, read))
                    })
                })
                .await?;
            // Positions are dense: where the next one is missing, it was removed.
            return Ok((oldest == Some(from)).then(|| read.into_iter().map(Read::of).collect()));
        }
        let mut found = Vec::new();
        let mut position = from;
        while position < to && found.len() < limit {
            let part = self.read(store, place, position, to).await?;
            if part.events.first().map(|first| first.position) != Some(position) {
                return Ok(None);
            }
            position = part.events.last().map_or(to, |last| last.position + 1);
            found.extend(part.events.into_iter().filter(|read| read.workspace == workspace));
        }
        found.truncate(limit);
        Ok(Some(found))
    }

    /// Tells the broker, where its own tools show such a thing, that `group` goes on at `position`.
    pub(crate) fn tell(&self, group: &str, place: (Topic, u32), position: i64) {
        if let Self::Kafka(kafka) = self {
            kafka.tell(group, place, position);
        }
    }

    /// Sends `events`, which are all of one partition, in their order.
    pub(crate) async fn publish(&self, place: (Topic, u32), events: &[Outgoing]) -> Published {
        match self {
            // The relay moves them in the database.
            Self::Database => Published { events: 0, end: 0, error: None },
            Self::Kafka(kafka) => kafka.publish(place, events).await,
            Self::Nats(nats) => nats.publish(place, events).await,
        }
    }

    /// Has a partition of the broker, which ends at `end`, end at `known` or later: what has been at the positions between
    /// is lost, and nobody who remembers it may take for it what comes now. What is there then says nothing.
    pub(crate) async fn fill(&self, place: (Topic, u32), end: i64, known: i64) -> Result<(), Error> {
        let mut end = match self {
            Self::Nats(nats) => nats.begin_at(place, known).await?,
            _ => end,
        };
        while end < known {
            let sent = self.publish(place, &voids(place, (known - end).min(FILL))).await;
            match sent.error {
                Some(error) => return Err(error),
                None => end = sent.end,
            }
        }
        Ok(())
    }
}

/// Events that say nothing, for positions that no other event may have.
fn voids((topic, partition): (Topic, u32), count: i64) -> Vec<Outgoing> {
    (0..count)
        .map(|_| Outgoing {
            id: 0,
            topic,
            partition,
            event: EventId(Uuid::now_v7()),
            workspace: WorkspaceId(Uuid::nil()),
            envelope: String::new(),
            end: 0,
        })
        .collect()
}

/// The id of an event that a broker brought without one: the same each time that it is read.
pub(crate) fn id_of_place((topic, partition): (Topic, u32), position: i64) -> EventId {
    let topic = Topic::ALL.iter().position(|known| *known == topic).unwrap_or_default();
    let place =
        [u64::try_from(topic).unwrap_or_default() << 32 | u64::from(partition), position.cast_unsigned()];
    EventId(Uuid::from_u64_pair(place[0], place[1]))
}
