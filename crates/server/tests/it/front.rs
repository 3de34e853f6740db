//! A process that serves the page in front of an api: what stays, what goes on and as what, and what those get who try
//! to get through it to where they should not. The api is one that writes down, byte by byte, what it was sent.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use domain::SystemIds;
use serde_json::Value;
use server::{Front, FrontOptions, Health, Metrics, Network};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

/// How long to wait for what has to come.
const PATIENCE: Duration = Duration::from_secs(20);
/// What the api answers where nothing else is said.
const FINE: &str = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}";

/// What an api does with a request whose head it has read.
type Answers = fn(&str) -> &'static str;

/// An api that answers what it is told to, and keeps what it was sent.
struct Api {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<String>>>,
    /// How many connections it was spoken to on.
    connections: Arc<AtomicUsize>,
    tasks: JoinSet<()>,
}

impl Api {
    async fn start(answers: Answers) -> Self {
        Self::at("127.0.0.1:0".parse().unwrap(), answers).await
    }

    async fn at(address: SocketAddr, answers: Answers) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen: Arc<Mutex<Vec<String>>> = Arc::default();
        let mut tasks = JoinSet::new();
        let shared = Arc::clone(&seen);
        let connections: Arc<AtomicUsize> = Arc::default();
        let count = Arc::clone(&connections);
        tasks.spawn(async move {
            let mut open = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::SeqCst);
                open.spawn(serve(stream, Arc::clone(&shared), answers));
            }
        });
        Self { address, seen, connections, tasks }
    }

    /// What it was sent, apart from being asked whether it is there.
    fn seen(&self) -> Vec<String> {
        let seen = self.seen.lock().unwrap();
        seen.iter().filter(|request| !request.starts_with("GET /ready ")).cloned().collect()
    }
}

/// Reads requests as the standard says where they end, and nothing else into them.
async fn serve(mut stream: TcpStream, seen: Arc<Mutex<Vec<String>>>, answers: Answers) {
    let mut bytes = Vec::new();
    loop {
        let end = loop {
            if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
                break end + 4;
            }
            if stream.read_buf(&mut bytes).await.unwrap_or(0) == 0 {
                return;
            }
        };
        let head = String::from_utf8(bytes.drain(..end).collect()).unwrap().to_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
        let is_chunked = head.contains("transfer-encoding: chunked");
        let whole = |bytes: &[u8]| match length {
            _ if is_chunked => bytes.windows(5).position(|window| window == b"0\r\n\r\n").map(|at| at + 5),
            Some(length) => (bytes.len() >= length).then_some(length),
            None => Some(0),
        };
        let answer = answers(&head);
        let body = loop {
            if let Some(end) = whole(&bytes) {
                break bytes.drain(..end).collect::<Vec<u8>>();
            }
            if stream.read_buf(&mut bytes).await.unwrap_or(0) == 0 {
                break std::mem::take(&mut bytes);
            }
        };
        let request = format!("{}{}", as_sent(&head), String::from_utf8_lossy(&body));
        seen.lock().unwrap().push(request);
        let ends = head.contains("\r\nconnection: close\r\n");
        if answer.is_empty() || stream.write_all(answer.as_bytes()).await.is_err() || ends {
            return;
        }
    }
}

/// The method as it was sent; everything else is compared in small letters.
fn as_sent(head: &str) -> String {
    let (method, rest) = head.split_once(' ').unwrap();
    format!("{} {rest}", method.to_uppercase())
}

/// A process in front of an api.
struct Process {
    address: SocketAddr,
    health: Health,
    tasks: JoinSet<()>,
}

impl Process {
    async fn before(api: SocketAddr, trusted: &[&str]) -> Self {
        let options = FrontOptions {
            api_url: format!("http://{api}"),
            secure: false,
            trusted_proxies: trusted.iter().map(|ip| Network::new(ip.parse().unwrap(), 32)).collect(),
            body_bytes: 64 * 1024,
        };
        let health = Health::default();
        let metrics = Metrics::new("test").unwrap();
        let front = Front::new(options, Arc::new(SystemIds), health.clone(), metrics).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = server::front_router(front.clone());
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            axum::serve(listener, router.into_make_service_with_connect_info::<SocketAddr>()).await.unwrap();
        });
        tasks.spawn(async move { front.keep().await });
        health.set_started();
        Self { address, health, tasks }
    }

    /// Sends these bytes, and gives all that comes until the connection ends or nothing more does.
    async fn send(&self, bytes: &[u8]) -> String {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        // It may refuse before it has read everything.
        let _ = stream.write_all(bytes).await;
        let mut answer = Vec::new();
        while let Ok(Ok(1..)) = timeout(Duration::from_millis(1_500), stream.read_buf(&mut answer)).await {}
        String::from_utf8_lossy(&answer).into_owned()
    }

    /// Sends one request with these lines of a head, and gives the answer.
    async fn ask(&self, lines: &str) -> String {
        let head = lines.replace('\n', "\r\n");
        self.send(format!("{head}\r\nconnection: close\r\n\r\n").as_bytes()).await
    }
}

