//! Reminders that come due: the clock's part. Setting and removing them is the task's business.

use std::time::Duration;

use domain::event::data;
use domain::ids::WorkspaceId;
use domain::{Caller, EventType, Via};
use store::reminders::Claim;

use crate::Desk;
use crate::error::Result;

/// How long it is, on the database's clock, until a reminder is due; nothing where none is pending.
pub async fn next_due(desk: &Desk) -> Result<Option<Duration>> {
    desk.store
        .read(store::Scope::System, (), |tx, ()| {
            Box::pin(async move { Ok(store::reminders::next_due(tx).await?) })
        })
        .await
}

/// Claims up to `limit` reminders that are due, for a lease; they may be of several workspaces.
///
/// The loss of a claim repeats work and loses none, so it need not wait for the disk.
pub async fn claim_due(desk: &Desk, limit: i64) -> Result<Vec<Claim>> {
    desk.store
        .write_relaxed(store::Scope::System, limit, |tx, limit| {
            Box::pin(async move { Ok(store::reminders::claim_due(tx, *limit).await?) })
        })
        .await
}

/// Fires those of `claims`, which are all of `workspace`, whose claim is still good; gives how late each came.
///
/// Marking them and telling of them is one transaction: each fires once, however often it is tried.
pub async fn fire(desk: &Desk, workspace: WorkspaceId, claims: Vec<Claim>) -> Result<Vec<Duration>> {
    let caller = Caller::system(workspace, Via::Clock, desk.new_id());
    desk.write(&caller, crate::UseCase::React, claims, |tx, job| {
        Box::pin(async move {
            let fired_at = tx.now();
            let fired = store::reminders::fire(tx, &job.input).await?;
            for reminder in &fired {
                let snapshot = data::Reminder {
                    id: reminder.id.0,
                    task_id: reminder.task.0,
                    task_number: reminder.task_number,
                    title: reminder.title.clone(),
                    due: reminder.due,
                    member_id: reminder.member.0,
                    due_at: reminder.due_at,
                    fired_at,
                };
                let kind = EventType::ReminderDue;
                job.record(tx, kind, reminder.id, reminder.fence, snapshot, Vec::new()).await?;
            }
            // A moment before the due one is another clock than the database's.
            Ok(fired
                .iter()
                .map(|one| fired_at.duration_since(one.due_at).try_into().unwrap_or_default())
                .collect())
        })
    })
    .await
}
