//! How soon it is ready, how much memory it takes, how large it is.

use std::fmt::Write as _;

use crate::machine::{fsync, ms};
use crate::server::{Place, Prepared, binary, fill_tasks};

pub(crate) async fn run() -> String {
    let prepared = Prepared::new(Place::Sqlite).await;
    fill_tasks(&prepared.desk, &prepared.owner, 10_000).await;
    let probe = fsync(prepared.folder.path());
    let mut running = prepared.start().await;
    let mut readies = Vec::new();
    let mut idle = Vec::new();
    for _ in 0..7 {
        running.restart().await;
        readies.push(running.ready);
        tokio::time::sleep(std::time::Duration::from_secs(3)).await;
        idle.push(running.memory().0);
    }
    readies.sort();
    idle.sort_by(f64::total_cmp);
    let before = running.cpu();
    tokio::time::sleep(std::time::Duration::from_secs(20)).await;
    let used = running.cpu() - before;
    let size = std::fs::metadata(binary()).map_or(0, |file| file.len());
    let mut out = String::from("## Start and rest\n\nSQLite with 10,000 tasks; medians of 7 starts.\n\n");
    let _ = writeln!(out, "| what | measured | wanted |\n|---|---|---|");
    let _ = writeln!(out, "| ready after exec | {} | ≤ 100 ms |", ms(readies[3]));
    let _ = writeln!(out, "| resident when idle | {:.1} MB | ≤ 40 MB |", idle[3]);
    let _ = writeln!(out, "| binary with the page | {:.1} MB | ≤ 40 MB |", size as f64 / 1e6);
    let _ = writeln!(out, "| processor time in 20 s of rest | {used:.2} s | 0 |");
    let _ = writeln!(out, "\nfsync of the disk: {}.", ms(probe));
    out
}
