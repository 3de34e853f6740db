//! Orders in plain words, over HTTP: what is shown is done, and taken back, on both databases alike.

use serde_json::{Value, json};

use crate::foreign::Records;
use crate::people::{Person, Reply};
use crate::site::{both_with, generous};

async fn say(person: &Person, text: &str, confirm: bool, chat: &Value) -> Reply {
    let body = json!({"text": text, "zone": "Europe/Berlin", "confirm": confirm, "chat_id": chat});
    person.post("/api/v1/say", &body).await
}

/// What people can see of all tasks and tickets; not how often they were changed.
async fn seen(person: &Person) -> Value {
    let mut items = Vec::new();
    for path in
        ["/api/v1/tasks?status=all&parent=any&sort=created&limit=200", "/api/v1/tickets?status=all&limit=200"]
    {
        items.extend(person.get(path).await.ok()["items"].as_array().unwrap().clone());
    }
    for item in &mut items {
        let item = item.as_object_mut().unwrap();
        item.remove("version");
        item.remove("updated_at");
    }
    Value::Array(items)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_order_is_shown_done_and_taken_back() {
    both_with(generous, async |site| {
        let ours = Records::of(site, &site.owner).await;
        site.member("Mia", domain::Role::Agent).await;
        let due = json!({"date": "2099-11-23", "time": "09:00"});
        let task = json!({"title": "send the offer", "due": due, "reminders": [{"before_minutes": 60}]});
        let task = site.owner.post("/api/v1/tasks", &task).await.created();
        let rent = site.owner.task("pay the rent").await;
        let path = format!("/api/v1/tasks/{}/complete", rent["id"].as_str().unwrap());
        site.owner.post(&path, &Value::Null).await.ok();
        let ticket = site.owner.get(&format!("/api/v1/tickets/{}", ours.id("tickets"))).await.ok();
        let (task, rent, ticket) = (&task["number"], &rent["number"], &ticket["number"]);
        let orders = [
            "call Anna tomorrow at 9 about the refund @billing #Office p1 +Mia, remind me 30 min before"
                .to_owned(),
            "check the backup every Monday at 8".to_owned(),
            format!("add subtask book the room to #{task}"),
            format!("complete #{task}"),
            format!("reopen #{rent}"),
            format!("rename #{task} to Send the better offer"),
            format!("move #{task} to 24 December 2098"),
            format!("snooze #{task} until 24 December 2098"),
            format!("assign #{task} to Mia"),
            format!("comment on #{task}: she is away, “not before Friday”"),
            format!("remind me about #{task} tomorrow at 18:00"),
            format!("delete #{task}"),
            format!("assign ticket {ticket} to Mia"),
            format!("rename ticket {ticket} to Refund of Dana"),
            format!("close ticket {ticket}"),
        ];
        for text in &orders {
            let before = seen(&site.owner).await;
            let shown = say(&site.owner, text, false, &Value::Null).await.ok();
            assert_eq!(shown["status"], "preview", "{text}: {shown}");
            assert_eq!(seen(&site.owner).await, before, "a preview changes nothing: {text}");
            let reply = say(&site.owner, text, true, &Value::Null).await;
            let did = reply.ok();
            assert_eq!((&did["status"], &did["lines"]), (&json!("done"), &shown["lines"]), "{text}: {did}");
            assert_ne!(seen(&site.owner).await, before, "{text}");
            assert_eq!(did["undo_id"], reply.header("deskhand-undo"), "{text}");
            // What would be taken back is named, in the chat and without one.
            for chat in [&did["chat_id"], &Value::Null] {
                let next = say(&site.owner, "undo", false, chat).await.ok();
                assert_eq!(next["status"], "preview", "{text}: {next}");
                assert_eq!(next["lines"][0]["label"], "Take back", "{text}: {next}");
            }
            let undone = say(&site.owner, "undo", true, &did["chat_id"]).await.ok();
            assert_eq!(undone["status"], "done", "{text}: {undone}");
            assert_eq!(seen(&site.owner).await, before, "{text}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn questions_are_answered_from_what_is_there() {
    both_with(generous, async |site| {
        for title in ["send the offer to Larsen", "pay the rent", "ring Larsen"] {
            site.owner.task(title).await;
        }
        let ask = async |text: &str| {
            let answer = say(&site.owner, text, false, &Value::Null).await.ok();
            assert_eq!(answer["status"], "answer", "{text}: {answer}");
            answer
        };
        let list = ask("list tasks").await;
        assert_eq!(list["tasks"].as_array().unwrap().len(), 3, "{list}");
        let hits = ask("search larsen").await;
        assert_eq!(hits["hits"].as_array().unwrap().len(), 2, "{hits}");
        let unclear = say(&site.owner, "complete larsen", true, &Value::Null).await.ok();
        assert_eq!(unclear["status"], "clarify", "{unclear}");
        assert_eq!(unclear["records"].as_array().unwrap().len(), 2, "{unclear}");
        let other = site.other_workspace().await;
        let foreign = say(&other, "complete #1", true, &Value::Null).await.ok();
        assert_eq!(foreign["status"], "failed", "{foreign}");
        let nothing = say(&other, "undo", false, &Value::Null).await.ok();
        assert_eq!(nothing["status"], "failed", "{nothing}");
        assert_eq!(nothing["text"], "There is nothing left to undo.");
    })
    .await;
}
