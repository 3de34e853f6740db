//! Dead letters on the wire.

use desk::dead_letters::{DeadLetter, Depth, Filter, Reason};
use domain::Topic;
use domain::ids::DeadLetterId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// An event that a group could not handle.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct DeadLetterResponse {
    /// Its id.
    pub id: Uuid,
    /// The group.
    pub group: String,
    /// The topic.
    pub topic: String,
    /// The partition.
    pub partition: u32,
    /// The event's id.
    pub event_id: Uuid,
    /// What happened, such as `message.received`, where the event could be read.
    pub event_type: Option<String>,
    /// To which record, where the event could be read.
    pub subject_id: Option<Uuid>,
    /// `not_json`, `not_an_event`, `unknown_type`, `unknown_version`, `refused`, `failed` or `panicked`.
    pub reason: String,
    /// The same in words.
    pub detail: String,
    /// How often it was tried, replays included.
    pub attempts: i64,
    /// When it was given up, last.
    pub died_at: Timestamp,
    /// When it is to be handled again; null for one that rests.
    pub replay_at: Option<Timestamp>,
}

impl From<&DeadLetter> for DeadLetterResponse {
    fn from(letter: &DeadLetter) -> Self {
        Self {
            id: letter.id.0,
            group: letter.group.clone(),
            topic: letter.topic.as_str().to_owned(),
            partition: letter.partition,
            event_id: letter.event.0,
            event_type: letter.kind.map(|kind| kind.as_str().to_owned()),
            subject_id: letter.subject,
            reason: letter.reason.as_str().to_owned(),
            detail: letter.detail.clone(),
            attempts: letter.attempts,
            died_at: letter.died_at,
            replay_at: letter.replay_at,
        }
    }
}

/// A dead letter with the event's bytes.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct FullDeadLetterResponse {
    /// The letter.
    #[serde(flatten)]
    pub letter: DeadLetterResponse,
    /// The event as it came, where that is text.
    pub original: Option<String>,
    /// The event as it came in hexadecimal digits, where it is no text.
    pub original_hex: Option<String>,
}

impl From<DeadLetter> for FullDeadLetterResponse {
    fn from(letter: DeadLetter) -> Self {
        let response = DeadLetterResponse::from(&letter);
        let (original, original_hex) = match String::from_utf8(letter.original) {
            Ok(text) => (Some(text), None),
            Err(error) => {
                let hex = error.as_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
                (None, Some(hex))
            }
        };
        Self { letter: response, original, original_hex }
    }
}

/// How many dead letters of a kind there are.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct DeadLetterCount {
    /// The group.
    pub group: String,
    /// The topic.
    pub topic: String,
    /// The reason.
    pub reason: String,
    /// All of them.
    pub letters: i64,
    /// How many of them wait to be handled again.
    pub queued: i64,
}

impl From<Depth> for DeadLetterCount {
    fn from(depth: Depth) -> Self {
        Self {
            group: depth.group,
            topic: depth.topic.as_str().to_owned(),
            reason: depth.reason.as_str().to_owned(),
            letters: depth.letters,
            queued: depth.queued,
        }
    }
}

/// Which dead letters are meant.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct DeadLetterQuery {
    /// Only of this group, such as `hand`.
    pub group: Option<String>,
    /// Only of this topic, such as `task-events`.
    pub topic: Option<String>,
    /// Only for this reason, such as `failed`.
    pub reason: Option<String>,
    /// Only those that died at this moment or later.
    pub since: Option<Timestamp>,
    /// Only those that died before this moment.
    pub until: Option<Timestamp>,
}

impl DeadLetterQuery {
    /// Errors where the topic or the reason is none.
    pub fn read(self) -> Result<Filter, desk::Error> {
        read(Vec::new(), self.group, self.topic.as_deref(), self.reason.as_deref(), (self.since, self.until))
    }
}

/// Which dead letters something is to be done with.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeadLettersRequest {
    /// These and no others.
    #[serde(default)]
    #[schema(max_items = 1000)]
    pub ids: Vec<Uuid>,
    /// Only of this group, such as `hand`.
    pub group: Option<String>,
    /// Only of this topic, such as `task-events`.
    pub topic: Option<String>,
    /// Only for this reason, such as `failed`.
    pub reason: Option<String>,
    /// Only those that died at this moment or later.
    pub since: Option<Timestamp>,
    /// Only those that died before this moment.
    pub until: Option<Timestamp>,
    /// Has to be true where nothing else says which ones.
    #[serde(default)]
    pub all: bool,
    /// Only count them.
    #[serde(default)]
    pub dry_run: bool,
    /// For a replay: how many are handled in a second.
    #[schema(minimum = 1, maximum = 1000, default = 50)]
    pub per_second: Option<u32>,
}

/// How many a replay handles in a second where nothing is said.
const PER_SECOND: u32 = 50;
/// The most ids at once.
const IDS: usize = 1000;

impl DeadLettersRequest {
    /// The letters, and how many of them in a second. Errors where that is not clear.
    pub fn read(self) -> Result<(Filter, u32), desk::Error> {
        let per_second = self.per_second.unwrap_or(PER_SECOND);
        if !(1..=1000).contains(&per_second) {
            return Err(desk::Error::field("per_second", "must be 1 to 1000"));
        }
        if self.ids.len() > IDS {
            return Err(desk::Error::field(
                "ids",
                format!("are {}; at most {IDS} are allowed", self.ids.len()),
            ));
        }
        let filter = read(
            self.ids,
            self.group,
            self.topic.as_deref(),
            self.reason.as_deref(),
            (self.since, self.until),
        )?;
        if filter == Filter::default() && !self.all {
            return Err(desk::Error::field(
                "all",
                "must be true to mean every dead letter; or say which ones",
            ));
        }
        Ok((filter, per_second))
    }
}

fn read(
    ids: Vec<Uuid>,
    group: Option<String>,
    topic: Option<&str>,
    reason: Option<&str>,
    (since, until): (Option<Timestamp>, Option<Timestamp>),
) -> Result<Filter, desk::Error> {
    let known = |field: &str, names: Vec<&str>| {
        desk::Error::field(field, format!("must be one of {}", names.join(", ")))
    };
    let topic = topic.map(|name| {
        Topic::parse(name)
            .ok_or_else(|| known("topic", Topic::ALL.iter().map(|topic| topic.as_str()).collect()))
    });
    let reason = reason.map(|name| {
        Reason::parse(name)
            .ok_or_else(|| known("reason", Reason::ALL.iter().map(|reason| reason.as_str()).collect()))
    });
    let plain = |name: &String| {
        name.len() <= 40 && name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_'))
    };
    if group.as_ref().is_some_and(|name| !plain(name)) {
        return Err(desk::Error::field("group", "must be a group's name, such as hand"));
    }
    Ok(Filter {
        ids: ids.into_iter().map(DeadLetterId).collect(),
        group,
        topic: topic.transpose()?,
        reason: reason.transpose()?,
        since,
        until,
    })
}

/// What was done with dead letters.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct DeadLettersResponse {
    /// How many it concerns.
    pub letters: usize,
    /// Whether they were only counted.
    pub dry_run: bool,
}