fn body_of(answer: &str) -> Value {
    let body = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{answer}")).1;
    serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {answer}"))
}

fn is(answer: &str, status: u16, code: &str) {
    assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{status} is wanted: {answer}");
    assert!(answer.contains("content-type: application/problem+json"), "{answer}");
    assert_eq!(body_of(answer)["code"], code, "{answer}");
}

async fn fine() -> (Api, Process) {
    let api = Api::start(|_| FINE).await;
    let process = Process::before(api.address, &[]).await;
    (api, process)
}

#[tokio::test]
async fn files_and_probes_stay_and_the_rest_goes_on() {
    let (api, process) = fine().await;
    for path in ["/", "/inbox", "/channels", "/widget.js", "/health", "/ready", "/startup", "/metrics"] {
        let answer = process.ask(&format!("GET {path} HTTP/1.1\nhost: desk")).await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{path}: {answer}");
    }
    is(&process.ask("POST /inbox HTTP/1.1\nhost: desk\ncontent-length: 0").await, 404, "not_found");
    is(&process.ask("POST /ready HTTP/1.1\nhost: desk\ncontent-length: 0").await, 405, "method_not_allowed");
    assert_eq!(api.seen(), [""; 0]);
    let paths = [
        "/api/v1/me?x=1&y=%2F..",
        "/widget/v1/conversations",
        "/channels/form/key",
        "/openapi.json",
        "/help/key/slug",
        "/help/style.css",
        "/try/key",
        "/api/v1/live",
    ];
    for path in paths {
        let answer = process.ask(&format!("GET {path} HTTP/1.1\nhost: desk")).await;
        assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("{}"), "{path}: {answer}");
    }
    let seen = api.seen();
    for (path, request) in paths.iter().zip(&seen) {
        assert!(request.starts_with(&format!("GET {} http/1.1\r\n", path.to_lowercase())), "{request}");
    }
    assert_eq!(seen.len(), paths.len());
}

#[tokio::test]
async fn what_is_meant_for_one_connection_ends_here_and_who_is_not_trusted_says_nothing_of_others() {
    let (api, process) = fine().await;
    let claims = "GET /api/v1/me HTTP/1.1\nhost: desk.example\nx-forwarded-for: 192.0.2.1\nforwarded: for=192.0.2.1\n\
                  x-forwarded-host: evil.example\nx-forwarded-proto: https\nx-real-ip: 192.0.2.1\n\
                  keep-alive: 5\nte: trailers\nproxy-authorization: Basic x\nupgrade: h2c\nhttp2-settings: x\n\
                  connection: upgrade, x-mine, cookie\nx-mine: 1\ncookie: a=b\nauthorization: Bearer secret\n\
                  origin: https://desk.example\ntraceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    process.ask(claims).await;
    let trusting = Process::before(api.address, &["127.0.0.1"]).await;
    trusting.ask(claims).await;
    let seen = api.seen();
    let [plain, trusted] = seen.as_slice() else { panic!("{seen:?}") };
    for request in [plain, trusted] {
        for gone in
            ["keep-alive", "\r\nte:", "proxy-authorization", "upgrade:", "x-mine", "cookie", "forwarded: for"]
        {
            assert!(!request.contains(gone), "{gone}: {request}");
        }
        for kept in [
            "\r\nhost: desk.example\r\n",
            "\r\nauthorization: bearer secret\r\n",
            "\r\norigin: https://desk.example\r\n",
            "\r\nvia: 1.1 deskhand-web\r\n",
            "\r\ntraceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n",
        ] {
            assert!(request.contains(kept), "{kept}: {request}");
        }
    }
    for said in
        ["x-forwarded-for: 127.0.0.1\r", "x-forwarded-host: desk.example\r", "x-forwarded-proto: http\r"]
    {
        assert!(plain.contains(said), "{plain}");
    }
    assert!(!plain.contains("x-real-ip"), "{plain}");
    for said in ["x-forwarded-for: 192.0.2.1, 127.0.0.1\r", "-host: evil.example\r", "-proto: https\r"] {
        assert!(trusted.contains(said), "{trusted}");
    }
}

