//! Comments on tasks. One that was made can be taken back; nothing else changes it.

use domain::event::data;
use domain::ids::{CommentId, TaskId};
use domain::{Caller, EventType, text};

use super::{Comment, Kept, locked};
use crate::error::{Error, Result};
use crate::job::{Done, Job};
use crate::undo::Operation;
use crate::{Desk, Page, Paging, UseCase};
use store::Tx;

/// Comments on a task.
pub async fn comment(desk: &Desk, caller: &Caller, id: TaskId, text: &str) -> Result<Done<Comment>> {
    let text = text::block(text, 10_000).map_err(|error| Error::field("text", error.to_string()))?;
    let new = CommentId(desk.new_id());
    desk.create(caller, UseCase::CommentTask, (id, new, text), |tx, job| {
        Box::pin(async move {
            let (id, new, text) = &job.input;
            let task = locked(tx, *id, None).await?;
            let comment = Comment {
                id: *new,
                author: job.caller.member(),
                author_name: job.caller.name().to_owned(),
                text: text.clone(),
                created_at: tx.now(),
            };
            store::tasks::insert_comment(tx, *id, &comment).await?;
            let snapshot =
                data::Comment { id: new.0, task_id: id.0, task_number: task.number, text: text.clone() };
            job.record(tx, EventType::TaskCommented, *id, task.version, snapshot, Vec::new()).await?;
            let text = format!("Commented on task #{} “{}”", task.number, task.title);
            let undo = job.undoable(tx, text, Operation::Comment { task: *id, id: *new }).await?;
            Ok(Kept { value: comment, undo })
        })
    })
    .await
    .map(Done::from)
}

/// A page of a task's comments, oldest first.
pub async fn comments(desk: &Desk, caller: &Caller, id: TaskId, paging: Paging) -> Result<Page<Comment>> {
    desk.read(caller, UseCase::ReadTasks, (id, paging), |tx, (id, paging)| {
        Box::pin(async move {
            store::tasks::get(tx, *id).await?.ok_or(Error::NotFound("task"))?;
            Ok(store::tasks::comments(tx, *id, paging.limit, paging.cursor).await?)
        })
    })
    .await
}

/// Removes a comment that was made by mistake. Gives whether it was there, on a task that is there.
pub(crate) async fn take_back_comment<I>(
    tx: &mut Tx,
    job: &Job<I>,
    task: TaskId,
    id: CommentId,
) -> Result<bool> {
    let Some(task) = store::tasks::lock(tx, task).await? else { return Ok(false) };
    let Some(text) = store::tasks::delete_comment(tx, task.id, id).await? else { return Ok(false) };
    let snapshot = data::Comment { id: id.0, task_id: task.id.0, task_number: task.number, text };
    job.record(tx, EventType::TaskCommentRemoved, task.id, task.version, snapshot, Vec::new()).await?;
    Ok(true)
}
