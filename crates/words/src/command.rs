//! What a sentence asks for, as types, and their one JSON form (the flat object of `deskhand words`).
//!
//! Nothing here reads sentences.

use domain::recurrence::Recurrence;
use jiff::civil::{Date, DateTime, Time};
use serde::{Deserialize, Serialize};

/// An order, understood.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Wire", into = "Wire")]
pub enum Command {
    /// Make a task.
    AddTask(NewTask),
    /// Mark a task as done.
    CompleteTask(Target),
    /// Take a task's completion back.
    ReopenTask(Target),
    /// Delete a task.
    DeleteTask(Target),
    /// Change a task.
    UpdateTask {
        /// Which task.
        target: Target,
        /// What becomes different.
        changes: Changes,
    },
    /// Show the tasks that a filter lets through.
    ListTasks(Filter),
    /// Search for these words.
    Search(String),
    /// Add reminders to a task that exists.
    AddReminder {
        /// Which task.
        target: Target,
        /// When to remind; empty when the sentence does not say.
        reminders: Vec<Reminder>,
    },
    /// Give a task to somebody.
    AssignTask {
        /// Which task.
        target: Target,
        /// To whom; "me" is the one who speaks.
        assignee: String,
    },
    /// Put a task aside until a time.
    SnoozeTask {
        /// Which task.
        target: Target,
        /// Until when.
        until: Due,
    },
    /// Make a task below another.
    AddSubtask {
        /// The task above.
        target: Target,
        /// The new one.
        task: NewTask,
    },
    /// Write a comment on a task.
    Comment {
        /// Which task.
        target: Target,
        /// The comment, word for word.
        comment: String,
    },
    /// Take the last thing back.
    Undo,
    /// Say what can be said.
    Help,
    /// The sentence has two likely readings, or an impossible one: ask.
    Clarify(Clarify),
}

/// A task to be made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewTask {
    /// What is left of the sentence once all elements are taken out.
    pub title: String,
    /// When it is due; of a recurring task, the first time.
    pub due: Option<Due>,
    /// How it recurs.
    pub recurrence: Option<Recurrence>,
    /// When to remind.
    pub reminders: Vec<Reminder>,
    /// 1 (urgent) to 4 (low).
    pub priority: Option<u8>,
    /// Labels without their `@`.
    pub labels: Vec<String>,
    /// The project without its `#`.
    pub project: Option<String>,
    /// Who is to do it; "me" is the one who speaks.
    pub assignee: Option<String>,
}

/// Which task is meant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Target {
    /// The one with this number.
    Number {
        /// The number after `#`.
        number: u64,
    },
    /// The one whose title these words name.
    Words(String),
}

/// A day, and perhaps a time of that day, in the speaker's zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Due {
    /// The day.
    pub date: Date,
    /// The time of day, in whole minutes.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "clock")]
    pub time: Option<Time>,
}

/// When to remind of a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Reminder {
    /// So long before it is due.
    Before {
        /// Minutes before the due time; 0 is at that time.
        before_minutes: u32,
    },
    /// At this local time.
    At {
        /// The local time, in whole minutes.
        #[serde(with = "minute")]
        at: DateTime,
    },
}

/// What an update changes; what is absent stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Changes {
    /// The new title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The new due date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<Due>,
    /// The new priority, 1 to 4.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<u8>,
}

/// Which tasks to list; what is absent does not matter.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Filter {
    /// When they are due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<Period>,
    /// Who has them; "me" is the one who speaks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assignee: Option<String>,
    /// Whether they are done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub done: Option<bool>,
    /// Their priority, 1 to 4.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<u8>,
    /// Labels that they all carry.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<String>,
    /// Their project.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
}

impl Filter {
    /// Whether it lets everything through.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// When the tasks of a list are due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Period {
    /// Before now, and not done; in JSON the word `overdue`.
    Named(NamedPeriod),
    /// From one day to another, both included.
    Days {
        /// The first day.
        from: Date,
        /// The last day.
        to: Date,
    },
}

/// A period that is no range of days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NamedPeriod {
    /// Before now, and not done.
    Overdue,
}

/// Why a sentence is not carried out but asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Clarify {
    /// More than a thousand characters.
    TooLong,
    /// Nothing is left for a title.
    NoTitle,
    /// 3/4 may be March or April.
    AmbiguousDate,
    /// There is no such day.
    InvalidDate,
    /// The day or time is over.
    PastDate,
    /// There is no such time of day.
    InvalidTime,
    /// There is no such time zone.
    UnknownZone,
}

/// Why a JSON object is no command.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A key that this verb needs is absent.
    #[error("{verb} needs {key}")]
    Missing {
        /// The verb.
        verb: &'static str,
        /// The key.
        key: &'static str,
    },
}

/// The names of the verbs in JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Verb {
    AddTask,
    CompleteTask,
    ReopenTask,
    DeleteTask,
    UpdateTask,
    ListTasks,
    Search,
    AddReminder,
    AssignTask,
    SnoozeTask,
    AddSubtask,
    Comment,
    Undo,
    Help,
    Clarify,
}

/// The flat JSON object, keys in their order.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    verb: Verb,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    target: Option<Target>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    due: Option<Due>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    recurrence: Option<Recurrence>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    reminders: Vec<Reminder>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    priority: Option<u8>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    labels: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    project: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    assignee: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    filter: Option<Filter>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    query: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    changes: Option<Changes>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    until: Option<Due>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    comment: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    clarify: Option<Clarify>,
}

