//! Tickets: what a person has to deal with, linked to its conversation and to the tasks promised in it.

use domain::conversation::State;
use domain::event::data::{self, Change};
use domain::ids::{ConversationId, MemberId, TicketId};
use domain::{Caller, EventType, text};
use store::Tx;
use store::search::{Doc, Kind as SearchKind};
use store::tickets::Ticket;

use crate::conversations::Standing;
use crate::error::{Error, Result, require_version};
use crate::job::{Done, Job};
use crate::undo::{CHANGED, Operation, cannot};
use crate::{Desk, Page, Paging, UseCase, conversations};

pub use store::tickets::{Filter, TicketView};

fn snapshot(ticket: &Ticket) -> data::Ticket {
    data::Ticket {
        id: ticket.id.0,
        number: ticket.number,
        subject: ticket.subject.clone(),
        status: ticket.status().to_owned(),
        reason: ticket.reason.clone(),
        conversation_id: ticket.conversation.0,
        contact_id: ticket.contact.0,
        assignee_id: ticket.assignee.map(|id| id.0),
    }
}

async fn index(tx: &mut Tx, ticket: &Ticket) -> Result<()> {
    let doc = Doc {
        kind: SearchKind::Ticket,
        record_id: ticket.id.0,
        conversation_id: Some(ticket.conversation),
        number: Some(ticket.number),
        slug: None,
        title: &ticket.subject,
        body: ticket.summary.as_deref().unwrap_or_default(),
        updated_at: ticket.updated_at,
    };
    Ok(store::search::put(tx, &doc).await?)
}

async fn locked(tx: &mut Tx, id: TicketId) -> Result<Ticket> {
    store::tickets::lock(tx, id).await?.ok_or(Error::NotFound("ticket"))
}

/// Writes a ticket that changed, with its event.
async fn record<I>(
    tx: &mut Tx,
    job: &Job<I>,
    ticket: &mut Ticket,
    kind: EventType,
    changes: Vec<Change>,
) -> Result<()> {
    let found = ticket.version;
    ticket.version += 1;
    ticket.updated_at = tx.now();
    if !store::tickets::update(tx, ticket).await? {
        return Err(Error::Stale { kind: "ticket", version: found });
    }
    job.record(tx, kind, ticket.id, ticket.version, snapshot(ticket), changes).await?;
    Ok(())
}

/// Opens `ticket`.
pub(crate) async fn open<I>(tx: &mut Tx, job: &Job<I>, ticket: &Ticket) -> Result<()> {
    store::tickets::insert(tx, ticket).await?;
    index(tx, ticket).await?;
    job.record(tx, EventType::TicketOpened, ticket.id, ticket.version, snapshot(ticket), Vec::new()).await?;
    Ok(())
}

/// Gives a ticket to `member`, or to nobody.
pub(crate) async fn assign<I>(
    tx: &mut Tx,
    job: &Job<I>,
    id: TicketId,
    member: Option<MemberId>,
) -> Result<()> {
    let mut ticket = locked(tx, id).await?;
    if ticket.assignee == member {
        return Ok(());
    }
    let change =
        Change::of("assignee", ticket.assignee.map(|id| id.to_string()), member.map(|id| id.to_string()));
    ticket.assignee = member;
    record(tx, job, &mut ticket, EventType::TicketUpdated, change.into_iter().collect()).await
}

/// Opens a closed ticket again; an open one stays as it is.
pub(crate) async fn reopen_locked<I>(tx: &mut Tx, job: &Job<I>, id: TicketId) -> Result<()> {
    let mut ticket = locked(tx, id).await?;
    if !ticket.closed {
        return Ok(());
    }
    ticket.closed = false;
    ticket.closed_at = None;
    record(tx, job, &mut ticket, EventType::TicketReopened, Vec::new()).await
}

/// Closes an open ticket, and gives its version then; a closed one stays as it is.
pub(crate) async fn close_locked<I>(tx: &mut Tx, job: &Job<I>, id: TicketId) -> Result<Option<i64>> {
    let mut ticket = locked(tx, id).await?;
    if ticket.closed {
        return Ok(None);
    }
    ticket.closed = true;
    ticket.closed_at = Some(tx.now());
    record(tx, job, &mut ticket, EventType::TicketClosed, Vec::new()).await?;
    Ok(Some(ticket.version))
}

