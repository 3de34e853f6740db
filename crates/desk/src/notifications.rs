//! What members are told: who hears of which event, and what of it goes out by mail.

use std::time::Duration;

use domain::caller::Role;
use domain::event::data::{self, Body};
use domain::ids::{ConversationId, MemberId, NotificationId, TaskId, TicketId};
use domain::task::Due;
use domain::text::shorten;
use domain::{Caller, Envelope, EventType, Via};
use serde::de::DeserializeOwned;
use store::Tx;
use store::members::{Member, State};
use store::notifications::MailClaim;
pub use store::notifications::{About, Notification, Recipient};
use tracing::Instrument as _;
use uuid::Uuid;

use crate::error::{Error, Result};
use crate::job::Job;
use crate::{Delivery, Desk, Page, Paging, UseCase};

/// The most characters of a customer's message that a notification shows.
const EXCERPT: usize = 200;
/// How long to wait after a mail that could not be sent, in seconds; the last is for all that follow.
const MAIL_WAIT_SECS: [i64; 4] = [60, 5 * 60, 30 * 60, 120 * 60];
/// How often a mail is tried.
const MAIL_ATTEMPTS: i64 = 8;

/// A page of what the caller was told, and how much in all is unread.
pub async fn list(
    desk: &Desk,
    caller: &Caller,
    unread: bool,
    paging: Paging,
) -> Result<(Page<Notification>, i64)> {
    let member = own(caller)?;
    desk.read(caller, UseCase::ReadNotifications, (member, unread, paging), |tx, (member, unread, paging)| {
        Box::pin(async move {
            let page = store::notifications::list(tx, *member, *unread, paging.limit, paging.cursor).await?;
            let count = store::notifications::unread(tx, *member).await?;
            Ok((page, count))
        })
    })
    .await
}

/// Marks some of the caller's notifications as read, or all where none are named. Others' are not touched.
pub async fn mark_read(desk: &Desk, caller: &Caller, ids: Option<Vec<NotificationId>>) -> Result<()> {
    let member = own(caller)?;
    desk.write(caller, UseCase::ReadNotifications, (member, ids), |tx, job| {
        Box::pin(async move {
            let (member, ids) = &job.input;
            match ids {
                Some(ids) => store::notifications::mark_read(tx, *member, ids).await?,
                None => store::notifications::mark_all_read(tx, *member).await?,
            };
            Ok(())
        })
    })
    .await
}

/// Marks what the caller was told about a record as read: they have it before them. Others' are not touched.
pub async fn read_about(desk: &Desk, caller: &Caller, about: About) -> Result<()> {
    let member = own(caller)?;
    desk.write(caller, UseCase::ReadNotifications, (member, about), |tx, job| {
        Box::pin(async move {
            let (member, about) = job.input;
            store::notifications::mark_read_about(tx, member, about).await?;
            Ok(())
        })
    })
    .await
}

fn own(caller: &Caller) -> Result<MemberId> {
    caller.member().ok_or(Error::Forbidden { role: None })
}

/// Whether members may have to be told of this event.
pub fn concerns(event: &Envelope) -> bool {
    match event.kind {
        EventType::ReminderDue | EventType::ConversationOffered | EventType::ConversationReopened => true,
        // What cannot be read is not passed over here: it fails when it is told.
        EventType::MessageReceived => {
            read(event).map_or(true, |body: Body<data::Message>| member_of(&body.snapshot).is_some())
        }
        EventType::TaskCreated | EventType::TaskUpdated => {
            read(event).map_or(true, |body| of_assignment(event, body).is_some())
        }
        _ => false,
    }
}

/// Tells members of events, which are all of one workspace and partition, where they concern them; of
/// reminders also by mail, if there is `mail`. One transaction.
///
/// Errors with [`Error::Handled`] where the worker has lost the partition.
pub async fn tell(desk: &Desk, deliveries: Vec<Delivery>, mail: bool) -> Result<()> {
    let Some((workspace, wants)) = Delivery::wants(&deliveries) else { return Ok(()) };
    desk.store
        .handle(workspace, wants, (desk.clone(), deliveries, mail), |tx, (desk, deliveries, mail)| {
            Box::pin(async move {
                let fresh = Delivery::take_all(tx, deliveries).await?;
                let members = if fresh.is_empty() { Vec::new() } else { store::members::list(tx).await? };
                for delivery in fresh {
                    let told = tell_of(tx, desk, &delivery.event, &members, *mail);
                    // What is recorded about it belongs to its trace, not to that of its neighbours.
                    told.instrument(delivery.span.clone()).await?;
                }
                Ok(())
            })
        })
        .await
}

