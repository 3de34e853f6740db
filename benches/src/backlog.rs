//! A million events that wait, and a transaction that nobody ends: the released program at its work in the background.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

use domain::ids::WorkspaceId;
use domain::{Clock as _, Envelope, EventType, SystemClock};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection, Executor, PgConnection};
use store::Store;
use testkit::append;
use uuid::Uuid;

use crate::machine::{ms, percentile};
use crate::server::{Place, Prepared, Running};

const BACKLOG: usize = 1_000_000;
/// How long the transaction stays open.
const OPEN: Duration = Duration::from_secs(600);
/// How many events a second come meanwhile.
pub(crate) const RATE: u32 = 50;

pub(crate) fn event(workspace: WorkspaceId) -> Envelope {
    let subject = Uuid::now_v7();
    Envelope {
        data: serde_json::json!({
            "id": subject, "number": 1, "title": "call Acme about the refund", "status": "todo", "due": null,
            "due_at": null, "zone": "Europe/Berlin", "priority": 2, "labels": ["refunds"], "project_id": null,
            "assignee_id": null, "parent_id": null, "ticket_id": null, "recurrence": null, "rule_revision": 0,
            "completed_at": null,
        }),
        ..testkit::event(workspace, EventType::TaskUpdated, subject, 1)
    }
}

/// How many events the audit has.
async fn kept(running: &Running) -> usize {
    let sql = "SELECT count(*) FROM audit";
    let (count,): (i64,) = match &running.place {
        Place::Sqlite => {
            let path = running.folder.path().join("deskhand.db");
            let mut reader =
                SqliteConnectOptions::new().filename(path).read_only(true).connect().await.expect("SQLite");
            sqlx::query_as(sql).fetch_one(&mut reader).await.expect("a count")
        }
        Place::Postgres(url) => {
            let mut reader = system(url).await;
            sqlx::query_as(sql).fetch_one(&mut reader).await.expect("a count")
        }
    };
    usize::try_from(count).expect("a count")
}

pub(crate) async fn system(url: &str) -> PgConnection {
    let mut connection = PgConnection::connect(url).await.expect("PostgreSQL");
    connection.execute("SET ROLE deskhand_system").await.expect("the role");
    connection
}

async fn drain(place: Place, name: &str, out: &mut String) {
    let prepared = Prepared::new(place).await;
    for _ in 0..BACKLOG / 1000 {
        let workspace = prepared.owner.workspace;
        append(prepared.desk.store(), std::iter::repeat_with(|| event(workspace)).take(1000).collect()).await;
    }
    let running = prepared.start().await;
    let began = Instant::now();
    // When each tenth was done.
    let mut tenths = Vec::new();
    while tenths.len() < 10 {
        assert!(began.elapsed() < Duration::from_secs(900), "the backlog is not drained");
        tokio::time::sleep(Duration::from_millis(500)).await;
        let done = kept(&running).await * 10 / BACKLOG;
        tenths.resize(done.clamp(tenths.len(), 10), began.elapsed());
    }
    let rate = |from: usize, to: usize| {
        let before = if from == 0 { Duration::ZERO } else { tenths[from - 1] };
        (to - from) as f64 * BACKLOG as f64 / 10.0 / (tenths[to - 1] - before).as_secs_f64()
    };
    let (now, most) = running.memory();
    let _ = writeln!(
        out,
        "| {name} | {:.0} | {:.0} | {:.0} | {most:.0} MB | {now:.0} MB | ≤ 150 MB |",
        rate(0, 10),
        rate(0, 3),
        rate(7, 10)
    );
}

/// Appends events at [`RATE`] until `until`; gives when each was committed.
pub(crate) async fn pace(
    store: &Store,
    workspace: WorkspaceId,
    until: Instant,
) -> HashMap<Uuid, jiff::Timestamp> {
    let mut committed = HashMap::new();
    let mut ticks = tokio::time::interval(Duration::from_secs(1) / RATE);
    while Instant::now() < until {
        ticks.tick().await;
        let event = event(workspace);
        let id = event.id.0;
        append(store, vec![event]).await;
        committed.insert(id, SystemClock.now());
    }
    committed
}

