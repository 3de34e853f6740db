//! Measures what search costs: documents added a second, and how long a search takes among many of them.
//!
//! `cargo run --release -p deskhand-store --example search_speed -- [sqlite:FILE | postgres://…] [DOCUMENTS]`
//! on an empty database. Half of the documents are of another workspace, which must not slow this one down.

use std::sync::Arc;
use std::time::Instant;

use domain::ids::WorkspaceId;
use domain::{Clock, SystemClock};
use store::search::{Doc, Kind, Query};
use store::{Error, Location, Options, Store};
use uuid::Uuid;

const WORDS: [&str; 40] = [
    "call",
    "refund",
    "invoice",
    "order",
    "parcel",
    "login",
    "password",
    "printer",
    "delivery",
    "address",
    "change",
    "quote",
    "meeting",
    "contract",
    "renewal",
    "error",
    "report",
    "price",
    "return",
    "label",
    "account",
    "billing",
    "update",
    "review",
    "draft",
    "summer",
    "catalogue",
    "supplier",
    "stock",
    "warehouse",
    "driver",
    "website",
    "newsletter",
    "campaign",
    "budget",
    "training",
    "holiday",
    "office",
    "keys",
    "customer",
];

#[tokio::main]
async fn main() -> Result<(), Error> {
    let mut arguments = std::env::args().skip(1);
    let place = arguments.next().unwrap_or_else(|| "sqlite:/tmp/search-speed.db".to_owned());
    let documents: usize = arguments.next().and_then(|n| n.parse().ok()).unwrap_or(10_000);
    let location = match place.strip_prefix("sqlite:") {
        Some(path) => Location::Sqlite(path.into()),
        None => Location::Postgres(place),
    };
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let store = Store::open(Options { location, connections: 4, serve: true, clock }).await?;
    let ours = WorkspaceId(Uuid::now_v7());
    let others = WorkspaceId(Uuid::now_v7());

    let begun = Instant::now();
    for round in 0..documents / 128 {
        let writes = (0..256).map(|n| add(&store, if n % 2 == 0 { ours } else { others }, round * 256 + n));
        futures_util::future::try_join_all(writes).await?;
    }
    let took = begun.elapsed();
    report(&format!(
        "{} documents added, {:.0} a second",
        documents * 2,
        documents as f64 * 2.0 / took.as_secs_f64()
    ));

    for (what, text) in [
        ("in every document", "customer"),
        ("common and common", "customer refund"),
        ("two words of the forty", "warehouse keys"),
        ("one document", "serial4242"),
        ("rare and common", "customer serial4242"),
        ("three letters of the common one", "cus"),
        ("two letters of it", "cu"),
        ("six words, nothing has all", "customer refund invoice nonsuch order before"),
        ("nothing has all of it", "refund nonsuch"),
        ("a number", "#77"),
    ] {
        let mut times = Vec::new();
        let mut hits = 0;
        for _ in 0..300 {
            let begun = Instant::now();
            hits = search(&store, ours, text).await?;
            times.push(begun.elapsed());
        }
        times.sort_unstable();
        let at = |share: usize| times[times.len() * share / 100];
        report(&format!("{what:32} {hits:3} hits  p50 {:>8.2?}  p99 {:>8.2?}", at(50), at(99)));
    }
    store.close().await;
    Ok(())
}

fn report(line: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stdout(), "{line}");
}

async fn add(store: &Store, workspace: WorkspaceId, n: usize) -> Result<(), Error> {
    store
        .write(workspace, n, |tx, n| {
            Box::pin(async move {
                let word = |k: usize| WORDS[(n * 7 + k * 13 + n / 40) % WORDS.len()];
                let title = format!("{} the {} of {}", word(1), word(2), word(3));
                let body =
                    format!("a customer wants the {} {} serial{n} before the {}", word(4), word(5), word(6));
                let doc = Doc {
                    kind: Kind::Task,
                    record_id: Uuid::now_v7(),
                    conversation_id: None,
                    number: Some(i64::try_from(*n).unwrap_or(0)),
                    slug: None,
                    title: &title,
                    body: &body,
                    updated_at: tx.now(),
                };
                store::search::insert(tx, &doc)
            })
        })
        .await
}

async fn search(store: &Store, workspace: WorkspaceId, text: &str) -> Result<usize, Error> {
    store
        .read(workspace, text.to_owned(), |tx, text| {
            Box::pin(async move {
                let hits = store::search::query(tx, &Query { text, kinds: &[], limit: 20 }).await?;
                Ok(hits.len())
            })
        })
        .await
}
