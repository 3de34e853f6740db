//! Habits that a reader relies on: every module says what it is for, nothing is half done, and what is written
//! down twice says the same.

use std::collections::BTreeMap;

use crate::source::{File, files, none, read};

/// The most lines of a file. From five hundred on it is asked whether it is two things.
const LINES: usize = 800;

fn rust() -> Vec<File> {
    let mut found = files("crates", &[".rs"]);
    found.extend(files("benches", &[".rs"]));
    found
}

fn is_test(path: &str) -> bool {
    path.contains("/tests/")
}

#[test]
fn every_module_begins_with_what_it_is_for() {
    let silent = rust().into_iter().filter(|file| !file.text.starts_with("//! "));
    none(silent.map(|file| format!("{} does not begin with //!", file.path)).collect());
}

#[test]
fn no_file_is_left_that_nobody_compiles() {
    let all = rust();
    let is_named = |file: &File, name: &str| {
        let (folder, _) = file.path.rsplit_once('/').unwrap_or_default();
        // The module above stands beside the folder, or in it.
        let above = |other: &File| {
            other.path == format!("{folder}.rs")
                || other.path.rsplit_once('/').is_some_and(|(of, _)| of == folder)
        };
        let words = [format!("mod {name};"), format!("\"{name}.rs\"")];
        all.iter()
            .filter(|other| above(other))
            .any(|other| words.iter().any(|word| other.text.contains(word)))
    };
    let forgotten = all.iter().filter(|file| {
        let (folder, name) = file.path.rsplit_once('/').unwrap_or_default();
        let name = name.trim_end_matches(".rs");
        let begins = ["lib", "main", "build"].contains(&name) || folder.ends_with("/examples");
        !begins && !is_named(file, name)
    });
    none(forgotten.map(|file| format!("{} is in no module", file.path)).collect());
}

#[test]
fn no_file_is_too_long_to_be_read() {
    let long = rust().into_iter().filter(|file| !is_test(&file.path) && file.text.lines().count() > LINES);
    none(long.map(|file| format!("{} has more than {LINES} lines", file.path)).collect());
}

/// What says that something is unfinished. Written in two halves, so that this file may be looked at as well.
const UNFINISHED: [(&str, &str); 7] = [
    ("TO", "DO"),
    ("FIX", "ME"),
    ("for n", "ow"),
    ("in a re", "al "),
    ("todo", "!("),
    ("unimplemented", "!("),
    ("dbg", "!("),
];

/// Where one of these words means something else.
const MEANT: [&str; 1] = ["/// Something that it needs is away for n"];

