//! The layers: a settings file, the environment, flags. Finds out which text was given for which key, and
//! where; what the text may be is not decided here.

use std::ffi::{OsStr, OsString};
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::problem::{Fault, Origin, Problem, nearest};
use crate::settings::SETTINGS;
use crate::shape::environment_name;
use crate::table::{Given, Layered};

/// Variables with our prefix that belong to the commands which speak to the API, and are no settings.
const OF_COMMANDS: &[&str] = &["DESKHAND_URL", "DESKHAND_TOKEN"];

/// The `DESKHAND_*` part of this process's environment. The only place that reads it.
pub fn process_environment() -> Vec<(OsString, OsString)> {
    std::env::vars_os().filter(|(name, _)| name.as_encoded_bytes().starts_with(b"DESKHAND_")).collect()
}

/// Where settings come from. Starts with nothing but the defaults.
#[derive(Debug, Default)]
pub struct Sources {
    file: Option<(PathBuf, Presence)>,
    environment: Vec<(OsString, OsString)>,
    flags: Vec<(String, String)>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Presence {
    Required,
    Optional,
}

impl Sources {
    /// Only the defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads this file, which has to be there: `--config FILE`.
    pub fn file(mut self, path: impl Into<PathBuf>) -> Self {
        self.file = Some((path.into(), Presence::Required));
        self
    }

    /// Reads this file if it is there: `deskhand.toml` in the working directory.
    pub fn file_if_present(mut self, path: impl Into<PathBuf>) -> Self {
        self.file = Some((path.into(), Presence::Optional));
        self
    }

    /// Takes the settings among these variables; see [`process_environment`].
    pub fn environment<N, V>(mut self, variables: impl IntoIterator<Item = (N, V)>) -> Self
    where
        N: Into<OsString>,
        V: Into<OsString>,
    {
        self.environment.extend(variables.into_iter().map(|(name, value)| (name.into(), value.into())));
        self
    }

    /// Takes a flag's value for the setting `key`.
    pub fn flag(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.flags.push((key.into(), value.into()));
        self
    }

    /// What each layer says, with what no layer may say reported in `problems`.
    pub(crate) fn gather(self, problems: &mut Vec<Problem>) -> Layered {
        let mut given = Layered::new();
        if let Some((path, presence)) = self.file {
            from_file(&path, presence, &mut given, problems);
        }
        from_environment(self.environment, &mut given, problems);
        for (key, text) in self.flags {
            let origin = Origin::Flag(flag_name(&key));
            match known(&key) {
                Some(key) => given.entry(key).or_default().push(Given { text, origin }),
                None => problems.push(unknown(flag_name(&key), &key, origin, flag_name)),
            }
        }
        given
    }
}

fn flag_name(key: &str) -> String {
    format!("--{}", key.replace(['_', '.'], "-"))
}

fn known(key: &str) -> Option<&'static str> {
    SETTINGS.iter().map(|setting| setting.key).find(|known| *known == key)
}

/// The problem of a key that nobody knows; `spell` writes a key as its layer does. The value is left out:
/// it may be a secret under a misspelled name.
fn unknown(shown: String, key: &str, origin: Origin, spell: fn(&str) -> String) -> Problem {
    let suggestion = nearest(key, SETTINGS.iter().map(|setting| setting.key)).map(spell);
    Problem { key: shown, origin, fault: Fault::Unknown { suggestion } }
}

fn from_environment(variables: Vec<(OsString, OsString)>, given: &mut Layered, problems: &mut Vec<Problem>) {
    let mut ours: Vec<(String, OsString)> = variables
        .into_iter()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value)))
        .filter(|(name, _)| name.starts_with("DESKHAND_"))
        .filter(|(name, value)| !OF_COMMANDS.contains(&name.as_str()) && !is_service_link(name, value))
        .collect();
    ours.sort();
    for (name, value) in ours {
        let key = name.trim_start_matches("DESKHAND_").to_lowercase().replace("__", ".");
        let origin = Origin::Environment(name.clone());
        let Some(known) = known(&key).filter(|known| environment_name(known) == name) else {
            problems.push(unknown(name, &key, origin, environment_name));
            continue;
        };
        match value.into_string() {
            Ok(text) => given.entry(known).or_default().push(Given { text, origin }),
            Err(_) => {
                let fault = Fault::Value {
                    found: "bytes that are not UTF-8".into(),
                    allowed: "text".into(),
                    suggestion: None,
                };
                problems.push(Problem { key: known.to_owned(), origin, fault });
            }
        }
    }
}

