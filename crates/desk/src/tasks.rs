//! Tasks: made, changed, moved, finished, put off, deleted, commented on, repeated.

mod change;
mod comments;
mod input;
mod reminders;
mod repeat;

use std::collections::HashMap;

use domain::event::data;
use domain::ids::{TaskId, UndoId};
use domain::recurrence::Recurrence;
use domain::task::{Due, Reminder, Status, Task, When};
use domain::{Caller, EventType, text};
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use store::search::{Doc, Kind as SearchKind};
use store::tasks::TaskView;
use store::{Kind, Tx};

use crate::error::{Check, Error, Result, require_version};
use crate::job::{Done, Job};
use crate::undo::Operation;
use crate::{Delivery, Desk, Page, Paging, UseCase, authority};

pub use comments::{comment, comments};
pub use input::{NewTask, PickMember, PickProject, TaskPatch};
pub use reminders::{add_reminder, add_reminders, remove_reminder};
pub use store::tasks::{Comment, Filter, Sort};

pub(crate) use change::{Fields, Save, save};
pub(crate) use comments::take_back_comment;
pub(crate) use reminders::{put_back_reminder, take_back_reminders};

/// The distance between the ranks of neighbours in a fresh column: room for twenty moves in between.
const RANK_STEP: i64 = 1 << 20;

/// A task with its reminders.
#[derive(Debug, Clone, PartialEq)]
pub struct FullTask {
    /// The task, with the names of what it points to.
    pub view: TaskView,
    /// Its reminders, the earliest first.
    pub reminders: Vec<Reminder>,
}

#[derive(Serialize, Deserialize)]
struct Created {
    id: TaskId,
    undo: Option<UndoId>,
    /// The task as it was made; absent when a repeated request is answered.
    #[serde(skip)]
    task: Option<Box<FullTask>>,
}

/// What was done, as it is kept for a request that comes again.
#[derive(Serialize, Deserialize)]
struct Kept<T> {
    value: T,
    undo: Option<UndoId>,
}

impl<T> From<Kept<T>> for Done<T> {
    fn from(kept: Kept<T>) -> Self {
        Self { value: kept.value, undo: kept.undo }
    }
}

/// Makes a task.
///
/// Errors: fields that cannot be accepted; a project, member, parent or ticket that is not there.
pub async fn create(desk: &Desk, caller: &Caller, input: NewTask) -> Result<Done<FullTask>> {
    let input = input.check()?;
    let created = desk
        .add(caller, UseCase::CreateTask, Kind::Task, input, |tx, job| {
            Box::pin(async move {
                let view = input::build(tx, job).await?;
                let task = add(tx, job, view, &job.input.reminders).await?;
                let text = format!("Added task #{} “{}”", task.view.task.number, task.view.task.title);
                let operation =
                    Operation::TaskCreate { id: task.view.task.id, version: task.view.task.version };
                let undo = job.undoable(tx, text, operation).await?;
                Ok(Created { id: task.view.task.id, undo, task: Some(Box::new(task)) })
            })
        })
        .await?;
    let value = match created.task {
        Some(task) => *task,
        None => get(desk, caller, created.id).await?,
    };
    Ok(Done { value, undo: created.undo })
}

/// Adds a task with reminders for whoever asks, or for the assignee, and everything that is kept beside it.
async fn add<I>(tx: &mut Tx, job: &Job<I>, view: TaskView, whens: &[When]) -> Result<FullTask> {
    let task = &view.task;
    store::tasks::insert(tx, task)?;
    let doc = document(task);
    store::search::insert(tx, &doc.as_doc(task))?;
    let mut reminders = Vec::new();
    if let Some(member) = job.caller.member().or(task.assignee) {
        for when in whens {
            reminders.extend(change::add_reminder(tx, job, task, member, *when).await?);
        }
    }
    job.record(tx, EventType::TaskCreated, task.id, task.version, snapshot(task), Vec::new()).await?;
    Ok(FullTask { view, reminders })
}

/// What the search knows of a task.
struct Document(String);

fn document(task: &Task) -> Document {
    let mut body = task.notes.clone();
    for label in &task.labels {
        body.push('\n');
        body.push_str(label);
    }
    Document(body)
}

