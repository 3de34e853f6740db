//! Recurrences: an RFC 5545 rule, what it counts from, and which local time comes next.
//!
//! Everything here works in wall-clock time without a zone; only [`resolve`] turns a local time into
//! an instant. Nothing here knows tasks, and nothing here asks what time it is.

mod next;
mod rule;
mod zone;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub use rule::{Frequency, Rule};
pub use zone::resolve;

/// What the next occurrence is counted from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CountsFrom {
    /// The schedule: a late completion does not move the following ones ("every").
    Schedule,
    /// The completion: the rule starts again whenever the task is done ("every!").
    Completion,
}

/// Why a rule text is refused or a next occurrence cannot be told.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The text is longer than any sensible rule.
    #[error("the rule is longer than {max} bytes")]
    TooLong {
        /// The longest text taken, in bytes.
        max: usize,
    },
    /// The text does not have the form `NAME=VALUE;NAME=VALUE`.
    #[error("{0:?} is not a NAME=VALUE part")]
    NotAPart(String),
    /// A part that RFC 5545 does not name.
    #[error("{0:?} is not a part of a recurrence rule")]
    UnknownPart(String),
    /// A part is given more than once.
    #[error("{0} is given twice")]
    Twice(&'static str),
    /// The rule has no FREQ.
    #[error("FREQ is missing")]
    NoFrequency,
    /// A value of a part is malformed or out of its range.
    #[error("{value:?} is not a value of {part}")]
    Value {
        /// The part's name.
        part: &'static str,
        /// The value as it was given.
        value: String,
    },
    /// Parts that RFC 5545 does not allow together.
    #[error("{0}")]
    Conflict(&'static str),
    /// A valid rule that a desk's tasks do not have.
    #[error("{0}")]
    Unsupported(&'static str),
    /// The calculation refused the rule.
    #[error("the rule cannot be calculated: {0}")]
    Calculation(String),
}

/// Short for a result with this module's [`Error`].
pub type Result<T> = std::result::Result<T, Error>;

/// A recurrence rule and what it counts from; in JSON `{"rule": …, "from": "schedule"|"completion"}`.
///
/// ```
/// use domain::recurrence::{CountsFrom, Recurrence};
/// use jiff::civil::date;
///
/// let monthly = Recurrence::new("freq=monthly;BYMONTHDAY=1", CountsFrom::Schedule)?;
/// assert_eq!(monthly.rule(), "FREQ=MONTHLY;BYMONTHDAY=1");
/// let start = date(2026, 12, 1).at(9, 0, 0, 0);
/// assert_eq!(monthly.next_after(start, start)?, Some(date(2027, 1, 1).at(9, 0, 0, 0)));
/// # Ok::<(), domain::recurrence::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Wire", into = "Wire")]
pub struct Recurrence {
    rule: Rule,
    from: CountsFrom,
}

/// The JSON form, before the rule is checked.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Recurrence")]
struct Wire {
    /// An RFC 5545 recurrence rule, without the leading `RRULE:`.
    #[schemars(example = "FREQ=WEEKLY;BYDAY=MO")]
    rule: String,
    /// What the next occurrence is counted from.
    from: CountsFrom,
}

impl TryFrom<Wire> for Recurrence {
    type Error = Error;

    fn try_from(wire: Wire) -> Result<Self> {
        Self::new(&wire.rule, wire.from)
    }
}

impl From<Recurrence> for Wire {
    fn from(recurrence: Recurrence) -> Self {
        Self { rule: recurrence.rule.text().to_owned(), from: recurrence.from }
    }
}

impl JsonSchema for Recurrence {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        Wire::schema_name()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        Wire::json_schema(generator)
    }
}

/// One occurrence in a zone: the local time that the rule names and the instant it stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Occurrence {
    /// The wall-clock time by the rule, even where a gap moves the instant.
    pub local: DateTime,
    /// The instant, by [`resolve`].
    pub at: Timestamp,
}

impl Recurrence {
    /// Reads and checks a rule text; a leading `RRULE:` is accepted.
    ///
    /// # Errors
    /// When the text is no rule, or one that this crate does not calculate (see [`Error`]).
    pub fn new(rule: &str, from: CountsFrom) -> Result<Self> {
        Ok(Self { rule: rule.parse()?, from })
    }

    /// The rule's canonical text.
    #[must_use]
    pub fn rule(&self) -> &str {
        self.rule.text()
    }

    /// The rule, read.
    #[must_use]
    pub fn parsed(&self) -> &Rule {
        &self.rule
    }

    /// What the next occurrence is counted from.
    #[must_use]
    pub fn from(&self) -> CountsFrom {
        self.from
    }

    /// The first occurrence strictly after `after`, of the series that starts at `start`.
    ///
    /// `start` counts as an occurrence only when the rule matches it. For a recurrence that counts from
    /// the completion, the caller passes the completion's local time as both (keeping the wall-clock
    /// time of day it wants). `None` when the series has ended.
    ///
    /// # Errors
    /// [`Error::Calculation`] when the rule cannot be calculated from this start.
    pub fn next_after(&self, start: DateTime, after: DateTime) -> Result<Option<DateTime>> {
        next::after(&self.rule, start, after)
    }

    /// The next occurrence in `zone` whose instant is later than that of the occurrence at `after`.
    ///
    /// A rule of minutes or hours names several local times inside a gap; they all fall on the gap's
    /// end, and this gives that instant once.
    ///
    /// # Errors
    /// As [`Recurrence::next_after`].
    pub fn next_in(&self, start: DateTime, after: DateTime, zone: &TimeZone) -> Result<Option<Occurrence>> {
        let passed = resolve(after, zone);
        let mut local = after;
        while let Some(next) = self.next_after(start, local)? {
            let at = resolve(next, zone);
            if at > passed {
                return Ok(Some(Occurrence { local: next, at }));
            }
            local = next;
        }
        Ok(None)
    }
}

/// The id of one occurrence of a task: the same wherever and however often it is calculated.
///
/// A UUIDv5 (RFC 9562) in the task id's own namespace over the rule's revision and the local time.
#[must_use]
pub fn occurrence_id(task: Uuid, rule_revision: u32, local: DateTime) -> Uuid {
    Uuid::new_v5(&task, format!("{rule_revision}/{local}").as_bytes())
}
