//! Events beside what PostgreSQL does with the same claims, and what job queues do with the same jobs.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::process::Command;
use std::time::Duration;

use store::{Location, Store};
use testkit::Postgres;
use uuid::Uuid;

use crate::events::{BATCH, Log, MANY, PACE, PACED, ROUNDS, Running, TEXT};
use crate::machine::{fsync, fsync_at_rest, percentile, touch_memory};

/// How many events wait when a round begins, where they are taken [`BATCH`] at a time, and where one at a time; the job
/// queues have fewer.
const LONG: usize = 120_000;
const ONE_BY_ONE: usize = 24_000;
/// How many partitions the topic has; with as many clients the others work.
const ALL: usize = 12;
/// How many rounds compare the two: the machine is not as fast in each.
const PAIRS: usize = 9;
/// How many segments of PostgreSQL's log are there before the first round.
const SEGMENTS: usize = 100;
/// How many transactions, and flushes, show what one takes at rest.
const ALONE: usize = 200;
/// How much longer each flush of PostgreSQL's log takes on the slow disk.
const SLOWER: Duration = Duration::from_millis(3);
const FLUSH: &str = "one flush";
const CLAIMS: &str = "pgbench, claims with SKIP LOCKED";

/// The same table as Deskhand's audit, in which the effect is a row.
const EFFECTS: &str = "CREATE TABLE effects (id UUID PRIMARY KEY, workspace_id UUID NOT NULL,
         occurred_at TIMESTAMPTZ NOT NULL, action TEXT NOT NULL, subject_kind TEXT NOT NULL, subject_id UUID NOT NULL,
         subject_number BIGINT, subject_title TEXT NOT NULL, actor_kind TEXT NOT NULL, actor_id UUID,
         actor_name TEXT NOT NULL, via TEXT NOT NULL, address TEXT, changes JSONB NOT NULL);
     CREATE INDEX ON effects (workspace_id, subject_id, id);
     CREATE INDEX ON effects (workspace_id, id)";

