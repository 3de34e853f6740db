//! Where a number of a manifest comes from: the setting behind it, who set that, and what was asked for and is otherwise.

mod reasons;
mod settings;

use serde::Serialize;
use serde_json::Value;

pub use reasons::Reason;

use crate::error::Error;
use crate::fleet::{Fleet, Scaling};
use crate::output;
use crate::program;
use crate::render::{Object, render};
use crate::values::{Layers, nearest, origin_of};

/// How much the autoscaler overlooks, in per cent.
const TOLERANCE_PERCENT: i64 = 10;

/// Where a number comes from.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Explanation {
    /// The manifest, as its file is called.
    pub resource: String,
    /// The field in it.
    pub field: String,
    /// What stands there; nothing where it is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
    /// The setting that it comes from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub setting: Option<String>,
    /// Who set that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub set_by: Option<String>,
    /// What follows from it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub follows: Vec<String>,
    /// What was asked for, and is otherwise.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<Reason>,
}

/// What of a profile is otherwise than it was asked for.
pub fn reasons(profile: &str) -> impl Iterator<Item = &'static Reason> {
    let profile = profile.to_owned();
    reasons::REASONS
        .iter()
        .filter(move |reason| reason.profiles.is_empty() || reason.profiles.contains(&profile.as_str()))
}

/// Explains `RESOURCE.FIELD`, such as `deployment-api.spec.replicas`; items of lists are named or counted.
///
/// Errors where there is no such manifest or field, with the nearest; and where the fleet cannot be.
pub fn explain(layers: &Layers, profile: &str, path: &str) -> Result<Explanation, Error> {
    let fleet = Fleet::try_from(layers)?;
    let objects = render(&fleet)?;
    let named = output::named(&objects);
    let (resource, field) = path.split_once('.').unwrap_or((path, ""));
    let resource = resource.to_lowercase();
    let Some((_, object)) = named.iter().find(|(name, _)| *name == resource) else {
        let names = || named.iter().map(|(name, _)| name.as_str());
        let hint = match nearest(&resource, names()) {
            Some(meant) => format!("; did you mean {meant}?"),
            None => format!("; there are {}", names().collect::<Vec<_>>().join(", ")),
        };
        return Err(Error::Explain(format!("this fleet has no manifest {resource}{hint}")));
    };
    let found = find(object.value(), field);
    let reasons: Vec<Reason> =
        reasons(profile).filter(|reason| concerns(reason, object, &resource, field)).copied().collect();
    let value = match found {
        Ok(value) => Some(value.clone()),
        Err(_)
            if !field.is_empty() && reasons.iter().any(|reason| names_exactly(reason, &resource, field)) =>
        {
            None
        }
        Err(hint) => return Err(Error::Explain(format!("{resource} has no field {field}{hint}"))),
    };
    let part =
        object.value().pointer("/metadata/labels/app.kubernetes.io~1component").and_then(Value::as_str);
    let setting = settings::behind(&fleet, object, part.unwrap_or_default(), field);
    let set_by = setting.as_deref().and_then(|key| {
        let inherited = key.strip_prefix("workerSets.").and_then(|key| key.split_once('.'));
        let inherited = inherited.map(|(_, rest)| format!("workers.{rest}"));
        let own = layers.origins().contains_key(key).then(|| origin_of(layers.origins(), key)).flatten();
        own.or_else(|| origin_of(layers.origins(), inherited.as_deref().unwrap_or(key)))
    });
    Ok(Explanation {
        follows: follows(&fleet, object, part.unwrap_or_default(), field),
        resource,
        field: field.to_owned(),
        value,
        setting,
        set_by: set_by.map(|origin| origin.to_string()),
        reasons,
    })
}

