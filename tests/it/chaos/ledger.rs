//! What the test knows: everything that was tried, and what of it was acknowledged.
//!
//! What was tried and not acknowledged is tried again with the same key, as a client does. After that all of
//! it must be there, once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use serde_json::{Value, json};

use super::hook::{Hook, Numbers};
use super::{load, visitor};
use crate::api::{Api, NoAnswer};
use crate::program::PATIENCE;

/// A task that a member tried to make.
#[derive(Debug, Clone)]
pub(super) struct Task {
    pub(super) round: u64,
    pub(super) key: String,
    pub(super) body: Value,
    pub(super) id: Option<String>,
    /// Somebody tried to complete it.
    pub(super) complete: bool,
    /// The completion was acknowledged.
    pub(super) completed: bool,
    /// It has a reminder.
    pub(super) reminds: bool,
    /// The reminder is not due in its own round.
    pub(super) later: bool,
}

/// A message that somebody tried to send.
#[derive(Debug, Clone)]
pub(super) struct Message {
    pub(super) client_id: String,
    pub(super) text: String,
    pub(super) acknowledged: bool,
}

/// A conversation that a visitor began; only those whose beginning was acknowledged are known.
#[derive(Debug, Clone)]
pub(super) struct Conversation {
    pub(super) round: u64,
    pub(super) id: String,
    pub(super) token: String,
    /// What the visitor wrote, in order.
    pub(super) written: Vec<Message>,
    /// What a member replied.
    pub(super) replies: Vec<Message>,
    /// The claim was acknowledged.
    pub(super) claimed: bool,
}

/// Everything that was tried. Clones share it.
#[derive(Clone, Default)]
pub(super) struct Ledger {
    tasks: Arc<Mutex<Vec<Task>>>,
    conversations: Arc<Mutex<Vec<Conversation>>>,
}

/// Gives up after a while, so that a test that would wait for ever says for what.
async fn again(begun: Instant, what: &str) {
    assert!(begun.elapsed() < PATIENCE * 2, "{what}");
    tokio::time::sleep(std::time::Duration::from_millis(30)).await;
}

impl Ledger {
    pub(super) fn add_task(&self, task: Task) -> usize {
        let mut tasks = self.tasks.lock().unwrap();
        tasks.push(task);
        tasks.len() - 1
    }

    pub(super) fn task(&self, index: usize, change: impl FnOnce(&mut Task)) {
        change(&mut self.tasks.lock().unwrap()[index]);
    }

    pub(super) fn add_conversation(&self, conversation: Conversation) -> usize {
        let mut conversations = self.conversations.lock().unwrap();
        conversations.push(conversation);
        conversations.len() - 1
    }

    pub(super) fn conversation<T>(&self, index: usize, change: impl FnOnce(&mut Conversation) -> T) -> T {
        change(&mut self.conversations.lock().unwrap()[index])
    }

    /// The place of the conversation with that id, if the visitor knows of it.
    pub(super) fn find(&self, id: &str) -> Option<usize> {
        self.conversations.lock().unwrap().iter().position(|conversation| conversation.id == id)
    }

    /// Tries again what was tried and not acknowledged.
    pub(super) async fn settle(&self, api: &Api) {
        let tasks = self.tasks.lock().unwrap().clone();
        for (index, task) in tasks.into_iter().enumerate() {
            let id = match task.id {
                Some(id) => id,
                None => {
                    let made = api.try_post("/api/v1/tasks", Some(&task.key), &task.body).await.unwrap();
                    made["id"].as_str().unwrap().to_owned()
                }
            };
            if task.complete && !task.completed {
                api.post(&format!("/api/v1/tasks/{id}/complete"), &json!({})).await;
                self.task(index, |task| task.completed = true);
            }
            self.task(index, |task| task.id = Some(id));
        }
        let conversations = self.conversations.lock().unwrap().clone();
        for (index, conversation) in conversations.into_iter().enumerate() {
            let visitor = visitor(api, &conversation.token);
            let path = format!("/widget/v1/conversations/{}/messages", conversation.id);
            for (at, message) in
                conversation.written.iter().enumerate().filter(|(_, message)| !message.acknowledged)
            {
                visitor.post(&path, &json!({"text": message.text, "client_id": message.client_id})).await;
                self.conversation(index, |conversation| conversation.written[at].acknowledged = true);
            }
            let path = format!("/api/v1/conversations/{}/messages", conversation.id);
            for (at, message) in
                conversation.replies.iter().enumerate().filter(|(_, message)| !message.acknowledged)
            {
                let body = json!({"text": message.text, "client_id": message.client_id});
                match api.try_post(&path, None, &body).await {
                    Ok(_) => {
                        self.conversation(index, |conversation| conversation.replies[at].acknowledged = true)
                    }
                    // Its claim was not acknowledged, and did not happen: nor can the reply.
                    Err(NoAnswer::Refused(_, problem))
                        if !conversation.claimed && problem["code"] == "not_claimed" =>
                    {
                        self.conversation(index, |conversation| _ = conversation.replies.remove(at));
                    }
                    Err(error) => panic!("{path}: {error:?}"),
                }
            }
        }
    }

