//! Where this desk's events are: which log their positions count in, in how many partitions, and what of that is not as
//! this version and the settings want it.

use std::collections::BTreeSet;
use std::fmt;

use domain::Topic;
use store::Scope;
use store::bus::Unhandled;

use crate::log::{Error, Log};
use crate::{Bus, consume};

/// How many unhandled events are moved to other partitions at most.
const MOVED: usize = 100_000;

/// A topic as a broker has it. Where it is several streams, they may differ.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) topic: Topic,
    /// Its name there.
    pub(crate) name: String,
    /// How many partitions are there; none where it is missing.
    pub(crate) partitions: u32,
    /// How many copies there are.
    pub(crate) copies: BTreeSet<u64>,
    /// For how many seconds events are kept; nothing where that is for ever.
    pub(crate) kept_secs: BTreeSet<Option<u64>>,
}

/// What of a topic differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Aspect {
    /// It is not there, or not all of it.
    Missing,
    /// In how many partitions this desk's events are; which one a record's events are in follows from it.
    Mapping,
    /// The broker has fewer partitions than are needed.
    Partitions,
    /// The broker has more partitions than are used.
    Unused,
    /// How many copies the broker keeps.
    Replication,
    /// For how many seconds the broker keeps events.
    RetentionSecs,
}

impl Aspect {
    /// Its name for programs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Mapping => "mapping",
            Self::Partitions => "partitions",
            Self::Unused => "unused_partitions",
            Self::Replication => "replication",
            Self::RetentionSecs => "retention_secs",
        }
    }
}

/// Something of a topic that is not as this version and the settings want it. As text, it is a sentence that says what
/// to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The topic, by its name where that was found.
    pub topic: String,
    /// What of it.
    pub aspect: Aspect,
    /// What is there; nothing where that is for ever.
    pub found: Option<u64>,
    /// What is wanted.
    pub wanted: u64,
}

impl Difference {
    /// Whether events cannot be handled as it is, and a remap changes that.
    pub fn needs_remap(&self) -> bool {
        matches!(self.aspect, Aspect::Mapping | Aspect::Partitions)
    }

    /// Whether there is anything to be done about it.
    pub fn matters(&self) -> bool {
        self.aspect != Aspect::Unused
    }
}

/// A time in the largest unit of which it is a whole number.
fn time(secs: Option<u64>) -> String {
    let Some(secs) = secs else { return "ever".to_owned() };
    for (unit, each) in [("day", 86_400), ("hour", 3600), ("minute", 60)] {
        if secs >= each && secs.is_multiple_of(each) {
            return count(secs / each, unit);
        }
    }
    count(secs, "second")
}

fn count(number: u64, unit: &str) -> String {
    if number == 1 { format!("1 {unit}") } else { format!("{number} {unit}s") }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { topic, aspect, wanted, .. } = self;
        let found = self.found.unwrap_or_default();
        match aspect {
            Aspect::Missing if found == 0 => write!(f, "{topic} is not there: `deskhand migrate` makes it"),
            Aspect::Missing => {
                write!(f, "{topic} are {found} of {wanted}: `deskhand migrate` makes the others")
            }
            Aspect::Mapping => write!(
                f,
                "this desk's events of {topic} are in {}, and this version has {wanted}: stop every process, \
                 and run `deskhand migrate --remap`",
                count(found, "partition")
            ),
            Aspect::Partitions => write!(
                f,
                "{topic} has {}, and {wanted} are needed: stop every process, and run `deskhand migrate --remap`, which adds the \
                 others",
                count(found, "partition")
            ),
            Aspect::Unused => {
                write!(
                    f,
                    "{topic} has {found} partitions, of which {wanted} are used; nothing goes to the others"
                )
            }
            Aspect::Replication => write!(
                f,
                "{topic} keeps {found} {} of each event, and broker.replication says {wanted}: change the setting, or \
                 the topic by the broker's own tools",
                if found == 1 { "copy" } else { "copies" }
            ),
            Aspect::RetentionSecs => write!(
                f,
                "{topic} keeps events for {}, and this version wants {}: change it by the broker's own tools",
                time(self.found),
                time(Some(*wanted))
            ),
        }
    }
}

