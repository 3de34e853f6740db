//! Tasks: what is to be done, when, by whom, and what reminds of it.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::{MemberId, ProjectId, ReminderId, TaskId, TicketId};
use crate::recurrence::{self, Recurrence};

/// The most characters a title may have.
pub const TITLE_LIMIT: usize = 500;
/// The most characters the notes may have.
pub const NOTES_LIMIT: usize = 50_000;
/// The most labels a task may have.
pub const LABELS_LIMIT: usize = 20;
/// The most reminders a task may have.
pub const REMINDERS_LIMIT: usize = 10;

/// Where a task stands; the board has a column for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Not begun.
    Todo,
    /// Being worked on.
    Doing,
    /// Finished.
    Done,
}

impl Status {
    /// The word for it on the wire and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Todo => "todo",
            Self::Doing => "doing",
            Self::Done => "done",
        }
    }

    /// The status of that name.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Todo, Self::Doing, Self::Done].into_iter().find(|status| status.as_str() == text)
    }
}

/// When a task is due: a day, or a day and a time, on the wall clock of the task's zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Due {
    /// The day.
    pub date: Date,
    /// The time of that day, to the minute.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "minute")]
    #[schemars(with = "Option<String>", extend("format" = "partial-time"))]
    pub time: Option<Time>,
}

impl Due {
    /// The instant that it is due at: the time, or the end of the day (the first instant of the next).
    ///
    /// Nothing where the date is at the edge of what the calendar holds.
    pub fn instant(self, zone: &TimeZone) -> Option<Timestamp> {
        match self.time {
            Some(time) => Some(recurrence::resolve(self.date.to_datetime(time), zone)),
            None => {
                let next = self.date.tomorrow().ok()?;
                Some(recurrence::resolve(next.to_datetime(Time::midnight()), zone))
            }
        }
    }

    /// The wall-clock time that a recurrence counts from: midnight where no time is given.
    pub fn wall_clock(self) -> DateTime {
        self.date.to_datetime(self.time.unwrap_or(Time::midnight()))
    }
}

/// `HH:MM`, which is how a due time is written.
mod minute {
    use jiff::civil::Time;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(time: &Option<Time>, to: S) -> Result<S::Ok, S::Error> {
        match time {
            Some(time) => to.serialize_str(&format!("{:02}:{:02}", time.hour(), time.minute())),
            None => to.serialize_none(),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Time>, D::Error> {
        let Some(text) = Option::<String>::deserialize(from)? else { return Ok(None) };
        super::parse_minute(&text).map(Some).ok_or_else(|| D::Error::custom("a time is written HH:MM"))
    }
}

/// Reads `HH:MM`, from 00:00 to 23:59.
pub fn parse_minute(text: &str) -> Option<Time> {
    let (hour, minute) = text.split_once(':')?;
    if hour.len() != 2 || minute.len() != 2 || !text.bytes().all(|b| b == b':' || b.is_ascii_digit()) {
        return None;
    }
    Time::new(hour.parse().ok()?, minute.parse().ok()?, 0, 0).ok()
}

/// When a reminder comes, as people say it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum When {
    /// That many minutes before the task is due.
    Before {
        /// Minutes; 0 is at the due time itself.
        before_minutes: u32,
    },
    /// At a wall-clock time in the task's zone.
    At {
        /// Local date and time.
        at: DateTime,
    },
}

impl When {
    /// The instant of the reminder for a task due at `due`. A day without a time counts from 09:00.
    ///
    /// Nothing where it counts from a due date that the task does not have.
    pub fn instant(self, due: Option<Due>, zone: &TimeZone) -> Option<Timestamp> {
        match self {
            Self::At { at } => Some(recurrence::resolve(at, zone)),
            Self::Before { before_minutes } => {
                let due = due?;
                let time = due.time.unwrap_or(Time::constant(9, 0, 0, 0));
                let at = recurrence::resolve(due.date.to_datetime(time), zone);
                at.checked_sub(Span::new().try_minutes(i64::from(before_minutes)).ok()?).ok()
            }
        }
    }
}

/// Where a reminder stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReminderState {
    /// Will fire.
    Pending,
    /// Has fired.
    Fired,
    /// Will not fire: its task is done, deleted or no longer due.
    Cancelled,
}

