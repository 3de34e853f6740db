//! Commands that need neither a database nor a server.

use std::path::Path;

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

/// The schema of an event is a promise to whoever reads events: a change of it is a new version.
#[test]
fn the_committed_schemas_are_those_of_the_program() {
    let home = Home::new();
    home.run(&["schemas", "--output", "made"]).code(0);
    let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("../domain/schemas");
    let names = |folder: &Path| {
        let mut names: Vec<_> =
            std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    };
    let made = home.path().join("made");
    assert_eq!(names(&committed), names(&made), "run `deskhand schemas --output crates/domain/schemas`");
    for name in names(&made) {
        let read = |folder: &Path| std::fs::read_to_string(folder.join(&name).join("1.json")).unwrap();
        assert_eq!(
            read(&committed),
            read(&made),
            "{name:?}: run `deskhand schemas --output crates/domain/schemas`"
        );
    }
}

#[test]
fn the_contract_of_the_api_is_printed_as_openapi_3_1() {
    let value = Home::new().run(&["openapi"]).json();
    assert!(value["openapi"].as_str().unwrap().starts_with("3.1"), "{}", value["openapi"]);
    assert!(value["paths"]["/api/v1/tasks"]["post"].is_object());
}
