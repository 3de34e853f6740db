//! What comes of an order, and the two ways in which it ends early.

use desk::search::Hit;
use desk::tasks::FullTask;
use domain::ids::UndoId;

use super::{Line, Record, Status, refusals};

/// What came of an order, before it is kept and answered.
#[derive(Debug, Clone)]
pub(super) struct Outcome {
    pub(super) status: Status,
    pub(super) text: String,
    pub(super) lines: Vec<Line>,
    pub(super) records: Vec<Record>,
    pub(super) tasks: Vec<FullTask>,
    pub(super) hits: Vec<Hit>,
    pub(super) undo: Option<UndoId>,
}

/// Why an order goes no further.
#[derive(Debug)]
pub(super) enum Stop {
    /// There is something to say.
    Told(Box<Outcome>),
    /// It is no matter for a sentence: the database failed, or the request itself is wrong.
    Error(desk::Error),
}

/// What a verb gives.
pub(super) type Told = Result<Outcome, Stop>;

impl From<desk::Error> for Stop {
    fn from(error: desk::Error) -> Self {
        match refusals::sentence(&error) {
            Some(text) => Self::Told(Box::new(Outcome::new(Status::Failed, text))),
            None => Self::Error(error),
        }
    }
}

impl Stop {
    /// It cannot be done, because of `text`.
    pub(super) fn failed(text: impl Into<String>) -> Self {
        Self::Told(Box::new(Outcome::new(Status::Failed, text.into())))
    }

    /// It is not clear; `text` asks.
    pub(super) fn clarify(text: impl Into<String>) -> Self {
        Self::Told(Box::new(Outcome::clarify(text.into())))
    }

    /// It is not clear which of `records` is meant; `text` asks.
    pub(super) fn which(text: String, records: Vec<Record>) -> Self {
        Self::Told(Box::new(Outcome { records, ..Outcome::clarify(text) }))
    }

    /// There is nothing to do: it is so already.
    pub(super) fn already(text: String, records: Vec<Record>) -> Self {
        Self::Told(Box::new(Outcome { records, ..Outcome::new(Status::Answer, text) }))
    }
}

impl Outcome {
    pub(super) fn new(status: Status, text: String) -> Self {
        Self {
            status,
            text,
            lines: Vec::new(),
            records: Vec::new(),
            tasks: Vec::new(),
            hits: Vec::new(),
            undo: None,
        }
    }

    /// A question back.
    pub(super) fn clarify(text: String) -> Self {
        Self::new(Status::Clarify, text)
    }

    /// What would be done.
    pub(super) fn preview(text: String, lines: Vec<Line>, records: Vec<Record>) -> Self {
        Self { lines, records, ..Self::new(Status::Preview, text) }
    }

    /// What was done.
    pub(super) fn done(text: String, lines: Vec<Line>, records: Vec<Record>, undo: Option<UndoId>) -> Self {
        Self { lines, records, undo, ..Self::new(Status::Done, text) }
    }
}
