//! Kubernetes manifests, whoever wrote them: objects as JSON values, each with the file and the line that it is from.
//!
//! What is read may be anything. Every size is bounded by a constant of this module, what is no manifest is a notice or
//! an error with file and line, and nothing is run, expanded without end, or fetched. It must not judge what it reads.

mod files;
mod lines;
mod text;

use std::io;
use std::sync::Arc;

use serde_json::{Map, Value};

use lines::Lines;

/// The largest file, in bytes.
pub const MOST_FILE_BYTES: u64 = 32 * 1024 * 1024;
/// The most that is read at once, in bytes.
pub const MOST_BYTES: u64 = 256 * 1024 * 1024;
/// The most files of folders.
pub const MOST_FILES: usize = 20_000;
/// The most folders within each other.
pub const MOST_FOLDERS: usize = 32;
/// The most documents that say something.
pub const MOST_DOCUMENTS: usize = 100_000;
/// The most objects.
pub const MOST_OBJECTS: usize = 50_000;
/// The most maps, lists and values of all objects together.
pub const MOST_NODES: usize = 2_000_000;
/// The most maps, lists and values of one document.
pub const MOST_DOCUMENT_NODES: usize = 400_000;
/// The most maps and lists within each other.
pub const MOST_DEPTH: usize = 96;
/// The most that anchors may add to a document, in events of its parser.
pub const MOST_REPLAYED: usize = 100_000;

/// Something that cannot be read as manifests. Each message begins with the file, and the line where there is one.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The system does not give it.
    #[error("{file}: it cannot be read")]
    Read {
        /// The file or folder.
        file: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A file, or all of them, are too large.
    #[error("{file}: more than {most} bytes are not read: name the files that matter, or fewer at once")]
    Bytes {
        /// The file at which it was too much.
        file: String,
        /// As many are read.
        most: u64,
    },
    /// Too many files or folders.
    #[error("{file}: more than {most} {what} are not read: name the folders that matter")]
    Files {
        /// The file or folder at which it was too much.
        file: String,
        /// What there is too much of.
        what: &'static str,
        /// As many are read.
        most: usize,
    },
    /// Too many documents, objects or values.
    #[error("{file}:{line}: more than {most} {what} are not read")]
    Amount {
        /// The file at which it was too much.
        file: String,
        /// The line, from 1.
        line: usize,
        /// What there is too much of.
        what: &'static str,
        /// As many are read.
        most: usize,
    },
    /// Bytes that are no text.
    #[error("{file}:{line}: this is not UTF-8 text")]
    NotText {
        /// The file.
        file: String,
        /// The line of the first such byte, from 1.
        line: usize,
    },
    /// A template of Helm as it stands in a chart.
    #[error(
        "{file}:{line}: this is a template of Helm that was not rendered: check what `helm template` makes of it"
    )]
    Template {
        /// The file.
        file: String,
        /// The line of the first `{{`, from 1.
        line: usize,
    },
    /// Text that is no YAML, or more of it than is allowed.
    #[error("{file}:{line}: {message}")]
    Yaml {
        /// The file.
        file: String,
        /// The line, from 1.
        line: usize,
        /// What is wrong.
        message: String,
    },
    /// Nothing in it is a manifest.
    #[error("{file}: there is no Kubernetes object in it")]
    Nothing {
        /// The file or folder.
        file: String,
    },
}

/// Something beside the objects that a reader wants to know.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Notice {
    /// The file.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// What there is, in a sentence.
    pub text: String,
}

/// An object as it was written, with its place.
#[derive(Debug, Clone)]
pub struct Object {
    /// The file that it is from.
    pub file: Arc<str>,
    /// The line at which it begins, from 1.
    pub line: usize,
    /// All of it.
    pub value: Value,
    lines: Lines,
}

impl Object {
    fn text_at(&self, pointer: &str) -> &str {
        self.value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
    }

    /// `kind`; empty where there is none.
    pub fn kind(&self) -> &str {
        self.text_at("/kind")
    }

    /// `apiVersion`; empty where there is none.
    pub fn api_version(&self) -> &str {
        self.text_at("/apiVersion")
    }

    /// The group of `apiVersion`; empty for the core.
    pub fn group(&self) -> &str {
        self.api_version().split_once('/').map_or("", |(group, _)| group)
    }

    /// `metadata.name`; empty where there is none.
    pub fn name(&self) -> &str {
        self.text_at("/metadata/name")
    }

    /// `metadata.namespace`, where it is written.
    pub fn namespace(&self) -> Option<&str> {
        self.value.pointer("/metadata/namespace").and_then(Value::as_str).filter(|name| !name.is_empty())
    }

    /// `metadata.annotations`.
    pub fn annotations(&self) -> Option<&Map<String, Value>> {
        self.value.pointer("/metadata/annotations")?.as_object()
    }

    /// The line of what a JSON pointer such as `/spec/replicas` leads to, or of the nearest thing around it, from 1.
    pub fn line_of(&self, pointer: &str) -> usize {
        self.lines.find(pointer).unwrap_or(self.line)
    }
}

/// Manifests that were read.
#[derive(Debug, Default)]
pub struct Manifests {
    /// The objects, in the order in which they were read; those of a `List` one by one.
    pub objects: Vec<Object>,
    /// What else there was.
    pub notices: Vec<Notice>,
    documents: usize,
    nodes: usize,
    bytes: u64,
}

impl Manifests {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }
}
