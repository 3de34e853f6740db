//! A program beside the system that is told of everything that happens: what is sent there shows what a group does on the
//! bus, and in which order.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::api::Api;

/// A webhook, and what it was told.
pub(super) struct Hook {
    told: Told,
    _server: JoinSet<()>,
}

/// The events that arrived, in their order, each as often as it came.
type Told = Arc<Mutex<Vec<Value>>>;

/// What was told of one task or one conversation: a number for each event, where it came first.
pub(super) type Numbers = HashMap<String, Vec<i64>>;

async fn receive(State(told): State<Told>, Json(event): Json<Value>) -> StatusCode {
    told.lock().unwrap().push(event);
    StatusCode::NO_CONTENT
}

impl Hook {
    /// One that is told of each event after the one before it.
    pub(super) async fn begin(api: &Api) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}/", listener.local_addr().expect("its address"));
        let told = Told::default();
        let router = Router::new().route("/", post(receive)).with_state(Arc::clone(&told));
        let mut server = JoinSet::new();
        server.spawn(async move { axum::serve(listener, router).await.expect("it serves") });
        api.post("/api/v1/webhooks", &json!({"url": url, "ordered": true})).await;
        Self { told, _server: server }
    }

    /// Of each conversation, the places of its messages, of visitors or of others.
    pub(super) fn messages(&self, kind: &str) -> Numbers {
        self.numbers(|event| {
            let data = &event["data"];
            (event["type"] == kind).then(|| (&data["conversation_id"], data["sequence"].as_i64().unwrap()))
        })
    }

    /// Of each task, 1 where it was made and 2 where it was completed.
    pub(super) fn tasks(&self) -> Numbers {
        self.numbers(|event| match event["type"].as_str() {
            Some("task.created") => Some((&event["data"]["id"], 1)),
            Some("task.completed") => Some((&event["data"]["id"], 2)),
            _ => None,
        })
    }

    fn numbers(&self, of: impl Fn(&Value) -> Option<(&Value, i64)>) -> Numbers {
        let mut numbers = Numbers::new();
        for event in &*self.told.lock().unwrap() {
            let Some((id, number)) = of(event) else { continue };
            let known = numbers.entry(id.as_str().unwrap().to_owned()).or_default();
            // What came before may come again: a process that ends in between may not have noted that it sent it.
            if !known.contains(&number) {
                known.push(number);
            }
        }
        numbers
    }
}
