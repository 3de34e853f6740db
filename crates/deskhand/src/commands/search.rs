//! `search`: one search over everything, over the API of a running desk.

use serde_json::Value;

use crate::args::{HitKind, Search};
use crate::client::Client;
use crate::failure::Outcome;
use crate::output::{Output, table};

pub(crate) async fn run(args: &Search, output: Output) -> Outcome {
    let (client, _) = Client::signed_in()?;
    let mut query = vec![("q", args.query.join(" ")), ("limit", args.limit.to_string())];
    let kind = args.kind.map(|kind| match kind {
        HitKind::Task => "task",
        HitKind::Conversation => "conversation",
        HitKind::Ticket => "ticket",
        HitKind::Contact => "contact",
        HitKind::Article => "article",
    });
    query.extend(kind.map(|kind| ("kind", kind.to_owned())));
    let answer = client.get("/api/v1/search", &query).await?;
    output.result(&answer, || {
        let hits = answer.get("items").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        if hits.is_empty() {
            return "nothing found".to_owned();
        }
        table(&hits.iter().map(line).collect::<Vec<_>>())
    })
}

/// A hit in a list: what it is, its number, its title, and the words around what was found.
pub(crate) fn line(hit: &Value) -> Vec<String> {
    let word = |key: &str| hit.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let number = hit.get("number").and_then(Value::as_i64).map(|number| format!("#{number}"));
    let parts = hit.get("snippet").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let snippet: String = parts.iter().filter_map(|part| part.get("text")?.as_str()).collect();
    let snippet = snippet.split_whitespace().collect::<Vec<_>>().join(" ");
    vec![word("kind"), number.unwrap_or_default(), word("title"), snippet]
}
