//! What every change of a task has in common: version, search, reminders, history, undo.

use domain::event::data::Change;
use domain::ids::{MemberId, ProjectId, ReminderId, TaskId, TicketId};
use domain::recurrence::{CountsFrom, Recurrence};
use domain::task::{Due, Reminder, ReminderState, Status, Task, When};
use domain::{EventType, Topic};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use store::Tx;
use store::reminders::NewReminder;

use super::{FullTask, document, full, snapshot, zone};
use crate::error::{Error, Result};
use crate::job::{Done, Job};
use crate::undo::Operation;

/// A change that is about to be written.
pub(crate) struct Save {
    /// The task as it is, locked.
    pub(crate) before: Task,
    /// The task as it shall be; version, times and derived fields are set here.
    pub(crate) after: Task,
    /// What happened, unless the status says more.
    pub(crate) kind: EventType,
    /// The verb for the undo's text.
    pub(crate) done: &'static str,
    /// Whether it can be undone.
    pub(crate) undoable: bool,
}

/// What undo puts back: what people can change of a task.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Fields {
    title: String,
    notes: String,
    status: Status,
    rank: i64,
    due: Option<Due>,
    zone: String,
    priority: Option<u8>,
    labels: Vec<String>,
    project: Option<ProjectId>,
    assignee: Option<MemberId>,
    parent: Option<TaskId>,
    ticket: Option<TicketId>,
    recurrence: Option<Recurrence>,
    completed_at: Option<Timestamp>,
}

impl Fields {
    fn of(task: &Task) -> Self {
        Self {
            title: task.title.clone(),
            notes: task.notes.clone(),
            status: task.status,
            rank: task.rank,
            due: task.due,
            zone: task.zone.clone(),
            priority: task.priority,
            labels: task.labels.clone(),
            project: task.project,
            assignee: task.assignee,
            parent: task.parent,
            ticket: task.ticket,
            recurrence: task.recurrence.clone(),
            completed_at: task.completed_at,
        }
    }

    /// `task` with these fields.
    pub(crate) fn onto(self, task: &Task) -> Task {
        Task {
            title: self.title,
            notes: self.notes,
            status: self.status,
            rank: self.rank,
            due: self.due,
            zone: self.zone,
            priority: self.priority,
            labels: self.labels,
            project: self.project,
            assignee: self.assignee,
            parent: self.parent,
            ticket: self.ticket,
            recurrence: self.recurrence,
            completed_at: self.completed_at,
            ..task.clone()
        }
    }
}

/// Sets what follows from other fields.
fn derive(before: &Task, after: &mut Task, now: Timestamp) -> Result<()> {
    after.due_at = match after.due {
        None => None,
        Some(due) => {
            let instant = due.instant(&zone(&after.zone)?);
            Some(instant.ok_or_else(|| Error::field("due", "is beyond the calendar"))?)
        }
    };
    if !super::same_rule(before.recurrence.as_ref(), after.recurrence.as_ref()) {
        after.rule_revision += 1;
        after.series_start = after.recurrence.is_some().then(|| after.due.map(Due::wall_clock)).flatten();
    } else if after.recurrence.is_some() && before.due != after.due && after.series.is_none() {
        // The first of a series was moved before it began: it counts from there.
        after.series_start = after.due.map(Due::wall_clock);
    }
    after.completed_at = match (before.status, after.status) {
        (Status::Done, Status::Done) => before.completed_at,
        // Undo knows when it was finished before.
        (_, Status::Done) => after.completed_at.or(Some(now)),
        _ => None,
    };
    after.version = before.version + 1;
    after.updated_at = now;
    Ok(())
}

/// Writes a change with everything that goes with it. A change of nothing writes nothing.
pub(crate) async fn save<I>(tx: &mut Tx, job: &Job<I>, change: Save) -> Result<Done<FullTask>> {
    let Save { before, mut after, kind, done, undoable } = change;
    derive(&before, &mut after, tx.now())?;
    let unchanged =
        Task { version: before.version, updated_at: before.updated_at, ..after.clone() } == before;
    if unchanged {
        return Ok(Done { value: full(tx, before.id).await?, undo: None });
    }
    if !store::tasks::update(tx, &after, before.labels != after.labels).await? {
        return Err(Error::Stale { kind: "task", version: before.version });
    }
    if before.title != after.title || before.notes != after.notes || before.labels != after.labels {
        store::search::put(tx, &document(&after).as_doc(&after)).await?;
    }
    let kind = match (before.status, after.status) {
        (from, Status::Done) if from != Status::Done => EventType::TaskCompleted,
        (Status::Done, to) if to != Status::Done => EventType::TaskReopened,
        _ => kind,
    };
    debug_assert_eq!(kind.topic(), Topic::TaskEvents);
    match kind {
        EventType::TaskCompleted => {
            store::reminders::cancel_for_task(tx, after.id).await?;
        }
        EventType::TaskReopened => renew_reminders(tx, &after).await?,
        _ if before.due != after.due || before.zone != after.zone => renew_reminders(tx, &after).await?,
        _ => {}
    }
    job.record(tx, kind, after.id, after.version, snapshot(&after), changes(&before, &after)).await?;
    let undo = if undoable {
        let text = format!("{done} task #{} “{}”", after.number, after.title);
        let operation = Operation::TaskFields {
            id: after.id,
            version: after.version,
            fields: Box::new(Fields::of(&before)),
        };
        job.undoable(tx, text, operation).await?
    } else {
        None
    };
    Ok(Done { value: full(tx, after.id).await?, undo })
}

