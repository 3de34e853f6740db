//! Measures what a decision of the built-in answerer costs, over the guides three times.
//!
//! `cargo run --release -p deskhand-hand --example answer_speed -- [sqlite:FILE | postgres://…]` on an empty database.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use desk::Desk;
use desk::articles::ImportFile;
use desk::workspaces::Setup;
use domain::{Caller, SystemClock, SystemIds, Via};
use hand::{Decision, Hand};
use store::{Location, Options, Store};

type Failure = Box<dyn std::error::Error>;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let place = std::env::args().nth(1).unwrap_or_else(|| "sqlite:/tmp/answer-speed.db".to_owned());
    let location = match place.strip_prefix("sqlite:") {
        Some(path) => Location::Sqlite(path.into()),
        None => Location::Postgres(place),
    };
    let clock = Arc::new(SystemClock);
    let store = Store::open(Options { location, connections: 8, serve: true, clock: clock.clone() }).await?;
    let desk = Desk::new(store, clock, Arc::new(SystemIds));
    let setup = Setup {
        workspace: "Acme".to_owned(),
        name: "Ada".to_owned(),
        email: "ada@example.com".to_owned(),
        password: "correct horse battery".to_owned(),
        zone: "Europe/Berlin".to_owned(),
    };
    let workspace = desk::workspaces::create(&desk, setup).await?.workspace;
    let caller = Caller::system(workspace, Via::Cli, desk.new_id());
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    for entry in std::fs::read_dir(here.join("../../docs/guide"))? {
        let path = entry?.path();
        if path.is_dir() {
            continue;
        }
        let text = std::fs::read_to_string(&path)?;
        for copy in ["a", "b", "c"] {
            let text = text.replacen("\nslug: ", &format!("\nslug: {copy}-"), 1);
            files.push(ImportFile { path: format!("{copy}/{}", path.display()), text });
        }
    }
    desk::articles::import(&desk, &caller, files).await?;
    let passages = desk::articles::passages_after(&desk, workspace, 0, 100_000).await?.len();

    let questions: Vec<String> = std::fs::read_to_string(here.join("tests/questions.jsonl"))?
        .lines()
        .filter_map(|line| {
            serde_json::from_str::<serde_json::Value>(line).ok()?["text"].as_str().map(str::to_owned)
        })
        .collect();
    let hand = Hand::default();
    let begun = Instant::now();
    hand.decide(&desk, workspace, "how do I invite an agent", &[]).await?;
    let mut out = std::io::stdout();
    writeln!(out, "{passages} sections; the first decision, which reads them all: {:.2?}", begun.elapsed())?;

    let mut times: Vec<Duration> = Vec::new();
    let mut answered = 0;
    for _ in 0..5 {
        for question in &questions {
            let begun = Instant::now();
            if let Decision::Answer { .. } = hand.decide(&desk, workspace, question, &[]).await? {
                answered += 1;
            }
            times.push(begun.elapsed());
        }
    }
    times.sort_unstable();
    let at = |share: usize| times[(times.len() - 1) * share / 100];
    let total: Duration = times.iter().sum();
    writeln!(
        out,
        "{} decisions ({answered} answers), one after the other: mean {:.2?}  p50 {:.2?}  p99 {:.2?}",
        times.len(),
        total / u32::try_from(times.len())?,
        at(50),
        at(99)
    )?;
    Ok(())
}
