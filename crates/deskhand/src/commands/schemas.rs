//! `schemas`: the shapes of the events' data, one JSON Schema for each type and major version.

use std::fs;
use std::path::Path;

use domain::EventType;
use serde_json::{Map, Value, json};

use crate::args::Schemas;
use crate::failure::{Failure, Outcome};
use crate::output::Output;

pub(crate) fn run(args: &Schemas, output: Output) -> Outcome {
    match &args.output {
        Some(folder) => write(folder, output),
        None => print(output),
    }
}

fn major(kind: EventType) -> &'static str {
    kind.schema_version().split('.').next().unwrap_or_default()
}

fn schema(kind: EventType) -> Value {
    kind.schema().to_value()
}

fn print(output: Output) -> Outcome {
    let all: Map<String, Value> = EventType::ALL
        .iter()
        .map(|kind| (kind.as_str().to_owned(), json!({ major(*kind): schema(*kind) })))
        .collect();
    output.json(&all)
}

fn write(folder: &Path, output: Output) -> Outcome {
    let mut files = Vec::new();
    for kind in EventType::ALL {
        let folder = folder.join(kind.as_str());
        let file = folder.join(format!("{}.json", major(*kind)));
        let mut text = serde_json::to_string_pretty(&schema(*kind))
            .map_err(|error| Failure::because("a schema is no JSON", &error))?;
        text.push('\n');
        fs::create_dir_all(&folder)
            .and_then(|()| fs::write(&file, text))
            .map_err(|error| Failure::because(format!("cannot write {}", file.display()), &error))?;
        files.push(file.display().to_string());
    }
    output.result(&json!({ "files": files }), || files.join("\n"))
}
