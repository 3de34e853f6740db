//! What it costs a thousand conversations that other programs are told of all of it, and how soon those are.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use domain::{Clock as _, SystemClock};
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use crate::converse::{Load, load, prepare};
use crate::http::Client;
use crate::machine::{ms, percentile};
use crate::server::{Place, Running};

/// How long what was said last may take to be told of.
const LATE: Duration = Duration::from_secs(30);

/// The messages that a receiver was told of: how often, and how long after the first time.
type Told = HashMap<String, (usize, Duration)>;

/// A receiver on loopback that takes everything, or one that never answers.
struct Receiver {
    address: String,
    told: Arc<Mutex<Told>>,
    _tasks: JoinSet<()>,
}

impl Receiver {
    async fn start(answers: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address").to_string();
        let told = Arc::new(Mutex::default());
        let (mut tasks, book) = (JoinSet::new(), Arc::clone(&told));
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((connection, _)) = listener.accept().await {
                connections.spawn(receive(connection, Arc::clone(&book), answers));
            }
        });
        Self { address, told, _tasks: tasks }
    }

    /// Lets the desk tell it of every event.
    async fn subscribe(&self, running: &Running) {
        let mut client = Client::connect(&running.address, &running.token).await;
        let body = json!({"url": format!("http://{}/hook", self.address)}).to_string();
        let (status, answer) = client.send("POST", "/api/v1/webhooks", &body).await;
        assert_eq!(status, 201, "{answer}");
    }

    fn told(&self) -> MutexGuard<'_, Told> {
        self.told.lock().expect("nobody panics")
    }

    /// Waits until it was told of `count` messages.
    async fn reach(&self, count: usize) {
        let until = Instant::now() + LATE;
        while self.told().len() < count && Instant::now() < until {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

async fn receive(connection: TcpStream, told: Arc<Mutex<Told>>, answers: bool) {
    let mut connection = BufReader::new(connection);
    let mut line = String::new();
    loop {
        let (mut id, mut length) = (String::new(), 0);
        line.clear();
        while connection.read_line(&mut line).await.unwrap_or(0) > 2 {
            match line.trim_end().split_once(": ") {
                Some(("webhook-id", value)) => value.clone_into(&mut id),
                Some(("content-length", value)) => length = value.parse().expect("a length"),
                _ => {}
            }
            line.clear();
        }
        let mut body = vec![0; length];
        if length == 0 || connection.read_exact(&mut body).await.is_err() {
            return;
        }
        let event: Value = serde_json::from_slice(&body).expect("JSON");
        if event["type"].as_str().is_some_and(|kind| kind.starts_with("message.")) {
            let since: Timestamp =
                event["timestamp"].as_str().and_then(|at| at.parse().ok()).expect("a timestamp");
            let took = SystemClock.now().duration_since(since).unsigned_abs();
            told.lock().expect("nobody panics").entry(id).or_insert((0, took)).0 += 1;
        }
        if !answers {
            return std::future::pending().await;
        }
        if connection.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await.is_err() {
            return;
        }
    }
}

async fn measure(place: Place, name: &str, hangs: bool, out: &mut String) {
    let running = prepare(place).await.start().await;
    let (good, bad) = (Receiver::start(true).await, Receiver::start(false).await);
    good.subscribe(&running).await;
    if hangs {
        bad.subscribe(&running).await;
    }
    let Load { mut took, lost, doubled, .. } = load(&running).await;
    // Each question, and its answer.
    let messages = 2 * took.len();
    good.reach(messages).await;
    let told = good.told();
    let mut after: Vec<Duration> = told.values().map(|(_, took)| *took).collect();
    let twice = told.values().filter(|(times, _)| *times > 1).count();
    let beside = if hangs { "and one that never answers" } else { "" };
    let _ = writeln!(
        out,
        "| {name} | one {beside} | {} | {} | {lost} / {doubled} | {} | {} / {twice} | {} | {} | {:.0} MB |",
        ms(percentile(&mut took, 0.5)),
        ms(percentile(&mut took, 0.99)),
        told.len(),
        messages.saturating_sub(told.len()),
        ms(percentile(&mut after, 0.5)),
        ms(percentile(&mut after, 0.99)),
        running.memory().1,
    );
}

pub(crate) async fn run() -> String {
    let mut out = String::from(
        "## Webhooks beside a thousand conversations\n\n\
         The same load, with a webhook that is told of every event, on this machine, too. Told after: from a message to \
         its receiver.\n\n\
         | database | webhooks | answers, median | p99 | lost / doubled | messages told of | missing / twice | \
         told after, median | p99 | resident at most |\n|---|---|---|---|---|---|---|---|---|---|\n",
    );
    for hangs in [false, true] {
        measure(Place::Sqlite, "SQLite", hangs, &mut out).await;
        measure(Place::Postgres(testkit::empty_postgres().await), "PostgreSQL", hangs, &mut out).await;
    }
    out
}