/// What of the topics with a broker is not as `replication` and this version want it. Where each partition is a stream,
/// `makes_partitions`, those that are missing are made without a question.
fn compare(found: Vec<Found>, replication: u64, makes_partitions: bool) -> Vec<Difference> {
    let mut differences = Vec::new();
    for Found { topic, name, partitions, copies, kept_secs } in found {
        let mut differs = |aspect, found, wanted| {
            differences.push(Difference { topic: name.clone(), aspect, found, wanted });
        };
        let (there, wanted) = (u64::from(partitions), u64::from(topic.partitions()));
        if there == 0 || (there < wanted && makes_partitions) {
            differs(Aspect::Missing, Some(there), wanted);
        } else if there < wanted {
            differs(Aspect::Partitions, Some(there), wanted);
        } else if there > wanted {
            differs(Aspect::Unused, Some(there), wanted);
        }
        for copies in copies.into_iter().filter(|copies| *copies != replication) {
            differs(Aspect::Replication, Some(copies), replication);
        }
        let wanted = topic.retention().as_secs();
        for kept in kept_secs.into_iter().filter(|kept| *kept != Some(wanted)) {
            differs(Aspect::RetentionSecs, kept, wanted);
        }
    }
    differences
}

impl Log {
    /// What with the broker is not as it should be.
    async fn differences(&self) -> Result<Vec<Difference>, Error> {
        Ok(match self {
            Self::Database => Vec::new(),
            Self::Kafka(kafka) => compare(kafka.found().await?, kafka.replication(), false),
            Self::Nats(nats) => compare(nats.found().await?, nats.replication(), true),
        })
    }
}

impl Bus {
    /// Has to come first: finds out whether what the database knows of positions is about this log and these
    /// partitions.
    ///
    /// Errors where it is about others, whose events have to be handled first.
    pub async fn settle(&self) -> Result<(), Error> {
        consume::ensure(&self.store, Vec::new()).await?;
        if let Some(other) = self.other_home().await? {
            return Err(Error::Log(format!(
                "this desk's events are in the log {other}, and bus_url names {} now. To move there, let every group \
                 finish with the former bus_url, stop every process, and run `deskhand migrate` with the new one",
                self.log.home()
            )));
        }
        match self.mappings().await?.first() {
            None => Ok(()),
            Some(difference) => Err(Error::Log(difference.to_string())),
        }
    }

    /// The log that positions count in, if it is another one than this.
    async fn other_home(&self) -> Result<Option<String>, store::Error> {
        self.store
            .write(Scope::System, self.log.home(), |tx, home| {
                Box::pin(async move { store::bus::settle(tx, home).await })
            })
            .await
    }

    /// The topics whose events are in another number of partitions than this version has.
    async fn mappings(&self) -> Result<Vec<Difference>, store::Error> {
        let found: Vec<(Topic, u32)> = self
            .store
            .read(Scope::System, (), |tx, ()| Box::pin(async move { store::bus::partitions(tx).await }))
            .await?;
        let differs = found.into_iter().filter(|(topic, number)| *number != topic.partitions());
        let mut differences: Vec<Difference> = differs
            .map(|(topic, number)| Difference {
                topic: topic.as_str().to_owned(),
                aspect: Aspect::Mapping,
                found: Some(u64::from(number)),
                wanted: u64::from(topic.partitions()),
            })
            .collect();
        differences.sort_by(|a, b| a.topic.cmp(&b.topic));
        Ok(differences)
    }

    /// Everything about the topics that is not as this version and the settings want it. Changes nothing.
    ///
    /// Errors where there is a broker, and it does not tell.
    pub async fn differences(&self) -> Result<Vec<Difference>, Error> {
        let mut differences = self.mappings().await?;
        differences.extend(self.log.differences().await?);
        Ok(differences)
    }

