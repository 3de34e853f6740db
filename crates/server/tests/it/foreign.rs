//! Ids of other workspaces: for every operation that takes one, they are not there.

use std::collections::HashMap;

use reqwest::Method;
use serde_json::{Value, json};

use crate::document::{self, DOCUMENT, OPERATIONS, Operation};
use crate::people::Person;
use crate::site::{Site, both_with, generous, until};

/// One record of every kind in a workspace, by the name that paths give the kind.
pub(crate) struct Records {
    ids: HashMap<&'static str, String>,
    /// What a visitor of it carries.
    pub(crate) visitor: Person,
}

fn id(record: &Value) -> String {
    record["id"].as_str().unwrap().to_owned()
}

impl Records {
    pub(crate) async fn of(site: &Site, owner: &Person) -> Self {
        let email = owner.member.email.clone();
        let page = {
            let body = json!({"email": email, "password": crate::site::PASSWORD});
            let reply = site.nobody().post("/api/v1/session", &body).await;
            reply.created();
            owner.with_cookie(&reply.cookie())
        };
        let channel = owner.get("/api/v1/channels").await.ok()["items"][0].clone();
        let visitor = owner.clone();
        let begun = site
            .nobody()
            .post("/widget/v1/conversations", &json!({"channel": channel["key"], "name": "Dana"}))
            .await
            .created();
        let visitor = visitor.with_bearer(begun["visitor_token"].as_str().unwrap());
        let conversation = id(&begun["conversation"]);
        let path = format!("/widget/v1/conversations/{conversation}/messages");
        visitor.post(&path, &json!({"text": "Where is my refund?"})).await.created();
        owner.post(&format!("/api/v1/conversations/{conversation}/claim"), &Value::Null).await.ok();
        let ticket = owner.get("/api/v1/tickets").await.ok()["items"][0].clone();
        let contact = owner.get("/api/v1/contacts").await.ok()["items"][0].clone();
        let task = json!({"title": "Pay it back", "ticket": ticket["id"], "due": {"date": "2031-01-31"},
            "reminders": [{"before_minutes": 30}], "assignee": "me"});
        let reply = page.post("/api/v1/tasks", &task).await;
        let task = reply.created();
        let undo = reply.header("deskhand-undo").to_owned();
        let comments = format!("/api/v1/tasks/{}/comments", id(&task));
        owner.post(&comments, &json!({"text": "soon"})).await.created();
        let project = owner.post("/api/v1/projects", &json!({"name": "Refunds"})).await.created();
        let article = json!({"title": "Refunds", "body": "Within 30 days.", "status": "published"});
        let article = owner.post("/api/v1/articles", &article).await.created();
        let invited = json!({"name": "Ina", "email": format!("ina.{email}"), "role": "agent"});
        let invited = owner.post("/api/v1/members", &invited).await.created();
        let token = owner.post("/api/v1/tokens", &json!({"name": "program"})).await.created();
        let chat = uuid::Uuid::now_v7().to_string();
        let letter = crate::dead_letters::one(site, owner).await;
        let (webhook, delivery) = crate::webhooks::one(owner).await;
        let ids = HashMap::from([
            ("dead-letters", letter),
            ("webhooks", webhook),
            ("delivery", delivery),
            ("tasks", id(&task)),
            ("reminder", id(&task["reminders"][0])),
            ("conversations", conversation),
            ("tickets", id(&ticket)),
            ("contacts", id(&contact)),
            ("articles", id(&article)),
            ("channels", id(&channel)),
            ("projects", id(&project)),
            ("members", id(&invited["member"])),
            ("tokens", id(&token["token"])),
            ("undo", undo),
            ("chats", chat),
        ]);
        Self { ids, visitor }
    }

    pub(crate) fn id(&self, kind: &str) -> &str {
        self.ids.get(kind).unwrap_or_else(|| panic!("no record of the kind {kind} here"))
    }

    /// The record that parameter `name` of `operation` is about.
    pub(crate) fn parameter(&self, operation: &Operation, name: &str) -> String {
        if name != "id" {
            return self.id(name).to_owned();
        }
        let before = operation.path.split("/{id}").next().unwrap();
        self.id(before.rsplit('/').next().unwrap()).to_owned()
    }
}

