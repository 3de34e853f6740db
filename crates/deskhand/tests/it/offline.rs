//! Commands that need neither a database nor a server.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::Home;

#[test]
fn words_reads_an_order_and_prints_it_as_json_on_one_line() {
    let arguments = ["words", "--json", "--now", "2026-11-21T10:00:00", "--zone", "Europe/Berlin", "--"];
    let (out, err) = Home::new().run(&[&arguments[..], &["call Dana tomorrow at 9"]].concat()).code(0);
    assert_eq!(
        out,
        "{\"due\":{\"date\":\"2026-11-22\",\"time\":\"09:00\"},\"title\":\"call Dana\",\"verb\":\"add_task\"}\n"
    );
    assert_eq!(err, "");
}

#[test]
fn words_takes_what_looks_like_a_flag_as_text_behind_two_hyphens() {
    let value = Home::new().run(&["words", "--json", "--", "buy", "--yes"]).json();
    assert_eq!(value["title"], "buy --yes");
}

#[test]
fn spans_count_characters_and_name_what_the_words_became() {
    let order =
        ["words", "--json", "--spans", "--now", "2026-11-21T10:00:00", "--zone", "UTC", "Über tomorrow"];
    let value = Home::new().run(&order).json();
    let span = &value["spans"][1];
    assert_eq!(
        (&span["start"], &span["end"], &span["what"]),
        (&5.into(), &13.into(), &"due".into()),
        "{value}"
    );
}

#[test]
fn a_zone_or_a_moment_that_does_not_exist_is_wrong_usage() {
    let (_, err) = Home::new().run(&["words", "--zone", "Mars/Olympus", "x"]).code(2);
    assert!(err.contains("Mars/Olympus"), "{err}");
    Home::new().run(&["words", "--now", "2026-02-30T00:00:00", "x"]).code(2);
}

/// The committed schemas.
fn committed() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../domain/schemas")
}

/// The schema of an event is a promise to whoever reads events: a change of it is a new version.
#[test]
fn the_committed_schemas_are_those_of_the_program() {
    let (out, _) = Home::new().run(&["schemas", "--check", committed().to_str().unwrap()]).code(0);
    assert_eq!(out, "");
}

#[test]
fn a_shape_that_was_committed_and_is_not_kept_is_found() {
    let home = Home::new();
    home.run(&["schemas", "--output", "made"]).code(0);
    let change = |name: &str, change: fn(&mut Value)| {
        let file = home.path().join("made").join(name).join("1.json");
        let mut schema = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
        change(&mut schema);
        std::fs::write(file, schema.to_string()).unwrap();
    };
    home.run(&["schemas", "--check", "made"]).code(0);
    // As it was committed: the program has removed `colour`, and added `title` without a new minor.
    change("project.created", |schema| schema["properties"]["colour_before"] = json!({"type": "string"}));
    change("task.created", |schema| _ = schema["properties"].as_object_mut().unwrap().remove("title"));
    change("ticket.opened", |schema| _ = schema.as_object_mut().unwrap().remove("x-version"));
    std::fs::create_dir(home.path().join("made/task.teleported")).unwrap();
    std::fs::remove_dir_all(home.path().join("made/token.revoked")).unwrap();
    let (out, err) = home.run(&["schemas", "--check", "made"]).code(3);
    let lines: Vec<&str> = out.lines().collect();
    assert_eq!(
        lines,
        [
            "task.teleported: this program does not know it, and events of it are kept for months",
            "token.revoked: version 1.0 is not in made/token.revoked/1.json",
            "ticket.opened: made/ticket.opened/1.json is behind: write it anew with --output",
            "task.created: title is new, and required: that needs version 2.0, and it says 1.0",
            "project.created: colour_before is gone: that needs version 2.0, and it says 1.0",
        ]
    );
    assert_eq!(err, "5 shapes are not as they were committed\n");
    // Nor does it write over what its readers rely on.
    let (_, err) = home.run(&["schemas", "--output", "made"]).code(3);
    assert!(err.contains("that needs version 2.0"), "{err}");
}

#[test]
fn the_contract_of_the_api_is_printed_as_openapi_3_1() {
    let value = Home::new().run(&["openapi"]).json();
    assert!(value["openapi"].as_str().unwrap().starts_with("3.1"), "{}", value["openapi"]);
    assert!(value["paths"]["/api/v1/tasks"]["post"].is_object());
}
