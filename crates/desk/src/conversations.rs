//! Conversations: what customers write and who answers; the hand-off from the machine to a person.
//!
//! Every change locks the conversation's row first and goes by the state machine of
//! [`domain::conversation::State`]. Whatever was prepared before the state changed carries an older fence
//! and is refused: once a person has a conversation, nothing of the hand can be posted any more.

use domain::conversation::{Author, Conversation, MESSAGE_LIMIT, Message, Reason, Source, State, Step};
use domain::event::data;
use domain::ids::{ConversationId, MemberId, MessageId, TicketId};
use domain::{Actor, Caller, EventType, text};
use jiff::{Span, Timestamp};
use serde::{Deserialize, Serialize};
use store::articles::Passage;
pub use store::conversations::ConversationView;
use store::notifications::About;
use store::search::{Doc, Kind as SearchKind};
use store::tickets::Ticket;
use store::{Kind, Scope, Tx};

use crate::Delivery;
use crate::error::{Error, Result};
use crate::job::{Done, Job};
use crate::undo::Operation;
use crate::{Desk, Page, Paging, UseCase, tickets};

pub use store::conversations::{Counts, Which};

/// How many of the newest messages the hand looks at.
const HISTORY: i64 = 12;
/// The most characters of a subject that is taken from a message.
const SUBJECT: usize = 80;
/// The most characters of a question that is handed over, as events carry it.
const QUESTION: usize = 500;

/// The conversation of that id, as the caller sees it.
pub async fn get(desk: &Desk, caller: &Caller, id: ConversationId) -> Result<ConversationView> {
    desk.read(caller, UseCase::ReadConversations, (id, caller.member()), |tx, (id, member)| {
        Box::pin(async move {
            store::conversations::view(tx, *id, *member).await?.ok_or(Error::NotFound("conversation"))
        })
    })
    .await
}

/// A page of conversations; only those with `text` in the subject or the contact's name.
pub async fn list(
    desk: &Desk,
    caller: &Caller,
    which: Which,
    text: Option<String>,
    paging: Paging,
) -> Result<Page<ConversationView>> {
    let asked = (which, text, caller.member(), paging);
    desk.read(caller, UseCase::ReadConversations, asked, |tx, (which, text, member, paging)| {
        Box::pin(async move {
            let page =
                store::conversations::list(tx, *which, text.as_deref(), *member, paging.limit, paging.cursor);
            Ok(page.await?)
        })
    })
    .await
}

/// How many conversations there are of each kind, for the caller.
pub async fn counts(desk: &Desk, caller: &Caller) -> Result<Counts> {
    desk.read(caller, UseCase::ReadConversations, caller.member(), |tx, member| {
        Box::pin(async move { Ok(store::conversations::counts(tx, *member).await?) })
    })
    .await
}

/// A page of a conversation's messages, newest first, notes included.
pub async fn messages(
    desk: &Desk,
    caller: &Caller,
    id: ConversationId,
    paging: Paging,
) -> Result<Page<Message>> {
    desk.read(caller, UseCase::ReadConversations, (id, paging), |tx, (id, paging)| {
        Box::pin(async move {
            store::conversations::get(tx, *id).await?.ok_or(Error::NotFound("conversation"))?;
            Ok(store::conversations::messages(tx, *id, paging.limit, paging.cursor).await?)
        })
    })
    .await
}

/// The conversation, held until the transaction ends.
pub(crate) async fn locked(tx: &mut Tx, id: ConversationId) -> Result<Conversation> {
    store::conversations::lock(tx, id).await?.ok_or(Error::NotFound("conversation"))
}

