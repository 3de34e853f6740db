//! Importing Markdown files: each in a transaction of its own, so that a broken one keeps no other out.

use std::collections::HashMap;

use domain::Caller;
use serde::Deserialize;
use serde_saphyr::{MessageFormatter as _, UserMessageFormatter};
use store::articles::Status;

use super::{Draft, Import, markdown, slug_from, store_import};
use crate::error::{Error, Result};
use crate::{Desk, UseCase, authority};

/// The most files of one import.
const FILES_LIMIT: usize = 1_000;

/// A file to import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportFile {
    /// Its path, by which a report names it; its name is the slug where the file gives none.
    pub path: String,
    /// What is in it.
    pub text: String,
}

/// What an import did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImportReport {
    /// The files that became new articles.
    pub created: Vec<String>,
    /// The files that changed an article.
    pub updated: Vec<String>,
    /// The files whose article was the same already.
    pub unchanged: Vec<String>,
    /// The files that could not be imported, and why.
    pub failed: Vec<(String, String)>,
}

/// What stands at the top of a file, between two lines of hyphens.
#[derive(Debug, Default, Deserialize)]
struct FrontMatter {
    title: Option<String>,
    slug: Option<String>,
    summary: Option<String>,
    labels: Option<Labels>,
    status: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "labels must be a list such as [a, b], or one line such as a, b")]
enum Labels {
    List(Vec<String>),
    Line(String),
}

/// Imports `files`: one whose slug is known updates that article, another becomes a new one.
///
/// Articles whose file is missing stay as they are. Errors only where nothing at all can be done.
pub async fn import(desk: &Desk, caller: &Caller, files: Vec<ImportFile>) -> Result<ImportReport> {
    authority::require(caller, UseCase::WriteArticles)?;
    if files.len() > FILES_LIMIT {
        return Err(Error::field(
            "files",
            format!("are {}; at most {FILES_LIMIT} are allowed at once", files.len()),
        ));
    }
    let mut report = ImportReport::default();
    let mut slugs: HashMap<String, String> = HashMap::new();
    for file in files {
        let done = async {
            let draft = read(&file)?;
            if let Some(other) = slugs.insert(draft.slug.clone(), file.path.clone()) {
                return Err(Error::field("slug", format!("{} is that of {other} already", draft.slug)));
            }
            store_import(desk, caller, draft).await
        };
        match done.await {
            Ok(Import::Created) => report.created.push(file.path),
            Ok(Import::Updated) => report.updated.push(file.path),
            Ok(Import::Unchanged) => report.unchanged.push(file.path),
            Err(Error::Store(error)) if error.is_transient() => return Err(Error::Store(error)),
            Err(error) => report.failed.push((file.path, error.to_string())),
        }
    }
    Ok(report)
}

/// The article that a file describes.
fn read(file: &ImportFile) -> Result<Draft> {
    let text = file.text.strip_prefix('\u{FEFF}').unwrap_or(&file.text).replace("\r\n", "\n");
    let (front, body) = split(&text)?;
    let front: FrontMatter = match front {
        Some(front) if !front.trim().is_empty() => {
            serde_saphyr::from_str(front).map_err(|error| unreadable(&error))?
        }
        _ => FrontMatter::default(),
    };
    let status = match front.status.as_deref() {
        None => None,
        Some(status) => {
            Some(Status::parse(status).ok_or_else(|| Error::field("status", "must be published or draft"))?)
        }
    };
    let title = front.title.or_else(|| markdown::first_heading(body)).unwrap_or_default();
    if title.trim().is_empty() {
        return Err(Error::field(
            "title",
            "is missing: give one in the front matter or as the first # heading",
        ));
    }
    let name = file.path.rsplit(['/', '\\']).next().unwrap_or_default();
    let name = name.rsplit_once('.').map_or(name, |(name, _)| name);
    let labels = match front.labels {
        None => Vec::new(),
        Some(Labels::List(labels)) => labels,
        Some(Labels::Line(line)) => line.split(',').map(|label| label.trim().to_owned()).collect(),
    };
    Draft {
        slug: front.slug.unwrap_or_else(|| slug_from(name)),
        title,
        summary: front.summary.unwrap_or_default(),
        body: body.to_owned(),
        labels,
        status,
    }
    .check()
}

