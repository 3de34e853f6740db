//! `webhooks`: other programs that are told of events, over the API of a running desk.

use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::args::{WebhookDeliveries, WebhookFields, WebhookReplay, WebhookRotate, WebhooksCommand};
use crate::client::Client;
use crate::failure::{Failure, Outcome};
use crate::output::{Output, note, table};
use crate::prompt;

pub(crate) async fn run(command: WebhooksCommand, output: Output) -> Outcome {
    let (client, _) = Client::signed_in()?;
    match command {
        WebhooksCommand::List => list(&client, output).await,
        WebhooksCommand::Add(args) => {
            let body = fields(Some(&args.url), &args.fields);
            let made = client.post("/api/v1/webhooks", &body).await?;
            secret(&made, output)
        }
        WebhooksCommand::Change(args) => {
            let body = fields(args.url.as_deref(), &args.fields);
            let changed = client.patch(&path(args.id), &body).await?;
            output.result(&changed, || describe(&changed))
        }
        WebhooksCommand::Remove(args) => remove(&client, args.id, args.yes, output).await,
        WebhooksCommand::Rotate(args) => rotate(&client, &args, output).await,
        WebhooksCommand::Test(args) => {
            let test = client.post(&format!("{}/test", path(args.id)), &json!({})).await?;
            output.result(&test, || {
                format!("a test is on its way; see `deskhand webhooks deliveries {}`", args.id)
            })
        }
        WebhooksCommand::Deliveries(args) => deliveries(&client, &args, output).await,
        WebhooksCommand::Replay(args) => replay(&client, &args, output).await,
    }
}

fn path(id: Uuid) -> String {
    format!("/api/v1/webhooks/{id}")
}

