//! `task`: the daily commands, over the API of a running desk.

use serde_json::{Map, Value, json};

use crate::args::{DueFilter, StatusFilter, TaskAdd, TaskCommand, TaskList};
use crate::client::Client;
use crate::failure::{Failure, Outcome};
use crate::output::{Output, table};

/// The most that one page of a list gives.
const PAGE: u16 = 200;

pub(crate) async fn run(command: TaskCommand, output: Output) -> Outcome {
    let (client, _) = Client::signed_in()?;
    match command {
        TaskCommand::Add(args) => add(&client, &args, output).await,
        TaskCommand::List(args) => list(&client, &args, output).await,
        TaskCommand::Show(args) => {
            let task = find(&client, &args.task).await?;
            output.result(&task, || describe(&task))
        }
        TaskCommand::Done(args) => change(&client, &args.tasks, "complete", output).await,
        TaskCommand::Reopen(args) => change(&client, &args.tasks, "reopen", output).await,
        TaskCommand::Delete(args) => delete(&client, &args.tasks, output).await,
    }
}

fn word<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

fn number(task: &Value) -> String {
    format!("#{}", task.get("number").and_then(Value::as_i64).unwrap_or_default())
}

fn due(task: &Value) -> String {
    format!("{} {}", word(task, "/due/date"), word(task, "/due/time")).trim().to_owned()
}

/// A task in a list.
pub(crate) fn line(task: &Value) -> Vec<String> {
    let done = if word(task, "/status") == "done" { "✓" } else { " " };
    let mut marks = Vec::new();
    if let Some(priority) = task.get("priority").and_then(Value::as_i64) {
        marks.push(format!("p{priority}"));
    }
    for label in task.get("labels").and_then(Value::as_array).into_iter().flatten() {
        marks.push(format!("@{}", label.as_str().unwrap_or_default()));
    }
    for (sign, pointer) in [("#", "/project/name"), ("+", "/assignee/name")] {
        if !word(task, pointer).is_empty() {
            marks.push(format!("{sign}{}", word(task, pointer)));
        }
    }
    vec![number(task), done.to_owned(), due(task), word(task, "/title").to_owned(), marks.join(" ")]
}

fn describe(task: &Value) -> String {
    let mut rows = vec![vec![number(task), word(task, "/title").to_owned()]];
    let mut row = |label: &str, text: String| {
        if !text.is_empty() {
            rows.push(vec![label.to_owned(), text]);
        }
    };
    let due = match (due(task), word(task, "/zone")) {
        (due, zone) if due.contains(' ') => format!("{due} ({zone})"),
        (due, _) => due,
    };
    let list = |key: &str, show: &dyn Fn(&Value) -> String| {
        let items = task.get(key).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        items.iter().map(show).collect::<Vec<_>>().join(", ")
    };
    row("status", word(task, "/status").to_owned());
    row("due", due);
    row("repeats", word(task, "/recurrence_text").to_owned());
    row("priority", task.get("priority").and_then(Value::as_i64).map(|p| p.to_string()).unwrap_or_default());
    row("labels", list("labels", &|label| label.as_str().unwrap_or_default().to_owned()));
    row("project", word(task, "/project/name").to_owned());
    row("assignee", word(task, "/assignee/name").to_owned());
    row("part of", word(task, "/parent/title").to_owned());
    row("ticket", word(task, "/ticket/subject").to_owned());
    row("reminders", list("reminders", &|reminder| word(reminder, "/due_at").to_owned()));
    let mut text = table(&rows);
    if !word(task, "/notes").is_empty() {
        text.push_str(&format!("\n{}\n", word(task, "/notes")));
    }
    text
}

/// The task of that number or id.
async fn find(client: &Client, name: &str) -> Outcome<Value> {
    let name = name.trim_start_matches('#');
    if name.parse::<uuid::Uuid>().is_ok() {
        return client.get(&format!("/api/v1/tasks/{name}"), &[]).await;
    }
    let Ok(number) = name.parse::<i64>() else {
        return Err(Failure::Usage(format!("{name} is no task's number; `deskhand task list` shows them")));
    };
    // The search knows records by their numbers, and puts those first.
    let query = [("q", format!("#{number}")), ("kind", "task".to_owned()), ("limit", "5".to_owned())];
    let found = client.get("/api/v1/search", &query).await?;
    let hits = found.get("items").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    match hits.iter().find(|hit| hit.get("number").and_then(Value::as_i64) == Some(number)) {
        Some(hit) => client.get(&format!("/api/v1/tasks/{}", word(hit, "/id")), &[]).await,
        None => Err(Failure::Failed(format!("there is no task #{number}"))),
    }
}

async fn id(client: &Client, name: &str) -> Outcome<String> {
    Ok(word(&find(client, name).await?, "/id").to_owned())
}

