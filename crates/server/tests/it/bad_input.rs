//! What clients send that cannot be meant: each is refused with words, and nothing is a failure of ours.

use reqwest::Method;
use serde_json::{Value, json};

use crate::document::{self, OPERATIONS};
use crate::foreign::Records;
use crate::site::{both, both_with, generous};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_that_is_no_json_object_of_that_kind_is_refused_everywhere() {
    both_with(generous, async |site| {
        let ours = Records::of(site, &site.owner).await;
        let nested = format!("{}1{}", "[".repeat(20_000), "]".repeat(20_000));
        let deep = format!("{{\"title\":{}1{}}}", "{\"a\":".repeat(20_000), "}".repeat(20_000));
        let cases: [(&[u8], &[u16]); 13] = [
            (b"", &[400]),
            (b"{", &[400]),
            (b"{\"title\":}", &[400, 422]),
            (b"{\"title\":\"a\"} trailing", &[400, 422]),
            (b"{'title': 'a'}", &[400]),
            (b"\xff\xfe\"a\"", &[400]),
            (b"{\"title\":\"\xc3\x28\",\"text\":\"\xc3\x28\"}", &[400, 422]),
            (b"null", &[422]),
            (b"[]", &[422]),
            (b"[null, null]", &[422]),
            (b"{\"no_such_field\": 1}", &[422]),
            (nested.as_bytes(), &[400, 422]),
            (deep.as_bytes(), &[400, 422]),
        ];
        for operation in OPERATIONS.iter().filter(|operation| operation.body.is_some()) {
            let who = if operation.path.starts_with("/widget/") { &ours.visitor } else { &site.owner };
            let path = operation.filled(|name| ours.parameter(operation, name));
            for (body, statuses) in cases {
                let call = who.call(operation.method.clone(), &path).body(body.to_vec());
                let reply = call.send().await;
                assert!(statuses.contains(&reply.status.as_u16()), "{reply:?}");
            }
            let example = document::example(operation).unwrap();
            let plain = who.call(operation.method.clone(), &path).header("content-type", "text/plain");
            plain.send().await.problem(415, "not_json");
            // The same field twice says two things.
            let name = example.as_object().unwrap().keys().next().unwrap();
            let field = format!("\"{name}\":{}", example[name]);
            let twice = who.call(operation.method.clone(), &path).body(format!("{{{field},{field}}}"));
            twice.send().await.problem(422, "invalid_body");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_field_of_another_type_is_refused_everywhere() {
    both_with(generous, async |site| {
        let ours = Records::of(site, &site.owner).await;
        let wrong = [
            json!(true),
            json!(-1),
            json!(1e308),
            json!(18_446_744_073_709_551_615_u64),
            json!({}),
            json!([[]]),
        ];
        for operation in OPERATIONS.iter().filter(|operation| operation.body.is_some()) {
            let who = if operation.path.starts_with("/widget/") { &ours.visitor } else { &site.owner };
            let path = operation.filled(|name| ours.parameter(operation, name));
            for (name, _) in operation.fields() {
                for value in &wrong {
                    let mut body = document::example(operation).unwrap();
                    body[&name] = value.clone();
                    let call = who.call(operation.method.clone(), &path);
                    let reply = call.json(&body).send().await;
                    // Some fields do take a truth value or an empty object.
                    let takes = value.is_boolean() || value == &json!({});
                    assert!(takes || reply.status.is_client_error(), "{name} = {value}: {reply:?}");
                }
            }
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn parameters_in_the_query_that_make_no_sense_are_refused_everywhere() {
    both_with(generous, async |site| {
        let ours = Records::of(site, &site.owner).await;
        let long = "x".repeat(60_000);
        let cursors = ["", "x", &"f".repeat(48), &"0".repeat(47), "%F0%9F%92%A9", "-1"];
        for operation in OPERATIONS.iter().filter(|operation| !operation.query.is_empty()) {
            let who = if operation.path.starts_with("/widget/") { &ours.visitor } else { &site.owner };
            let path = operation.filled(|name| ours.parameter(operation, name));
            for name in &operation.query {
                // What searches needs something to search for.
                let base = if path.ends_with("/search") && name != "q" { "q=a&" } else { "" };
                let ask = async |value: &str| who.get(&format!("{path}?{base}{name}={value}")).await;
                assert_eq!(ask("%00").await.status, 422, "{name}");
                assert!(ask("%FF%FE").await.status != 500, "{name}");
                let reply = ask(&long).await;
                assert!(reply.status == 200 || reply.status.is_client_error(), "{name} of {path}");
                if ["limit", "after", "priority"].contains(&name.as_str()) {
                    for bad in ["abc", "1.5", "99999999999999999999999", "", "1e9"] {
                        assert_eq!(ask(bad).await.status, 422, "{name}={bad} of {path}");
                    }
                }
                if name == "limit" {
                    for bad in ["0", "-1", "201", "9223372036854775807"] {
                        assert_eq!(ask(bad).await.status, 422, "{name}={bad} of {path}");
                    }
                }
                if name == "after" {
                    assert_eq!(ask("-1").await.status, 422);
                    assert_eq!(ask("9223372036854775807").await.ok()["items"], json!([]));
                }
                if name == "cursor" {
                    for bad in cursors.iter().filter(|bad| **bad != "f".repeat(48)) {
                        assert_eq!(ask(bad).await.status, 422, "{name}={bad} of {path}");
                    }
                    // One that could be: it stands somewhere, and nothing fails.
                    assert_eq!(ask(&"f".repeat(48)).await.status, 200);
                }
            }
            if operation.query.iter().any(|name| name == "limit") {
                who.get(&format!("{path}?limit=1&limit=2")).await.problem(422, "invalid_query");
            }
        }
        for bad in [
            "status=x",
            "due=x",
            "sort=x",
            "assignee=x",
            "project=x",
            "parent=x",
            "priority=0",
            "priority=5",
            "zone=Mars%2FBase&due=today",
        ] {
            assert_eq!(site.owner.get(&format!("/api/v1/tasks?{bad}")).await.status, 422, "{bad}");
        }
        for q in [
            "%25",
            "_",
            "%5C",
            "%22%22",
            "AND",
            "NEAR(",
            "a*b",
            "%22",
            "*",
            "(",
            "a:b",
            "-",
            "%23",
            "%2399999999999999999999",
        ] {
            site.owner.get(&format!("/api/v1/search?q={q}")).await.ok();
            site.owner.get(&format!("/api/v1/tasks?q={q}")).await.ok();
            site.owner.get(&format!("/api/v1/contacts?q={q}")).await.ok();
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dates_zones_and_rules_that_do_not_exist_are_refused_by_name() {
    both(async |site| {
        let task = site.owner.task("Call Dana").await;
        let path = format!("/api/v1/tasks/{}", task["id"].as_str().unwrap());
        let due = |date: &str| json!({"due": {"date": date}});
        let dates = [
            "2025-02-29",
            "2026-13-01",
            "2026-00-10",
            "2026-04-31",
            "0000-00-00",
            "tomorrow",
            "2026-1-1",
            "",
            "20260101",
            "99999-01-01",
            "0794-06-01",
            "9999-12-31",
            "-2026-01-01",
            "2026-01-01T10:00",
        ];
        for date in dates {
            let mut new = due(date);
            new["title"] = json!("x");
            for reply in [
                site.owner.post("/api/v1/tasks", &new).await,
                site.owner.patch(&path, &due(date)).await,
                site.owner.post(&format!("{path}/snooze"), &json!({"until": {"date": date}})).await,
            ] {
                let refused = reply.refused();
                assert!(
                    refused.iter().all(|field| field.starts_with("due") || field.starts_with("until")),
                    "{date}: {refused:?}"
                );
            }
        }
        for time in ["24:00", "9:00", "09:60", "09:00:00", "9am", "", "25:61"] {
            let body = json!({"due": {"date": "2030-01-31", "time": time}});
            assert_eq!(site.owner.patch(&path, &body).await.refused(), ["due.time"], "{time}");
        }
        for zone in [
            "Mars/Base",
            "",
            "+25:00",
            "../../etc/passwd",
            "Europe/Berlin\u{0}",
            "UTC\n",
            "EST5EDT4,M3.2.0,M11.1.0",
        ] {
            assert_eq!(site.owner.patch(&path, &json!({"zone": zone})).await.refused(), ["zone"], "{zone:?}");
            assert_eq!(
                site.owner.patch("/api/v1/me", &json!({"zone": zone})).await.refused(),
                ["zone"],
                "{zone:?}"
            );
            assert_eq!(
                site.owner.patch("/api/v1/settings", &json!({"zone": zone})).await.refused(),
                ["zone"],
                "{zone:?}"
            );
        }
        let rules = [
            "",
            "FREQ=SECONDLY",
            "FREQ=WEEKLY;BYDAY=XX",
            "every monday",
            "FREQ=DAILY;INTERVAL=0",
            "FREQ=DAILY;COUNT=-1",
            "FREQ=MONTHLY;BYMONTHDAY=32",
            "RRULE:RRULE:",
            "FREQ=DAILY;UNTIL=nonsense",
        ];
        for rule in rules {
            let body = json!({"due": {"date": "2030-01-31"}, "recurrence": {"rule": rule}});
            assert_eq!(site.owner.patch(&path, &body).await.refused(), ["recurrence.rule"], "{rule}");
        }
        let alone = json!({"title": "x", "recurrence": {"rule": "FREQ=DAILY"}});
        assert_eq!(site.owner.post("/api/v1/tasks", &alone).await.refused(), ["recurrence"]);
        for at in
            ["2026-02-30T09:00", "tomorrow", "2026-01-01", "", "0001-01-01T00:00", "2026-01-01T09:00+02:00"]
        {
            let reply = site.owner.post(&format!("{path}/reminders"), &json!({"at": at})).await;
            assert_eq!(reply.refused(), ["reminder.at"], "{at}");
        }
        let shown = site.owner.get(&path).await.ok();
        assert_eq!(shown["version"], task["version"], "something of what was refused was kept: {shown}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_over_the_limit_is_refused_whether_or_not_its_length_is_known() {
    both(async |site| {
        let big = json!({"title": "x", "notes": "x".repeat(1_100_000)}).to_string();
        let known = site.owner.call(Method::POST, "/api/v1/tasks").body(big.clone());
        known.send().await.problem(413, "body_too_large");
        let (_, authorization) = site.owner.credentials.clone().unwrap();
        let unknown = format!(
            "POST /api/v1/tasks HTTP/1.1\r\nHost: x\r\nAuthorization: {authorization}\r\nContent-Type: application/json\r\n\
             Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{big}\r\n0\r\n\r\n",
            big.len()
        );
        let answer = site.raw(unknown.as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 413") && answer.contains("body_too_large"), "{answer}");
        assert_eq!(site.owner.get("/api/v1/tasks").await.ok()["items"], json!([]));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn header_injection_and_broken_requests_get_an_answer_and_no_header_of_theirs() {
    both(async |site| {
        let (_, authorization) = site.owner.credentials.clone().unwrap();
        let host = site.url.trim_start_matches("http://");
        let title = "x\\r\\nX-Evil: 1";
        let body = format!("{{\"title\":\"{title}\"}}");
        let head = format!("Host: {host}\r\nAuthorization: {authorization}\r\nConnection: close\r\n");
        let task = format!(
            "POST /api/v1/tasks HTTP/1.1\r\n{head}Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let answer = site.raw(task.as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
        let (headers, _) = answer.split_once("\r\n\r\n").unwrap();
        assert!(!headers.to_lowercase().contains("x-evil"), "{headers}");
        // A host that would break the addresses that are made of it.
        let evil = "POST /api/v1/members HTTP/1.1\r\nHost: evil.example\"><script>\r\nConnection: close\r\n\r\n";
        let answer = site.raw(evil.as_bytes()).await;
        assert!(!answer.contains("<script>"), "{answer}");
        for broken in [
            format!("GET /api/v1/tasks HTTP/1.1\r\n{head}If-Match: \u{1}\r\n\r\n"),
            format!("GET /api/v1/tasks?q=a b HTTP/1.1\r\n{head}\r\n"),
            format!("GET /{} HTTP/1.1\r\n{head}\r\n", "a".repeat(100_000)),
            format!("POST /api/v1/tasks HTTP/1.1\r\n{head}Content-Type: application/json\r\nContent-Length: -1\r\n\r\n"),
            "NONSENSE\r\n\r\n".to_owned(),
        ] {
            let answer = site.raw(broken.as_bytes()).await;
            assert!(answer.starts_with("HTTP/1.1 4"), "{}: {answer}", &broken[..40.min(broken.len())]);
        }
        site.owner.get("/api/v1/me").await.ok();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_members_who_claim_at_once_are_one_who_has_it_and_one_who_is_told_who() {
    both_with(generous, async |site| {
        let ours = Records::of(site, &site.owner).await;
        let mia = site.member("Mia", domain::Role::Agent).await;
        let conversation = format!("/api/v1/conversations/{}", ours.id("conversations"));
        for round in 0..8 {
            let path = format!("{conversation}/return");
            let holder = site.owner.get(&conversation).await.ok()["claimed_by"]["name"].clone();
            let who = if holder == "Mia" { &mia } else { &site.owner };
            who.post(&path, &Value::Null).await.ok();
            let path = format!("{conversation}/claim");
            let (a, b) = tokio::join!(site.owner.post(&path, &Value::Null), mia.post(&path, &Value::Null));
            let (won, lost) = if a.status == 200 { (a, b) } else { (b, a) };
            let won = won.ok();
            let lost = lost.problem(409, "already_claimed");
            assert_eq!(lost["claimed_by"], won["claimed_by"], "round {round}");
            assert!(lost["detail"].as_str().unwrap().contains(won["claimed_by"]["name"].as_str().unwrap()));
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_visitors_messages_that_come_twice_or_out_of_order_are_each_there_once() {
    both_with(generous, async |site| {
        let ours = Records::of(site, &site.owner).await;
        let path = format!("/widget/v1/conversations/{}/messages", ours.id("conversations"));
        let before = ours.visitor.get(&path).await.ok()["items"].as_array().unwrap().len();
        let send = async |n: u32| {
            let body = json!({"text": format!("message {n}"), "client_id": format!("c{n}")});
            ours.visitor.post(&path, &body).await.created()
        };
        let (third, first) = (send(3).await, send(1).await);
        let second = send(2).await;
        for (n, message) in [(1, &first), (2, &second), (3, &third)] {
            assert_eq!(&send(n).await, message, "sending again gives the same message");
        }
        let again = futures_util::future::join_all((0..16).map(|_| send(4))).await;
        assert!(again.iter().all(|message| message["id"] == again[0]["id"]));
        let list = ours.visitor.get(&path).await.ok();
        let list = list["items"].as_array().unwrap();
        assert_eq!(list.len(), before + 4);
        let sequences: Vec<i64> = list.iter().map(|message| message["sequence"].as_i64().unwrap()).collect();
        assert!(sequences.is_sorted(), "{sequences:?}");
        for bad in ["", " ", "a b", "é", &"x".repeat(65)] {
            assert_eq!(
                ours.visitor.post(&path, &json!({"text": "x", "client_id": bad})).await.refused(),
                ["client_id"]
            );
        }
        assert_eq!(ours.visitor.post(&path, &json!({"text": " \u{200B} "})).await.refused(), ["text"]);
    })
    .await;
}
