//! Reads settings of a fleet out of what YAML and flags say, and tells everything that is wrong with them at once.
//!
//! A structure of settings is written down once, by [`values!`](super::shape); what follows from it (reading, the refusal of
//! unknown keys, the schema of the chart's values) is in here. It knows no setting by name and decides nothing about one.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use serde_json::{Map, Value, json};

/// Where a value was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// In the profile, which is part of the program.
    Profile(&'static str),
    /// In a file, at a line counted from 1.
    File {
        /// The file, as it was named.
        path: PathBuf,
        /// The line.
        line: u64,
    },
    /// By a flag, with its text.
    Set(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Profile(name) => write!(f, "profile {name}"),
            Self::File { path, line } => write!(f, "{}:{line}", path.display()),
            Self::Set(text) => write!(f, "--set {text}"),
        }
    }
}

/// One thing that is wrong with the settings of a fleet, as a sentence that says what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The key, with dots between its parts.
    pub key: String,
    /// Where it was given, if it was.
    pub origin: Option<Origin>,
    /// What is wrong.
    pub what: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(origin) = &self.origin {
            write!(f, "{origin}: ")?;
        }
        if !self.key.is_empty() {
            write!(f, "{}: ", self.key)?;
        }
        f.write_str(&self.what)
    }
}

/// Where each key was given, as far as anybody gave it.
pub(crate) type Origins = BTreeMap<String, Origin>;

/// What is being read, and what was wrong so far.
pub(crate) struct Reading<'a> {
    path: Vec<String>,
    origins: &'a Origins,
    problems: Vec<Problem>,
}

impl<'a> Reading<'a> {
    pub(crate) fn new(origins: &'a Origins) -> Self {
        Self { path: Vec::new(), origins, problems: Vec::new() }
    }

    pub(crate) fn problems(self) -> Vec<Problem> {
        self.problems
    }

    /// Notes that the value at this place is wrong.
    pub(crate) fn refuse<T>(&mut self, what: impl Into<String>) -> Option<T> {
        let key = self.path.join(".");
        self.problems.push(Problem { origin: origin_of(self.origins, &key), key, what: what.into() });
        None
    }

    /// Reads what is below `key`.
    pub(crate) fn below<T>(&mut self, key: &str, read: impl FnOnce(&mut Self) -> T) -> T {
        self.path.push(key.to_owned());
        let done = read(self);
        self.path.pop();
        done
    }

    /// Reads the field `key` of an object.
    pub(crate) fn field<T: Read>(&mut self, object: &Map<String, Value>, key: &str) -> Option<T> {
        self.below(key, |reading| match object.get(key) {
            None | Some(Value::Null) => match T::absent() {
                Some(absent) => Some(absent),
                None => reading.refuse("it is taken away, and has no default behind it: give it a value"),
            },
            Some(value) => T::read(reading, value),
        })
    }

    /// Refuses keys of an object that nobody knows.
    pub(crate) fn only(&mut self, object: &Map<String, Value>, known: &[String]) {
        for key in object.keys().filter(|key| !known.contains(key)) {
            let hint = match nearest(key, known.iter().map(String::as_str)) {
                Some(meant) => format!("; did you mean {meant}?"),
                None => format!("; there are {}", known.join(", ")),
            };
            self.below(key, |reading| reading.refuse::<()>(format!("there is no such setting{hint}")));
        }
    }

    /// Takes the value as an object.
    pub(crate) fn object<'v>(&mut self, value: &'v Value) -> Option<&'v Map<String, Value>> {
        match value.as_object() {
            Some(object) => Some(object),
            None => self.refuse(format!("found {}, and it is a group of settings", found(value))),
        }
    }
}

/// Where `key` was given: it itself, or what it is part of.
pub(crate) fn origin_of(origins: &Origins, key: &str) -> Option<Origin> {
    let mut key = key;
    loop {
        if let Some(origin) = origins.get(key) {
            return Some(origin.clone());
        }
        key = key.rsplit_once('.')?.0;
    }
}

/// The word that is nearest to `word`, where one is near enough to have been meant.
pub(crate) fn nearest<'k>(word: &str, known: impl Iterator<Item = &'k str>) -> Option<&'k str> {
    let plain = |text: &str| text.to_lowercase().replace(['-', '_', '.'], "");
    let meant = plain(word);
    let near = (meant.chars().count() / 3).clamp(1, 4);
    known
        .map(|candidate| (strsim::damerau_levenshtein(&meant, &plain(candidate)), candidate))
        .filter(|(distance, _)| *distance <= near)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// A value as a message quotes it: short, and on one line.
pub(crate) fn found(value: &Value) -> String {
    match value {
        Value::Null => "nothing".to_owned(),
        Value::Object(_) => "a group of settings".to_owned(),
        Value::Array(_) => "a list".to_owned(),
        Value::String(text) if text.chars().count() > 60 => {
            format!("{:?}...", text.chars().take(60).collect::<String>())
        }
        Value::String(text) => format!("{text:?}"),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
    }
}