async fn ask(person: &Person, operation: &Operation, path: &str) -> crate::people::Reply {
    let call = person.call(operation.method.clone(), path);
    match document::example(operation) {
        Some(body) => call.json(&body).send().await,
        None => call.send().await,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_operation_on_an_id_of_another_workspace_finds_nothing() {
    both_with(generous, async |site| {
        let stranger = site.other_workspace().await;
        let theirs = Records::of(site, &stranger).await;
        let ours = Records::of(site, &site.owner).await;
        let before = everything(&stranger, &theirs).await;
        let mut asked = 0;
        for operation in OPERATIONS.iter().filter(|operation| !operation.ids.is_empty()) {
            if operation.path == "/widget/v1/channels/{key}" {
                continue;
            }
            let who = if operation.path.starts_with("/widget/") { &ours.visitor } else { &site.owner };
            // Each parameter foreign for itself, the others our own; then all of them.
            let mut foreign: Vec<Vec<&str>> = operation.ids.iter().map(|name| vec![name.as_str()]).collect();
            foreign.push(operation.ids.iter().map(String::as_str).collect());
            for foreign in foreign {
                let path = operation.filled(|name| {
                    let from = if foreign.contains(&name) { &theirs } else { &ours };
                    from.parameter(operation, name)
                });
                ask(who, operation, &path).await.problem(404, "not_found");
                asked += 1;
            }
        }
        assert!(asked > 40, "only {asked} operations take an id");
        assert_eq!(everything(&stranger, &theirs).await, before, "something of theirs was changed");
    })
    .await;
}

/// What the owner sees of every record.
async fn everything(owner: &Person, records: &Records) -> Vec<Value> {
    let mut found = Vec::new();
    for kind in ["tasks", "conversations", "tickets", "contacts", "articles", "channels", "webhooks"] {
        found.push(owner.get(&format!("/api/v1/{kind}/{}", records.id(kind))).await.ok());
    }
    for list in ["projects", "members", "labels", "settings"] {
        let mut list = owner.get(&format!("/api/v1/{list}")).await.ok();
        // When somebody was last seen is theirs to change.
        for item in list["items"].as_array_mut().into_iter().flatten() {
            item.as_object_mut().unwrap().remove("last_seen_at");
        }
        found.push(list);
    }
    let path = format!("/api/v1/conversations/{}/messages", records.id("conversations"));
    found.push(owner.get(&path).await.ok());
    found.push(owner.get("/api/v1/tokens").await.ok()["items"].as_array().unwrap().len().into());
    found
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn records_of_another_workspace_cannot_be_named_in_a_body() {
    both_with(generous, async |site| {
        let stranger = site.other_workspace().await;
        let theirs = Records::of(site, &stranger).await;
        let ours = Records::of(site, &site.owner).await;
        let them = stranger.member.id.to_string();
        let task = format!("/api/v1/tasks/{}", ours.id("tasks"));
        let named = [
            ("assignee", them.as_str()),
            ("project", theirs.id("projects")),
            ("parent", theirs.id("tasks")),
            ("ticket", theirs.id("tickets")),
        ];
        for (field, id) in named {
            let refused = site.owner.post("/api/v1/tasks", &json!({"title": "x", field: id})).await.refused();
            assert_eq!(refused, [field]);
            assert_eq!(site.owner.patch(&task, &json!({field: id})).await.refused(), [field]);
        }
        let body = json!({"status": "doing", "after": theirs.id("tasks")});
        assert_eq!(site.owner.post(&format!("{task}/move"), &body).await.refused(), ["after"]);
        let ticket = format!("/api/v1/tickets/{}", ours.id("tickets"));
        assert_eq!(site.owner.patch(&ticket, &json!({"assignee": them})).await.refused(), ["assignee"]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lists_and_search_show_nothing_of_another_workspace() {
    both_with(generous, async |site| {
        let stranger = site.other_workspace().await;
        let theirs = Records::of(site, &stranger).await;
        for kind in
            ["tasks", "conversations?state=all", "tickets?status=all", "contacts", "articles", "projects"]
        {
            let list = site.owner.get(&format!("/api/v1/{kind}")).await.ok();
            assert_eq!(list["items"], json!([]), "{kind}");
        }
        for (filter, kind) in
            [("assignee", "members"), ("project", "projects"), ("parent", "tasks"), ("ticket", "tickets")]
        {
            let path = format!("/api/v1/tasks?status=all&{filter}={}", theirs.id(kind));
            assert_eq!(site.owner.get(&path).await.ok()["items"], json!([]), "{filter}");
        }
        for kind in ["", "&kind=task", "&kind=article", "&kind=contact", "&kind=conversation", "&kind=ticket"]
        {
            let hits = site.owner.get(&format!("/api/v1/search?q=refund{kind}")).await.ok();
            assert_eq!(hits["items"], json!([]), "{kind}");
            assert_ne!(stranger.get("/api/v1/search?q=refund").await.ok()["items"], json!([]));
        }
        let actor = stranger.member.id;
        // History is kept by a worker: theirs is there before ours is looked at.
        until("their history is kept", async || {
            let list = stranger.get(&format!("/api/v1/audit?actor={actor}")).await.ok();
            list["items"].as_array().is_some_and(|items| items.len() > 5)
        })
        .await;
        assert_eq!(site.owner.get(&format!("/api/v1/audit?actor={actor}")).await.ok()["items"], json!([]));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn notifications_of_somebody_else_cannot_be_marked_as_read() {
    both_with(generous, async |site| {
        let stranger = site.other_workspace().await;
        let agent = stranger.member.id;
        let other = site.member("Mia", domain::Role::Agent).await;
        site.owner
            .post("/api/v1/tasks", &json!({"title": "x", "assignee": other.member.id.0}))
            .await
            .created();
        let unread = async || other.get("/api/v1/notifications").await.ok();
        until("the member is told", async || unread().await["unread"] == 1).await;
        let id = unread().await["items"][0]["id"].clone();
        for person in [&stranger, &site.owner] {
            person.post("/api/v1/notifications/read", &json!({"ids": [id]})).await.expect(204);
            person.post("/api/v1/notifications/read", &json!({"all": true})).await.expect(204);
        }
        assert_eq!(unread().await["unread"], 1, "{agent}");
        other.post("/api/v1/notifications/read", &json!({"ids": [id]})).await.expect(204);
        assert_eq!(unread().await["unread"], 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_id_is_not_there() {
    both_with(generous, async |site| {
        let ours = Records::of(site, &site.owner).await;
        let nobody_has = uuid::Uuid::now_v7().to_string();
        let none = ["1", "null", "%00", "..%2f..%2fetc", "0190-1234", "%F0%9F%92%A9", "'--", &nobody_has];
        for operation in OPERATIONS.iter().filter(|operation| !operation.ids.is_empty()) {
            let who = if operation.path.starts_with("/widget/") { &ours.visitor } else { &site.owner };
            for bad in none {
                let reply = ask(who, operation, &operation.filled(|_| bad.to_owned())).await;
                reply.problem(404, "not_found");
            }
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_that_needs_a_member_is_done_without_one() {
    both_with(generous, async |site| {
        let ours = Records::of(site, &site.owner).await;
        let others = [site.nobody(), site.nobody().with_bearer("dh_wrong"), ours.visitor.clone()];
        for operation in OPERATIONS.iter().filter(|operation| operation.path.starts_with("/api/")) {
            let path = operation.filled(|name| ours.parameter(operation, name));
            for person in &others {
                let reply = ask(person, operation, &path).await;
                assert_eq!(reply.status == 401, operation.secured || path == "/api/v1/session", "{reply:?}");
            }
        }
        assert!(DOCUMENT["paths"].as_object().unwrap().len() > 40);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_viewer_changes_nothing_but_what_is_their_own() {
    both_with(generous, async |site| {
        let ours = Records::of(site, &site.owner).await;
        let viewer = site.member("Vera", domain::Role::Viewer).await;
        // What a viewer may do about themselves, or without changing anything.
        let own = [
            "/api/v1/me",
            "/api/v1/session",
            "/api/v1/tokens",
            "/api/v1/tokens/{id}",
            "/api/v1/say",
            "/api/v1/articles/preview",
            "/api/v1/notifications/read",
            "/api/v1/conversations/{id}/read",
        ];
        for operation in OPERATIONS.iter().filter(|operation| operation.path.starts_with("/api/v1/")) {
            let changes = operation.method != Method::GET;
            if !changes || !operation.secured || own.contains(&operation.path.as_str()) {
                continue;
            }
            let path = operation.filled(|name| ours.parameter(operation, name));
            ask(&viewer, operation, &path).await.problem(403, "forbidden");
        }
    })
    .await;
}
