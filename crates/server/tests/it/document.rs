//! The contract as a test's clients read it: which operations there are, and whether an answer is one of theirs.

use std::collections::HashMap;
use std::sync::LazyLock;

use jsonschema::Validator;
use reqwest::Method;
use serde_json::{Value, json};

use crate::people::Reply;

/// One operation of the contract.
pub(crate) struct Operation {
    pub(crate) method: Method,
    /// With names in braces where parameters go.
    pub(crate) path: String,
    /// The names of its parameters in the path.
    pub(crate) ids: Vec<String>,
    /// The parameters that it takes in the query.
    pub(crate) query: Vec<String>,
    /// The schema of its body.
    pub(crate) body: Option<Value>,
    /// Whether it names a way to prove who one is.
    pub(crate) secured: bool,
    /// By status, or `default`: what checks a body, where there is one.
    answers: HashMap<String, Option<Validator>>,
}

/// The contract.
pub(crate) static DOCUMENT: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(&server::openapi_json()).unwrap());

/// Every operation.
pub(crate) static OPERATIONS: LazyLock<Vec<Operation>> = LazyLock::new(|| {
    let paths = DOCUMENT["paths"].as_object().unwrap();
    let each = paths.iter().flat_map(|(path, item)| {
        let methods = item.as_object().unwrap().iter().filter(|(name, _)| *name != "parameters");
        methods.map(move |(method, operation)| Operation::read(method, path, operation))
    });
    each.collect()
});

/// `schema` together with everything that it may refer to.
fn standalone(schema: &Value) -> Value {
    let mut schema = schema.clone();
    schema["components"] = DOCUMENT["components"].clone();
    schema
}

impl Operation {
    fn read(method: &str, path: &str, operation: &Value) -> Self {
        let none = Vec::new();
        let parameters = operation["parameters"].as_array().unwrap_or(&none);
        let named = |place: &str| {
            let here = parameters.iter().filter(|parameter| parameter["in"] == place);
            here.map(|parameter| parameter["name"].as_str().unwrap().to_owned()).collect()
        };
        let answers = operation["responses"].as_object().unwrap().iter().map(|(status, answer)| {
            let content = answer["content"].as_object().and_then(|content| content.values().next());
            let validator = content.map(|content| {
                jsonschema::draft202012::new(&standalone(&content["schema"])).expect("the schema is one")
            });
            (status.clone(), validator)
        });
        Self {
            method: method.to_uppercase().parse().unwrap(),
            path: path.to_owned(),
            ids: named("path"),
            query: named("query"),
            body: operation["requestBody"]["content"]["application/json"].get("schema").cloned(),
            secured: operation.get("security").is_some(),
            answers: answers.collect(),
        }
    }

    fn is_of(&self, method: &Method, path: &str) -> bool {
        let path = path.split('?').next().unwrap();
        let (mut asked, mut known) = (path.split('/'), self.path.split('/'));
        *method == self.method
            && loop {
                match (asked.next(), known.next()) {
                    (None, None) => break true,
                    (Some(asked), Some(known)) if known.starts_with('{') || asked == known => {}
                    _ => break false,
                }
            }
    }

    /// The path with `fill` of each parameter's name in its place.
    pub(crate) fn filled(&self, fill: impl Fn(&str) -> String) -> String {
        let mut path = self.path.clone();
        for name in &self.ids {
            path = path.replace(&format!("{{{name}}}"), &fill(name));
        }
        path
    }

    /// The fields of its body, with their schemas.
    pub(crate) fn fields(&self) -> Vec<(String, Value)> {
        let Some(body) = &self.body else { return Vec::new() };
        let properties = &resolved(body)["properties"];
        properties
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, schema)| (name.clone(), schema.clone()))
            .collect()
    }
}

/// `schema`, or what it refers to.
pub(crate) fn resolved(schema: &Value) -> &Value {
    match schema["$ref"].as_str() {
        Some(to) => DOCUMENT.pointer(to.trim_start_matches('#')).unwrap(),
        None => schema,
    }
}

