//! `say`: an order in plain words, previewed, agreed to, done, and how to take it back.

use serde_json::{Value, json};

use super::words::zone;
use super::{search, task};
use crate::args::{Say, Undo};
use crate::client::Client;
use crate::credentials;
use crate::failure::{Failure, Outcome};
use crate::output::{Output, note};
use crate::prompt;

/// Gives the order; the answer's `status` says what became of it.
pub(crate) async fn run(args: &Say, output: Output) -> Outcome {
    let zone = zone(args.zone.as_deref())?.iana_name().unwrap_or("UTC").to_owned();
    let (client, known) = Client::signed_in()?;
    let mut order = json!({ "text": args.text.join(" "), "zone": zone, "confirm": false });
    if let Some(chat) = &known.chat_id {
        order["chat_id"] = json!(chat);
    }
    let mut answer = match client.post("/api/v1/say", &order).await {
        // The chat may be of another member, or gone; a new one begins.
        Err(_) if known.chat_id.is_some() => {
            order.as_object_mut().map(|order| order.remove("chat_id"));
            client.post("/api/v1/say", &order).await?
        }
        answer => answer?,
    };
    if let Some(chat) = answer.get("chat_id").and_then(Value::as_str) {
        order["chat_id"] = json!(chat);
        credentials::keep_chat(&known.url, chat)?;
    }
    if status(&answer) == "preview" && !args.preview {
        if !args.yes {
            agree(&answer, args, output)?;
        }
        order["confirm"] = json!(true);
        answer = client.post("/api/v1/say", &order).await?;
    }
    output.result(&answer, || describe(&answer))?;
    match status(&answer) {
        "failed" | "clarify" => Err(Failure::Failed("nothing was done".to_owned())),
        _ => Ok(()),
    }
}

/// Shows the preview and asks; errors where the answer is no, or nobody can be asked.
fn agree(answer: &Value, args: &Say, output: Output) -> Outcome {
    if !prompt::is_possible() || output.is_json() {
        output.result(answer, || describe(answer))?;
        return Err(Failure::Failed(format!(
            "nothing was done: there is nobody to ask; add --yes to do it{}",
            if args.yes { "" } else { ", or --preview to only look" }
        )));
    }
    note(&describe(answer));
    if prompt::yes("Do it?")? { Ok(()) } else { Err(Failure::Failed("nothing was done".to_owned())) }
}

fn status(answer: &Value) -> &str {
    answer.get("status").and_then(Value::as_str).unwrap_or_default()
}

fn describe(answer: &Value) -> String {
    let mut lines = vec![answer.get("text").and_then(Value::as_str).unwrap_or_default().to_owned()];
    let items = |key: &str| answer.get(key).and_then(Value::as_array).cloned().unwrap_or_default();
    for line in items("lines") {
        let word = |key: &str| line.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        lines.push(format!("  {}: {}", word("label"), word("value")));
    }
    for found in items("tasks") {
        lines.push(format!("  {}", task::line(&found).join("  ")));
    }
    for hit in items("hits") {
        lines.push(format!("  {}", search::line(&hit).join("  ")));
    }
    if let Some(undo) = answer.get("undo_id").and_then(Value::as_str) {
        lines.push(format!("undo id: {undo}"));
    }
    lines.join("\n")
}

/// Takes back what an order did.
pub(crate) async fn undo(args: &Undo, output: Output) -> Outcome {
    let (client, _) = Client::signed_in()?;
    let answer = client.post(&format!("/api/v1/undo/{}", args.id), &json!({})).await?;
    output.result(&answer, || answer.get("text").and_then(Value::as_str).unwrap_or("undone").to_owned())
}
