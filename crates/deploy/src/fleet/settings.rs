//! Deskhand's own settings in a fleet: those that were said, with those that follow from the fleet. The table of settings in
//! `config` decides what they may be.

use std::collections::BTreeMap;

use config::{Config, Fault, SETTINGS, Setting, Shape, Sources};
use serde_json::{Map, Value};

use super::rules::Refusals;
use crate::values::nearest;

/// Settings that follow from the fleet, and why they cannot be said otherwise.
const OF_THE_FLEET: &[(&str, &str)] = &[
    ("listen", "it is port 8000 of the pod"),
    ("management_listen", "it is port 9000 of the pod"),
    ("data_dir", "it is a folder of the pod that goes with it"),
    ("database_url", "it follows from `database`"),
    ("bus_url", "it follows from `bus`"),
    ("broker.prefix", "it is bus.prefix"),
    ("broker.replication", "it is bus.replication"),
    ("roles", "they are said of each component"),
    ("groups", "they are said of each component"),
    ("api_url", "it follows from where the API is"),
];

/// Values for what is in the Secret, so that rules between settings can be looked at.
const IN_PLACE_OF_SECRETS: &[(&str, &str)] = &[
    ("database_url", "postgres://deskhand:deskhand@database/deskhand"),
    ("secret_key", "aW4gcGxhY2Ugb2YgYSBzZWNyZXQga2V5IG9mIGEgZmxlZXQ="),
];

/// The settings that stand in a group at `key`, by their keys.
pub(super) fn said(
    refusals: &mut Refusals<'_>,
    at: &str,
    tree: &Map<String, Value>,
) -> BTreeMap<String, String> {
    let mut said = BTreeMap::new();
    walk(refusals, at, "", tree, &mut said);
    said
}

fn walk(
    refusals: &mut Refusals<'_>,
    at: &str,
    prefix: &str,
    tree: &Map<String, Value>,
    said: &mut BTreeMap<String, String>,
) {
    for (name, value) in tree {
        let key = format!("{prefix}{name}");
        let place = format!("{at}.{key}");
        match (SETTINGS.iter().find(|setting| setting.key == key), value) {
            (_, Value::Null) => {}
            (Some(setting), value) => {
                if let Some(text) = allowed(refusals, &place, setting, value) {
                    said.insert(key, text);
                }
            }
            (None, Value::Object(inner)) => walk(refusals, at, &format!("{key}."), inner, said),
            (None, _) => {
                let hint = nearest(&key, SETTINGS.iter().map(|setting| setting.key))
                    .map(|meant| format!("; did you mean {meant}?"))
                    .unwrap_or_default();
                refusals.refuse(&place, format!("Deskhand has no such setting{hint}"));
            }
        }
    }
}

/// The text of a setting, where it may be said here.
fn allowed(refusals: &mut Refusals<'_>, place: &str, setting: &Setting, value: &Value) -> Option<String> {
    if let Some((_, why)) = OF_THE_FLEET.iter().find(|(key, _)| *key == setting.key) {
        refusals.refuse(place, format!("it cannot be said: {why}"));
        return None;
    }
    if setting.secret {
        refusals.refuse(
            place,
            format!(
                "it is secret and would be readable in a ConfigMap: put {} into the Secret",
                setting.environment_name()
            ),
        );
        return None;
    }
    let text = text(setting, value);
    if text.is_none() {
        refusals.refuse(place, format!("found {}; allowed: {}", value, setting.allowed()));
    }
    text
}

fn text(setting: &Setting, value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        // Helm's YAML reads `on` and `off` as these.
        Value::Bool(value) => Some(match (setting.shape, value) {
            (Shape::Choice(_), true) => "on".to_owned(),
            (Shape::Choice(_), false) => "off".to_owned(),
            (_, value) => value.to_string(),
        }),
        Value::Array(items) => {
            let items: Option<Vec<String>> = items.iter().map(|item| text(setting, item)).collect();
            items.map(|items| items.join(","))
        }
        Value::Null | Value::Object(_) => None,
    }
}

/// Looks at the settings of one kind of process together, with those for all; `own` wins.
pub(super) fn check(
    refusals: &mut Refusals<'_>,
    at: &str,
    shared: &BTreeMap<String, String>,
    own: &BTreeMap<String, String>,
    has_secrets: bool,
) {
    let mut sources = Sources::new();
    for (key, text) in shared.iter().filter(|(key, _)| !own.contains_key(*key)).chain(own) {
        sources = sources.flag(key, text);
    }
    for (key, text) in IN_PLACE_OF_SECRETS.iter().filter(|_| has_secrets) {
        sources = sources.flag(*key, *text);
    }
    let Err(problems) = Config::load(sources) else { return };
    for problem in problems.0 {
        let place = if own.contains_key(&problem.key) { at } else { "settings" };
        let what = match problem.fault {
            Fault::Value { found, allowed, suggestion } => {
                let meant = suggestion.map(|meant| format!("; did you mean {meant}?")).unwrap_or_default();
                format!("found {found}; allowed: {allowed}{meant}")
            }
            Fault::Unknown { .. } => "Deskhand has no such setting".to_owned(),
            Fault::Rule(sentence) | Fault::File(sentence) => sentence,
        };
        refusals.refuse(&format!("{place}.{}", problem.key), what);
    }
}

/// The settings that are secret, as the variables that a Secret may have: required ones are not among them.
pub(crate) fn optional_secrets() -> impl Iterator<Item = String> {
    SETTINGS
        .iter()
        .filter(|setting| setting.secret && !matches!(setting.key, "database_url" | "secret_key"))
        .map(Setting::environment_name)
}

/// The variable that a setting is given by.
pub(crate) fn variable(key: &str) -> String {
    SETTINGS
        .iter()
        .find(|setting| setting.key == key)
        .map(Setting::environment_name)
        .unwrap_or_else(|| key.to_owned())
}
