//! Conversations, messages, tickets, contacts, channels and articles on the wire.

use domain::conversation::{Message, Source};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::tasks::Progress;
use super::{MemberRef, present};

/// The channel of a conversation.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ChannelRef {
    /// Its id.
    pub id: Uuid,
    /// `widget`.
    pub kind: String,
    /// Its name.
    pub name: String,
}

/// The contact of a conversation.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ContactRef {
    /// Its id.
    pub id: Uuid,
    /// The name.
    pub name: String,
    /// The e-mail address.
    pub email: Option<String>,
}

/// The ticket of a conversation.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct TicketRef {
    /// Its id.
    pub id: Uuid,
    /// Its number.
    pub number: i64,
    /// `open` or `closed`.
    pub status: String,
    /// What it is about.
    pub subject: String,
}

/// The newest message of a conversation, shortened.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct LastMessage {
    /// Its beginning.
    pub text: String,
    /// `contact`, `member`, `hand` or `system`.
    pub author: String,
    /// When.
    pub created_at: Timestamp,
}

/// A conversation.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ConversationResponse {
    /// Its id.
    pub id: Uuid,
    /// Its number in the workspace.
    pub number: i64,
    /// What it is about.
    pub subject: String,
    /// `bot`, `offered`, `claimed`, `returned` or `closed`.
    pub state: String,
    /// The way it came in.
    pub channel: ChannelRef,
    /// Whom it is with.
    pub contact: ContactRef,
    /// The member who has it.
    pub claimed_by: Option<MemberRef>,
    /// Why a person was asked for.
    pub reason: Option<String>,
    /// What it was about then.
    pub summary: Option<String>,
    /// Until when a person was promised.
    pub deadline: Option<Timestamp>,
    /// Its ticket.
    pub ticket: Option<TicketRef>,
    /// Its newest message.
    pub last_message: Option<LastMessage>,
    /// Whether there is something that the caller has not seen.
    pub unread: bool,
    /// How many messages it has.
    pub messages: i64,
    /// When it began.
    pub created_at: Timestamp,
    /// When something last happened in it.
    pub updated_at: Timestamp,
    /// The ETag, as a number.
    pub version: i64,
}

impl From<desk::conversations::ConversationView> for ConversationResponse {
    fn from(view: desk::conversations::ConversationView) -> Self {
        let conversation = view.conversation;
        Self {
            id: conversation.id.0,
            number: conversation.number,
            subject: conversation.subject,
            state: conversation.state.as_str().to_owned(),
            channel: ChannelRef { id: conversation.channel.0, kind: view.channel.0, name: view.channel.1 },
            contact: ContactRef { id: conversation.contact.0, name: view.contact.0, email: view.contact.1 },
            claimed_by: conversation
                .claimed_by
                .zip(view.claimed_by)
                .map(|(id, name)| MemberRef { id: id.0, name }),
            reason: conversation.reason.map(|reason| reason.as_str().to_owned()),
            summary: conversation.summary,
            deadline: conversation.deadline,
            ticket: conversation.ticket.zip(view.ticket).map(|(id, (number, status, subject))| TicketRef {
                id: id.0,
                number,
                status,
                subject,
            }),
            last_message: view.last.map(|(text, author, created_at)| LastMessage {
                text,
                author: author.as_str().to_owned(),
                created_at,
            }),
            unread: view.unread,
            messages: conversation.messages,
            created_at: conversation.created_at,
            updated_at: view.last_at.max(conversation.updated_at),
            version: conversation.version,
        }
    }
}

/// How many conversations there are of each kind, for the caller.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub struct CountsResponse {
    /// A person was promised.
    pub waiting: i64,
    /// The caller has them.
    pub mine: i64,
    /// Not closed.
    pub open: i64,
    /// The hand has them.
    pub bot: i64,
    /// Over.
    pub closed: i64,
}

