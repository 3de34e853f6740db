//! The widget: which pages may carry it, and what a visitor's token opens.

use reqwest::Method;
use serde_json::{Value, json};
use server::Options;

use crate::people::Person;
use crate::site::{Site, both_with, generous};
use crate::socket::Socket;

const SHOP: &str = "https://shop.example";

async fn channel(site: &Site) -> Value {
    site.owner.get("/api/v1/channels").await.ok()["items"][0].clone()
}

fn path_of(channel: &Value) -> String {
    format!("/api/v1/channels/{}", channel["id"].as_str().unwrap())
}

async fn begin(site: &Site, key: &Value) -> (Person, String) {
    let begun = site.nobody().post("/widget/v1/conversations", &json!({"channel": key})).await.created();
    let visitor = site.owner.with_bearer(begun["visitor_token"].as_str().unwrap());
    (visitor, begun["conversation"]["id"].as_str().unwrap().to_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_of_other_origins_may_ask_and_no_cookie_counts() {
    both_with(generous, async |site| {
        let key = channel(site).await["key"].clone();
        let look = format!("/widget/v1/channels/{}", key.as_str().unwrap());
        for path in [look.as_str(), "/widget/v1/conversations", "/widget/v1/conversations/x/messages"] {
            let call = site.nobody().call(Method::OPTIONS, path).header("origin", SHOP);
            let call = call.header("access-control-request-method", "POST");
            let preflight =
                call.header("access-control-request-headers", "authorization,content-type").send().await;
            assert_eq!(preflight.status, 204, "{path}");
            assert_eq!(preflight.header("access-control-allow-origin"), SHOP);
            assert!(preflight.header("access-control-allow-headers").contains("Authorization"));
            assert!(preflight.header("access-control-allow-methods").contains("POST"));
            assert_eq!(preflight.header("access-control-allow-credentials"), "");
        }
        let shown = site.nobody().call(Method::GET, &look).header("origin", SHOP).send().await;
        shown.ok();
        assert_eq!(shown.header("access-control-allow-origin"), SHOP);
        assert!(shown.headers.get_all("vary").iter().any(|value| value == "Origin"), "{shown:?}");
        // Errors can be read by the page as well.
        let missing =
            site.nobody().call(Method::GET, "/widget/v1/conversations").header("origin", SHOP).send().await;
        missing.problem(401, "unauthenticated");
        assert_eq!(missing.header("access-control-allow-origin"), SHOP);
        // The staff's side is for no other origin, and a member's cookie is no visitor's.
        let page = site.sign_in("alex@example.org").await;
        let api = page.call(Method::GET, "/api/v1/me").header("origin", SHOP).send().await;
        assert_eq!(api.header("access-control-allow-origin"), "");
        page.get("/widget/v1/conversations").await.problem(401, "unauthenticated");
        let script = site.nobody().get("/widget.js").await;
        assert_eq!(script.header("cross-origin-resource-policy"), "cross-origin");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_pages_of_allowed_origins_begin_write_and_listen() {
    both_with(generous, async |site| {
        let channel = channel(site).await;
        let (visitor, conversation) = begin(site, &channel["key"]).await;
        let refused = site
            .owner
            .patch(&path_of(&channel), &json!({"allowed_origins": ["shop.example", "javascript:x"]}))
            .await;
        assert_eq!(refused.refused(), ["allowed_origins"]);
        site.owner.patch(&path_of(&channel), &json!({"allowed_origins": [format!("{SHOP}/")]})).await.ok();
        let messages = format!("/widget/v1/conversations/{conversation}/messages");
        let ask = async |origin: &str| {
            let new = json!({"channel": channel["key"]});
            let begun = site
                .nobody()
                .call(Method::POST, "/widget/v1/conversations")
                .header("origin", origin)
                .json(&new);
            let begun = begun.send().await;
            let body = json!({"text": "Hello"});
            let wrote =
                visitor.call(Method::POST, &messages).header("origin", origin).json(&body).send().await;
            let read = visitor.call(Method::GET, &messages).header("origin", origin).send().await;
            [begun, wrote, read]
        };
        for reply in ask(SHOP).await {
            assert!(reply.status.is_success(), "{reply:?}");
        }
        for reply in ask(&site.url).await {
            assert!(reply.status.is_success(), "our own page may always: {reply:?}");
        }
        for origin in [
            "https://evil.example",
            "null",
            "http://shop.example",
            "https://shop.example.evil.example",
            "https://shop.example:444",
        ] {
            for reply in ask(origin).await {
                reply.problem(403, "origin_not_allowed");
                assert_eq!(reply.header("access-control-allow-origin"), origin, "the page may read why");
            }
        }
        let token = visitor.credentials.clone().unwrap().1.replace("Bearer ", "");
        let start = json!({"type": "start", "token": token, "conversation_id": conversation});
        let mut socket = Socket::visitor(&site.owner, Some("https://evil.example"), &start).await;
        assert_eq!(socket.closed().await, Some(4401));
        let mut socket = Socket::visitor(&site.owner, Some(SHOP), &start).await;
        assert_eq!(socket.next().await["type"], "hello");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disabled_channel_takes_no_new_conversations_and_says_so() {
    both_with(generous, async |site| {
        let channel = channel(site).await;
        let (visitor, _) = begin(site, &channel["key"]).await;
        site.owner.patch(&path_of(&channel), &json!({"enabled": false})).await.ok();
        let key = channel["key"].as_str().unwrap();
        let shown = site.nobody().get(&format!("/widget/v1/channels/{key}")).await.ok();
        assert_eq!(shown["enabled"], false);
        for person in [&visitor, &site.nobody()] {
            let reply = person.post("/widget/v1/conversations", &json!({"channel": key})).await;
            reply.problem(409, "channel_disabled");
        }
        for unknown in ["unknown", "", "%00", &"x".repeat(500), "a'b", "\u{e9}"] {
            let reply = site.nobody().post("/widget/v1/conversations", &json!({"channel": unknown})).await;
            reply.problem(404, "not_found");
            let help = site.nobody().get(&format!("/widget/v1/channels/{unknown}")).await;
            assert_eq!(help.status, 404);
        }
        let null = site.nobody().post("/widget/v1/conversations", &json!({"channel": "a\u{0}b"})).await;
        null.problem(404, "not_found");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_visitors_messages_are_limited_and_the_answer_says_how_long_to_wait() {
    let few = || Options { visitor_messages_per_minute: 3, ..generous() };
    both_with(few, async |site| {
        let key = channel(site).await["key"].clone();
        let (first, conversation) = begin(site, &key).await;
        let (second, other) = begin(site, &key).await;
        let messages = |id: &str| format!("/widget/v1/conversations/{id}/messages");
        for n in 0..3 {
            first.post(&messages(&conversation), &json!({"text": format!("{n}")})).await.created();
        }
        let reply = first.post(&messages(&conversation), &json!({"text": "one too many"})).await;
        let problem = reply.problem(429, "rate_limited");
        assert_eq!(problem["retry_after"].to_string(), reply.header("retry-after"));
        second.post(&messages(&other), &json!({"text": "not held back"})).await.created();
        let token = first.credentials.clone().unwrap().1.replace("Bearer ", "");
        let start = json!({"type": "start", "token": token, "conversation_id": conversation});
        let mut socket = Socket::visitor(&site.owner, None, &start).await;
        socket.say(&json!({"type": "send", "client_id": "c", "text": "by the socket"})).await;
        let refused = socket.next_of("refused").await;
        assert_eq!(refused["code"], "rate_limited");
        assert!(refused["retry_after"].as_u64().is_some_and(|seconds| seconds > 0), "{refused}");
        // New visitors are counted by where they come from.
        let mut statuses = Vec::new();
        for _ in 0..12 {
            let reply = site.nobody().post("/widget/v1/conversations", &json!({"channel": key})).await;
            statuses.push(reply.status.as_u16());
        }
        assert!(statuses.contains(&429) && statuses[0] == 201, "{statuses:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_visitors_token_opens_its_own_conversations_of_its_own_channel() {
    both_with(generous, async |site| {
        let first = channel(site).await;
        let second = site.owner.post("/api/v1/channels", &json!({"name": "Shop"})).await.created();
        let (visitor, conversation) = begin(site, &first["key"]).await;
        let (other, theirs) = begin(site, &first["key"]).await;
        let read = |id: &str| format!("/widget/v1/conversations/{id}/messages");
        visitor.get(&read(&conversation)).await.ok();
        visitor.get(&read(&theirs)).await.problem(404, "not_found");
        other.post(&read(&conversation), &json!({"text": "x"})).await.problem(404, "not_found");
        // On another channel somebody known here is a new visitor, and the old token is not worth more.
        let begun =
            visitor.post("/widget/v1/conversations", &json!({"channel": second["key"]})).await.created();
        let token = begun["visitor_token"].as_str().unwrap();
        assert!(!visitor.credentials.as_ref().unwrap().1.contains(token));
        visitor.get(&read(begun["conversation"]["id"].as_str().unwrap())).await.problem(404, "not_found");
        let list = visitor.get("/widget/v1/conversations").await.ok();
        assert_eq!(list["items"].as_array().unwrap().len(), 1);
        // The same visitor, the same channel: the token stays, a second conversation begins.
        let again =
            visitor.post("/widget/v1/conversations", &json!({"channel": first["key"]})).await.created();
        assert!(visitor.credentials.as_ref().unwrap().1.contains(again["visitor_token"].as_str().unwrap()));
        assert_eq!(visitor.get("/widget/v1/conversations").await.ok()["items"].as_array().unwrap().len(), 2);
        // It opens nothing of the staff's.
        for path in ["/api/v1/me", "/api/v1/tasks", "/api/v1/conversations"] {
            visitor.get(path).await.problem(401, "unauthenticated");
        }
        site.owner.get("/widget/v1/conversations").await.problem(401, "unauthenticated");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_answer_to_the_first_request_costs_no_second_conversation() {
    both_with(generous, async |site| {
        let body = json!({"channel": channel(site).await["key"], "name": "Dana"});
        let begin = async |key: &str| {
            let call =
                site.nobody().call(Method::POST, "/widget/v1/conversations").header("idempotency-key", key);
            call.json(&body).send().await.created()
        };
        let (first, again) = (begin("k1").await, begin("k1").await);
        assert_eq!(first["conversation"]["id"], again["conversation"]["id"]);
        assert_ne!(first["conversation"]["id"], begin("k2").await["conversation"]["id"]);
        for begun in [&first, &again] {
            let visitor = site.owner.with_bearer(begun["visitor_token"].as_str().unwrap());
            let id = begun["conversation"]["id"].as_str().unwrap();
            visitor
                .post(&format!("/widget/v1/conversations/{id}/messages"), &json!({"text": "Hi"}))
                .await
                .created();
        }
        assert_eq!(site.owner.get("/api/v1/contacts").await.ok()["items"].as_array().unwrap().len(), 2);
    })
    .await;
}
