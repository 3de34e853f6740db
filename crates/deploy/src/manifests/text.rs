//! Text to objects: documents apart, each parsed within bounds.
//!
//! It must not read files.

use std::sync::Arc;
use std::thread;

use serde_json::{Value, json};
use serde_saphyr::options::{DuplicateKeyPolicy, NonFiniteFloatPolicy};
use serde_saphyr::{MessageFormatter as _, Options, UserMessageFormatter};

use super::lines::{Document, Lines};
use super::{
    Error, MOST_DEPTH, MOST_DOCUMENT_NODES, MOST_DOCUMENTS, MOST_NODES, MOST_OBJECTS, MOST_REPLAYED,
    Manifests, Notice, Object,
};

/// The stack on which documents are parsed, in bytes; unoptimised, each level takes some 20 KB of it.
const STACK_BYTES: usize = 16 * 1024 * 1024;
/// As many characters of a parser's message are shown.
const MOST_MESSAGE: usize = 300;

fn options() -> Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_depth: MOST_DEPTH,
            flow_nesting_limit: MOST_DEPTH,
            max_documents: 2,
            max_nodes: MOST_DOCUMENT_NODES,
            max_events: MOST_DOCUMENT_NODES * 2,
            max_recorded_anchor_events: MOST_REPLAYED * 4,
        },
        alias_limits: serde_saphyr::alias_limits! { max_total_replayed_events: MOST_REPLAYED },
        duplicate_keys: DuplicateKeyPolicy::Error,
        // What kubectl's parser takes for a number and a truth: modes such as 0400 are octal.
        legacy_octal_numbers: true,
        non_finite_float_policy: NonFiniteFloatPolicy::AsString,
        with_snippet: false,
    }
}

/// The documents of `text`, each with the line at which it begins, from 0. A line with `---` or `...` at its beginning
/// ends a document wherever it stands; YAML allows it in no text of several lines either.
fn documents(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut rest = Some((0, text));
    std::iter::from_fn(move || {
        let (first, text) = rest?;
        let mut place = 0;
        for (index, line) in text.split_inclusive('\n').enumerate() {
            let is_end = is_marker(line, "---") || is_marker(line, "...");
            if is_end && place > 0 {
                // What stands behind the marker on its line belongs to the next document.
                rest = Some((first + index, &text[place..]));
                return Some((first, &text[..place]));
            }
            place += line.len();
        }
        rest = None;
        Some((first, text))
    })
}

fn is_marker(line: &str, marker: &str) -> bool {
    line.strip_prefix(marker).is_some_and(|rest| rest.is_empty() || rest.starts_with(char::is_whitespace))
}

/// Whether there is anything but comments, markers and directives.
fn says_something(text: &str) -> bool {
    text.lines().any(|line| {
        let line = line.strip_prefix("---").or_else(|| line.strip_prefix("...")).unwrap_or(line).trim();
        !line.is_empty() && !line.starts_with(['#', '%'])
    })
}

/// What a parser says, without the place that is said before it.
fn message(error: &serde_saphyr::Error) -> String {
    let mut text = UserMessageFormatter.format_message(error.without_snippet()).replace('\n', " ");
    if let Some((end, _)) = text.char_indices().nth(MOST_MESSAGE) {
        text.truncate(end);
    }
    text
}

impl Manifests {
    /// Adds the objects of a text; `file` is what messages call it.
    ///
    /// Errors where it is no YAML, or more than is read.
    pub fn add(&mut self, file: &str, bytes: &[u8]) -> Result<(), Error> {
        let text = std::str::from_utf8(bytes).map_err(|error| {
            let before = bytes.get(..error.valid_up_to()).unwrap_or_default();
            Error::NotText { file: file.to_owned(), line: 1 + newlines(before) }
        })?;
        // How deep documents may be is bounded by us, and must not depend on the stack that the caller has left.
        thread::scope(|scope| {
            let reading = || self.add_text(file, text);
            let thread = thread::Builder::new().stack_size(STACK_BYTES).spawn_scoped(scope, reading);
            let thread = thread.map_err(|source| Error::Read { file: file.to_owned(), source })?;
            thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })
    }