/// A page of conversations.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ConversationList {
    /// The conversations.
    pub items: Vec<ConversationResponse>,
    /// Where the next page begins, if there is one.
    pub next_cursor: Option<String>,
    /// How many there are of each kind.
    pub counts: CountsResponse,
}

/// A passage that an answer rests on.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SourceResponse {
    /// The article.
    pub article_id: Uuid,
    /// Its slug.
    pub slug: String,
    /// Its title.
    pub title: String,
    /// The section's heading.
    pub heading: Option<String>,
    /// The words.
    pub quote: String,
    /// Where customers read the article.
    pub url: String,
}

impl SourceResponse {
    /// The source, with the address of the article under `help`, such as `https://desk.example/help/KEY`.
    pub fn of(source: Source, help: &str) -> Self {
        Self {
            url: format!("{help}/{}", source.slug),
            article_id: source.article_id.0,
            slug: source.slug,
            title: source.title,
            heading: source.heading,
            quote: source.quote,
        }
    }
}

/// Who wrote a message.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct AuthorResponse {
    /// `contact`, `member`, `hand` or `system`.
    pub kind: String,
    /// The member's or contact's id.
    pub id: Option<Uuid>,
    /// The name at that time.
    pub name: String,
}

/// A message.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct MessageResponse {
    /// Its id.
    pub id: Uuid,
    /// Its place in the conversation, from 1.
    pub sequence: i64,
    /// Who wrote it.
    pub author: AuthorResponse,
    /// What it says.
    pub text: String,
    /// Only for the staff.
    pub note: bool,
    /// What an answer rests on.
    pub sources: Vec<SourceResponse>,
    /// The id that the client gave it.
    pub client_id: Option<String>,
    /// When.
    pub created_at: Timestamp,
}

impl MessageResponse {
    /// The message, with its articles' addresses under `help`.
    pub fn of(message: Message, help: &str) -> Self {
        Self {
            id: message.id.0,
            sequence: message.sequence,
            author: AuthorResponse {
                kind: message.author.as_str().to_owned(),
                id: message.author_id,
                name: message.author_name,
            },
            text: message.text,
            note: message.note,
            sources: message.sources.into_iter().map(|source| SourceResponse::of(source, help)).collect(),
            client_id: message.client_id,
            created_at: message.created_at,
        }
    }
}

/// A message to be sent.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MessageRequest {
    /// Several lines.
    #[schema(min_length = 1, max_length = 4_000)]
    pub text: String,
    /// Only for the staff.
    #[serde(default)]
    pub note: bool,
    /// An id of the client's: sending it again gives the same message.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 64)]
    pub client_id: Option<String>,
}

/// A ticket.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct TicketResponse {
    /// Its id.
    pub id: Uuid,
    /// Its number in the workspace.
    pub number: i64,
    /// What it is about.
    pub subject: String,
    /// `open` or `closed`.
    pub status: String,
    /// Why a person was asked for.
    pub reason: Option<String>,
    /// What it was about then.
    pub summary: Option<String>,
    /// Its conversation.
    pub conversation_id: Uuid,
    /// Whom it is with.
    pub contact: ContactRef,
    /// The member who deals with it.
    pub assignee: Option<MemberRef>,
    /// The tasks promised in it.
    pub tasks: Progress,
    /// When it was opened.
    pub created_at: Timestamp,
    /// When it was closed.
    pub closed_at: Option<Timestamp>,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// The ETag, as a number.
    pub version: i64,
}

impl From<desk::tickets::TicketView> for TicketResponse {
    fn from(view: desk::tickets::TicketView) -> Self {
        let ticket = view.ticket;
        Self {
            id: ticket.id.0,
            number: ticket.number,
            status: ticket.status().to_owned(),
            subject: ticket.subject,
            reason: ticket.reason,
            summary: ticket.summary,
            conversation_id: ticket.conversation.0,
            contact: ContactRef { id: ticket.contact.0, name: view.contact.0, email: view.contact.1 },
            assignee: ticket.assignee.zip(view.assignee).map(|(id, name)| MemberRef { id: id.0, name }),
            tasks: Progress { total: view.tasks, done: view.tasks_done },
            created_at: ticket.created_at,
            closed_at: ticket.closed_at,
            updated_at: ticket.updated_at,
            version: ticket.version,
        }
    }
}

