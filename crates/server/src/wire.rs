//! What travels over HTTP: bodies of requests and answers, converted to and from the desk's types here and
//! nowhere else.

pub mod customers;
pub mod dead_letters;
pub mod knowledge;
pub mod people;
pub mod say;
pub mod tasks;
pub mod webhooks;

use desk::Page;
use domain::recurrence::{CountsFrom, Recurrence};
use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// A page of a list.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct List<T: ToSchema> {
    /// The items.
    pub items: Vec<T>,
    /// Where the next page begins, if there is one.
    pub next_cursor: Option<String>,
}

impl<T: ToSchema> List<T> {
    /// A page of the desk's.
    pub fn page<U>(page: Page<U>, convert: impl FnMut(U) -> T) -> Self {
        let next_cursor = page.next.map(desk::Cursor::encode);
        Self { items: page.items.into_iter().map(convert).collect(), next_cursor }
    }

    /// Everything there is.
    pub fn all<U>(items: Vec<U>, convert: impl FnMut(U) -> T) -> Self {
        Self { items: items.into_iter().map(convert).collect(), next_cursor: None }
    }
}

/// A member, by id and name.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct MemberRef {
    /// The id.
    pub id: Uuid,
    /// The name.
    pub name: String,
}

/// What is counted from, and how.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RecurrenceBody {
    /// An RFC 5545 rule, such as `FREQ=WEEKLY;BYDAY=MO`.
    #[schema(max_length = 500)]
    pub rule: String,
    /// `schedule` (every) or `completion` (every!).
    #[serde(default)]
    pub from: CountsFromBody,
}

/// What a recurrence counts from.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CountsFromBody {
    /// The schedule.
    #[default]
    Schedule,
    /// The completion.
    Completion,
}

impl From<&Recurrence> for RecurrenceBody {
    fn from(recurrence: &Recurrence) -> Self {
        let from = match recurrence.from() {
            CountsFrom::Schedule => CountsFromBody::Schedule,
            CountsFrom::Completion => CountsFromBody::Completion,
        };
        Self { rule: recurrence.rule().to_owned(), from }
    }
}

impl RecurrenceBody {
    /// Errors where the rule is none.
    pub fn read(&self) -> Result<Recurrence, desk::Error> {
        let from = match self.from {
            CountsFromBody::Schedule => CountsFrom::Schedule,
            CountsFromBody::Completion => CountsFrom::Completion,
        };
        Recurrence::new(&self.rule, from)
            .map_err(|error| desk::Error::field("recurrence.rule", error.to_string()))
    }
}

/// For fields of a patch that can be null: absent is `None`, null is `Some(None)`.
pub fn present<'de, T, D>(from: D) -> Result<Option<Option<T>>, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    Option::<T>::deserialize(from).map(Some)
}

/// One entry of a record's history.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct HistoryEntry {
    /// Its id.
    pub id: Uuid,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: HistoryActor,
    /// The way in: `page`, `api`, `say`, `widget`, `hand`, `clock`, `cli` or `workers`.
    pub via: String,
    /// The address that it came from.
    pub address: Option<String>,
    /// What happened, such as `task.created`.
    pub action: String,
    /// What happened, as people say it.
    pub text: String,
    /// What is different since.
    pub changes: Vec<HistoryChange>,
    /// The record.
    pub subject: HistorySubject,
}

/// Who did something.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct HistoryActor {
    /// `member`, `contact`, `hand` or `system`.
    pub kind: String,
    /// The member's or contact's id.
    pub id: Option<Uuid>,
    /// The name at that time.
    pub name: String,
}

/// One field's change.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct HistoryChange {
    /// The field.
    pub field: String,
    /// What it was.
    pub from: Option<String>,
    /// What it is.
    pub to: Option<String>,
}

/// The record that something happened to.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct HistorySubject {
    /// Its kind.
    pub kind: String,
    /// Its id.
    pub id: Uuid,
    /// Its number.
    pub number: Option<i64>,
    /// Its title.
    pub title: String,
}