#[tokio::test]
async fn connections_are_kept_and_now_and_then_given_up_so_that_a_new_api_gets_its_share() {
    let (api, process) = fine().await;
    let request = "GET /api/v1/me HTTP/1.1\r\nhost: desk\r\n\r\n".repeat(600);
    let answers = process.send(request.as_bytes()).await;
    assert_eq!(answers.matches("HTTP/1.1 200").count(), 600);
    let last = api.seen().iter().filter(|request| request.contains("\r\nconnection: close\r\n")).count();
    assert_eq!(last, 2);
    let connections = api.connections.load(Ordering::SeqCst);
    assert!((3..10).contains(&connections), "{connections}");
}

#[tokio::test]
async fn no_second_request_is_smuggled_in_the_body_of_the_first() {
    let (api, process) = fine().await;
    let hidden = "GET /api/v1/hidden HTTP/1.1\r\nhost: desk\r\n\r\n";
    let bodies = [
        // Both lengths: the chunks count, and the connection is not used again.
        format!(
            "content-length: {}\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n{hidden}",
            5 + hidden.len()
        ),
        format!("transfer-encoding: chunked\r\ncontent-length: 5\r\n\r\n0\r\n\r\n{hidden}"),
        // What cannot be understood is refused.
        format!("content-length: 5\r\ncontent-length: 6\r\n\r\nhello{hidden}"),
        format!("content-length: +5\r\n\r\nhello{hidden}"),
        format!("content-length: 5, 6\r\n\r\nhello{hidden}"),
        format!("transfer-encoding: xchunked\r\n\r\n0\r\n\r\n{hidden}"),
        format!("transfer-encoding: chunked, identity\r\n\r\n0\r\n\r\n{hidden}"),
        format!("transfer-encoding : chunked\r\n\r\n0\r\n\r\n{hidden}"),
        format!("transfer-encoding: chunked\r\n\r\nzz\r\n{hidden}"),
        // A header that goes over two lines.
        format!("x-one: a\r\n transfer-encoding: chunked\r\n\r\n{hidden}"),
    ];
    for body in &bodies {
        process.send(format!("POST /api/v1/tasks HTTP/1.1\r\nhost: desk\r\n{body}").as_bytes()).await;
    }
    for request in api.seen() {
        assert!(request.starts_with("POST /api/v1/tasks http/1.1\r\n"), "{request}");
        assert!(!request.contains("hidden"), "{request}");
        let (length, chunked) = (request.contains("content-length"), request.contains("transfer-encoding"));
        assert!(!(length && chunked), "{request}");
    }
    // Two requests on one connection are two requests, in their order.
    let two = format!("POST /api/v1/first HTTP/1.1\r\nhost: desk\r\ncontent-length: 2\r\n\r\n{{}}{hidden}");
    let answers = process.send(two.as_bytes()).await;
    assert_eq!(answers.matches("HTTP/1.1 200").count(), 2, "{answers}");
    let seen = api.seen();
    let last: Vec<&str> = seen.iter().rev().take(2).filter_map(|request| request.split(' ').nth(1)).collect();
    assert_eq!(last, ["/api/v1/hidden", "/api/v1/first"]);
}