#[test]
fn nothing_is_left_for_later() {
    let mut all = rust();
    for (folder, endings) in [
        ("web/src", &[".ts", ".tsx", ".css"][..]),
        ("web/widget/src", &[".ts", ".css"][..]),
        ("docs", &[".md"][..]),
        ("scripts", &[""][..]),
        ("crates", &[".sql", ".toml"][..]),
    ] {
        all.extend(files(folder, endings));
    }
    for path in ["README.md", "ARCHITECTURE.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "Makefile"]
    {
        all.push(File { path: path.to_owned(), text: read(path) });
    }
    let mut complaints = Vec::new();
    for file in all {
        for (number, line) in file.text.lines().enumerate() {
            for (begin, end) in UNFINISHED {
                let word = format!("{begin}{end}");
                if line.contains(&word) && !MEANT.iter().any(|meant| line.contains(meant)) {
                    complaints.push(format!("{}:{}: {word}", file.path, number + 1));
                }
            }
        }
    }
    none(complaints);
}

/// The tables of a schema: each with its columns, and whether a column may be empty.
fn tables(sql: &str) -> BTreeMap<String, BTreeMap<String, bool>> {
    let mut tables = BTreeMap::new();
    for statement in sql.split("\nCREATE TABLE ").skip(1) {
        let (name, rest) = statement.split_once('(').unwrap();
        // The one table on a single line ends with the line, the others with a line of their own.
        let body = rest.split_once("\n);").map_or(rest, |(body, _)| body);
        let body =
            if rest.lines().next().unwrap().ends_with(");") { rest.lines().next().unwrap() } else { body };
        let mut columns = BTreeMap::new();
        let mut depth = 0_i32;
        let mut column = String::new();
        for letter in body.trim_end_matches(");").chars().chain([',']) {
            depth += i32::from(letter == '(') - i32::from(letter == ')');
            if letter != ',' || depth > 0 {
                column.push(letter);
                continue;
            }
            let words: Vec<&str> = column.split_whitespace().collect();
            let is_column =
                words.first().is_some_and(|word| word.chars().all(|c| c.is_lowercase() || c == '_'));
            if is_column {
                let needed = column.contains("NOT NULL") || column.contains("PRIMARY KEY");
                columns.insert(words[0].to_owned(), !needed);
            }
            column.clear();
        }
        assert!(!columns.is_empty(), "no columns in {name}");
        tables.insert(name.trim().to_owned(), columns);
    }
    assert!(tables.len() > 20, "only {} tables were found", tables.len());
    tables
}

/// All migrations of one database, one after the other.
fn schema(dialect: &str) -> String {
    let files = files(&format!("crates/store/migrations/{dialect}"), &[".sql"]);
    files.into_iter().map(|file| format!("\n{}", file.text)).collect()
}

/// On PostgreSQL the words of a text stand in its row; on SQLite in an index that is a table of its own kind.
const WORDS: [(&str, &str); 1] = [("search_docs", "words")];

#[test]
fn both_databases_have_the_same_tables_and_columns() {
    let sqlite = tables(&schema("sqlite"));
    let mut postgres = tables(&schema("postgres"));
    for (table, column) in WORDS {
        let columns = postgres.get_mut(table).unwrap();
        assert!(columns.remove(column).is_some(), "{table}.{column} is gone");
    }
    let names =
        |tables: &BTreeMap<String, BTreeMap<String, bool>>| tables.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&sqlite), names(&postgres));
    for (name, columns) in &sqlite {
        assert_eq!(columns, &postgres[name], "the columns of {name}, and whether they may be empty");
    }
}

#[test]
fn every_table_of_a_workspace_is_kept_apart_by_the_database() {
    let sql = schema("postgres");
    let list = sql.split_once("FOREACH name IN ARRAY ARRAY[").unwrap().1.split_once(']').unwrap().0;
    let later = sql.split("CALL deskhand_keep_apart(").skip(1).filter_map(|call| call.split(')').next());
    let secured: Vec<&str> =
        list.split(',').chain(later).map(|name| name.trim().trim_matches('\'')).collect();
    let mut complaints = Vec::new();
    for (name, columns) in tables(&sql) {
        if columns.contains_key("workspace_id") != secured.contains(&name.as_str()) {
            complaints.push(format!(
                "{name} has a workspace, or is in the list of those that have one, but not both"
            ));
        }
    }
    none(complaints);
}

#[test]
fn nobody_is_answered_from_the_guide_of_fleets() {
    let pages = files("docs/guide/fleet", &[".md"]);
    assert!(!pages.is_empty());
    let is_draft = |page: &File| {
        let front = page.text.strip_prefix("---\n").and_then(|text| text.split_once("\n---\n"));
        front.is_some_and(|(front, _)| front.lines().any(|line| line == "status: draft"))
    };
    let said = pages.iter().filter(|page| !is_draft(page));
    none(said.map(|page| format!("{} is no draft: where it is imported, it answers", page.path)).collect());
}

#[test]
fn the_guide_explains_every_setting() {
    let guide = read("docs/guide/settings.md");
    let missing = config::SETTINGS.iter().filter(|setting| !guide.contains(&format!("`{}`", setting.key)));
    none(
        missing.map(|setting| format!("docs/guide/settings.md says nothing of `{}`", setting.key)).collect(),
    );
}
