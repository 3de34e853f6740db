//! Traces, as a collector gets them: whole, the right ones, and at nobody's expense.

mod collector;

use std::collections::BTreeSet;
use std::fs;
use std::time::{Duration, Instant};

use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use rand::RngExt as _;
use serde_json::{Value, json};

use crate::api::{Api, set_up};
use crate::program::{PATIENCE, Place, Process};
use collector::{Collector, Manner, Model, Mood, Span, is_slow_or_failed};

/// What the only article says; nothing of it may be in a trace.
const ARTICLE: &str = "Send the parcel back with the yellow form within fourteen days to get your refund.";
const QUESTION: &str = "How do I get my refund?";
const ANSWER: &str = "Send the parcel back with the yellow form within fourteen days to get your refund [1].";

/// A place whose processes trace everything to `collector`.
fn traced(collector: &str, ratio: &str) -> Place {
    Place::new()
        .with("DESKHAND_OTLP__ENDPOINT", collector)
        .with("DESKHAND_TRACE__RATIO", ratio)
        .with("DESKHAND_LOG__FORMAT", "json")
        .with("DESKHAND_LOG__LEVEL", "debug")
}

/// A visitor's side of a conversation.
struct Visit {
    api: Api,
    path: String,
}

impl Visit {
    async fn begin(owner: &Api) -> Self {
        let key = owner.get("/api/v1/channels").await["items"][0]["key"].clone();
        let begun = owner.at(&owner.url, "").post("/widget/v1/conversations", &json!({"channel": key})).await;
        let api = owner.at(&owner.url, begun["visitor_token"].as_str().expect("a token"));
        let id = begun["conversation"]["id"].as_str().expect("an id");
        Self { api, path: format!("/widget/v1/conversations/{id}/messages") }
    }

    /// Writes, with or without a `traceparent`; gives the request's correlation id.
    async fn write(&self, text: &str, traceparent: Option<&str>) -> String {
        let http = reqwest::Client::new();
        let request = http.post(format!("{}{}", self.api.url, self.path)).bearer_auth(self.api.token());
        let request = request.json(&json!({"text": text}));
        let request = match traceparent {
            Some(parent) => request.header("traceparent", parent),
            None => request,
        };
        let answer = request.send().await.expect("an answer");
        assert!(answer.status().is_success(), "{}", answer.status());
        answer.headers()["x-correlation-id"].to_str().expect("an id").to_owned()
    }

    /// Waits until the conversation has as many messages.
    async fn until(&self, count: usize) {
        let begun = Instant::now();
        while self.api.all(&self.path).await.len() < count {
            assert!(begun.elapsed() < PATIENCE, "there is no answer");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

async fn write_article(owner: &Api) {
    let article = json!({"title": "Refunds", "body": format!("## How do I get my refund?\n\n{ARTICLE}"), "status": "published"});
    owner.post("/api/v1/articles", &article).await;
}

/// The span of that name and below `parent`, of which there is one.
fn one<'s>(spans: &'s [Span], parent: &Span, name: &str) -> &'s Span {
    let found: Vec<_> = spans.iter().filter(|span| span.name == name && span.parent == parent.id).collect();
    let names: Vec<_> = spans.iter().map(|span| (&span.name, &span.id, &span.parent)).collect();
    assert_eq!(found.len(), 1, "{name} below {}: {names:?}", parent.name);
    found[0]
}

/// What a process handles for a group, below `parent`.
fn handled<'s>(spans: &'s [Span], parent: &Span, group: &str) -> &'s Span {
    let is_it =
        |span: &&Span| span.parent == parent.id && span.attribute("messaging.consumer.group.name") == group;
    spans.iter().rfind(is_it).unwrap_or_else(|| panic!("{group} handled nothing below {}", parent.name))
}

/// Whether a group has handled what the hand answered: the last step of a question's trace.
fn is_answered(spans: &[Span]) -> bool {
    let audit = |span: &Span| span.attribute("messaging.consumer.group.name") == "audit";
    spans.iter().any(|span| audit(span) && span.attribute("event.type") == "message.sent")
}

