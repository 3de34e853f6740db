//! Hostile text in every text field of every request: kept as text where it is one, never a failure of ours.

use serde_json::{Value, json};

use crate::document::{self, OPERATIONS, resolved};
use crate::foreign::Records;
use crate::people::Reply;
use crate::site::{Site, both_with, generous};

const MARKUP: &str = "<script>alert(1)</script><img src=x onerror=alert(1)>";
/// Hidden characters, a direction override, controls, and U+0000, which PostgreSQL takes in no text.
const HIDDEN: &str = "a\u{0}b\u{200B}\u{202E}c\u{2066}\u{FEFF}\u{7}\u{1b}[31md\u{E0041}";
const WIDE: &str = "👩‍👩‍👧 שלום 🏳️‍🌈 ﷽ Z̷̢̛a̵l̸g̵o";
const INJECTION: &str = "'; DROP TABLE tasks; -- \" OR 1=1 %_\\ {{7*7}} ${7*7} \r\nSet-Cookie: a=b";

/// The places of texts in a body of that schema: names of fields, and `0` for a list's item.
fn texts(schema: &Value, depth: usize) -> Vec<Vec<String>> {
    let schema = resolved(schema);
    let is = |kind: &str| {
        schema["type"] == kind || schema["type"].as_array().is_some_and(|all| all.contains(&json!(kind)))
    };
    let below = |name: &str, schema: &Value| {
        let inner = texts(schema, depth + 1).into_iter();
        inner.map(|rest| [vec![name.to_owned()], rest].concat()).collect::<Vec<_>>()
    };
    if depth > 4 {
        return Vec::new();
    }
    let mut found = Vec::new();
    if is("string") {
        found.push(Vec::new());
    }
    for (name, schema) in schema["properties"].as_object().into_iter().flatten() {
        found.extend(below(name, schema));
    }
    if is("array") {
        found.extend(below("0", &schema["items"]));
    }
    for one in ["oneOf", "anyOf", "allOf"].iter().filter_map(|of| schema[of].as_array()).flatten() {
        found.extend(texts(one, depth + 1));
    }
    found
}

/// `body` with `text` at `place`.
fn put(body: &mut Value, place: &[String], text: &str) {
    match place {
        [] => *body = json!(text),
        [first, rest @ ..] if first == "0" => {
            *body = json!([null]);
            put(&mut body[0], rest, text);
        }
        [first, rest @ ..] => {
            if !body.is_object() {
                *body = json!({});
            }
            put(&mut body[first], rest, text);
        }
    }
}

