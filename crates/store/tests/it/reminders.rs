//! Reminders are claimed when they are due and not before, by one clock, and fired once.

use std::collections::HashSet;
use std::time::Duration;

use domain::ids::{MemberId, ReminderId, TaskId, WorkspaceId};
use domain::task::{Due, ReminderState, Status, Task, When};
use jiff::{SignedDuration, Timestamp};
use store::reminders::{self, Claim, Fired, NewReminder};
use store::{Error, Scope, Store};
use testkit::both;
use uuid::Uuid;

use crate::events::system;

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

/// A task that is due.
pub(crate) fn a_task(number: i64) -> Task {
    Task {
        id: TaskId(Uuid::now_v7()),
        number,
        title: "Call Dana".to_owned(),
        notes: String::new(),
        status: Status::Todo,
        rank: number,
        due: Some(Due {
            date: jiff::civil::date(2026, 11, 22),
            time: Some(jiff::civil::Time::constant(9, 0, 0, 0)),
        }),
        due_at: None,
        zone: "Europe/Berlin".to_owned(),
        priority: None,
        labels: Vec::new(),
        project: None,
        assignee: None,
        parent: None,
        ticket: None,
        recurrence: None,
        rule_revision: 0,
        series: None,
        series_start: None,
        completed_at: None,
        created_by: "Alex".to_owned(),
        created_at: now(),
        updated_at: now(),
        version: 1,
    }
}

/// A task to remind of.
async fn task(store: &Store, workspace: WorkspaceId, number: i64) -> TaskId {
    let task = a_task(number);
    let id = task.id;
    let inserted: Result<(), Error> = store
        .write(workspace, task, |tx, task| Box::pin(async move { store::tasks::insert(tx, task) }))
        .await;
    inserted.unwrap();
    id
}

async fn fire(store: &Store, claims: Vec<Claim>) -> Vec<Fired> {
    let workspace = claims[0].workspace;
    let fired: Result<_, Error> = store
        .write(workspace, claims, |tx, claims| Box::pin(async move { reminders::fire(tx, claims).await }))
        .await;
    fired.unwrap()
}

async fn state(store: &Store, workspace: WorkspaceId, task: TaskId) -> Vec<(ReminderState, Timestamp)> {
    let found: Result<_, Error> = store
        .read(workspace, task, |tx, task| Box::pin(async move { reminders::for_task(tx, *task).await }))
        .await;
    found.unwrap().into_iter().map(|reminder| (reminder.state, reminder.due_at)).collect()
}

/// Runs one of the writes that take a reminder or a task.
macro_rules! write {
    ($store:expr, $workspace:expr, $input:expr, |$tx:ident, $name:pat_param| $call:expr) => {{
        let result: Result<_, Error> =
            $store.write($workspace, $input, |$tx, $name| Box::pin(async move { $call.await })).await;
        result.unwrap()
    }};
}

#[tokio::test]
async fn a_reminder_is_not_claimed_before_it_is_due() {
    both(async |db| {
        assert_eq!(next_due(&db).await, None);
        let (workspace, task) = (WorkspaceId(Uuid::now_v7()), TaskId(Uuid::now_v7()));
        assert!(set(&db, workspace, &reminder(task, now() + SignedDuration::from_secs(3600))).await);
        assert!(claim(&db).await.is_empty());
        let next = next_due(&db).await.unwrap();
        // SQLite's clock goes by milliseconds, so it may seem to be up to one earlier than when the test began.
        assert!(next > Duration::from_secs(3590) && next <= Duration::from_millis(3_600_001), "{next:?}");
    })
    .await;
}

#[tokio::test]
async fn what_came_due_during_a_downtime_is_fired_once_and_the_longest_due_first() {
    both(async |db| {
        let workspace = WorkspaceId(Uuid::now_v7());
        let task = task(&db, workspace, 1).await;
        let old = reminder(task, now() - SignedDuration::from_hours(72));
        let at = When::At { at: jiff::civil::date(2026, 11, 20).at(9, 0, 0, 0) };
        let young = NewReminder { when: at, ..reminder(task, now() - SignedDuration::from_secs(1)) };
        assert!(set(&db, workspace, &young).await);
        assert!(set(&db, workspace, &old).await);
        assert!(!set(&db, workspace, &old).await, "the same once more");
        assert_eq!(next_due(&db).await, Some(Duration::ZERO));
        let claims = claim(&db).await;
        assert!(claim(&db).await.is_empty(), "both are claimed");
        let fired = fire(&db, claims.clone()).await;
        let due: Vec<_> =
            fired.iter().map(|fired| (fired.id, fired.task_number, fired.title.as_str())).collect();
        assert_eq!(due, [(old.id, 1, "Call Dana"), (young.id, 1, "Call Dana")]);
        assert_eq!(fired[0].due.unwrap().time.unwrap().hour(), 9);
        assert!(fire(&db, claims).await.is_empty(), "a second completion touches nothing");
        assert_eq!(next_due(&db).await, None);
        let states = state(&db, workspace, task).await;
        assert!(states.iter().all(|(state, _)| *state == ReminderState::Fired), "{states:?}");
    })
    .await;
}