fn changes(before: &Task, after: &Task) -> Vec<Change> {
    let due = |task: &Task| {
        task.due.map(|due| match due.time {
            Some(time) => format!("{} {:02}:{:02}", due.date, time.hour(), time.minute()),
            None => due.date.to_string(),
        })
    };
    let rule = |task: &Task| {
        task.recurrence.as_ref().map(|recurrence| match recurrence.from() {
            CountsFrom::Schedule => recurrence.rule().to_owned(),
            CountsFrom::Completion => format!("{} after completion", recurrence.rule()),
        })
    };
    let notes = |task: &Task| (!task.notes.is_empty()).then(|| domain::text::shorten(&task.notes, 200));
    let labels = |task: &Task| (!task.labels.is_empty()).then(|| task.labels.join(", "));
    [
        Change::of("title", Some(before.title.clone()), Some(after.title.clone())),
        Change::of("notes", notes(before), notes(after)),
        Change::of("status", Some(before.status.as_str().to_owned()), Some(after.status.as_str().to_owned())),
        Change::of("due", due(before), due(after)),
        Change::of("zone", Some(before.zone.clone()), Some(after.zone.clone())),
        Change::of("priority", before.priority.map(|p| p.to_string()), after.priority.map(|p| p.to_string())),
        Change::of("labels", labels(before), labels(after)),
        Change::of(
            "project",
            before.project.map(|id| id.to_string()),
            after.project.map(|id| id.to_string()),
        ),
        Change::of(
            "assignee",
            before.assignee.map(|id| id.to_string()),
            after.assignee.map(|id| id.to_string()),
        ),
        Change::of("parent", before.parent.map(|id| id.to_string()), after.parent.map(|id| id.to_string())),
        Change::of("ticket", before.ticket.map(|id| id.to_string()), after.ticket.map(|id| id.to_string())),
        Change::of("recurrence", rule(before), rule(after)),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Adds a reminder of `task` for `member`; nothing where it has no instant, or is there already.
pub(super) async fn add_reminder<I>(
    tx: &mut Tx,
    job: &Job<I>,
    task: &Task,
    member: MemberId,
    when: When,
) -> Result<Option<Reminder>> {
    let Some(due_at) = when.instant(task.due, &zone(&task.zone)?) else { return Ok(None) };
    let reminder = NewReminder {
        id: ReminderId(job.desk.new_id()),
        task: task.id,
        occurrence: occurrence(task),
        member,
        when,
        due_at,
    };
    if !store::reminders::insert(tx, &reminder).await? {
        return Ok(None);
    }
    Ok(Some(Reminder { id: reminder.id, task: task.id, member, when, due_at, state: ReminderState::Pending }))
}

/// What tells one due time of a task from another, in a reminder's key.
pub(super) fn occurrence(task: &Task) -> String {
    task.due.map_or_else(String::new, |due| due.wall_clock().to_string())
}

/// Sets the reminders of `task` anew after its due time changed, or after it was opened again.
///
/// One that has fired for this very due time stays fired: it does not come twice.
pub(super) async fn renew_reminders(tx: &mut Tx, task: &Task) -> Result<()> {
    let now = tx.now();
    for reminder in store::reminders::for_task(tx, task.id).await? {
        let Some(due_at) = reminder.when.instant(task.due, &zone(&task.zone)?) else {
            store::reminders::cancel(tx, reminder.id).await?;
            continue;
        };
        let moved = due_at != reminder.due_at;
        match reminder.state {
            ReminderState::Fired if !moved => {}
            // What was missed while the task was done or deleted is not made up for.
            ReminderState::Cancelled if due_at <= now => {}
            ReminderState::Pending if !moved => {}
            ReminderState::Cancelled if !moved => {
                store::reminders::replace(tx, reminder.id, due_at).await?;
            }
            // One that fired for the former due time comes again for the new one, as the same row: the history
            // keeps that it fired.
            _ => {
                store::reminders::replace(tx, reminder.id, due_at).await?;
            }
        }
    }
    Ok(())
}