fn psql(url: &str, sql: &str) {
    let done = Command::new("psql").args(["-q", "-v", "ON_ERROR_STOP=1", "-c", sql, url]).output();
    let done = done.expect("psql runs");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

/// Runs what only a superuser may.
fn administer(url: &str, sql: &str) {
    psql(&url.replace("deskhand@", "postgres@"), sql);
}

/// Lets the server be as one that has run for a while: its log goes to segments that were used before, and what is
/// measured has no checkpoint in it.
fn warm_up(url: &str) {
    administer(url, "ALTER SYSTEM SET max_wal_size = '16GB'");
    administer(url, "ALTER SYSTEM SET min_wal_size = '2GB'");
    administer(url, "ALTER SYSTEM SET checkpoint_timeout = '1h'");
    administer(url, "SELECT pg_reload_conf()");
    for _ in 0..SEGMENTS {
        administer(url, "SELECT pg_logical_emit_message(false, 'warm', 'up'), pg_switch_wal()");
    }
    administer(url, "CHECKPOINT");
}

/// A checkpoint, before the rows are made that a round begins with.
fn checkpoint(url: &str) {
    administer(url, "CHECKPOINT");
}

/// Runs a transaction again and again, or one every `pace`; gives the figures that pgbench shows under these names.
fn pgbench<const N: usize>(
    url: &str,
    clients: usize,
    transactions: usize,
    pace: Option<Duration>,
    script: &str,
    names: [&str; N],
) -> [f64; N] {
    let folder = tempfile::TempDir::new().expect("a folder");
    let file = folder.path().join("claim.sql");
    // pgbench ends a statement at a semicolon, not at a line's end.
    std::fs::write(&file, script).expect("the script is written");
    let threads = clients.min(2).to_string();
    let (clients, transactions) = (clients.to_string(), transactions.to_string());
    let rate = pace.map(|pace| format!("--rate={}", 1.0 / pace.as_secs_f64()));
    let run = Command::new("pgbench")
        .args(["-n", "-M", "prepared", "-c", &clients, "-j", &threads, "-t", &transactions])
        .args(rate)
        .arg("-f")
        .arg(&file)
        .arg(url)
        .output()
        .expect("pgbench runs");
    let text = String::from_utf8_lossy(&run.stdout);
    let figure = |name: &str| -> f64 {
        let figure = text
            .lines()
            .find_map(|line| line.strip_prefix(name))
            .and_then(|rest| rest.split(' ').next()?.parse().ok());
        figure.unwrap_or_else(|| panic!("pgbench says its {name}: {}", String::from_utf8_lossy(&run.stderr)))
    };
    names.map(figure)
}

/// How many transactions each client makes.
const fn transactions(batch: usize) -> usize {
    (if batch == 1 { ONE_BY_ONE } else { LONG }) / (ALL * batch)
}

/// Makes `rows` jobs that wait, in the database of a queue that consists of nothing else.
fn jobs(url: &str, rows: usize) {
    checkpoint(url);
    psql(
        url,
        "CREATE TABLE jobs (id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, payload TEXT NOT NULL)",
    );
    psql(url, EFFECTS);
    psql(
        url,
        &format!("INSERT INTO jobs (payload) SELECT repeat('x', {TEXT}) FROM generate_series(1, {rows})"),
    );
    psql(url, "VACUUM ANALYZE jobs");
}

/// What the best queue that PostgreSQL can be does with `batch` jobs: rows that wait are taken out, nobody waiting for
/// anybody, and as many effects are written, in one transaction.
fn claim(batch: usize) -> String {
    let workspace = Uuid::now_v7();
    format!(
        "BEGIN;
         DELETE FROM jobs WHERE id IN (SELECT id FROM jobs ORDER BY id FOR UPDATE SKIP LOCKED LIMIT {batch})
             RETURNING id, payload;
         INSERT INTO effects SELECT gen_random_uuid(), '{workspace}', now(), 'effect', 'effect', gen_random_uuid(), NULL,
             repeat('x', {TEXT}), 'system', NULL, 'system', 'cli', NULL, '[]' FROM generate_series(1, {batch});
         COMMIT;"
    )
}

/// The rate of claims, in events per second.
fn claims(url: &str, batch: usize) -> f64 {
    let transactions = transactions(batch);
    jobs(url, ALL * transactions * batch);
    touch_memory();
    let [rate] = pgbench(url, ALL, transactions, None, &claim(batch), ["tps = "]);
    rate * batch as f64
}

/// What a job queue shows: jobs per second, and milliseconds at rest, median and p99.
fn peer(name: &str, url: &str, jobs: usize) -> Option<(f64, f64, f64)> {
    psql(url, EFFECTS);
    touch_memory();
    let (jobs, text, paced) = (jobs.to_string(), TEXT.to_string(), PACED.to_string());
    let run = Command::new("node")
        .args(["benches/peers/queues.mjs", name, url, &jobs, &text, &paced])
        .output()
        .ok()?;
    let figures: serde_json::Value = serde_json::from_slice(&run.stdout).ok()?;
    Some((figures["rate"].as_f64()?, figures["p50"].as_f64()?, figures["p99"].as_f64()?))
}

fn middle(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Figures of several rounds by what they are of, in the order in which those came first.
#[derive(Default)]
struct Figures {
    names: Vec<(&'static str, usize)>,
    of: HashMap<(&'static str, usize), Vec<f64>>,
}

impl Figures {
    fn add(&mut self, name: &'static str, batch: usize, figure: f64) {
        eprintln!("  {name}, {batch} at a time: {figure:.2}");
        if !self.names.contains(&(name, batch)) {
            self.names.push((name, batch));
        }
        self.of.entry((name, batch)).or_default().push(figure);
    }

    fn middles(mut self) -> impl Iterator<Item = ((&'static str, usize), f64)> {
        let names = std::mem::take(&mut self.names);
        names.into_iter().filter_map(move |name| Some((name, middle(self.of.remove(&name)?))))
    }
}

async fn rates(out: &mut String) {
    let _ = writeln!(
        out,
        "{LONG} events of {TEXT} bytes wait, {ONE_BY_ONE} where they are taken one at a time, {MANY} for the job queues; \
         {ALL} partitions or clients; medians of {PAIRS} rounds that alternate, {ROUNDS} for the job queues. Each is \
         compared with the claims right before it, and begins with free memory that was touched before. In all of them an event's effect is a row of the audit with its \
         three indexes. Deskhand's events go from the outbox to the log, and from there to the audit; a claim of \
         pgbench deletes a row with `SKIP LOCKED`, and neither knows an order nor whether something was done \
         before.\n\n\
         | what | at a time | events/s | of the claims |\n|---|---|---|---|"
    );
    warm_up(&testkit::empty_postgres().await);
    let (mut rates, mut shares) = (Figures::default(), Figures::default());
    for round in 0..PAIRS {
        let mut ceiling = f64::NAN;
        for (count, batch) in [(ONE_BY_ONE, 1), (LONG, BATCH)] {
            ceiling = claims(&testkit::empty_postgres().await, batch);
            rates.add(CLAIMS, batch, ceiling);
            let database = testkit::postgres().await;
            if let Location::Postgres(url) = database.location() {
                checkpoint(url);
            }
            let (running, rate, _) = Running::drain(&database, Log::Database, count, batch, ALL).await;
            running.stop().await;
            rates.add("Deskhand", batch, rate);
            shares.add("Deskhand", batch, 100.0 * rate / ceiling);
        }
        for name in ["graphile-worker", "pg-boss"] {
            if round < ROUNDS
                && let Some((rate, ..)) = peer(name, &testkit::empty_postgres().await, MANY)
            {
                rates.add(name, BATCH, rate);
                shares.add(name, BATCH, 100.0 * rate / ceiling);
            }
        }
    }
    for ((name, batch), rate) in rates.middles() {
        let share = match shares.of.get(&(name, batch)) {
            Some(of) => {
                let (least, most) =
                    of.iter().fold((f64::MAX, 0.0_f64), |(a, b), of| (a.min(*of), b.max(*of)));
                format!("{:.0} % ({least:.0}–{most:.0})", middle(of.clone()))
            }
            None => "100 %".to_owned(),
        };
        let _ = writeln!(out, "| {name} | {batch} | {rate:.0} | {share} |");
    }
    out.push('\n');
}

async fn deskhand_at_rest(store: &Store) -> (f64, f64) {
    let (running, ..) = Running::drain(store, Log::Database, BATCH, BATCH, ALL).await;
    let mut took = running.rest().await;
    running.stop().await;
    let ms = |share| percentile(&mut took, share).as_secs_f64() * 1000.0;
    [0.5, 0.99].map(ms).into()
}

async fn at_rest(out: &mut String) {
    let _ = writeln!(
        out,
        "At rest: one event every {} ms, from its commit until its effect is on the disk; medians of {ROUNDS} rounds. On \
         the slow disk each flush of PostgreSQL's log takes {} ms longer. One flush and one transaction are at the same \
         pace: on a machine that rests in between each takes longer than one after the other. One transaction is \
         pgbench's claim of one job with its effect, on average, by one client.\n\n\
         | disk | what | median | p99 | of a flush |\n|---|---|---|---|---|",
        PACE.as_millis(),
        SLOWER.as_millis(),
    );
    let folder = tempfile::TempDir::new().expect("a folder");
    for (disk, slower) in [("as it is", Duration::ZERO), ("slow", SLOWER)] {
        let server = Postgres::start_on_slow_disk(slower).await;
        let (mut medians, mut lates) = (Figures::default(), Figures::default());
        for _ in 0..ROUNDS {
            let at_once = fsync(folder.path()) + slower;
            medians.add("one flush after the other", 1, at_once.as_secs_f64() * 1000.0);
            let flush = fsync_at_rest(folder.path(), PACE, slower, ALONE);
            medians.add(FLUSH, 1, flush.as_secs_f64() * 1000.0);

            let url = server.new_database().await;
            jobs(&url, ALONE);
            // What it says of a transaction begins when that should have begun.
            let names = ["latency average = ", "rate limit schedule lag: avg "];
            let [took, late] = pgbench(&url, 1, ALONE, Some(PACE), &claim(1), names);
            medians.add("one transaction", 1, took - late);

            let store = testkit::beside(&server.new_database().await).await;
            let (median, late) = deskhand_at_rest(&store).await;
            medians.add("Deskhand", 1, median);
            lates.add("Deskhand", 1, late);

            for name in ["graphile-worker", "pg-boss"] {
                let url = server.new_database().await;
                if let Some((_, median, late)) = peer(name, &url, BATCH) {
                    medians.add(name, 1, median);
                    lates.add(name, 1, late);
                }
            }
        }
        let lates: HashMap<_, _> = lates.middles().collect();
        let medians: Vec<_> = medians.middles().collect();
        let flush = medians.iter().find(|(name, _)| name.0 == FLUSH).map_or(f64::NAN, |(_, median)| *median);
        for (name, median) in medians {
            let late = lates.get(&name).map_or(String::new(), |late| format!("{late:.2} ms"));
            let _ =
                writeln!(out, "| {disk} | {} | {median:.2} ms | {late} | {:.1} × |", name.0, median / flush);
        }
    }
    out.push('\n');
}

pub(crate) async fn run() -> String {
    let mut out = String::from("## Events beside PostgreSQL's own rate and job queues on it\n\n");
    rates(&mut out).await;
    at_rest(&mut out).await;
    out
}
