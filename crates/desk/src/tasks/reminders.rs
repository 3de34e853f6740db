//! Reminders of tasks: set, removed, and both taken back. When they come is the clock's business.

use domain::Caller;
use domain::ids::{MemberId, ReminderId, TaskId};
use domain::task::{Reminder, ReminderState, Status, Task, When};
use store::Tx;
use store::reminders::NewReminder;

use super::{Kept, change, locked, zone};
use crate::error::{Error, Result};
use crate::job::{Done, Job};
use crate::undo::{Operation, cannot};
use crate::{Desk, UseCase};

/// Reminds the caller of a task.
pub async fn add_reminder(desk: &Desk, caller: &Caller, id: TaskId, when: When) -> Result<Done<Reminder>> {
    desk.create(caller, UseCase::SetReminder, (id, when), |tx, job| {
        Box::pin(async move {
            let (id, when) = job.input;
            let task = locked(tx, id, None).await?;
            let reminder = add(tx, job, &task, when).await?;
            let undo = added(tx, job, &task, vec![reminder.id]).await?;
            Ok(Kept { value: reminder, undo })
        })
    })
    .await
    .map(Done::from)
}

/// Reminds the caller of a task several times: all of it is done, and can be taken back, or nothing.
pub async fn add_reminders(
    desk: &Desk,
    caller: &Caller,
    id: TaskId,
    whens: Vec<When>,
) -> Result<Done<Vec<Reminder>>> {
    desk.create(caller, UseCase::SetReminder, (id, whens), |tx, job| {
        Box::pin(async move {
            let (id, whens) = &job.input;
            let task = locked(tx, *id, None).await?;
            let mut reminders = Vec::new();
            for when in whens {
                reminders.push(add(tx, job, &task, *when).await?);
            }
            let ids = reminders.iter().map(|reminder| reminder.id).collect();
            let undo = added(tx, job, &task, ids).await?;
            Ok(Kept { value: reminders, undo })
        })
    })
    .await
    .map(Done::from)
}

async fn add<I>(tx: &mut Tx, job: &Job<I>, task: &Task, when: When) -> Result<Reminder> {
    let member = job.caller.member().or(task.assignee);
    let member = member.ok_or_else(|| Error::field("member", "is missing: whom to remind is not known"))?;
    require_room(tx, task).await?;
    let reminder = change::add_reminder(tx, job, task, member, when).await?;
    reminder.ok_or_else(|| match when {
        When::Before { .. } if task.due.is_none() => {
            Error::field("before_minutes", "needs a task with a due date; give the task one, or a time `at`")
        }
        _ => Error::conflict("reminder_exists", "this task has that reminder already"),
    })
}

async fn require_room(tx: &mut Tx, task: &Task) -> Result<()> {
    if store::reminders::for_task(tx, task.id).await?.len() >= domain::task::REMINDERS_LIMIT {
        return Err(Error::conflict("too_many_reminders", "this task has as many reminders as it may have"));
    }
    Ok(())
}

async fn added<I>(
    tx: &mut Tx,
    job: &Job<I>,
    task: &Task,
    ids: Vec<ReminderId>,
) -> Result<Option<domain::ids::UndoId>> {
    let what = if ids.len() == 1 { "a reminder".to_owned() } else { format!("{} reminders", ids.len()) };
    let text = format!("Added {what} to task #{} “{}”", task.number, task.title);
    job.undoable(tx, text, Operation::RemindersAdd { task: task.id, ids }).await
}

/// Removes a reminder.
pub async fn remove_reminder(desk: &Desk, caller: &Caller, task: TaskId, id: ReminderId) -> Result<Done<()>> {
    desk.write(caller, UseCase::SetReminder, (task, id), |tx, job| {
        Box::pin(async move {
            let (task, id) = job.input;
            let task = locked(tx, task, None).await?;
            let reminders = store::reminders::for_task(tx, task.id).await?;
            let known = reminders.into_iter().find(|reminder| reminder.id == id);
            let reminder = known.ok_or(Error::NotFound("reminder"))?;
            if !store::reminders::delete(tx, id).await? {
                return Err(Error::NotFound("reminder"));
            }
            let text = format!("Removed a reminder of task #{} “{}”", task.number, task.title);
            let operation = Operation::ReminderRemove {
                task: task.id,
                id,
                member: reminder.member,
                when: reminder.when,
                state: reminder.state,
            };
            let undo = job.undoable(tx, text, operation).await?;
            Ok(Done { value: (), undo })
        })
    })
    .await
}

/// Removes reminders that were added by mistake. Errors where one of them came already, or none is left.
pub(crate) async fn take_back_reminders(tx: &mut Tx, task: TaskId, ids: &[ReminderId]) -> Result<()> {
    if store::tasks::lock(tx, task).await?.is_none() {
        return Err(cannot("this cannot be undone: the task is gone"));
    }
    let mut known = store::reminders::for_task(tx, task).await?;
    known.retain(|reminder| ids.contains(&reminder.id));
    if known.is_empty() {
        return Err(cannot("this cannot be undone: it was removed since"));
    }
    if known.iter().any(|reminder| reminder.state == ReminderState::Fired) {
        return Err(cannot("this cannot be undone: the reminder has come already"));
    }
    for reminder in known {
        store::reminders::delete(tx, reminder.id).await?;
    }
    Ok(())
}

/// Sets a reminder that was removed by mistake again, as it was; what it missed meanwhile is not made up for.
///
/// Errors where the task is gone or has no due date to count back from any more, or has that reminder again.
pub(crate) async fn put_back_reminder(
    tx: &mut Tx,
    task: TaskId,
    id: ReminderId,
    member: MemberId,
    when: When,
    state: ReminderState,
) -> Result<()> {
    let task = store::tasks::lock(tx, task)
        .await?
        .ok_or_else(|| cannot("this cannot be undone: the task is gone"))?;
    let due_at = when
        .instant(task.due, &zone(&task.zone)?)
        .ok_or_else(|| cannot("this cannot be undone: the task has no due date any more"))?;
    require_room(tx, &task).await?;
    let missed = state == ReminderState::Pending && (task.status == Status::Done || due_at <= tx.now());
    let state = if missed { ReminderState::Cancelled } else { state };
    let occurrence = change::occurrence(&task);
    let reminder = NewReminder { id, task: task.id, occurrence, member, when, due_at };
    if !store::reminders::put(tx, &reminder, state).await? {
        return Err(cannot("this cannot be undone: the task has that reminder again"));
    }
    Ok(())
}
