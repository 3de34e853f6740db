//! `dead-letters`: what groups could not handle, over the API of a running desk.

use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::args::{
    DeadLettersCommand, DeadLettersDrop, DeadLettersFilter, DeadLettersList, DeadLettersReplay,
};
use crate::client::Client;
use crate::failure::{Failure, Outcome};
use crate::output::{Output, table};
use crate::prompt;

pub(crate) async fn run(command: DeadLettersCommand, output: Output) -> Outcome {
    let (client, _) = Client::signed_in()?;
    match command {
        DeadLettersCommand::List(args) => list(&client, &args, output).await,
        DeadLettersCommand::Show(args) => {
            let letter = client.get(&format!("/api/v1/dead-letters/{}", args.id), &[]).await?;
            output.result(&letter, || describe(&letter))
        }
        DeadLettersCommand::Replay(args) => replay(&client, &args, output).await,
        DeadLettersCommand::Drop(args) => discard(&client, &args, output).await,
    }
}

fn word(value: &Value, key: &str) -> String {
    value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn whole(value: &Value, key: &str) -> i64 {
    value.get(key).and_then(Value::as_i64).unwrap_or_default()
}

fn items(answer: &Value) -> &[Value] {
    answer.get("items").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

impl DeadLettersFilter {
    /// What was asked for, as the API names it.
    fn pairs(&self) -> Vec<(&'static str, String)> {
        let mut pairs = Vec::new();
        for (key, value) in [("group", &self.group), ("topic", &self.topic), ("reason", &self.reason)] {
            pairs.extend(value.clone().map(|value| (key, value)));
        }
        for (key, value) in [("since", self.since), ("until", self.until)] {
            pairs.extend(value.map(|value| (key, value.to_string())));
        }
        pairs
    }
}

async fn list(client: &Client, args: &DeadLettersList, output: Output) -> Outcome {
    let mut query = args.filter.pairs();
    let counts = client.get("/api/v1/dead-letters/counts", &query).await?;
    query.push(("limit", args.limit.to_string()));
    let mut answer = client.get("/api/v1/dead-letters", &query).await?;
    if let Some(answer) = answer.as_object_mut() {
        answer.insert("counts".to_owned(), counts.get("items").cloned().unwrap_or_default());
    }
    output.result(&answer, || {
        if items(&answer).is_empty() {
            return "there are no dead letters".to_owned();
        }
        let count = |count: &Value| {
            let queued = match whole(count, "queued") {
                0 => String::new(),
                queued => format!("{queued} to be handled again"),
            };
            let letters = whole(count, "letters").to_string();
            vec![word(count, "group"), word(count, "topic"), word(count, "reason"), letters, queued]
        };
        let letter = |letter: &Value| {
            let kind = letter.get("event_type").and_then(Value::as_str).unwrap_or("(unreadable)").to_owned();
            vec![
                word(letter, "id"),
                word(letter, "died_at"),
                word(letter, "group"),
                kind,
                word(letter, "reason"),
                domain::text::shorten(&word(letter, "detail"), 80),
            ]
        };
        let counts = table(&items(&counts).iter().map(count).collect::<Vec<_>>());
        format!("{counts}\n{}", table(&items(&answer).iter().map(letter).collect::<Vec<_>>()))
    })
}

fn describe(letter: &Value) -> String {
    let mut rows = Vec::new();
    for key in [
        "id",
        "group",
        "topic",
        "event_id",
        "event_type",
        "subject_id",
        "reason",
        "detail",
        "died_at",
        "replay_at",
    ] {
        let value = word(letter, key);
        if !value.is_empty() {
            rows.push(vec![key.replace('_', " "), value]);
        }
    }
    rows.insert(3, vec!["partition".to_owned(), whole(letter, "partition").to_string()]);
    rows.push(vec!["attempts".to_owned(), whole(letter, "attempts").to_string()]);
    let original = word(letter, "original");
    let original = match serde_json::from_str::<Value>(&original) {
        Ok(event) => serde_json::to_string_pretty(&event).unwrap_or(original),
        Err(_) if original.is_empty() => word(letter, "original_hex"),
        Err(_) => original,
    };
    format!("{}\n{original}\n", table(&rows))
}

fn order(ids: &[Uuid], filter: &DeadLettersFilter, all: bool) -> Map<String, Value> {
    let mut order: Map<String, Value> =
        filter.pairs().into_iter().map(|(key, value)| (key.to_owned(), json!(value))).collect();
    order.insert("ids".to_owned(), json!(ids));
    order.insert("all".to_owned(), json!(all));
    order
}

/// How many, with the right word.
fn letters(answer: &Value) -> String {
    match whole(answer, "letters") {
        1 => "1 dead letter".to_owned(),
        count => format!("{count} dead letters"),
    }
}

async fn replay(client: &Client, args: &DeadLettersReplay, output: Output) -> Outcome {
    let mut order = order(&args.ids, &args.filter, args.all);
    order.insert("dry_run".to_owned(), json!(args.dry_run));
    order.insert("per_second".to_owned(), json!(args.per_second));
    let answer = client.post("/api/v1/dead-letters/replay", &Value::Object(order)).await?;
    output.result(&answer, || {
        let would = if args.dry_run { "would be" } else { "will be" };
        format!("{} {would} handled again, {} in a second", letters(&answer), args.per_second)
    })
}

async fn discard(client: &Client, args: &DeadLettersDrop, output: Output) -> Outcome {
    let mut order = order(&args.ids, &args.filter, args.all);
    if !args.yes {
        order.insert("dry_run".to_owned(), json!(true));
        let answer = client.post("/api/v1/dead-letters/drop", &Value::Object(order.clone())).await?;
        if !prompt::is_possible() || output.is_json() {
            let sentence = "nothing was done: there is nobody to ask; add --yes to drop";
            return Err(Failure::Failed(format!("{sentence} {}", letters(&answer))));
        }
        if !prompt::yes(&format!("Drop {} for good?", letters(&answer)))? {
            return Err(Failure::Failed("nothing was done".to_owned()));
        }
        order.remove("dry_run");
    }
    let answer = client.post("/api/v1/dead-letters/drop", &Value::Object(order)).await?;
    output.result(&answer, || format!("{} dropped", letters(&answer)))
}
