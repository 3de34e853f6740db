//! What a receiver gets, and which receivers get nothing.

use std::collections::HashMap;
use std::future::Future;
use std::io::Error;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use channels::webhooks::{Lookup, Message, Sender};
use domain::webhook::Failure;
use domain::{Clock, SystemClock};
use reqwest::header::{HeaderMap, HeaderName};
use standardwebhooks::Webhook;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// A receiver on loopback that answers everything with the same bytes, or keeps the connection and says nothing more.
struct Receiver {
    port: u16,
    got: Arc<Mutex<Vec<String>>>,
    _tasks: JoinSet<()>,
}

impl Receiver {
    async fn start(answer: &'static [u8], closes: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let got: Arc<Mutex<Vec<String>>> = Arc::default();
        let (mut tasks, kept) = (JoinSet::new(), Arc::clone(&got));
        tasks.spawn(async move {
            let mut open = Vec::new();
            while let Ok((mut connection, _)) = listener.accept().await {
                let (mut request, mut part) = (Vec::new(), [0; 4096]);
                // A body that ends the request is JSON and nothing else here.
                while !request.ends_with(b"}") {
                    match connection.read(&mut part).await {
                        Ok(count) if count > 0 => request.extend_from_slice(&part[..count]),
                        _ => break,
                    }
                }
                kept.lock().unwrap().push(String::from_utf8_lossy(&request).into_owned());
                let _ = connection.write_all(answer).await;
                if !closes {
                    open.push(connection);
                }
            }
        });
        Self { port, got, _tasks: tasks }
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}/hook", self.port)
    }

    fn got(&self) -> Vec<String> {
        self.got.lock().unwrap().clone()
    }
}

/// Names with the addresses that a test gives them, one set after the other; the last stays.
#[derive(Default)]
struct Names {
    all: HashMap<&'static str, Vec<Vec<IpAddr>>>,
    asked: AtomicUsize,
}

impl Names {
    fn of(name: &'static str, answers: &[&[&str]]) -> Arc<Self> {
        let answers = answers.iter().map(|answer| answer.iter().map(|ip| ip.parse().unwrap()).collect());
        Arc::new(Self { all: HashMap::from([(name, answers.collect())]), ..Self::default() })
    }
}

impl Lookup for Names {
    fn addresses(&self, name: &str) -> Pin<Box<dyn Future<Output = Result<Vec<IpAddr>, Error>> + Send>> {
        let turn = self.asked.fetch_add(1, Ordering::SeqCst);
        let found = self.all.get(name).map(|answers| answers[turn.min(answers.len() - 1)].clone());
        Box::pin(async move { found.ok_or_else(|| Error::other("no such name")) })
    }
}

fn sender(allowed: &[&str], names: Arc<Names>) -> Sender {
    Sender::new(allowed.iter().map(|network| network.parse().unwrap()).collect(), names)
}

fn message<'a>(url: &'a str, keys: &'a [Vec<u8>]) -> Message<'a> {
    Message { url, id: "msg_1", body: r#"{"type":"task.created"}"#, keys }
}

async fn send(sender: &Sender, url: &str) -> domain::webhook::Attempt {
    sender.send(&message(url, &[b"a key of some length".to_vec()]), SystemClock.now()).await
}

const OK: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nthank";

#[tokio::test(flavor = "multi_thread")]
async fn what_arrives_is_believed_by_another_implementation_with_either_key() {
    let receiver = Receiver::start(OK, true).await;
    let sender = sender(&["127.0.0.0/8"], Arc::default());
    let keys = [vec![7; 32], vec![8; 32]];
    let attempt = sender.send(&message(&receiver.url(), &keys), SystemClock.now()).await;
    assert_eq!((attempt.answer, attempt.excerpt.as_str()), (Ok(200), "thank"));
    assert!(attempt.succeeded());
    let got = receiver.got().remove(0);
    let (head, body) = got.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("POST /hook HTTP/1.1\r\n"), "{head}");
    let mut headers = HeaderMap::new();
    for (name, value) in head.lines().skip(1).filter_map(|line| line.split_once(": ")) {
        headers.insert(HeaderName::try_from(name).unwrap(), value.parse().unwrap());
    }
    assert_eq!(headers["content-type"], "application/json");
    assert_eq!(headers["webhook-id"], "msg_1");
    for key in keys {
        Webhook::from_bytes(key).unwrap().verify(body.as_bytes(), &headers).unwrap();
    }
    let stranger = Webhook::from_bytes(vec![9; 32]).unwrap();
    stranger.verify(body.as_bytes(), &headers).unwrap_err();
    Webhook::from_bytes(vec![7; 32]).unwrap().verify(b"{}", &headers).unwrap_err();
}

