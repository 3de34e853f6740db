//! `schemas`: the shapes of events, one JSON Schema for each type and major version, and whether those that were
//! committed are still kept.

use std::fs;
use std::path::{Path, PathBuf};

use domain::event::shape::{self, Difference};
use domain::{Envelope, EventType};
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::args::Schemas;
use crate::failure::{Failure, Outcome};
use crate::output::Output;

pub(crate) fn run(args: &Schemas, output: Output) -> Outcome {
    match (&args.check, &args.output) {
        (Some(folder), _) => check(folder, output),
        (None, Some(folder)) => write(folder, output),
        (None, None) => print(output),
    }
}

/// The schema of one type's data, or of the envelope around all of them.
struct Shape {
    name: &'static str,
    version: &'static str,
    schema: Value,
}

/// Where a file says which version of the shape it holds.
const VERSION: &str = "x-version";

fn shapes() -> impl Iterator<Item = Shape> {
    let envelope = (Envelope::NAME, Envelope::VERSION, Envelope::schema());
    let events = EventType::ALL.iter().map(|kind| (kind.as_str(), kind.schema_version(), kind.schema()));
    std::iter::once(envelope).chain(events).map(|(name, version, schema)| {
        let mut schema = schema.to_value();
        schema[VERSION] = version.into();
        Shape { name, version, schema }
    })
}

impl Shape {
    fn numbers(&self) -> (u32, u32) {
        let (major, minor) = self.version.split_once('.').unwrap_or((self.version, "0"));
        (major.parse().unwrap_or(0), minor.parse().unwrap_or(0))
    }

    fn file(&self, folder: &Path) -> PathBuf {
        folder.join(self.name).join(format!("{}.json", self.numbers().0))
    }

    fn text(&self) -> Outcome<String> {
        let text = serde_json::to_string_pretty(&self.schema);
        Ok(text.map_err(|error| Failure::because("a schema is no JSON", &error))? + "\n")
    }

    /// What the file in `folder` promises and this program does not keep, or the other way round.
    fn against(&self, folder: &Path) -> Outcome<Option<Finding>> {
        let file = self.file(folder);
        let finding = |problem: String| Some(Finding { shape: self.name.to_owned(), problem });
        if !file.exists() {
            return Ok(finding(format!("version {} is not in {}", self.version, file.display())));
        }
        let failed = |error: &dyn std::error::Error| {
            Failure::because(format!("cannot read {}", file.display()), error)
        };
        let text = fs::read_to_string(&file).map_err(|error| failed(&error))?;
        let before: Value = serde_json::from_str(&text).map_err(|error| failed(&error))?;
        if let Some(broken) = self.broken(&before) {
            return Ok(Some(broken));
        }
        let behind = || finding(format!("{} is behind: write it anew with --output", file.display()));
        Ok(if text == self.text()? { None } else { behind() })
    }

    /// What differs from `before`, a schema of the same major, by more than the version says.
    fn broken(&self, before: &Value) -> Option<Finding> {
        let differences = shape::differences(before, &self.schema);
        let (major, minor) = self.numbers();
        let needs = if !differences.iter().all(Difference::is_minor) {
            format!("{}.0", major + 1)
        } else if !differences.is_empty() && before[VERSION] == self.version {
            format!("{major}.{}", minor + 1)
        } else {
            return None;
        };
        let what: Vec<String> = differences.iter().map(ToString::to_string).collect();
        let problem =
            format!("{}: that needs version {needs}, and it says {}", what.join(", "), self.version);
        Some(Finding { shape: self.name.to_owned(), problem })
    }
}

/// What is wrong with one shape.
#[derive(Serialize)]
struct Finding {
    shape: String,
    problem: String,
}

fn print(output: Output) -> Outcome {
    let all: Map<String, Value> = shapes()
        .map(|shape| (shape.name.to_owned(), json!({ shape.numbers().0.to_string(): shape.schema })))
        .collect();
    output.json(&all)
}

/// Writes the files. One that promises more than this program keeps is not overwritten: its readers rely on it.
fn write(folder: &Path, output: Output) -> Outcome {
    let mut files = Vec::new();
    for shape in shapes() {
        let file = shape.file(folder);
        let before = fs::read(&file).ok().and_then(|text| serde_json::from_slice::<Value>(&text).ok());
        if let Some(Finding { shape, problem }) = before.and_then(|before| shape.broken(&before)) {
            return Err(Failure::Found(format!("{shape}: {problem}")));
        }
        let text = shape.text()?;
        fs::create_dir_all(folder.join(shape.name))
            .and_then(|()| fs::write(&file, text))
            .map_err(|error| Failure::because(format!("cannot write {}", file.display()), &error))?;
        files.push(file.display().to_string());
    }
    output.result(&json!({ "files": files }), || files.join("\n"))
}

fn check(folder: &Path, output: Output) -> Outcome {
    let mut findings = gone(folder)?;
    for shape in shapes() {
        findings.extend(shape.against(folder)?);
    }
    output.result(&json!({ "findings": findings }), || {
        let lines: Vec<String> =
            findings.iter().map(|finding| format!("{}: {}", finding.shape, finding.problem)).collect();
        lines.join("\n")
    })?;
    match findings.len() {
        0 => Ok(()),
        1 => Err(Failure::Found("one shape is not as it was committed".to_owned())),
        some => Err(Failure::Found(format!("{some} shapes are not as they were committed"))),
    }
}

/// The shapes in `folder` that this program does not know.
fn gone(folder: &Path) -> Outcome<Vec<Finding>> {
    let failed =
        |error: std::io::Error| Failure::because(format!("cannot read {}", folder.display()), &error);
    let mut findings = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let name = entry.map_err(failed)?.file_name().to_string_lossy().into_owned();
        if !shapes().any(|shape| shape.name == name) {
            let problem = "this program does not know it, and events of it are kept for months".to_owned();
            findings.push(Finding { shape: name, problem });
        }
    }
    findings.sort_by(|a, b| a.shape.cmp(&b.shape));
    Ok(findings)
}
