//! Dead letters over HTTP: seen by who administers, handled again, dropped, and kept from everybody else.

use std::time::{Duration, Instant};

use domain::{Envelope, EventType, Role};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::people::Person;
use crate::site::{Site, both_with, generous};

/// Events whose data are not what their type says.
async fn poison(site: &Site, owner: &Person, count: usize) {
    let workspace = owner.member.workspace;
    let event = || Envelope {
        data: json!({"recurrence": 7}),
        ..testkit::event(workspace, EventType::TaskCompleted, Uuid::now_v7(), 1)
    };
    testkit::append(site.desk.store(), std::iter::repeat_with(event).take(count).collect()).await;
}

/// The id of a dead letter in the workspace of `owner`.
pub(crate) async fn one(site: &Site, owner: &Person) -> String {
    poison(site, owner, 1).await;
    until("it is dead", async || !letters(owner).await.is_empty()).await;
    letters(owner).await[0]["id"].as_str().unwrap().to_owned()
}

async fn letters(person: &Person) -> Vec<Value> {
    person.get("/api/v1/dead-letters?group=recurring").await.expect(200)["items"].as_array().unwrap().clone()
}

async fn until(what: &str, done: impl AsyncFn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !done().await {
        assert!(Instant::now() < deadline, "in vain: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn dead_letters_are_listed_counted_shown_replayed_and_dropped() {
    both_with(generous, async |site| {
        let owner = &site.owner;
        poison(site, owner, 3).await;
        until("all are dead", async || letters(owner).await.len() == 3).await;
        let first = letters(owner).await[0].clone();
        assert_eq!((&first["reason"], &first["attempts"]), (&json!("refused"), &json!(1)));
        assert_eq!(
            (&first["topic"], &first["event_type"]),
            (&json!("task-events"), &json!("task.completed"))
        );
        assert!(first.get("original").is_none(), "a list is without the events");
        let path = format!("/api/v1/dead-letters/{}", first["id"].as_str().unwrap());
        let shown = owner.get(&path).await.expect(200);
        let original: Value = serde_json::from_str(shown["original"].as_str().unwrap()).unwrap();
        assert_eq!(original["data"], json!({"recurrence": 7}));
        let counts =
            owner.get("/api/v1/dead-letters/counts?reason=refused&group=recurring").await.expect(200);
        let count = json!([{
            "group": "recurring", "topic": "task-events", "reason": "refused", "letters": 3, "queued": 0,
        }]);
        assert_eq!(counts["items"], count);
        let page = owner.get("/api/v1/dead-letters?group=recurring&limit=2").await.expect(200);
        let next = page["next_cursor"].as_str().unwrap();
        let rest = owner.get(&format!("/api/v1/dead-letters?group=recurring&limit=2&cursor={next}")).await;
        assert_eq!(rest.expect(200)["items"].as_array().unwrap().len(), 1);

        // Counted, then handled again, which fails again, as nothing has changed.
        let replay = "/api/v1/dead-letters/replay";
        let order = json!({"group": "recurring", "reason": "refused", "dry_run": true});
        assert_eq!(owner.post(replay, &order).await.expect(200), json!({"letters": 3, "dry_run": true}));
        let order = json!({"ids": [first["id"]]});
        assert_eq!(owner.post(replay, &order).await.expect(200), json!({"letters": 1, "dry_run": false}));
        until("it has failed again", async || {
            let shown = owner.get(&path).await.expect(200);
            shown["attempts"] == json!(2) && shown["replay_at"].is_null()
        })
        .await;

        let drop = "/api/v1/dead-letters/drop";
        assert_eq!(owner.post(drop, &json!({"ids": [first["id"]]})).await.expect(200)["letters"], json!(1));
        owner.get(&path).await.expect(404);
        assert_eq!(owner.post(drop, &json!({"all": true})).await.expect(200)["dry_run"], json!(false));
        assert_eq!(letters(owner).await, Vec::<Value>::new());
        until("what was done is in the audit", async || {
            let audit = owner.get("/api/v1/audit?kind=dead_letter").await.expect(200);
            audit["items"].as_array().unwrap().len() == 3
        })
        .await;
        let audit = owner.get("/api/v1/audit?kind=dead_letter").await.expect(200);
        assert_eq!(audit["items"][1]["text"], json!("dropped dead letters"));
        assert_eq!(audit["items"][1]["subject"]["title"], json!("1 dead letter"));
        assert_eq!(audit["items"][2]["text"], json!("had dead letters handled again"));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn dead_letters_are_for_who_administers_that_workspace() {
    both_with(generous, async |site| {
        let id = one(site, &site.owner).await;
        let order = json!({"ids": [id]});
        let path = format!("/api/v1/dead-letters/{id}");
        let agent = site.member("Gwen", Role::Agent).await;
        for paths in ["/api/v1/dead-letters", "/api/v1/dead-letters/counts", &path] {
            agent.get(paths).await.expect(403);
        }
        let other = site.other_workspace().await;
        other.get(&path).await.expect(404);
        assert_eq!(letters(&other).await, Vec::<Value>::new());
        for path in ["/api/v1/dead-letters/replay", "/api/v1/dead-letters/drop"] {
            agent.post(path, &order).await.expect(403);
            for order in [&order, &json!({"all": true})] {
                assert_eq!(other.post(path, order).await.expect(200)["letters"], json!(0));
            }
            // What is to be done has to be said, and said rightly.
            for bad in [
                json!({}),
                json!({"ids": []}),
                json!({"topic": "weather"}),
                json!({"group": "not a name"}),
                json!({"group": "\u{0}"}),
                json!({"reason": "bad luck"}),
                json!({"all": true, "per_second": 0}),
                json!({"all": true, "since": "yesterday"}),
                json!({"al": true}),
                json!({"ids": vec![Uuid::nil(); 1001]}),
            ] {
                site.owner.post(path, &bad).await.expect(422);
            }
        }
        site.owner.get("/api/v1/dead-letters?topic=weather").await.expect(422);
        assert_eq!(letters(&site.owner).await.len(), 1);
    })
    .await;
}
