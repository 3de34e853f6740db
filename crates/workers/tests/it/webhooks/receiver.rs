//! A receiver of webhooks on loopback, which answers as a test wants.

use std::sync::{Arc, Mutex};
use std::time::Instant;

use reqwest::header::{HeaderMap, HeaderName};
use standardwebhooks::Webhook;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// What a receiver does with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answers {
    /// Says this status.
    Status(u16),
    /// Keeps the connection and says nothing.
    Hangs,
    /// Breaks the connection.
    Resets,
}

/// A request that came.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) at: Instant,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Request {
    pub(crate) fn id(&self) -> String {
        self.headers["webhook-id"].to_str().unwrap().to_owned()
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// The title of the task that it tells of.
    pub(crate) fn title(&self) -> String {
        self.json()["data"]["title"].as_str().unwrap().to_owned()
    }

    /// Whether another implementation of the specification takes it, given this secret.
    pub(crate) fn is_signed_with(&self, secret: &str) -> bool {
        Webhook::new(secret).unwrap().verify(self.body.as_bytes(), &self.headers).is_ok()
    }
}

/// Everything that came, and what is answered: in turn, the last for all that follow.
#[derive(Default)]
struct Book {
    got: Vec<Request>,
    answers: Vec<Answers>,
}

pub(crate) struct Receiver {
    port: u16,
    book: Arc<Mutex<Book>>,
    _tasks: JoinSet<()>,
}

impl Receiver {
    pub(crate) async fn start(answers: &[Answers]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let book = Arc::new(Mutex::new(Book { answers: answers.to_vec(), ..Book::default() }));
        let (mut tasks, kept) = (JoinSet::new(), Arc::clone(&book));
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((connection, _)) = listener.accept().await {
                connections.spawn(serve(connection, Arc::clone(&kept)));
            }
        });
        Self { port, book, _tasks: tasks }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}/hook", self.port)
    }

    pub(crate) fn got(&self) -> Vec<Request> {
        self.book.lock().unwrap().got.clone()
    }

    pub(crate) fn titles(&self) -> Vec<String> {
        self.got().iter().map(Request::title).collect()
    }

    /// From now on it does this.
    pub(crate) fn turns_to(&self, answers: Answers) {
        self.book.lock().unwrap().answers = vec![answers];
    }
}

async fn serve(connection: TcpStream, book: Arc<Mutex<Book>>) {
    let mut connection = BufReader::new(connection);
    let (mut headers, mut line) = (HeaderMap::new(), String::new());
    while connection.read_line(&mut line).await.unwrap_or(0) > 2 {
        if let Some((name, value)) = line.trim_end().split_once(": ") {
            headers.insert(HeaderName::try_from(name).unwrap(), value.parse().unwrap());
        }
        line.clear();
    }
    let length = headers["content-length"].to_str().unwrap().parse().unwrap();
    let mut body = vec![0; length];
    if connection.read_exact(&mut body).await.is_err() {
        return;
    }
    let answer = {
        let mut book = book.lock().unwrap();
        book.got.push(Request { at: Instant::now(), headers, body: String::from_utf8(body).unwrap() });
        if book.answers.len() > 1 { book.answers.remove(0) } else { book.answers[0] }
    };
    match answer {
        Answers::Hangs => std::future::pending().await,
        Answers::Resets => {
            let _ = connection.into_inner().set_zero_linger();
        }
        Answers::Status(status) => {
            let text =
                format!("HTTP/1.1 {status} Said\r\nconnection: close\r\ncontent-length: 5\r\n\r\n<{status}>");
            let _ = connection.write_all(text.as_bytes()).await;
        }
    }
}
