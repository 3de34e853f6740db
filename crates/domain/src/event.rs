//! Events: what happened, as it is kept and sent. The envelope is the same for all; `data` is the record's
//! full snapshot after what happened, in a shape of its own that only grows (see [`data`]).

pub mod data;
mod read;
pub mod shape;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::caller::ActorRef;
use crate::ids::{EventId, WorkspaceId};
use crate::trace::{self, TraceParent};

pub use read::Unreadable;

/// A stream of events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Topic {
    /// What customers write; the hand works on it.
    ConversationsIncoming,
    /// What happens to tasks.
    TaskEvents,
    /// Reminders that are due.
    Reminders,
    /// What members are told.
    Notifications,
    /// Everything else that changes.
    Audit,
}

impl Topic {
    /// Every topic.
    pub const ALL: [Self; 5] =
        [Self::ConversationsIncoming, Self::TaskEvents, Self::Reminders, Self::Notifications, Self::Audit];

    /// Its name on every backend.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ConversationsIncoming => "conversations.incoming",
            Self::TaskEvents => "task-events",
            Self::Reminders => "reminders",
            Self::Notifications => "notifications",
            Self::Audit => "audit",
        }
    }

    /// The topic of that name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|topic| topic.as_str() == text)
    }

    /// How many partitions it has: how many workers of a group can share it.
    pub fn partitions(self) -> u32 {
        match self {
            Self::ConversationsIncoming => 12,
            Self::TaskEvents | Self::Reminders | Self::Notifications | Self::Audit => 3,
        }
    }

    /// How long a broker keeps its events.
    pub fn retention(self) -> std::time::Duration {
        let days = match self {
            Self::TaskEvents | Self::Audit => 90,
            Self::ConversationsIncoming | Self::Reminders | Self::Notifications => 7,
        };
        std::time::Duration::from_secs(days * 86_400)
    }

    /// Every partition of every topic.
    pub fn all_partitions() -> impl Iterator<Item = (Self, u32)> {
        Self::ALL.into_iter().flat_map(|topic| (0..topic.partitions()).map(move |p| (topic, p)))
    }
}

