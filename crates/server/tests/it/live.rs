//! Live: what happens is told as it happens, without a gap, and only to those whom it concerns.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Instant;

use domain::Breaker;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use crate::foreign::Records;
use crate::site::{Site, both_at, both_with, generous, until};
use crate::socket::Socket;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_is_told_to_the_workspace_and_to_no_other() {
    both_with(generous, async |site| {
        let stranger = site.other_workspace().await;
        let mut socket = Socket::member(&site.owner).await;
        let mut other = Socket::member(&stranger).await;
        let task = site.owner.task("Call Dana").await;
        let event = socket.event("task.created").await;
        assert_eq!(event["subject_id"], task["id"]);
        assert_eq!(event["kind"], "task");
        assert_eq!(event["data"]["title"], "Call Dana");
        assert_eq!(event["actor"]["name"], "Alex");
        assert_eq!(event["workspace_id"], json!(site.owner.member.workspace.0));
        let theirs = stranger.task("theirs").await;
        assert_eq!(other.event("task.created").await["subject_id"], theirs["id"]);
        assert!(!other.quiet().await.iter().any(|frame| frame.to_string().contains("Call Dana")));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_cut_exactly_what_was_missed_comes_again() {
    both_with(generous, async |site| {
        let mut socket = Socket::member(&site.owner).await;
        site.owner.task("seen").await;
        socket.event("task.created").await;
        let cursor = socket.cursor.clone();
        drop(socket);
        let mut missed = BTreeSet::new();
        for n in 0..20 {
            let task = site.owner.task(&format!("missed {n}")).await;
            missed.insert(task["id"].as_str().unwrap().to_owned());
        }
        let mut socket = Socket::resumed(&site.owner, &cursor).await;
        let after = site.owner.task("after").await;
        missed.insert(after["id"].as_str().unwrap().to_owned());
        // Events of different records have no order among them: the last may be told before the missed ones.
        let mut told = Vec::new();
        while told.len() < missed.len() {
            told.push(socket.event("task.created").await["subject_id"].as_str().unwrap().to_owned());
        }
        let more = socket.quiet().await;
        assert!(!more.iter().any(|frame| frame["event"]["type"] == "task.created"), "told twice: {more:?}");
        assert_eq!(told.into_iter().collect::<BTreeSet<_>>(), missed);
        let last = socket.cursor.clone();
        drop(socket);
        // Nothing happened since: nothing comes.
        let mut socket = Socket::resumed(&site.owner, &last).await;
        assert_eq!(socket.quiet().await, Vec::<Value>::new());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cursor_that_cannot_be_gone_on_from_says_so_and_the_socket_goes_on() {
    both_with(generous, async |site| {
        let mut first = Socket::member(&site.owner).await;
        site.owner.task("x").await;
        first.event("task.created").await;
        let made_up = first.cursor.replace(|c: char| c.is_ascii_digit(), "9");
        for cursor in ["", "nonsense", &"9".repeat(5000), &made_up, "é\u{0}"] {
            let mut socket = Socket::resumed(&site.owner, cursor).await;
            assert_eq!(socket.next().await["type"], "resync", "{cursor:?}");
            site.owner.task("after").await;
            assert_eq!(socket.event("task.created").await["data"]["title"], "after");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_comes_back_after_what_they_missed_was_removed_is_told_to_read_anew() {
    // Rows are stamped two days ago; what is older than a day is removed.
    let start = Timestamp::now() - SignedDuration::from_hours(48);
    both_at(start, async |site, _| {
        let mut socket = Socket::member(&site.owner).await;
        let cursor = socket.cursor.clone();
        site.owner.task("long ago").await;
        socket.event("task.created").await;
        drop(socket);
        until("every group has passed it, and it is removed", async || {
            let removed: Result<u64, store::Error> = site
                .desk
                .store()
                .write(store::Scope::System, (), |tx, ()| {
                    Box::pin(async move {
                        store::bus::prune_log(tx, 1000).await?;
                        let mut left = 0;
                        for (topic, partition) in domain::Topic::all_partitions() {
                            left += store::bus::read(tx, topic, partition, 0, 1000).await?.len() as u64;
                        }
                        Ok(left)
                    })
                })
                .await;
            removed.unwrap() == 0
        })
        .await;
        // A process that has just begun remembers nothing, and finds that the log does not go back that far.
        let twin = site.twin().await;
        let there = twin.person(&site.owner);
        let mut socket = Socket::resumed(&there, &cursor).await;
        assert_eq!(socket.next().await["type"], "resync");
        site.owner.task("now").await;
        assert_eq!(socket.event("task.created").await["data"]["title"], "now");
        let cursor = socket.cursor.clone();
        drop(socket);
        site.owner.task("missed").await;
        let mut socket = Socket::resumed(&there, &cursor).await;
        let told = socket.next().await;
        assert_eq!(told["event"]["data"]["title"], "missed", "{told}");
        twin.close(site).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn notifications_and_sign_ins_are_told_only_to_their_member() {
    both_with(generous, async |site| {
        let mia = site.member("Mia", domain::Role::Agent).await;
        let mut hers = Socket::member(&mia).await;
        let mut owners = Socket::member(&site.owner).await;
        site.owner
            .post("/api/v1/tasks", &json!({"title": "For Mia", "assignee": mia.member.id.0}))
            .await
            .created();
        site.sign_in("mia@example.org").await;
        site.owner.post("/api/v1/tokens", &json!({"name": "program"})).await.created();
        let told = hers.event("notification.created").await;
        assert_eq!(told["data"]["member_id"], json!(mia.member.id.0));
        for frame in owners.quiet().await {
            let kind = frame["event"]["type"].as_str().unwrap_or_default().to_owned();
            assert!(!kind.starts_with("notification."), "{frame}");
            assert!(!kind.contains("signed") && !kind.starts_with("token."), "{frame}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_socket_that_does_not_begin_or_says_too_much_is_closed_and_harms_nobody() {
    both_with(generous, async |site| {
        assert_eq!(site.owner.get("/api/v1/live").await.status.as_u16() / 100, 4);
        assert_eq!(Socket::refusal(&site.nobody(), None).await, 401);
        let huge = "x".repeat(100_000);
        for first in [r#"{"type":"stop"}"#, "[]", "nonsense", "", &huge] {
            let mut socket = Socket::visitor(&site.owner, None, &json!({"type": "no start"})).await;
            let _ = socket.closed().await;
            let mut socket = Socket::member(&site.owner).await;
            socket.raw(Message::text(first.to_owned())).await;
            // What a member's page says after the start is passed over, or the socket ends.
        }
        let mut socket = Socket::member(&site.owner).await;
        socket
            .event_after(
                async || {
                    site.owner.task("fine").await;
                },
                "task.created",
            )
            .await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn draining_sends_every_socket_to_another_process() {
    both_with(generous, async |site| {
        let ours = Records::of(site, &site.owner).await;
        let mut member = Socket::member(&site.owner).await;
        let mut visitor = Socket::visitor(&site.owner, None, &start(&ours, 0)).await;
        assert_eq!(visitor.next().await["type"], "hello");
        site.owner.get("/ready").await.ok();
        site.health.set_draining();
        assert_eq!(member.closed().await, Some(1012));
        assert_eq!(visitor.closed().await, Some(1012));
        let ready = site.raw(b"GET /ready HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await;
        assert!(ready.starts_with("HTTP/1.1 503"), "{ready}");
        site.owner.get("/health").await.ok();
    })
    .await;
}

/// How the visitor of `records` begins a socket.
fn start(records: &Records, after: i64) -> Value {
    let token = records.visitor.credentials.clone().unwrap().1.replace("Bearer ", "");
    json!({"type": "start", "token": token, "conversation_id": records.id("conversations"), "after": after})
}

async fn member_says(site: &Site, records: &Records, text: &str, note: bool) -> Value {
    let path = format!("/api/v1/conversations/{}/messages", records.id("conversations"));
    site.owner.post(&path, &json!({"text": text, "note": note})).await.created()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_visitor_hears_what_is_for_them_and_never_a_note() {
    both_with(generous, async |site| {
        let ours = Records::of(site, &site.owner).await;
        let mut visitor = Socket::visitor(&site.owner, None, &start(&ours, 0)).await;
        let hello = visitor.next().await;
        assert_eq!((hello["type"].as_str(), hello["state"].as_str()), (Some("hello"), Some("claimed")));
        assert_eq!(visitor.next_of("message").await["message"]["text"], "Where is my refund?");
        member_says(site, &ours, "a SECRET note", true).await;
        let said = member_says(site, &ours, "It is under way", false).await;
        loop {
            let message = visitor.next_of("message").await["message"].clone();
            assert!(!message.to_string().contains("SECRET"), "{message}");
            if message["id"] == said["id"] {
                assert_eq!(message["author"], json!({"kind": "member", "name": "Alex"}));
                break;
            }
        }
        member_says(site, &ours, "another SECRET", true).await;
        let path = format!("/api/v1/conversations/{}/return", ours.id("conversations"));
        site.owner.post(&path, &Value::Null).await.ok();
        assert_eq!(visitor.next_of("state").await["state"], "returned");
        let rest = visitor.quiet().await;
        assert!(!json!(rest).to_string().contains("SECRET"), "{rest:?}");
        let list = ours
            .visitor
            .get(&format!("/widget/v1/conversations/{}/messages", ours.id("conversations")))
            .await;
        assert!(!list.text.contains("SECRET") && list.text.contains("It is under way"));
        // Catching up begins after what was seen.
        let after = said["sequence"].as_i64().unwrap();
        let mut again = Socket::visitor(&site.owner, None, &start(&ours, after)).await;
        assert_eq!(again.next().await["type"], "hello");
        for frame in again.quiet().await {
            let sequence = frame["message"]["sequence"].as_i64();
            assert!(sequence.is_none_or(|sequence| sequence > after), "{frame}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_visitor_writes_over_the_socket_and_twice_is_once() {
    both_with(generous, async |site| {
        let ours = Records::of(site, &site.owner).await;
        let mut staff = Socket::member(&site.owner).await;
        let mut visitor = Socket::visitor(&site.owner, None, &start(&ours, 1000)).await;
        assert_eq!(visitor.next().await["type"], "hello");
        let send = json!({"type": "send", "client_id": "c1", "text": "Hello?"});
        visitor.say(&send).await;
        visitor.say(&send).await;
        let (first, second) = (visitor.next_of("sent").await, visitor.next_of("sent").await);
        assert_eq!(first, second);
        assert_eq!(first["client_id"], "c1");
        assert_eq!(staff.event("message.received").await["data"]["text"], "Hello?");
        let path = format!("/api/v1/conversations/{}/messages", ours.id("conversations"));
        let list = site.owner.get(&path).await.ok();
        let twins =
            list["items"].as_array().unwrap().iter().filter(|message| message["text"] == "Hello?").count();
        assert_eq!(twins, 1);
        for (text, client_id) in
            [("", "c2"), (" \u{200B}", "c3"), (&*"x".repeat(5000), "c4"), ("x", "no spaces")]
        {
            visitor.say(&json!({"type": "send", "client_id": client_id, "text": text})).await;
            let refused = visitor.next_of("refused").await;
            assert_eq!(
                (&refused["client_id"], &refused["code"]),
                (&json!(client_id), &json!("invalid")),
                "{refused}"
            );
        }
        visitor.say(&json!({"type": "send", "client_id": "c5", "text": "a\u{0}\u{202E}b <b>"})).await;
        assert_eq!(visitor.next_of("sent").await["message"]["text"], "ab <b>");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_visitors_socket_to_what_is_not_theirs_is_closed_with_the_reason() {
    both_with(generous, async |site| {
        let stranger = site.other_workspace().await;
        let (ours, theirs) = (Records::of(site, &site.owner).await, Records::of(site, &stranger).await);
        let with = |field: &str, value: Value| {
            let mut start = start(&ours, 0);
            start[field] = value;
            start
        };
        let owner = site.owner.credentials.clone().unwrap().1.replace("Bearer ", "");
        let cases = [
            (with("token", json!("nonsense")), 4401),
            (with("token", json!("")), 4401),
            (with("token", json!(owner)), 4401),
            (with("conversation_id", json!(theirs.id("conversations"))), 4404),
            (with("conversation_id", json!(uuid::Uuid::nil())), 4404),
            (with("conversation_id", json!("no id")), 1008),
            (with("type", json!("stop")), 1008),
            (with("after", json!("x")), 1008),
        ];
        for (start, code) in cases {
            let mut socket = Socket::visitor(&site.owner, None, &start).await;
            assert_eq!(socket.closed().await, Some(code), "{start}");
        }
        let mut fine = Socket::visitor(&site.owner, None, &with("after", json!(-5))).await;
        assert_eq!(fine.next().await["type"], "hello");
        until("closed sockets are counted out", async || {
            site.owner.get("/metrics").await.text.contains("deskhand_live_connections 1")
        })
        .await;
    })
    .await;
}

/// That a ping says what is away. Those before it may have been on their way already.
async fn hears(socket: &mut Socket, degraded: Value) {
    for _ in 0..5 {
        if socket.ping().await["degraded"] == degraded {
            return;
        }
    }
    panic!("no ping says that {degraded} is away");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_is_told_what_is_away_at_its_beginning_and_with_each_ping_as_ready_says_it() {
    both_with(generous, async |site| {
        let breaker = Arc::new(Breaker::new("mail").after(1));
        site.health.watch(Arc::clone(&breaker));
        let ready = async || site.nobody().get("/ready").await.ok()["degraded"].clone();
        let mut early = Socket::member(&site.owner).await;
        assert_eq!((&early.last["degraded"], ready().await), (&json!([]), json!([])));
        breaker.failed(Instant::now());
        let mut late = Socket::member(&site.owner).await;
        assert_eq!((&late.last["degraded"], ready().await), (&json!(["mail"]), json!(["mail"])));
        hears(&mut early, json!(["mail"])).await;
        breaker.succeeded();
        hears(&mut late, json!([])).await;
    })
    .await;
}
