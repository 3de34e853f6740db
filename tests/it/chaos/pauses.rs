//! SIGSTOP, longer than a lease lasts, and SIGCONT: what a process that comes back to itself still had in its hands
//! belongs to others by then, and it does nothing more with it.

use std::time::Duration;

use rand::RngExt as _;

use super::on_postgres;
use super::system::{Part, number, rounds};

/// Longer than a lease.
const PAST_THE_LEASE: Duration = Duration::from_secs(17);
/// How many processes are paused, at least.
const PAUSES: u64 = 4;

/// One that serves, and others that do everything else, so that there is always one that goes on.
const PARTS: &[Part] = &[
    ("front", &["--roles", "web,api"]),
    ("back-1", BACK),
    ("back-2", BACK),
    ("back-3", BACK),
    ("back-4", BACK),
    ("back-5", BACK),
];
const BACK: &[&str] = &["--roles", "relay,clock,workers"];
/// How many of them are paused at once.
const AT_ONCE: usize = 4;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_was_paused_past_its_lease_does_nothing_that_others_have_done() {
    let place = on_postgres("database:").await;
    let pauses = number("DESKHAND_PAUSES").unwrap_or(PAUSES);
    let count = pauses.div_ceil(u64::try_from(AT_ONCE).unwrap());
    rounds(&place, PARTS, count, async |system, random| {
        let spared = random.random_range(1..PARTS.len());
        let paused: Vec<_> = (1..PARTS.len())
            .filter(|index| *index != spared)
            .filter_map(|index| system.running[index].as_ref())
            .collect();
        assert_eq!(paused.len(), AT_ONCE);
        for process in &paused {
            process.signal("STOP");
            // In the middle of something else than the others.
            tokio::time::sleep(Duration::from_millis(random.random_range(0..50))).await;
        }
        tokio::time::sleep(PAST_THE_LEASE).await;
        for process in &paused {
            process.signal("CONT");
        }
    })
    .await;
}