impl Document {
    fn as_doc<'a>(&'a self, task: &'a Task) -> Doc<'a> {
        Doc {
            kind: SearchKind::Task,
            record_id: task.id.0,
            conversation_id: None,
            number: Some(task.number),
            slug: None,
            title: &task.title,
            body: &self.0,
            updated_at: task.updated_at,
        }
    }
}

/// The task as events carry it.
pub(crate) fn snapshot(task: &Task) -> data::Task {
    data::Task {
        id: task.id.0,
        number: task.number,
        title: task.title.clone(),
        status: task.status.as_str().to_owned(),
        due: task.due,
        due_at: task.due_at,
        zone: task.zone.clone(),
        priority: task.priority,
        labels: task.labels.clone(),
        project_id: task.project.map(|id| id.0),
        assignee_id: task.assignee.map(|id| id.0),
        parent_id: task.parent.map(|id| id.0),
        ticket_id: task.ticket.map(|id| id.0),
        recurrence: task.recurrence.clone(),
        rule_revision: task.rule_revision,
        completed_at: task.completed_at,
    }
}

async fn full(tx: &mut Tx, id: TaskId) -> Result<FullTask> {
    let view = store::tasks::get(tx, id).await?.ok_or(Error::NotFound("task"))?;
    let reminders = store::reminders::for_task(tx, id).await?;
    Ok(FullTask { view, reminders })
}

/// The task of that id.
pub async fn get(desk: &Desk, caller: &Caller, id: TaskId) -> Result<FullTask> {
    desk.read(caller, UseCase::ReadTasks, id, |tx, id| Box::pin(async move { full(tx, *id).await })).await
}

/// The task of that number.
pub async fn by_number(desk: &Desk, caller: &Caller, number: i64) -> Result<FullTask> {
    desk.read(caller, UseCase::ReadTasks, number, |tx, number| {
        Box::pin(async move {
            let view = store::tasks::by_number(tx, *number).await?.ok_or(Error::NotFound("task"))?;
            let reminders = store::reminders::for_task(tx, view.task.id).await?;
            Ok(FullTask { view, reminders })
        })
    })
    .await
}

/// The tasks that somebody may mean by `title`: those of exactly that title, or else those that contain it.
pub async fn by_title(
    desk: &Desk,
    caller: &Caller,
    title: &str,
    done: Option<bool>,
) -> Result<Vec<TaskView>> {
    let asked = (title.to_owned(), done);
    desk.read(caller, UseCase::ReadTasks, asked, |tx, (title, done)| {
        Box::pin(async move { Ok(store::tasks::by_title(tx, title, *done, 6).await?) })
    })
    .await
}

/// A page of the tasks that `filter` names.
pub async fn list(desk: &Desk, caller: &Caller, filter: Filter, paging: Paging) -> Result<Page<FullTask>> {
    desk.read(caller, UseCase::ReadTasks, (filter, paging), |tx, (filter, paging)| {
        Box::pin(async move {
            let page = store::tasks::list(tx, filter, paging.limit, paging.cursor).await?;
            let ids: Vec<TaskId> = page.items.iter().map(|view| view.task.id).collect();
            let mut reminders: HashMap<TaskId, Vec<Reminder>> = HashMap::new();
            for reminder in store::reminders::for_tasks(tx, &ids).await? {
                reminders.entry(reminder.task).or_default().push(reminder);
            }
            Ok(page.map(|view| {
                let reminders = reminders.remove(&view.task.id).unwrap_or_default();
                FullTask { view, reminders }
            }))
        })
    })
    .await
}

/// The labels in use by open tasks, with how many have each.
pub async fn labels(desk: &Desk, caller: &Caller) -> Result<Vec<(String, i64)>> {
    desk.read(caller, UseCase::ReadTasks, (), |tx, ()| {
        Box::pin(async move { Ok(store::tasks::labels(tx).await?) })
    })
    .await
}