impl ReminderState {
    /// The word for it on the wire and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Fired => "fired",
            Self::Cancelled => "cancelled",
        }
    }

    /// The state of that name.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Pending, Self::Fired, Self::Cancelled].into_iter().find(|state| state.as_str() == text)
    }
}

/// One reminder: unique by task, occurrence, member, channel and instant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reminder {
    /// Its id.
    pub id: ReminderId,
    /// The task it reminds of.
    pub task: TaskId,
    /// Whom it reminds.
    pub member: MemberId,
    /// When, as it was said.
    pub when: When,
    /// When, as an instant.
    pub due_at: Timestamp,
    /// Where it stands.
    pub state: ReminderState,
}

/// A task.
#[derive(Debug, Clone, PartialEq)]
pub struct Task {
    /// Its id.
    pub id: TaskId,
    /// Its number in the workspace.
    pub number: i64,
    /// One line.
    pub title: String,
    /// Several lines, plain text; may be empty.
    pub notes: String,
    /// Where it stands.
    pub status: Status,
    /// Its place in its column of the board, smallest first.
    pub rank: i64,
    /// When it is due.
    pub due: Option<Due>,
    /// The instant of `due` in `zone`.
    pub due_at: Option<Timestamp>,
    /// The IANA zone that `due` and `recurrence` are read in.
    pub zone: String,
    /// 1 (urgent) to 4 (low).
    pub priority: Option<u8>,
    /// Its labels, in the order they were given.
    pub labels: Vec<String>,
    /// The project it belongs to.
    pub project: Option<ProjectId>,
    /// Who does it.
    pub assignee: Option<MemberId>,
    /// The task that it is a part of.
    pub parent: Option<TaskId>,
    /// The ticket that it was promised in.
    pub ticket: Option<TicketId>,
    /// How it repeats.
    pub recurrence: Option<Recurrence>,
    /// How often the recurrence was changed; part of an occurrence's id.
    pub rule_revision: i64,
    /// The first task of the series, for an occurrence made from another.
    pub series: Option<TaskId>,
    /// The wall-clock time that the first occurrence had; COUNT and INTERVAL are counted from it.
    pub series_start: Option<DateTime>,
    /// When it was finished.
    pub completed_at: Option<Timestamp>,
    /// Who made it, by name.
    pub created_by: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// Goes up by one with every change; the ETag.
    pub version: i64,
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use jiff::tz::TimeZone;

    use super::{Due, When, parse_minute};

    #[test]
    fn a_day_without_a_time_is_due_when_the_day_is_over() {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let due = Due { date: date(2026, 11, 22), time: None };
        assert_eq!(due.instant(&zone).unwrap().to_string(), "2026-11-22T23:00:00Z");
    }

    #[test]
    fn a_reminder_before_a_day_without_a_time_counts_from_nine() {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let due = Some(Due { date: date(2026, 11, 22), time: None });
        let when = When::Before { before_minutes: 30 };
        assert_eq!(when.instant(due, &zone).unwrap().to_string(), "2026-11-22T07:30:00Z");
        assert_eq!(when.instant(None, &zone), None);
    }

    #[test]
    fn a_due_time_is_written_to_the_minute() {
        let due: Due = serde_json::from_str(r#"{"date":"2026-11-22","time":"09:05"}"#).unwrap();
        assert_eq!(serde_json::to_string(&due).unwrap(), r#"{"date":"2026-11-22","time":"09:05"}"#);
        for bad in ["9:05", "24:00", "12:60", "ab:cd", "12:00:00", ""] {
            assert_eq!(parse_minute(bad), None, "{bad}");
        }
        assert!(serde_json::from_str::<Due>(r#"{"date":"2026-02-30"}"#).is_err());
    }
}
