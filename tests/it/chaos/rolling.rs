//! A rolling restart: every process is replaced, one after the other, and nobody who uses the desk notices.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use testkit::Proxy;
use tokio::task::JoinSet;

use super::system::number;
use super::{new_key, on_postgres};
use crate::api::{Api, set_up};
use crate::live;
use crate::program::{Place, Process};

/// How often every process is replaced.
const RESTARTS: u64 = 1;
const CLIENTS: usize = 6;
const PAGES: usize = 3;
/// Two processes that serve everything.
const TOGETHER: &[(&str, &str)] = &[
    ("front-1", "web,api"),
    ("front-2", "web,api"),
    ("back-1", "relay,clock,workers"),
    ("back-2", "relay,clock,workers"),
];
/// Two that serve the page, in front of two that serve the API.
const APART: &[(&str, &str)] = &[
    ("api-1", "api"),
    ("api-2", "api"),
    ("web-1", "web"),
    ("web-2", "web"),
    ("back-1", "relay,clock,workers"),
    ("back-2", "relay,clock,workers"),
];

/// The addresses that stay, whichever processes are behind them: people's, and where a process with the page alone finds
/// the API.
struct Balancers {
    people: Proxy,
    api: Proxy,
}

impl Balancers {
    /// The one before a process of those roles, if there is one.
    fn of(&self, roles: &str) -> Option<&Proxy> {
        match roles {
            "api" => Some(&self.api),
            roles if roles.contains("web") => Some(&self.people),
            _ => None,
        }
    }
}

/// A process that takes the place of one with the same name.
struct Member {
    name: &'static str,
    roles: &'static str,
    process: Process,
    address: String,
}

impl Member {
    async fn start(
        place: &Place,
        (name, roles): (&'static str, &'static str),
        balancers: &Balancers,
    ) -> Self {
        let mut process = place.start(name, &["--roles", roles]);
        let address = process.ready().await.trim_start_matches("http://").to_owned();
        if let Some(balancer) = balancers.of(roles) {
            balancer.add(&address);
        }
        Self { name, roles, process, address }
    }

    /// As an orchestrator does it: the new one comes first; the old one gets no new connections any more, is asked to
    /// end, and is waited for.
    async fn replace(&mut self, place: &Place, balancers: &Balancers) {
        let new = Self::start(place, (self.name, self.roles), balancers).await;
        let mut old = std::mem::replace(self, new);
        if let Some(balancer) = balancers.of(old.roles) {
            balancer.remove(&old.address);
        }
        old.process.terminate();
        assert_eq!(old.process.ended().await.code(), Some(0), "{}", old.process.said());
    }
}

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
async fn nobody_notices(parts: &[(&'static str, &'static str)]) {
    let balancers = Balancers { people: Proxy::empty(), api: Proxy::empty() };
    let api_url = format!("http://{}", balancers.api.address());
    let place = on_postgres("database:").await.with("DESKHAND_API_URL", &api_url);
    let mut members = vec![Member::start(&place, parts[0], &balancers).await];
    let direct = format!("http://{}", members[0].address);
    let api = set_up(&members[0].process, &direct).await;
    for part in &parts[1..] {
        members.push(Member::start(&place, *part, &balancers).await);
    }
    let url = format!("http://{}", balancers.people.address());
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
