//! Findings to be read: as text by people, as JSON and SARIF 2.1.0 by programs.
//!
//! It must not judge.

use std::fmt::Write as _;

use serde::Serialize;
use serde_json::{Value, json};

use super::rules::RULES;
use super::{Finding, Severity};
use crate::manifests::Notice;

/// A rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Rule {
    /// Its name, which stays as it is.
    pub id: &'static str,
    /// What it finds, in a sentence.
    pub about: &'static str,
}

/// What was found in manifests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// As many objects were looked at.
    pub objects: usize,
    /// What was found, accepted ones too; errors first.
    pub findings: Vec<Finding>,
    /// What else a reader wants to know.
    pub notices: Vec<Notice>,
}

/// `1 error`, `2 errors`.
fn count(number: usize, word: &str) -> String {
    format!("{number} {word}{}", if number == 1 { "" } else { "s" })
}

impl Severity {
    fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

impl Report {
    /// How many findings of a severity nobody has accepted.
    pub fn count(&self, severity: Severity) -> usize {
        self.findings
            .iter()
            .filter(|finding| finding.severity == severity && finding.accepted.is_none())
            .count()
    }

    /// How many findings are accepted.
    pub fn accepted(&self) -> usize {
        self.findings.iter().filter(|finding| finding.accepted.is_some()).count()
    }

    /// In a line: how much was found.
    pub fn summary(&self) -> String {
        let [errors, warnings, notes] = [Severity::Error, Severity::Warning, Severity::Note]
            .map(|severity| count(self.count(severity), severity.word()));
        let accepted = match self.accepted() {
            0 => String::new(),
            some => format!(", {some} accepted"),
        };
        format!("{errors}, {warnings}, {notes}{accepted} in {}", count(self.objects, "object"))
    }

    /// All of it, as JSON.
    pub fn to_json(&self) -> Value {
        let counts = json!({
            "errors": self.count(Severity::Error),
            "warnings": self.count(Severity::Warning),
            "notes": self.count(Severity::Note),
            "accepted": self.accepted(),
        });
        json!({ "objects": self.objects, "counts": counts, "findings": self.findings, "notices": self.notices })
    }

    /// All of it, as text: each finding with what to do and what happens, notes in a line each unless `with_notes`.
    pub fn text(&self, with_notes: bool) -> String {
        let mut text = String::new();
        // Writing to a string does not fail.
        for finding in self.findings.iter().filter(|finding| finding.accepted.is_none()) {
            if finding.severity == Severity::Note && !with_notes {
                continue;
            }
            finding.write(&mut text);
        }
        let notes = self.count(Severity::Note);
        if notes > 0 && !with_notes {
            let _ = writeln!(text, "{} more; --notes shows them", count(notes, "note"));
            let mut by_rule: Vec<(&str, usize)> = Vec::new();
            let shown = |finding: &&Finding| finding.severity == Severity::Note && finding.accepted.is_none();
            for finding in self.findings.iter().filter(shown) {
                match by_rule.last_mut().filter(|(id, _)| *id == finding.id) {
                    Some((_, count)) => *count += 1,
                    None => by_rule.push((finding.id, 1)),
                }
            }
            for (id, count) in by_rule {
                let _ = writeln!(text, "  {count:>4} {id}");
            }
            text.push('\n');
        }
        if self.accepted() > 0 {
            text.push_str("accepted\n");
            for finding in &self.findings {
                if let Some(reason) = &finding.accepted {
                    let _ = writeln!(text, "  {} {}: {reason}", finding.id, finding.object());
                }
            }
            text.push('\n');
        }
        text.push_str(&self.summary());
        text.push('\n');
        text
    }

    /// All of it, as SARIF 2.1.0 for programs that show findings beside the lines.
    pub fn to_sarif(&self, version: &str) -> Value {
        let rules: Vec<Value> = RULES
            .iter()
            .map(|rule| json!({ "id": rule.id, "name": rule.id, "shortDescription": { "text": rule.about } }))
            .collect();
        let results: Vec<Value> = self.findings.iter().map(Finding::to_sarif).collect();
        json!({
            "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
            "version": "2.1.0",
            "runs": [{
                "tool": { "driver": {
                    "name": "deskhand deploy check",
                    "semanticVersion": version,
                    "rules": rules,
                } },
                "columnKind": "unicodeCodePoints",
                "results": results,
            }],
        })
    }
}

impl Finding {
    /// Its object, in words.
    pub fn object(&self) -> String {
        match self.namespace.as_str() {
            "" => format!("{} {}", self.kind, self.name),
            namespace => format!("{} {namespace}/{}", self.kind, self.name),
        }
    }

    fn write(&self, text: &mut String) {
        let _ = writeln!(text, "{}[{}] {}", self.severity.word(), self.id, self.object());
        let _ = writeln!(text, "  {}:{}", self.file, self.line);
        let _ = writeln!(text, "  {}", self.what);
        for moment in &self.timeline {
            let at = moment.at_secs.map_or_else(|| "then".to_owned(), |secs| format!("t={secs}"));
            let _ = writeln!(text, "    {at:<7} {}", moment.text);
        }
        let _ = writeln!(text, "  do: {}\n", self.remedy);
    }

    fn to_sarif(&self) -> Value {
        let steps: Vec<String> = self
            .timeline
            .iter()
            .map(|moment| {
                let at = moment.at_secs.map_or_else(|| "then".to_owned(), |secs| format!("t={secs}"));
                format!("{at}: {}", moment.text)
            })
            .collect();
        let text = format!("{}: {}.\n{}\nDo: {}.", self.object(), self.what, steps.join("\n"), self.remedy);
        let index = RULES.iter().position(|rule| rule.id == self.id);
        let mut result = json!({
            "ruleId": self.id,
            "level": self.severity.word(),
            "message": { "text": text },
            "locations": [{
                "physicalLocation": {
                    "artifactLocation": { "uri": uri(&self.file) },
                    "region": { "startLine": self.line.max(1) },
                },
                "logicalLocations": [{ "fullyQualifiedName": self.object(), "kind": "resource" }],
            }],
            "partialFingerprints": { "object/v1": format!("{} {}", self.id, self.object()) },
        });
        if let Some(map) = result.as_object_mut() {
            if let Some(index) = index {
                map.insert("ruleIndex".to_owned(), index.into());
            }
            if let Some(reason) = &self.accepted {
                let suppression =
                    json!([{ "kind": "inSource", "status": "accepted", "justification": reason }]);
                map.insert("suppressions".to_owned(), suppression);
            }
        }
        result
    }
}

/// A path as part of an address: everything but what may stand there by itself is escaped.
fn uri(path: &str) -> String {
    let path = path.strip_prefix("./").unwrap_or(path);
    let mut uri = if path.starts_with('/') { "file://".to_owned() } else { String::new() };
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"/-_.~".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            let _ = write!(uri, "%{byte:02X}");
        }
    }
    uri
}