/// The conversation as events carry it, with the question that is handed over.
async fn snapshot(
    tx: &mut Tx,
    conversation: &Conversation,
    question: Option<String>,
) -> Result<data::Conversation> {
    let contact = store::contacts::get(tx, conversation.contact).await?;
    let claimed = match conversation.claimed_by {
        Some(member) => store::members::get(tx, member).await?,
        None => None,
    };
    Ok(data::Conversation {
        id: conversation.id.0,
        number: conversation.number,
        subject: conversation.subject.clone(),
        state: conversation.state.as_str().to_owned(),
        contact_id: conversation.contact.0,
        contact_name: contact.map(|contact| contact.name).unwrap_or_default(),
        claimed_by: conversation.claimed_by.map(|id| id.0),
        claimed_by_name: claimed.map(|member| member.name),
        reason: conversation.reason.map(|reason| reason.as_str().to_owned()),
        question,
        ticket_id: conversation.ticket.map(|id| id.0),
    })
}

/// Writes a conversation that changed, with its event.
async fn record<I>(
    tx: &mut Tx,
    job: &Job<I>,
    conversation: &mut Conversation,
    kind: EventType,
) -> Result<()> {
    record_question(tx, job, conversation, kind, None).await
}

/// The same, with the question that is handed over by it.
async fn record_question<I>(
    tx: &mut Tx,
    job: &Job<I>,
    conversation: &mut Conversation,
    kind: EventType,
    question: Option<String>,
) -> Result<()> {
    conversation.version += 1;
    conversation.updated_at = tx.now();
    store::conversations::update(tx, conversation).await?;
    let question = question.map(|question| text::shorten(&question, QUESTION));
    let snapshot = snapshot(tx, conversation, question).await?;
    job.record(tx, kind, conversation.id, conversation.version, snapshot, Vec::new()).await?;
    Ok(())
}

/// What goes into a message.
pub(crate) struct Draft {
    pub(crate) author: Author,
    pub(crate) text: String,
    pub(crate) note: bool,
    pub(crate) sources: Vec<Source>,
    pub(crate) client_id: Option<String>,
}

impl Draft {
    fn system(text: String) -> Self {
        Self { author: Author::System, text, note: false, sources: Vec::new(), client_id: None }
    }
}

/// Adds a message to `conversation`, which is locked, with everything that is kept beside it.
pub(crate) async fn post<I>(
    tx: &mut Tx,
    job: &Job<I>,
    conversation: &mut Conversation,
    draft: Draft,
) -> Result<Message> {
    let (author_id, author_name) = match (&job.caller.actor, draft.author) {
        (_, Author::System) => (None, "Deskhand".to_owned()),
        (Actor::Member { id, name, .. }, _) => (Some(id.0), name.clone()),
        (Actor::Contact { id, name }, _) => (Some(id.0), name.clone()),
        (Actor::Hand | Actor::System, _) => (None, "Deskhand".to_owned()),
    };
    conversation.messages += 1;
    conversation.version += 1;
    let message = Message {
        id: MessageId(job.desk.new_id()),
        conversation: conversation.id,
        sequence: conversation.messages,
        author: draft.author,
        author_id,
        author_name,
        text: draft.text,
        note: draft.note,
        sources: draft.sources,
        client_id: draft.client_id,
        created_at: tx.now(),
    };
    store::conversations::post(tx, conversation, &message).await?;
    if matches!(message.author, Author::Contact | Author::Member) {
        let doc = Doc {
            kind: SearchKind::Conversation,
            record_id: message.id.0,
            conversation_id: Some(conversation.id),
            number: Some(conversation.number),
            slug: None,
            title: &conversation.subject,
            body: &message.text,
            updated_at: message.created_at,
        };
        store::search::insert(tx, &doc)?;
    }
    let kind =
        if message.author == Author::Contact { EventType::MessageReceived } else { EventType::MessageSent };
    let snapshot = data::Message {
        id: message.id.0,
        conversation_id: conversation.id.0,
        conversation_number: conversation.number,
        conversation_subject: conversation.subject.clone(),
        sequence: message.sequence,
        author: message.author.as_str().to_owned(),
        author_name: message.author_name.clone(),
        text: message.text.clone(),
        note: message.note,
        sources: message.sources.clone(),
        client_id: message.client_id.clone(),
        created_at: message.created_at,
        claimed_by: conversation.claimed_by.map(|id| id.0),
        state: conversation.state.as_str().to_owned(),
    };
    job.record(tx, kind, conversation.id, conversation.version, snapshot, Vec::new()).await?;
    Ok(message)
}

