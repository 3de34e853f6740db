//! What the documents point to is there: links, files, and the names of modules and functions.

use std::path::Path;

use crate::source::{File, files, none, read, root};

fn documents() -> Vec<File> {
    let mut all = files("docs", &[".md"]);
    for path in ["README.md", "ARCHITECTURE.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md"] {
        all.push(File { path: path.to_owned(), text: read(path) });
    }
    all
}

/// The targets of the Markdown links in `text`, pictures apart.
fn links(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    for (place, _) in text.match_indices("](") {
        let picture = text[..place].rfind('[').is_some_and(|open| text[..open].ends_with('!'));
        let target = text[place + 2..].split(')').next().unwrap_or_default();
        if !picture {
            found.push(target);
        }
    }
    found
}

#[test]
fn every_link_between_documents_leads_somewhere() {
    let mut complaints = Vec::new();
    for file in documents() {
        // The guides' front matter and examples are not for readers of the repository.
        for target in links(&file.text) {
            let target = target.split('#').next().unwrap_or_default();
            if target.is_empty() || target.contains("://") || target.starts_with("mailto:") {
                continue;
            }
            let folder = Path::new(&file.path).parent().unwrap_or(Path::new(""));
            if !root().join(folder).join(target).exists() {
                complaints.push(format!("{}: {target} is not there", file.path));
            }
        }
    }
    none(complaints);
}

/// What stands between single backticks in `text`, code blocks apart.
fn quoted(text: &str) -> Vec<String> {
    let mut inside_block = false;
    let mut found = Vec::new();
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            inside_block = !inside_block;
            continue;
        }
        if !inside_block {
            found.extend(line.split('`').skip(1).step_by(2).map(str::to_owned));
        }
    }
    found
}

/// Whether `text` has `name` as a whole word.
fn has_word(text: &str, name: &str) -> bool {
    let is_part = |letter: Option<char>| letter.is_some_and(|c| c.is_alphanumeric() || c == '_');
    text.match_indices(name).any(|(place, _)| {
        !is_part(text[..place].chars().next_back()) && !is_part(text[place + name.len()..].chars().next())
    })
}

/// Why `name`, such as `desk::tasks::create`, is not in the source; nothing where it is, or names nothing of ours.
fn missing(name: &str) -> Option<String> {
    let mut parts = name.split("::");
    let package = parts.next()?;
    let mut folder = root().join("crates").join(package).join("src");
    if !folder.is_dir() {
        return None;
    }
    let mut file =
        ["lib.rs", "main.rs"].map(|name| folder.join(name)).into_iter().find(|file| file.exists())?;
    for part in parts {
        let part = part.trim_end_matches("()");
        let module = folder.join(format!("{part}.rs"));
        if module.exists() {
            folder.push(part);
            file = module;
            continue;
        }
        let text = std::fs::read_to_string(&file).unwrap();
        if !has_word(&text, part) {
            return Some(format!(
                "`{name}`: there is no {part} in {}",
                file.strip_prefix(root()).unwrap().display()
            ));
        }
    }
    None
}

#[test]
fn what_architecture_and_decisions_name_is_in_the_source() {
    let mut all = files("docs/adr", &[".md"]);
    for path in ["ARCHITECTURE.md", "SECURITY.md", "CONTRIBUTING.md"] {
        all.push(File { path: path.to_owned(), text: read(path) });
    }
    let mut complaints = Vec::new();
    let mut names = 0;
    for file in all {
        for quote in quoted(&file.text) {
            let is_name =
                quote.contains("::") && quote.chars().all(|c| c.is_alphanumeric() || "_:()".contains(c));
            let is_path =
                ["crates/", "web/", "docs/", "scripts/", "benches/"].iter().any(|top| quote.starts_with(top))
                    && quote.chars().all(|c| c.is_alphanumeric() || "_-./".contains(c));
            if is_path && !root().join(&quote).exists() {
                complaints.push(format!("{}: `{quote}` is not there", file.path));
            }
            if is_name {
                complaints.extend(missing(&quote).map(|why| format!("{}: {why}", file.path)));
            }
            names += usize::from(is_name || is_path);
        }
    }
    assert!(names > 50, "only {names} names were found: the test looks in the wrong way");
    none(complaints);
}