#[tokio::test]
async fn a_claim_lasts_fifteen_seconds_and_a_newer_one_voids_it() {
    both(async |db| {
        let workspace = WorkspaceId(Uuid::now_v7());
        let task = task(&db, workspace, 1).await;
        set(&db, workspace, &reminder(task, now() - SignedDuration::from_secs(5))).await;
        let first = claim(&db).await;
        let free = next_due(&db).await.unwrap();
        assert!(free > Duration::from_secs(12) && free <= Duration::from_secs(15), "{free:?}");
        let stale = Claim { fence: first[0].fence - 1, ..first[0] };
        assert!(fire(&db, vec![stale]).await.is_empty(), "a stale clock completes nothing");
        assert_eq!(fire(&db, first).await.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn what_is_set_anew_or_cancelled_while_it_is_claimed_does_not_fire() {
    both(async |db| {
        let workspace = WorkspaceId(Uuid::now_v7());
        let (moved, cancelled) = (task(&db, workspace, 1).await, task(&db, workspace, 2).await);
        let past = now() - SignedDuration::from_secs(5);
        let later = now() + SignedDuration::from_secs(600);
        let reminder_of_moved = reminder(moved, past);
        set(&db, workspace, &reminder_of_moved).await;
        set(&db, workspace, &reminder(cancelled, past)).await;
        let claims = claim(&db).await;
        assert_eq!(claims.len(), 2);
        let id = reminder_of_moved.id;
        assert!(write!(db, workspace, (id, later), |tx, (id, later)| reminders::replace(tx, *id, *later)));
        assert_eq!(write!(db, workspace, cancelled, |tx, task| reminders::cancel_for_task(tx, *task)), 1);
        assert!(fire(&db, claims).await.is_empty());
        assert_eq!(state(&db, workspace, moved).await, [(ReminderState::Pending, later)]);
        assert_eq!(state(&db, workspace, cancelled).await[0].0, ReminderState::Cancelled);
        assert!(claim(&db).await.is_empty(), "neither is due");

        assert!(write!(db, workspace, (id, past), |tx, (id, past)| reminders::replace(tx, *id, *past)));
        assert_eq!(fire(&db, claim(&db).await).await.len(), 1, "it fires at its new moment");
        let other = WorkspaceId(Uuid::now_v7());
        assert!(!write!(db, other, id, |tx, id| reminders::delete(tx, *id)), "not another workspace's");
        assert!(write!(db, workspace, id, |tx, id| reminders::delete(tx, *id)));
        assert!(state(&db, workspace, moved).await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn of_two_clocks_one_fires() {
    both(async |db| {
        let another = db.another().await;
        let workspace = WorkspaceId(Uuid::now_v7());
        let task = task(&db, workspace, 1).await;
        for minutes in 0..300 {
            let when = When::Before { before_minutes: minutes };
            set(&db, workspace, &NewReminder { when, ..reminder(task, now()) }).await;
        }
        let clock = async |store: &Store| {
            let mut fired = Vec::new();
            loop {
                let claims = system!(store, (), |tx, ()| reminders::claim_due(tx, 20));
                if claims.is_empty() && next_due(store).await != Some(Duration::ZERO) {
                    return fired;
                }
                if !claims.is_empty() {
                    fired.extend(fire(store, claims).await.into_iter().map(|fired| fired.id));
                }
            }
        };
        let (one, two) = tokio::join!(clock(&db), clock(&another));
        let all: HashSet<ReminderId> = one.iter().chain(&two).copied().collect();
        assert_eq!((one.len() + two.len(), all.len()), (300, 300));
    })
    .await;
}
