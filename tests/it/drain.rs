//! SIGTERM: nothing new is taken, what is in flight is finished, and the process ends well.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::api::set_up;
use crate::live::{next, open};
use crate::program::Place;

#[tokio::test]
async fn a_request_in_flight_is_finished_and_the_process_ends_with_0() {
    let place = Place::new();
    let mut process = place.start("desk", &[]);
    let url = process.ready().await;
    let api = set_up(&process, &url).await;
    // A request whose body comes late is in flight until it has come.
    let body = json!({"title": "In flight"}).to_string();
    let (host, token) = (url.trim_start_matches("http://").to_owned(), api.token());
    let mut stream = TcpStream::connect(&host).unwrap();
    let head = format!(
        "POST /api/v1/tasks HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {token}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(&body.as_bytes()[..5]).unwrap();
    // Another connection's answer shows that the process has read what was sent before.
    api.get("/api/v1/me").await;
    process.terminate();
    let refused = Instant::now();
    while TcpStream::connect(&host).is_ok() {
        assert!(refused.elapsed() < Duration::from_secs(10), "it still takes connections");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    stream.write_all(&body.as_bytes()[5..]).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    assert_eq!(process.ended().await.code(), Some(0), "{}", process.said());

    let mut process = place.start("desk", &[]);
    let api = api.at(&process.ready().await, &token);
    let tasks = api.all("/api/v1/tasks").await;
    assert_eq!(tasks.iter().filter(|task| task["title"] == "In flight").count(), 1);
}

#[tokio::test]
async fn a_request_that_never_ends_does_not_hold_the_process_longer_than_it_may() {
    let place = Place::new().with("DESKHAND_SHUTDOWN__DRAIN_SECS", "1");
    let mut process = place.start("desk", &[]);
    let url = process.ready().await;
    let host = url.trim_start_matches("http://");
    let mut stream = TcpStream::connect(host).unwrap();
    stream
        .write_all(
            format!("POST /api/v1/session HTTP/1.1\r\nhost: {host}\r\ncontent-length: 100\r\n\r\n{{")
                .as_bytes(),
        )
        .unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    let begun = Instant::now();
    process.terminate();
    assert_eq!(process.ended().await.code(), Some(0));
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn a_second_signal_ends_the_waiting() {
    let place = Place::new().with("DESKHAND_SHUTDOWN__DRAIN_SECS", "600");
    let mut process = place.start("desk", &[]);
    let url = process.ready().await;
    let host = url.trim_start_matches("http://");
    let mut stream = TcpStream::connect(host).unwrap();
    stream
        .write_all(
            format!("POST /api/v1/session HTTP/1.1\r\nhost: {host}\r\ncontent-length: 100\r\n\r\n{{")
                .as_bytes(),
        )
        .unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    process.terminate();
    while TcpStream::connect(host).is_ok() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    process.terminate();
    process.ended().await;
}

#[tokio::test]
async fn live_sockets_are_told_to_come_back_and_who_does_has_missed_nothing() {
    let place = Place::new();
    let mut process = place.start("desk", &[]);
    let url = process.ready().await;
    let api = set_up(&process, &url).await;
    let mut page = open(&url, "/api/v1/live", &api.token(), &json!({"type": "start"})).await;
    let mut cursor = next(&mut page).await.unwrap()["cursor"].clone();
    let key = api.get("/api/v1/channels").await["items"][0]["key"].clone();
    let begun = api.at(&url, "").post("/widget/v1/conversations", &json!({"channel": key})).await;
    let visit = json!({
        "type": "start", "token": begun["visitor_token"], "conversation_id": begun["conversation"]["id"],
    });
    let mut widget = open(&url, "/widget/v1/live", "", &visit).await;
    assert_eq!(next(&mut widget).await.unwrap()["type"], "hello");

    process.terminate();
    for socket in [&mut page, &mut widget] {
        let code = loop {
            match next(socket).await {
                Ok(frame) if frame["cursor"].is_string() => cursor = frame["cursor"].clone(),
                Ok(_) => {}
                Err(code) => break code,
            }
        };
        assert_eq!(code, Some(1012));
    }
    assert_eq!(process.ended().await.code(), Some(0), "{}", process.said());

    let mut process = place.start("desk", &[]);
    let api = api.at(&process.ready().await, &api.token());
    api.post("/api/v1/tasks", &json!({"title": "Meanwhile"})).await;
    let start = json!({"type": "resume", "cursor": cursor});
    let mut page = open(&api.url, "/api/v1/live", &api.token(), &start).await;
    assert_eq!(next(&mut page).await.unwrap()["type"], "hello");
    loop {
        let frame = next(&mut page).await.unwrap();
        assert_ne!(frame["type"], "resync");
        if frame["event"]["type"] == "task.created" {
            assert_eq!(frame["event"]["data"]["title"], "Meanwhile");
            break;
        }
    }
    let mut widget = open(&api.url, "/widget/v1/live", "", &visit).await;
    assert_eq!(next(&mut widget).await.unwrap()["type"], "hello");
}