/// Sends `text` in every text field of every request, and gives each answer to `look` with the field's name.
async fn everywhere(site: &Site, text: &str, look: impl Fn(&str, &Reply)) {
    let ours = Records::of(site, &site.owner).await;
    let mut sent = 0;
    for operation in OPERATIONS.iter() {
        let Some(schema) = &operation.body else { continue };
        let who = if operation.path.starts_with("/widget/") { &ours.visitor } else { &site.owner };
        let path = operation.filled(|name| ours.parameter(operation, name));
        for place in texts(schema, 0) {
            let mut body = document::example(operation).unwrap();
            put(&mut body, &place, text);
            let reply = who.call(operation.method.clone(), &path).json(&body).send().await;
            if reply.status.is_success() && !reply.text.is_empty() {
                assert_eq!(reply.header("content-type"), "application/json", "{reply:?}");
            }
            look(place.first().map_or("", String::as_str), &reply);
            sent += 1;
        }
    }
    assert!(sent > 60, "only {sent} text fields were found in the contract");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn markup_is_kept_as_the_text_that_it_is() {
    both_with(generous, async |site| {
        everywhere(site, MARKUP, |field, reply| {
            if !reply.status.is_success() || reply.text.is_empty() {
                return;
            }
            let answer = reply.json();
            if !answer["chat_id"].is_null() {
                // What was understood of an order is told in words of the desk.
                return;
            }
            let kept = [&answer[field], &answer["member"][field], &answer["token"][field]];
            for kept in kept.into_iter().filter_map(Value::as_str) {
                let same = kept == MARKUP || field == "token" || field == "zone";
                assert!(same, "{field} was {kept:?} in {reply:?}");
            }
        })
        .await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hidden_characters_are_removed_and_u0000_never_fails() {
    both_with(generous, async |site| {
        everywhere(site, HIDDEN, |_, reply| {
            if reply.status.is_success() {
                for hidden in
                    ['\u{0}', '\u{200B}', '\u{202E}', '\u{2066}', '\u{FEFF}', '\u{7}', '\u{1b}', '\u{E0041}']
                {
                    let spelled = format!("\\u{:04x}", u32::from(hidden));
                    let found = reply.text.contains(hidden) || reply.text.contains(&spelled);
                    assert!(!found, "{spelled} in {reply:?}");
                }
            }
        })
        .await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn right_to_left_and_joined_characters_stay_and_injections_do_nothing() {
    both_with(generous, async |site| {
        everywhere(site, WIDE, |_, _| {}).await;
        let task = site.owner.task(WIDE).await;
        assert_eq!(task["title"], WIDE);
    })
    .await;
    both_with(generous, async |site| {
        everywhere(site, INJECTION, |_, reply| {
            assert!(!reply.cookie().contains("a=b"), "{reply:?}");
        })
        .await;
        let list = site.owner.get("/api/v1/tasks?parent=any&status=all").await.ok();
        assert!(!list["items"].as_array().unwrap().is_empty());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn texts_beyond_every_limit_are_refused_by_name() {
    both_with(generous, async |site| {
        let long = "x".repeat(250_000);
        everywhere(site, &long, |field, reply| {
            // What is not kept may be of any length: a page's address, a password that nothing is done with. An order
            // in plain words is answered with words.
            let kept = !field.ends_with("url") && field != "current_password" && field != "files";
            let fine = reply.status.is_client_error() || !kept || reply.text.contains("\"clarify\"");
            assert!(fine, "{field}: {} {}", reply.status, &reply.text[..200.min(reply.text.len())]);
        })
        .await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_articles_html_is_sanitised_wherever_it_is_shown() {
    both_with(generous, async |site| {
        let body = "# Hi\n\n<script>alert(1)</script>\n\n<img src=x onerror=alert(1)>\n\n[x](javascript:alert(1))\n\n\
                    ![p](https://evil.example/pixel.png)\n\n<a href=\"data:text/html,<script>\">d</a> \
                    <iframe src=\"https://evil.example\"></iframe><svg onload=alert(1)><style>*{}</style>\n\n**ok**";
        let article = json!({"title": "<b onclick=alert(1)>Hi</b>", "summary": "<script>1</script>", "body": body,
            "slug": "hi", "status": "published"});
        let article = site.owner.post("/api/v1/articles", &article).await.created();
        let preview = site.owner.post("/api/v1/articles/preview", &json!({"body": body})).await.ok();
        let key = site.owner.get("/api/v1/channels").await.ok()["items"][0]["key"].clone();
        let page = site.nobody().get(&format!("/help/{}/hi", key.as_str().unwrap())).await;
        assert_eq!(page.status, 200);
        assert!(page.header("content-type").starts_with("text/html"));
        let main = page.text.split("<main>").nth(1).unwrap().split("</main>").next().unwrap();
        let shown = [article["html"].as_str().unwrap(), preview["html"].as_str().unwrap(), main];
        for html in shown {
            let html = html.to_lowercase();
            assert!(html.contains("<strong>ok</strong>"), "{html}");
            for bad in ["<script", "onerror=", "javascript:", "<iframe", "<svg", "<style", "data:text", "onclick=alert(1)>"] {
                assert!(!html.contains(bad), "{bad} in {html}");
            }
            assert!(!html.contains("src=\"https://evil"), "a foreign picture would be fetched: {html}");
        }
        assert!(!page.text.contains("<b onclick"), "{}", page.text);
    })
    .await;
}
