//! A collector that keeps what it gets, and a model that answers as a test wants it: both on loopback.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use opentelemetry_proto::tonic::trace::v1::status::StatusCode as SpanStatus;
use prost::Message as _;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::program::PATIENCE;

/// A span as it arrived.
#[derive(Debug, Clone)]
pub(super) struct Span {
    pub(super) trace: String,
    pub(super) id: String,
    pub(super) parent: String,
    pub(super) name: String,
    pub(super) kind: SpanKind,
    pub(super) failed: bool,
    pub(super) began: Duration,
    pub(super) ended: Duration,
    pub(super) attributes: BTreeMap<String, String>,
    /// The process that sent it.
    pub(super) instance: String,
}

impl Span {
    /// The value of an attribute; empty where it has none of that name.
    pub(super) fn attribute(&self, name: &str) -> &str {
        self.attributes.get(name).map_or("", String::as_str)
    }
}

/// Whether something of `spans`, which are of one trace, took longer than a second or failed.
pub(super) fn is_slow_or_failed(spans: &[Span]) -> bool {
    let began = spans.iter().map(|span| span.began).min().unwrap_or_default();
    let ended = spans.iter().map(|span| span.ended).max().unwrap_or_default();
    ended - began > Duration::from_secs(1) || spans.iter().any(|span| span.failed)
}