/// Tells those of `members` whom `event` concerns.
async fn tell_of(tx: &mut Tx, desk: &Desk, event: &Envelope, members: &[Member], mail: bool) -> Result<()> {
    let Some(news) = news(tx, event).await? else { return Ok(()) };
    let mail = mail && event.kind == EventType::ReminderDue;
    let caller = Caller::system(event.workspace_id, Via::Workers, event.correlation_id);
    let job = Job { desk: desk.clone(), caller, input: () };
    for member in members.iter().filter(|member| news.is_for(member)) {
        send(tx, &job, event, &news, member.id, mail).await?;
    }
    Ok(())
}

enum Audience {
    /// This member.
    Member(MemberId),
    /// Everybody who may take a conversation.
    Agents,
}

/// What there is to tell, and whom.
struct News {
    audience: Audience,
    kind: &'static str,
    title: String,
    body: String,
    task: Option<(TaskId, i64)>,
    conversation: Option<ConversationId>,
    ticket: Option<(TicketId, i64)>,
}

impl News {
    fn is_for(&self, member: &Member) -> bool {
        member.state == State::Active
            && match self.audience {
                Audience::Member(id) => member.id == id,
                Audience::Agents => member.role >= Role::Agent,
            }
    }
}

fn read<T: DeserializeOwned>(event: &Envelope) -> Result<Body<T>> {
    event
        .read()
        .map_err(|error| Error::Store(store::Error::Corrupt { what: "event", found: error.to_string() }))
}

async fn news(tx: &mut Tx, event: &Envelope) -> Result<Option<News>> {
    match event.kind {
        EventType::ReminderDue => Ok(Some(of_reminder(read(event)?.snapshot))),
        EventType::ConversationOffered | EventType::ConversationReopened => {
            of_offer(tx, read(event)?.snapshot).await
        }
        EventType::MessageReceived => of_message(tx, read(event)?.snapshot).await,
        EventType::TaskCreated | EventType::TaskUpdated => Ok(of_assignment(event, read(event)?)),
        _ => Ok(None),
    }
}

fn of_reminder(reminder: data::Reminder) -> News {
    News {
        audience: Audience::Member(MemberId(reminder.member_id)),
        kind: "reminder",
        title: reminder.title,
        body: reminder.due.map_or_else(String::new, |due| format!("Due {}", say(due))),
        task: Some((TaskId(reminder.task_id), reminder.task_number)),
        conversation: None,
        ticket: None,
    }
}

/// A due date as mail shows it, which cannot know what day it is read on.
fn say(due: Due) -> String {
    let day = due.date.strftime("%A, %-d %B %Y");
    match due.time {
        Some(time) => format!("{day} at {:02}:{:02}", time.hour(), time.minute()),
        None => day.to_string(),
    }
}

async fn of_offer(tx: &mut Tx, conversation: data::Conversation) -> Result<Option<News>> {
    // One that was opened again may go back to whoever had it, or to the hand.
    if conversation.state != "offered" {
        return Ok(None);
    }
    let id = ConversationId(conversation.id);
    let name = conversation.contact_name;
    let title = match conversation.reason.as_deref() {
        Some("asked_for_person") => format!("{name} asks for a person"),
        Some("not_covered") => format!("{name} asks something that no article covers"),
        Some("reopened_by_customer") => format!("{name} wrote again"),
        _ => format!("{name} waits for an answer"),
    };
    Ok(Some(News {
        audience: Audience::Agents,
        kind: "handoff",
        title,
        body: shorten(&conversation.question.unwrap_or(conversation.subject), EXCERPT),
        task: None,
        conversation: Some(id),
        ticket: store::notifications::ticket_of(tx, id).await?,
    }))
}

/// The member who has the message's conversation.
fn member_of(message: &data::Message) -> Option<MemberId> {
    message.claimed_by.filter(|_| message.state == "claimed").map(MemberId)
}

