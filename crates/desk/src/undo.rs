//! Undo: what a person did a moment ago is taken back, if nobody has built on it since.

use domain::ids::{ArticleId, CommentId, ConversationId, MemberId, ReminderId, TaskId, TicketId, UndoId};
use domain::recurrence::occurrence_id;
use domain::task::{ReminderState, Status, Task, When};
use domain::{Caller, EventType};
use serde::{Deserialize, Serialize};
use store::Tx;

use crate::conversations::Standing;
use crate::error::{Error, Result};
use crate::job::Job;
use crate::tasks::{Fields, Save, save};
use crate::{Desk, UseCase, articles, tasks, tickets};

/// What takes something back. `version` is the one that the record got by what is to be taken back.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Operation {
    /// A task was made: it goes.
    TaskCreate {
        /// The task.
        id: TaskId,
        /// Its version.
        version: i64,
    },
    /// A task was changed: its fields are as they were.
    TaskFields {
        /// The task.
        id: TaskId,
        /// Its version.
        version: i64,
        /// What they were.
        fields: Box<Fields>,
    },
    /// A task was deleted: it comes back.
    TaskDelete {
        /// The task.
        id: TaskId,
        /// Its version.
        version: i64,
    },
    /// A task was commented on: the comment goes.
    Comment {
        /// The task.
        task: TaskId,
        /// The comment.
        id: CommentId,
    },
    /// Reminders were added: those that have not come go.
    RemindersAdd {
        /// The task.
        task: TaskId,
        /// The reminders.
        ids: Vec<ReminderId>,
    },
    /// A reminder was removed: it comes back.
    ReminderRemove {
        /// The task.
        task: TaskId,
        /// The reminder.
        id: ReminderId,
        /// Whom it reminded.
        member: MemberId,
        /// When, as it was said.
        when: When,
        /// What had become of it.
        state: ReminderState,
    },
    /// A conversation was closed, and its ticket with it: both are as they were.
    Close {
        /// The conversation.
        conversation: ConversationId,
        /// Its fence since.
        fence: i64,
        /// What it was like before.
        before: Standing,
        /// The ticket and its version, where that was closed too.
        ticket: Option<(TicketId, i64)>,
    },
    /// A ticket and its conversation were opened again: both are closed.
    TicketReopen {
        /// The ticket.
        id: TicketId,
        /// Its version.
        version: i64,
        /// The conversation's version.
        conversation_version: i64,
        /// Who had the conversation before.
        claimed_by: Option<MemberId>,
    },
    /// A ticket's subject or assignee was changed: they are as they were.
    TicketFields {
        /// The ticket.
        id: TicketId,
        /// Its version.
        version: i64,
        /// The subject.
        subject: String,
        /// The assignee.
        assignee: Option<MemberId>,
    },
    /// An article was deleted: it comes back.
    ArticleDelete {
        /// The article.
        id: ArticleId,
        /// Its version.
        version: i64,
    },
}

/// What was taken back, or would be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undone {
    /// The undo.
    pub id: UndoId,
    /// What had been done, as a sentence.
    pub text: String,
}

/// What was done cannot be taken back any more.
pub(crate) fn cannot(detail: &str) -> Error {
    Error::conflict("cannot_undo", detail)
}

pub(crate) const CHANGED: &str = "this cannot be undone: it was changed since";

/// Takes back what `id` stands for, once.
///
/// Errors: not the caller's, used already, or the record was changed since.
pub async fn undo(desk: &Desk, caller: &Caller, id: UndoId) -> Result<Undone> {
    run(desk, caller, Some(id)).await
}

/// Takes back the newest thing that the caller did and did not take back yet.
pub async fn undo_latest(desk: &Desk, caller: &Caller) -> Result<Undone> {
    run(desk, caller, None).await
}

/// What [`undo_latest`] would take back now, if it can be; nothing where there is nothing left.
pub async fn latest(desk: &Desk, caller: &Caller) -> Result<Option<Undone>> {
    desk.read(caller, UseCase::Undo, caller.member(), |tx, member| {
        Box::pin(async move {
            let member = member.ok_or_else(|| cannot("only members undo"))?;
            let kept = store::undo::latest(tx, member).await?;
            Ok(kept.map(|kept| Undone { id: kept.id, text: kept.text }))
        })
    })
    .await
}

