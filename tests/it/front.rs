//! The page and the API as two processes: everything that people and programs do goes through the first, and neither
//! the end of one nor that of the other needs anybody's hand.

use std::net::TcpListener;

use reqwest::{Client, StatusCode, header};
use serde_json::{Value, json};

use crate::api::{Api, NoAnswer, set_up};
use crate::live::{next, open};
use crate::program::{Place, Process, until};

/// A port that is free now.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a free port").port()
}

/// Where the API is, and goes back to when it is started again.
struct Home {
    place: Place,
    listen: String,
}

impl Home {
    fn new() -> Self {
        let listen = format!("127.0.0.1:{}", free_port());
        let place = Place::new().with("DESKHAND_API_URL", &format!("http://{listen}"));
        Self { place, listen }
    }

    async fn api(&self) -> Process {
        let roles = ["--roles", "api,channels,relay,clock,workers", "--listen", &self.listen];
        let mut api = self.place.start("api", &roles);
        api.ready().await;
        api
    }

    /// The page's process, which gets a data directory that cannot be made: it needs none.
    async fn web(&self) -> (Process, String) {
        let mut web = self.place.start("web", &["--roles", "web", "--data-dir", "/proc/nowhere"]);
        let url = web.ready().await;
        (web, url)
    }
}

/// The next event of that type.
async fn event(socket: &mut crate::live::Socket, kind: &str) -> Value {
    loop {
        let frame = next(socket).await.expect("an event");
        if frame["event"]["type"] == kind {
            return frame["event"].clone();
        }
    }
}

#[tokio::test]
async fn everything_goes_through_a_process_that_has_nothing_but_the_page() {
    let home = Home::new();
    let (web, url) = home.web().await;
    assert!(!web.said().contains("/setup#"), "{}", web.said());
    let process = home.api().await;
    let api = set_up(&process, &url).await;
    assert!(api.text("/inbox").await.contains("<!doctype html>"));
    assert!(api.text("/widget.js").await.contains("data-channel"));
    assert_eq!(api.get("/openapi.json").await["openapi"], "3.1.0");

    // Signing in as a page does: the cookie comes back, and a foreign page has no use of it.
    let http = Client::new();
    let session = format!("{url}/api/v1/session");
    let who = json!({"email": "dana@example.org", "password": "correct horse"});
    let signed_in = http.post(&session).header(header::ORIGIN, &url).json(&who).send().await.unwrap();
    assert!(signed_in.status().is_success(), "{signed_in:?}");
    let cookie = signed_in.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    let foreign =
        http.post(&session).header(header::ORIGIN, "https://evil.example").json(&who).send().await.unwrap();
    assert_eq!(foreign.status(), StatusCode::FORBIDDEN);
    let task = |origin: &str, title: &str| {
        http.post(format!("{url}/api/v1/tasks"))
            .header(header::COOKIE, &cookie)
            .header(header::ORIGIN, origin)
            .json(&json!({"title": title}))
            .send()
    };
    assert_eq!(task("https://evil.example", "Not this").await.unwrap().status(), StatusCode::FORBIDDEN);

    let mut page = open(&url, "/api/v1/live", &api.token(), &json!({"type": "start"})).await;
    assert_eq!(next(&mut page).await.unwrap()["type"], "hello");
    assert_eq!(task(&url, "Through the front").await.unwrap().status(), StatusCode::CREATED);
    assert_eq!(event(&mut page, "task.created").await["data"]["title"], "Through the front");

    // A visitor writes through the socket, and is answered through it.
    let key = api.get("/api/v1/channels").await["items"][0]["key"].clone();
    assert!(api.text(&format!("/try/{}", key.as_str().unwrap())).await.contains("Try the chat"));
    let begun = api.at(&url, "").post("/widget/v1/conversations", &json!({"channel": key})).await;
    let visit = json!({
        "type": "start", "token": begun["visitor_token"], "conversation_id": begun["conversation"]["id"],
    });
    let mut widget = open(&url, "/widget/v1/live", "", &visit).await;
    assert_eq!(next(&mut widget).await.unwrap()["type"], "hello");
    let metrics = api.text("/metrics").await;
    assert!(metrics.contains("deskhand_live_connections 2\n"), "{metrics}");
    let path = format!("/widget/v1/conversations/{}/messages", begun["conversation"]["id"].as_str().unwrap());
    let visitor = api.at(&url, begun["visitor_token"].as_str().unwrap());
    visitor.post(&path, &json!({"text": "I want to talk to a person"})).await;
    let first = next(&mut widget).await.unwrap();
    assert_eq!(first["message"]["text"], "I want to talk to a person", "{first}");
    event(&mut page, "conversation.offered").await;
}

