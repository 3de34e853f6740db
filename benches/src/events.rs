//! Events: from the outbox through the log to a group's effects; beside what PostgreSQL does with the same claims, and
//! what job queues do with the same jobs.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bus::{BrokerOptions, Bus, Delivery, HandleError, Handler};
use domain::ids::{EventId, WorkspaceId};
use domain::{Envelope, EventType, Topic};
use futures_util::future::BoxFuture;
use store::audit::Entry;
use store::{Error, Location, Store};
use testkit::{Database, append};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::machine::{Work, fsync, ms, percentile};

/// How many events wait when a round begins, where they are taken many at a time; and where one at a time.
const MANY: usize = 24_000;
const FEW: usize = 6_000;
/// How many a handler takes at a time, where it takes many.
const BATCH: usize = 200;
/// How long an event's text is, in bytes.
const TEXT: usize = 600;
const ROUNDS: usize = 3;
/// How many events come one after the other to see how long each takes, and how far apart.
const PACED: usize = 100;
const PACE: Duration = Duration::from_millis(50);
const PARTITIONS: [usize; 3] = [1, 4, 12];
/// pgbench with Deskhand's own statements.
const SAME: &str = "pgbench, the same claims";
/// How many partitions the topic has; with as many clients the others work.
const ALL: usize = 12;

/// Where the log is.
#[derive(Clone, Copy)]
enum Log {
    Database,
    Nats,
    Kafka,
}

async fn bus(store: &Store, log: Log) -> Bus {
    let prefix = format!("bench-{}", Uuid::now_v7().simple());
    let options = BrokerOptions { prefix, replication: 1, ..BrokerOptions::default() };
    let bus = match log {
        Log::Database => Bus::database(store.clone()),
        Log::Nats => Bus::nats(store.clone(), &[testkit::nats()], options).await.expect("NATS answers"),
        Log::Kafka => Bus::kafka(store.clone(), &[testkit::kafka()], options).expect("Kafka's settings"),
    };
    bus.settle().await.expect("the log is there");
    bus
}

/// `count` events whose keys lie on the first `partitions` partitions.
fn events(workspace: WorkspaceId, count: usize, partitions: usize) -> Vec<Envelope> {
    let text = "x".repeat(TEXT);
    let event = || Envelope {
        data: serde_json::json!({ "text": text }),
        ..testkit::event(workspace, EventType::MessageReceived, Uuid::now_v7(), 1)
    };
    std::iter::repeat_with(event)
        .filter(|event| (event.partition() as usize) < partitions)
        .take(count)
        .collect()
}

/// Notes each event in the ledger and writes a row of the audit as its effect, in one transaction for all that it gets.
struct Effects {
    store: Store,
    batch: usize,
    /// When each event's effect was committed.
    at: Mutex<HashMap<EventId, Instant>>,
}

impl Handler for Effects {
    fn group(&self) -> &'static str {
        "audit"
    }

    fn topics(&self) -> &'static [Topic] {
        &[Topic::ConversationsIncoming]
    }

    fn batch(&self) -> usize {
        self.batch
    }

    fn handle<'a>(&'a self, deliveries: &'a [Delivery]) -> BoxFuture<'a, Result<(), HandleError>> {
        Box::pin(async move {
            let Some(first) = deliveries.first() else { return Ok(()) };
            let written: Result<(), Error> = self
                .store
                .write(first.event.workspace_id, deliveries.to_vec(), |tx, deliveries| {
                    Box::pin(async move {
                        let Delivery { group, topic, partition, fence, .. } = &deliveries[0];
                        let ids: Vec<EventId> = deliveries.iter().map(|delivery| delivery.event.id).collect();
                        store::bus::take_all(tx, group, *topic, *partition, *fence, &ids).await?;
                        let rows: Vec<Entry> =
                            deliveries.iter().map(|delivery| effect(&delivery.event)).collect();
                        store::audit::insert(tx, &rows).await
                    })
                })
                .await;
            written.map_err(|error| HandleError::Unavailable(error.into()))?;
            let now = Instant::now();
            let mut at = self.at.lock().expect("nobody panics");
            at.extend(deliveries.iter().map(|delivery| (delivery.event.id, now)));
            Ok(())
        })
    }
}

fn effect(event: &Envelope) -> Entry {
    Entry {
        id: event.id,
        occurred_at: event.occurred_at,
        action: "effect".to_owned(),
        subject_kind: "effect".to_owned(),
        subject: event.subject_id,
        subject_number: None,
        subject_title: event.data["text"].as_str().unwrap_or_default().to_owned(),
        actor: event.actor.clone(),
        changes: Vec::new(),
    }
}

