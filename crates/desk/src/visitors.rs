//! Visitors: customers who write through a widget. A visitor sees its own conversations and nothing else.

use domain::conversation::{Author, Conversation, Message, State};
use domain::event::data;
use domain::ids::{ContactId, ConversationId, WorkspaceId};
use domain::{Actor, Caller, EventType, Via, text};
use serde::{Deserialize, Serialize};
pub use store::channels::Channel;
use store::contacts::Contact;
use store::conversations::Which;
pub use store::sessions::Visitor;
use store::{Kind, Scope, Tx};
use uuid::Uuid;

use crate::conversations::{self, Draft, client_id, message_text};
use crate::error::{Error, Result};
use crate::job::Job;
use crate::{Desk, UseCase, contacts, secrets};

/// What a visitor says of itself.
#[derive(Debug, Clone, Default)]
pub struct Introduction {
    /// A name.
    pub name: Option<String>,
    /// An e-mail address.
    pub email: Option<String>,
}

/// What a visitor gets for its first message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Started {
    /// The conversation.
    pub conversation: ConversationId,
    /// The token that opens it; new where the visitor had none.
    pub token: Option<String>,
}

/// A new visitor's conversation. The token is nowhere kept, so it cannot be part of an answer that is.
#[derive(Serialize, Deserialize)]
struct Begun {
    conversation: ConversationId,
    contact: ContactId,
    #[serde(skip)]
    token: Option<String>,
}

/// The channel of that key, with its workspace's name and greeting; what the widget shows.
pub async fn channel(desk: &Desk, key: &str) -> Result<(Channel, String, String)> {
    if key.len() > 64 || !key.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Err(Error::NotFound("channel"));
    }
    let channel = desk
        .store
        .read(Scope::System, key.to_owned(), |tx, key| {
            Box::pin(async move { store::channels::by_key(tx, key).await?.ok_or(Error::NotFound("channel")) })
        })
        .await?;
    let workspace = desk
        .store
        .read(channel.workspace, (), |tx, ()| {
            Box::pin(async move { Ok::<_, Error>(store::workspaces::get(tx).await?) })
        })
        .await?;
    Ok((channel, workspace.name, workspace.greeting))
}

/// The caller that a visitor's token stands for, with its channel.
///
/// Errors: unknown.
pub async fn authenticate(
    desk: &Desk,
    token: &str,
    address: Option<std::net::IpAddr>,
    correlation_id: Uuid,
) -> Result<(Caller, Visitor)> {
    let hash = secrets::token_hash(token);
    let found = desk
        .store
        .read(Scope::System, hash, |tx, hash| {
            Box::pin(async move { Ok::<_, Error>(store::sessions::visitor(tx, hash).await?) })
        })
        .await?;
    let (visitor, name) = found.ok_or(Error::Unauthenticated)?;
    Ok((caller(visitor.workspace, visitor.contact, name, address, correlation_id), visitor))
}

fn caller(
    workspace: WorkspaceId,
    contact: ContactId,
    name: String,
    address: Option<std::net::IpAddr>,
    correlation_id: Uuid,
) -> Caller {
    Caller {
        workspace,
        actor: Actor::Contact { id: contact, name },
        via: Via::Widget,
        address,
        correlation_id,
        idempotency: None,
    }
}

/// Begins a conversation of a visitor who is known already.
pub async fn start(desk: &Desk, caller: &Caller, visitor: Visitor) -> Result<Started> {
    desk.create(caller, UseCase::VisitorWrite, visitor, |tx, job| {
        Box::pin(async move {
            require_enabled(tx, job.input).await?;
            let conversation = begin(tx, job, job.input).await?;
            Ok(Started { conversation, token: None })
        })
    })
    .await
}