#[tokio::test]
async fn it_leads_nowhere_but_to_the_api_and_only_to_what_it_passes_on() {
    let (api, process) = fine().await;
    let other = Api::start(|_| FINE).await;
    for (target, host) in [
        (format!("http://{}/api/v1/me", other.address), "desk".to_owned()),
        (format!("http://{}/api/v1/me", other.address), other.address.to_string()),
        (format!("//{}/api/v1/me", other.address), "desk".to_owned()),
        ("/api/v1/me".to_owned(), other.address.to_string()),
        ("/api/v1/me@".to_owned() + &other.address.to_string(), "desk".to_owned()),
    ] {
        process.ask(&format!("GET {target} HTTP/1.1\nhost: {host}")).await;
    }
    process.ask(&format!("CONNECT {} HTTP/1.1\nhost: desk", other.address)).await;
    assert_eq!(other.seen(), [""; 0]);
    // Refused: another host in the target, no host, two hosts.
    let refused = process.ask("GET http://evil.example/api/v1/me HTTP/1.1\nhost: desk").await;
    is(&refused, 400, "bad_request");
    is(&process.ask("GET /api/v1/me HTTP/1.1\naccept: */*").await, 400, "bad_request");
    is(&process.ask("GET /api/v1/me HTTP/1.1\nhost: a\nhost: b").await, 400, "bad_request");
    let before = api.seen().len();
    for path in [
        "/api/../metrics",
        "/api/v1/../../metrics",
        "/api/..%2fmetrics",
        "/api/%2e%2e/metrics",
        "/api/..%5cmetrics",
        "/api\\..\\..\\metrics",
        "/api/x\\..\\..\\metrics",
        "/widget/./v1",
        "/help/%2E%2E/metrics",
        "/api/v1/tasks/%00",
    ] {
        let answer = process.ask(&format!("GET {path} HTTP/1.1\nhost: desk")).await;
        assert!(!answer.contains("deskhand_build_info"), "{path}: {answer}");
        if !path.starts_with("/api\\") {
            is(&answer, 404, "not_found");
        }
    }
    assert_eq!(api.seen().len(), before, "{:?}", api.seen());
    // What has been here before does not go round for ever.
    let again = process.ask("GET /api/v1/me HTTP/1.1\nhost: desk\nvia: 1.1 edge, 1.1 deskhand-web").await;
    is(&again, 508, "loop_detected");
    assert_eq!(api.seen().len(), before);
}

#[tokio::test]
async fn headers_that_are_too_many_or_too_large_or_have_line_breaks_do_not_get_through() {
    let (api, process) = fine().await;
    let many: String = (0..200).map(|n| format!("x-{n}: 1\r\n")).collect();
    let large = format!("x-large: {}\r\n", "x".repeat(1_000_000));
    for headers in
        [many.as_str(), large.as_str(), "x-break: a\rcookie: evil\r\n", "x break: 1\r\n", "x-null: \0\r\n"]
    {
        let answer =
            process.send(format!("GET /api/v1/me HTTP/1.1\r\nhost: desk\r\n{headers}\r\n").as_bytes()).await;
        let short: String = headers.chars().take(30).collect();
        assert!(answer.starts_with("HTTP/1.1 4") || answer.is_empty(), "{short}: {answer}");
    }
    assert_eq!(api.seen(), [""; 0]);
}

