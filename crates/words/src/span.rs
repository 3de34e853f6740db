//! Which words of a sentence became what.

use serde::Serialize;

/// What some words became.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// The words that name the verb.
    Verb,
    /// A part of the title.
    Title,
    /// The task that is meant.
    Target,
    /// A due date or time.
    Due,
    /// A recurrence, its beginning or its end.
    Recurrence,
    /// A reminder.
    Reminder,
    /// A priority.
    Priority,
    /// A label.
    Label,
    /// A project.
    Project,
    /// An assignee.
    Assignee,
    /// What a list is narrowed by.
    Filter,
    /// What is searched for.
    Query,
    /// Until when a task is put aside.
    Until,
    /// A comment.
    Comment,
}

/// Some words of the sentence, by their bytes, and what they became.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Span {
    /// The first byte.
    pub start: usize,
    /// The byte after the last.
    pub end: usize,
    /// What the words became.
    pub what: What,
}