/// The value of a field; or what may have been meant, as the end of a sentence.
fn find<'v>(value: &'v Value, field: &str) -> Result<&'v Value, String> {
    let mut value = value;
    let mut rest = field;
    while !rest.is_empty() {
        let (next, after) = match value {
            Value::Object(fields) => {
                // Keys may have dots of their own: the longest that fits is meant.
                let fits = |key: &&String| rest == key.as_str() || rest.starts_with(&format!("{key}."));
                let Some(key) = fields.keys().filter(fits).max_by_key(|key| key.len()) else {
                    let word = rest.split('.').next().unwrap_or_default();
                    let hint = match nearest(word, fields.keys().map(String::as_str)) {
                        Some(meant) => format!("; did you mean {meant}?"),
                        None => {
                            format!("; there are {}", fields.keys().cloned().collect::<Vec<_>>().join(", "))
                        }
                    };
                    return Err(hint);
                };
                (fields.get(key), rest.get(key.len()..).unwrap_or_default())
            }
            Value::Array(items) => {
                let (word, after) = rest.split_once('.').unwrap_or((rest, ""));
                let item = word.parse::<usize>().ok().and_then(|at| items.get(at));
                let named =
                    || items.iter().find(|item| item.get("name").and_then(Value::as_str) == Some(word));
                (item.or_else(named), after)
            }
            _ => (None, ""),
        };
        value = next.ok_or_else(|| format!("; {rest} is not in it"))?;
        rest = after.trim_start_matches('.');
    }
    Ok(value)
}

fn concerns(reason: &Reason, object: &Object, resource: &str, field: &str) -> bool {
    // What is said of a Deployment's replicas is about autoscalers, and why they are left out beside one.
    let is_fixed = object.kind() == "Deployment" && object.value().pointer("/spec/replicas").is_some();
    reason.places.iter().any(|(of, prefix)| {
        resource.starts_with(of)
            && (field.starts_with(prefix) || prefix.starts_with(field))
            && !(is_fixed && *prefix == "spec.replicas")
    })
}

fn names_exactly(reason: &Reason, resource: &str, field: &str) -> bool {
    reason.places.iter().any(|(of, place)| resource.starts_with(of) && *place == field)
}

/// What follows from a number together with others.
fn follows(fleet: &Fleet, object: &Object, part: &str, field: &str) -> Vec<String> {
    let Some(part) = fleet.part(part) else { return Vec::new() };
    let mut sentences = Vec::new();
    let is_scaler = matches!(object.kind(), "HorizontalPodAutoscaler" | "ScaledObject");
    let about = |prefix: &str| field.starts_with(prefix) || prefix.starts_with(field);
    if is_scaler
        && (about("spec.metrics") || about("spec.triggers"))
        && let Scaling::Keda { follow, per_replica, topic, .. }
        | Scaling::Lag { follow, per_replica, topic, .. } = &part.scaling
    {
        let (target, min) = (i64::from(*per_replica), i64::from(follow.min));
        let first = target * min * (100 + TOLERANCE_PERCENT) / 100 + 1;
        sentences.push(format!(
            "from {min} replicas the first step up is at {first} events that wait: {target} for each, and \
             {TOLERANCE_PERCENT} % that are overlooked"
        ));
        sentences.push(format!(
            "at 2 events a second a replica, {target} that wait are {} s",
            target as f64 / 2.0
        ));
        sentences.push(format!("{} has {} partitions", topic.as_str(), topic.partitions()));
    }
    if let Scaling::Keda { follow, .. } = &part.scaling
        && is_scaler
        && about("spec.fallback")
    {
        sentences.push(format!(
            "while nobody knows the lag: from {} to {} replicas, as the others",
            follow.min, follow.max
        ));
    }
    if object.kind() == "Deployment"
        && (about("spec.template.spec.terminationGracePeriodSeconds") || field.contains("lifecycle"))
    {
        let drain = part.settings.get(program::DRAIN_KEY).or(fleet.settings.get(program::DRAIN_KEY));
        let drain = drain.map_or("20", String::as_str);
        sentences.push(format!(
            "{} s of preStop, {drain} s of {} and {} s to flush stay below {} s",
            part.values.drain.pre_stop_seconds,
            program::DRAIN_KEY,
            program::FLUSH_SECS,
            part.values.drain.grace_period_seconds
        ));
    }
    sentences
}