impl Effects {
    fn count(&self) -> usize {
        self.at.lock().expect("nobody panics").len()
    }

    async fn reach(&self, count: usize) {
        let until = Instant::now() + Duration::from_secs(300);
        while self.count() < count {
            assert!(Instant::now() < until, "{} of {count} events were handled", self.count());
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }
}

/// What one round shows.
struct Round {
    /// Events per second while all of them wait.
    rate: f64,
    /// What that took.
    work: Work,
    /// From an event's commit to its effect's, when there is nothing else to do.
    took: Vec<Duration>,
}

async fn round(database: &Database, log: Log, count: usize, batch: usize, partitions: usize) -> Round {
    let workspace = WorkspaceId(Uuid::now_v7());
    let store: &Store = database;
    let bus = bus(store, log).await;
    for chunk in events(workspace, count, partitions).chunks(500) {
        append(store, chunk.to_vec()).await;
    }
    let effects = Arc::new(Effects { store: store.clone(), batch, at: Mutex::default() });
    let shutdown = CancellationToken::new();
    let before = Work::now();
    let began = Instant::now();
    let mut tasks = JoinSet::new();
    {
        let (relay, end) = (bus.clone(), shutdown.clone());
        tasks.spawn(async move { relay.relay(end).await });
        let (handlers, end): (Vec<Arc<dyn Handler>>, _) = (vec![effects.clone()], shutdown.clone());
        tasks.spawn(async move { bus.consume(handlers, end).await });
    }
    effects.reach(count).await;
    let rate = count as f64 / began.elapsed().as_secs_f64();
    let work = Work::now().since(&before);

    tokio::time::sleep(Duration::from_secs(1)).await;
    let mut committed = Vec::with_capacity(PACED);
    for event in events(workspace, PACED, partitions) {
        let id = event.id;
        append(store, vec![event]).await;
        committed.push((id, Instant::now()));
        tokio::time::sleep(PACE).await;
    }
    effects.reach(count + PACED).await;
    shutdown.cancel();
    while tasks.join_next().await.is_some() {}
    let at = effects.at.lock().expect("nobody panics");
    let took = committed.iter().map(|(id, since)| at[id].saturating_duration_since(*since)).collect();
    Round { rate, work, took }
}

fn psql(url: &str, sql: &str) {
    let done = Command::new("psql").args(["-q", "-v", "ON_ERROR_STOP=1", "-c", sql, url]).output();
    let done = done.expect("psql runs");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

/// Runs a transaction again and again, as many clients as there are partitions; transactions per second.
fn pgbench(url: &str, transactions: usize, script: &str, options: &str) -> f64 {
    let folder = tempfile::TempDir::new().expect("a folder");
    let file = folder.path().join("claim.sql");
    // pgbench ends a statement at a semicolon, not at a line's end.
    std::fs::write(&file, script).expect("the script is written");
    let (clients, transactions) = (ALL.to_string(), transactions.to_string());
    let run = Command::new("pgbench")
        .env("PGOPTIONS", options)
        .args(["-n", "-M", "prepared", "-c", &clients, "-j", "2", "-t", &transactions, "-f"])
        .arg(&file)
        .arg(url)
        .output()
        .expect("pgbench runs");
    let text = String::from_utf8_lossy(&run.stdout);
    let tps =
        text.lines().find_map(|line| line.strip_prefix("tps = ")).and_then(|line| line.split(' ').next());
    tps.and_then(|tps| tps.parse().ok())
        .unwrap_or_else(|| panic!("pgbench prints its rate: {}", String::from_utf8_lossy(&run.stderr)))
}

/// How many transactions each client makes.
const fn transactions(batch: usize) -> usize {
    if batch == 1 { 400 } else { 20 }
}

/// The claims of the best queue that PostgreSQL can be: rows that wait are taken out, nobody waiting for anybody, and as
/// many effects are written, in one transaction. Events per second.
fn claims(url: &str, batch: usize) -> f64 {
    let transactions = transactions(batch);
    let rows = ALL * transactions * batch;
    psql(
        url,
        "CREATE TABLE jobs (id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, payload TEXT NOT NULL);
         CREATE TABLE effects (id UUID PRIMARY KEY, at TIMESTAMPTZ NOT NULL, payload TEXT NOT NULL)",
    );
    psql(
        url,
        &format!("INSERT INTO jobs (payload) SELECT repeat('x', {TEXT}) FROM generate_series(1, {rows})"),
    );
    psql(url, "VACUUM ANALYZE jobs");
    let script = format!(
        "BEGIN;
         DELETE FROM jobs WHERE id IN (SELECT id FROM jobs ORDER BY id FOR UPDATE SKIP LOCKED LIMIT {batch})
             RETURNING id, payload;
         INSERT INTO effects SELECT gen_random_uuid(), now(), repeat('x', {TEXT}) FROM generate_series(1, {batch});
         COMMIT;"
    );
    pgbench(url, transactions, &script, "") * batch as f64
}

/// The same claims as Deskhand's: the statements of [`Effects`] on its tables, without anything that leads to them.
/// Events per second.
async fn same_claims(batch: usize) -> f64 {
    let database = testkit::postgres().await;
    // The partitions are there.
    bus(&database, Log::Database).await;
    let Location::Postgres(url) = database.location() else { return f64::NAN };
    psql(
        url,
        "INSERT INTO bus_consumers (consumer_group, topic, partition, position, fence)
         SELECT 'audit', topic, partition, 0, 1 FROM bus_partitions
         ON CONFLICT (consumer_group, topic, partition) DO UPDATE SET fence = 1",
    );
    let workspace = Uuid::now_v7();
    let topic = Topic::ConversationsIncoming.as_str();
    let last = ALL - 1;
    let script = format!(
        r#"\set place random(0, {last})
         BEGIN; SET LOCAL deskhand.workspace_id = '{workspace}';
         INSERT INTO inbox_ledger (consumer_group, event_id, workspace_id, handled_at)
             SELECT consumer_group, CAST(value AS UUID), '{workspace}', now()
             FROM bus_consumers, jsonb_array_elements_text((
                 SELECT jsonb_agg(gen_random_uuid()) FROM generate_series(1, {batch}))) AS value
             WHERE consumer_group = 'audit' AND topic = '{topic}' AND partition = :place AND fence = 1
             ON CONFLICT (consumer_group, event_id) DO NOTHING RETURNING event_id;
         INSERT INTO audit (id, workspace_id, occurred_at, action, subject_kind, subject_id,
                 subject_number, subject_title, actor_kind, actor_id, actor_name, via, address, changes)
             SELECT CAST(v ->> 0 AS UUID), '{workspace}', CAST(v ->> 1 AS TIMESTAMPTZ), v ->> 2, v ->> 3,
                 CAST(v ->> 4 AS UUID), NULL, v ->> 5, v ->> 6, NULL, v ->> 7, v ->> 8, NULL, '[]'
             FROM jsonb_array_elements((
                 SELECT jsonb_agg(jsonb_build_array(gen_random_uuid(), now(), 'effect', 'effect',
                     gen_random_uuid(), repeat('x', {TEXT}), 'system', 'system', 'cli'))
                 FROM generate_series(1, {batch}))) AS v
             ON CONFLICT (id) DO NOTHING;
         COMMIT;
         "#
    );
    pgbench(url, transactions(batch), &script, "-c role=deskhand_app -c jit=off") * batch as f64
}

/// Jobs per second, and milliseconds at rest: median and p99.
fn peer(name: &str, url: &str) -> Option<(f64, f64, f64)> {
    let run = Command::new("node")
        .args([
            "benches/peers/queues.mjs",
            name,
            url,
            &MANY.to_string(),
            &TEXT.to_string(),
            &PACED.to_string(),
        ])
        .output()
        .ok()?;
    let figures: serde_json::Value = serde_json::from_slice(&run.stdout).ok()?;
    Some((figures["rate"].as_f64()?, figures["p50"].as_f64()?, figures["p99"].as_f64()?))
}

fn middle(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

async fn beside_queues(out: &mut String) {
    let _ = writeln!(
        out,
        "### Beside PostgreSQL's own rate and job queues on it\n\n\
         {MANY} events of {TEXT} bytes wait, {FEW} where they are taken one at a time; {ALL} partitions or clients; \
         medians of {ROUNDS} rounds that alternate. At rest: one event every {} ms, from its commit to its effect's. \
         Deskhand's events go from the outbox to the log, and from there to the ledger and the audit; a claim of \
         pgbench deletes a row with `SKIP LOCKED` and inserts one; the same claims are Deskhand's own statements on \
         its tables, a row in the ledger and one in the audit.\n\n\
         | what | at a time | events/s | at rest, median | p99 |\n|---|---|---|---|---|",
        PACE.as_millis()
    );
    let mut rates: HashMap<(&str, usize), Vec<f64>> = HashMap::new();
    let mut rest: HashMap<&str, (Vec<f64>, Vec<f64>)> = HashMap::new();
    for _ in 0..ROUNDS {
        for (count, batch) in [(FEW, 1), (MANY, BATCH)] {
            rates
                .entry(("pgbench", batch))
                .or_default()
                .push(claims(&testkit::empty_postgres().await, batch));
            rates.entry((SAME, batch)).or_default().push(same_claims(batch).await);
            let database = testkit::postgres().await;
            let mut ours = round(&database, Log::Database, count, batch, ALL).await;
            rates.entry(("Deskhand", batch)).or_default().push(ours.rate);
            if batch == BATCH {
                let (medians, lates) = rest.entry("Deskhand").or_default();
                medians.push(percentile(&mut ours.took, 0.5).as_secs_f64() * 1000.0);
                lates.push(percentile(&mut ours.took, 0.99).as_secs_f64() * 1000.0);
            }
        }
        for name in ["graphile-worker", "pg-boss"] {
            let Some((rate, p50, p99)) = peer(name, &testkit::empty_postgres().await) else { continue };
            rates.entry((name, BATCH)).or_default().push(rate);
            let (medians, lates) = rest.entry(name).or_default();
            medians.push(p50);
            lates.push(p99);
        }
    }
    let rows = [
        ("pgbench", 1),
        (SAME, 1),
        ("Deskhand", 1),
        ("pgbench", BATCH),
        (SAME, BATCH),
        ("Deskhand", BATCH),
        ("graphile-worker", BATCH),
        ("pg-boss", BATCH),
    ];
    for (name, batch) in rows {
        let rate = rates
            .remove(&(name, batch))
            .map_or("could not be run".to_owned(), |rates| format!("{:.0}", middle(rates)));
        let (median, late) = match rest.get(name).filter(|_| batch == BATCH).cloned() {
            Some((medians, lates)) => {
                (format!("{:.2} ms", middle(medians)), format!("{:.2} ms", middle(lates)))
            }
            None => (String::new(), String::new()),
        };
        let _ = writeln!(out, "| {name} | {batch} | {rate} | {median} | {late} |");
    }
    out.push('\n');
}

async fn on_every_log(out: &mut String) {
    let folder = tempfile::TempDir::new().expect("a folder");
    let _ = writeln!(
        out,
        "### On every log\n\n\
         The same with keys on 1, 4 and 12 partitions, {BATCH} at a time; processor time of this program and of the \
         servers together. An fsync took {} before. NATS and Kafka are one server each, with the database beside them \
         on PostgreSQL.\n\n\
         | database | log | partitions | events/s | at rest, median | p99 | processor time an event | disk flushes an event |\n\
         |---|---|---|---|---|---|---|---|",
        ms(fsync(folder.path()))
    );
    for (place, name, log) in [
        ("SQLite", "database", Log::Database),
        ("PostgreSQL", "database", Log::Database),
        ("PostgreSQL", "NATS", Log::Nats),
        ("PostgreSQL", "Kafka", Log::Kafka),
    ] {
        for partitions in PARTITIONS {
            let mut rounds = Vec::new();
            for _ in 0..ROUNDS {
                let database =
                    if place == "SQLite" { testkit::sqlite().await } else { testkit::postgres().await };
                rounds.push(round(&database, log, MANY, BATCH, partitions).await);
            }
            rounds.sort_by(|a, b| a.rate.total_cmp(&b.rate));
            let Round { rate, work, .. } = &rounds[ROUNDS / 2];
            let mut took: Vec<Duration> =
                rounds.iter().flat_map(|round| round.took.iter().copied()).collect();
            let _ = writeln!(
                out,
                "| {place} | {name} | {partitions} | {rate:.0} | {} | {} | {:.3} ms | {:.3} |",
                ms(percentile(&mut took, 0.5)),
                ms(percentile(&mut took, 0.99)),
                work.processor.as_secs_f64() * 1000.0 / MANY as f64,
                work.flushes as f64 / MANY as f64,
            );
        }
    }
}

pub(crate) async fn run() -> String {
    let mut out = String::from("## Events\n\n");
    beside_queues(&mut out).await;
    on_every_log(&mut out).await;
    out
}