impl Wire {
    fn new(verb: Verb) -> Self {
        Self {
            verb,
            title: None,
            target: None,
            due: None,
            recurrence: None,
            reminders: Vec::new(),
            priority: None,
            labels: Vec::new(),
            project: None,
            assignee: None,
            filter: None,
            query: None,
            changes: None,
            until: None,
            comment: None,
            clarify: None,
        }
    }

    fn task(verb: Verb, task: NewTask) -> Self {
        Self {
            title: Some(task.title),
            due: task.due,
            recurrence: task.recurrence,
            reminders: task.reminders,
            priority: task.priority,
            labels: task.labels,
            project: task.project,
            assignee: task.assignee,
            ..Self::new(verb)
        }
    }

    fn on(verb: Verb, target: Target) -> Self {
        Self { target: Some(target), ..Self::new(verb) }
    }
}

impl From<Command> for Wire {
    fn from(command: Command) -> Self {
        match command {
            Command::AddTask(task) => Self::task(Verb::AddTask, task),
            Command::CompleteTask(target) => Self::on(Verb::CompleteTask, target),
            Command::ReopenTask(target) => Self::on(Verb::ReopenTask, target),
            Command::DeleteTask(target) => Self::on(Verb::DeleteTask, target),
            Command::UpdateTask { target, changes } => {
                Self { changes: Some(changes), ..Self::on(Verb::UpdateTask, target) }
            }
            Command::ListTasks(filter) => {
                Self { filter: (!filter.is_empty()).then_some(filter), ..Self::new(Verb::ListTasks) }
            }
            Command::Search(query) => Self { query: Some(query), ..Self::new(Verb::Search) },
            Command::AddReminder { target, reminders } => {
                Self { reminders, ..Self::on(Verb::AddReminder, target) }
            }
            Command::AssignTask { target, assignee } => {
                Self { assignee: Some(assignee), ..Self::on(Verb::AssignTask, target) }
            }
            Command::SnoozeTask { target, until } => {
                Self { until: Some(until), ..Self::on(Verb::SnoozeTask, target) }
            }
            Command::AddSubtask { target, task } => {
                Self { target: Some(target), ..Self::task(Verb::AddSubtask, task) }
            }
            Command::Comment { target, comment } => {
                Self { comment: Some(comment), ..Self::on(Verb::Comment, target) }
            }
            Command::Undo => Self::new(Verb::Undo),
            Command::Help => Self::new(Verb::Help),
            Command::Clarify(reason) => Self { clarify: Some(reason), ..Self::new(Verb::Clarify) },
        }
    }
}

impl TryFrom<Wire> for Command {
    type Error = Error;

    fn try_from(wire: Wire) -> Result<Self, Error> {
        fn need<T>(value: Option<T>, verb: &'static str, key: &'static str) -> Result<T, Error> {
            value.ok_or(Error::Missing { verb, key })
        }
        let target = wire.target;
        let task = |title: String| NewTask {
            title,
            due: wire.due,
            recurrence: wire.recurrence,
            reminders: wire.reminders.clone(),
            priority: wire.priority,
            labels: wire.labels,
            project: wire.project,
            assignee: wire.assignee.clone(),
        };
        Ok(match wire.verb {
            Verb::AddTask => Self::AddTask(task(need(wire.title, "add_task", "title")?)),
            Verb::CompleteTask => Self::CompleteTask(need(target, "complete_task", "target")?),
            Verb::ReopenTask => Self::ReopenTask(need(target, "reopen_task", "target")?),
            Verb::DeleteTask => Self::DeleteTask(need(target, "delete_task", "target")?),
            Verb::UpdateTask => Self::UpdateTask {
                target: need(target, "update_task", "target")?,
                changes: need(wire.changes, "update_task", "changes")?,
            },
            Verb::ListTasks => Self::ListTasks(wire.filter.unwrap_or_default()),
            Verb::Search => Self::Search(need(wire.query, "search", "query")?),
            Verb::AddReminder => Self::AddReminder {
                target: need(target, "add_reminder", "target")?,
                reminders: wire.reminders,
            },
            Verb::AssignTask => Self::AssignTask {
                target: need(target, "assign_task", "target")?,
                assignee: need(wire.assignee, "assign_task", "assignee")?,
            },
            Verb::SnoozeTask => Self::SnoozeTask {
                target: need(target, "snooze_task", "target")?,
                until: need(wire.until, "snooze_task", "until")?,
            },
            Verb::AddSubtask => Self::AddSubtask {
                target: need(target, "add_subtask", "target")?,
                task: task(need(wire.title, "add_subtask", "title")?),
            },
            Verb::Comment => Self::Comment {
                target: need(target, "comment", "target")?,
                comment: need(wire.comment, "comment", "comment")?,
            },
            Verb::Undo => Self::Undo,
            Verb::Help => Self::Help,
            Verb::Clarify => Self::Clarify(need(wire.clarify, "clarify", "clarify")?),
        })
    }
}

/// A time of day as `HH:MM`.
mod clock {
    use jiff::civil::Time;
    use serde::{Deserialize, Deserializer, Serializer};

    #[allow(clippy::ref_option, reason = "serde hands the field over by reference")]
    pub(super) fn serialize<S: Serializer>(time: &Option<Time>, serializer: S) -> Result<S::Ok, S::Error> {
        match time {
            Some(time) => serializer.collect_str(&format_args!("{:02}:{:02}", time.hour(), time.minute())),
            None => serializer.serialize_none(),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Time>, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map(Some).map_err(serde::de::Error::custom)
    }
}

/// A local time as `YYYY-MM-DDTHH:MM`.
mod minute {
    use jiff::civil::DateTime;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(at: &DateTime, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{}T{:02}:{:02}", at.date(), at.hour(), at.minute()))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<DateTime, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}
