//! A thousand conversations at once over live sockets, answered by the built-in answerer.

use std::fmt::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use desk::articles::ImportFile;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use crate::http::Client;
use crate::machine::{fsync, ms, percentile};
use crate::server::{Place, Prepared, Running};

const VISITORS: usize = 1_000;
const PERIOD: Duration = Duration::from_secs(5);
const QUESTIONS: usize = 6;
/// Questions that the guides answer.
pub(crate) const ASKED: [&str; 8] = [
    "How do I invite a colleague?",
    "how can I put the chat on my website",
    "Where do I change my password?",
    "How do I make a task repeat every Monday?",
    "how do I back up my data",
    "Can I use PostgreSQL instead of SQLite?",
    "How do I undo something?",
    "how do reminders work",
];

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

struct Visit {
    took: Vec<Duration>,
    lost: usize,
    doubled: usize,
}

/// Opens the conversation's socket and waits until it is greeted.
async fn open(address: String, token: String, conversation: String) -> Socket {
    let (mut socket, _) =
        tokio_tungstenite::connect_async(format!("ws://{address}/widget/v1/live")).await.expect("a socket");
    let start = json!({"type": "start", "token": token, "conversation_id": conversation, "after": 0});
    socket.send(Message::text(start.to_string())).await.expect("start is sent");
    while let Some(frame) = socket.next().await {
        let Ok(Message::Text(text)) = frame else { continue };
        let said: Value = serde_json::from_str(&text).expect("JSON");
        if said["type"] == "hello" {
            break;
        }
    }
    socket
}

async fn visit(mut socket: Socket, lane: usize) -> Visit {
    tokio::time::sleep(PERIOD * lane as u32 / VISITORS as u32).await;
    let mut visit = Visit { took: Vec::new(), lost: 0, doubled: 0 };
    for n in 0..QUESTIONS {
        let asked = Instant::now();
        let ask = json!({"type": "send", "client_id": format!("{lane}-{n}"), "text": ASKED[(lane + n) % ASKED.len()]});
        socket.send(Message::text(ask.to_string())).await.expect("a question is sent");
        let mut answers = 0;
        let until = asked + PERIOD;
        while let Ok(Some(Ok(frame))) = tokio::time::timeout_at(until.into(), socket.next()).await {
            let Message::Text(text) = frame else { continue };
            let said: Value = serde_json::from_str(&text).expect("JSON");
            let author = said["message"]["author"]["kind"].as_str().unwrap_or_default();
            if said["type"] == "message" && author == "hand" {
                if answers == 0 {
                    visit.took.push(asked.elapsed());
                }
                answers += 1;
            }
        }
        visit.lost += usize::from(answers == 0);
        visit.doubled += usize::from(answers > 1);
    }
    visit
}

/// The knowledge base.
pub(crate) fn guides() -> Vec<ImportFile> {
    let mut files: Vec<ImportFile> = std::fs::read_dir(Path::new("docs/guide"))
        .expect("the guides")
        .filter_map(Result::ok)
        // What is in a folder of its own is for who runs a fleet.
        .filter(|entry| entry.path().is_file())
        .map(|entry| ImportFile {
            path: entry.file_name().to_string_lossy().into_owned(),
            text: std::fs::read_to_string(entry.path()).expect("a guide"),
        })
        .collect();
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files
}

/// How it went.
pub(crate) struct Load {
    /// How long it took until all sockets were open.
    opened: Duration,
    /// From each question to its answer.
    pub(crate) took: Vec<Duration>,
    pub(crate) lost: usize,
    pub(crate) doubled: usize,
    /// Cores that the program used.
    used: f64,
}

/// A desk that has the knowledge base.
pub(crate) async fn prepare(place: Place) -> Prepared {
    let prepared = Prepared::new(place).await;
    desk::articles::import(&prepared.desk, &prepared.owner, guides()).await.expect("the guides are imported");
    prepared
}

/// Lets the visitors come and ask.
pub(crate) async fn load(running: &Running) -> Load {
    let mut client = Client::connect(&running.address, &running.token).await;
    let mut visitors = Vec::new();
    for n in 0..VISITORS {
        // Without the member's token: a visitor is nobody before the first conversation.
        client = if n % 100 == 0 { Client::connect(&running.address, "none").await } else { client };
        let body = json!({"channel": running.channel}).to_string();
        let (status, answer) = client.send("POST", "/widget/v1/conversations", &body).await;
        assert_eq!(status, 201, "{answer}");
        let answer: Value = serde_json::from_str(&answer).expect("JSON");
        let token = answer["visitor_token"].as_str().expect("a token").to_owned();
        visitors.push((token, answer["conversation"]["id"].as_str().expect("an id").to_owned()));
    }
    let started = Instant::now();
    let mut opening = tokio::task::JoinSet::new();
    for (token, conversation) in visitors {
        opening.spawn(open(running.address.clone(), token, conversation));
    }
    let sockets = opening.join_all().await;
    let opened = started.elapsed();
    let cpu = running.cpu();
    let started = Instant::now();
    let mut lanes = tokio::task::JoinSet::new();
    for (lane, socket) in sockets.into_iter().enumerate() {
        lanes.spawn(visit(socket, lane));
    }
    let (mut took, mut lost, mut doubled) = (Vec::new(), 0, 0);
    while let Some(lane) = lanes.join_next().await {
        let visit = lane.expect("a visitor");
        took.extend(visit.took);
        lost += visit.lost;
        doubled += visit.doubled;
    }
    let used = (running.cpu() - cpu) / started.elapsed().as_secs_f64();
    Load { opened, took, lost, doubled, used }
}

async fn measure(place: Place, name: &str, out: &mut String) {
    let prepared = prepare(place).await;
    let probe = fsync(prepared.folder.path());
    let running = prepared.start().await;
    let Load { opened, mut took, lost, doubled, used } = load(&running).await;
    let _ = writeln!(
        out,
        "| {name} | {} | {} | {} | {} | {lost} / {doubled} | {:.0} MB | {used:.2} | {} | p99 ≤ 500 ms, 0 lost, ≤ 300 MB |",
        ms(opened),
        took.len(),
        ms(percentile(&mut took, 0.5)),
        ms(percentile(&mut took, 0.99)),
        running.memory().1,
        ms(probe),
    );
}

pub(crate) async fn run() -> String {
    let mut out = String::from("## A thousand conversations\n\n");
    let _ = writeln!(
        out,
        "{VISITORS} visitors open their live sockets at once; then each asks every {} s. From asking until the answer is seen.\n",
        PERIOD.as_secs()
    );
    let _ = writeln!(
        out,
        "| database | all sockets open after | answers | median | p99 | lost / doubled | resident at most | cores used | fsync | wanted |\n|---|---|---|---|---|---|---|---|---|---|"
    );
    measure(Place::Sqlite, "SQLite", &mut out).await;
    measure(Place::Postgres(testkit::empty_postgres().await), "PostgreSQL", &mut out).await;
    out
}