    /// Makes the topics that are missing, and says what else is not as it should be.
    ///
    /// Errors as [`differences`](Self::differences) does.
    pub async fn prepare(&self) -> Result<Vec<Difference>, Error> {
        self.log.ensure().await?;
        self.differences().await
    }

    /// Errors while other processes are at work.
    async fn require_nobody_at_work(&self) -> Result<(), Error> {
        let at_work: Result<bool, store::Error> = self
            .store
            .read(Scope::System, (), |tx, ()| Box::pin(async move { store::bus::anybody_at_work(tx).await }))
            .await;
        if at_work? {
            return Err(Error::Log(
                "other processes are at work on this desk: stop every one of them first; one that was killed counts \
                 for 15 seconds more"
                    .to_owned(),
            ));
        }
        Ok(())
    }

    /// What of `topic` some group has not handled, in the order of its partitions as they were.
    ///
    /// Errors where that is more than can be moved at once, or cannot be read.
    async fn unhandled(&self, topic: Topic, ends: &[(Topic, u32, i64)]) -> Result<Vec<Unhandled>, Error> {
        let places: Result<Vec<(u32, i64, i64)>, store::Error> = self
            .store
            .read(Scope::System, topic, |tx, topic| {
                Box::pin(async move { store::bus::places(tx, *topic).await })
            })
            .await;
        let mut unhandled = Vec::new();
        for (partition, place, known) in places? {
            // With a broker there can be more than was noted, where its acknowledgement was lost.
            let end = ends.iter().find(|(of, number, _)| (*of, *number) == (topic, partition));
            let end = end.map_or(known, |(_, _, end)| known.max(*end));
            let mut position = place;
            while position < end {
                let part = self.log.read(&self.store, (topic, partition), position, end).await?;
                let Some(last) = part.events.last() else {
                    return Err(unfinished(end - position, &self.log.home()));
                };
                position = last.position + 1;
                for read in part.events.into_iter().filter(|read| !read.is_void()) {
                    let (Ok(event), Ok(envelope)) = (&read.event, std::str::from_utf8(&read.original)) else {
                        return Err(unfinished(end - read.position, &self.log.home()));
                    };
                    unhandled.push(Unhandled {
                        event: read.id,
                        workspace: read.workspace,
                        place: (partition, read.position),
                        partition: event.partition(),
                        envelope: envelope.to_owned(),
                        at: event.occurred_at,
                    });
                }
                if unhandled.len() > MOVED {
                    return Err(unfinished(self.unread().await?, &self.log.home()));
                }
            }
        }
        Ok(unhandled)
    }

    /// How many events the groups have not read, each group's counted.
    async fn unread(&self) -> Result<i64, store::Error> {
        Ok(self.backlog().await?.lag.iter().map(|lag| lag.events).sum())
    }

    /// Lets positions count in this log, where they counted in another one. Nothing may be at work. Gives the log that
    /// they counted in before, if it was another one.
    ///
    /// Errors where something is unread: what is in the other log would be lost to the groups.
    pub async fn move_here(&self) -> Result<Option<String>, Error> {
        consume::ensure(&self.store, Vec::new()).await?;
        let Some(other) = self.other_home().await? else { return Ok(None) };
        self.require_nobody_at_work().await?;
        let unread = self.unread().await?;
        if unread > 0 {
            return Err(Error::Log(format!(
                "{unread} events in the log {other} were not handled yet: let every group finish with the former bus_url \
                 first"
            )));
        }
        self.log.ensure().await?;
        let ends = self.log.ends(&self.store).await?;
        let moved: Result<(), store::Error> = self
            .store
            .write(Scope::System, (self.log.home(), ends), |tx, (home, ends)| {
                Box::pin(async move { store::bus::resettle(tx, home, ends).await })
            })
            .await;
        moved?;
        Ok(Some(other))
    }