fn texts(attributes: &[KeyValue]) -> BTreeMap<String, String> {
    let text = |attribute: &KeyValue| match attribute.value.as_ref().and_then(|any| any.value.clone()) {
        Some(Any::StringValue(text)) => text,
        Some(Any::IntValue(number)) => number.to_string(),
        other => format!("{other:?}"),
    };
    attributes.iter().map(|attribute| (attribute.key.clone(), text(attribute))).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What a collector does with what it gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mood {
    Takes,
    Hangs,
    IsBusy,
    Refuses,
}

#[derive(Default)]
struct Kept {
    spans: Vec<Span>,
    /// Everything that arrived, as it did.
    bytes: Vec<u8>,
}

#[derive(Clone)]
struct Shared {
    kept: Arc<Mutex<Kept>>,
    mood: Arc<Mutex<Mood>>,
}

/// A running collector; it ends when this goes.
pub(super) struct Collector {
    pub(super) url: String,
    shared: Shared,
    _server: JoinSet<()>,
}

async fn receive(State(shared): State<Shared>, headers: HeaderMap, body: Bytes) -> Response {
    let mood = *shared.mood.lock().unwrap();
    match mood {
        Mood::Takes => {}
        Mood::Hangs => std::future::pending().await,
        Mood::IsBusy => return StatusCode::SERVICE_UNAVAILABLE.into_response(),
        Mood::Refuses => return StatusCode::BAD_REQUEST.into_response(),
    }
    assert_eq!(headers["content-type"], "application/x-protobuf");
    let request = ExportTraceServiceRequest::decode(body.clone()).expect("OTLP");
    let mut kept = shared.kept.lock().unwrap();
    kept.bytes.extend_from_slice(&body);
    for resource_spans in request.resource_spans {
        let resource = texts(&resource_spans.resource.expect("a resource").attributes);
        assert_eq!(resource["service.name"], "deskhand");
        for span in resource_spans.scope_spans.into_iter().flat_map(|scope| scope.spans) {
            kept.spans.push(Span {
                trace: hex(&span.trace_id),
                id: hex(&span.span_id),
                parent: hex(&span.parent_span_id),
                kind: span.kind(),
                failed: span.status.as_ref().is_some_and(|status| status.code() == SpanStatus::Error),
                began: Duration::from_nanos(span.start_time_unix_nano),
                ended: Duration::from_nanos(span.end_time_unix_nano),
                attributes: texts(&span.attributes),
                name: span.name,
                instance: resource["service.instance.id"].clone(),
            });
        }
    }
    StatusCode::OK.into_response()
}

/// Serves `router` at `address` until the set goes; gives the address.
async fn serve(address: &str, router: Router) -> (String, JoinSet<()>) {
    let listener = TcpListener::bind(address).await.expect("an address");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let mut server = JoinSet::new();
    server.spawn(async move { axum::serve(listener, router).await.expect("it serves") });
    (url, server)
}

impl Collector {
    pub(super) async fn start() -> Self {
        Self::start_at("127.0.0.1:0", Mood::Takes).await
    }

    pub(super) async fn start_at(address: &str, mood: Mood) -> Self {
        let shared = Shared { kept: Arc::default(), mood: Arc::new(Mutex::new(mood)) };
        let router = Router::new().route("/v1/traces", post(receive)).with_state(shared.clone());
        let (url, server) = serve(address, router).await;
        Self { url, shared, _server: server }
    }

    pub(super) fn set_mood(&self, mood: Mood) {
        *self.shared.mood.lock().unwrap() = mood;
    }

    pub(super) fn spans(&self) -> Vec<Span> {
        self.shared.kept.lock().unwrap().spans.clone()
    }

    /// Whether `text` stands anywhere in what arrived.
    pub(super) fn knows(&self, text: &str) -> bool {
        let kept = self.shared.kept.lock().unwrap();
        kept.bytes.windows(text.len()).any(|bytes| bytes == text.as_bytes())
    }

    /// The spans of a trace.
    pub(super) fn trace(&self, id: &str) -> Vec<Span> {
        self.spans().into_iter().filter(|span| span.trace == id).collect()
    }

    /// The ids of all traces.
    pub(super) fn traces(&self) -> BTreeSet<String> {
        self.spans().into_iter().map(|span| span.trace).collect()
    }

    /// Waits until the spans that arrived are as `done` wants them; gives them.
    pub(super) async fn until(&self, what: &str, done: impl Fn(&[Span]) -> bool) -> Vec<Span> {
        let begun = Instant::now();
        loop {
            let spans = self.spans();
            if done(&spans) {
                return spans;
            }
            let names: Vec<_> = spans.iter().map(|span| (&span.trace[..4], span.name.as_str())).collect();
            assert!(begun.elapsed() < PATIENCE, "in vain: {what}; {names:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

/// How a model answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Manner {
    AtOnce,
    Slowly,
    NotAtAll,
}

/// A running model; it ends when this goes.
pub(super) struct Model {
    pub(super) url: String,
    /// The `traceparent` of each call.
    pub(super) told: Arc<Mutex<Vec<Option<String>>>>,
    manner: Arc<Mutex<Manner>>,
    _server: JoinSet<()>,
}

impl Model {
    /// One that gives `answer`.
    pub(super) async fn start(answer: &'static str) -> Self {
        let told: Arc<Mutex<Vec<Option<String>>>> = Arc::default();
        let manner = Arc::new(Mutex::new(Manner::AtOnce));
        let (kept, now) = (Arc::clone(&told), Arc::clone(&manner));
        let handler = move |headers: HeaderMap| {
            let parent = headers.get("traceparent").map(|parent| parent.to_str().unwrap().to_owned());
            kept.lock().unwrap().push(parent);
            let manner = *now.lock().unwrap();
            async move {
                match manner {
                    Manner::AtOnce => {}
                    Manner::Slowly => tokio::time::sleep(Duration::from_millis(1_300)).await,
                    Manner::NotAtAll => return StatusCode::INTERNAL_SERVER_ERROR.into_response(),
                }
                let message = json!({"role": "assistant", "content": answer});
                json!({"choices": [{"message": message}]}).to_string().into_response()
            }
        };
        let (url, server) =
            serve("127.0.0.1:0", Router::new().route("/v1/chat/completions", post(handler))).await;
        Self { url: format!("{url}/v1"), told, manner, _server: server }
    }

    pub(super) fn set_manner(&self, manner: Manner) {
        *self.manner.lock().unwrap() = manner;
    }
}