/// Kubernetes puts a few variables for each Service into every pod of the namespace; those of a Service
/// called `deskhand` or `deskhand-api` have our prefix and must not stop the start. Someone's hopeful
/// `DESKHAND_PORT=9000` is not one of them: theirs is a URL.
fn is_service_link(name: &str, value: &OsStr) -> bool {
    if name.ends_with("_SERVICE_HOST") || name.contains("_SERVICE_PORT") {
        return true;
    }
    let is_url = value.to_str().is_some_and(|value| value.contains("://"));
    let is_protocol = |part: &str| {
        let mut parts = part.split('_');
        let port = parts.next().is_some_and(|port| port.parse::<u16>().is_ok());
        port && matches!(parts.next(), Some("TCP" | "UDP" | "SCTP"))
    };
    (name.ends_with("_PORT") && is_url)
        || name.split_once("_PORT_").is_some_and(|(_, protocol)| is_protocol(protocol))
}

fn from_file(path: &Path, presence: Presence, given: &mut Layered, problems: &mut Vec<Problem>) {
    let mut fail = |line, reason: String| {
        let origin = Origin::File { path: path.to_owned(), line };
        problems.push(Problem { key: String::new(), origin, fault: Fault::File(reason) });
    };
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound && presence == Presence::Optional => return,
        Err(error) => return fail(None, format!("the settings file cannot be read: {error}")),
    };
    let Ok(text) = String::from_utf8(bytes) else {
        return fail(None, "the settings file is not UTF-8 text".into());
    };
    match DeTable::parse(&text) {
        Ok(table) => {
            let file = File { path, text: &text };
            file.walk("", table.get_ref(), given, problems);
        }
        Err(error) => {
            let line = error.span().map(|span| line_of(&text, &span));
            fail(line, format!("not valid TOML: {}", error.message().replace('\n', ", ")));
        }
    }
}

fn line_of(text: &str, span: &Range<usize>) -> usize {
    text.bytes().take(span.start).filter(|byte| *byte == b'\n').count() + 1
}

struct File<'a> {
    path: &'a Path,
    text: &'a str,
}

impl File<'_> {
    fn walk(&self, prefix: &str, table: &DeTable<'_>, given: &mut Layered, problems: &mut Vec<Problem>) {
        let mut entries: Vec<_> = table.iter().collect();
        entries.sort_by_key(|(name, _)| name.span().start);
        for (name, value) in entries {
            let key = format!("{prefix}{}", name.get_ref());
            let line = Some(line_of(self.text, &name.span()));
            let origin = Origin::File { path: self.path.to_owned(), line };
            match (known(&key), value.get_ref()) {
                (Some(key), found) => match scalar(found) {
                    Ok(text) => given.entry(key).or_default().push(Given { text, origin }),
                    Err(found) => problems.push(self.misshapen(key, origin, found)),
                },
                (None, DeValue::Table(inner)) if !inner.is_empty() => {
                    self.walk(&format!("{key}."), inner, given, problems);
                }
                (None, DeValue::Table(_)) if is_section(&key) => {}
                (None, _) if is_section(&key) => problems.push(section_as_value(&key, origin)),
                (None, _) => problems.push(unknown(key.clone(), &key, origin, str::to_owned)),
            }
        }
    }

    fn misshapen(&self, key: &'static str, origin: Origin, found: &'static str) -> Problem {
        let setting = SETTINGS.iter().find(|setting| setting.key == key);
        let allowed = setting.map(|setting| setting.allowed()).unwrap_or_default();
        let fault = Fault::Value { found: found.into(), allowed, suggestion: None };
        Problem { key: key.to_owned(), origin, fault }
    }
}

fn members(section: &str) -> impl Iterator<Item = &'static str> {
    let prefix = format!("{section}.");
    SETTINGS.iter().map(|setting| setting.key).filter(move |key| key.starts_with(&prefix))
}

fn is_section(key: &str) -> bool {
    members(key).next().is_some()
}

fn section_as_value(key: &str, origin: Origin) -> Problem {
    let fault = Fault::Value {
        found: "a value".into(),
        allowed: format!("a table with {}", members(key).collect::<Vec<_>>().join(", ")),
        suggestion: None,
    };
    Problem { key: key.to_owned(), origin, fault }
}

/// A TOML value as the text that a variable or flag would have; a list as its items with commas between.
fn scalar(value: &DeValue<'_>) -> Result<String, &'static str> {
    match value {
        DeValue::String(text) => Ok(text.to_string()),
        DeValue::Integer(number) => match i128::from_str_radix(number.as_str(), number.radix()) {
            Ok(number) => Ok(number.to_string()),
            Err(_) => Ok(number.as_str().to_owned()),
        },
        DeValue::Float(number) => Ok(number.as_str().to_owned()),
        DeValue::Boolean(flag) => Ok(flag.to_string()),
        DeValue::Datetime(date) => Ok(date.to_string()),
        DeValue::Array(items) => {
            let items: Result<Vec<_>, _> = items.iter().map(Spanned::get_ref).map(list_item).collect();
            items.map(|items| items.join(","))
        }
        DeValue::Table(_) => Err("a table"),
    }
}

fn list_item(value: &DeValue<'_>) -> Result<String, &'static str> {
    match value {
        DeValue::String(text) if !text.contains(',') => Ok(text.to_string()),
        _ => Err("a list with something other than plain words in it"),
    }
}
