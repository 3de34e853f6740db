//! Partitions that change hands: a process that comes, one that goes, and one that is killed, while events come.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use sqlx::PgConnection;

use crate::backlog::{RATE, pace, system, took};
use crate::machine::{ms, percentile};
use crate::server::{Place, Prepared, Running};

const ROUNDS: usize = 5;
/// How long two processes get to share.
const SHARED: Duration = Duration::from_secs(6);

/// How many partitions each process has, of all groups; and how many nobody has.
async fn shares(reader: &mut PgConnection) -> (Vec<i64>, i64) {
    let rows: Vec<(Option<String>, i64)> = sqlx::query_as(
        "SELECT CASE WHEN lease_until > now() THEN owner END AS holder, count(*) FROM bus_consumers GROUP BY holder",
    )
    .fetch_all(reader)
    .await
    .expect("the leases");
    let free = rows.iter().filter(|(owner, _)| owner.is_none()).map(|(_, count)| count).sum();
    (rows.into_iter().filter(|(owner, _)| owner.is_some()).map(|(_, count)| count).collect(), free)
}

/// How long it takes until `processes` have everything, nobody more than twice as much as another.
async fn shared(url: &str, processes: usize) -> Duration {
    let mut reader = system(url).await;
    let began = Instant::now();
    loop {
        let (parts, free) = shares(&mut reader).await;
        let (least, most) = (parts.iter().min().copied(), parts.iter().max().copied());
        let even = least.zip(most).is_some_and(|(least, most)| most <= 2 * least);
        if parts.len() == processes && free == 0 && even {
            return began.elapsed();
        }
        assert!(began.elapsed() < Duration::from_secs(60), "they have {parts:?}, and {free} are free");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// A process comes, and one goes.
async fn moves(out: &mut String) {
    let url = testkit::empty_postgres().await;
    let running = Prepared::new(Place::Postgres(url.clone())).await.start().await;
    shared(&url, 1).await;
    let (mut comes, mut goes) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let mut other: Running = running.beside().await;
        comes.push(shared(&url, 2).await);
        tokio::time::sleep(SHARED).await;
        let began = Instant::now();
        other.stop();
        goes.push(shared(&url, 1).await.max(began.elapsed()));
    }
    let _ = writeln!(
        out,
        "A second process had its share of all partitions {} after it was ready (median of {ROUNDS}; at most {}; wanted \
         ≤ 5 s). After SIGTERM to it the first had all of them again within {} (at most {}), its own end included.\n",
        ms(percentile(&mut comes, 0.5)),
        ms(percentile(&mut comes, 1.0)),
        ms(percentile(&mut goes, 0.5)),
        ms(percentile(&mut goes, 1.0)),
    );
}

/// Two processes are killed one after the other while events come, each with another one beside it: one of them had the
/// events' partitions.
async fn killed(out: &mut String) {
    let url = testkit::empty_postgres().await;
    let prepared = Prepared::new(Place::Postgres(url.clone())).await;
    let workspace = prepared.owner.workspace;
    let store = testkit::beside(&url).await;
    let mut first = prepared.start().await;
    let mut second = first.beside().await;
    tokio::time::sleep(SHARED).await;
    let (paced, _third) =
        tokio::join!(pace(&store, workspace, Instant::now() + Duration::from_secs(55)), async {
            first.kill();
            tokio::time::sleep(Duration::from_secs(20)).await;
            let third = second.beside().await;
            tokio::time::sleep(SHARED).await;
            second.kill();
            third
        });
    let mut took = took(&url, &paced).await;
    let _ = writeln!(
        out,
        "Processes were killed with {RATE} events a second coming: the last of their events was handled {:.1} s \
         after it was appended (wanted ≤ 16 s; graphile-worker 0.17 waits four hours for a job that is locked).\n",
        percentile(&mut took, 1.0).as_secs_f64()
    );
}

pub(crate) async fn run() -> String {
    let mut out = String::from("## Partitions that change hands\n\n");
    moves(&mut out).await;
    killed(&mut out).await;
    out
}
