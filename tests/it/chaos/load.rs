//! What people do until the process is killed: visitors write, members make and finish tasks, claim and reply.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use jiff::{Timestamp, ToSpan as _};
use rand::rngs::StdRng;
use rand::{Rng as _, RngExt as _, SeedableRng as _};
use serde_json::json;
use tokio::task::JoinSet;

use super::ledger::{Conversation, Ledger, Message, Task};
use super::{new_key, visitor};
use crate::api::Api;

/// The knowledge base of the test.
pub(super) const ARTICLES: [(&str, &str); 2] = [
    ("backup.md", include_str!("../../../docs/guide/backup-and-restore.md")),
    ("widget.md", include_str!("../../../docs/guide/add-the-chat-widget.md")),
];
/// A question that the articles cover.
pub(super) const COVERED: &str = "How do I make a backup while the program is running?";
/// A wish that no article can fulfil.
const WISH: &str = "I want to talk to a person, please.";
/// What a customer reads who asks for a person.
pub(super) const PROMISE: &str =
    "A person will answer you here. You can leave this page; the conversation stays.";

const VISITORS: u64 = 4;
const MEMBERS: u64 = 2;

/// What runs until the end of a round.
pub(super) struct Load {
    over: Arc<AtomicBool>,
    people: JoinSet<()>,
}

impl Load {
    /// Everybody stops after what they are at.
    pub(super) async fn end(mut self) {
        self.over.store(true, Ordering::SeqCst);
        while let Some(ended) = self.people.join_next().await {
            ended.expect("the load itself works");
        }
    }
}

/// One person of the load.
struct Person {
    api: Api,
    channel: String,
    ledger: Ledger,
    over: Arc<AtomicBool>,
    round: u64,
    /// There is time for reminders that are due in a minute.
    early: bool,
    who: u64,
    random: StdRng,
}

/// Starts the load of a round; in an early one there are also reminders that are due in a minute.
pub(super) fn begin(
    api: &Api,
    channel: &str,
    ledger: &Ledger,
    (round, early): (u64, bool),
    random: &mut StdRng,
) -> Load {
    let over = Arc::new(AtomicBool::new(false));
    let mut people = JoinSet::new();
    for who in 0..VISITORS + MEMBERS + 1 {
        let mut person = Person {
            api: api.clone(),
            channel: channel.to_owned(),
            ledger: ledger.clone(),
            over: Arc::clone(&over),
            round,
            early,
            who,
            random: StdRng::seed_from_u64(random.next_u64()),
        };
        people.spawn(async move {
            if who < VISITORS {
                person.visit().await;
            } else if who < VISITORS + MEMBERS {
                person.plan().await;
            } else {
                person.answer().await;
            }
        });
    }
    Load { over, people }
}

impl Person {
    fn goes_on(&self) -> bool {
        !self.over.load(Ordering::SeqCst)
    }

    async fn pause(&mut self, most: u64) {
        tokio::time::sleep(Duration::from_millis(self.random.random_range(0..most))).await;
    }

    /// A visitor: begins conversations, asks, and in the end perhaps wants a person.
    async fn visit(&mut self) {
        while self.goes_on() {
            let body = json!({"channel": self.channel, "name": format!("Visitor {}", self.who)});
            let Ok(begun) = self.api.try_post("/widget/v1/conversations", Some(&new_key()), &body).await
            else {
                return;
            };
            let id = begun["conversation"]["id"].as_str().unwrap().to_owned();
            let token = begun["visitor_token"].as_str().unwrap().to_owned();
            let own = visitor(&self.api, &token);
            let index = self.ledger.add_conversation(Conversation {
                round: self.round,
                id: id.clone(),
                token,
                written: Vec::new(),
                replies: Vec::new(),
                claimed: false,
            });
            let mut texts = vec![COVERED; self.random.random_range(0..3)];
            if texts.is_empty() || self.random.random_range(0..2) == 0 {
                texts.push(WISH);
            }
            for text in texts {
                let message = Message { client_id: new_key(), text: text.to_owned(), acknowledged: false };
                let body = json!({"text": text, "client_id": message.client_id});
                let at = self.ledger.conversation(index, |conversation| {
                    conversation.written.push(message);
                    conversation.written.len() - 1
                });
                if own
                    .try_post(&format!("/widget/v1/conversations/{id}/messages"), None, &body)
                    .await
                    .is_err()
                {
                    return;
                }
                self.ledger.conversation(index, |conversation| conversation.written[at].acknowledged = true);
                self.pause(40).await;
            }
        }
    }

    /// A member: makes tasks, some with a reminder that is due at once or very soon, and finishes some.
    async fn plan(&mut self) {
        let mut count = 0;
        while self.goes_on() {
            count += 1;
            let title = format!("round-{}-{}-{count}", self.round, self.who);
            let (reminds, complete) =
                (self.random.random_range(0..3) == 0, self.random.random_range(0..3) == 0);
            let mut body = json!({"title": title, "zone": "UTC"});
            let later = reminds && self.early && self.random.random_range(0..4) == 0;
            if reminds {
                // To the minute: the one that has begun is due already, the next one comes within the test.
                let ahead = if later { 1.minute() } else { 0.minutes() };
                let at = Timestamp::now().checked_add(ahead).unwrap().strftime("%Y-%m-%dT%H:%M").to_string();
                body["reminders"] = json!([{"at": at}]);
            }
            let key = new_key();
            let index = self.ledger.add_task(Task {
                round: self.round,
                key: key.clone(),
                body: body.clone(),
                id: None,
                complete: false,
                completed: false,
                reminds,
                later,
            });
            let Ok(made) = self.api.try_post("/api/v1/tasks", Some(&key), &body).await else { return };
            let id = made["id"].as_str().unwrap().to_owned();
            self.ledger.task(index, |task| task.id = Some(id.clone()));
            self.pause(30).await;
            if complete && self.goes_on() {
                self.ledger.task(index, |task| task.complete = true);
                if self.api.try_post(&format!("/api/v1/tasks/{id}/complete"), None, &json!({})).await.is_err()
                {
                    return;
                }
                self.ledger.task(index, |task| task.completed = true);
            }
        }
    }

    /// A member: claims what waits, and replies.
    async fn answer(&mut self) {
        while self.goes_on() {
            let Ok(waiting) = self.api.try_get("/api/v1/conversations?state=waiting&limit=5").await else {
                return;
            };
            for item in waiting["items"].as_array().unwrap() {
                let id = item["id"].as_str().unwrap().to_owned();
                // One whose beginning was not acknowledged to its visitor is nobody's to check.
                let Some(index) = self.ledger.find(&id) else { continue };
                if self
                    .api
                    .try_post(&format!("/api/v1/conversations/{id}/claim"), None, &json!({}))
                    .await
                    .is_err()
                {
                    return;
                }
                self.ledger.conversation(index, |conversation| conversation.claimed = true);
                let message = Message {
                    client_id: new_key(),
                    text: "We look into it.".to_owned(),
                    acknowledged: false,
                };
                let body = json!({"text": message.text, "client_id": message.client_id});
                let at = self.ledger.conversation(index, |conversation| {
                    conversation.replies.push(message);
                    conversation.replies.len() - 1
                });
                if self
                    .api
                    .try_post(&format!("/api/v1/conversations/{id}/messages"), None, &body)
                    .await
                    .is_err()
                {
                    return;
                }
                self.ledger.conversation(index, |conversation| conversation.replies[at].acknowledged = true);
            }
            self.pause(60).await;
        }
    }
}
