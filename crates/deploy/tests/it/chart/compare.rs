//! The judge of the chart: random settings of every profile, rendered by the real helm and by the model, must give the
//! same objects, field by field.
//!
//! `DESKHAND_CHARTS` is how many settings of each profile are tried; `DESKHAND_SEED` repeats a run.

use std::collections::BTreeMap;
use std::fs;

use deploy::profiles::PROFILES;
use serde_json::Value;

use super::helm::{objects, template};
use super::random::{Random, rendered, settings};

/// The labels that say who made an object, which is where the two have to differ.
const MAKERS: [&str; 2] = ["app.kubernetes.io/managed-by", "helm.sh/chart"];

/// An object's kind, namespace and name.
fn key(object: &Value) -> String {
    let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    format!("{} {}/{}", text("/kind"), text("/metadata/namespace"), text("/metadata/name"))
}

/// Without the labels of makers, and with every number as the same kind of number.
fn plain(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            let fields = fields.into_iter().filter(|(name, _)| !MAKERS.contains(&name.as_str()));
            Value::Object(fields.map(|(name, value)| (name, plain(value))).collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(plain).collect()),
        Value::Number(number) => number.as_f64().map_or(Value::Number(number), Value::from),
        other => other,
    }
}

fn by_key(objects: Vec<Value>, whose: &str) -> BTreeMap<String, Value> {
    let mut found = BTreeMap::new();
    for object in objects {
        let key = key(&object);
        assert!(found.insert(key.clone(), plain(object)).is_none(), "{whose} has {key} twice");
    }
    found
}

/// Where two values differ, as paths with both.
fn differences(at: &str, ours: &Value, theirs: &Value, found: &mut Vec<String>) {
    match (ours, theirs) {
        (Value::Object(ours), Value::Object(theirs)) => {
            for name in ours.keys().chain(theirs.keys().filter(|name| !ours.contains_key(*name))) {
                let null = Value::Null;
                let (one, other) = (ours.get(name).unwrap_or(&null), theirs.get(name).unwrap_or(&null));
                if ours.contains_key(name) != theirs.contains_key(name) {
                    found.push(format!("{at}.{name}: model {one}, chart {other}"));
                } else {
                    differences(&format!("{at}.{name}"), one, other, found);
                }
            }
        }
        (Value::Array(ours), Value::Array(theirs)) if ours.len() == theirs.len() => {
            for (index, (one, other)) in ours.iter().zip(theirs).enumerate() {
                differences(&format!("{at}[{index}]"), one, other, found);
            }
        }
        (ours, theirs) if ours != theirs => found.push(format!("{at}: model {ours}, chart {theirs}")),
        _ => {}
    }
}

/// Compares one fleet; gives what differs.
fn compare(profile: &str, texts: &[String]) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let mut arguments = Vec::new();
    for (at, text) in texts.iter().enumerate() {
        let path = folder.path().join(format!("{at}.yaml"));
        fs::write(&path, text).unwrap();
        arguments.extend(["--values".to_owned(), path.display().to_string()]);
    }
    let text = match template(profile, &arguments) {
        Ok(text) => text,
        Err(complaint) => return vec![format!("the chart refuses: {complaint}")],
    };
    let ours = by_key(rendered(profile, texts), "the model");
    let theirs = by_key(objects(&text), "the chart");
    let mut found = Vec::new();
    for key in ours.keys().filter(|key| !theirs.contains_key(*key)) {
        found.push(format!("the chart lacks {key}"));
    }
    for (key, object) in &theirs {
        match ours.get(key) {
            None => found.push(format!("the model lacks {key}")),
            Some(ours) => differences(key, ours, object, &mut found),
        }
    }
    found
}

#[test]
fn every_profile_is_the_same_in_the_chart() {
    let mut all = Vec::new();
    for profile in PROFILES {
        all.extend(compare(profile.name, &[]).into_iter().map(|one| format!("{}: {one}", profile.name)));
    }
    assert!(all.is_empty(), "{} differences:\n{}", all.len(), all[..all.len().min(60)].join("\n"));
}

#[test]
fn random_settings_of_every_profile_are_the_same_in_the_chart() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let count = number("DESKHAND_CHARTS").unwrap_or(6);
    let seed = number("DESKHAND_SEED").unwrap_or_else(rand_seed);
    eprintln!("DESKHAND_SEED={seed}");
    let mut random = Random(seed);
    let mut said = 0;
    for profile in PROFILES {
        for at in 0..count {
            let texts = settings(&mut random, profile.name);
            said += texts.len();
            let found = compare(profile.name, &texts);
            assert!(
                found.is_empty(),
                "DESKHAND_SEED={seed} {} number {at}, with\n  {}\n{}",
                profile.name,
                texts.join("\n  "),
                found[..found.len().min(40)].join("\n")
            );
        }
    }
    let fleets = count * u64::try_from(PROFILES.len()).unwrap();
    eprintln!("{fleets} fleets with {said} settings are the same");
    assert!(said as u64 >= fleets, "hardly any setting was tried: {said} for {fleets} fleets");
}

/// A seed that differs from run to run.
fn rand_seed() -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    u64::from(now.subsec_nanos()) ^ now.as_secs()
}

/// Two fleets are not the same only because nothing is looked at.
#[test]
fn a_difference_would_be_found() {
    let mut ours = rendered("local", &[]);
    let mut found = Vec::new();
    let deployment = ours.iter_mut().find(|object| object["kind"] == "Deployment").unwrap();
    let before = plain(deployment.clone());
    deployment["spec"]["template"]["spec"]["containers"][0]["livenessProbe"]["periodSeconds"] = 11.into();
    deployment["metadata"]["labels"]["app.kubernetes.io/managed-by"] = "somebody".into();
    differences("it", &before, &plain(deployment.clone()), &mut found);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].contains("livenessProbe.periodSeconds: model 10.0, chart 11.0"), "{found:?}");
}
