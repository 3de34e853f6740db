//! Orders in plain words, from the chat box or the command line: understood, shown, done, kept.
//!
//! An order is previewed first, which changes nothing, and done when it is confirmed. Everything that an order
//! does goes through a use case of the desk, under the authority of whoever says it: there is no rule in here
//! about what may be done, only sentences about it.

mod again;
pub mod describe;
mod lists;
mod outcome;
mod pick;
mod plan;
mod refusals;
mod said;
mod tasks;
mod tickets;

use desk::chats::Item;
use desk::search::Hit;
use desk::tasks::FullTask;
use desk::{Desk, UseCase, authority};
use domain::ids::{ChatId, TicketId, UndoId};
use domain::{Actor, Caller, Via, text};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde::Serialize;
use words::{Clarify, Command};

use outcome::{Outcome, Stop, Told};
use said::Said;

pub use again::undone;
pub use said::Span;

/// What somebody says.
#[derive(Debug, Clone)]
pub struct Ask {
    /// The sentence.
    pub text: String,
    /// The IANA zone that they are in: "tomorrow at 9" is read on its wall clock.
    pub zone: String,
    /// Whether to do it; otherwise it is only shown.
    pub confirm: bool,
    /// The chat that it belongs to; a new one begins where nothing is given.
    pub chat: Option<ChatId>,
    /// The ticket that they have before them: a new task is linked to it.
    pub ticket: Option<TicketId>,
}

/// What came of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Understood, and would be done like this.
    Preview,
    /// Done.
    Done,
    /// A question, answered; nothing changed.
    Answer,
    /// Not clear; the sentence asks.
    Clarify,
    /// Understood, but it cannot be done; the sentence says why.
    Failed,
}

impl Status {
    /// The word for it on the wire and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Preview => "preview",
            Self::Done => "done",
            Self::Answer => "answer",
            Self::Clarify => "clarify",
            Self::Failed => "failed",
        }
    }
}

/// One row of the card that shows what was understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// What it is about, such as `Due`.
    pub label: &'static str,
    /// What was understood, such as `tomorrow, Sunday 22 November, 09:00`.
    pub value: String,
}

/// A record that the order is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Record {
    /// `task` or `ticket`.
    pub kind: &'static str,
    /// Its id.
    pub id: uuid::Uuid,
    /// Its number.
    pub number: Option<i64>,
    /// Its title.
    pub title: String,
}

/// What the desk says to an order.
#[derive(Debug, Clone)]
pub struct Reply {
    /// The chat that it is kept in.
    pub chat: ChatId,
    /// What came of it.
    pub status: Status,
    /// One sentence for people; the answer to `help` has a line for each example.
    pub text: String,
    /// What was understood.
    pub command: Command,
    /// Which characters of the text became what.
    pub spans: Vec<Span>,
    /// What was understood, row by row.
    pub lines: Vec<Line>,
    /// The records that it is about; where the order is not clear, the choices.
    pub records: Vec<Record>,
    /// The tasks of a list.
    pub tasks: Vec<FullTask>,
    /// What a search found.
    pub hits: Vec<Hit>,
    /// What takes it back.
    pub undo: Option<UndoId>,
}

/// Understands what is said and, where it is confirmed, does it.
///
/// What cannot be done is no error but a [`Status::Failed`] with a sentence. Errors: a zone that does not
/// exist, a caller who is no member, a database that fails.
pub async fn say(desk: &Desk, caller: &Caller, ask: Ask) -> desk::Result<Reply> {
    if caller.member().is_none() || !authority::allows(&caller.actor, UseCase::Say) {
        return Err(desk::Error::Forbidden { role: role(caller) });
    }
    let zone = zone(&ask.zone)?;
    let said = Said::new(&ask.text);
    let instant = desk.clock().now();
    let order = Order {
        desk,
        caller: Caller { via: Via::Say, ..caller.clone() },
        now: instant.to_zoned(zone.clone()).datetime(),
        instant,
        zone_name: zone.iana_name().unwrap_or(&ask.zone).to_owned(),
        zone,
        confirm: ask.confirm,
        chat: ask.chat,
        ticket: ask.ticket,
    };
    let parsed = said.parse(order.now, &order.zone);
    let outcome = match order.carry_out(&said, &parsed).await {
        Ok(outcome) => outcome,
        Err(Stop::Told(outcome)) => *outcome,
        Err(Stop::Error(error)) => return Err(error),
    };
    let mut chat = ask.chat.unwrap_or_else(|| ChatId(desk.new_id()));
    // A preview comes with every pause in the typing, also of what is answered at once: only what was
    // entered belongs into the chat.
    if ask.confirm {
        chat = order.keep(chat, &said, &outcome).await;
    }
    let spans = said.spans(&parsed);
    let Outcome { status, text, lines, records, tasks, hits, undo } = outcome;
    Ok(Reply { chat, status, text, command: parsed.command, spans, lines, records, tasks, hits, undo })
}