/// The trace of the request that has this correlation id, once it is whole.
async fn trace_of(collector: &Collector, correlation: &str) -> Vec<Span> {
    let request =
        |span: &&Span| span.kind == SpanKind::Server && span.attribute("correlation_id") == correlation;
    let of = |spans: &[Span]| {
        let id = spans.iter().find(request)?.trace.clone();
        Some(spans.iter().filter(|span| span.trace == id).cloned().collect::<Vec<_>>())
    };
    let all = collector.until("the trace", |spans| of(spans).is_some_and(|trace| is_answered(&trace))).await;
    of(&all).unwrap()
}

/// A value of the process's metrics; nothing where there is none of that name.
async fn metric(api: &Api, name: &str) -> Option<f64> {
    let text = reqwest::get(format!("{}/metrics", api.url)).await.unwrap().text().await.unwrap();
    let line = text.lines().find(|line| line.split(' ').next() == Some(name))?;
    line.rsplit(' ').next()?.parse().ok()
}

/// Waits until a metric is as `done` wants it.
async fn until_metric(api: &Api, name: &str, done: impl Fn(f64) -> bool) {
    let begun = Instant::now();
    loop {
        let value = metric(api, name).await;
        if value.is_some_and(&done) {
            return;
        }
        assert!(begun.elapsed() < PATIENCE, "in vain: {name} is {value:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

const UNSAMPLED: &str = "deskhand_trace_spans_total{outcome=\"unsampled\"}";
const EXPORTED: &str = "deskhand_trace_spans_total{outcome=\"exported\"}";
const WAITING: &str = "deskhand_trace_spans_waiting";

/// A process with every role, and its owner's program.
async fn start(place: &Place) -> (Process, Api) {
    let mut process = place.start("desk", &[]);
    let url = process.ready().await;
    let api = set_up(&process, &url).await;
    (process, api)
}

#[tokio::test]
async fn one_trace_goes_from_a_visitors_question_to_the_answer_and_says_nothing_of_either() {
    let (collector, model) = (Collector::start().await, Model::start(ANSWER).await);
    let place = traced(&collector.url, "1")
        .with("DESKHAND_MODEL__URL", &model.url)
        .with("DESKHAND_MODEL__NAME", "stand-in");
    let (_process, owner) = start(&place).await;
    write_article(&owner).await;
    let visit = Visit::begin(&owner).await;
    let correlation = visit.write(QUESTION, None).await;
    let spans = trace_of(&collector, &correlation).await;

    let root = spans.iter().find(|span| span.parent.is_empty()).expect("a root");
    assert_eq!(root.name, "POST /widget/v1/conversations/{id}/messages");
    assert_eq!((root.kind, root.attribute("http.response.status_code")), (SpanKind::Server, "201"));
    let asked = one(&spans, root, "VisitorWrite");
    let written = one(&spans, asked, "write");
    let sent = one(&spans, written, "send conversations.incoming");
    assert_eq!(sent.kind, SpanKind::Producer);
    let hand = handled(&spans, written, "hand");
    assert_eq!((hand.kind, hand.attribute("event.type")), (SpanKind::Consumer, "message.received"));
    assert_eq!((hand.attribute("attempt"), hand.attribute("correlation_id")), ("1", correlation.as_str()));
    let called = one(&spans, hand, "chat stand-in");
    assert_eq!(called.kind, SpanKind::Client);
    let effect = one(&spans, hand, "effect");
    let answered = one(&spans, effect, "write");
    one(&spans, answered, "send audit");
    handled(&spans, answered, "audit");
    assert!(root.began <= sent.began && sent.ended <= answered.ended, "in their order");
    assert!(!spans.iter().any(|span| span.failed), "{spans:?}");

    // The model is on this machine, and is told which call it was.
    let expected = format!("00-{}-{}-01", root.trace, called.id);
    assert_eq!(model.told.lock().unwrap().as_slice(), [Some(expected)]);
    for secret in [ARTICLE, QUESTION, "fourteen days", &owner.token(), &visit.api.token(), "dana@example.org"]
    {
        assert!(!collector.knows(secret), "{secret} is in a trace");
    }

    // Who asked may have begun the trace, unless what they say of it is not to be understood.
    let (trace, parent) = ("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7");
    let correlation = visit.write(QUESTION, Some(&format!("00-{trace}-{parent}-01"))).await;
    let spans = trace_of(&collector, &correlation).await;
    let roots: Vec<_> = spans.iter().filter(|span| span.parent == parent).collect();
    assert_eq!((roots.len(), roots[0].trace.as_str()), (1, trace));
    for malformed in ["", "00-0-0-01", "ff-4bf92f3577b34da6a3ce929d0e0e4737-00f067aa0ba902b7-01"] {
        let correlation = visit.write("Hello", Some(malformed)).await;
        let spans = trace_of(&collector, &correlation).await;
        assert_eq!(spans.iter().filter(|span| span.parent.is_empty()).count(), 1, "{malformed}");
    }
}

#[tokio::test]
async fn ordinary_traces_are_left_out_and_slow_and_failed_ones_arrive_whole() {
    let (collector, model) = (Collector::start().await, Model::start(ANSWER).await);
    let place = traced(&collector.url, "0")
        .with("DESKHAND_MODEL__URL", &model.url)
        .with("DESKHAND_MODEL__NAME", "stand-in");
    let (_process, owner) = start(&place).await;
    write_article(&owner).await;
    let mut ordinary = 0.0;
    for _ in 0..20 {
        owner.get("/api/v1/me").await;
        ordinary += 1.0;
    }
    for manner in [Manner::AtOnce, Manner::Slowly, Manner::NotAtAll] {
        model.set_manner(manner);
        let visit = Visit::begin(&owner).await;
        let correlation = visit.write(QUESTION, None).await;
        if manner == Manner::AtOnce {
            visit.until(2).await;
            continue;
        }
        let spans = trace_of(&collector, &correlation).await;
        assert!(is_slow_or_failed(&spans));
        let root = spans.iter().find(|span| span.parent.is_empty()).expect("a root");
        let written = one(&spans, one(&spans, root, "VisitorWrite"), "write");
        one(&spans, written, "send conversations.incoming");
        let hand = handled(&spans, written, "hand");
        let called = one(&spans, hand, "chat stand-in");
        assert!(called.failed || called.ended - called.began > Duration::from_secs(1));
        handled(&spans, one(&spans, one(&spans, hand, "effect"), "write"), "audit");
    }
    until_metric(&owner, UNSAMPLED, |count| count >= ordinary).await;
    until_metric(&owner, WAITING, |count| count == 0.0).await;
    // On a machine that is busy others may have been slow as well.
    for trace in collector.traces() {
        let spans = collector.trace(&trace);
        assert!(is_slow_or_failed(&spans), "{spans:?}");
    }
}

/// Whether the ratio of a half keeps the trace with this id: by its last 63 bits.
fn half(trace: u128) -> bool {
    (trace as u64 >> 1) < 1 << 62
}

#[tokio::test]
async fn a_ratio_keeps_exactly_the_traces_that_their_ids_say() {
    let collector = Collector::start().await;
    let (_process, owner) = start(&traced(&collector.url, "0.5")).await;
    let http = reqwest::Client::new();
    let mut random = rand::rng();
    let ids: Vec<u128> = (0..300).map(|_| random.random()).collect();
    let get = async |trace: u128, flags: &str| {
        let request = http.get(format!("{}/api/v1/me", owner.url)).bearer_auth(owner.token());
        let parent = format!("00-{trace:032x}-00f067aa0ba902b7-{flags}");
        assert!(request.header("traceparent", parent).send().await.unwrap().status().is_success());
    };
    for trace in &ids {
        get(*trace, "00").await;
    }
    // What somebody has decided to keep is kept.
    let marked: Vec<u128> = (0..20).map(|_| random.random()).collect();
    for trace in &marked {
        get(*trace, "01").await;
    }
    let kept = ids.iter().filter(|trace| half(**trace)).chain(&marked);
    let kept: BTreeSet<String> = kept.map(|trace| format!("{trace:032x}")).collect();
    collector
        .until("the half of them", |spans| kept.iter().all(|id| spans.iter().any(|span| span.trace == *id)))
        .await;
    until_metric(&owner, WAITING, |count| count == 0.0).await;
    for trace in ids.iter().map(|trace| format!("{trace:032x}")).filter(|trace| !kept.contains(trace)) {
        let spans = collector.trace(&trace);
        assert!(spans.is_empty() || is_slow_or_failed(&spans), "{spans:?}");
    }
    assert!((100..=200).contains(&(kept.len() - marked.len())), "about a half");
}

/// An address that nobody listens at.
fn free_address() -> String {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}

#[tokio::test]
async fn a_collector_that_is_away_or_hangs_or_refuses_is_nobodys_trouble_and_gets_traces_when_it_is_back() {
    let address = free_address();
    let place = traced(&format!("http://{address}"), "1");
    let (_process, owner) = start(&place).await;
    let visit = Visit::begin(&owner).await;
    let ask = async |requests: usize| {
        for _ in 0..requests {
            let begun = Instant::now();
            owner.get("/api/v1/me").await;
            assert!(begun.elapsed() < Duration::from_secs(2), "a request waited for the collector");
        }
    };
    let log = || fs::read_to_string(place.path().join("desk.log")).unwrap();
    let said = |what: &str| log().lines().filter(|line| line.contains(what)).count();

    let until_said = async |what: &str| {
        let begun = Instant::now();
        while said(what) == 0 {
            assert!(begun.elapsed() < PATIENCE, "nothing is said of it: {what}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    ask(50).await;
    until_said("the collector is away").await;
    ask(50).await;
    assert!(metric(&owner, WAITING).await.unwrap() > 100.0, "they wait");
    assert_eq!(metric(&owner, EXPORTED).await, Some(0.0));

    let collector = Collector::start_at(&address, Mood::IsBusy).await;
    ask(10).await;
    collector.set_mood(Mood::Hangs);
    ask(10).await;
    collector.set_mood(Mood::Takes);
    collector.until("what waited", |spans| spans.len() >= 120).await;
    // The collector has them before its answer is read.
    until_said("takes traces again").await;
    assert_eq!((said("the collector is away"), said("takes traces again")), (1, 1), "once each");

    collector.set_mood(Mood::Refuses);
    ask(10).await;
    until_metric(&owner, "deskhand_trace_spans_total{outcome=\"dropped\"}", |count| count > 0.0).await;
    collector.set_mood(Mood::Takes);
    let correlation = visit.write("Hello", None).await;
    trace_of(&collector, &correlation).await;
}

#[tokio::test]
async fn what_was_traced_before_the_end_arrives() {
    let collector = Collector::start().await;
    let place = traced(&collector.url, "1");
    let (mut process, owner) = start(&place).await;
    let task = owner.post("/api/v1/tasks", &json!({"title": "The last"})).await;
    assert!(task["id"].is_string());
    process.terminate();
    assert_eq!(process.ended().await.code(), Some(0), "{}", process.said());
    assert!(collector.spans().iter().any(|span| span.name == "POST /api/v1/tasks"));

    // One that hangs does not hold the end up for longer than a few seconds.
    collector.set_mood(Mood::Hangs);
    let mut process = place.start("desk", &[]);
    let owner = owner.at(&process.ready().await, &owner.token());
    owner.get("/api/v1/me").await;
    let begun = Instant::now();
    process.terminate();
    assert_eq!(process.ended().await.code(), Some(0));
    assert!(begun.elapsed() < Duration::from_secs(12), "{:?}", begun.elapsed());
}

/// A question is asked in one process and handled in another, on PostgreSQL and the log `bus`, which `system` keeps.
async fn goes_on(bus: &str, system: &str) {
    let collector = Collector::start().await;
    let place = traced(&collector.url, "1")
        .with("DESKHAND_DATABASE_URL", &testkit::empty_postgres().await)
        .with("DESKHAND_BUS_URL", bus)
        .with("DESKHAND_SECRET_KEY", "c2l4dGVlbiByYW5kb20gYnl0ZXMgdHdpY2Ugb3ZlciE=");
    let mut front = place.start("front", &["--roles", "web,api"]);
    let url = front.ready().await;
    let owner = set_up(&front, &url).await;
    let mut back = place.start("back", &["--roles", "channels,relay,clock,workers"]);
    back.ready().await;
    let visit = Visit::begin(&owner).await;
    let correlation = visit.write("I want to talk to a person", None).await;
    visit.until(2).await;
    let spans = trace_of(&collector, &correlation).await;
    let root = spans.iter().find(|span| span.parent.is_empty()).expect("a root");
    let written = one(&spans, one(&spans, root, "VisitorWrite"), "write");
    let sent = one(&spans, written, "send conversations.incoming");
    assert_eq!(sent.attribute("messaging.system"), system);
    let hand = handled(&spans, written, "hand");
    assert_eq!((&sent.instance, &written.instance), (&hand.instance, &root.instance));
    assert_ne!(root.instance, hand.instance);
}

#[tokio::test]
async fn a_trace_goes_on_in_another_process() {
    goes_on("database:", "deskhand").await;
}

#[tokio::test]
async fn a_trace_goes_on_in_another_process_over_nats() {
    goes_on(&format!("nats://{}", testkit::nats()), "nats").await;
}

#[tokio::test]
async fn a_trace_goes_on_in_another_process_over_kafka() {
    goes_on(&format!("kafka://{}", testkit::kafka()), "kafka").await;
}

#[tokio::test]
async fn a_trace_goes_on_from_the_page_to_the_api() {
    let collector = Collector::start().await;
    let place = traced(&collector.url, "1");
    let mut api = place.start("api", &["--roles", "api,channels,relay,clock,workers"]);
    let place = place.with("DESKHAND_API_URL", &api.ready().await);
    let mut web = place.start("web", &["--roles", "web"]);
    let url = web.ready().await;
    let owner = set_up(&api, &url).await;
    let visit = Visit::begin(&owner).await;
    let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let correlation = visit.write("I want to talk to a person", Some(parent)).await;
    let spans = trace_of(&collector, &correlation).await;
    // The page's process sends its own part when it has looked whether the trace is over.
    let is_first = |span: &&Span| span.parent == "b7ad6b7169203331";
    let all = collector.until("the page's part", |spans| spans.iter().any(|span| is_first(&span))).await;
    let first = all.iter().find(is_first).expect("it is there");
    assert_eq!(first.name, "POST /widget/{*rest}");
    let second = one(&spans, first, "POST /widget/v1/conversations/{id}/messages");
    assert_eq!(second.attribute("correlation_id"), correlation, "the answer has the id of what was done");
    assert_ne!(first.instance, second.instance);
}

/// The lines of a log that have `text`.
fn lines(place: &Place, text: &str) -> Vec<Value> {
    let log = fs::read_to_string(place.path().join("desk.log")).unwrap();
    log.lines()
        .filter(|line| line.contains(text))
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect()
}

#[tokio::test]
async fn the_log_says_to_which_request_and_trace_a_line_belongs() {
    let (collector, model) = (Collector::start().await, Model::start(ANSWER).await);
    model.set_manner(Manner::NotAtAll);
    let settings =
        |place: Place| place.with("DESKHAND_MODEL__URL", &model.url).with("DESKHAND_MODEL__NAME", "stand-in");
    let ask = async |owner: &Api| {
        write_article(owner).await;
        let visit = Visit::begin(owner).await;
        let correlation = visit.write(QUESTION, None).await;
        visit.until(2).await;
        correlation
    };
    // One line of the request, and one that the hand wrote in another task and later.
    let both = |place: &Place, correlation: &str| {
        let of = |text: &str| {
            let lines = lines(place, text);
            lines.into_iter().find(|line| line["correlation_id"] == correlation).expect("a line")
        };
        [of("\"request\""), of("the model gave no answer")]
    };

    let place = settings(traced(&collector.url, "0"));
    let (_process, owner) = start(&place).await;
    let correlation = ask(&owner).await;
    let spans = trace_of(&collector, &correlation).await;
    for line in both(&place, &correlation) {
        assert_eq!(line["trace_id"], spans[0].trace, "{line}");
    }

    // Where no traces are sent, there are no traces.
    let place =
        settings(Place::new()).with("DESKHAND_LOG__FORMAT", "json").with("DESKHAND_LOG__LEVEL", "debug");
    let (_process, owner) = start(&place).await;
    let correlation = ask(&owner).await;
    for line in both(&place, &correlation) {
        assert_eq!(line.get("trace_id"), None, "{line}");
    }
    assert_eq!(metric(&owner, EXPORTED).await, None);
}
