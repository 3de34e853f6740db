//! What events carry. These shapes are a contract with every consumer: a new optional field is a minor
//! version, anything else a major (DESIGN, "Events"). They are not the types that the program works with.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A snapshot and what led to it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Body<T> {
    /// The record after the event.
    #[serde(flatten)]
    pub snapshot: T,
    /// What is different now, for the history.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<Change>,
}

/// One field's change, in words that people read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Change {
    /// The field's name on the wire.
    pub field: String,
    /// What it was.
    pub from: Option<String>,
    /// What it is.
    pub to: Option<String>,
}

impl Change {
    /// The change of `field`, or nothing where both are the same.
    pub fn of(field: &str, from: Option<String>, to: Option<String>) -> Option<Self> {
        (from != to).then(|| Self { field: field.to_owned(), from, to })
    }
}

macro_rules! snapshots {
    ($($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $kind:ty,)* })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
        pub struct $name {
            $($(#[$field_doc])* pub $field: $kind,)*
        }
    )*};
}

snapshots! {
    /// A workspace.
    Workspace {
        /// Its id.
        id: Uuid,
        /// Its name.
        name: String,
        /// Its IANA zone.
        zone: String,
    }
    /// A member.
    Member {
        /// Its id.
        id: Uuid,
        /// The name.
        name: String,
        /// The e-mail address.
        email: String,
        /// `owner`, `admin`, `agent` or `viewer`.
        role: String,
        /// `invited`, `active` or `inactive`.
        state: String,
    }
    /// A session that ended.
    Session {
        /// The member whose it was.
        member_id: Uuid,
        /// The session; absent where all of the member's ended.
        session_id: Option<Uuid>,
    }
    /// An API token, without its secret.
    Token {
        /// Its id.
        id: Uuid,
        /// Its name.
        name: String,
        /// The member it acts for.
        member_id: Uuid,
    }
    /// What was done with dead letters; its id is that of the order.
    DeadLetters {
        /// Its id.
        id: Uuid,
        /// Which ones, in words.
        title: String,
        /// How many they were.
        letters: i64,
    }
    /// A webhook. Its secret is never in an event, nor the path of its address, which is often one as well.
    Webhook {
        /// Its id.
        id: Uuid,
        /// Its description, or where it leads.
        title: String,
        /// Where it leads: scheme, host and port of its address.
        origin: String,
        /// The types of event that it wants; all where there are none.
        event_types: Vec<String>,
        /// Whether its events come one after the other.
        ordered: bool,
        /// Whether it is told of anything.
        enabled: bool,
        /// Why it is not, where nobody disabled it: `gone` or `failing`.
        disabled_reason: Option<String>,
    }
    /// Deliveries of a webhook that are to be sent again.
    WebhookReplay {
        /// The webhook's id.
        id: Uuid,
        /// Its description, or where it leads.
        title: String,
        /// How many they are.
        deliveries: i64,
    }
    /// A channel.
    Channel {
        /// Its id.
        id: Uuid,
        /// `widget`.
        kind: String,
        /// Its name.
        name: String,
        /// Whether it takes messages.
        enabled: bool,
    }
    /// A contact.
    Contact {
        /// Its id.
        id: Uuid,
        /// The name.
        name: String,
        /// The e-mail address.
        email: Option<String>,
    }
    /// A conversation.
    Conversation {
        /// Its id.
        id: Uuid,
        /// Its number.
        number: i64,
        /// What it is about.
        subject: String,
        /// `bot`, `offered`, `claimed`, `returned` or `closed`.
        state: String,
        /// The contact.
        contact_id: Uuid,
        /// The contact's name.
        contact_name: String,
        /// The member who has it.
        claimed_by: Option<Uuid>,
        /// That member's name.
        claimed_by_name: Option<String>,
        /// Why a person was asked for.
        reason: Option<String>,
        /// What the customer wants of a person, in their own words; where this event hands it over.
        question: Option<String>,
        /// Its ticket.
        ticket_id: Option<Uuid>,
    }
    /// A message.
    Message {
        /// Its id.
        id: Uuid,
        /// Its conversation.
        conversation_id: Uuid,
        /// The conversation's number.
        conversation_number: i64,
        /// What the conversation is about.
        conversation_subject: String,
        /// Its place in the conversation.
        sequence: i64,
        /// `contact`, `member`, `hand` or `system`.
        author: String,
        /// The author's name.
        author_name: String,
        /// What it says.
        text: String,
        /// Only for the staff.
        note: bool,
        /// The passages that it rests on.
        sources: Vec<crate::conversation::Source>,
        /// The id that the client gave it.
        client_id: Option<String>,
        /// When it was written.
        created_at: Timestamp,
        /// The member who has the conversation.
        claimed_by: Option<Uuid>,
        /// The conversation's state.
        state: String,
    }
    /// A ticket.
    Ticket {
        /// Its id.
        id: Uuid,
        /// Its number.
        number: i64,
        /// What it is about.
        subject: String,
        /// `open` or `closed`.
        status: String,
        /// Why a person was asked for.
        reason: Option<String>,
        /// Its conversation.
        conversation_id: Uuid,
        /// Its contact.
        contact_id: Uuid,
        /// The member who deals with it.
        assignee_id: Option<Uuid>,
    }
    /// A task.
    Task {
        /// Its id.
        id: Uuid,
        /// Its number.
        number: i64,
        /// One line.
        title: String,
        /// `todo`, `doing` or `done`.
        status: String,
        /// When it is due, on the wall clock of `zone`.
        due: Option<crate::task::Due>,
        /// When it is due, as an instant.
        due_at: Option<Timestamp>,
        /// Its IANA zone.
        zone: String,
        /// 1 (urgent) to 4 (low).
        priority: Option<u8>,
        /// Its labels.
        labels: Vec<String>,
        /// Its project.
        project_id: Option<Uuid>,
        /// Who does it.
        assignee_id: Option<Uuid>,
        /// The task that it is a part of.
        parent_id: Option<Uuid>,
        /// The ticket that it was promised in.
        ticket_id: Option<Uuid>,
        /// How it repeats.
        recurrence: Option<crate::recurrence::Recurrence>,
        /// How often the recurrence was changed.
        rule_revision: i64,
        /// When it was finished.
        completed_at: Option<Timestamp>,
    }
    /// A comment on a task.
    Comment {
        /// Its id.
        id: Uuid,
        /// The task.
        task_id: Uuid,
        /// The task's number.
        task_number: i64,
        /// What it says.
        text: String,
    }
    /// A project.
    Project {
        /// Its id.
        id: Uuid,
        /// Its name.
        name: String,
        /// Its colour, `#rrggbb`.
        color: String,
    }
    /// An article, without its text.
    Article {
        /// Its id.
        id: Uuid,
        /// Its number.
        number: i64,
        /// Its slug.
        slug: String,
        /// Its title.
        title: String,
        /// `published` or `draft`.
        status: String,
    }
    /// A reminder that came due.
    Reminder {
        /// Its id.
        id: Uuid,
        /// The task.
        task_id: Uuid,
        /// The task's number.
        task_number: i64,
        /// The task's title.
        title: String,
        /// When the task is due.
        due: Option<crate::task::Due>,
        /// Whom it reminds.
        member_id: Uuid,
        /// When it was to come.
        due_at: Timestamp,
        /// When it came.
        fired_at: Timestamp,
    }
    /// What a member is told.
    Notification {
        /// Its id.
        id: Uuid,
        /// Whom.
        member_id: Uuid,
        /// `reminder`, `handoff`, `assigned` or `customer_replied`.
        kind: String,
        /// One line.
        title: String,
        /// Some more.
        body: String,
        /// The task it is about.
        task_id: Option<Uuid>,
        /// That task's number.
        task_number: Option<i64>,
        /// The conversation it is about.
        conversation_id: Option<Uuid>,
        /// The ticket it is about.
        ticket_id: Option<Uuid>,
        /// That ticket's number.
        ticket_number: Option<i64>,
        /// When.
        created_at: Timestamp,
    }
}