#[tokio::test(flavor = "multi_thread")]
async fn each_way_to_fail_is_told_apart() {
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let sender = sender(&["127.0.0.0/8"], Arc::default());
    let attempt = send(&sender, &format!("http://{closed}/")).await;
    assert_eq!(attempt.answer, Err(Failure::Connect));
    for cut in [&b""[..], b"HTTP/1.1 200", b"what?\r\n\r\n"] {
        let receiver = Receiver::start(cut, true).await;
        assert_eq!(send(&sender, &receiver.url()).await.answer, Err(Failure::Broken));
        assert_eq!(receiver.got().len(), 1, "an attempt is one request");
    }
    let plain = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}/", plain.local_addr().unwrap());
    let says =
        async { plain.accept().await.unwrap().0.write_all(b"this is no TLS at all\r\n").await.unwrap() };
    let (attempt, ()) = tokio::join!(send(&sender, &url), says);
    assert_eq!(attempt.answer, Err(Failure::Tls));
    let attempt = send(&sender, "http://nobody.example/").await;
    assert_eq!(attempt.answer, Err(Failure::Name));
    for (answer, status) in [(&b"HTTP/1.1 500 Oh\r\ncontent-length: 2\r\n\r\nno"[..], 500), (TOO_MANY, 429)] {
        let receiver = Receiver::start(answer, true).await;
        let attempt = send(&sender, &receiver.url()).await;
        assert_eq!(attempt.answer, Ok(status));
        assert_eq!(attempt.retry_after.is_some(), status == 429);
        assert!(!attempt.succeeded());
    }
}

const TOO_MANY: &[u8] = b"HTTP/1.1 429 Too Many Requests\r\nretry-after: 60\r\ncontent-length: 0\r\n\r\n";

#[tokio::test(flavor = "multi_thread")]
async fn one_who_hangs_is_given_up_after_fifteen_seconds_and_one_who_says_200_and_hangs_is_believed() {
    let sender = sender(&["127.0.0.0/8"], Arc::default());
    let (silent, slow) = (Receiver::start(b"", false).await, Receiver::start(ENDLESS, false).await);
    let (silent_url, slow_url) = (silent.url(), slow.url());
    let (silent, slow) = tokio::join!(send(&sender, &silent_url), send(&sender, &slow_url));
    assert_eq!(silent.answer, Err(Failure::Timeout));
    let took = silent.duration.as_secs_f64();
    assert!((15.0..17.0).contains(&took), "{took}");
    assert_eq!((slow.answer, slow.excerpt.as_str()), (Ok(200), "part"));
    assert!(slow.duration < Duration::from_secs(4), "{:?}", slow.duration);
}

const ENDLESS: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\npart";

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_is_somebodys_own_is_never_connected_to() {
    let receiver = Receiver::start(OK, true).await;
    let (port, begun) = (receiver.port, Instant::now());
    let sender = sender(&[], Names::of("evil.example", &[&["127.0.0.1"]]));
    for host in [
        "127.0.0.1",
        "127.1",
        "0x7f.1",
        "2130706433",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "0.0.0.0",
        "evil.example",
    ] {
        for scheme in ["http", "https"] {
            let attempt = send(&sender, &format!("{scheme}://{host}:{port}/")).await;
            assert_eq!(attempt.answer, Err(Failure::Refused), "{scheme}://{host}");
        }
    }
    for url in ["ftp://127.0.0.1/", "file:///etc/passwd", "nonsense"] {
        assert_eq!(send(&sender, url).await.answer, Err(Failure::Refused), "{url}");
    }
    assert_eq!(receiver.got(), Vec::<String>::new());
    assert!(begun.elapsed() < Duration::from_secs(5), "nothing was tried");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_own_address_among_public_ones_is_enough_to_refuse_a_name() {
    let names = Names::of("mixed.example", &[&["93.184.216.34", "10.0.0.1"]]);
    assert_eq!(send(&sender(&[], names), "https://mixed.example/").await.answer, Err(Failure::Refused));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_leads_elsewhere_the_next_time_is_looked_at_each_time_and_only_what_was_seen_is_connected_to()
 {
    let receiver =
        Receiver::start(b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n", true).await;
    // Loopback is allowed here as 127.0.0.1 alone; the second answer is loopback too, and would be connected to.
    let names = Names::of("turn.example", &[&["127.0.0.1"], &["127.0.0.2"], &["169.254.169.254"], &["::1"]]);
    let sender = sender(&["127.0.0.1/32"], Arc::clone(&names));
    let url = format!("http://turn.example:{}/", receiver.port);
    assert_eq!(send(&sender, &url).await.answer, Ok(200));
    assert_eq!(names.asked.load(Ordering::SeqCst), 1, "what was checked is what was connected to");
    for _ in 0..3 {
        assert_eq!(send(&sender, &url).await.answer, Err(Failure::Refused));
    }
    assert_eq!(names.asked.load(Ordering::SeqCst), 4);
    assert_eq!(receiver.got().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_is_an_answer_that_failed_and_is_not_followed() {
    let inside = Receiver::start(OK, true).await;
    let location = format!("HTTP/1.1 307 Go\r\nlocation: {}\r\ncontent-length: 0\r\n\r\n", inside.url());
    let receiver = Receiver::start(location.leak().as_bytes(), true).await;
    let sender = sender(&["127.0.0.0/8"], Arc::default());
    let attempt = send(&sender, &receiver.url()).await;
    assert_eq!(attempt.answer, Ok(307));
    assert!(!attempt.succeeded());
    assert_eq!(inside.got(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn names_of_this_machine_are_looked_up_and_checked() {
    let receiver = Receiver::start(OK, true).await;
    let url = format!("http://localhost:{}/", receiver.port);
    let system = || Arc::new(channels::webhooks::SystemNames::default());
    let open = Sender::new(vec!["127.0.0.0/8".parse().unwrap(), "::1/128".parse().unwrap()], system());
    assert_eq!(send(&open, &url).await.answer, Ok(200));
    let closed = Sender::new(Vec::new(), system());
    assert_eq!(send(&closed, &url).await.answer, Err(Failure::Refused));
    assert_eq!(receiver.got().len(), 1);
}