    /// Looks whether everything is there, once: what began in `round`, or all of it.
    pub(super) async fn check(&self, api: &Api, round: Option<u64>) {
        let tasks = self.tasks.lock().unwrap().clone();
        let tasks: Vec<Task> =
            tasks.into_iter().filter(|task| round.is_none_or(|round| task.round == round)).collect();
        self.check_tasks(api, &tasks, round).await;
        self.check_reminders(api, &tasks, round.is_none()).await;
        for task in &tasks {
            check_history(api, task).await;
        }
        let conversations = self.conversations.lock().unwrap().clone();
        for conversation in
            conversations.iter().filter(|known| round.is_none_or(|round| known.round == round))
        {
            check_conversation(api, conversation).await;
        }
    }

    async fn check_tasks(&self, api: &Api, tasks: &[Task], round: Option<u64>) {
        // Titles name their round, so that one search finds a round's tasks.
        let query = round.map(|round| format!("&q=round-{round}-")).unwrap_or_default();
        let mut found: HashMap<String, Vec<Value>> = HashMap::new();
        for task in api.all(&format!("/api/v1/tasks?status=all&sort=created{query}")).await {
            found.entry(task["title"].as_str().unwrap().to_owned()).or_default().push(task);
        }
        for task in tasks {
            let title = task.body["title"].as_str().unwrap();
            let there = found.remove(title).unwrap_or_default();
            assert_eq!(there.len(), 1, "{title} is there {} times", there.len());
            assert_eq!(there[0]["id"].as_str(), task.id.as_deref(), "{title}");
            let status = if task.completed { "done" } else { "todo" };
            assert_eq!(there[0]["status"], status, "{title}");
        }
        assert!(found.is_empty(), "tasks that nobody made: {:?}", found.keys());
    }

    async fn check_reminders(&self, api: &Api, tasks: &[Task], all: bool) {
        let begun = Instant::now();
        loop {
            let mut counts: HashMap<String, usize> = HashMap::new();
            for told in api.all("/api/v1/notifications").await {
                if told["kind"] == "reminder" {
                    *counts.entry(told["title"].as_str().unwrap().to_owned()).or_default() += 1;
                }
            }
            let count =
                |task: &Task| counts.get(task.body["title"].as_str().unwrap()).copied().unwrap_or_default();
            let twice: Vec<&Task> = tasks.iter().filter(|task| count(task) > 1).collect();
            assert!(twice.is_empty(), "told more than once: {twice:?}");
            // A task that was completed before its reminder came is not reminded of.
            let missing: Vec<&Task> = tasks
                .iter()
                .filter(|task| task.reminds && !task.complete && (all || !task.later) && count(task) == 0)
                .collect();
            if missing.is_empty() {
                return;
            }
            again(begun, &format!("never told: {missing:?}")).await;
        }
    }

    /// Waits until the webhook was told of everything, and looks whether that was in order for each task, and for each
    /// conversation by topic.
    pub(super) async fn check_told(&self, api: &Api, hook: &Hook) {
        let tasks = self.tasks.lock().unwrap().clone();
        let expected = tasks
            .iter()
            .map(|task| (task.id.clone().unwrap(), if task.completed { vec![1, 2] } else { vec![1] }));
        told("tasks", expected.collect(), || hook.tasks()).await;
        let conversations = self.conversations.lock().unwrap().clone();
        let (mut received, mut sent) = (Numbers::new(), Numbers::new());
        for conversation in conversations {
            let path = format!("/api/v1/conversations/{}/messages", conversation.id);
            for message in api.all(&path).await.iter().rev() {
                let by = if message["author"]["kind"] == "contact" { &mut received } else { &mut sent };
                let places = by.entry(conversation.id.clone()).or_default();
                places.push(message["sequence"].as_i64().unwrap());
            }
        }
        told("what visitors wrote", received, || hook.messages("message.received")).await;
        told("what they were answered", sent, || hook.messages("message.sent")).await;
    }

    pub(super) fn summary(&self) -> String {
        let (tasks, conversations) = (self.tasks.lock().unwrap(), self.conversations.lock().unwrap());
        format!(
            "{} tasks ({} completed, {} reminders), {} conversations with {} messages and {} replies",
            tasks.len(),
            tasks.iter().filter(|task| task.completed).count(),
            tasks.iter().filter(|task| task.reminds).count(),
            conversations.len(),
            conversations.iter().map(|conversation| conversation.written.len()).sum::<usize>(),
            conversations.iter().map(|conversation| conversation.replies.len()).sum::<usize>(),
        )
    }