/// Begins the first conversation of a visitor who is new: makes the contact and the token.
pub async fn start_new(
    desk: &Desk,
    channel: &Channel,
    introduction: Introduction,
    address: Option<std::net::IpAddr>,
    correlation_id: Uuid,
    idempotency: Option<domain::IdempotencyKey>,
) -> Result<Started> {
    let name = match introduction.name.as_deref().map(|name| text::optional_line(name, 100)) {
        Some(Ok(name)) if !name.is_empty() => name,
        Some(Err(error)) => return Err(Error::field("name", error.to_string())),
        _ => String::new(),
    };
    let email = match introduction.email.as_deref().filter(|email| !email.trim().is_empty()) {
        None => None,
        Some(email) => {
            Some(text::email(email).ok_or_else(|| Error::field("email", "is not an e-mail address"))?)
        }
    };
    let contact = ContactId(desk.new_id());
    let visitor = Visitor { workspace: channel.workspace, channel: channel.id, contact };
    // The key is the client's own, so it stands for one of its requests whoever the new contact is.
    let mut newcomer = caller(channel.workspace, contact, name.clone(), address, correlation_id);
    let name = if name.is_empty() { format!("Visitor {}", short_name(contact)) } else { name };
    newcomer.actor = Actor::Contact { id: ContactId(channel.id.0), name: name.clone() };
    newcomer.idempotency = idempotency;
    let input = (visitor, name, email);
    let begun = desk.create(&newcomer, UseCase::VisitorWrite, input, |tx, job| {
        Box::pin(async move {
            let (visitor, name, email) = &job.input;
            require_enabled(tx, *visitor).await?;
            let now = tx.now();
            let contact = Contact {
                id: visitor.contact,
                name: name.clone(),
                email: email.clone(),
                phone: None,
                notes: String::new(),
                conversations: 0,
                created_at: now,
                last_seen_at: now,
                version: 1,
            };
            let job = &Job {
                desk: job.desk.clone(),
                caller: Caller {
                    actor: Actor::Contact { id: contact.id, name: contact.name.clone() },
                    ..job.caller.clone()
                },
                input: (),
            };
            store::contacts::insert(tx, &contact).await?;
            contacts::index(tx, &contact).await?;
            job.record(
                tx,
                EventType::ContactCreated,
                contact.id,
                1,
                contacts::snapshot(&contact),
                Vec::new(),
            )
            .await?;
            let token = secrets::new_token();
            store::sessions::insert_visitor(tx, &secrets::token_hash(&token), *visitor).await?;
            let conversation = begin(tx, job, *visitor).await?;
            Ok(Begun { conversation, contact: contact.id, token: Some(token) })
        })
    });
    let Begun { conversation, contact, token } = begun.await?;
    let token = match token {
        Some(token) => token,
        // The same request came before, and its answer was lost: another token opens the same conversation.
        None => another_token(desk, &newcomer, Visitor { contact, ..visitor }).await?,
    };
    Ok(Started { conversation, token: Some(token) })
}

async fn another_token(desk: &Desk, caller: &Caller, visitor: Visitor) -> Result<String> {
    let token = secrets::new_token();
    let hash = secrets::token_hash(&token);
    desk.write(caller, UseCase::VisitorWrite, (hash, visitor), |tx, job| {
        Box::pin(async move { Ok(store::sessions::insert_visitor(tx, &job.input.0, job.input.1).await?) })
    })
    .await?;
    Ok(token)
}

/// Four letters that tell nameless visitors apart.
fn short_name(contact: ContactId) -> String {
    contact.0.simple().to_string().chars().rev().take(4).collect::<String>().to_uppercase()
}

async fn require_enabled(tx: &mut Tx, visitor: Visitor) -> Result<()> {
    match store::channels::get(tx, visitor.channel).await? {
        Some(channel) if channel.enabled => Ok(()),
        _ => Err(Error::conflict("channel_disabled", "this chat is closed at the moment")),
    }
}