async fn run(desk: &Desk, caller: &Caller, id: Option<UndoId>) -> Result<Undone> {
    desk.write(caller, UseCase::Undo, id, |tx, job| {
        Box::pin(async move {
            let member = job.caller.member().ok_or_else(|| cannot("only members undo"))?;
            let kept = match job.input {
                Some(id) => store::undo::get(tx, id, member).await?.ok_or(Error::NotFound("undo"))?,
                None => {
                    let latest = store::undo::latest(tx, member).await?;
                    latest.ok_or_else(|| cannot("there is nothing left to undo"))?
                }
            };
            if !store::undo::finish(tx, kept.id).await? {
                return Err(cannot("this was undone already"));
            }
            let operation: Operation = serde_json::from_value(kept.operation)
                .map_err(|error| store::Error::Corrupt { what: "undo", found: error.to_string() })?;
            apply(tx, job, operation).await?;
            Ok(Undone { id: kept.id, text: kept.text })
        })
    })
    .await
}

async fn apply<I>(tx: &mut Tx, job: &Job<I>, operation: Operation) -> Result<()> {
    match operation {
        Operation::TaskCreate { id, version } => {
            let task = unchanged(tx, id, version).await?;
            tasks::remove(tx, job, &task).await
        }
        Operation::TaskFields { id, version, fields } => {
            let before = unchanged(tx, id, version).await?;
            let after = fields.onto(&before);
            if before.status == Status::Done && after.status != Status::Done {
                drop_next_occurrence(tx, job, &before).await?;
            }
            let change =
                Save { before, after, kind: EventType::TaskUpdated, done: "Restored", undoable: false };
            save(tx, job, change).await?;
            Ok(())
        }
        Operation::TaskDelete { id, version } => {
            let task = store::tasks::get_deleted(tx, id).await?.ok_or(Error::NotFound("task"))?;
            if task.version != version {
                return Err(cannot(CHANGED));
            }
            tasks::restore(tx, job, &task).await
        }
        Operation::Comment { task, id } => match tasks::take_back_comment(tx, job, task, id).await? {
            true => Ok(()),
            false => Err(cannot("this cannot be undone: the task is gone")),
        },
        Operation::RemindersAdd { task, ids } => tasks::take_back_reminders(tx, task, &ids).await,
        Operation::ReminderRemove { task, id, member, when, state } => {
            tasks::put_back_reminder(tx, task, id, member, when, state).await
        }
        Operation::Close { conversation, fence, before, ticket } => {
            tickets::undo_close(tx, job, conversation, fence, before, ticket).await
        }
        Operation::TicketReopen { id, version, conversation_version, claimed_by } => {
            tickets::undo_reopen(tx, job, id, version, conversation_version, claimed_by).await
        }
        Operation::TicketFields { id, version, subject, assignee } => {
            tickets::undo_update(tx, job, id, version, subject, assignee).await
        }
        Operation::ArticleDelete { id, version } => articles::restore(tx, job, id, version).await,
    }
}

async fn unchanged(tx: &mut Tx, id: TaskId, version: i64) -> Result<Task> {
    let task =
        store::tasks::lock(tx, id).await?.ok_or_else(|| cannot("this cannot be undone: the task is gone"))?;
    if task.version == version { Ok(task) } else { Err(cannot(CHANGED)) }
}

/// Removes the occurrence that finishing `task` made, if nobody has touched it.
async fn drop_next_occurrence<I>(tx: &mut Tx, job: &Job<I>, task: &Task) -> Result<()> {
    let Some(next) = tasks::expected_next(task)? else { return Ok(()) };
    let series = task.series.unwrap_or(task.id);
    let revision = u32::try_from(task.rule_revision).unwrap_or(u32::MAX);
    let id = TaskId(occurrence_id(series.0, revision, next));
    if let Some(next) = store::tasks::lock(tx, id).await?.filter(|next| next.version == 1) {
        tasks::remove(tx, job, &next).await?;
    }
    Ok(())
}