/// A message's text, cleaned.
pub(crate) fn message_text(text: &str) -> Result<String> {
    text::block(text, MESSAGE_LIMIT).map_err(|error| Error::field("text", error.to_string()))
}

/// A client's id for a message, checked.
pub(crate) fn client_id(id: Option<String>) -> Result<Option<String>> {
    match id {
        Some(id) if id.is_empty() || id.len() > 64 || !id.bytes().all(|b| b.is_ascii_graphic()) => {
            Err(Error::field("client_id", "must be 1 to 64 visible ASCII characters"))
        }
        id => Ok(id),
    }
}

/// Errors unless `member` has the conversation.
async fn require_claimed_by(tx: &mut Tx, conversation: &Conversation, member: MemberId) -> Result<()> {
    match conversation.claimed_by.filter(|_| conversation.state == State::Claimed) {
        Some(holder) if holder == member => Ok(()),
        Some(holder) => Err(claimed_by(tx, holder).await?),
        None => Err(Error::conflict("not_claimed", "claim the conversation before you answer")),
    }
}

/// The error that tells who has the conversation.
async fn claimed_by(tx: &mut Tx, holder: MemberId) -> Result<Error> {
    let name =
        store::members::get(tx, holder).await?.map_or_else(|| "Somebody".to_owned(), |member| member.name);
    Ok(Error::AlreadyClaimed { id: holder, name })
}

/// A member writes to the customer, or a note for the staff. A repeated `client_id` gets the first message.
pub async fn reply(
    desk: &Desk,
    caller: &Caller,
    id: ConversationId,
    text: &str,
    note: bool,
    client: Option<String>,
) -> Result<Message> {
    let input = (id, message_text(text)?, note, client_id(client)?);
    desk.create(caller, UseCase::WorkConversation, input, |tx, job| {
        Box::pin(async move {
            let (id, text, note, client_id) = &job.input;
            let mut conversation = locked(tx, *id).await?;
            if let Some(client_id) = client_id
                && let Some(twin) = store::conversations::message_by_client_id(tx, *id, client_id).await?
            {
                return Ok(twin);
            }
            let member = job.caller.member().ok_or(Error::Forbidden { role: None })?;
            if !note {
                require_claimed_by(tx, &conversation, member).await?;
            }
            let draft = Draft {
                author: Author::Member,
                text: text.clone(),
                note: *note,
                sources: Vec::new(),
                client_id: client_id.clone(),
            };
            let message = post(tx, job, &mut conversation, draft).await?;
            store::conversations::mark_read(tx, *id, member, message.sequence).await?;
            Ok(message)
        })
    })
    .await
}

/// The caller takes the conversation; from then on the hand is silent. Taking one's own changes nothing.
///
/// Errors: somebody else has it (with the name), or it is closed.
pub async fn claim(desk: &Desk, caller: &Caller, id: ConversationId) -> Result<()> {
    desk.write(caller, UseCase::WorkConversation, id, |tx, job| {
        Box::pin(async move {
            let member = job.caller.member().ok_or(Error::Forbidden { role: None })?;
            let mut conversation = locked(tx, job.input).await?;
            if conversation.state == State::Claimed {
                return match conversation.claimed_by {
                    Some(holder) if holder != member => Err(claimed_by(tx, holder).await?),
                    _ => Ok(()),
                };
            }
            advance(&mut conversation, Step::Claim)?;
            conversation.claimed_by = Some(member);
            conversation.deadline = None;
            if conversation.reason.is_none() {
                conversation.reason = Some(Reason::ClaimedByMember);
            }
            let question = question_of(tx, &conversation).await?;
            let ticket = ensure_ticket(tx, job, &mut conversation, &question).await?;
            tickets::assign(tx, job, ticket, Some(member)).await?;
            record(tx, job, &mut conversation, EventType::ConversationClaimed).await?;
            let name = job.caller.name().to_owned();
            post(tx, job, &mut conversation, Draft::system(format!("{name} joined the conversation")))
                .await?;
            Ok(())
        })
    })
    .await
}

