//! A thousand reminders due in the same second among a hundred thousand that are not.

use std::fmt::Write as _;
use std::time::Duration;

use desk::tasks::NewTask;
use domain::ids::ReminderId;
use domain::task::{Due, When};
use domain::{Clock as _, SystemClock};
use jiff::{SignedDuration, Timestamp};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection, Executor, PgConnection};
use store::reminders::NewReminder;

use crate::machine::{fsync, ms};
use crate::server::{Place, Prepared, Running};

const PENDING: usize = 100_000;
const DUE: usize = 1_000;

async fn measure(place: Place, name: &str, out: &mut String) {
    let prepared = Prepared::new(place).await;
    let zone = jiff::tz::TimeZone::get("Europe/Berlin").expect("a zone");
    let far = SystemClock.now() + SignedDuration::from_hours(24 * 30);
    let local = far.to_zoned(zone).datetime();
    let task = NewTask {
        title: "remember".to_owned(),
        due: Some(Due { date: local.date(), time: Some(jiff::civil::time(9, 0, 0, 0)) }),
        ..NewTask::default()
    };
    let task =
        desk::tasks::create(&prepared.desk, &prepared.owner, task).await.expect("a task").value.view.task;
    let member = prepared.owner.member().expect("a member");
    let insert = async |count: usize, at: Timestamp, mark: &'static str| {
        for chunk in 0..count / 500 {
            prepared
                .desk
                .store()
                .write(prepared.owner.workspace, (task.id, member, at), move |tx, (task, member, at)| {
                    Box::pin(async move {
                        for n in 0..500 {
                            let reminder = NewReminder {
                                id: ReminderId(uuid::Uuid::now_v7()),
                                task: *task,
                                occurrence: format!("{mark}-{chunk}-{n}"),
                                member: *member,
                                when: When::Before { before_minutes: 0 },
                                due_at: *at,
                            };
                            store::reminders::insert(tx, &reminder).await?;
                        }
                        Ok::<_, store::Error>(())
                    })
                })
                .await
                .expect("reminders are set");
        }
    };
    insert(PENDING, far, "later").await;
    let second = Timestamp::from_second(SystemClock.now().as_second() + 12).expect("a time");
    insert(DUE, second, "now").await;
    let probe = fsync(prepared.folder.path());
    let running = prepared.start().await;
    let until = tokio::time::Instant::now() + Duration::from_secs(60);
    let (mut fired, mut early, mut last, mut told) = (0, 0, Duration::ZERO, 0);
    while (fired < DUE as i64 || told < DUE as i64) && tokio::time::Instant::now() < until {
        tokio::time::sleep(Duration::from_millis(200)).await;
        (fired, early, last, told) = seen(&running).await;
    }
    // Whatever would come twice has come by now.
    tokio::time::sleep(Duration::from_secs(2)).await;
    let (_, _, _, told) = seen(&running).await;
    let _ = writeln!(
        out,
        "| {name} | {fired} | {} | {early} | {} | {} | last ≤ 2 s, 0 early, 0 twice |",
        ms(last),
        told - DUE as i64,
        ms(probe),
    );
}

/// How many have fired, how many of them early, how late the last one was, how many notifications there are;
/// asked of the database itself.
async fn seen(running: &Running) -> (i64, i64, Duration, i64) {
    let (fired, early, late, told): (i64, i64, i64, i64) = match &running.place {
        Place::Sqlite => {
            let path = running.folder.path().join("deskhand.db");
            let mut connection =
                SqliteConnectOptions::new().filename(path).read_only(true).connect().await.expect("SQLite");
            sqlx::query_as(
                "SELECT count(*), COALESCE(sum(fired_at < due_at), 0), COALESCE(max(fired_at - due_at), 0),
                    (SELECT count(*) FROM notifications) FROM reminders WHERE state = 'fired'",
            )
            .fetch_one(&mut connection)
            .await
        }
        Place::Postgres(url) => {
            let mut connection = PgConnection::connect(url).await.expect("PostgreSQL");
            connection.execute("SET ROLE deskhand_system").await.expect("the role");
            sqlx::query_as(
                "SELECT count(*), count(*) FILTER (WHERE fired_at < due_at),
                    COALESCE(CAST(extract(epoch FROM max(fired_at - due_at)) * 1000000 AS BIGINT), 0),
                    (SELECT count(*) FROM notifications) FROM reminders WHERE state = 'fired'",
            )
            .fetch_one(&mut connection)
            .await
        }
    }
    .expect("a summary");
    (fired, early, Duration::from_micros(u64::try_from(late).unwrap_or(0)), told)
}

pub(crate) async fn run() -> String {
    let mut out = String::from("## A thousand reminders at once\n\n");
    let _ = writeln!(out, "{DUE} reminders due in the same second among {PENDING} that are not.\n");
    let _ = writeln!(
        out,
        "| database | fired | the last one is late by | early | told twice | fsync | wanted |\n|---|---|---|---|---|---|---|"
    );
    measure(Place::Sqlite, "SQLite", &mut out).await;
    measure(Place::Postgres(testkit::empty_postgres().await), "PostgreSQL", &mut out).await;
    out
}
