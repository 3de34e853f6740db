//! What people do meanwhile: members' programs that make and list tasks, and visitors who are answered.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::converse::ASKED;

/// Programs; the first sends a request every [`PACE`], the second every two of them, and so on, so that connections are
/// left alone for short and for long. Every fourth begins a connection for each.
pub(super) const CLIENTS: u32 = 24;
pub(super) const PACE: Duration = Duration::from_millis(50);
/// Visitors, each with a conversation of a few questions, and then another one.
pub(super) const VISITORS: u32 = 24;
pub(super) const PERIOD: Duration = Duration::from_secs(3);
const QUESTIONS: usize = 6;
/// How long an answer is waited for before it counts as missing.
const PATIENCE: Duration = Duration::from_secs(30);

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Everything that happened, each with its moment.
#[derive(Default)]
pub(super) struct Seen {
    /// When each request was due, how long after that it was answered, and what was wrong with it.
    pub(super) requests: Vec<(Instant, Duration, Option<String>)>,
    /// When each question was asked, and how long its answer took.
    pub(super) answers: Vec<(Instant, Duration)>,
    /// When a socket ended, and whether it was told to come back.
    pub(super) ends: Vec<(Instant, bool)>,
    /// Messages that a conversation or its socket lacks, and that are there more often than once; by its end.
    pub(super) missing: Vec<Instant>,
    pub(super) twice: Vec<Instant>,
}

/// Where the desk is, and what opens it.
pub(super) struct Desk {
    /// As `HOST:PORT`.
    pub(super) address: String,
    pub(super) token: String,
    pub(super) channel: String,
    pub(super) seen: Mutex<Seen>,
}

impl Desk {
    fn note(&self, note: impl FnOnce(&mut Seen)) {
        note(&mut self.seen.lock().expect("nobody broke it"));
    }

    /// Sends a request that was due at `due`; gives nothing where it failed.
    async fn send(&self, due: Instant, request: reqwest::RequestBuilder) -> Option<Value> {
        let answered = async { request.send().await?.error_for_status()?.json().await };
        let answered: Result<Value, reqwest::Error> = answered.await;
        let wrong = answered.as_ref().err().map(|error| format!("{error:?}"));
        self.note(|seen| seen.requests.push((due, due.elapsed(), wrong)));
        answered.ok()
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }
}

/// Begins the load; it ends after `over`, each visitor's conversation with its last question.
pub(super) fn begin(desk: &Arc<Desk>, over: &CancellationToken) -> JoinSet<()> {
    let mut people = JoinSet::new();
    for lane in 0..CLIENTS {
        people.spawn(plan(Arc::clone(desk), over.clone(), lane));
    }
    for lane in 0..VISITORS {
        let (desk, over) = (Arc::clone(desk), over.clone());
        people.spawn(async move {
            tokio::time::sleep(PERIOD * lane / VISITORS).await;
            let http = super::client(true);
            while !over.is_cancelled() {
                visit(&desk, &http, &over, lane).await;
            }
        });
    }
    people
}

/// A member's program: makes a task, lists some, and so on. Times are from when a request was due, not from when it
/// could be sent.
async fn plan(desk: Arc<Desk>, over: CancellationToken, lane: u32) {
    let http = super::client(lane % 4 != 3);
    let mut ticks = tokio::time::interval(PACE * (lane + 1));
    let mut count = 0;
    while !over.is_cancelled() {
        let due = ticks.tick().await.into_std();
        count += 1;
        let request = if count % 2 == 0 {
            http.get(desk.url("/api/v1/tasks?limit=20"))
        } else {
            http.post(desk.url("/api/v1/tasks"))
                .header("idempotency-key", Uuid::now_v7().to_string())
                .json(&json!({"title": format!("task {count} of lane {lane} for Acme")}))
        };
        desk.send(due, request.bearer_auth(&desk.token)).await;
    }
}

/// A conversation as its visitor's widget has it.
struct Visit<'a> {
    desk: &'a Desk,
    token: String,
    conversation: String,
    socket: Option<Socket>,
    /// How often each message came, by its sequence; who wrote it, and its client's id.
    heard: HashMap<u64, (usize, Value)>,
}

/// One conversation, from its first message to its last.
async fn visit(desk: &Desk, http: &reqwest::Client, over: &CancellationToken, lane: u32) {
    let begin = http.post(desk.url("/widget/v1/conversations")).json(&json!({"channel": desk.channel}));
    let Some(begun) = desk.send(Instant::now(), begin).await else {
        return tokio::time::sleep(PERIOD).await;
    };
    let token = begun["visitor_token"].as_str().expect("a token").to_owned();
    let conversation = begun["conversation"]["id"].as_str().expect("an id").to_owned();
    let mut visit = Visit { desk, token, conversation, socket: None, heard: HashMap::new() };
    let mut ticks = tokio::time::interval(PERIOD);
    let mut asked = 0;
    while asked < QUESTIONS && !over.is_cancelled() {
        ticks.tick().await;
        visit.ask(ASKED[(lane as usize + asked) % ASKED.len()]).await;
        asked += 1;
    }
    visit.compare(http, asked).await;
}