/// The caller gives the conversation back to the hand.
pub async fn give_back(desk: &Desk, caller: &Caller, id: ConversationId) -> Result<()> {
    desk.write(caller, UseCase::WorkConversation, id, |tx, job| {
        Box::pin(async move {
            let member = job.caller.member().ok_or(Error::Forbidden { role: None })?;
            let mut conversation = locked(tx, job.input).await?;
            require_claimed_by(tx, &conversation, member).await?;
            advance(&mut conversation, Step::Return)?;
            conversation.claimed_by = None;
            record(tx, job, &mut conversation, EventType::ConversationReturned).await?;
            let name = job.caller.name().to_owned();
            post(tx, job, &mut conversation, Draft::system(format!("{name} left; Deskhand answers again")))
                .await?;
            Ok(())
        })
    })
    .await
}

/// Ends the conversation, and closes its ticket with it.
pub async fn close(desk: &Desk, caller: &Caller, id: ConversationId) -> Result<Done<()>> {
    desk.write(caller, UseCase::WorkConversation, id, |tx, job| {
        Box::pin(async move {
            let mut conversation = locked(tx, job.input).await?;
            let before = Standing::of(&conversation);
            end(tx, job, &mut conversation).await?;
            let ticket = match conversation.ticket {
                Some(id) => tickets::close_locked(tx, job, id).await?.map(|version| (id, version)),
                None => None,
            };
            let text = format!("Closed conversation #{} “{}”", conversation.number, conversation.subject);
            let operation =
                Operation::Close { conversation: conversation.id, fence: conversation.fence, before, ticket };
            let undo = job.undoable(tx, text, operation).await?;
            Ok(Done { value: (), undo })
        })
    })
    .await
}

/// Who had the word in a conversation, to put that back.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Standing {
    state: State,
    claimed_by: Option<MemberId>,
    deadline: Option<Timestamp>,
}

impl Standing {
    pub(crate) fn of(conversation: &Conversation) -> Self {
        let Conversation { state, claimed_by, deadline, .. } = *conversation;
        Self { state, claimed_by, deadline }
    }
}

/// Opens `conversation`, which is locked and was closed by mistake, as it was before.
pub(crate) async fn restore<I>(
    tx: &mut Tx,
    job: &Job<I>,
    conversation: &mut Conversation,
    before: Standing,
) -> Result<()> {
    let steps: &[Step] = match before.state {
        State::Bot => &[Step::ReopenWithoutTicket],
        State::Offered => &[Step::ReopenWithTicket],
        State::Claimed => &[Step::ReopenWithTicket, Step::Claim],
        State::Returned => &[Step::ReopenWithTicket, Step::Claim, Step::Return],
        State::Closed => return Ok(()),
    };
    for step in steps {
        advance(conversation, *step)?;
    }
    conversation.claimed_by = before.claimed_by;
    conversation.deadline = before.deadline;
    record(tx, job, conversation, EventType::ConversationReopened).await
}

/// Closes `conversation`, which is locked and was opened again by mistake. The customer was told of its end
/// before.
pub(crate) async fn close_again<I>(
    tx: &mut Tx,
    job: &Job<I>,
    conversation: &mut Conversation,
    claimed_by: Option<MemberId>,
) -> Result<()> {
    advance(conversation, Step::Close)?;
    conversation.claimed_by = claimed_by;
    record(tx, job, conversation, EventType::ConversationClosed).await
}

