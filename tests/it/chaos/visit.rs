//! A process is killed in the middle of a visitor's conversation, which goes on from another one.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use futures_util::SinkExt as _;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use super::load::COVERED;
use super::replicas::{APART, Balancers, Member, Part, TOGETHER};
use super::{new_key, on_postgres, open_doors};
use crate::api::{Api, set_up};
use crate::live::{self, Socket};
use crate::program::PATIENCE;

/// As the profile `production` divides it: what answers is in the processes that serve the API.
const PRODUCTION: &[Part] = &[
    ("api-1", "api,channels,relay,clock,workers"),
    ("api-2", "api,channels,relay,clock,workers"),
    ("web-1", "web"),
    ("web-2", "web"),
];
/// Another question that the articles cover.
const FURTHER: &str = "How can I put the chat on my website?";

/// When the process is killed.
#[derive(Clone, Copy, PartialEq)]
enum Killed {
    /// Right after the visitor's message was sent: nobody knows whether it was taken.
    Unheard,
    /// After it was acknowledged, before anybody could answer it.
    Unanswered,
}

/// Opens a socket, as often as it takes: nobody has told the balancer who is dead.
async fn come(url: &str, path: &str, token: &str, start: &Value) -> Socket {
    let begun = Instant::now();
    loop {
        if let Ok(mut socket) = live::try_open(url, path, token, start).await
            && live::next(&mut socket).await.is_ok_and(|frame| frame["type"] == "hello")
        {
            return socket;
        }
        assert!(begun.elapsed() < PATIENCE, "nobody opens {path}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// A visitor, whose widget comes back where it was cut off, and sends again what was not acknowledged.
struct Visitor {
    url: String,
    token: Value,
    conversation: Value,
    socket: Socket,
    /// What came, as often as it came.
    heard: Vec<Value>,
    /// How often the socket was opened.
    opened: usize,
}

impl Visitor {
    async fn begin(api: &Api, channel: &str) -> Self {
        let url = api.url.clone();
        let begun = api.at(&url, "").post("/widget/v1/conversations", &json!({"channel": channel})).await;
        let (token, conversation) = (begun["visitor_token"].clone(), begun["conversation"]["id"].clone());
        let start = json!({"type": "start", "token": token, "conversation_id": conversation});
        let socket = come(&url, "/widget/v1/live", "", &start).await;
        Self { url, token, conversation, socket, heard: Vec::new(), opened: 1 }
    }

    /// The last message before the first that is missing.
    fn cursor(&self) -> usize {
        let heard: BTreeSet<_> =
            self.heard.iter().filter_map(|message| message["sequence"].as_u64()).collect();
        (1..).zip(heard).take_while(|(at, sequence)| at == sequence).count()
    }

    async fn come_back(&mut self) {
        let start = json!({
            "type": "start", "token": self.token, "conversation_id": self.conversation, "after": self.cursor(),
        });
        self.socket = come(&self.url, "/widget/v1/live", "", &start).await;
        self.opened += 1;
    }

    /// Sends it. Where the socket is gone, whoever waits for an answer will notice.
    async fn send(&mut self, client_id: &str, text: &str) {
        let frame = json!({"type": "send", "client_id": client_id, "text": text});
        let _ = self.socket.send(Message::text(frame.to_string())).await;
    }

    fn has(&self, client_id: &str) -> bool {
        self.heard.iter().any(|message| message["client_id"] == client_id)
    }

    fn answers(&self) -> usize {
        self.heard.iter().filter(|message| message["author"]["kind"] == "hand").count()
    }

    /// Listens until it `is_so`, and meanwhile sends the message for as long as nobody has acknowledged it.
    async fn until(&mut self, (client_id, text): (&str, &str), is_so: impl Fn(&Self) -> bool) {
        while !is_so(self) {
            match live::next(&mut self.socket).await {
                Ok(frame) if frame["message"].is_object() => self.heard.push(frame["message"].clone()),
                Ok(frame) => assert_ne!(frame["type"], "refused", "{frame}"),
                Err(_) => {
                    self.come_back().await;
                    if !self.has(client_id) {
                        self.send(client_id, text).await;
                    }
                }
            }
        }
    }
}

/// What a member's page is told of the conversation, up to the task with that title: the sequence of each message.
async fn told(api: &Api, mut page: Socket, mut cursor: Value, conversation: &Value, title: &str) -> Vec<u64> {
    let mut told = Vec::new();
    loop {
        match live::next(&mut page).await {
            Ok(frame) => {
                assert_ne!(frame["type"], "resync", "something is missing");
                let (event, kind) = (&frame["event"], frame["event"]["kind"].as_str());
                if kind == Some("message") && event["conversation_id"] == *conversation {
                    told.push(event["data"]["sequence"].as_u64().unwrap());
                }
                if event["type"] == "task.created" && event["data"]["title"] == title {
                    return told;
                }
                if frame["cursor"].is_string() {
                    cursor = frame["cursor"].clone();
                }
            }
            Err(_) => {
                let start = json!({"type": "resume", "cursor": cursor});
                page = come(&api.url, "/api/v1/live", &api.token(), &start).await;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_conversation_goes_on_when_the_process_that_has_it_is_killed() {
    goes_on(TOGETHER, Killed::Unanswered).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_conversation_goes_on_when_the_api_behind_the_page_is_killed() {
    goes_on(APART, Killed::Unanswered).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_a_dying_process_may_have_taken_is_there_once_and_answered_once() {
    goes_on(PRODUCTION, Killed::Unheard).await;
}

/// Kills the first of the parts while a visitor talks through it; the second is of the same roles.
async fn goes_on(parts: &[Part], killed: Killed) {
    let balancers = Balancers::new();
    let place = balancers.known_in(on_postgres("database:").await);
    let is_page = |part: &&Part| part.1 == "web";
    // The only one that serves, so that it is this one that everybody talks to.
    let first = Member::start(&place, parts[0], &balancers).await;
    let api = set_up(&first.process, &format!("http://{}", first.address)).await;
    let channel = open_doors(&api).await;
    let mut members = Vec::new();
    for part in parts.iter().filter(is_page) {
        members.push(Member::start(&place, *part, &balancers).await);
    }
    let api = api.at(&balancers.url(), &api.token());
    let mut page = live::open(&api.url, "/api/v1/live", &api.token(), &json!({"type": "start"})).await;
    let cursor = live::next(&mut page).await.unwrap()["cursor"].clone();
    let mut visitor = Visitor::begin(&api, &channel).await;
    let second = Member::start(&place, parts[1], &balancers).await;

    let question = new_key();
    visitor.send(&question, COVERED).await;
    if killed == Killed::Unanswered {
        visitor.until((&question, COVERED), |visitor| visitor.has(&question)).await;
        assert_eq!((visitor.opened, visitor.answers()), (1, 0));
    }
    first.process.kill();
    // Where it is others that answer, they begin only here.
    for part in parts[2..].iter().filter(|part| !is_page(part)) {
        members.push(Member::start(&place, *part, &balancers).await);
    }
    visitor.until((&question, COVERED), |visitor| visitor.answers() > 0).await;
    let further = new_key();
    visitor.send(&further, FURTHER).await;
    visitor.until((&further, FURTHER), |visitor| visitor.answers() > 1).await;
    assert!(visitor.opened > 1, "it was not cut off");

    // Whoever looks on: every message once, in order, and nothing else.
    let api = api.at(&format!("http://{}", second.address), &api.token());
    api.post("/api/v1/tasks", &json!({"title": "The last one"})).await;
    let behind = api.at(&balancers.url(), &api.token());
    let sequences = told(&behind, page, cursor, &visitor.conversation, "The last one").await;
    assert_eq!(sequences, [1, 2, 3, 4]);
    let path = format!("/api/v1/conversations/{}/messages", visitor.conversation.as_str().unwrap());
    let mut messages = api.all(&path).await;
    messages.reverse();
    let brief = |message: &Value| {
        (message["sequence"].clone(), message["author"]["kind"].clone(), message["client_id"].clone())
    };
    assert_eq!(
        messages.iter().map(brief).collect::<Vec<_>>(),
        [
            (json!(1), json!("contact"), json!(question)),
            (json!(2), json!("hand"), Value::Null),
            (json!(3), json!("contact"), json!(further)),
            (json!(4), json!("hand"), Value::Null),
        ],
    );
    // The visitor has the same, the answers once; the confirmation of an own message may come beside the message.
    let mut heard: Vec<_> = visitor.heard.iter().map(brief).collect();
    assert_eq!(visitor.answers(), 2, "{heard:?}");
    heard.sort_by_key(|(sequence, ..)| sequence.as_u64());
    heard.dedup();
    assert_eq!(heard, messages.iter().map(brief).collect::<Vec<_>>());
}