fn role(caller: &Caller) -> Option<domain::Role> {
    match &caller.actor {
        Actor::Member { role, .. } => Some(*role),
        _ => None,
    }
}

fn zone(name: &str) -> desk::Result<TimeZone> {
    TimeZone::get(name).map_err(|_| {
        let name = text::shorten(name, 60);
        desk::Error::field("zone", format!("is “{name}”, which is no IANA time zone, such as Europe/Berlin"))
    })
}

/// One order, with everything that it is carried out with.
struct Order<'a> {
    desk: &'a Desk,
    caller: Caller,
    zone: TimeZone,
    zone_name: String,
    /// The wall clock in `zone`.
    now: DateTime,
    instant: Timestamp,
    confirm: bool,
    chat: Option<ChatId>,
    ticket: Option<TicketId>,
}

impl Order<'_> {
    async fn carry_out(&self, said: &Said, parsed: &words::Parsed) -> Told {
        let on_ticket = said.names_ticket(parsed);
        match &parsed.command {
            Command::AddTask(task) => self.add_task(task).await,
            Command::ListTasks(filter) => self.list(filter).await,
            Command::Search(query) => self.search(query).await,
            Command::Undo => self.undo().await,
            Command::Help => Ok(refusals::help()),
            Command::Clarify(reason) => Ok(self.clarify(*reason, said)),
            command => match on_ticket {
                Some(number) => self.ticket_order(number, command).await,
                None => self.task_order(command).await,
            },
        }
    }

    async fn task_order(&self, command: &Command) -> Told {
        match command {
            Command::CompleteTask(target) => self.complete(target).await,
            Command::ReopenTask(target) => self.reopen(target).await,
            Command::DeleteTask(target) => self.delete(target).await,
            Command::UpdateTask { target, changes } => self.update(target, changes).await,
            Command::AddReminder { target, reminders } => self.add_reminders(target, reminders).await,
            Command::AssignTask { target, assignee } => self.assign(target, assignee).await,
            Command::SnoozeTask { target, until } => self.snooze(target, *until).await,
            Command::AddSubtask { target, task } => self.add_subtask(target, task).await,
            Command::Comment { target, comment } => self.comment(target, comment).await,
            Command::AddTask(_)
            | Command::ListTasks(_)
            | Command::Search(_)
            | Command::Undo
            | Command::Help
            | Command::Clarify(_) => Ok(refusals::help()),
        }
    }

    fn clarify(&self, reason: Clarify, said: &Said) -> Outcome {
        Outcome::clarify(refusals::question(reason, said.text()))
    }

    /// Errors where the caller may not do `what`: the preview of it is refused as it would be.
    fn may(&self, what: UseCase) -> Result<(), Stop> {
        if authority::allows(&self.caller.actor, what) {
            return Ok(());
        }
        Err(desk::Error::Forbidden { role: role(&self.caller) }.into())
    }

    /// Keeps the order in the chat; gives the chat, which is a new one where that one is somebody else's.
    ///
    /// The order is done by now. That it cannot be kept is no reason to tell otherwise.
    async fn keep(&self, chat: ChatId, said: &Said, outcome: &Outcome) -> ChatId {
        let item = Item {
            id: self.desk.new_id(),
            said: said.text().to_owned(),
            status: outcome.status.as_str().to_owned(),
            text: outcome.text.clone(),
            undo: outcome.undo,
            undone: false,
            records: serde_json::to_value(&outcome.records).unwrap_or_default(),
            created_at: self.instant,
        };
        let mut chat = chat;
        let mut kept = desk::chats::add(self.desk, &self.caller, chat, item.clone()).await;
        if let Err(desk::Error::NotFound(_)) = kept {
            chat = ChatId(self.desk.new_id());
            kept = desk::chats::add(self.desk, &self.caller, chat, item).await;
        }
        if let Err(error) = kept {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "an order could not be kept in its chat"
            );
        }
        chat
    }
}