/// How long each event took to its row of the ledger, in the order of their commits. Waits for all.
pub(crate) async fn took(url: &str, committed: &HashMap<Uuid, jiff::Timestamp>) -> Vec<Duration> {
    let mut reader = system(url).await;
    let ids: Vec<Uuid> = committed.keys().copied().collect();
    let until = Instant::now() + Duration::from_secs(60);
    let rows: Vec<(Uuid, i64)> = loop {
        let rows: Vec<(Uuid, i64)> = sqlx::query_as(
            "SELECT event_id, CAST(extract(epoch FROM handled_at) * 1000000 AS BIGINT) FROM inbox_ledger
             WHERE consumer_group = 'audit' AND event_id = ANY($1)",
        )
        .bind(&ids)
        .fetch_all(&mut reader)
        .await
        .expect("the ledger");
        if rows.len() == ids.len() {
            break rows;
        }
        assert!(Instant::now() < until, "{} of {} events were handled", rows.len(), ids.len());
        tokio::time::sleep(Duration::from_millis(200)).await;
    };
    let mut took: Vec<(jiff::Timestamp, Duration)> = rows
        .into_iter()
        .map(|(id, handled)| {
            let handled = jiff::Timestamp::from_microsecond(handled).expect("a time");
            let at = committed[&id];
            (at, Duration::try_from(handled.duration_since(at)).unwrap_or_default())
        })
        .collect();
    took.sort();
    took.into_iter().map(|(_, took)| took).collect()
}

/// A transaction that has appended an event and is left alone for ten minutes.
async fn left_open(out: &mut String) {
    let url = testkit::empty_postgres().await;
    let prepared = Prepared::new(Place::Postgres(url.clone())).await;
    let workspace = prepared.owner.workspace;
    let store = testkit::beside(&url).await;
    let _running = prepared.start().await;
    let mut open = system(&url).await;
    let first = event(workspace);
    open.execute("BEGIN").await.expect("a transaction");
    sqlx::query(
        "INSERT INTO outbox (workspace_id, event_id, topic, partition, envelope, created_at)
         VALUES ($1, $2, $3, $4, $5, now())",
    )
    .bind(workspace.0)
    .bind(first.id.0)
    .bind(first.kind.topic().as_str())
    .bind(i64::from(first.partition()))
    .bind(serde_json::to_string(&first).expect("JSON"))
    .execute(&mut open)
    .await
    .expect("an event");
    let committed = pace(&store, workspace, Instant::now() + OPEN).await;
    let took = took(&url, &committed).await;
    open.execute("COMMIT").await.expect("it ends");
    self::took(&url, &HashMap::from([(first.id.0, SystemClock.now())])).await;
    let minute = 60 * RATE as usize;
    let part = |events: &[Duration]| {
        let mut events = events.to_vec();
        format!("{} and {}", ms(percentile(&mut events, 0.5)), ms(percentile(&mut events, 0.99)))
    };
    let _ = writeln!(
        out,
        "A transaction that appended an event stayed open for {} minutes while {RATE} events came each second: all {} \
         were handled meanwhile, after {} (median and p99) in the first minute and {} in the last; the transaction's own \
         came when it was committed.\n",
        OPEN.as_secs() / 60,
        took.len(),
        part(&took[..minute.min(took.len())]),
        part(&took[took.len().saturating_sub(minute)..]),
    );
}

pub(crate) async fn run() -> String {
    let mut out = String::from("## A backlog, and what goes wrong\n\n");
    let _ = writeln!(
        out,
        "{BACKLOG} events wait in the outbox when the program starts, with all its roles and groups; until the audit has \
         all of them.\n\n\
         | database | events/s | the first 30 % | the last 30 % | resident at most | at the end | wanted |\n\
         |---|---|---|---|---|---|---|"
    );
    drain(Place::Sqlite, "SQLite", &mut out).await;
    drain(Place::Postgres(testkit::empty_postgres().await), "PostgreSQL", &mut out).await;
    out.push('\n');
    left_open(&mut out).await;
    out
}
