//! Webhooks over HTTP: made, changed, rotated, tested, seen and sent again by who administers, and by nobody else.

use std::collections::BTreeSet;

use domain::Role;
use reqwest::Method;
use serde_json::{Value, json};

use crate::people::Person;
use crate::site::{both_with, generous, until};

const WEBHOOKS: &str = "/api/v1/webhooks";

/// A webhook of the workspace of `owner`, and a delivery to it, which nobody sends here.
pub(crate) async fn one(owner: &Person) -> (String, String) {
    let made = owner.post(WEBHOOKS, &json!({"url": "https://hooks.example.com/one"})).await.created();
    let id = made["webhook"]["id"].as_str().unwrap().to_owned();
    let test = owner.post(&format!("{WEBHOOKS}/{id}/test"), &Value::Null).await.expect(202);
    let delivery = test["delivery_id"].as_str().unwrap().to_owned();
    let path = format!("{WEBHOOKS}/{id}/deliveries/{delivery}");
    until("the test is a delivery", async || owner.get(&path).await.status == 200).await;
    (id, delivery)
}

async fn deliveries(person: &Person, id: &str, query: &str) -> Vec<Value> {
    let list = person.get(&format!("{WEBHOOKS}/{id}/deliveries{query}")).await.ok();
    list["items"].as_array().unwrap().clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_webhook_is_made_changed_rotated_and_deleted_and_its_secret_shown_once() {
    both_with(generous, async |site| {
        let owner = &site.owner;
        let body = json!({"url": "https://hooks.example.com/path/token?key=1", "description": "Accounts",
            "event_types": ["ticket.closed", "task.created", "task.created"], "ordered": true});
        let reply = owner.post(WEBHOOKS, &body).await;
        assert_eq!(reply.header("cache-control"), "no-store");
        let made = reply.created();
        let secret = made["secret"].as_str().unwrap();
        assert!(secret.starts_with("whsec_") && secret.len() == 50, "{secret}");
        let webhook = &made["webhook"];
        assert_eq!(webhook["event_types"], json!(["task.created", "ticket.closed"]));
        assert_eq!((&webhook["ordered"], &webhook["enabled"]), (&json!(true), &json!(true)));
        let path = format!("{WEBHOOKS}/{}", webhook["id"].as_str().unwrap());
        assert_eq!(owner.get(&path).await.ok(), *webhook);
        assert!(!owner.get(WEBHOOKS).await.text.contains("whsec_"));

        let stale = owner.call(Method::PATCH, &path).header("if-match", "\"7\"").json(&json!({"enabled": false}));
        stale.send().await.problem(412, "stale");
        let change = json!({"enabled": false, "event_types": [], "url": "https://hooks.example.com/other"});
        let patch = owner.call(Method::PATCH, &path).header("if-match", "\"1\"").json(&change);
        let changed = patch.send().await.ok();
        assert_eq!((&changed["enabled"], &changed["version"]), (&json!(false), &json!(2)));
        owner.post(&format!("{path}/test"), &Value::Null).await.problem(409, "webhook_disabled");
        owner.post(&format!("{path}/replay"), &json!({"all": true})).await.problem(409, "webhook_disabled");
        owner.patch(&path, &json!({"enabled": true})).await.ok();

        let rotated = owner.post(&format!("{path}/rotate"), &json!({"overlap_hours": 2})).await.ok();
        assert_ne!(rotated["secret"], made["secret"]);
        assert!(rotated["webhook"]["former_secret_until"].is_string());
        assert_eq!(rotated["webhook"]["version"], json!(4));
        for bad in [-1, 169] {
            owner.post(&format!("{path}/rotate"), &json!({"overlap_hours": bad})).await.expect(422);
        }
        let twice = async || {
            let call = owner.call(Method::POST, &format!("{path}/rotate")).header("idempotency-key", "turn");
            call.json(&json!({})).send().await
        };
        twice().await.ok();
        twice().await.problem(409, "shown_once");
        owner.call(Method::DELETE, &path).header("if-match", "\"1\"").send().await.problem(412, "stale");
        owner.delete(&path).await.expect(204);
        owner.get(&path).await.problem(404, "not_found");

        until("what was done is in the audit", async || {
            let audit = owner.get("/api/v1/audit?kind=webhook").await.ok();
            audit["items"].as_array().unwrap().len() == 6
        })
        .await;
        let audit = owner.get("/api/v1/audit?kind=webhook").await;
        assert!(!audit.text.contains("token?key") && !audit.text.contains("whsec_"), "{}", audit.text);
        let texts: Vec<String> = audit.ok()["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|entry| entry["text"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(texts[0], "deleted the webhook");
        assert_eq!(texts[1], "gave the webhook a new secret");
        assert_eq!(
            texts[4],
            "changed the url, changed the event types from task.created, ticket.closed to all and changed the enabled \
             from yes to no"
        );
        assert_eq!(texts[5], "made the webhook");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_webhook_may_not_be_is_said_by_name() {
    both_with(generous, async |site| {
        let owner = &site.owner;
        for (body, field, says) in [
            (json!({}), "url", "must not be empty"),
            (json!({"url": "http://hooks.example.com/"}), "url", "https://"),
            (json!({"url": "https://0x7f.1/"}), "url", "webhooks.allowed_networks"),
            (json!({"url": "https://[::ffff:169.254.169.254]/"}), "url", "webhooks.allowed_networks"),
            (json!({"url": "https://localhost:8443/"}), "url", "webhooks.allowed_networks"),
            (json!({"url": "https://a:b@hooks.example.com/"}), "url", "password"),
            (
                json!({"url": "https://a.example/", "event_types": ["member.added"]}),
                "event_types",
                "task.created",
            ),
            (json!({"url": "https://a.example/", "event_types": ["weather"]}), "event_types", "task.created"),
            (json!({"url": "https://a.example/", "description": "x".repeat(201)}), "description", "200"),
        ] {
            let problem = owner.post(WEBHOOKS, &body).await.expect(422);
            let error = &problem["errors"][0];
            assert_eq!(error["field"], field, "{body}");
            assert!(error["message"].as_str().unwrap().contains(says), "{error}");
        }
        assert_eq!(owner.get(WEBHOOKS).await.ok()["items"], json!([]));
        let types = owner.get(&format!("{WEBHOOKS}/event-types")).await.ok();
        let types: BTreeSet<&str> =
            types["items"].as_array().unwrap().iter().map(|item| item["record"].as_str().unwrap()).collect();
        let public =
            ["article", "contact", "conversation", "message", "project", "reminder", "task", "ticket"];
        assert_eq!(types, BTreeSet::from(public));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deliveries_are_those_of_the_events_that_were_asked_for_and_of_nobody_elses() {
    both_with(generous, async |site| {
        let owner = &site.owner;
        let (all, test) = one(owner).await;
        let few = json!({"url": "https://hooks.example.com/few", "event_types": ["task.completed"]});
        let few = owner.post(WEBHOOKS, &few).await.created()["webhook"]["id"].as_str().unwrap().to_owned();
        let stranger = site.other_workspace().await;
        let (theirs, _) = one(&stranger).await;
        let task = owner.task("Call Dana").await;
        let path = format!("/api/v1/tasks/{}", task["id"].as_str().unwrap());
        owner.post(&format!("{path}/complete"), &Value::Null).await.ok();
        // What administers the desk is nobody's business.
        owner.post("/api/v1/tokens", &json!({"name": "program"})).await.created();
        until("both are there", async || {
            deliveries(owner, &all, "").await.len() == 3 && deliveries(owner, &few, "").await.len() == 1
        })
        .await;
        let types = |list: Vec<Value>| -> Vec<String> {
            list.iter().map(|delivery| delivery["event_type"].as_str().unwrap().to_owned()).collect()
        };
        assert_eq!(
            types(deliveries(owner, &all, "").await),
            ["task.completed", "task.created", "webhook.tested"]
        );
        assert_eq!(types(deliveries(owner, &few, "").await), ["task.completed"]);
        assert_eq!(types(deliveries(&stranger, &theirs, "").await), ["webhook.tested"]);
        assert_eq!(deliveries(owner, &all, "?state=failed").await, Vec::<Value>::new());
        owner.get(&format!("{WEBHOOKS}/{all}/deliveries?state=lost")).await.expect(422);
        assert_eq!(owner.get(&format!("{WEBHOOKS}/{all}")).await.ok()["pending"], json!(3));

        let page = owner.get(&format!("{WEBHOOKS}/{all}/deliveries?limit=2")).await.ok();
        let next = page["next_cursor"].as_str().unwrap();
        let rest = deliveries(owner, &all, &format!("?limit=2&cursor={next}")).await;
        assert_eq!(rest[0]["id"].as_str().unwrap(), test);
        let shown = owner.get(&format!("{WEBHOOKS}/{all}/deliveries/{test}")).await.ok();
        assert_eq!((&shown["state"], &shown["tries"]), (&json!("pending"), &json!([])));
        let body = shown["body"].as_str().unwrap();
        assert!(body.starts_with(r#"{"type":"webhook.tested","timestamp":"#), "{body}");
        // A delivery is found only below its own webhook.
        owner.get(&format!("{WEBHOOKS}/{few}/deliveries/{test}")).await.problem(404, "not_found");
        let again = format!("{WEBHOOKS}/{few}/deliveries/{test}/replay");
        owner.post(&again, &Value::Null).await.problem(404, "not_found");
        let replay = format!("{WEBHOOKS}/{all}/replay");
        owner.post(&replay, &json!({})).await.expect(422);
        assert_eq!(owner.post(&replay, &json!({"all": true})).await.ok()["deliveries"], json!(0));
        let again = format!("{WEBHOOKS}/{all}/deliveries/{test}/replay");
        assert_eq!(owner.post(&again, &Value::Null).await.ok()["state"], "pending");

        owner.delete(&format!("{WEBHOOKS}/{all}")).await.expect(204);
        owner.get(&format!("{WEBHOOKS}/{all}/deliveries")).await.problem(404, "not_found");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn webhooks_are_for_who_administers() {
    both_with(generous, async |site| {
        let (id, delivery) = one(&site.owner).await;
        let agent = site.member("Gwen", Role::Agent).await;
        let path = format!("{WEBHOOKS}/{id}");
        for path in [WEBHOOKS, &path, &format!("{path}/deliveries"), &format!("{path}/deliveries/{delivery}")]
        {
            agent.get(path).await.problem(403, "forbidden");
        }
        let body = json!({"url": "https://hooks.example.com/"});
        agent.post(WEBHOOKS, &body).await.problem(403, "forbidden");
        agent.patch(&path, &body).await.problem(403, "forbidden");
        agent.delete(&path).await.problem(403, "forbidden");
        for (what, body) in [("rotate", json!({})), ("replay", json!({"all": true})), ("test", Value::Null)] {
            agent.post(&format!("{path}/{what}"), &body).await.problem(403, "forbidden");
        }
        let admin = site.member("Ada", Role::Admin).await;
        admin.post(&format!("{path}/test"), &Value::Null).await.expect(202);
    })
    .await;
}
