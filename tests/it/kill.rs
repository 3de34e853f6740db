//! `kill -9` at random moments of the story: nothing that was acknowledged is missing, nothing happens twice.
//!
//! A failure prints its seed; `DESKHAND_SEED` repeats the run, `DESKHAND_ROUNDS` makes it longer.

mod ledger;
mod load;

use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{Rng as _, RngExt as _, SeedableRng as _};
use serde_json::json;
use uuid::Uuid;

use crate::api::{Api, set_up};
use crate::program::{Place, Process};

use ledger::Ledger;

/// Rounds on the embedded database.
const SQLITE_ROUNDS: u64 = 50;
/// Rounds on PostgreSQL, with two processes; on each log.
const POSTGRES_ROUNDS: u64 = 10;

/// One process of the system: its name, and its arguments.
type Part = (&'static str, &'static [&'static str]);

const WHOLE: &[Part] = &[("desk", &[])];
const SPLIT: &[Part] =
    &[("front", &["--roles", "web,api"]), ("back", &["--roles", "channels,relay,clock,workers"])];

fn number(name: &str) -> Option<u64> {
    std::env::var_os(name)?.to_str()?.parse().ok()
}

/// The processes that run; the first one serves.
struct System<'a> {
    place: &'a Place,
    parts: &'static [Part],
    running: Vec<Option<Process>>,
    url: String,
}

impl<'a> System<'a> {
    fn new(place: &'a Place, parts: &'static [Part]) -> Self {
        Self { place, parts, running: parts.iter().map(|_| None).collect(), url: String::new() }
    }

    /// Starts what does not run, and waits until it is ready.
    async fn start(&mut self) {
        for (slot, (name, arguments)) in self.running.iter_mut().zip(self.parts) {
            if slot.is_none() {
                *slot = Some(self.place.start(name, arguments));
            }
        }
        for (index, slot) in self.running.iter_mut().enumerate() {
            let url = slot.as_mut().expect("it was started").ready().await;
            if index == 0 {
                self.url = url;
            }
        }
    }

    fn first(&self) -> &Process {
        self.running[0].as_ref().expect("it runs")
    }

    /// Kills one of the processes, or all; at least one.
    fn kill_some(&mut self, random: &mut StdRng) {
        let chosen = random.random_range(0..=self.parts.len());
        for (index, slot) in self.running.iter_mut().enumerate() {
            let meant = chosen == self.parts.len() || chosen == index;
            if let Some(process) = slot.take_if(|_| meant) {
                process.kill();
            }
        }
    }
}

async fn rounds(place: &Place, parts: &'static [Part], rounds: u64) {
    let seed = number("DESKHAND_SEED").unwrap_or_else(|| rand::rng().next_u64());
    let rounds = number("DESKHAND_ROUNDS").unwrap_or(rounds);
    eprintln!("DESKHAND_SEED={seed}, {rounds} rounds");
    let begun = Instant::now();
    let mut random = StdRng::seed_from_u64(seed);
    let mut system = System::new(place, parts);
    system.start().await;
    let mut api = set_up(system.first(), &system.url).await;
    let articles: Vec<_> =
        load::ARTICLES.iter().map(|(path, text)| json!({"path": path, "text": text})).collect();
    let imported = api.post("/api/v1/articles/import", &json!({"files": articles})).await;
    assert_eq!(imported["created"], load::ARTICLES.len());
    let channel = api.get("/api/v1/channels").await["items"][0]["key"].as_str().unwrap().to_owned();
    let ledger = Ledger::default();
    for round in 0..rounds {
        let load = load::begin(&api, &channel, &ledger, (round, round < rounds / 2), &mut random);
        tokio::time::sleep(Duration::from_millis(random.random_range(60..900))).await;
        system.kill_some(&mut random);
        // The rest of a split system goes on alone for a moment.
        tokio::time::sleep(Duration::from_millis(random.random_range(0..100))).await;
        load.end().await;
        if random.random_range(0..8) == 0 {
            // And sometimes it does not even get to its start.
            let (name, arguments) = parts[0];
            if system.running[0].is_none() {
                let process = place.start(name, arguments);
                tokio::time::sleep(Duration::from_millis(random.random_range(1..120))).await;
                process.kill();
            }
        }
        system.start().await;
        api = api.at(&system.url, &api.token());
        let started = Instant::now();
        ledger.settle(&api).await;
        ledger.check(&api, Some(round)).await;
        eprintln!("round {round}: all was dealt with {:.1?} after the start", started.elapsed());
    }
    ledger.check(&api, None).await;
    eprintln!("{} in {:.0?}", ledger.summary(), begun.elapsed());
    assert!(ledger.is_worth_it(), "hardly anything happened: {}", ledger.summary());
}

/// An API at the same place for a visitor.
fn visitor(api: &Api, token: &str) -> Api {
    api.at(&api.url, token)
}

fn new_key() -> String {
    Uuid::now_v7().to_string()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_or_doubled_by_kill_9_on_sqlite() {
    rounds(&Place::new(), WHOLE, SQLITE_ROUNDS).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_or_doubled_by_kill_9_of_two_processes_on_postgresql() {
    rounds(&on_postgres("database:").await, SPLIT, POSTGRES_ROUNDS).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_or_doubled_by_kill_9_of_two_processes_on_postgresql_and_nats() {
    let bus = format!("nats://{}", testkit::nats());
    rounds(&on_postgres(&bus).await, SPLIT, POSTGRES_ROUNDS).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_or_doubled_by_kill_9_of_two_processes_on_postgresql_and_kafka() {
    let bus = format!("kafka://{}", testkit::kafka());
    rounds(&on_postgres(&bus).await, SPLIT, POSTGRES_ROUNDS).await;
}

/// A place for several processes on one database and one log.
async fn on_postgres(bus: &str) -> Place {
    Place::new().on_postgres(&testkit::empty_postgres().await).with("DESKHAND_BUS_URL", bus)
}