    fn add_text(&mut self, file: &str, text: &str) -> Result<(), Error> {
        let name: Arc<str> = file.into();
        let mut is_noticed = false;
        for (first, document) in documents(text.trim_start_matches('\u{feff}')) {
            if !says_something(document) {
                continue;
            }
            self.documents += 1;
            let at = |line| (file.to_owned(), first + line);
            if self.documents > MOST_DOCUMENTS {
                let (file, line) = at(1);
                return Err(Error::Amount { file, line, what: "documents", most: MOST_DOCUMENTS });
            }
            let (value, lines) = self.parse(file, first, document)?;
            let line = first + lines.first().max(1);
            if !self.take(&name, first, value, lines)? && !is_noticed {
                is_noticed = true;
                let text = "it has no apiVersion and kind, and is left out".to_owned();
                self.notices.push(Notice { file: file.to_owned(), line, text });
            }
        }
        Ok(())
    }

    fn parse(&mut self, file: &str, first: usize, document: &str) -> Result<(Value, Lines), Error> {
        let parsed = serde_saphyr::from_str_with_options::<Document>(document, options());
        let Document { value, lines, nodes } = parsed.map_err(|error| {
            let template = document.lines().position(|line| line.contains("{{"));
            let line = error.location().and_then(|at| usize::try_from(at.line()).ok()).unwrap_or(1).max(1);
            let file = file.to_owned();
            match template {
                Some(index) => Error::Template { file, line: first + index + 1 },
                None => Error::Yaml { file, line: first + line, message: message(&error) },
            }
        })?;
        self.nodes += nodes;
        if self.nodes > MOST_NODES {
            let (file, line) = (file.to_owned(), first + 1);
            return Err(Error::Amount { file, line, what: "values", most: MOST_NODES });
        }
        Ok((value, lines))
    }

    /// Keeps what is an object, or the objects of a list; says whether it was any.
    fn take(
        &mut self,
        file: &Arc<str>,
        first: usize,
        mut value: Value,
        mut lines: Lines,
    ) -> Result<bool, Error> {
        let kind = value.get("kind").and_then(Value::as_str).unwrap_or_default();
        let is_list = kind.ends_with("List") && value.get("items").is_some_and(Value::is_array);
        if is_list {
            let places = lines.take("items").into_list();
            let Some(Value::Array(items)) = value.get_mut("items").map(Value::take) else { return Ok(true) };
            let mut places = places.into_iter();
            for item in items {
                self.take(file, first, item, places.next().unwrap_or_default())?;
            }
            return Ok(true);
        }
        if kind.is_empty() {
            match named(value) {
                Some(named) => value = named,
                None => return Ok(false),
            }
        }
        if value.get("kind").and_then(Value::as_str) == Some("CustomResourceDefinition") {
            // The schemas are most of many manifests, and no rule reads them.
            if let Some(versions) = value.pointer_mut("/spec/versions") {
                versions.take();
            }
            lines = Lines::default();
        }
        if self.objects.len() >= MOST_OBJECTS {
            let (file, line) = (file.to_string(), first + 1);
            return Err(Error::Amount { file, line, what: "objects", most: MOST_OBJECTS });
        }
        let line = first + lines.first().max(1);
        lines.move_down(first);
        self.objects.push(Object { file: file.clone(), line, value, lines });
        Ok(true)
    }
}

/// What has no kind and is one all the same: a dashboard of Grafana, or a file of Prometheus' rules.
fn named(value: Value) -> Option<Value> {
    if value.get("panels").is_some_and(Value::is_array) {
        let name = value.get("title").cloned().unwrap_or_default();
        return Some(json!({ "kind": "Dashboard", "metadata": { "name": name }, "spec": value }));
    }
    let has_rules = |group: &Value| group.get("rules").is_some_and(Value::is_array);
    let groups = value.get("groups")?.as_array()?;
    (!groups.is_empty() && groups.iter().all(has_rules))
        .then(|| json!({ "kind": "Rules", "metadata": { "name": "rules" }, "spec": value }))
}

pub(super) fn newlines(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| **byte == b'\n').count()
}
