//! Durable creation of tasks over HTTP into one project, beside what the disk and the database can do.

use std::fmt::Write as _;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::http::Client;
use crate::machine::{fsync, ms, percentile};
use crate::server::{Place, Prepared, Running};

const CLIENTS: [usize; 3] = [1, 16, 64];
const ROUND: Duration = Duration::from_secs(3);
const ROUNDS: usize = 9;

struct Round {
    rate: f64,
    median: Duration,
    p99: Duration,
    refused: usize,
}

async fn load(running: &Running, clients: usize) -> Round {
    let until = Instant::now() + ROUND;
    let mut lanes = tokio::task::JoinSet::new();
    for lane in 0..clients {
        let mut client = Client::connect(&running.address, &running.token).await;
        lanes.spawn(async move {
            let mut took = Vec::new();
            let mut refused = 0;
            let mut n = 0;
            while Instant::now() < until {
                let body = format!(
                    r#"{{"title":"task {n} of lane {lane} for Acme","project":"Bench","priority":2}}"#
                );
                let started = Instant::now();
                let (status, _) = client.send("POST", "/api/v1/tasks", &body).await;
                took.push(started.elapsed());
                refused += usize::from(status != 201);
                n += 1;
            }
            (took, refused)
        });
    }
    let mut all = Vec::new();
    let mut refused = 0;
    while let Some(lane) = lanes.join_next().await {
        let (took, bad) = lane.expect("a lane");
        all.extend(took);
        refused += bad;
    }
    Round {
        rate: all.len() as f64 / ROUND.as_secs_f64(),
        median: percentile(&mut all, 0.5),
        p99: percentile(&mut all, 0.99),
        refused,
    }
}

/// Transactions per second of `pgbench -N`, on a database of its own of the same server.
fn pgbench(url: &str, clients: usize) -> f64 {
    let threads = clients.min(2).to_string();
    let clients = clients.to_string();
    let seconds = ROUND.as_secs().to_string();
    let run = Command::new("pgbench")
        .args(["-n", "-N", "-c", &clients, "-j", &threads, "-T", &seconds, url])
        .output();
    let text = run.map(|run| String::from_utf8_lossy(&run.stdout).into_owned()).unwrap_or_default();
    text.lines()
        .find_map(|line| line.strip_prefix("tps = "))
        .and_then(|line| line.split_whitespace().next())
        .and_then(|tps| tps.parse().ok())
        .expect("pgbench prints its rate")
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

pub(crate) async fn run() -> String {
    let mut out = String::from("## Creating tasks over HTTP\n\n");
    let _ = writeln!(
        out,
        "Into one project, each answered 201 after it has reached the disk; {} s a round, medians of {ROUNDS} rounds; \
         each is compared with the other program's round right before it.\n",
        ROUND.as_secs()
    );
    let _ = writeln!(
        out,
        "| database | clients | tasks/s | median | p99 | not 201 | beside it | wanted |\n|---|---|---|---|---|---|---|---|"
    );
    sqlite(&mut out).await;
    postgres(&mut out).await;
    out
}

async fn sqlite(out: &mut String) {
    let prepared = Prepared::new(Place::Sqlite).await;
    let running = prepared.start().await;
    for clients in CLIENTS {
        let mut rounds = Vec::new();
        let mut probes = Vec::new();
        for _ in 0..ROUNDS {
            probes.push(fsync(running.folder.path()));
            rounds.push(load(&running, clients).await);
        }
        let beside = format!("fsync {}", ms(percentile(&mut probes, 0.5)));
        let wanted = match clients {
            1 => "median ≤ fsync + 2 ms",
            64 => "≥ 3,000/s",
            _ => "",
        };
        row(out, "SQLite", clients, rounds, &beside, wanted);
    }
}

async fn postgres(out: &mut String) {
    let running = Prepared::new(Place::Postgres(testkit::empty_postgres().await)).await.start().await;
    let bench = testkit::empty_postgres().await;
    let made = Command::new("pgbench").args(["-i", "-q", "-s", "10", &bench]).output().expect("pgbench runs");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    for clients in CLIENTS {
        let mut rounds = Vec::new();
        let mut rates = Vec::new();
        for _ in 0..ROUNDS {
            rates.push(pgbench(&bench, clients));
            rounds.push(load(&running, clients).await);
        }
        // Of neighbours, since the machine is not the same from one minute to the next.
        let shares = rounds.iter().zip(&rates).map(|(ours, theirs)| 100.0 * ours.rate / theirs).collect();
        let beside = format!("pgbench -N {:.0}/s; ours is {:.0} %", median(rates), median(shares));
        row(out, "PostgreSQL", clients, rounds, &beside, if clients == 1 { "" } else { "≥ 60 %" });
    }
}

fn row(out: &mut String, database: &str, clients: usize, mut rounds: Vec<Round>, beside: &str, wanted: &str) {
    let refused: usize = rounds.iter().map(|round| round.refused).sum();
    rounds.sort_by(|a, b| a.rate.total_cmp(&b.rate));
    let (low, high) = (rounds[0].rate, rounds[rounds.len() - 1].rate);
    let middle = &rounds[rounds.len() / 2];
    let _ = writeln!(
        out,
        "| {database} | {clients} | {:.0} ({low:.0}–{high:.0}) | {} | {} | {refused} | {beside} | {wanted} |",
        middle.rate,
        ms(middle.median),
        ms(middle.p99),
    );
}