    /// Gives topics the number of partitions that this version has, in the database and with the broker. Nothing may be
    /// at work. What waits in the outbox goes to its new partition, and so does what some group has not handled yet:
    /// it goes back to the outbox, before what waits there, so that no later event of its record overtakes it. Gives what
    /// was different.
    ///
    /// Errors where more is unhandled than can be moved at once, or for longer than the ledger remembers for sure.
    pub async fn remap(&self) -> Result<Vec<Difference>, Error> {
        let mut differences = self.differences().await?;
        differences.retain(Difference::needs_remap);
        if differences.is_empty() {
            return Ok(differences);
        }
        let home = self.log.home();
        if let Some(other) = self.other_home().await? {
            return Err(Error::Log(format!(
                "this desk's events are in the log {other}: remap there first, with the former bus_url"
            )));
        }
        self.require_nobody_at_work().await?;
        self.log.ensure().await?;
        if let Log::Kafka(kafka) = &*self.log {
            kafka.grow().await?;
        }
        let topics: Vec<Topic> = Topic::ALL
            .into_iter()
            .filter(|topic| {
                let of = |difference: &Difference| difference.topic == topic.as_str();
                differences.iter().any(|difference| difference.aspect == Aspect::Mapping && of(difference))
            })
            .collect();
        let ends = self.log.ends(&self.store).await?;
        let mut moves = Vec::with_capacity(topics.len());
        for topic in topics {
            moves.push((topic, self.unhandled(topic, &ends).await?));
        }
        let remapped: Result<bool, store::Error> = self
            .store
            .write(Scope::System, (moves, home.clone(), ends), |tx, (moves, home, ends)| {
                Box::pin(async move { store::bus::remap(tx, moves, home, ends).await })
            })
            .await;
        if !remapped? {
            return Err(unfinished(self.unread().await?, &home));
        }
        Ok(differences)
    }
}

/// That events have to be handled first.
fn unfinished(events: i64, home: &str) -> Error {
    Error::Log(format!(
        "{events} events in the log {home} were not handled yet, and cannot be moved: let every group finish with the \
         version before first"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(partitions: u32) -> Found {
        Found {
            topic: Topic::Audit,
            name: "deskhand.audit".to_owned(),
            partitions,
            copies: BTreeSet::from([3]),
            kept_secs: BTreeSet::from([Some(90 * 86_400)]),
        }
    }

    fn said(found: Found, makes_partitions: bool) -> Vec<String> {
        compare(vec![found], 3, makes_partitions).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_topic_that_is_as_it_should_be_differs_in_nothing() {
        assert_eq!(said(found(3), false), Vec::<String>::new());
    }

    #[test]
    fn what_differs_is_a_sentence_each_that_says_what_to_do() {
        let other =
            Found { copies: BTreeSet::from([1]), kept_secs: BTreeSet::from([Some(3600), None]), ..found(2) };
        assert_eq!(
            said(other, false),
            [
                "deskhand.audit has 2 partitions, and 3 are needed: stop every process, and run `deskhand migrate --remap`, \
                 which adds the others",
                "deskhand.audit keeps 1 copy of each event, and broker.replication says 3: change the setting, or the \
                 topic by the broker's own tools",
                "deskhand.audit keeps events for ever, and this version wants 90 days: change it by the broker's own tools",
                "deskhand.audit keeps events for 1 hour, and this version wants 90 days: change it by the broker's own \
                 tools",
            ]
        );
    }

    #[test]
    fn more_partitions_are_no_harm_and_missing_streams_are_made() {
        let more = compare(vec![found(5)], 3, false);
        assert!(more.len() == 1 && !more[0].matters() && !more[0].needs_remap(), "{more:?}");
        let fewer = compare(vec![found(2)], 3, true);
        assert_eq!(fewer[0].to_string(), "deskhand.audit are 2 of 3: `deskhand migrate` makes the others");
        assert!(fewer[0].matters() && !fewer[0].needs_remap());
    }
}