/// A change of a ticket.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TicketPatchRequest {
    /// What it is about.
    #[schema(min_length = 1, max_length = 200)]
    pub subject: Option<String>,
    /// The member who deals with it.
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<Uuid>)]
    pub assignee: Option<Option<Uuid>>,
}

/// A contact.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ContactResponse {
    /// Its id.
    pub id: Uuid,
    /// The name.
    pub name: String,
    /// The e-mail address.
    pub email: Option<String>,
    /// The phone number.
    pub phone: Option<String>,
    /// What the staff noted.
    pub notes: String,
    /// How many conversations there are.
    pub conversations: i64,
    /// When they first came.
    pub created_at: Timestamp,
    /// When they last wrote.
    pub last_seen_at: Timestamp,
    /// The ETag, as a number.
    pub version: i64,
}

impl From<desk::contacts::Contact> for ContactResponse {
    fn from(contact: desk::contacts::Contact) -> Self {
        Self {
            id: contact.id.0,
            name: contact.name,
            email: contact.email,
            phone: contact.phone,
            notes: contact.notes,
            conversations: contact.conversations,
            created_at: contact.created_at,
            last_seen_at: contact.last_seen_at,
            version: contact.version,
        }
    }
}

/// A change of a contact.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ContactPatchRequest {
    /// The name.
    #[schema(min_length = 1, max_length = 100)]
    pub name: Option<String>,
    /// The e-mail address.
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    pub email: Option<Option<String>>,
    /// The phone number.
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    pub phone: Option<Option<String>>,
    /// What the staff noted.
    #[schema(max_length = 10_000)]
    pub notes: Option<String>,
}

/// A channel.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ChannelResponse {
    /// Its id.
    pub id: Uuid,
    /// `widget`.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// What a page names it by; no secret.
    pub key: String,
    /// The origins whose pages may use it; any where empty.
    pub allowed_origins: Vec<String>,
    /// The accent colour, `#rrggbb`.
    pub color: String,
    /// What a visitor reads first; the workspace's greeting where empty.
    pub greeting: String,
    /// `right` or `left`.
    pub position: String,
    /// Whether it takes messages.
    pub enabled: bool,
    /// The ETag, as a number.
    pub version: i64,
}

impl From<desk::channels::Channel> for ChannelResponse {
    fn from(channel: desk::channels::Channel) -> Self {
        Self {
            id: channel.id.0,
            kind: channel.kind,
            name: channel.name,
            key: channel.key,
            allowed_origins: channel.allowed_origins,
            color: channel.color,
            greeting: channel.greeting,
            position: channel.position,
            enabled: channel.enabled,
            version: channel.version,
        }
    }
}

/// A channel to be made, or a change of one.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ChannelRequest {
    /// Its name.
    #[schema(min_length = 1, max_length = 100)]
    pub name: Option<String>,
    /// The origins whose pages may use it; any where empty.
    #[schema(max_items = 50)]
    pub allowed_origins: Option<Vec<String>>,
    /// The accent colour, `#rrggbb`.
    #[schema(pattern = "^#[0-9a-fA-F]{6}$")]
    pub color: Option<String>,
    /// What a visitor reads first.
    #[schema(max_length = 500)]
    pub greeting: Option<String>,
    /// `right` or `left`.
    #[schema(pattern = "^(right|left)$")]
    pub position: Option<String>,
    /// Whether it takes messages.
    pub enabled: Option<bool>,
}

impl From<ChannelRequest> for desk::channels::ChannelPatch {
    fn from(request: ChannelRequest) -> Self {
        Self {
            name: request.name,
            allowed_origins: request.allowed_origins,
            color: request.color,
            greeting: request.greeting,
            position: request.position,
            enabled: request.enabled,
        }
    }
}
