//! Plain words to a command: *call Acme every Monday at 9, remind me half an hour before*.
//!
//! A sentence, the wall clock and the zone give one command, offline and always the same. A text goes
//! through these steps: tokens; the words around the order; the form of the order (a table); elements
//! (dates, times, recurrences, reminders, labels …); what the elements add up to; and the title, which is
//! whatever is left. Where two readings are likely, the command asks. Nothing here reads a clock or
//! knows which tasks there are.

mod calendar;
mod command;
mod dates;
mod day_lists;
mod digits;
mod forms;
mod lists;
mod marks;
mod names;
mod numbers;
mod phrases;
mod reminders;
mod repeats;
mod requests;
mod scan;
mod span;
mod task;
mod times;
mod title;
mod tokens;
mod verbs;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;

pub use command::{
    Changes, Clarify, Command, Due, Error, Filter, NamedPeriod, NewTask, Period, Reminder, Target,
};
pub use span::{Span, What};

/// The longest text that is read, in characters.
pub const MAX_CHARS: usize = 1_000;

/// A sentence, understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parsed {
    /// What it asks for.
    pub command: Command,
    /// Which of its words became what, in order.
    pub spans: Vec<Span>,
}

/// Reads a sentence that is said at `now`, the wall clock of `zone`.
///
/// It never fails: what is not understood is a task's title, and what is not clear is a
/// [`Command::Clarify`].
///
/// ```
/// use jiff::{civil::date, tz::TimeZone};
/// use words::{Command, parse};
///
/// let zone = TimeZone::get("Europe/Berlin")?;
/// let said = parse("call Dana tomorrow at 9 about the refund", date(2026, 11, 21).at(10, 0, 0, 0), &zone);
/// let Command::AddTask(task) = said.command else { panic!("a new task") };
/// assert_eq!(task.title, "call Dana about the refund");
/// assert_eq!(task.due.unwrap().date, date(2026, 11, 22));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn parse(text: &str, now: DateTime, zone: &TimeZone) -> Parsed {
    if text.chars().nth(MAX_CHARS).is_some() {
        return Parsed { command: Command::Clarify(Clarify::TooLong), spans: Vec::new() };
    }
    let text = tokens::Text::new(text);
    let now = calendar::Now { at: now, zone };
    let mut spans = Vec::new();
    match verbs::read(text.view(), &now, &mut spans) {
        Ok(command) => {
            spans.sort_unstable();
            Parsed { command, spans }
        }
        Err(reason) => Parsed { command: Command::Clarify(reason), spans: Vec::new() },
    }
}
