//! Events of every shape that was ever committed, as a process of another version would send them: today's groups
//! and live feed take them all, and leave alone what they do not know.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use domain::ids::WorkspaceId;
use domain::{Envelope, EventType};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::api::{Api, set_up};
use crate::live;
use crate::program::{PATIENCE, Place};

/// How much of a shape a sample has.
#[derive(Clone, Copy, PartialEq)]
enum Extent {
    /// What is required, and `null` where it may be.
    Least,
    /// Every field.
    Whole,
    /// Every field, and in every object one that today's program does not know.
    Later,
}

/// What a later version adds.
const UNKNOWN: &str = "added_by_a_later_version";

/// Every committed schema of events' data: its type, its major, itself.
fn committed() -> Vec<(EventType, u32, Value)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/domain/schemas");
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        if name == Envelope::NAME {
            continue;
        }
        let kind = EventType::parse(&name).unwrap_or_else(|| panic!("{name} is no type any more"));
        for file in fs::read_dir(entry.path()).unwrap() {
            let path = file.unwrap().path();
            let major = path.file_stem().unwrap().to_str().unwrap().parse().unwrap();
            all.push((kind, major, serde_json::from_slice(&fs::read(path).unwrap()).unwrap()));
        }
    }
    all
}

/// A value of the shape that `schema`, a part of `root`, describes.
fn sample(root: &Value, schema: &Value, extent: Extent) -> Value {
    if let Some(name) = schema["$ref"].as_str() {
        return sample(root, root.pointer(&name[1..]).unwrap(), extent);
    }
    if let Some(choices) = schema["oneOf"].as_array().or(schema["anyOf"].as_array()) {
        let null = choices.iter().find(|choice| choice["type"] == "null");
        let value = choices.iter().find(|choice| choice["type"] != "null").unwrap();
        return sample(root, null.filter(|_| extent == Extent::Least).unwrap_or(value), extent);
    }
    if let Some(only) = schema.get("const").or(schema["enum"].get(0)).or(schema["examples"].get(0)) {
        return only.clone();
    }
    let types: Vec<&str> = match &schema["type"] {
        Value::Array(types) => types.iter().map(|name| name.as_str().unwrap()).collect(),
        name => vec![name.as_str().unwrap_or_else(|| panic!("no type: {schema}"))],
    };
    if extent == Extent::Least && types.contains(&"null") {
        return Value::Null;
    }
    match (types[0], schema["format"].as_str()) {
        ("string", Some("uuid")) => json!(Uuid::now_v7()),
        ("string", Some("date-time")) => json!("2026-01-05T09:00:00Z"),
        ("string", Some("date")) => json!("2026-01-05"),
        ("string", Some("partial-time")) => json!("09:00"),
        ("string", _) => json!("some text"),
        ("integer", _) => json!(schema["minimum"].as_i64().unwrap_or(1).max(1)),
        ("boolean", _) => json!(true),
        ("array", _) if extent == Extent::Least => json!([]),
        ("array", _) => json!([sample(root, &schema["items"], extent)]),
        ("object", _) => object(root, schema, extent),
        (other, _) => panic!("a sample of {other} is not known: {schema}"),
    }
}

fn object(root: &Value, schema: &Value, extent: Extent) -> Value {
    let required = schema["required"].as_array().cloned().unwrap_or_default();
    let mut fields = Map::new();
    for (name, field) in schema["properties"].as_object().into_iter().flatten() {
        if extent != Extent::Least || required.contains(&json!(name)) {
            fields.insert(name.clone(), sample(root, field, extent));
        }
    }
    if extent == Extent::Later {
        fields.insert(UNKNOWN.to_owned(), json!({"deep": [1, null]}));
    }
    Value::Object(fields)
}

/// An event of each shape in each extent.
fn events(workspace: WorkspaceId) -> Vec<Envelope> {
    let extents = [(Extent::Least, 0), (Extent::Whole, 0), (Extent::Later, 99)];
    let shapes = committed().into_iter().flat_map(|shape| extents.map(|extent| (shape.clone(), extent)));
    shapes
        .map(|((kind, major, schema), (extent, minor))| Envelope {
            schema_version: format!("{major}.{minor}"),
            data: sample(&schema, &schema, extent),
            ..testkit::event(workspace, kind, Uuid::now_v7(), 1)
        })
        .collect()
}

/// What `name` counts in `/metrics`, over all labels that contain `label`.
async fn metric(api: &Api, name: &str, label: &str) -> f64 {
    let text = api.text("/metrics").await;
    let lines = text.lines().filter(|line| line.starts_with(name) && line.contains(label));
    lines.map(|line| line.rsplit(' ').next().unwrap().parse::<f64>().unwrap()).sum()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_of_every_committed_shape_are_handled_and_what_later_versions_add_is_kept() {
    let database = testkit::empty_postgres().await;
    let place = Place::new().on_postgres(&database);
    let mut process = place.start("desk", &[]);
    let url = process.ready().await;
    let api = set_up(&process, &url).await;
    let me = api.get("/api/v1/me").await;
    let workspace: WorkspaceId = me["workspace"]["id"].as_str().unwrap().parse().unwrap();
    let mut page = live::open(&url, "/api/v1/live", &api.token(), &json!({"type": "start"})).await;
    assert_eq!(live::next(&mut page).await.unwrap()["type"], "hello");

    let events = events(workspace);
    let sent = events.len();
    let created =
        events.iter().find(|event| event.kind == EventType::TaskCreated && event.data.get(UNKNOWN).is_some());
    let later = created.unwrap().clone();
    let store = testkit::beside(&database).await;
    testkit::append(&store, events).await;

    let begun = Instant::now();
    loop {
        let lag = metric(&api, "deskhand_bus_lag", "").await;
        let waiting = metric(&api, "deskhand_outbox_pending", "").await;
        let audited = metric(&api, "deskhand_bus_handled_total", "group=\"audit\"").await;
        // Above all, none was given up.
        assert_eq!(api.all("/api/v1/dead-letters").await, Vec::<Value>::new());
        if lag == 0.0 && waiting == 0.0 && audited as usize >= sent {
            break;
        }
        assert!(
            begun.elapsed() < PATIENCE,
            "{sent} were sent: lag {lag}, outbox {waiting}, audited {audited}"
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    loop {
        let frame = live::next(&mut page).await.unwrap();
        if frame["event"]["id"] == json!(later.id) {
            assert_eq!(frame["event"]["data"], later.data, "the page gets it as it was sent");
            break;
        }
    }
    store.close().await;
}
