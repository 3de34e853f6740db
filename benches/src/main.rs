//! Measures the released program: start, memory, creating tasks, answering, telling webhooks, searching, reminding,
//! handling events, handing them over, draining them, replacing all of it under load.
//!
//! `make bench` runs all of it and writes `docs/benchmarks/latest.md`; `cargo run --release -p benches -- NAME…`
//! runs some: start, create, converse, webhooks, search, remind, queues, events, takeover, backlog, rolling.
//! Everything runs on this machine, the load generator too; the disk's fsync rate is measured right before each
//! figure, because disks drift.

mod backlog;
mod converse;
mod create;
mod events;
mod http;
mod machine;
mod queues;
mod remind;
mod rolling;
mod search;
mod server;
mod start;
mod takeover;
mod webhooks;

use std::fmt::Write as _;

const ALL: [&str; 11] = [
    "start", "create", "converse", "webhooks", "search", "remind", "queues", "events", "takeover", "backlog",
    "rolling",
];

#[tokio::main]
async fn main() {
    let asked: Vec<String> = std::env::args().skip(1).collect();
    if let Some(unknown) = asked.iter().find(|name| !ALL.contains(&name.as_str())) {
        eprintln!("there is no benchmark {unknown}; there are {}", ALL.join(", "));
        std::process::exit(2);
    }
    let wanted = |name: &str| asked.is_empty() || asked.iter().any(|asked| asked == name);
    let mut report = machine::heading();
    for name in ALL.into_iter().filter(|name| wanted(name)) {
        eprintln!("measuring {name} …");
        let section = match name {
            "start" => start::run().await,
            "create" => create::run().await,
            "converse" => converse::run().await,
            "webhooks" => webhooks::run().await,
            "search" => search::run().await,
            "remind" => remind::run().await,
            "queues" => queues::run().await,
            "events" => events::run().await,
            "takeover" => takeover::run().await,
            "backlog" => backlog::run().await,
            _ => rolling::run().await,
        };
        print!("{section}");
        let _ = write!(report, "\n{section}");
    }
    if asked.is_empty() {
        std::fs::write("docs/benchmarks/latest.md", &report).expect("docs/benchmarks can be written");
        eprintln!("written to docs/benchmarks/latest.md");
    }
}
