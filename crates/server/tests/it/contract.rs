//! What the contract promises of every record and every answer.

use std::collections::{BTreeMap, BTreeSet};

use reqwest::Method;
use serde_json::{Value, json};

use crate::document::{DOCUMENT, OPERATIONS};
use crate::foreign::Records;
use crate::people::Person;
use crate::site::{both, both_with, generous};

#[test]
fn the_contract_is_openapi_3_1_with_problem_details_for_every_error() {
    assert_eq!(DOCUMENT["openapi"].as_str().map(|version| &version[..4]), Some("3.1."));
    let mut ids = BTreeSet::new();
    for (path, item) in DOCUMENT["paths"].as_object().unwrap() {
        assert!(path.starts_with("/api/v1/") || path.starts_with("/widget/v1/"), "{path}");
        for (method, operation) in item.as_object().unwrap() {
            let here = format!("{method} {path}");
            assert!(
                ids.insert(operation["operationId"].as_str().unwrap().to_owned()),
                "{here}: the id is another's"
            );
            assert!(operation["summary"].as_str().is_some_and(|summary| !summary.is_empty()), "{here}");
            let error = &operation["responses"]["default"]["content"];
            assert_eq!(
                error.as_object().unwrap().keys().collect::<Vec<_>>(),
                ["application/problem+json"],
                "{here}"
            );
            let named: Vec<_> = path.matches('{').collect();
            let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
            let described = parameters.iter().filter(|parameter| parameter["in"] == "path").count();
            assert_eq!(named.len(), described, "{here}");
        }
    }
    for reference in serde_json::to_string(&*DOCUMENT).unwrap().split("\"$ref\":\"").skip(1) {
        let to = reference.split('"').next().unwrap();
        assert!(DOCUMENT.pointer(to.trim_start_matches('#')).is_some(), "{to} leads nowhere");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_in_the_contract_runs_and_other_methods_are_refused() {
    both(async |site| {
        let served: Value = site.nobody().get("/openapi.json").await.ok();
        assert_eq!(served, *DOCUMENT);
        let mut methods: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for operation in OPERATIONS.iter() {
            let path = operation.filled(|_| uuid::Uuid::nil().to_string());
            let reply = site.nobody().call(operation.method.clone(), &path).send().await;
            assert_ne!(reply.status, 405, "{reply:?}");
            // An unknown path is no view of the page here.
            assert!(!reply.header("content-type").starts_with("text/html"), "{reply:?}");
            methods.entry(path).or_default().insert(operation.method.to_string());
        }
        for (path, known) in methods {
            for method in [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
                if !known.contains(method.as_str()) {
                    let reply = site.nobody().call(method, &path).send().await;
                    reply.problem(405, "method_not_allowed");
                    for method in &known {
                        assert!(reply.header("allow").contains(method.as_str()), "{reply:?}");
                    }
                }
            }
        }
        for path in
            ["/api/v1/nothing", "/api/v2/tasks", "/widget/v1/nothing", "/api/v1/tasks/", "/api/v1//tasks"]
        {
            site.nobody().get(path).await.problem(404, "not_found");
            site.nobody().post(path, &json!({})).await.problem(404, "not_found");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_and_its_neighbours_are_strict_and_the_policy_allows_nothing_unsafe() {
    both_with(generous, async |site| {
        let key = site.owner.get("/api/v1/channels").await.ok()["items"][0]["key"].clone();
        let key = key.as_str().unwrap();
        let article = json!({"title": "Refunds", "body": "text", "status": "published"});
        site.owner.post("/api/v1/articles", &article).await.created();
        let paths = [
            "/",
            "/tasks",
            "/widget.js",
            "/openapi.json",
            "/health",
            "/ready",
            "/startup",
            "/metrics",
            "/help/style.css",
            &format!("/help/{key}/refunds"),
            &format!("/try/{key}"),
        ];
        for path in paths {
            // The promises of every answer are checked where it is received.
            let reply = site.nobody().get(path).await;
            assert_eq!(reply.status, 200, "{reply:?}");
            for directive in ["object-src", "base-uri 'none'", "frame-ancestors 'none'"] {
                let policy = reply.header("content-security-policy");
                // What is not named falls to the default, which is nothing.
                assert!(policy.contains(directive) || directive == "object-src", "{policy}");
            }
            if reply.header("content-type").starts_with("text/html") {
                let inline = reply
                    .text
                    .split("<script")
                    .skip(1)
                    .any(|script| !script.split('>').next().unwrap().contains("src="));
                assert!(
                    !inline && !reply.text.contains(" style=\"") && !reply.text.contains(" onclick="),
                    "{path}"
                );
            }
        }
        for path in [
            "/help/nothing/refunds",
            &format!("/help/{key}/nothing"),
            "/try/nothing",
            "/help/%00/%00",
            "/try/%00",
        ] {
            let answer = site
                .raw(format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").as_bytes())
                .await;
            assert!(answer.starts_with("HTTP/1.1 404"), "{path}: {answer}");
        }
        let page = site.nobody().get("/").await;
        let again = site.nobody().call(Method::GET, "/").header("if-none-match", page.header("etag"));
        assert_eq!(again.send().await.status, 304);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stale_change_is_refused_with_the_version_that_is_there_and_any_tag_of_several_will_do() {
    both_with(generous, async |site| {
        let ours = Records::of(site, &site.owner).await;
        let one = |kind: &str| format!("/api/v1/{kind}/{}", ours.id(kind));
        let changes = [
            (one("tasks"), "title"),
            (one("tickets"), "subject"),
            (one("contacts"), "name"),
            (one("articles"), "title"),
            (one("channels"), "name"),
            (one("projects"), "name"),
            (one("members"), "name"),
            ("/api/v1/settings".to_owned(), "workspace"),
        ];
        for (path, field) in changes {
            let patch = |tag: &str, value: &str| {
                site.owner.call(Method::PATCH, &path).header("if-match", tag).json(&json!({field: value}))
            };
            let first = site.owner.patch(&path, &json!({field: "one"})).await;
            let version = first.ok()["version"].as_i64().unwrap();
            let tag = first.header("etag").to_owned();
            assert_eq!(tag, format!("\"{version}\""), "{path}");
            let second = patch(&tag, "two").send().await;
            assert_eq!(second.ok()["version"], version + 1, "{path}");
            for stale in [tag.as_str(), "\"0\"", "W/\"1\"", "nonsense", "", "\"99999999999999999999\""] {
                let problem = patch(stale, "three").send().await.problem(412, "stale");
                assert_eq!(problem["version"], version + 1, "{path}");
            }
            assert_eq!(patch("*", "four").send().await.ok()[field], "four");
            // Of several tags any will do; a weak one is never the same.
            let now = format!("\"{}\"", version + 2);
            for stale in [format!("{tag}, \"0\""), format!("{tag}, W/{now}"), format!("W/{now}")] {
                let problem = patch(&stale, "five").send().await.problem(412, "stale");
                assert_eq!(problem["version"], version + 2, "{path}");
            }
            assert_eq!(patch(&format!("{tag}, {now}"), "five").send().await.ok()[field], "five");
            let lines = patch(&tag, "six").header("if-match", &format!("\"{}\"", version + 3));
            assert_eq!(lines.send().await.ok()[field], "six");
        }
        for kind in ["tasks", "articles"] {
            let call = site.owner.call(Method::DELETE, &one(kind)).header("if-match", "\"1\"");
            call.send().await.problem(412, "stale");
            let shown = site.owner.get(&one(kind)).await;
            shown.ok();
            let call = site.owner.call(Method::DELETE, &one(kind)).header("if-match", shown.header("etag"));
            call.send().await.expect(204);
            site.owner.get(&one(kind)).await.problem(404, "not_found");
        }
    })
    .await;
}

/// What each creating request makes, and how many of it there are.
async fn count(person: &Person, list: &str) -> usize {
    person.get(list).await.ok()["items"].as_array().unwrap().len()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_idempotency_key_makes_one_record_and_gets_the_same_answer() {
    both_with(generous, async |site| {
        let ours = Records::of(site, &site.owner).await;
        let task = format!("/api/v1/tasks/{}", ours.id("tasks"));
        let conversation = format!("/api/v1/conversations/{}/messages", ours.id("conversations"));
        let visitors = format!("/widget/v1/conversations/{}/messages", ours.id("conversations"));
        let (owner, visitor) = (&site.owner, &ours.visitor);
        // The path, the list that shows what it makes, two different bodies, and whether the answer can be shown again.
        let text = |text: &str| json!({"text": text});
        let name = |name: &str| json!({"name": name});
        let member =
            |name: &str| json!({"name": name, "email": format!("{name}@example.org"), "role": "agent"});
        let at = |at: &str| json!({"at": at});
        let title = |title: &str| json!({"title": title});
        let cases = [
            (
                owner,
                "/api/v1/tasks".to_owned(),
                "/api/v1/tasks?limit=200".to_owned(),
                title("a"),
                title("b"),
                true,
            ),
            (owner, format!("{task}/subtasks"), format!("{task}/subtasks"), title("a"), title("b"), true),
            (owner, format!("{task}/comments"), format!("{task}/comments"), text("a"), text("b"), true),
            (
                owner,
                format!("{task}/reminders"),
                format!("{task}/reminders"),
                at("2030-01-01T09:00"),
                at("2030-01-01T10:00"),
                true,
            ),
            (owner, "/api/v1/projects".to_owned(), "/api/v1/projects".to_owned(), name("a"), name("b"), true),
            (
                owner,
                "/api/v1/articles".to_owned(),
                "/api/v1/articles".to_owned(),
                title("a"),
                title("b"),
                true,
            ),
            (owner, "/api/v1/channels".to_owned(), "/api/v1/channels".to_owned(), name("a"), name("b"), true),
            (owner, conversation.clone(), conversation, text("a"), text("b"), true),
            (visitor, visitors.clone(), visitors, text("a"), text("b"), true),
            (
                owner,
                "/api/v1/webhooks".to_owned(),
                "/api/v1/webhooks".to_owned(),
                json!({"url": "https://hooks.example.com/a"}),
                json!({"url": "https://hooks.example.com/b"}),
                false,
            ),
            (owner, "/api/v1/tokens".to_owned(), "/api/v1/tokens".to_owned(), name("a"), name("b"), false),
            (
                owner,
                "/api/v1/members".to_owned(),
                "/api/v1/members".to_owned(),
                member("a"),
                member("b"),
                false,
            ),
        ];
        for (n, (person, path, list, body, other, again)) in cases.into_iter().enumerate() {
            let before = count(person, &list).await;
            let key = format!("key-{n}");
            let post =
                |body: &Value| person.call(Method::POST, &path).header("idempotency-key", &key).json(body);
            let first = post(&body).send().await;
            first.created();
            let second = post(&body).send().await;
            if again {
                assert_eq!(second.created(), first.json(), "{path}");
            } else {
                second.problem(409, "shown_once");
            }
            post(&other).send().await.problem(422, "idempotency_key_reused");
            assert_eq!(count(person, &list).await, before + 1, "{path}");
        }
        for bad in ["", " ", "a b", &"x".repeat(201)] {
            let call =
                owner.call(Method::POST, "/api/v1/tasks").header("idempotency-key", bad).json(&title("x"));
            call.send().await.problem(400, "bad_idempotency_key");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixty_four_twins_at_once_make_one_task_and_all_get_it() {
    both_with(generous, async |site| {
        let twin = async || {
            let call = site.owner.call(Method::POST, "/api/v1/tasks").header("idempotency-key", "twins");
            call.json(&json!({"title": "once", "labels": ["a"]})).send().await.created()
        };
        let answers = futures_util::future::join_all((0..64).map(|_| twin())).await;
        let ids: BTreeSet<String> = answers.iter().map(|task| task["id"].to_string()).collect();
        assert_eq!(ids.len(), 1);
        assert_eq!(count(&site.owner, "/api/v1/tasks").await, 1);
        // Another member's key of the same name is another key.
        let mia = site.member("Mia", domain::Role::Agent).await;
        let call = mia.call(Method::POST, "/api/v1/tasks").header("idempotency-key", "twins");
        call.json(&json!({"title": "hers"})).send().await.created();
        assert_eq!(count(&site.owner, "/api/v1/tasks").await, 2);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_projects_name_is_its_own_whatever_the_case_and_however_many_want_it() {
    both_with(generous, async |site| {
        let make = async |name: &str| site.owner.post("/api/v1/projects", &json!({"name": name})).await;
        make("Ärzte Ë").await.created();
        make("ÄRZTE ë").await.problem(409, "project_exists");
        let task = json!({"title": "x", "project": "ärzte ë"});
        assert_eq!(site.owner.post("/api/v1/tasks", &task).await.created()["project"]["name"], "Ärzte Ë");
        let mut others = Vec::new();
        for n in 0..8 {
            let project = make(&format!("p{n}")).await.created();
            others.push(format!("/api/v1/projects/{}", project["id"].as_str().unwrap()));
        }
        site.owner.patch(&others[0], &json!({"name": "äRZTE Ë"})).await.problem(409, "project_exists");
        // All of them want one name, some to be called so, some to be made so.
        let renamed = others
            .iter()
            .map(|path| async { site.owner.patch(path, &json!({"name": "WANTED"})).await.status.as_u16() });
        let made = (0..8).map(|_| async { make("wanted").await.status.as_u16() });
        let (renamed, made) =
            tokio::join!(futures_util::future::join_all(renamed), futures_util::future::join_all(made));
        let all: Vec<u16> = renamed.into_iter().chain(made).collect();
        assert_eq!(all.iter().filter(|status| **status < 300).count(), 1, "{all:?}");
        assert!(all.iter().all(|status| [200, 201, 409].contains(status)), "{all:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixty_four_tasks_at_once_all_come_in_with_numbers_of_their_own() {
    both_with(generous, async |site| {
        let project = site.owner.post("/api/v1/projects", &json!({"name": "One"})).await.created();
        let make = async |n: usize| {
            let body = json!({"title": format!("task {n}"), "project": project["id"]});
            site.owner.post("/api/v1/tasks", &body).await.created()["number"].as_i64().unwrap()
        };
        let numbers = futures_util::future::join_all((0..64).map(make)).await;
        assert_eq!(numbers.iter().collect::<BTreeSet<_>>().len(), 64);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_hold_every_task_once_while_others_are_made() {
    both_with(generous, async |site| {
        let mut wanted = BTreeSet::new();
        for n in 0..230 {
            // Many are due on the same day: the place in the list is more than the date.
            let body =
                json!({"title": format!("task {n}"), "due": {"date": format!("2030-01-{:02}", 1 + n % 7)}});
            let task = site.owner.post("/api/v1/tasks", &body).await.created();
            wanted.insert(task["id"].as_str().unwrap().to_owned());
        }
        for sort in ["due", "rank", "created"] {
            let mut seen = Vec::new();
            let mut cursor = String::new();
            loop {
                let list = site.owner.get(&format!("/api/v1/tasks?limit=50&sort={sort}{cursor}")).await.ok();
                let items = list["items"].as_array().unwrap();
                assert!(items.len() <= 50);
                seen.extend(items.iter().map(|task| task["id"].as_str().unwrap().to_owned()));
                site.owner
                    .post("/api/v1/tasks", &json!({"title": "between", "due": {"date": "2030-01-03"}}))
                    .await
                    .created();
                match list["next_cursor"].as_str() {
                    Some(next) => cursor = format!("&cursor={next}"),
                    None => break,
                }
            }
            let once: BTreeSet<String> = seen.iter().cloned().collect();
            assert_eq!(once.len(), seen.len(), "sorted by {sort}, something came twice");
            assert!(wanted.is_subset(&once), "sorted by {sort}, something was left out");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn figures_that_cannot_be_read_are_absent_and_counted_instead_of_shown_as_they_were() {
    both_with(generous, async |site| {
        let figures = [
            "deskhand_outbox_pending ",
            "deskhand_outbox_oldest_age_seconds ",
            "deskhand_bus_lag{",
            "deskhand_conversations_waiting ",
            "deskhand_webhooks_pending ",
        ];
        let scrape = async || site.nobody().get("/metrics").await.text;
        let shown = |text: &str, start: &str| text.lines().any(|line| line.starts_with(start));
        let text = scrape().await;
        for figure in figures {
            assert!(shown(&text, figure), "{figure}: {text}");
        }
        for source in ["backlog", "conversations", "webhooks"] {
            assert!(
                shown(&text, &format!("deskhand_scrape_errors_total{{source=\"{source}\"}} 0")),
                "{text}"
            );
        }
        site.desk.store().close().await;
        let text = scrape().await;
        for figure in figures {
            assert!(!shown(&text, figure), "{figure}: {text}");
        }
        for source in ["backlog", "conversations", "webhooks"] {
            assert!(
                shown(&text, &format!("deskhand_scrape_errors_total{{source=\"{source}\"}} 1")),
                "{text}"
            );
        }
        assert!(shown(&text, "deskhand_build_info"), "{text}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn looking_at_a_record_marks_what_one_was_told_about_it_as_read() {
    both_with(generous, async |site| {
        let mia = site.member("Mia", domain::Role::Agent).await;
        let give = async |title: &str| {
            let body = json!({"title": title, "assignee": mia.member.id.0});
            site.owner.post("/api/v1/tasks", &body).await.created()["id"].clone()
        };
        let (one, other) = (give("one").await, give("other").await);
        let ours = Records::of(site, &site.owner).await;
        let conversation = format!("/api/v1/conversations/{}", ours.id("conversations"));
        // The customer writes again after the end: every agent is told.
        let write = async |text: &str| {
            site.owner.post(&format!("{conversation}/close"), &Value::Null).await.ok();
            let path = format!("/widget/v1/conversations/{}/messages", ours.id("conversations"));
            ours.visitor.post(&path, &json!({"text": text})).await.created();
        };
        let unread = async |person: &Person| {
            let list = person.get("/api/v1/notifications?unread=true").await.ok();
            let items = list["items"].as_array().unwrap();
            assert_eq!(list["unread"], items.len());
            items.iter().map(|told| told["body"].as_str().unwrap().to_owned()).collect::<BTreeSet<_>>()
        };
        let told = async |person: &Person, expected: &[&str]| {
            let expected: BTreeSet<String> = expected.iter().map(|&text| text.to_owned()).collect();
            crate::site::until("they are told", async || unread(person).await == expected).await;
        };
        let about = async |kind: &str, id: &Value| {
            let body = json!({"about": {"kind": kind, "id": id}});
            mia.post("/api/v1/notifications/read", &body).await.expect(204);
        };
        write("again").await;
        told(&mia, &["again", "one", "other"]).await;
        about("task", &one).await;
        told(&mia, &["again", "other"]).await;
        // What is not there, or not of that kind, leaves all as it is.
        about("ticket", &other).await;
        about("task", &json!(uuid::Uuid::nil())).await;
        told(&mia, &["again", "other"]).await;
        mia.post(&format!("{conversation}/read"), &Value::Null).await.expect(204);
        told(&mia, &["other"]).await;
        write("and again").await;
        told(&mia, &["and again", "other"]).await;
        about("conversation", &json!(ours.id("conversations"))).await;
        told(&mia, &["other"]).await;
        write("once more").await;
        told(&mia, &["once more", "other"]).await;
        about("ticket", &json!(ours.id("tickets"))).await;
        told(&mia, &["other"]).await;
        told(&site.owner, &["again", "and again", "once more"]).await;
        let body = json!({"about": {"kind": "article", "id": one}});
        mia.post("/api/v1/notifications/read", &body).await.problem(422, "invalid_body");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn methods_that_clients_make_up_are_one_series_of_figures() {
    both_with(generous, async |site| {
        for method in ["BREW", "PROPFIND"] {
            site.nobody().call(Method::from_bytes(method.as_bytes()).unwrap(), "/health").send().await;
        }
        let text = site.nobody().get("/metrics").await.text;
        let figure = "deskhand_http_requests_total{method=\"_OTHER\",route=\"/health\",status=\"405\"} 2";
        assert!(text.contains(figure) && !text.contains("BREW"), "{text}");
    })
    .await;
}