/// The id of the member or project of that name; words that the API knows, and ids, stay as they are.
async fn named(client: &Client, records: &str, name: Option<&str>) -> Outcome<Option<String>> {
    let Some(name) = name else { return Ok(None) };
    if matches!(name, "me" | "none") || name.parse::<uuid::Uuid>().is_ok() {
        return Ok(Some(name.to_owned()));
    }
    let all = client.get(&format!("/api/v1/{records}"), &[]).await?;
    let items = all.get("items").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let wanted = name.to_lowercase();
    let is_called = |item: &&Value| {
        let full = word(item, "/name").to_lowercase();
        full == wanted || full.split_whitespace().next() == Some(wanted.as_str())
    };
    match items.iter().find(is_called) {
        Some(item) => Ok(Some(word(item, "/id").to_owned())),
        None => Err(Failure::Failed(format!("there is nothing called {name} among the {records}"))),
    }
}

async fn add(client: &Client, args: &TaskAdd, output: Output) -> Outcome {
    let mut body = Map::new();
    let mut put = |key: &str, value: Option<Value>| {
        if let Some(value) = value {
            body.insert(key.to_owned(), value);
        }
    };
    put("title", Some(json!(args.title.join(" "))));
    put("notes", args.notes.as_ref().map(|notes| json!(notes)));
    put(
        "due",
        args.due.map(|due| match due.time {
            Some(time) => json!({ "date": due.date, "time": time.strftime("%H:%M").to_string() }),
            None => json!({ "date": due.date }),
        }),
    );
    put("zone", args.zone.as_ref().map(|zone| json!(zone)));
    put("project", args.project.as_ref().map(|project| json!(project)));
    put("labels", Some(json!(args.labels)));
    put("priority", args.priority.map(|priority| json!(priority)));
    put("assignee", args.assignee.as_ref().map(|name| json!(name)));
    put("recurrence", args.repeat.as_ref().map(|rule| json!({ "rule": rule, "from": "schedule" })));
    let reminders: Vec<Value> =
        args.reminders.iter().map(|minutes| json!({ "before_minutes": minutes })).collect();
    put("reminders", Some(json!(reminders)));
    if let Some(parent) = &args.parent {
        body.insert("parent".to_owned(), json!(id(client, parent).await?));
    }
    let task = client.post("/api/v1/tasks", &Value::Object(body)).await?;
    output.result(&task, || format!("added {} {}", number(&task), word(&task, "/title")))
}

async fn list(client: &Client, args: &TaskList, output: Output) -> Outcome {
    let mut query: Vec<(&str, String)> = Vec::new();
    let status = match args.status {
        StatusFilter::Open => "open",
        StatusFilter::Todo => "todo",
        StatusFilter::Doing => "doing",
        StatusFilter::Done => "done",
        StatusFilter::All => "all",
    };
    query.push(("status", status.to_owned()));
    let due = args.due.map(|due| match due {
        DueFilter::Overdue => "overdue",
        DueFilter::Today => "today",
        DueFilter::Week => "week",
        DueFilter::None => "none",
        DueFilter::Any => "any",
    });
    let asked = [
        ("assignee", named(client, "members", args.assignee.as_deref()).await?),
        ("project", named(client, "projects", args.project.as_deref()).await?),
        ("label", args.label.clone()),
        ("priority", args.priority.map(|priority| priority.to_string())),
        ("due", due.map(str::to_owned)),
        ("q", args.query.clone()),
    ];
    query.extend(asked.into_iter().filter_map(|(key, value)| Some((key, value?))));
    let mut items: Vec<Value> = Vec::new();
    let mut cursor: Option<String> = None;
    loop {
        let left = args.limit.saturating_sub(u16::try_from(items.len()).unwrap_or(u16::MAX));
        let mut page = query.clone();
        page.push(("limit", left.min(PAGE).to_string()));
        page.extend(cursor.take().map(|cursor| ("cursor", cursor)));
        let mut answer = client.get("/api/v1/tasks", &page).await?;
        if let Some(Value::Array(more)) = answer.get_mut("items").map(Value::take) {
            items.extend(more);
        }
        cursor = answer.get("next_cursor").and_then(Value::as_str).map(str::to_owned);
        if cursor.is_none() || items.len() >= usize::from(args.limit) {
            break;
        }
    }
    output.result(&json!({ "items": items, "more": cursor.is_some() }), || {
        if items.is_empty() {
            "no tasks".to_owned()
        } else {
            table(&items.iter().map(line).collect::<Vec<_>>())
        }
    })
}

async fn change(client: &Client, names: &[String], step: &str, output: Output) -> Outcome {
    let mut changed = Vec::new();
    for name in names {
        let id = id(client, name).await?;
        changed.push(client.post(&format!("/api/v1/tasks/{id}/{step}"), &json!({})).await?);
    }
    output.result(&json!({ "items": changed }), || table(&changed.iter().map(line).collect::<Vec<_>>()))
}

async fn delete(client: &Client, names: &[String], output: Output) -> Outcome {
    let mut deleted = Vec::new();
    for name in names {
        let task = find(client, name).await?;
        client.delete(&format!("/api/v1/tasks/{}", word(&task, "/id"))).await?;
        deleted.push(task);
    }
    output.result(&json!({ "deleted": deleted }), || {
        deleted
            .iter()
            .map(|task| format!("deleted {} {}", number(task), word(task, "/title")))
            .collect::<Vec<_>>()
            .join("\n")
    })
}