/// Ends `conversation`, which is locked.
pub(crate) async fn end<I>(tx: &mut Tx, job: &Job<I>, conversation: &mut Conversation) -> Result<()> {
    advance(conversation, Step::Close)?;
    conversation.deadline = None;
    record(tx, job, conversation, EventType::ConversationClosed).await?;
    post(tx, job, conversation, Draft::system("This conversation was closed".to_owned())).await?;
    Ok(())
}

/// Opens `conversation`, which is locked and closed, again: for the member who closed it by mistake.
pub(crate) async fn reopen_for<I>(
    tx: &mut Tx,
    job: &Job<I>,
    conversation: &mut Conversation,
    member: Option<MemberId>,
) -> Result<()> {
    advance(conversation, Step::ReopenWithTicket)?;
    if let Some(member) = member {
        advance(conversation, Step::Claim)?;
        conversation.claimed_by = Some(member);
    }
    record(tx, job, conversation, EventType::ConversationReopened).await
}

/// Notes that the caller has seen the conversation as it is now, and with it what they were told about it.
pub async fn mark_read(desk: &Desk, caller: &Caller, id: ConversationId) -> Result<()> {
    desk.write(caller, UseCase::ReadConversations, id, |tx, job| {
        Box::pin(async move {
            let Some(member) = job.caller.member() else { return Ok(()) };
            let conversation =
                store::conversations::get(tx, job.input).await?.ok_or(Error::NotFound("conversation"))?;
            store::conversations::mark_read(tx, job.input, member, conversation.messages).await?;
            store::notifications::mark_read_about(tx, member, About::Conversation(job.input)).await?;
            Ok(())
        })
    })
    .await
}

/// Moves the state, and with it the fence. Errors where `step` cannot happen now.
fn advance(conversation: &mut Conversation, step: Step) -> Result<()> {
    let Some(state) = conversation.state.after(step) else {
        let detail = match conversation.state {
            State::Closed => "this conversation is closed; it opens again when the customer writes",
            State::Claimed => "a member has this conversation",
            State::Bot | State::Offered | State::Returned => "nobody has this conversation",
        };
        return Err(Error::conflict("wrong_state", detail));
    };
    conversation.state = state;
    conversation.fence += 1;
    Ok(())
}

/// A text as the subject of what it begins: its first words, on one line.
pub(crate) fn subject(text: &str) -> String {
    text::shorten(&text::optional_line(text, usize::MAX).unwrap_or_default(), SUBJECT)
}

/// Whether a text says what somebody wants, rather than "hi there".
fn says_much(text: &str) -> bool {
    text.split_whitespace().nth(2).is_some()
}

/// What a member who takes `conversation` unasked finds: the newest thing that the customer asked.
async fn question_of(tx: &mut Tx, conversation: &Conversation) -> Result<String> {
    let page = store::conversations::messages(tx, conversation.id, HISTORY, None).await?;
    let mut asked = page.items.into_iter().filter(|message| message.author == Author::Contact).peekable();
    let newest = asked.peek().map(|message| message.text.clone());
    let question = asked.map(|message| message.text).find(|text| says_much(text)).or(newest);
    Ok(question.unwrap_or_else(|| conversation.subject.clone()))
}

/// The question that the hand hands over with `message`: that itself, or, where it only wishes for a person,
/// what the customer asked before.
async fn handed_over(
    tx: &mut Tx,
    conversation: &Conversation,
    reason: Reason,
    message: data::Message,
) -> Result<String> {
    if reason != Reason::AskedForPerson {
        return Ok(message.text);
    }
    let page = store::conversations::messages(tx, conversation.id, HISTORY, None).await?;
    let before = page.items.into_iter().filter(|earlier| {
        earlier.author == Author::Contact && earlier.sequence < message.sequence && says_much(&earlier.text)
    });
    Ok(before.map(|earlier| earlier.text).next().unwrap_or(message.text))
}