async fn begin<I>(tx: &mut Tx, job: &Job<I>, visitor: Visitor) -> Result<ConversationId> {
    let now = tx.now();
    let conversation = Conversation {
        id: ConversationId(job.desk.new_id()),
        number: tx.number(Kind::Conversation).await?,
        channel: visitor.channel,
        contact: visitor.contact,
        subject: "New conversation".to_owned(),
        state: State::Bot,
        fence: 1,
        claimed_by: None,
        reason: None,
        summary: None,
        deadline: None,
        ticket: None,
        messages: 0,
        created_at: now,
        updated_at: now,
        version: 1,
    };
    store::conversations::insert(tx, &conversation).await?;
    let snapshot = data::Conversation {
        id: conversation.id.0,
        number: conversation.number,
        subject: conversation.subject.clone(),
        state: conversation.state.as_str().to_owned(),
        contact_id: conversation.contact.0,
        contact_name: job.caller.name().to_owned(),
        claimed_by: None,
        claimed_by_name: None,
        reason: None,
        question: None,
        ticket_id: None,
    };
    job.record(tx, EventType::ConversationStarted, conversation.id, 1, snapshot, Vec::new()).await?;
    Ok(conversation.id)
}

/// The visitor's conversation, if it is the visitor's.
fn own(caller: &Caller, conversation: &Conversation) -> Result<()> {
    if caller.contact() == Some(conversation.contact) { Ok(()) } else { Err(Error::NotFound("conversation")) }
}

/// A visitor writes. The same `client` id again gives the same message, never a second one.
pub async fn write(
    desk: &Desk,
    caller: &Caller,
    id: ConversationId,
    text: &str,
    client: Option<String>,
) -> Result<Message> {
    let input = (id, message_text(text)?, client_id(client)?);
    desk.create(caller, UseCase::VisitorWrite, input, |tx, job| {
        Box::pin(async move {
            let (id, text, client_id) = &job.input;
            let mut conversation = conversations::locked(tx, *id).await?;
            own(&job.caller, &conversation)?;
            if let Some(client_id) = client_id
                && let Some(twin) = store::conversations::message_by_client_id(tx, *id, client_id).await?
            {
                return Ok(twin);
            }
            if conversation.state == State::Closed {
                conversations::reopen_by_customer(tx, job, &mut conversation, text).await?;
            }
            if conversation.messages == 0 {
                conversation.subject = conversations::subject(text);
            }
            store::contacts::seen(tx, conversation.contact).await?;
            let draft = Draft {
                author: Author::Contact,
                text: text.clone(),
                note: false,
                sources: Vec::new(),
                client_id: client_id.clone(),
            };
            conversations::post(tx, job, &mut conversation, draft).await
        })
    })
    .await
}

/// A visitor's conversation and up to `limit` of its messages after `sequence`, oldest first, without notes.
pub async fn messages(
    desk: &Desk,
    caller: &Caller,
    id: ConversationId,
    sequence: i64,
    limit: i64,
) -> Result<(Conversation, Option<String>, Vec<Message>)> {
    let asked = (id, sequence, limit, caller.clone());
    desk.read(caller, UseCase::VisitorRead, asked, |tx, (id, sequence, limit, caller)| {
        Box::pin(async move {
            let conversation =
                store::conversations::get(tx, *id).await?.ok_or(Error::NotFound("conversation"))?;
            own(caller, &conversation)?;
            let by = match conversation.claimed_by.filter(|_| conversation.state == State::Claimed) {
                Some(member) => store::members::get(tx, member).await?.map(|member| member.name),
                None => None,
            };
            let messages = store::conversations::messages_after(tx, *id, *sequence, false, *limit).await?;
            Ok((conversation, by, messages))
        })
    })
    .await
}

/// A visitor's conversations, the most recently active first.
pub async fn conversations(desk: &Desk, caller: &Caller) -> Result<Vec<Conversation>> {
    let contact = caller.contact().ok_or(Error::Unauthenticated)?;
    desk.read(caller, UseCase::VisitorRead, contact, |tx, contact| {
        Box::pin(async move {
            let page = store::conversations::list(tx, Which::Contact(*contact), None, None, 50, None).await?;
            Ok(page.items.into_iter().map(|view| view.conversation).collect())
        })
    })
    .await
}
