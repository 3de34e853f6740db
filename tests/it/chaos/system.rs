//! The processes of a system, and the rounds in which they are harmed.

use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{Rng as _, RngExt as _, SeedableRng as _};

use super::hook::Hook;
use super::ledger::Ledger;
use super::{load, open_doors};
use crate::api::{Api, set_up};
use crate::program::{PATIENCE, Place, Process};

/// One process of the system: its name, and its arguments.
pub(super) type Part = (&'static str, &'static [&'static str]);

pub(super) const WHOLE: &[Part] = &[("desk", &[])];

/// What serves pages, and what does everything else.
pub(super) const HALVES: &[Part] =
    &[("front", &["--roles", "web,api"]), ("back", &["--roles", "channels,relay,clock,workers"])];

/// Each role that can be alone, and two that share the groups.
pub(super) const FLEET: &[Part] = &[
    ("front", &["--roles", "web,api"]),
    ("relay", &["--roles", "relay"]),
    ("clock", &["--roles", "clock,channels"]),
    ("workers-1", &["--roles", "workers"]),
    ("workers-2", &["--roles", "workers"]),
];

pub(super) fn number(name: &str) -> Option<u64> {
    std::env::var_os(name)?.to_str()?.parse().ok()
}

/// The processes that run; the first one serves.
pub(super) struct System<'a> {
    pub(super) place: &'a Place,
    pub(super) parts: &'static [Part],
    pub(super) running: Vec<Option<Process>>,
    pub(super) url: String,
}

impl<'a> System<'a> {
    pub(super) fn new(place: &'a Place, parts: &'static [Part]) -> Self {
        Self { place, parts, running: parts.iter().map(|_| None).collect(), url: String::new() }
    }

    /// Starts what does not run, and waits until it is ready.
    pub(super) async fn start(&mut self) {
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

    pub(super) fn first(&self) -> &Process {
        self.running[0].as_ref().expect("it runs")
    }

    /// Kills one of the processes, or all; at least one.
    pub(super) fn kill_some(&mut self, random: &mut StdRng) {
        let chosen = random.random_range(0..=self.parts.len());
        for (index, slot) in self.running.iter_mut().enumerate() {
            let meant = chosen == self.parts.len() || chosen == index;
            if let Some(process) = slot.take_if(|_| meant) {
                process.kill();
            }
        }
    }
}

/// Rounds of load, in each of which `harm` is done to the system or to what it needs. When that is over and what does
/// not run is started again, everything that was acknowledged has to be there, once, and nothing else.
pub(super) async fn rounds(
    place: &Place,
    parts: &'static [Part],
    rounds: u64,
    mut harm: impl AsyncFnMut(&mut System<'_>, &mut StdRng),
) {
    let seed = number("DESKHAND_SEED").unwrap_or_else(|| rand::rng().next_u64());
    eprintln!("DESKHAND_SEED={seed}, {rounds} rounds");
    let begun = Instant::now();
    let mut random = StdRng::seed_from_u64(seed);
    let mut system = System::new(place, parts);
    system.start().await;
    let mut api = set_up(system.first(), &system.url).await;
    let channel = open_doors(&api).await;
    let hook = Hook::begin(&api).await;
    let ledger = Ledger::default();
    for round in 0..rounds {
        let load = load::begin(&api, &channel, &ledger, (round, round < rounds / 2), &mut random);
        tokio::time::sleep(Duration::from_millis(random.random_range(60..900))).await;
        if round + 1 == rounds {
            enough(&ledger).await;
        }
        harm(&mut system, &mut random).await;
        load.end().await;
        system.start().await;
        api = api.at(&system.url, &api.token());
        let started = Instant::now();
        answers(&api).await;
        ledger.settle(&api).await;
        ledger.check(&api, Some(round)).await;
        eprintln!("round {round}: all was dealt with {:.1?} after the end of it", started.elapsed());
    }
    ledger.check(&api, None).await;
    ledger.check_told(&api, &hook).await;
    eprintln!("{} in {:.0?}", ledger.summary(), begun.elapsed());
    assert!(ledger.is_worth_it(), "hardly anything happened: {}", ledger.summary());
}

/// Waits until so much has happened that the result means something: on a slow machine that takes longer.
async fn enough(ledger: &Ledger) {
    let begun = Instant::now();
    while !ledger.is_worth_it() && begun.elapsed() < PATIENCE {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Waits until the desk answers again by itself.
async fn answers(api: &Api) {
    let begun = Instant::now();
    while let Err(error) = api.try_get("/api/v1/me").await {
        assert!(begun.elapsed() < PATIENCE, "it does not come back: {error:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