async fn of_message(tx: &mut Tx, message: data::Message) -> Result<Option<News>> {
    let Some(member) = member_of(&message) else { return Ok(None) };
    let id = ConversationId(message.conversation_id);
    Ok(Some(News {
        audience: Audience::Member(member),
        kind: "customer_replied",
        title: format!("{} replied", message.author_name),
        body: shorten(&message.text, EXCERPT),
        task: None,
        conversation: Some(id),
        ticket: store::notifications::ticket_of(tx, id).await?,
    }))
}

fn of_assignment(event: &Envelope, body: Body<data::Task>) -> Option<News> {
    let Body { snapshot: task, changes } = body;
    let assignee = task.assignee_id?;
    // The next occurrence of a task is made by Deskhand for who has had it all along.
    let given = match event.kind {
        EventType::TaskCreated => event.actor.via != Via::Workers,
        _ => changes.iter().any(|change| change.field == "assignee"),
    };
    if !given || event.actor.id == Some(assignee) {
        return None;
    }
    Some(News {
        audience: Audience::Member(MemberId(assignee)),
        kind: "assigned",
        title: format!("{} gave you #{}", event.actor.name, task.number),
        body: task.title,
        task: Some((TaskId(task.id), task.number)),
        conversation: None,
        ticket: None,
    })
}

async fn send(
    tx: &mut Tx,
    job: &Job<()>,
    event: &Envelope,
    news: &News,
    member: MemberId,
    mail: bool,
) -> Result<()> {
    let notification = Notification {
        id: NotificationId(job.desk.new_id()),
        member,
        kind: news.kind.to_owned(),
        title: news.title.clone(),
        body: news.body.clone(),
        task: news.task,
        conversation: news.conversation,
        ticket: news.ticket,
        created_at: tx.now(),
        read_at: None,
    };
    if !store::notifications::insert(tx, &notification, event.id, mail).await? {
        return Ok(());
    }
    let snapshot = data::Notification {
        id: notification.id.0,
        member_id: member.0,
        kind: notification.kind,
        title: notification.title,
        body: notification.body,
        task_id: news.task.map(|(id, _)| id.0),
        task_number: news.task.map(|(_, number)| number),
        conversation_id: news.conversation.map(Uuid::from),
        ticket_id: news.ticket.map(|(id, _)| id.0),
        ticket_number: news.ticket.map(|(_, number)| number),
        created_at: notification.created_at,
    };
    job.record(tx, EventType::NotificationCreated, notification.id, 1, snapshot, Vec::new()).await?;
    Ok(())
}

/// A mail that waits to be sent.
pub type Mail = MailClaim;

/// Claims up to `limit` mails for a minute.
pub async fn claim_mail(desk: &Desk, limit: i64) -> Result<Vec<Mail>> {
    desk.system(limit, |tx, limit| {
        Box::pin(async move { Ok(store::notifications::claim_mail(tx, *limit).await?) })
    })
    .await
}

/// Notes that a mail was sent, or that it has nobody to go to.
pub async fn mail_done(desk: &Desk, mail: &Mail) -> Result<()> {
    desk.system((mail.id, mail.attempt), |tx, (id, attempt)| {
        Box::pin(async move {
            store::notifications::end_mail(tx, *id, *attempt).await?;
            Ok(())
        })
    })
    .await
}

/// Notes that a mail could not be sent: it is tried again later, and given up in the end. Gives whether it
/// is tried again.
pub async fn mail_failed(desk: &Desk, mail: &Mail) -> Result<bool> {
    if mail.attempt >= MAIL_ATTEMPTS {
        mail_done(desk, mail).await?;
        return Ok(false);
    }
    let step = usize::try_from(mail.attempt - 1).unwrap_or(0).min(MAIL_WAIT_SECS.len() - 1);
    desk.system((mail.id, mail.attempt, MAIL_WAIT_SECS[step]), |tx, (id, attempt, wait_secs)| {
        Box::pin(async move {
            store::notifications::postpone_mail(tx, *id, *attempt, *wait_secs).await?;
            Ok(())
        })
    })
    .await?;
    Ok(true)
}

/// How long it is until a mail is to be sent; nothing where none waits.
pub async fn next_mail(desk: &Desk) -> Result<Option<Duration>> {
    desk.store
        .read(store::Scope::System, (), |tx, ()| {
            Box::pin(async move { Ok(store::notifications::next_mail(tx).await?) })
        })
        .await
}
