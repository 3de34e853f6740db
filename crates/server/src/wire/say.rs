//! Orders in plain words, their chats and undo on the wire.

use domain::ids::{ChatId, TicketId};
use hand::orders::{Ask, Line, Record, Reply, Span, Status};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::knowledge::HitResponse;
use super::tasks::TaskResponse;

/// What is said.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SayRequest {
    /// The order, such as `call Dana tomorrow at 9`. More than 1,000 characters are asked about, not read.
    pub text: String,
    /// The IANA zone of whoever says it.
    #[schema(example = "Europe/Berlin")]
    pub zone: String,
    /// Whether to do it; otherwise it is only shown, and nothing changes.
    #[serde(default)]
    pub confirm: bool,
    /// The chat to go on with; a new one begins where nothing is given.
    #[serde(default)]
    pub chat_id: Option<Uuid>,
    /// The ticket that a new task is for.
    #[serde(default)]
    pub ticket_id: Option<Uuid>,
}

impl SayRequest {
    /// What the hand is asked.
    pub fn read(self) -> Ask {
        Ask {
            text: self.text,
            zone: self.zone,
            confirm: self.confirm,
            chat: self.chat_id.map(ChatId),
            ticket: self.ticket_id.map(TicketId),
        }
    }
}

/// What came of an order.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SayStatus {
    /// Understood, and would be done like this.
    Preview,
    /// Done.
    Done,
    /// A question, answered.
    Answer,
    /// Not clear; the text asks.
    Clarify,
    /// It cannot be done; the text says why.
    Failed,
}

impl From<Status> for SayStatus {
    fn from(status: Status) -> Self {
        match status {
            Status::Preview => Self::Preview,
            Status::Done => Self::Done,
            Status::Answer => Self::Answer,
            Status::Clarify => Self::Clarify,
            Status::Failed => Self::Failed,
        }
    }
}

/// Some characters of the text, and what they became.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SaySpan {
    /// The first character, counted in Unicode characters from 0.
    pub start: usize,
    /// The character after the last.
    pub end: usize,
    /// `date`, `time`, `recurrence`, `reminder`, `label`, `project`, `priority`, `assignee`, `verb` or `target`.
    pub kind: String,
}

impl From<Span> for SaySpan {
    fn from(span: Span) -> Self {
        Self { start: span.start, end: span.end, kind: span.kind.to_owned() }
    }
}

/// One row of what was understood.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SayLine {
    /// What it is about.
    pub label: String,
    /// What was understood.
    pub value: String,
}

impl From<Line> for SayLine {
    fn from(line: Line) -> Self {
        Self { label: line.label.to_owned(), value: line.value }
    }
}

/// A record that an order is about.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SayRecord {
    /// `task` or `ticket`.
    pub kind: String,
    /// Its id.
    pub id: Uuid,
    /// Its number.
    pub number: Option<i64>,
    /// Its title.
    pub title: String,
}

impl From<Record> for SayRecord {
    fn from(record: Record) -> Self {
        Self { kind: record.kind.to_owned(), id: record.id, number: record.number, title: record.title }
    }
}

/// What the desk says to an order.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SayResponse {
    /// The chat that it belongs to.
    pub chat_id: Uuid,
    /// What came of it.
    pub status: SayStatus,
    /// What came of it, as people say it.
    pub text: String,
    /// The order as a command: `verb`, and the keys that apply to it, as `deskhand words` prints them.
    #[schema(value_type = Object)]
    pub command: serde_json::Value,
    /// Which characters of the text became what.
    pub spans: Vec<SaySpan>,
    /// What was understood, row by row.
    pub lines: Vec<SayLine>,
    /// The records that it is about; where it is not clear which is meant, the choices.
    pub records: Vec<SayRecord>,
    /// The tasks of a list.
    pub tasks: Vec<TaskResponse>,
    /// What a search found.
    pub hits: Vec<HitResponse>,
    /// What takes it back.
    pub undo_id: Option<Uuid>,
}

impl From<Reply> for SayResponse {
    fn from(reply: Reply) -> Self {
        Self {
            chat_id: reply.chat.0,
            status: reply.status.into(),
            text: reply.text,
            command: serde_json::to_value(&reply.command).unwrap_or_default(),
            spans: reply.spans.into_iter().map(SaySpan::from).collect(),
            lines: reply.lines.into_iter().map(SayLine::from).collect(),
            records: reply.records.into_iter().map(SayRecord::from).collect(),
            tasks: reply.tasks.into_iter().map(TaskResponse::from).collect(),
            hits: reply.hits.into_iter().map(HitResponse::from).collect(),
            undo_id: reply.undo.map(|id| id.0),
        }
    }
}

/// A kept chat: its newest orders, oldest first.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ChatResponse {
    /// Its id.
    pub id: Uuid,
    /// What was said.
    pub items: Vec<ChatItemResponse>,
}

/// One order of a chat.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ChatItemResponse {
    /// Its id.
    pub id: Uuid,
    /// What was said.
    pub said: String,
    /// `done`, `answer`, `clarify` or `failed`.
    pub status: String,
    /// What the desk said to it.
    pub text: String,
    /// What takes it back.
    pub undo_id: Option<Uuid>,
    /// Whether it was taken back.
    pub undone: bool,
    /// The records that it was about.
    pub records: Vec<SayRecord>,
    /// When.
    pub created_at: Timestamp,
}

impl From<desk::chats::Item> for ChatItemResponse {
    fn from(item: desk::chats::Item) -> Self {
        Self {
            id: item.id,
            said: item.said,
            status: item.status,
            text: item.text,
            undo_id: item.undo.map(|id| id.0),
            undone: item.undone,
            records: serde_json::from_value(item.records).unwrap_or_default(),
            created_at: item.created_at,
        }
    }
}

/// What was taken back.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct UndoResponse {
    /// What was taken back, as people say it.
    pub text: String,
}
