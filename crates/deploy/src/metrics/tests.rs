//! Rules and dashboards ask only for what somebody exports.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{EXPORTERS, Kind, METRICS, exporter_of, exports};
use crate::promql;

fn assets() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("assets")
}

fn files(folder: &str) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> =
        fs::read_dir(assets().join(folder)).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(!files.is_empty(), "no {folder}");
    files
}

/// The text with a number for every placeholder.
fn filled(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    let mut words = text.split("__");
    let mut filled = words.next().unwrap().to_owned();
    for word in words {
        let is_placeholder = !word.is_empty() && word.chars().all(|c| c.is_ascii_uppercase() || c == '_');
        filled.push_str(if is_placeholder { "1" } else { word });
    }
    filled
}

fn yaml(path: &Path) -> Value {
    serde_saphyr::from_str(&filled(path)).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Every expression of an asset, with the file that it stands in.
fn expressions() -> Vec<(String, String)> {
    let mut found = Vec::new();
    for file in files("rules") {
        let rules = yaml(&file);
        for group in rules["groups"].as_array().unwrap() {
            for rule in group["rules"].as_array().unwrap() {
                found.push((file.display().to_string(), rule["expr"].as_str().unwrap().to_owned()));
            }
        }
    }
    for file in files("dashboards") {
        let board: Value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
        collect(&board, &file.display().to_string(), &mut found);
    }
    for rule in yaml(&assets().join("adapter/config.yaml"))["externalRules"].as_array().unwrap() {
        found.push(("adapter".to_owned(), rule["seriesQuery"].as_str().unwrap().to_owned()));
    }
    found
}

/// Every `expr` below `value`, and what fills the dashboards' variables.
fn collect(value: &Value, file: &str, found: &mut Vec<(String, String)>) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                match (key.as_str(), value) {
                    ("expr", Value::String(text)) => found.push((file.to_owned(), text.clone())),
                    ("query", Value::String(text)) if text.starts_with("label_values(") => {
                        let metric = text["label_values(".len()..].split(',').next().unwrap();
                        found.push((file.to_owned(), metric.to_owned()));
                    }
                    (_, value) => collect(value, file, found),
                }
            }
        }
        Value::Array(values) => values.iter().for_each(|value| collect(value, file, found)),
        _ => {}
    }
}

#[test]
fn rules_and_dashboards_ask_only_for_what_somebody_exports() {
    let expressions = expressions();
    assert!(expressions.len() > 60, "only {} expressions were found", expressions.len());
    let unknown: Vec<String> = expressions
        .iter()
        .flat_map(|(file, expression)| promql::series(expression).into_iter().map(move |name| (file, name)))
        .filter(|(_, name)| !exports(name) && exporter_of(name).is_none())
        .map(|(file, name)| format!("{file}: nobody exports {name}"))
        .collect();
    assert!(unknown.is_empty(), "{}", unknown.join("\n"));
}

#[test]
fn every_metric_of_another_program_is_asked_for() {
    let used: Vec<String> = expressions().iter().flat_map(|(_, text)| promql::series(text)).collect();
    for exporter in EXPORTERS {
        for metric in exporter.metrics {
            assert!(used.iter().any(|name| name == metric), "{metric} of {} is in no asset", exporter.name);
        }
    }
}

#[test]
fn the_list_of_metrics_follows_the_conventions_of_names() {
    let names: Vec<&str> = METRICS.iter().map(|metric| metric.name).collect();
    assert!(names.is_sorted(), "not in order: {names:?}");
    for metric in METRICS {
        assert!(metric.name.starts_with("deskhand_"));
        assert_eq!(metric.kind == Kind::Counter, metric.name.ends_with("_total"), "{}", metric.name);
        assert!(metric.kind != Kind::Histogram || metric.name.ends_with("_seconds"), "{}", metric.name);
    }
}

#[test]
fn alerts_are_named_once_and_say_what_to_do() {
    let mut seen = BTreeMap::new();
    for file in files("rules") {
        for group in yaml(&file)["groups"].as_array().unwrap() {
            for rule in group["rules"].as_array().unwrap() {
                let name = rule["alert"].as_str().unwrap();
                assert_eq!(seen.insert(name.to_owned(), file.clone()), None, "{name} is there twice");
                assert!(
                    matches!(rule["labels"]["severity"].as_str(), Some("critical" | "warning")),
                    "{name}"
                );
                for text in ["summary", "description"] {
                    assert!(rule["annotations"][text].is_string(), "{name} has no {text}");
                }
            }
        }
    }
}

#[test]
fn every_asset_is_what_its_name_says() {
    for entry in fs::read_dir(assets()).unwrap() {
        let folder = entry.unwrap().path();
        if !folder.is_dir() {
            continue;
        }
        for file in files(folder.file_name().unwrap().to_str().unwrap()) {
            match file.extension().and_then(|ending| ending.to_str()) {
                Some("yaml") => _ = yaml(&file),
                Some("json") => {
                    _ = serde_json::from_str::<Value>(&fs::read_to_string(&file).unwrap())
                        .unwrap_or_else(|error| panic!("{}: {error}", file.display()));
                }
                other => panic!("{}: what is {other:?}?", file.display()),
            }
        }
    }
}

#[test]
fn every_placeholder_is_explained() {
    let readme = fs::read_to_string(assets().join("README.md")).unwrap();
    for entry in fs::read_dir(assets()).unwrap() {
        let folder = entry.unwrap().path();
        if !folder.is_dir() {
            continue;
        }
        for file in files(folder.file_name().unwrap().to_str().unwrap()) {
            let text = fs::read_to_string(&file).unwrap();
            for word in text.split("__").skip(1).step_by(1) {
                let is_placeholder = word.len() > 2
                    && word.chars().all(|c| c.is_ascii_uppercase() || c == '_')
                    && text.contains(&format!("__{word}__"));
                if is_placeholder {
                    let name = format!("`__{word}__`");
                    assert!(readme.contains(&name), "{}: {name} is not in the README", file.display());
                }
            }
        }
    }
}