#[tokio::test]
async fn a_body_has_the_size_that_it_may_have_with_and_without_a_length() {
    let (api, process) = fine().await;
    let exact = "x".repeat(64 * 1024);
    let head = "POST /api/v1/tasks HTTP/1.1\r\nhost: desk\r\nconnection: close\r\n";
    let answer = process.send(format!("{head}content-length: 65536\r\n\r\n{exact}").as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let answer = process
        .send(format!("{head}transfer-encoding: chunked\r\n\r\n10000\r\n{exact}\r\n0\r\n\r\n").as_bytes())
        .await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let seen = api.seen();
    assert!(seen.len() == 2 && seen.iter().all(|request| request.matches('x').count() >= exact.len()));
    is(&process.send(format!("{head}content-length: 65537\r\n\r\n").as_bytes()).await, 413, "body_too_large");
    let chunks = format!("{head}transfer-encoding: chunked\r\n\r\n10000\r\n{exact}\r\n1\r\nx\r\n0\r\n\r\n");
    is(&process.send(chunks.as_bytes()).await, 413, "body_too_large");
    // Who asks to be told to go on is told so here.
    let mut stream = TcpStream::connect(process.address).await.unwrap();
    stream
        .write_all(format!("{head}content-length: 2\r\nexpect: 100-continue\r\n\r\n").as_bytes())
        .await
        .unwrap();
    let mut said = [0; 25];
    timeout(PATIENCE, stream.read_exact(&mut said)).await.unwrap().unwrap();
    assert_eq!(&said, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(b"{}").await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(!api.seen().last().unwrap().contains("expect"));
}

#[tokio::test]
async fn a_body_that_breaks_off_is_not_taken_for_a_whole_one() {
    let (api, process) = fine().await;
    let head = "POST /api/v1/tasks HTTP/1.1\r\nhost: desk\r\n";
    for body in ["content-length: 100\r\n\r\nhalf", "transfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n"] {
        let mut stream = TcpStream::connect(process.address).await.unwrap();
        stream.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
        sleep(Duration::from_millis(300)).await;
        drop(stream);
    }
    let begun = Instant::now();
    while api.seen().len() < 2 {
        assert!(begun.elapsed() < PATIENCE, "the api still waits: {:?}", api.seen());
        sleep(Duration::from_millis(20)).await;
    }
    for request in api.seen() {
        assert!(request.ends_with("half") || request.ends_with("half\r\n"), "{request}");
    }
}

#[tokio::test]
async fn while_the_api_is_away_that_is_said_and_nothing_else_is_affected() {
    let (api, process) = fine().await;
    let address = api.address;
    process.ask("GET /api/v1/me HTTP/1.1\nhost: desk").await;
    let Api { mut tasks, .. } = api;
    tasks.shutdown().await;
    let begun = Instant::now();
    let answer = process.ask("POST /api/v1/tasks HTTP/1.1\nhost: desk\ncontent-length: 0").await;
    is(&answer, 503, "api_unavailable");
    assert!(answer.contains("retry-after: 2\r\n") && answer.contains("x-correlation-id: "), "{answer}");
    let foreign = process
        .ask("POST /widget/v1/conversations HTTP/1.1\nhost: desk\norigin: https://shop\ncontent-length: 0")
        .await;
    assert!(foreign.contains("access-control-allow-origin: https://shop\r\n"), "{foreign}");
    // It is degraded, and as ready as it was.
    loop {
        let ready = process.ask("GET /ready HTTP/1.1\nhost: desk").await;
        assert!(ready.starts_with("HTTP/1.1 200"), "{ready}");
        if body_of(&ready)["degraded"] == serde_json::json!(["api"]) {
            break;
        }
        assert!(begun.elapsed() < PATIENCE, "{ready}");
    }
    let metrics = process.ask("GET /metrics HTTP/1.1\nhost: desk").await;
    assert!(metrics.contains("deskhand_breaker_state{dependency=\"api\"} 2"), "{metrics}");
    assert!(metrics.contains("route=\"/api/{*rest}\",status=\"503\"} 1"), "{metrics}");
    assert!(process.ask("GET / HTTP/1.1\nhost: desk").await.starts_with("HTTP/1.1 200"));
    // It comes back, and nobody has to do anything.
    let api = Api::at(address, |_| FINE).await;
    assert!(process.ask("GET /api/v1/me HTTP/1.1\nhost: desk").await.starts_with("HTTP/1.1 200"));
    let begun = Instant::now();
    while body_of(&process.ask("GET /ready HTTP/1.1\nhost: desk").await)["degraded"] != serde_json::json!([])
    {
        assert!(begun.elapsed() < PATIENCE);
    }
    assert_eq!(api.seen().len(), 1);
    drop(process.tasks);
}

#[tokio::test]
async fn a_request_that_comes_just_when_one_api_takes_anothers_place_waits_a_moment() {
    let (api, process) = fine().await;
    let address = api.address;
    let Api { mut tasks, .. } = api;
    tasks.shutdown().await;
    let head = "POST /api/v1/tasks HTTP/1.1\nhost: desk\ncontent-type: application/json\ncontent-length: 5";
    let bytes = format!("{}\r\nconnection: close\r\n\r\nhello", head.replace('\n', "\r\n"));
    let (answer, api) = tokio::join!(process.send(bytes.as_bytes()), async {
        sleep(Duration::from_millis(400)).await;
        Api::at(address, |_| FINE).await
    });
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let seen = api.seen();
    assert!(seen.len() == 1 && seen[0].ends_with("hello"), "{seen:?}");
}

#[tokio::test]
async fn what_the_api_may_have_done_is_not_asked_of_it_twice_and_what_only_reads_is() {
    let api = Api::start(|_| "").await;
    let process = Process::before(api.address, &[]).await;
    let answer = process.ask("POST /api/v1/tasks HTTP/1.1\nhost: desk\ncontent-length: 0").await;
    is(&answer, 502, "api_cut_off");
    assert!(answer.contains("retry-after: 2\r\n"), "{answer}");
    assert_eq!(api.seen().len(), 1);
    is(&process.ask("GET /api/v1/tasks HTTP/1.1\nhost: desk").await, 502, "api_cut_off");
    assert_eq!(api.seen().len(), 3);
}

#[tokio::test]
async fn answers_that_make_no_sense_become_problems_and_what_is_meant_for_the_connection_stays() {
    let api = Api::start(|head| match head.split(' ').nth(1).unwrap_or_default() {
        "/api/nonsense" => "nonsense\r\n\r\n",
        "/api/upgrade" => "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n",
        "/api/mesh" => "HTTP/1.1 503 Service Unavailable\r\ncontent-type: text/plain\r\ncontent-length: 4\r\n\r\noops",
        "/api/v1/live" => "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: h2c\r\n\r\n",
        _ => "HTTP/1.1 200 OK\r\nconnection: close, x-hop\r\nx-hop: 1\r\nkeep-alive: 5\r\nx-correlation-id: theirs\r\n\
              content-type: text/html\r\ncontent-encoding: gzip\r\nset-cookie: a=1\r\nset-cookie: b=2\r\n\
              content-length: 600\r\n\r\n",
    })
    .await;
    let process = Process::before(api.address, &[]).await;
    is(&process.ask("GET /api/nonsense HTTP/1.1\nhost: desk").await, 502, "api_cut_off");
    is(&process.ask("GET /api/upgrade HTTP/1.1\nhost: desk").await, 502, "api_cut_off");
    is(&process.ask("GET /api/mesh HTTP/1.1\nhost: desk").await, 503, "unavailable");
    let socket =
        "GET /api/v1/live HTTP/1.1\r\nhost: desk\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n";
    is(&process.send(socket.as_bytes()).await, 502, "api_cut_off");
    let answer =
        process.send(b"HEAD /api/v1/me HTTP/1.1\r\nhost: desk\r\naccept-encoding: gzip\r\n\r\n").await;
    for kept in ["x-correlation-id: theirs", "set-cookie: a=1", "set-cookie: b=2", "content-length: 600"] {
        assert_eq!(answer.matches(kept).count(), 1, "{kept}: {answer}");
    }
    assert_eq!(answer.matches("content-encoding: gzip").count(), 1, "{answer}");
    for gone in ["x-hop", "keep-alive", "connection:"] {
        assert!(!answer.contains(gone), "{gone}: {answer}");
    }
}

#[tokio::test]
async fn an_answer_passes_while_it_is_made_and_one_that_breaks_off_does_not_look_whole() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let process = Process::before(listener.local_addr().unwrap(), &[]).await;
    let mut client = TcpStream::connect(process.address).await.unwrap();
    client
        .write_all(
            b"POST /api/v1/export HTTP/1.1\r\nhost: desk\r\ntransfer-encoding: chunked\r\n\r\n3\r\none\r\n",
        )
        .await
        .unwrap();
    let mut api = loop {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"one\r\n") && !head.starts_with(b"GET /ready") {
            assert_ne!(stream.read_buf(&mut head).await.unwrap(), 0);
        }
        if head.starts_with(b"POST") {
            break stream;
        }
    };
    // The first part is through while the second was not sent, in both directions.
    api.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nfirst\r\n").await.unwrap();
    let mut heard = Vec::new();
    while !heard.ends_with(b"first\r\n") {
        assert_ne!(timeout(PATIENCE, client.read_buf(&mut heard)).await.unwrap().unwrap(), 0);
    }
    client.write_all(b"3\r\ntwo\r\n0\r\n\r\n").await.unwrap();
    let mut body = Vec::new();
    while !body.ends_with(b"two\r\n0\r\n\r\n") {
        assert_ne!(timeout(PATIENCE, api.read_buf(&mut body)).await.unwrap().unwrap(), 0);
    }
    drop(api);
    let mut rest = Vec::new();
    let _ = timeout(PATIENCE, client.read_to_end(&mut rest)).await.unwrap();
    assert!(!String::from_utf8_lossy(&rest).contains("0\r\n\r\n"), "{rest:?}");
}

#[tokio::test]
async fn a_reader_that_does_not_read_does_not_fill_the_memory() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let process = Process::before(listener.local_addr().unwrap(), &[]).await;
    let mut client = TcpStream::connect(process.address).await.unwrap();
    client.write_all(b"GET /api/v1/export HTTP/1.1\r\nhost: desk\r\n\r\n").await.unwrap();
    let mut api = loop {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            assert_ne!(stream.read_buf(&mut head).await.unwrap(), 0);
        }
        if !head.starts_with(b"GET /ready") {
            break stream;
        }
    };
    api.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000000\r\n\r\n").await.unwrap();
    let part = vec![b'x'; 64 * 1024];
    let mut sent = 0;
    while let Ok(written) = timeout(Duration::from_secs(1), api.write_all(&part)).await {
        written.unwrap();
        sent += part.len();
        assert!(sent < 64 << 20, "{sent} bytes went somewhere");
    }
    assert!(process.health.ready());
}