macro_rules! event_types {
    ($($(#[$doc:meta])* $name:ident = $text:literal in $topic:ident of $data:ident,)*) => {
        /// What happened.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
        pub enum EventType {
            $($(#[$doc])* #[serde(rename = $text)] $name,)*
        }

        impl EventType {
            /// Every type.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// Its name.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// The topic that it is sent to.
            pub fn topic(self) -> Topic {
                match self { $(Self::$name => Topic::$topic,)* }
            }

            /// The JSON Schema of its `data`.
            pub fn schema(self) -> schemars::Schema {
                match self { $(Self::$name => schemars::schema_for!(data::Body<data::$data>),)* }
            }
        }
    };
}

event_types! {
    /// A workspace was made.
    WorkspaceCreated = "workspace.created" in Audit of Workspace,
    /// A workspace's settings changed.
    WorkspaceUpdated = "workspace.updated" in Audit of Workspace,
    /// A member was invited or added.
    MemberAdded = "member.added" in Audit of Member,
    /// A member accepted the invitation, or set a new password.
    MemberJoined = "member.joined" in Audit of Member,
    /// A member's name, role, zone or state changed.
    MemberUpdated = "member.updated" in Audit of Member,
    /// A member signed in.
    MemberSignedIn = "member.signed_in" in Audit of Member,
    /// A member signed out, here or everywhere; live sockets of those sessions end.
    MemberSignedOut = "member.signed_out" in Audit of Session,
    /// An API token was made.
    TokenCreated = "token.created" in Audit of Token,
    /// An API token was revoked.
    TokenRevoked = "token.revoked" in Audit of Token,
    /// A channel was made.
    ChannelCreated = "channel.created" in Audit of Channel,
    /// A channel changed.
    ChannelUpdated = "channel.updated" in Audit of Channel,
    /// A contact wrote for the first time.
    ContactCreated = "contact.created" in Audit of Contact,
    /// A contact's details changed.
    ContactUpdated = "contact.updated" in Audit of Contact,
    /// A conversation began.
    ConversationStarted = "conversation.started" in Audit of Conversation,
    /// A person was asked for.
    ConversationOffered = "conversation.offered" in Audit of Conversation,
    /// A member took it.
    ConversationClaimed = "conversation.claimed" in Audit of Conversation,
    /// A member gave it back to the hand.
    ConversationReturned = "conversation.returned" in Audit of Conversation,
    /// It ended.
    ConversationClosed = "conversation.closed" in Audit of Conversation,
    /// It went on after its end.
    ConversationReopened = "conversation.reopened" in Audit of Conversation,
    /// A customer wrote.
    MessageReceived = "message.received" in ConversationsIncoming of Message,
    /// The hand, a member or Deskhand wrote.
    MessageSent = "message.sent" in Audit of Message,
    /// A ticket was opened.
    TicketOpened = "ticket.opened" in Audit of Ticket,
    /// A ticket's subject or assignee changed.
    TicketUpdated = "ticket.updated" in Audit of Ticket,
    /// A ticket was closed.
    TicketClosed = "ticket.closed" in Audit of Ticket,
    /// A ticket was opened again.
    TicketReopened = "ticket.reopened" in Audit of Ticket,
    /// A task was made.
    TaskCreated = "task.created" in TaskEvents of Task,
    /// A task changed.
    TaskUpdated = "task.updated" in TaskEvents of Task,
    /// A task was moved on the board.
    TaskMoved = "task.moved" in TaskEvents of Task,
    /// A task was finished.
    TaskCompleted = "task.completed" in TaskEvents of Task,
    /// A finished task was opened again.
    TaskReopened = "task.reopened" in TaskEvents of Task,
    /// A task was put off.
    TaskSnoozed = "task.snoozed" in TaskEvents of Task,
    /// A task was deleted.
    TaskDeleted = "task.deleted" in TaskEvents of Task,
    /// A deleted task was brought back.
    TaskRestored = "task.restored" in TaskEvents of Task,
    /// Somebody commented on a task.
    TaskCommented = "task.commented" in TaskEvents of Comment,
    /// A comment on a task was taken back.
    TaskCommentRemoved = "task.comment_removed" in TaskEvents of Comment,
    /// A project was made.
    ProjectCreated = "project.created" in Audit of Project,
    /// A project's name or colour changed.
    ProjectUpdated = "project.updated" in Audit of Project,
    /// A project was deleted; its tasks stay.
    ProjectDeleted = "project.deleted" in Audit of Project,
    /// Dead letters are to be handled again.
    DeadLetterReplayed = "dead_letter.replayed" in Audit of DeadLetters,
    /// Dead letters were dropped for good.
    DeadLetterDropped = "dead_letter.dropped" in Audit of DeadLetters,
    /// A webhook was made.
    WebhookCreated = "webhook.created" in Audit of Webhook,
    /// A webhook changed.
    WebhookUpdated = "webhook.updated" in Audit of Webhook,
    /// A webhook was deleted.
    WebhookDeleted = "webhook.deleted" in Audit of Webhook,
    /// A webhook got a new secret.
    WebhookRotated = "webhook.rotated" in Audit of Webhook,
    /// A webhook was disabled, because its receiver is gone or has only failed for days.
    WebhookDisabled = "webhook.disabled" in Audit of Webhook,
    /// A member wants to see whether a webhook works; it is delivered to that one.
    WebhookTested = "webhook.tested" in Audit of Webhook,
    /// Deliveries of a webhook are to be sent again.
    WebhookReplayed = "webhook.replayed" in Audit of WebhookReplay,
    /// An article was written or imported.
    ArticleCreated = "article.created" in Audit of Article,
    /// An article changed.
    ArticleUpdated = "article.updated" in Audit of Article,
    /// An article was deleted.
    ArticleDeleted = "article.deleted" in Audit of Article,
    /// A deleted article was brought back.
    ArticleRestored = "article.restored" in Audit of Article,
    /// A reminder came due.
    ReminderDue = "reminder.due" in Reminders of Reminder,
    /// A member is told something.
    NotificationCreated = "notification.created" in Notifications of Notification,
}

impl EventType {
    /// The type of that name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.as_str() == text)
    }

    /// The kind of record it is about: what stands before the dot.
    pub fn kind(self) -> &'static str {
        self.as_str().split('.').next().unwrap_or_default()
    }

    /// Whether other programs may be told of it by webhooks: what happens to the records that people work with, and
    /// nothing of how the desk is administered.
    pub fn is_public(self) -> bool {
        matches!(
            self.kind(),
            "article" | "contact" | "conversation" | "message" | "project" | "reminder" | "task" | "ticket"
        )
    }

    /// The version of the shape of its `data`, as `major.minor`.
    pub fn schema_version(self) -> &'static str {
        "1.0"
    }

    /// The newest major version of the shape of its `data`. All before it can be read as well.
    pub fn major(self) -> u32 {
        major(self.schema_version()).unwrap_or(1)
    }
}

/// The major of a version `major.minor`.
fn major(version: &str) -> Option<u32> {
    let (major, minor) = version.split_once('.')?;
    minor.parse::<u32>().ok()?;
    major.parse().ok()
}

/// One event as it is kept and sent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Envelope {
    /// Its id; a redelivery has the same.
    pub id: EventId,
    /// What happened.
    #[serde(rename = "type")]
    #[schemars(with = "String")]
    pub kind: EventType,
    /// `major.minor` of the shape of `data`.
    pub schema_version: String,
    /// The workspace that it happened in.
    pub workspace_id: WorkspaceId,
    /// The record it is about; events of one subject stay in order.
    pub subject_id: Uuid,
    /// The subject's version after it.
    pub sequence: i64,
    /// When.
    pub occurred_at: Timestamp,
    /// The same for everything that one request causes.
    pub correlation_id: Uuid,
    /// The trace that it belongs to, and the span that wrote it, where it was traced.
    #[serde(default, deserialize_with = "trace::lenient", skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<TraceParent>,
    /// Who did it, and the way in.
    pub actor: ActorRef,
    /// The snapshot; see [`data`].
    pub data: serde_json::Value,
}