fn word(value: &Value, key: &str) -> String {
    value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn whole(value: &Value, key: &str) -> i64 {
    value.get(key).and_then(Value::as_i64).unwrap_or_default()
}

fn is(value: &Value, key: &str) -> bool {
    value.get(key).and_then(Value::as_bool).unwrap_or_default()
}

fn items(answer: &Value) -> &[Value] {
    answer.get("items").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// What was asked for, as the API names it.
fn fields(url: Option<&str>, fields: &WebhookFields) -> Value {
    let mut body = Map::new();
    let mut put = |key: &str, value: Option<Value>| {
        if let Some(value) = value {
            body.insert(key.to_owned(), value);
        }
    };
    put("url", url.map(Value::from));
    put("description", fields.description.clone().map(Value::from));
    let types = (!fields.event_type.is_empty()).then(|| json!(fields.event_type));
    put("event_types", if fields.all_events { Some(json!([])) } else { types });
    put("ordered", fields.ordered.map(Value::from));
    put("enabled", fields.enabled.map(Value::from));
    Value::Object(body)
}

/// How a webhook stands, in a word or two.
fn state(webhook: &Value) -> String {
    let reason = word(webhook, "disabled_reason");
    if !is(webhook, "enabled") {
        return if reason.is_empty() { "disabled".to_owned() } else { format!("disabled ({reason})") };
    }
    match (word(webhook, "resting_until"), whole(webhook, "failures")) {
        (until, _) if !until.is_empty() => format!("resting until {until}"),
        (_, 0) => "works".to_owned(),
        (_, failures) => format!("failing ({failures} in a row)"),
    }
}

fn events(webhook: &Value) -> String {
    let types = webhook.get("event_types").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    if types.is_empty() {
        return "all".to_owned();
    }
    types.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", ")
}

async fn list(client: &Client, output: Output) -> Outcome {
    let answer = client.get("/api/v1/webhooks", &[]).await?;
    output.result(&answer, || {
        if items(&answer).is_empty() {
            return "there are no webhooks".to_owned();
        }
        let row = |webhook: &Value| {
            let pending = format!("{} pending", whole(webhook, "pending"));
            vec![
                word(webhook, "id"),
                word(webhook, "url"),
                state(webhook),
                pending,
                word(webhook, "description"),
            ]
        };
        table(&items(&answer).iter().map(row).collect::<Vec<_>>())
    })
}

fn describe(webhook: &Value) -> String {
    table(&rows(webhook))
}

/// What a webhook is, a line each.
fn rows(webhook: &Value) -> Vec<Vec<String>> {
    let yes = |key: &str| if is(webhook, key) { "yes" } else { "no" }.to_owned();
    let mut rows = vec![
        vec!["id".to_owned(), word(webhook, "id")],
        vec!["url".to_owned(), word(webhook, "url")],
        vec!["description".to_owned(), word(webhook, "description")],
        vec!["events".to_owned(), events(webhook)],
        vec!["ordered".to_owned(), yes("ordered")],
        vec!["state".to_owned(), state(webhook)],
    ];
    rows.retain(|row| row.iter().all(|cell| !cell.is_empty()));
    rows
}

/// A webhook whose secret was just made.
fn secret(made: &Value, output: Output) -> Outcome {
    if !output.is_json() {
        note("Keep the secret now; it is not shown again.");
    }
    output.result(made, || {
        let mut rows = made.get("webhook").map(rows).unwrap_or_default();
        rows.push(vec!["secret".to_owned(), word(made, "secret")]);
        table(&rows)
    })
}

async fn remove(client: &Client, id: Uuid, yes: bool, output: Output) -> Outcome {
    if !yes {
        let webhook = client.get(&path(id), &[]).await?;
        if !prompt::is_possible() || output.is_json() {
            let sentence = "nothing was done: there is nobody to ask; add --yes to remove";
            return Err(Failure::Failed(format!("{sentence} {}", word(&webhook, "url"))));
        }
        let waits = match whole(&webhook, "pending") {
            0 => String::new(),
            pending => format!(", and not send the {pending} deliveries that wait"),
        };
        if !prompt::yes(&format!("Remove the webhook to {}{waits}?", word(&webhook, "url")))? {
            return Err(Failure::Failed("nothing was done".to_owned()));
        }
    }
    client.delete(&path(id)).await?;
    output.result(&json!({ "removed": id }), || "the webhook is removed".to_owned())
}

async fn rotate(client: &Client, args: &WebhookRotate, output: Output) -> Outcome {
    let body = json!({ "overlap_hours": args.overlap_hours });
    let made = client.post(&format!("{}/rotate", path(args.id)), &body).await?;
    secret(&made, output)
}

async fn deliveries(client: &Client, args: &WebhookDeliveries, output: Output) -> Outcome {
    if let Some(delivery) = args.delivery {
        let found = client.get(&format!("{}/deliveries/{delivery}", path(args.id)), &[]).await?;
        return output.result(&found, || describe_delivery(&found));
    }
    let mut query = vec![("limit", args.limit.to_string())];
    query.extend(args.state.clone().map(|state| ("state", state)));
    let answer = client.get(&format!("{}/deliveries", path(args.id)), &query).await?;
    output.result(&answer, || {
        if items(&answer).is_empty() {
            return "there are no such deliveries".to_owned();
        }
        let row = |delivery: &Value| {
            let attempts = match whole(delivery, "attempts") {
                1 => "1 attempt".to_owned(),
                count => format!("{count} attempts"),
            };
            let next = match word(delivery, "next_attempt_at") {
                next if next.is_empty() => next,
                next => format!("next at {next}"),
            };
            let (id, at) = (word(delivery, "id"), word(delivery, "created_at"));
            vec![id, at, word(delivery, "event_type"), word(delivery, "state"), attempts, next]
        };
        table(&items(&answer).iter().map(row).collect::<Vec<_>>())
    })
}

fn describe_delivery(delivery: &Value) -> String {
    let mut rows = Vec::new();
    for key in ["id", "event_type", "state", "created_at", "next_attempt_at", "ended_at"] {
        let value = word(delivery, key);
        if !value.is_empty() {
            rows.push(vec![key.replace('_', " "), value]);
        }
    }
    let tries = delivery.get("tries").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let attempt = |attempt: &Value| {
        let answer = match attempt.get("status").and_then(Value::as_i64) {
            Some(status) => status.to_string(),
            None => word(attempt, "failure").replace('_', " "),
        };
        let excerpt = domain::text::shorten(&word(attempt, "excerpt").replace('\n', " "), 80);
        vec![word(attempt, "at"), format!("{} ms", whole(attempt, "duration_ms")), answer, excerpt]
    };
    let tries = table(&tries.iter().map(attempt).collect::<Vec<_>>());
    format!("{}\n{tries}\n{}\n", table(&rows), word(delivery, "body"))
}

async fn replay(client: &Client, args: &WebhookReplay, output: Output) -> Outcome {
    if let Some(delivery) = args.delivery {
        let path = format!("{}/deliveries/{delivery}/replay", path(args.id));
        let answer = client.post(&path, &json!({})).await?;
        return output.result(&answer, || "the delivery is sent again".to_owned());
    }
    let mut body = json!({ "all": args.all });
    if let Some(since) = args.since {
        body["since"] = json!(since.to_string());
    }
    let answer = client.post(&format!("{}/replay", path(args.id)), &body).await?;
    output.result(&answer, || match whole(&answer, "deliveries") {
        1 => "1 delivery that failed is sent again".to_owned(),
        count => format!("{count} deliveries that failed are sent again"),
    })
}