/// The front matter, if there is any, and the rest.
fn split(text: &str) -> Result<(Option<&str>, &str)> {
    let Some(rest) = text.strip_prefix("---\n") else { return Ok((None, text)) };
    let mut at = 0;
    for line in rest.split_inclusive('\n') {
        if matches!(line.trim_end(), "---" | "...") {
            return Ok((Some(&rest[..at]), &rest[at + line.len()..]));
        }
        at += line.len();
    }
    Err(Error::field("front matter", "is not closed by a line of three hyphens"))
}

/// Says where in the file the front matter cannot be read, and why.
fn unreadable(error: &serde_saphyr::Error) -> Error {
    let error = error.without_snippet();
    let reason = UserMessageFormatter.format_message(error).escape_debug().to_string();
    let reason =
        reason.replace("expected string scalar", "expected text, in quotes if it begins with [ or {");
    // The file's first line is the one with the hyphens.
    let line = error.location().map(|place| format!(" at line {}", place.line() + 1)).unwrap_or_default();
    Error::field("front matter", format!("cannot be read{line}: {reason}"))
}

#[cfg(test)]
mod tests {
    use super::{ImportFile, read};

    fn file(path: &str, text: &str) -> ImportFile {
        ImportFile { path: path.to_owned(), text: text.to_owned() }
    }

    #[test]
    fn a_file_with_front_matter_says_everything_itself() {
        let draft = read(&file(
            "guide/x.md",
            "\u{FEFF}---\r\ntitle: \"Returns: how\"\r\nslug: returns\r\nsummary: Send it back.\r\nlabels: [a, b]\r\nlayout: other\r\n---\r\n\r\nText.\r\n",
        ))
        .unwrap();
        assert_eq!((draft.title.as_str(), draft.slug.as_str()), ("Returns: how", "returns"));
        assert_eq!((draft.summary.as_str(), draft.body.as_str()), ("Send it back.", "Text."));
        assert_eq!(draft.labels, ["a", "b"]);
    }

    #[test]
    fn title_and_slug_come_from_the_heading_and_the_file_where_none_are_given() {
        let draft = read(&file("a/b/Über uns (neu).md", "# Who we *are*\n\nPeople.")).unwrap();
        assert_eq!((draft.title.as_str(), draft.slug.as_str()), ("Who we are", "uber-uns-neu"));
    }

    #[test]
    fn a_broken_file_says_what_is_wrong_with_it() {
        for (text, word) in [
            ("---\ntitle: [a\n---\nx", "front matter cannot be read at line 2: expected text, in quotes"),
            ("---\ntitle: x\n", "three hyphens"),
            ("no heading", "title"),
            ("---\ntitle: a: b\nx: 1\n---\n", "at line 2"),
            ("---\nslug: x\ntitle: \"x\nlabels: [a]\n---\n", "front matter"),
            ("---\nslug: x\n\ttitle: x\n---\n", "tab"),
            ("---\nslug: x\nslug: y\n---\n", "at line 3"),
            ("---\nslug: x\nlabels: [a, b\ntitle: x\n---\n", "front matter"),
            ("---\nslug: x\nlabels: {a: 1}\ntitle: x\n---\n", "labels must be a list"),
            ("---\nslug: x\njust words\n---\n", "front matter"),
            ("---\ntitle: x\nslug: Not A Slug\n---\n", "slug"),
            ("---\ntitle: x\nstatus: secret\n---\n", "status"),
            ("---\ntitle: {a: 1}\n---\n", "front matter"),
            (
                "---\na: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c]\nlabels: [*d,*d,*d,*d,*d,*d]\ntitle: bomb\n---\n",
                "front matter",
            ),
        ] {
            let error = read(&file("x.md", text)).unwrap_err().to_string();
            assert!(error.contains(word), "{text:?}: {error}");
        }
    }
}
