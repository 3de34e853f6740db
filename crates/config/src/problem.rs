//! What is wrong with the settings, in sentences that say what to do. Never with a secret in them.

use std::fmt;
use std::path::PathBuf;

use serde::{Serialize, Serializer};

/// Which layer a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Nobody set it.
    Default,
    /// A settings file.
    File {
        /// The file, as it was named.
        path: PathBuf,
        /// The line, counted from 1; `None` when the file as a whole is meant.
        line: Option<usize>,
    },
    /// The environment variable of this name.
    Environment(String),
    /// The flag of this name, with its dashes.
    Flag(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File { path, line: Some(line) } => write!(f, "{}:{line}", path.display()),
            Self::File { path, line: None } => write!(f, "{}", path.display()),
            Self::Environment(name) | Self::Flag(name) => f.write_str(name),
        }
    }
}

impl Serialize for Origin {
    /// As the text that `Display` writes.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The setting, or what someone took for one; empty when a file as a whole is meant.
    pub key: String,
    /// Where it was found.
    pub origin: Origin,
    /// What is wrong with it.
    pub fault: Fault,
}

/// The kinds of [`Problem`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// There is no such setting; what may have been meant, spelled as its layer spells it.
    Unknown {
        /// The nearest name.
        suggestion: Option<String>,
    },
    /// The value is none of those that are allowed.
    Value {
        /// What was there, with secrets masked.
        found: String,
        /// What may be there.
        allowed: String,
        /// The nearest allowed word.
        suggestion: Option<String>,
    },
    /// The value contradicts another setting, or lacks it.
    Rule(String),
    /// The file cannot be read, or is not TOML.
    File(String),
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.key, &self.origin) {
            (key, origin) if key.is_empty() => write!(f, "{origin}: ")?,
            (key, Origin::Default) => write!(f, "{key} (not set): ")?,
            (key, Origin::Environment(name)) if name == key => write!(f, "{key}: ")?,
            (key, Origin::Flag(name)) if name == key => write!(f, "{key}: ")?,
            (key, origin) => write!(f, "{key} ({origin}): ")?,
        }
        match &self.fault {
            Fault::Unknown { suggestion: Some(meant) } => {
                write!(f, "there is no such setting; did you mean {meant}?")
            }
            Fault::Unknown { suggestion: None } => {
                f.write_str("there is no such setting; `deskhand config show` lists them all")
            }
            Fault::Value { found, allowed, suggestion } => {
                write!(f, "found {found}; allowed: {allowed}")?;
                match suggestion {
                    Some(meant) => write!(f, "; did you mean {meant}?"),
                    None => Ok(()),
                }
            }
            Fault::Rule(sentence) | Fault::File(sentence) => f.write_str(sentence),
        }
    }
}

impl std::error::Error for Problem {}

/// Everything that is wrong with the settings, so that one look is enough to put all of it right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problems(pub Vec<Problem>);

impl fmt::Display for Problems {
    /// A line for each problem.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, problem) in self.0.iter().enumerate() {
            if at > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

/// The word among `known` that is nearest to `word`, when one is near enough to have been meant.
pub(crate) fn nearest(word: &str, known: impl IntoIterator<Item = &'static str>) -> Option<&'static str> {
    let plain = |text: &str| text.to_lowercase().replace(['.', '-'], "_").replace("__", "_");
    let word = plain(word);
    let near = (word.chars().count() / 3).clamp(1, 4);
    known
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(&word, &plain(candidate)), candidate))
        .filter(|(distance, _)| *distance <= near)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}