    /// Whether enough of everything happened for the result to mean something.
    pub(super) fn is_worth_it(&self) -> bool {
        let (tasks, conversations) = (self.tasks.lock().unwrap(), self.conversations.lock().unwrap());
        tasks.iter().any(|task| task.completed)
            && tasks.iter().any(|task| task.reminds)
            && conversations.iter().any(|conversation| !conversation.replies.is_empty())
            && conversations.len() > 5
    }
}

/// Waits until every question of a conversation was dealt with, and looks whether that happened once.
async fn check_conversation(api: &Api, conversation: &Conversation) {
    let questions = conversation.written.iter().filter(|message| message.text == load::COVERED).count();
    let wishes = conversation.written.len() - questions;
    let begun = Instant::now();
    loop {
        let messages = api.all(&format!("/api/v1/conversations/{}/messages", conversation.id)).await;
        let of = |kind: &str| {
            messages.iter().filter(|message| message["author"]["kind"] == kind).collect::<Vec<_>>()
        };
        let (answers, contact, replies) = (of("hand"), of("contact"), of("member"));
        let promises = of("system").into_iter().filter(|message| message["text"] == load::PROMISE).count();
        let id = &conversation.id;
        assert!(answers.len() <= questions, "{id}: {} answers to {questions} questions", answers.len());
        assert!(promises <= wishes, "{id}: a person was promised {promises} times");
        check_sent(id, &conversation.written, &contact);
        // A visitor sends one message after the other, and what each of them causes has the same order.
        let order: Vec<&Value> = contact.iter().rev().map(|message| &message["client_id"]).collect();
        let wrote: Vec<&str> = conversation.written.iter().map(|sent| sent.client_id.as_str()).collect();
        assert_eq!(order, wrote, "{id}");
        check_sent(id, &conversation.replies, &replies);
        let sequences: Vec<i64> =
            messages.iter().map(|message| message["sequence"].as_i64().unwrap()).collect();
        let whole: Vec<i64> = (1..=i64::try_from(messages.len()).unwrap()).rev().collect();
        assert_eq!(sequences, whole, "{id}");
        if answers.len() == questions && promises == wishes {
            // The wish for a person is what a visitor writes last.
            let last = |kind: &str| messages.iter().position(|message| message["author"]["kind"] == kind);
            let promise = messages.iter().position(|message| message["text"] == load::PROMISE);
            assert!(
                promise.is_none() || last("hand").is_none_or(|answer| promise < Some(answer)),
                "{messages:?}"
            );
            return;
        }
        let state =
            format!("{id}: {} of {questions} answers, {promises} of {wishes} promises", answers.len());
        again(begun, &state).await;
    }
}

/// Waits until the audit has what happened to a task, and looks whether it has it once.
async fn check_history(api: &Api, task: &Task) {
    let path = format!("/api/v1/tasks/{}/history", task.id.as_ref().unwrap());
    let begun = Instant::now();
    loop {
        let entries = api.all(&path).await;
        let count = |action: &str| entries.iter().filter(|entry| entry["action"] == action).count();
        let there = (count("task.created"), count("task.completed"));
        let whole = (1, usize::from(task.completed));
        assert!(there.0 <= whole.0 && there.1 <= whole.1, "{task:?} is in the audit as {there:?}");
        if there == whole {
            return;
        }
        again(begun, &format!("{task:?} is in the audit as {there:?}")).await;
    }
}

/// Waits until `told` is all that is `expected`, and looks whether it comes in the same order.
async fn told(what: &str, expected: Numbers, told: impl Fn() -> Numbers) {
    let begun = Instant::now();
    loop {
        let told = told();
        let missing = expected.iter().find(|(id, numbers)| {
            let told = told.get(*id).map_or(&[][..], Vec::as_slice);
            assert!(numbers.starts_with(told), "{what} of {id}: {told:?} instead of {numbers:?}");
            told.len() < numbers.len()
        });
        let Some((id, numbers)) = missing else { return };
        again(begun, &format!("{what} of {id}: not told of all of {numbers:?}")).await;
    }
}

/// Every message is there once, by its client's id, and no other one.
fn check_sent(id: &str, sent: &[Message], found: &[&Value]) {
    assert_eq!(found.len(), sent.len(), "{id}: {sent:?} against {found:?}");
    for message in sent {
        let there = found.iter().filter(|found| found["client_id"] == message.client_id).count();
        assert_eq!(there, 1, "{id}: {message:?} is there {there} times");
    }
}