impl Visit<'_> {
    /// Asks, and listens until the answer is there. Asks again on another socket where the first did not confirm it.
    async fn ask(&mut self, text: &str) {
        let (asked, client_id) = (Instant::now(), Uuid::now_v7().to_string());
        let ask = json!({"type": "send", "client_id": client_id, "text": text}).to_string();
        let mut is_sent = false;
        while asked.elapsed() < PATIENCE {
            let confirmed = self.own(&client_id);
            if confirmed.is_some_and(|at| self.is_answered(at)) {
                self.desk.note(|seen| seen.answers.push((asked, asked.elapsed())));
                return;
            }
            let Some(socket) = &mut self.socket else {
                self.open().await;
                is_sent = false;
                continue;
            };
            if confirmed.is_none() && !is_sent {
                // A socket that is gone says so when it is listened to.
                let _ = socket.send(Message::text(ask.clone())).await;
                is_sent = true;
            }
            let left = (asked + PATIENCE).into();
            let Ok(said) = tokio::time::timeout_at(left, socket.next()).await else { return };
            self.hear(said);
        }
    }

    /// The sequence of an own message.
    fn own(&self, client_id: &str) -> Option<u64> {
        let mut heard = self.heard.iter();
        heard.find(|(_, (_, message))| message["client_id"] == client_id).map(|(sequence, _)| *sequence)
    }

    fn is_answered(&self, at: u64) -> bool {
        self.heard
            .iter()
            .any(|(sequence, (_, message))| *sequence > at && message["author"]["kind"] == "hand")
    }

    fn hear(&mut self, said: Option<Result<Message, Error>>) {
        match said {
            Some(Ok(Message::Text(text))) => {
                let mut said: Value = serde_json::from_str(&text).expect("JSON");
                let message = said["message"].take();
                if let Some(sequence) = message["sequence"].as_u64() {
                    self.heard.entry(sequence).or_insert((0, message)).0 += 1;
                }
            }
            Some(Ok(Message::Close(frame))) => {
                self.end(frame.is_some_and(|frame| u16::from(frame.code) == 1012));
            }
            Some(Ok(_)) => {}
            Some(Err(_)) | None => self.end(false),
        }
    }

    fn end(&mut self, told: bool) {
        self.socket = None;
        self.desk.note(|seen| seen.ends.push((Instant::now(), told)));
    }

    /// Opens the socket where it was cut off. Where that fails it is a failed request, tried again as a widget does.
    async fn open(&mut self) {
        let due = Instant::now();
        let opened = async {
            let url = format!("ws://{}/widget/v1/live", self.desk.address);
            let (mut socket, _) = tokio_tungstenite::connect_async(url).await?;
            let after = (1..).take_while(|sequence| self.heard.contains_key(sequence)).count();
            let start = json!({
                "type": "start", "token": self.token, "conversation_id": self.conversation, "after": after,
            });
            socket.send(Message::text(start.to_string())).await?;
            Ok::<_, Error>(socket)
        };
        match opened.await {
            Ok(socket) => self.socket = Some(socket),
            Err(error) => {
                self.desk.note(|seen| {
                    seen.requests.push((due, due.elapsed(), Some(format!("a socket: {error}"))));
                });
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }

    /// Compares what came with what is there: each question once, with one answer, and all of it on the socket, the
    /// answers once. (A question's confirmation may come beside the question itself.)
    async fn compare(&self, http: &reqwest::Client, asked: usize) {
        let list = self.desk.url(&format!("/api/v1/conversations/{}/messages?limit=200", self.conversation));
        let request = http.get(list).bearer_auth(&self.desk.token);
        let Some(found) = self.desk.send(Instant::now(), request).await else { return };
        let found = found["items"].as_array().expect("a list");
        let count = |kind: &str| found.iter().filter(|message| message["author"]["kind"] == kind).count();
        let (questions, answers) = (count("contact"), count("hand"));
        let unheard = found
            .iter()
            .filter(|message| !message["sequence"].as_u64().is_some_and(|at| self.heard.contains_key(&at)));
        let missing = unheard.count() + asked.saturating_sub(questions) + asked.saturating_sub(answers);
        let again = self
            .heard
            .values()
            .filter(|(times, message)| *times > 1 && message["author"]["kind"] != "contact");
        let twice = again.count() + questions.saturating_sub(asked) + answers.saturating_sub(asked);
        let now = Instant::now();
        self.desk.note(|seen| {
            seen.missing.extend(std::iter::repeat_n(now, missing));
            seen.twice.extend(std::iter::repeat_n(now, twice));
        });
    }
}