impl Envelope {
    /// The name of its schema.
    pub const NAME: &str = "envelope";
    /// The version of its own shape, as `major.minor`.
    pub const VERSION: &str = "1.1";

    /// Its JSON Schema.
    pub fn schema() -> schemars::Schema {
        schemars::schema_for!(Self)
    }

    /// The partition of its topic that it belongs to.
    pub fn partition(&self) -> u32 {
        crate::partition::partition(self.subject_id.to_string().as_bytes(), self.kind.topic().partitions())
    }

    /// The event that `bytes` hold. Fields that this version does not know are no mistake.
    ///
    /// Errors where there is none that this version can handle.
    pub fn parse(bytes: &[u8]) -> Result<Self, Unreadable> {
        read::parse(bytes)
    }

    /// The data as `T`. Errors where it has not that shape.
    pub fn read<T: serde::de::DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        T::deserialize(&self.data)
    }
}

#[cfg(test)]
mod tests {
    use super::EventType;

    #[test]
    fn nothing_of_how_the_desk_is_administered_is_public() {
        let public = EventType::ALL.iter().filter(|kind| kind.is_public());
        assert!(public.clone().any(|kind| *kind == EventType::MessageReceived));
        for kind in public {
            for inside in
                ["workspace", "member", "token", "channel", "dead_letter", "webhook", "notification"]
            {
                assert_ne!(kind.kind(), inside, "{kind:?}");
            }
        }
    }
}
