//! Searching ten thousand tasks, in the process and over HTTP, for rare and for common words.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use crate::http::Client;
use crate::machine::{ms, percentile};
use crate::server::{Place, Prepared, fill_tasks};

const WORDS: [(&str, &str); 5] = [
    ("rare", "zebra3"),
    ("one in twelve", "hartmann"),
    ("in every task", "task"),
    ("two words", "invoice dana"),
    ("a beginning", "contr"),
];
const TIMES: usize = 400;
const ROUNDS: usize = 3;

async fn measure(place: Place, name: &str, out: &mut String) {
    let prepared = Prepared::new(place).await;
    fill_tasks(&prepared.desk, &prepared.owner, 10_000).await;
    let mut inside = Vec::new();
    for (_, word) in WORDS {
        let mut rounds = Vec::new();
        for _ in 0..ROUNDS {
            let mut took: Vec<Duration> = Vec::new();
            for _ in 0..TIMES {
                let started = Instant::now();
                let hits = desk::search::search(&prepared.desk, &prepared.owner, word, Vec::new(), 20)
                    .await
                    .expect("hits");
                took.push(started.elapsed());
                assert!(!hits.is_empty(), "{word} finds nothing");
            }
            rounds.push(took);
        }
        inside.push(rounds);
    }
    let running = prepared.start().await;
    let mut client = Client::connect(&running.address, &running.token).await;
    // What the filling left to the groups is not part of a search.
    while !caught_up(&mut client).await {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    for ((kind, word), mut inside) in WORDS.into_iter().zip(inside) {
        let path = format!("/api/v1/search?q={}", word.replace(' ', "%20"));
        let mut rounds = Vec::new();
        for _ in 0..ROUNDS {
            let mut took = Vec::new();
            for _ in 0..TIMES {
                let started = Instant::now();
                let (status, _) = client.send("GET", &path, "").await;
                took.push(started.elapsed());
                assert_eq!(status, 200);
            }
            rounds.push(took);
        }
        let _ = writeln!(
            out,
            "| {name} | {kind} (“{word}”) | {} | {} | {} | {} | ≤ 5 ms and ≤ 10 ms |",
            ms(of_rounds(&mut inside, 0.5)),
            ms(of_rounds(&mut inside, 0.99)),
            ms(of_rounds(&mut rounds, 0.5)),
            ms(of_rounds(&mut rounds, 0.99)),
        );
    }
}

/// The median of the rounds' percentiles.
fn of_rounds(rounds: &mut [Vec<Duration>], share: f64) -> Duration {
    let mut each: Vec<Duration> = rounds.iter_mut().map(|took| percentile(took, share)).collect();
    percentile(&mut each, 0.5)
}

/// Whether every group has handled everything that has happened.
async fn caught_up(client: &mut Client) -> bool {
    let (status, metrics) = client.send("GET", "/metrics", "").await;
    assert_eq!(status, 200, "{metrics}");
    let waiting =
        |line: &&str| line.starts_with("deskhand_outbox_pending") || line.starts_with("deskhand_bus_lag");
    let mut figures = metrics.lines().filter(waiting).peekable();
    figures.peek().is_some() && figures.all(|line| line.ends_with(" 0"))
}

pub(crate) async fn run() -> String {
    let mut out = String::from("## Searching 10,000 tasks\n\n");
    let _ = writeln!(
        out,
        "{TIMES} searches each, one after the other, with nothing else going on; medians of {ROUNDS} rounds.\n"
    );
    let _ = writeln!(
        out,
        "| database | word | in the process, median | p99 | over HTTP, median | p99 | wanted (p99) |\n|---|---|---|---|---|---|---|"
    );
    measure(Place::Sqlite, "SQLite", &mut out).await;
    measure(Place::Postgres(testkit::empty_postgres().await), "PostgreSQL", &mut out).await;
    out
}
