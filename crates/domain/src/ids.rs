//! Typed ids. A task's id cannot be handed to a function that wants a ticket's.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident,)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }

        impl From<$name> for Uuid {
            fn from(id: $name) -> Uuid {
                id.0
            }
        }
    )*};
}

ids! {
    /// A workspace: one organisation's desk.
    WorkspaceId,
    /// A member of the staff.
    MemberId,
    /// A customer.
    ContactId,
    /// A way in for customers, such as a chat widget.
    ChannelId,
    /// A conversation with a contact.
    ConversationId,
    /// A message in a conversation.
    MessageId,
    /// A ticket: a conversation that a person has to deal with.
    TicketId,
    /// A task; each occurrence of a recurring task is one.
    TaskId,
    /// A reminder of a task.
    ReminderId,
    /// A project, which groups tasks.
    ProjectId,
    /// A comment on a task.
    CommentId,
    /// An article of the knowledge base.
    ArticleId,
    /// A notification for a member.
    NotificationId,
    /// A session of a signed-in member.
    SessionId,
    /// An API token.
    TokenId,
    /// What undoes one order.
    UndoId,
    /// A chat of a member with the desk, in plain words.
    ChatId,
    /// An event.
    EventId,
    /// An event that a group could not handle.
    DeadLetterId,
    /// A webhook: an address of another program that is told of events.
    WebhookId,
    /// The delivery of one event to one webhook.
    DeliveryId,
}

/// Where new ids come from: UUIDv7, so that they sort by their time.
pub trait Ids: Send + Sync {
    /// A new id, different from every other.
    fn next(&self) -> Uuid;
}

/// Ids from the system's clock and randomness.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemIds;

impl Ids for SystemIds {
    fn next(&self) -> Uuid {
        Uuid::now_v7()
    }
}
