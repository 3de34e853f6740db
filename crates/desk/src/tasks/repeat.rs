//! The next occurrence of a recurring task, made when one is finished.
//!
//! Its id is derived from the series, the rule's revision and its local time, so that however often and by
//! whomever it is made, it is there once.

use domain::event::data;
use domain::ids::TaskId;
use domain::recurrence::{CountsFrom, Recurrence, occurrence_id};
use domain::task::{Due, Status, Task, When};
use domain::{Caller, Via};
use jiff::civil::{DateTime, Time};
use store::tasks::TaskView;

use super::{RANK_STEP, add, number, zone};
use crate::error::{Error, Result};
use crate::{Delivery, Desk};

/// The local time of the occurrence after the one of `task`, which was finished at `completed`.
///
/// By the schedule it comes strictly after both the one that was finished and the finishing, so that
/// occurrences that were missed do not pile up. From the completion the rule starts anew there, at the
/// due time of day.
pub(super) fn next_local(
    task: &Task,
    recurrence: &Recurrence,
    completed: DateTime,
) -> Result<Option<DateTime>> {
    let due = task.due.map_or(completed, Due::wall_clock);
    let (start, after) = match recurrence.from() {
        CountsFrom::Schedule => (task.series_start.unwrap_or(due), due.max(completed)),
        CountsFrom::Completion => {
            let time = task.due.and_then(|due| due.time).unwrap_or(Time::midnight());
            let start = completed.date().to_datetime(time);
            (start, start)
        }
    };
    recurrence.next_after(start, after).map_err(|error| {
        Error::conflict("recurrence_failed", format!("the rule cannot be calculated: {error}"))
    })
}

/// Makes the occurrence after the one whose completion `delivery` tells of, if the rule has one.
pub(super) async fn next_occurrence(desk: &Desk, delivery: &Delivery) -> Result<()> {
    let event = &delivery.event;
    let done: data::Task =
        event.read().map_err(|error| store::Error::Corrupt { what: "event", found: error.to_string() })?;
    let caller = Caller::system(event.workspace_id, Via::Workers, event.correlation_id);
    desk.handle(delivery, &caller, done, |tx, job| {
        Box::pin(async move {
            let Some(task) = store::tasks::get_deleted(tx, TaskId(job.input.id)).await? else {
                return Ok(());
            };
            // The rule as it was when the task was finished: a later change makes its own occurrences.
            let Some(recurrence) = &job.input.recurrence else { return Ok(()) };
            let Some(completed_at) = job.input.completed_at else { return Ok(()) };
            let task_zone = zone(&task.zone)?;
            let completed = completed_at.to_zoned(task_zone).datetime();
            let Some(local) = next_local(&task, recurrence, completed)? else { return Ok(()) };
            let series = task.series.unwrap_or(task.id);
            let revision = u32::try_from(task.rule_revision).unwrap_or(u32::MAX);
            let id = TaskId(occurrence_id(series.0, revision, local));
            if store::tasks::get_deleted(tx, id).await?.is_some() {
                return Ok(());
            }
            let now = tx.now();
            let number = number(tx).await?;
            let due =
                Due { date: local.date(), time: task.due.and_then(|due| due.time).map(|_| local.time()) };
            let next = Task {
                id,
                number,
                status: Status::Todo,
                rank: number.saturating_mul(RANK_STEP),
                due: Some(due),
                due_at: due.instant(&zone(&task.zone)?),
                series: Some(series),
                series_start: task.series_start,
                recurrence: Some(recurrence.clone()),
                completed_at: None,
                created_at: now,
                updated_at: now,
                version: 1,
                ..task.clone()
            };
            let reminders = store::reminders::for_task(tx, task.id).await?;
            let view = TaskView {
                task: next.clone(),
                project: None,
                assignee: None,
                parent: None,
                ticket: None,
                subtasks: 0,
                subtasks_done: 0,
                comments: 0,
            };
            add(tx, job, view, &[]).await?;
            for reminder in reminders {
                if let When::Before { .. } = reminder.when {
                    super::change::add_reminder(tx, job, &next, reminder.member, reminder.when).await?;
                }
            }
            Ok(())
        })
    })
    .await
}