/// The name of a field as YAML has it: `pull_policy` is `pullPolicy`, and `type_` is `type`.
pub(crate) fn camel(name: &str) -> String {
    let mut parts = name.trim_end_matches('_').split('_');
    let mut key = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let mut letters = part.chars();
        key.extend(letters.next().map(|letter| letter.to_ascii_uppercase()));
        key.push_str(letters.as_str());
    }
    key
}

/// What can be read as a setting.
pub(crate) trait Read: Sized {
    /// The value, or nothing where something was wrong, which is then noted.
    fn read(reading: &mut Reading<'_>, value: &Value) -> Option<Self>;

    /// What it is when nobody says anything; nothing where somebody has to.
    fn absent() -> Option<Self> {
        None
    }

    /// What it may be, as JSON Schema.
    fn schema() -> Value;
}

impl Read for bool {
    fn read(reading: &mut Reading<'_>, value: &Value) -> Option<Self> {
        match value {
            Value::Bool(value) => Some(*value),
            // Helm's YAML takes these words as well.
            Value::String(word) => match word.to_lowercase().as_str() {
                "yes" | "on" | "true" => Some(true),
                "no" | "off" | "false" => Some(false),
                _ => reading.refuse(format!("found {}; allowed: true or false", found(value))),
            },
            _ => reading.refuse(format!("found {}; allowed: true or false", found(value))),
        }
    }

    fn schema() -> Value {
        json!({ "type": "boolean" })
    }
}

impl Read for String {
    fn read(reading: &mut Reading<'_>, value: &Value) -> Option<Self> {
        match value {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => reading.refuse(format!("found {}; allowed: text", found(value))),
        }
    }

    fn schema() -> Value {
        json!({ "type": ["string", "number"] })
    }
}

/// Reads a whole number that is not negative.
pub(crate) fn whole(reading: &mut Reading<'_>, value: &Value) -> Option<i32> {
    let number = match value {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    };
    match number.and_then(|number| i32::try_from(number).ok()).filter(|number| *number >= 0) {
        Some(number) => Some(number),
        None => reading.refuse(format!("found {}; allowed: a whole number, 0 or more", found(value))),
    }
}

impl Read for i32 {
    fn read(reading: &mut Reading<'_>, value: &Value) -> Option<Self> {
        whole(reading, value)
    }

    fn schema() -> Value {
        json!({ "type": "integer", "minimum": 0, "maximum": i32::MAX })
    }
}

/// A share, from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Share(pub f64);

impl Read for Share {
    fn read(reading: &mut Reading<'_>, value: &Value) -> Option<Self> {
        let number = match value {
            Value::Number(number) => number.as_f64(),
            // What --set says with a point in it is text, here as in Helm.
            Value::String(text) => text.parse().ok(),
            _ => None,
        };
        match number.filter(|number| (0.0..=1.0).contains(number)) {
            Some(number) => Some(Self(number)),
            None => reading.refuse(format!("found {}; allowed: a number from 0 to 1", found(value))),
        }
    }

    fn schema() -> Value {
        json!({ "type": ["number", "string"], "minimum": 0, "maximum": 1 })
    }
}

impl<T: Read> Read for Option<T> {
    fn read(reading: &mut Reading<'_>, value: &Value) -> Option<Self> {
        T::read(reading, value).map(Some)
    }

    fn absent() -> Option<Self> {
        Some(None)
    }

    fn schema() -> Value {
        json!({ "anyOf": [T::schema(), { "type": "null" }] })
    }
}

impl<T: Read> Read for Vec<T> {
    fn read(reading: &mut Reading<'_>, value: &Value) -> Option<Self> {
        let Some(items) = value.as_array() else {
            return reading.refuse(format!("found {}; allowed: a list", found(value)));
        };
        let read: Vec<Option<T>> = items
            .iter()
            .enumerate()
            .map(|(at, item)| reading.below(&at.to_string(), |reading| T::read(reading, item)))
            .collect();
        read.into_iter().collect()
    }

    fn absent() -> Option<Self> {
        Some(Self::new())
    }

    fn schema() -> Value {
        json!({ "type": "array", "items": T::schema() })
    }
}

impl<T: Read> Read for BTreeMap<String, T> {
    fn read(reading: &mut Reading<'_>, value: &Value) -> Option<Self> {
        let object = reading.object(value)?;
        let read: Vec<Option<(String, T)>> = object
            .iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(key, value)| Some((key.clone(), reading.below(key, |reading| T::read(reading, value))?)))
            .collect();
        read.into_iter().collect()
    }

    fn absent() -> Option<Self> {
        Some(Self::new())
    }

    fn schema() -> Value {
        json!({ "type": "object", "additionalProperties": T::schema() })
    }
}

/// A group of settings whose shape is not the fleet's to decide.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Tree(pub Map<String, Value>);

impl Read for Tree {
    fn read(reading: &mut Reading<'_>, value: &Value) -> Option<Self> {
        reading.object(value).cloned().map(Self)
    }

    fn absent() -> Option<Self> {
        Some(Self::default())
    }

    fn schema() -> Value {
        json!({ "type": "object" })
    }
}
