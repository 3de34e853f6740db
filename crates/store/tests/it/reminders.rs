//! Reminders are claimed when they are due and not before, by one clock, and fired once.

use std::time::Duration;

use domain::ids::{MemberId, ReminderId, TaskId, WorkspaceId};
use domain::task::When;
use jiff::{SignedDuration, Timestamp};
use store::reminders::{self, Claim, NewReminder};
use store::{Error, Scope, Store};
use testkit::both;
use uuid::Uuid;

fn now() -> Timestamp {
    domain::Clock::now(&domain::SystemClock)
}

fn reminder(task: TaskId, due_at: Timestamp) -> NewReminder {
    NewReminder {
        id: ReminderId(Uuid::now_v7()),
        task,
        occurrence: String::new(),
        member: MemberId(Uuid::from_u128(7)),
        when: When::Before { before_minutes: 30 },
        due_at,
    }
}

async fn set(store: &Store, workspace: WorkspaceId, reminder: &NewReminder) -> bool {
    let set: Result<bool, Error> = store
        .write(workspace, reminder.clone(), |tx, reminder| {
            Box::pin(async move { reminders::insert(tx, reminder).await })
        })
        .await;
    set.unwrap()
}

async fn claim(store: &Store) -> Vec<Claim> {
    let claims: Result<_, Error> = store
        .write(Scope::System, (), |tx, ()| Box::pin(async move { reminders::claim_due(tx, 100).await }))
        .await;
    claims.unwrap()
}

async fn next_due(store: &Store) -> Option<Duration> {
    let next: Result<_, Error> =
        store.read(Scope::System, (), |tx, ()| Box::pin(async move { reminders::next_due(tx).await })).await;
    next.unwrap()
}

#[tokio::test]
async fn a_reminder_is_not_claimed_before_it_is_due() {
    both(async |db| {
        assert_eq!(next_due(&db).await, None);
        let (workspace, task) = (WorkspaceId(Uuid::now_v7()), TaskId(Uuid::now_v7()));
        assert!(set(&db, workspace, &reminder(task, now() + SignedDuration::from_secs(3600))).await);
        assert!(claim(&db).await.is_empty());
        let next = next_due(&db).await.unwrap();
        assert!(next > Duration::from_secs(3590) && next <= Duration::from_secs(3600), "{next:?}");
    })
    .await;
}