/// The ticket of that id.
pub async fn get(desk: &Desk, caller: &Caller, id: TicketId) -> Result<TicketView> {
    desk.read(caller, UseCase::ReadConversations, id, |tx, id| {
        Box::pin(async move { store::tickets::get(tx, *id).await?.ok_or(Error::NotFound("ticket")) })
    })
    .await
}

/// A page of tickets, newest first.
pub async fn list(desk: &Desk, caller: &Caller, filter: Filter, paging: Paging) -> Result<Page<TicketView>> {
    desk.read(caller, UseCase::ReadConversations, (filter, paging), |tx, (filter, paging)| {
        Box::pin(async move { Ok(store::tickets::list(tx, filter, paging.limit, paging.cursor).await?) })
    })
    .await
}

/// Changes a ticket's subject or assignee; with `expected`, only if it is still at one of those versions.
pub async fn update(
    desk: &Desk,
    caller: &Caller,
    id: TicketId,
    subject: Option<&str>,
    assignee: Option<Option<MemberId>>,
    expected: Option<Vec<i64>>,
) -> Result<Done<TicketView>> {
    let subject = match subject {
        Some(subject) => {
            Some(text::line(subject, 200).map_err(|error| Error::field("subject", error.to_string()))?)
        }
        None => None,
    };
    desk.write(caller, UseCase::WorkTicket, (id, subject, assignee, expected), |tx, job| {
        Box::pin(async move {
            let (id, subject, assignee, expected) = &job.input;
            let mut ticket = locked(tx, *id).await?;
            require_version(expected.as_deref(), "ticket", ticket.version)?;
            let before = ticket.clone();
            if let Some(subject) = subject {
                ticket.subject.clone_from(subject);
            }
            if let Some(assignee) = assignee {
                if let Some(member) = assignee {
                    store::members::get(tx, *member)
                        .await?
                        .ok_or_else(|| Error::field("assignee", "is not a member of this workspace"))?;
                }
                ticket.assignee = *assignee;
            }
            let undo = if save(tx, job, &before, &mut ticket).await? {
                let what = match (before.subject == ticket.subject, before.assignee == ticket.assignee) {
                    (false, true) => "Renamed",
                    (true, false) => "Assigned",
                    _ => "Changed",
                };
                let text = format!("{what} ticket #{} “{}”", ticket.number, ticket.subject);
                let operation = Operation::TicketFields {
                    id: ticket.id,
                    version: ticket.version,
                    subject: before.subject,
                    assignee: before.assignee,
                };
                job.undoable(tx, text, operation).await?
            } else {
                None
            };
            let value = store::tickets::get(tx, *id).await?.ok_or(Error::NotFound("ticket"))?;
            Ok(Done { value, undo })
        })
    })
    .await
}

/// Writes a ticket whose subject or assignee changed; gives whether they did.
async fn save<I>(tx: &mut Tx, job: &Job<I>, before: &Ticket, ticket: &mut Ticket) -> Result<bool> {
    let assignee = |ticket: &Ticket| ticket.assignee.map(|id| id.to_string());
    let changes: Vec<Change> = [
        Change::of("subject", Some(before.subject.clone()), Some(ticket.subject.clone())),
        Change::of("assignee", assignee(before), assignee(ticket)),
    ]
    .into_iter()
    .flatten()
    .collect();
    if changes.is_empty() {
        return Ok(false);
    }
    record(tx, job, ticket, EventType::TicketUpdated, changes).await?;
    index(tx, ticket).await?;
    Ok(true)
}

