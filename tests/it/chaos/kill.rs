//! `kill -9` at random moments: of one process that is everything, and of some of those that share the work.

use std::time::Duration;

use rand::RngExt as _;
use rand::rngs::StdRng;

use super::on_postgres;
use super::system::{FLEET, Part, System, WHOLE, number, rounds};
use crate::program::Place;

/// Rounds on the embedded database.
const SQLITE_ROUNDS: u64 = 50;
/// Rounds of a fleet on PostgreSQL; on each log.
const FLEET_ROUNDS: u64 = 6;

async fn kill(system: &mut System<'_>, random: &mut StdRng) {
    system.kill_some(random);
    // The rest of the system goes on alone for a moment.
    tokio::time::sleep(Duration::from_millis(random.random_range(0..100))).await;
    let (name, arguments) = system.parts[0];
    if system.running[0].is_none() && random.random_range(0..8) == 0 {
        // And sometimes it does not even get to its start.
        let process = system.place.start(name, arguments);
        tokio::time::sleep(Duration::from_millis(random.random_range(1..120))).await;
        process.kill();
    }
}

async fn nothing_is_lost(place: Place, parts: &'static [Part], usual: u64) {
    let count = number("DESKHAND_ROUNDS").unwrap_or(usual);
    rounds(&place, parts, count, async |system, random| kill(system, random).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_or_doubled_by_kill_9_on_sqlite() {
    nothing_is_lost(Place::new(), WHOLE, SQLITE_ROUNDS).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_or_doubled_by_kill_9_in_a_fleet_on_postgresql() {
    nothing_is_lost(on_postgres("database:").await, FLEET, FLEET_ROUNDS).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_or_doubled_by_kill_9_in_a_fleet_on_postgresql_and_nats() {
    let bus = format!("nats://{}", testkit::nats());
    nothing_is_lost(on_postgres(&bus).await, FLEET, FLEET_ROUNDS).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_or_doubled_by_kill_9_in_a_fleet_on_postgresql_and_kafka() {
    let bus = format!("kafka://{}", testkit::kafka());
    nothing_is_lost(on_postgres(&bus).await, FLEET, FLEET_ROUNDS).await;
}