/// Panics where `reply` is not one that the contract names.
pub(crate) fn check(method: &Method, path: &str, reply: &Reply) {
    // A path without parameters goes before one with.
    let fits = OPERATIONS.iter().filter(|operation| operation.is_of(method, path));
    let Some(operation) = fits.min_by_key(|operation| operation.ids.len()) else { return };
    let status = reply.status.as_str();
    let answer = operation.answers.get(status).or_else(|| operation.answers.get("default"));
    let answer = answer.unwrap_or_else(|| panic!("{status} is not in the contract: {reply:?}"));
    if let Some(validator) = answer {
        let body = reply.json();
        let errors: Vec<String> =
            validator.iter_errors(&body).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert!(errors.is_empty(), "{errors:?} in {reply:?}");
    } else {
        assert_eq!(reply.text, "", "the contract names no body: {reply:?}");
    }
}

/// A body that the operation of that method and path takes.
pub(crate) fn example(operation: &Operation) -> Option<Value> {
    operation.body.as_ref()?;
    let path = operation.path.as_str();
    let body = match (operation.method.as_str(), path.rsplit('/').next().unwrap()) {
        (_, "preview") => json!({"body": "# Refunds"}),
        (_, "import") => json!({"files": [{"path": "a.md", "text": "---\ntitle: A\n---\ntext"}]}),
        ("POST", "setup") => json!({"token": "x", "workspace": "W", "name": "N", "email": "n@example.org",
            "password": "correct horse", "zone": "UTC"}),
        ("POST", "session") => json!({"email": "nobody@example.org", "password": "wrong horse"}),
        ("PATCH", "me") => json!({"name": "Alex"}),
        ("POST", "members") => json!({"name": "Mia", "email": "mia@example.org", "role": "agent"}),
        ("POST", "look") => json!({"token": "x"}),
        ("POST", "accept") => {
            json!({"token": "x", "name": "Mia", "password": "correct horse", "zone": "UTC"})
        }
        ("POST", "tokens") => json!({"name": "program"}),
        ("PATCH", "settings") => json!({"workspace": "Acme"}),
        ("POST", "tasks" | "subtasks") => json!({"title": "Call Dana"}),
        ("POST", "snooze") => json!({"until": {"date": "2030-01-31"}}),
        ("POST", "move") => json!({"status": "doing"}),
        ("POST", "comments") => json!({"text": "Twice"}),
        ("POST", "reminders") => json!({"at": "2030-01-31T09:00"}),
        ("POST", "projects") => json!({"name": "Refunds"}),
        ("POST", "messages") => json!({"text": "Hello"}),
        ("POST", "articles") => json!({"title": "Refunds", "body": "Within 30 days."}),
        ("POST", "webhooks") => json!({"url": "https://hooks.example.com/desk"}),
        ("POST", "rotate") => json!({"overlap_hours": 1}),
        ("PATCH", _) if path.starts_with("/api/v1/webhooks/") => json!({"description": "Accounts"}),
        ("POST", "channels") => json!({"name": "Shop"}),
        ("POST", "replay" | "drop") => json!({"all": true}),
        ("POST", "read") => json!({"all": true}),
        ("POST", "say") => json!({"text": "call Dana tomorrow", "zone": "UTC", "confirm": false}),
        ("POST", "conversations") => json!({"channel": "unknown"}),
        ("PATCH", _) if path.starts_with("/api/v1/tasks/") => json!({"title": "Call Dana again"}),
        ("PATCH", _) if path.starts_with("/api/v1/tickets/") => json!({"subject": "Refund"}),
        ("PATCH", _) if path.starts_with("/api/v1/articles/") => json!({"title": "Refunds"}),
        ("PATCH", _) => json!({"name": "Dana"}),
        other => panic!("{} {path} needs an example body here: {other:?}", operation.method),
    };
    Some(body)
}