#[tokio::test]
async fn an_api_that_dies_is_missed_with_a_sentence_and_taken_back_without_a_word() {
    let home = Home::new();
    let process = home.api().await;
    let (_web, url) = home.web().await;
    let api = set_up(&process, &url).await;
    let mut page = open(&url, "/api/v1/live", &api.token(), &json!({"type": "start"})).await;
    assert_eq!(next(&mut page).await.unwrap()["type"], "hello");
    process.kill();
    assert_eq!(next(&mut page).await, Err(Some(1012)), "whoever lost the api is told to come back");
    for _ in 0..3 {
        match api.try_post("/api/v1/tasks", None, &json!({"title": "Lost"})).await {
            Err(NoAnswer::Refused(status, problem)) => {
                assert_eq!(
                    (status.as_u16(), &problem["code"]),
                    (503, &json!("api_unavailable")),
                    "{problem}"
                );
                assert_eq!(problem["retry_after"], 2, "{problem}");
            }
            other => panic!("{other:?}"),
        }
    }
    assert!(api.text("/").await.contains("<!doctype html>"), "the page is there all the time");
    until("it does not call itself degraded", async || {
        api.get("/ready").await == json!({"status": "ok", "degraded": ["api"]})
    })
    .await;
    let _process = home.api().await;
    until("it does not find the api", async || api.try_get("/api/v1/me").await.is_ok()).await;
    until("it still calls itself degraded", async || api.get("/ready").await["degraded"] == json!([])).await;
    api.post("/api/v1/tasks", &json!({"title": "After"})).await;
    let tasks = api.all("/api/v1/tasks").await;
    assert_eq!(tasks.len(), 1, "{tasks:?}");
}

#[tokio::test]
async fn who_ends_tells_open_pages_to_come_back_and_finishes_what_is_under_way() {
    let home = Home::new();
    let process = home.api().await;
    let (mut web, url) = home.web().await;
    let api = set_up(&process, &url).await;
    let mut page = open(&url, "/api/v1/live", &api.token(), &json!({"type": "start"})).await;
    let cursor = next(&mut page).await.unwrap()["cursor"].clone();
    web.terminate();
    assert_eq!(next(&mut page).await, Err(Some(1012)));
    // For another second it answers, and says that the next request had better go elsewhere.
    let answer = Client::new().get(format!("{url}/api/v1/me")).bearer_auth(api.token()).send().await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.headers()["connection"].to_str().unwrap()), (200, "close"));
    let ready = Client::new().get(format!("{url}/ready")).send().await.unwrap();
    assert_eq!(ready.status().as_u16(), 503);
    assert_eq!(web.ended().await.code(), Some(0), "{}", web.said());

    let (_web, url) = home.web().await;
    let api = api.at(&url, &api.token());
    api.post("/api/v1/tasks", &json!({"title": "Meanwhile"})).await;
    let start = json!({"type": "resume", "cursor": cursor});
    let mut page = open(&url, "/api/v1/live", &api.token(), &start).await;
    assert_eq!(event(&mut page, "task.created").await["data"]["title"], "Meanwhile");
    // The api ends: its own word reaches the page.
    process.terminate();
    assert_eq!(next(&mut page).await, Err(Some(1012)));
}

#[tokio::test]
async fn the_probes_have_an_address_of_their_own_where_one_is_named() {
    let port = free_port();
    let home = Home::new();
    let place = home.place.with("DESKHAND_MANAGEMENT_LISTEN", &format!("127.0.0.1:{port}"));
    let mut web = place.start("web", &["--roles", "web"]);
    web.ready().await;
    let management = Api::new(&format!("http://127.0.0.1:{port}"), "");
    for path in ["/health", "/ready", "/startup"] {
        assert_eq!(management.get(path).await["status"], "ok");
    }
    assert!(management.text("/metrics").await.contains("deskhand_build_info"));
    assert!(matches!(management.try_get("/").await, Err(NoAnswer::Refused(StatusCode::NOT_FOUND, _))));
    assert!(!place.path().join("deskhand-data").exists(), "it keeps nothing");
}