/// Changes what `patch` names; with `expected`, only if the task is still at one of those versions.
pub async fn update(
    desk: &Desk,
    caller: &Caller,
    id: TaskId,
    patch: TaskPatch,
    expected: Option<Vec<i64>>,
) -> Result<Done<FullTask>> {
    let patch = patch.check()?;
    desk.write(caller, UseCase::UpdateTask, (id, patch, expected), |tx, job| {
        Box::pin(async move {
            let (id, patch, expected) = &job.input;
            let before = locked(tx, *id, expected.as_deref()).await?;
            let after = input::apply(tx, job, &before, patch).await?;
            save(
                tx,
                job,
                Save { before, after, kind: EventType::TaskUpdated, done: "Changed", undoable: true },
            )
            .await
        })
    })
    .await
}

/// The task, held until the transaction ends. Errors where it is not there, or at none of the versions `expected`.
async fn locked(tx: &mut Tx, id: TaskId, expected: Option<&[i64]>) -> Result<Task> {
    let task = store::tasks::lock(tx, id).await?.ok_or(Error::NotFound("task"))?;
    require_version(expected, "task", task.version)?;
    Ok(task)
}

/// Sets the status of a task, and finishes or reopens it by that. Setting what is set changes nothing.
async fn set_status(desk: &Desk, caller: &Caller, id: TaskId, status: Status) -> Result<Done<FullTask>> {
    desk.write(caller, UseCase::UpdateTask, (id, status), |tx, job| {
        Box::pin(async move {
            let (id, status) = job.input;
            let before = locked(tx, id, None).await?;
            let mut after = before.clone();
            after.status = status;
            let done = if status == Status::Done { "Completed" } else { "Reopened" };
            save(tx, job, Save { before, after, kind: EventType::TaskUpdated, done, undoable: true }).await
        })
    })
    .await
}

/// Finishes a task. One that is finished stays as it is.
pub async fn complete(desk: &Desk, caller: &Caller, id: TaskId) -> Result<Done<FullTask>> {
    set_status(desk, caller, id, Status::Done).await
}

/// Opens a finished task again. One that is open stays as it is.
pub async fn reopen(desk: &Desk, caller: &Caller, id: TaskId) -> Result<Done<FullTask>> {
    authority::require(caller, UseCase::UpdateTask)?;
    let task = get(desk, caller, id).await?;
    if task.view.task.status != Status::Done {
        return Ok(Done { value: task, undo: None });
    }
    set_status(desk, caller, id, Status::Todo).await
}

/// Puts a task off until `until`.
pub async fn snooze(desk: &Desk, caller: &Caller, id: TaskId, until: Due) -> Result<Done<FullTask>> {
    let mut check = Check::new();
    input::check_due(&mut check, "until", Some(until));
    check.done()?;
    desk.write(caller, UseCase::UpdateTask, (id, until), |tx, job| {
        Box::pin(async move {
            let (id, until) = job.input;
            let before = locked(tx, id, None).await?;
            if before.status == Status::Done {
                return Err(Error::conflict(
                    "task_done",
                    "a finished task cannot be put off; reopen it first",
                ));
            }
            let mut after = before.clone();
            after.due = Some(until);
            save(
                tx,
                job,
                Save { before, after, kind: EventType::TaskSnoozed, done: "Snoozed", undoable: true },
            )
            .await
        })
    })
    .await
}

/// Moves a task on the board: to the column `status`, right behind `after`, or to its top.
pub async fn move_to(
    desk: &Desk,
    caller: &Caller,
    id: TaskId,
    status: Status,
    after: Option<TaskId>,
) -> Result<Done<FullTask>> {
    desk.write(caller, UseCase::UpdateTask, (id, status, after), |tx, job| {
        Box::pin(async move {
            let (id, status, behind) = job.input;
            let before = locked(tx, id, None).await?;
            let mut after = before.clone();
            after.status = status;
            after.rank = rank_behind(tx, status, behind, id).await?;
            save(tx, job, Save { before, after, kind: EventType::TaskMoved, done: "Moved", undoable: true })
                .await
        })
    })
    .await
}