/// The conversation's ticket: opened about `question` where there is none, and reopened where it was closed.
///
/// One that is there keeps its subject: members know it by that, and may have chosen it.
async fn ensure_ticket<I>(
    tx: &mut Tx,
    job: &Job<I>,
    conversation: &mut Conversation,
    question: &str,
) -> Result<TicketId> {
    if let Some(id) = conversation.ticket {
        tickets::reopen_locked(tx, job, id).await?;
        return Ok(id);
    }
    let ticket = Ticket {
        id: TicketId(job.desk.new_id()),
        number: tx.number(Kind::Ticket).await?,
        subject: subject(question),
        closed: false,
        reason: conversation.reason.map(|reason| reason.as_str().to_owned()),
        summary: conversation.summary.clone(),
        conversation: conversation.id,
        contact: conversation.contact,
        assignee: None,
        created_at: tx.now(),
        closed_at: None,
        updated_at: tx.now(),
        version: 1,
    };
    tickets::open(tx, job, &ticket).await?;
    conversation.ticket = Some(ticket.id);
    Ok(ticket.id)
}

/// Asks for a person: the state, the ticket, the promise to the customer.
async fn offer_locked<I>(
    tx: &mut Tx,
    job: &Job<I>,
    conversation: &mut Conversation,
    reason: Reason,
    summary: &str,
    question: String,
) -> Result<()> {
    advance(conversation, Step::Offer)?;
    let workspace = store::workspaces::get(tx).await?;
    conversation.reason = Some(reason);
    conversation.summary = Some(text::shorten(summary, 500));
    conversation.deadline =
        tx.now().checked_add(Span::new().minutes(workspace.reply_minutes.clamp(1, 100_000))).ok();
    ensure_ticket(tx, job, conversation, &question).await?;
    record_question(tx, job, conversation, EventType::ConversationOffered, Some(question)).await?;
    post(tx, job, conversation, Draft::system(workspace.handoff_text)).await?;
    Ok(())
}

/// What the hand needs to decide: the conversation as it is, and the fence that its answer will carry.
#[derive(Debug, Clone)]
pub struct ForHand {
    /// The conversation.
    pub conversation: Conversation,
    /// Its newest messages that the customer can see, oldest first.
    pub recent: Vec<Message>,
    /// Whether the hand answers in this workspace.
    pub hand_enabled: bool,
    /// The passages that were asked for.
    pub passages: Vec<Passage>,
    /// The revision of the articles that the passages are of.
    pub articles_revision: i64,
}

/// The conversation that `delivery` tells of, for the hand, with the passages that have the ids `passages`; nothing
/// where the hand has to be silent.
pub async fn for_hand(desk: &Desk, delivery: &Delivery, passages: Vec<i64>) -> Result<Option<ForHand>> {
    let caller = Caller::hand(delivery.event.workspace_id, delivery.event.correlation_id);
    let id = ConversationId(delivery.event.subject_id);
    desk.read(&caller, UseCase::Answer, (id, passages), |tx, (id, passages)| {
        Box::pin(async move {
            let Some(conversation) = store::conversations::get(tx, *id).await? else { return Ok(None) };
            if !conversation.state.hand_may_answer() {
                return Ok(None);
            }
            let page = store::conversations::messages(tx, *id, HISTORY, None).await?;
            let mut recent: Vec<Message> = page.items.into_iter().filter(|message| !message.note).collect();
            recent.reverse();
            let workspace = store::workspaces::get(tx).await?;
            Ok(Some(ForHand {
                conversation,
                recent,
                hand_enabled: workspace.hand_enabled,
                passages: store::articles::passages(tx, passages).await?,
                articles_revision: workspace.articles_revision,
            }))
        })
    })
    .await
}

