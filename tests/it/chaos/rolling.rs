//! A rolling restart: every process is replaced, one after the other, and nobody who uses the desk notices.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::replicas::{APART, Balancers, Member, Part, TOGETHER};
use super::system::number;
use super::{new_key, on_postgres};
use crate::api::{Api, set_up};
use crate::live;

/// How often every process is replaced.
const RESTARTS: u64 = 1;
const CLIENTS: usize = 6;
const PAGES: usize = 3;

/// Reads the live feed until it is `over` and as many tasks came as were `made`; comes back with its cursor when it is
/// told to. Gives how often each came.
async fn watch(
    api: Api,
    mut socket: live::Socket,
    made: Arc<AtomicUsize>,
    over: Arc<AtomicBool>,
) -> HashMap<String, usize> {
    let mut seen: HashMap<String, usize> = HashMap::new();
    let mut cursor = Value::Null;
    while !over.load(Ordering::SeqCst) || seen.len() < made.load(Ordering::SeqCst) {
        match live::next(&mut socket).await {
            Ok(frame) => {
                assert_ne!(frame["type"], "resync", "something is missing");
                if frame["event"]["type"] == "task.created" {
                    let title = frame["event"]["data"]["title"].as_str().unwrap().to_owned();
                    *seen.entry(title).or_default() += 1;
                }
                if frame["cursor"].is_string() {
                    cursor = frame["cursor"].clone();
                }
            }
            Err(code) => {
                assert_eq!(code, Some(1012), "it is told to come back");
                let start = json!({"type": "resume", "cursor": cursor});
                socket = live::open(&api.url, "/api/v1/live", &api.token(), &start).await;
            }
        }
    }
    seen
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_process_is_replaced_and_no_request_fails_and_no_message_is_missing() {
    nobody_notices(TOGETHER).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_and_the_api_are_replaced_apart_and_no_request_fails_and_no_message_is_missing() {
    nobody_notices(APART).await;
}

/// Replaces every process while it is used.
async fn nobody_notices(parts: &[Part]) {
    let balancers = Balancers::new();
    let place = balancers.known_in(on_postgres("database:").await);
    let mut members = vec![Member::start(&place, parts[0], &balancers).await];
    let direct = format!("http://{}", members[0].address);
    let api = set_up(&members[0].process, &direct).await;
    for part in &parts[1..] {
        members.push(Member::start(&place, *part, &balancers).await);
    }
    let url = balancers.url();
    let api = api.at(&url, &api.token());
    let (over, told, made) = (Arc::default(), Arc::default(), Arc::new(AtomicUsize::new(0)));
    let mut pages = JoinSet::new();
    for _ in 0..PAGES {
        let mut socket = live::open(&url, "/api/v1/live", &api.token(), &json!({"type": "start"})).await;
        assert_eq!(live::next(&mut socket).await.unwrap()["type"], "hello");
        pages.spawn(watch(api.clone(), socket, Arc::clone(&made), Arc::clone(&told)));
    }
    let mut clients = JoinSet::new();
    for client in 0..CLIENTS {
        let (api, made) = (Api::new(&url, &api.token()), Arc::clone(&made));
        let over: Arc<AtomicBool> = Arc::clone(&over);
        clients.spawn(async move {
            let mut failed = Vec::new();
            let mut count = 0;
            while !over.load(Ordering::SeqCst) {
                let body = json!({"title": format!("Task {count} of {client}")});
                count += 1;
                match api.try_post("/api/v1/tasks", Some(&new_key()), &body).await {
                    Ok(_) => _ = made.fetch_add(1, Ordering::SeqCst),
                    Err(error) => failed.push(format!("{error:?}")),
                }
                if let Err(error) = api.try_get("/api/v1/tasks?limit=1").await {
                    failed.push(format!("{error:?}"));
                }
                tokio::time::sleep(Duration::from_millis(u64::try_from(client).unwrap() * 7)).await;
            }
            (count, failed)
        });
    }
    for _ in 0..number("DESKHAND_RESTARTS").unwrap_or(RESTARTS) {
        for member in &mut members {
            tokio::time::sleep(Duration::from_millis(500)).await;
            member.replace(&place, &balancers).await;
        }
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    over.store(true, Ordering::SeqCst);
    let mut requests = 0;
    while let Some(client) = clients.join_next().await {
        let (count, failed) = client.unwrap();
        requests += 2 * count;
        assert!(failed.is_empty(), "{} requests of one client failed: {failed:?}", failed.len());
    }
    let made = made.load(Ordering::SeqCst);
    told.store(true, Ordering::SeqCst);
    // One more, so that every page looks again whether it has all.
    api.post("/api/v1/tasks", &json!({"title": "The last one"})).await;
    while let Some(page) = pages.join_next().await {
        let seen = page.unwrap();
        assert!(seen.values().all(|count| *count == 1), "told twice: {seen:?}");
        assert!(seen.len() >= made, "{} of {made} were told", seen.len());
    }
    eprintln!("{requests} requests, {made} tasks");
}