/// A rank right behind `after` in the column of `status`.
async fn rank_behind(tx: &mut Tx, status: Status, after: Option<TaskId>, moving: TaskId) -> Result<i64> {
    let no_neighbour = || Error::field("after", "is not a task in that column");
    let around = store::tasks::ranks_around(tx, status, after, moving).await?.ok_or_else(no_neighbour)?;
    match around {
        (None, None) => Ok(RANK_STEP),
        (None, Some(behind)) => Ok(behind.saturating_sub(RANK_STEP)),
        (Some(before), None) => Ok(before.saturating_add(RANK_STEP)),
        (Some(before), Some(behind)) if behind - before > 1 => Ok(before + (behind - before) / 2),
        _ => {
            store::tasks::spread_ranks(tx, status, RANK_STEP).await?;
            match store::tasks::ranks_around(tx, status, after, moving).await?.ok_or_else(no_neighbour)? {
                (Some(before), _) => Ok(before + RANK_STEP / 2),
                (None, behind) => Ok(behind.unwrap_or(RANK_STEP) - RANK_STEP / 2),
            }
        }
    }
}

/// Deletes a task with its parts; it can be brought back by undo.
///
/// With `expected`, only if it is still at one of those versions.
pub async fn delete(
    desk: &Desk,
    caller: &Caller,
    id: TaskId,
    expected: Option<Vec<i64>>,
) -> Result<Done<()>> {
    desk.write(caller, UseCase::DeleteTask, (id, expected), |tx, job| {
        Box::pin(async move {
            let (id, expected) = &job.input;
            let task = locked(tx, *id, expected.as_deref()).await?;
            remove(tx, job, &task).await?;
            let text = format!("Deleted task #{} “{}”", task.number, task.title);
            let undo = job
                .undoable(tx, text, Operation::TaskDelete { id: task.id, version: task.version + 1 })
                .await?;
            Ok(Done { value: (), undo })
        })
    })
    .await
}

/// Deletes `task`, which is locked, with its parts.
pub(crate) async fn remove<I>(tx: &mut Tx, job: &Job<I>, task: &Task) -> Result<()> {
    let now = tx.now();
    for id in store::tasks::set_deleted(tx, task, Some(now)).await? {
        store::search::remove(tx, id.0).await?;
        store::reminders::cancel_for_task(tx, id).await?;
        if let Some(gone) = store::tasks::get_deleted(tx, id).await? {
            job.record(tx, EventType::TaskDeleted, id, gone.version, snapshot(&gone), Vec::new()).await?;
        }
    }
    Ok(())
}

/// Brings back `task`, which is deleted, with the parts that were deleted along with it.
pub(crate) async fn restore<I>(tx: &mut Tx, job: &Job<I>, task: &Task) -> Result<()> {
    for id in store::tasks::set_deleted(tx, task, None).await? {
        let Some(back) = store::tasks::get_deleted(tx, id).await? else { continue };
        store::search::put(tx, &document(&back).as_doc(&back)).await?;
        change::renew_reminders(tx, &back).await?;
        job.record(tx, EventType::TaskRestored, id, back.version, snapshot(&back), Vec::new()).await?;
    }
    Ok(())
}

/// Makes the next occurrence of the recurring task whose completion `delivery` tells of.
pub async fn next_occurrence(desk: &Desk, delivery: &Delivery) -> Result<()> {
    repeat::next_occurrence(desk, delivery).await
}

/// The local time of the occurrence that finishing `task`, which is done, makes.
pub(crate) fn expected_next(task: &Task) -> Result<Option<DateTime>> {
    let (Some(recurrence), Some(completed_at)) = (&task.recurrence, task.completed_at) else {
        return Ok(None);
    };
    repeat::next_local(task, recurrence, completed_at.to_zoned(zone(&task.zone)?).datetime())
}

/// The IANA zone of that name.
pub(crate) fn zone(name: &str) -> Result<TimeZone> {
    TimeZone::get(name).map_err(|_| {
        Error::field(
            "zone",
            format!("is “{}”, which is no IANA time zone, such as Europe/Berlin", text::shorten(name, 60)),
        )
    })
}

/// Today in the zone of that name.
pub fn today(desk: &Desk, zone_name: &str) -> Result<Date> {
    Ok(desk.clock().now().to_zoned(zone(zone_name)?).date())
}

/// Whether two recurrences are the same rule, counted from the same.
fn same_rule(a: Option<&Recurrence>, b: Option<&Recurrence>) -> bool {
    a.map(|a| (a.rule(), a.from())) == b.map(|b| (b.rule(), b.from()))
}

/// The next number for a task.
async fn number(tx: &mut Tx) -> Result<i64> {
    Ok(tx.number(Kind::Task).await?)
}