/// Takes the event as handled although the hand stays silent, so that it does not come again.
pub async fn stay_silent(desk: &Desk, delivery: &Delivery) -> Result<()> {
    let caller = Caller::hand(delivery.event.workspace_id, delivery.event.correlation_id);
    desk.handle(delivery, &caller, (), |_, _| Box::pin(async move { Ok(()) })).await
}

/// The hand's conversation, held, if its fence is still the one that the hand decided under.
async fn fenced(tx: &mut Tx, id: ConversationId, fence: i64) -> Result<Option<Conversation>> {
    let conversation = locked(tx, id).await?;
    let valid = conversation.fence == fence && conversation.state.hand_may_answer();
    Ok(valid.then_some(conversation))
}

/// The hand answers, once per event, and only if nobody has taken the conversation since it began to think.
///
/// Gives whether the answer was posted.
pub async fn answer(
    desk: &Desk,
    delivery: &Delivery,
    fence: i64,
    text: String,
    sources: Vec<Source>,
) -> Result<bool> {
    let caller = Caller::hand(delivery.event.workspace_id, delivery.event.correlation_id);
    let id = ConversationId(delivery.event.subject_id);
    desk.handle(delivery, &caller, (id, fence, text, sources), |tx, job| {
        Box::pin(async move {
            let (id, fence, text, sources) = &job.input;
            let Some(mut conversation) = fenced(tx, *id, *fence).await? else { return Ok(false) };
            let draft = Draft {
                author: Author::Hand,
                text: text::shorten(text, MESSAGE_LIMIT),
                note: false,
                sources: sources.clone(),
                client_id: None,
            };
            post(tx, job, &mut conversation, draft).await?;
            Ok(true)
        })
    })
    .await
}

/// The hand asks for a person, once per event, and only if nobody has taken the conversation since.
///
/// Gives whether it did.
pub async fn offer(
    desk: &Desk,
    delivery: &Delivery,
    fence: i64,
    reason: Reason,
    summary: String,
) -> Result<bool> {
    let caller = Caller::hand(delivery.event.workspace_id, delivery.event.correlation_id);
    let id = ConversationId(delivery.event.subject_id);
    let message: data::Message = delivery
        .event
        .read()
        .map_err(|error| Error::Store(store::Error::Corrupt { what: "event", found: error.to_string() }))?;
    desk.handle(delivery, &caller, (id, fence, reason, summary, message), |tx, job| {
        Box::pin(async move {
            let (id, fence, reason, summary, message) = &job.input;
            let Some(mut conversation) = fenced(tx, *id, *fence).await? else { return Ok(false) };
            let question = handed_over(tx, &conversation, *reason, message.clone()).await?;
            offer_locked(tx, job, &mut conversation, *reason, summary, question).await?;
            Ok(true)
        })
    })
    .await
}

/// Opens `conversation`, which is locked and closed, because the customer wrote `text`.
pub(crate) async fn reopen_by_customer<I>(
    tx: &mut Tx,
    job: &Job<I>,
    conversation: &mut Conversation,
    text: &str,
) -> Result<()> {
    if let Some(ticket) = conversation.ticket {
        advance(conversation, Step::ReopenWithTicket)?;
        conversation.reason = Some(Reason::ReopenedByCustomer);
        conversation.claimed_by = None;
        tickets::reopen_locked(tx, job, ticket).await?;
    } else {
        advance(conversation, Step::ReopenWithoutTicket)?;
    }
    record_question(tx, job, conversation, EventType::ConversationReopened, Some(text.to_owned())).await
}

/// How many conversations wait for a person, in all workspaces: for the metrics.
pub async fn waiting(desk: &Desk) -> Result<i64> {
    desk.store
        .read(Scope::System, (), |tx, ()| {
            Box::pin(async move { Ok(store::conversations::waiting(tx).await?) })
        })
        .await
}