/// Closes a ticket and its conversation.
pub async fn close(desk: &Desk, caller: &Caller, id: TicketId) -> Result<Done<TicketView>> {
    desk.write(caller, UseCase::WorkTicket, id, |tx, job| {
        Box::pin(async move {
            // The conversation first, as everywhere, so that two never wait for each other.
            let known = store::tickets::get(tx, job.input).await?.ok_or(Error::NotFound("ticket"))?;
            let mut conversation = conversations::locked(tx, known.ticket.conversation).await?;
            if known.ticket.closed {
                return Ok(Done { value: known, undo: None });
            }
            let before = Standing::of(&conversation);
            if conversation.state != State::Closed {
                conversations::end(tx, job, &mut conversation).await?;
            }
            let ticket = close_locked(tx, job, job.input).await?.map(|version| (job.input, version));
            let text = format!("Closed ticket #{} “{}”", known.ticket.number, known.ticket.subject);
            let operation =
                Operation::Close { conversation: conversation.id, fence: conversation.fence, before, ticket };
            let undo = job.undoable(tx, text, operation).await?;
            let value = store::tickets::get(tx, job.input).await?.ok_or(Error::NotFound("ticket"))?;
            Ok(Done { value, undo })
        })
    })
    .await
}

/// Opens a closed ticket and its conversation again, for the caller. An open one stays as it is.
pub async fn reopen(desk: &Desk, caller: &Caller, id: TicketId) -> Result<Done<TicketView>> {
    desk.write(caller, UseCase::WorkTicket, id, |tx, job| {
        Box::pin(async move {
            let known = store::tickets::get(tx, job.input).await?.ok_or(Error::NotFound("ticket"))?;
            let mut conversation = conversations::locked(tx, known.ticket.conversation).await?;
            let claimed_by = conversation.claimed_by;
            if conversation.state == State::Closed {
                conversations::reopen_for(tx, job, &mut conversation, job.caller.member()).await?;
            }
            let closed = locked(tx, job.input).await?.closed;
            reopen_locked(tx, job, job.input).await?;
            let value = store::tickets::get(tx, job.input).await?.ok_or(Error::NotFound("ticket"))?;
            let undo = if closed {
                let text = format!("Reopened ticket #{} “{}”", value.ticket.number, value.ticket.subject);
                let operation = Operation::TicketReopen {
                    id: job.input,
                    version: value.ticket.version,
                    conversation_version: conversation.version,
                    claimed_by,
                };
                job.undoable(tx, text, operation).await?
            } else {
                None
            };
            Ok(Done { value, undo })
        })
    })
    .await
}

/// The ticket, held, if it is still at `version`.
async fn unchanged(tx: &mut Tx, id: TicketId, version: i64) -> Result<Ticket> {
    let ticket = locked(tx, id).await?;
    if ticket.version == version { Ok(ticket) } else { Err(cannot(CHANGED)) }
}

/// Takes the closing of a conversation and its ticket back, if both are still as that left them.
pub(crate) async fn undo_close<I>(
    tx: &mut Tx,
    job: &Job<I>,
    id: ConversationId,
    fence: i64,
    before: Standing,
    ticket: Option<(TicketId, i64)>,
) -> Result<()> {
    let mut conversation = conversations::locked(tx, id).await?;
    if conversation.fence != fence {
        return Err(cannot(CHANGED));
    }
    if let Some((ticket, version)) = ticket {
        unchanged(tx, ticket, version).await?;
        reopen_locked(tx, job, ticket).await?;
    }
    conversations::restore(tx, job, &mut conversation, before).await
}

/// Takes the opening of a ticket and its conversation back, if nothing happened in either since.
pub(crate) async fn undo_reopen<I>(
    tx: &mut Tx,
    job: &Job<I>,
    id: TicketId,
    version: i64,
    conversation_version: i64,
    claimed_by: Option<MemberId>,
) -> Result<()> {
    let known = store::tickets::get(tx, id).await?.ok_or(Error::NotFound("ticket"))?;
    let mut conversation = conversations::locked(tx, known.ticket.conversation).await?;
    if conversation.version != conversation_version {
        return Err(cannot(CHANGED));
    }
    unchanged(tx, id, version).await?;
    conversations::close_again(tx, job, &mut conversation, claimed_by).await?;
    close_locked(tx, job, id).await?;
    Ok(())
}

/// Takes a change of a ticket back, if it is still as that left it.
pub(crate) async fn undo_update<I>(
    tx: &mut Tx,
    job: &Job<I>,
    id: TicketId,
    version: i64,
    subject: String,
    assignee: Option<MemberId>,
) -> Result<()> {
    let before = unchanged(tx, id, version).await?;
    let mut ticket = Ticket { subject, assignee, ..before.clone() };
    save(tx, job, &before, &mut ticket).await?;
    Ok(())
}
