//! Many reminders at the same moment, among many that are not due.

use std::collections::HashSet;
use std::time::Duration;

use bus::{Bus, Interest};
use desk::tasks::NewTask;
use domain::EventType;
use domain::event::data::{Body, Reminder};
use sqlx::{AssertSqlSafe, Connection, Executor};
use store::Location;
use testkit::both;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::stage::{Process, Stage, id};

const PENDING: usize = 100_000;
const DUE: usize = 1_000;

/// Sets reminders of `task` straight in the table: many for next year, and some for one moment soon.
async fn fill(location: &Location, stage: &Stage, task: Uuid) {
    let (workspace, member) = (stage.owner.workspace.0.simple(), id(&stage.owner).0.simple());
    let task = task.simple();
    match location {
        Location::Sqlite(path) => {
            let mut connection =
                sqlx::SqliteConnection::connect(&format!("sqlite://{}", path.display())).await.unwrap();
            let sql = |count: usize, name: &str, secs: i64| {
                format!(
                    "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {count})
                     INSERT INTO reminders
                         (id, workspace_id, task_id, occurrence, member_id, channel, spec, due_at, state)
                     SELECT randomblob(16), x'{workspace}', x'{task}', '{name}', x'{member}', 'page',
                         'before:' || n, (unixepoch() + {secs}) * 1000000, 'pending' FROM n"
                )
            };
            connection.execute(AssertSqlSafe(sql(PENDING, "later", 86_400 * 365))).await.unwrap();
            connection.execute(AssertSqlSafe(sql(DUE, "soon", 3))).await.unwrap();
        }
        Location::Postgres(url) => {
            let mut connection = sqlx::PgConnection::connect(url).await.unwrap();
            connection.execute("SET ROLE deskhand_system").await.unwrap();
            let sql = |count: usize, name: &str, secs: i64| {
                format!(
                    "INSERT INTO reminders
                         (id, workspace_id, task_id, occurrence, member_id, channel, spec, due_at, state)
                     SELECT gen_random_uuid(), '{workspace}', '{task}', '{name}', '{member}', 'page',
                         'before:' || n, date_trunc('second', now()) + {secs} * INTERVAL '1 second', 'pending'
                     FROM generate_series(1, {count}) AS n"
                )
            };
            connection.execute(AssertSqlSafe(sql(PENDING, "later", 86_400 * 365))).await.unwrap();
            connection.execute("ANALYZE reminders").await.unwrap();
            connection.execute(AssertSqlSafe(sql(DUE, "soon", 3))).await.unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_at_once_among_a_hundred_thousand_are_out_in_two_seconds_none_early_none_twice() {
    both(async |db| {
        let stage = Stage::new(&db).await;
        let task = NewTask { title: "Call Acme".to_owned(), ..NewTask::default() };
        let task = desk::tasks::create(&stage.desk, &stage.owner, task).await.unwrap().value.view.task.id;
        fill(db.location(), &stage, task.0).await;
        let live = Bus::database(db.store.clone()).live().await.unwrap();
        let mut watcher = live.subscribe(Interest::Workspace(stage.owner.workspace));
        let mut notified = live.subscribe(Interest::Workspace(stage.owner.workspace));
        let shutdown = CancellationToken::new();
        let process = Process::start(&stage.desk, Vec::new(), None);
        let watch = async {
            let (mut fired, mut due_at, mut last) = (HashSet::new(), None, None);
            while fired.len() < DUE {
                let event = watcher.next().await.expect("the feed goes on").event;
                if event.kind != EventType::ReminderDue {
                    continue;
                }
                let seen = domain::Clock::now(&domain::SystemClock);
                let Body { snapshot, .. }: Body<Reminder> = event.read().unwrap();
                assert!(fired.insert(snapshot.id), "twice");
                assert!(snapshot.fired_at >= snapshot.due_at && seen >= snapshot.due_at, "early");
                due_at = Some(snapshot.due_at);
                last = Some(seen);
            }
            (due_at.unwrap(), last.unwrap())
        };
        let tell = async {
            let mut told = 0;
            while told < DUE {
                let event = notified.next().await.expect("the feed goes on").event;
                told += usize::from(event.kind == EventType::NotificationCreated);
            }
            domain::Clock::now(&domain::SystemClock)
        };
        let test = async {
            let ((due_at, out_at), told_at) = tokio::join!(watch, tell);
            let (out, told) = (out_at.duration_since(due_at), told_at.duration_since(due_at));
            println!("the last reminder was out {out:#} after it was due, its notification {told:#} after");
            out
        };
        let (out, ()) = tokio::join!(
            async {
                let out = tokio::time::timeout(Duration::from_secs(30), test).await.expect("all come");
                shutdown.cancel();
                out
            },
            live.run(shutdown.clone())
        );
        process.stop().await;
        assert!(out <= jiff::SignedDuration::from_secs(2), "{out:?}");
    })
    .await;
}
