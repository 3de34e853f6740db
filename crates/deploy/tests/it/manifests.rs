//! Manifests of any kind are read, or refused with file and line, within bounds.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use deploy::check::{Options, check};
use deploy::manifests::{Error, MOST_OBJECTS, Manifests};
use proptest::prelude::*;

/// Longer than anything here takes on a busy machine with a debug build, and shorter than for ever.
const PATIENCE: Duration = Duration::from_secs(60);

fn read(text: &str) -> Result<Manifests, Error> {
    let mut manifests = Manifests::new();
    manifests.add("fleet.yaml", text.as_bytes()).map(|()| manifests)
}

fn refusal(text: &str) -> String {
    let began = Instant::now();
    let said = read(text).map(|_| ()).unwrap_err().to_string();
    assert!(began.elapsed() < PATIENCE, "{:?}", began.elapsed());
    said
}

#[test]
fn documents_lists_and_json_become_objects_with_their_lines() {
    let text = "# a comment\n---\n# nothing\n---\napiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Service\n  metadata: {name: one}\n- kind: Service\n  metadata:\n    name: two\n---\n{\"kind\": \"Pod\",\n\t\"metadata\": {\"name\": \"three\"}}\n...\n--- # four\nkind: Pod\nmetadata: {name: four}\n";
    let manifests = read(text).unwrap();
    let all: Vec<(&str, usize)> =
        manifests.objects.iter().map(|object| (object.name(), object.line)).collect();
    assert_eq!(all, [("one", 8), ("two", 11), ("three", 15), ("four", 19)]);
    assert_eq!(manifests.objects[1].line_of("/metadata/name"), 13);
    assert_eq!(manifests.objects[1].line_of("/metadata/labels/app"), 13, "the labels are not there, and the metadata is");
}

#[test]
fn what_is_no_object_is_a_notice_and_what_no_rule_knows_is_kept() {
    let manifests =
        read("replicas: 2\n---\napiVersion: example.org/v1\nkind: Flux\nmetadata: {name: x}\n").unwrap();
    assert_eq!(manifests.objects.len(), 1);
    assert_eq!((manifests.notices[0].line, manifests.notices.len()), (1, 1));
    let report = check(&manifests, &Options::default());
    assert!(report.notices.iter().any(|notice| notice.text.contains("Flux of example.org/v1")), "{report:?}");
    assert!(report.findings.is_empty());
}

#[test]
fn what_cannot_be_read_is_said_with_file_and_line() {
    for (text, expected) in [
        ("kind: Pod\nmetadata: [\n", "fleet.yaml:"),
        ("kind: Pod\nspec: {{ .Values.x }}\n", "fleet.yaml:2: this is a template of Helm"),
        ("{{- if .Values.x }}\nkind: Pod\n{{- end }}\n", "fleet.yaml:1: this is a template of Helm"),
        ("a: 1\n---\nkind: Pod\nkind: Job\n", "fleet.yaml:4: "),
    ] {
        let said = refusal(text);
        assert!(said.starts_with(expected), "{said}");
    }
    let mut manifests = Manifests::new();
    let said = manifests.add("fleet.yaml", b"kind: Pod\nname: \xff\n").unwrap_err().to_string();
    assert_eq!(said, "fleet.yaml:2: this is not UTF-8 text");
}

#[test]
fn anchors_that_expand_for_ever_end_soon() {
    let mut text = "a: &a [x,x,x,x,x,x,x,x,x,x]\n".to_owned();
    for (name, before) in "bcdefghijk".chars().zip("abcdefghij".chars()) {
        let aliases = vec![format!("*{before}"); 10].join(",");
        text.push_str(&format!("{name}: &{name} [{aliases}]\n"));
    }
    assert!(refusal(&text).starts_with("fleet.yaml:"));
}

#[test]
fn a_million_documents_and_deep_ones_end_soon() {
    let said = refusal(&"kind: Pod\n---\n".repeat(1_000_000));
    assert_eq!(
        said,
        format!("fleet.yaml:{}: more than {MOST_OBJECTS} objects are not read", MOST_OBJECTS * 2)
    );
    assert!(read(&"---\n".repeat(1_000_000)).unwrap().objects.is_empty());
    let deep = |open: &str, count: usize| format!("kind: Pod\nspec: {}", open.repeat(count));
    for text in [deep("[", 100_000), deep("{a: ", 100_000), deep("- ", 100_000)] {
        assert!(refusal(&text).starts_with("fleet.yaml:"));
    }
}

#[test]
fn folders_are_read_once_in_order_and_links_in_circles_end() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    write("b.yaml", "kind: Pod\nmetadata: {name: b}\n");
    write("a/c.yml", "kind: Pod\nmetadata: {name: c}\n");
    write("a/notes.txt", "no manifest: [");
    write(".hidden/d.yaml", "no manifest: [");
    #[cfg(unix)]
    {
        use std::os::unix::fs::symlink;
        symlink(folder.path(), folder.path().join("a/up")).unwrap();
        symlink("nowhere", folder.path().join("gone.yaml")).unwrap();
        symlink("b.yaml", folder.path().join("again.yaml")).unwrap();
    }
    let mut manifests = Manifests::new();
    manifests.add_path(folder.path()).unwrap();
    let names: Vec<&str> = manifests.objects.iter().map(deploy::manifests::Object::name).collect();
    assert_eq!(names, ["c", "b"]);
    let error = Manifests::new().add_path(&folder.path().join("not.yaml")).unwrap_err();
    assert!(matches!(error, Error::Read { .. }), "{error}");
    let error = Manifests::new().add_path(&folder.path().join("a/notes.txt")).unwrap_err();
    assert!(matches!(error, Error::Yaml { .. }), "{error}");
}

#[test]
fn a_file_without_end_is_refused() {
    let mut manifests = Manifests::new();
    let error = manifests.add_reader("zero", std::io::repeat(b'#')).unwrap_err();
    assert!(matches!(error, Error::Bytes { .. }), "{error}");
}

/// All files of the rules, one after the other.
fn corpus() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/check");
    let mut folders: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    folders.iter().map(|folder| fs::read_to_string(folder.join("broken.yaml")).unwrap()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// A line is gone, cut, or in another place, or its value is something else.
    #[test]
    fn mutated_manifests_never_break_a_rule(
        file in any::<prop::sample::Index>(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), 0_u8..6), 1..6),
    ) {
        let corpus = corpus();
        let mut lines: Vec<String> = file.get(&corpus).lines().map(str::to_owned).collect();
        for (one, other, kind) in changes {
            let (one, other) = (one.index(lines.len()), other.index(lines.len()));
            let key = lines[one].split_once(": ").map(|(key, _)| key.to_owned());
            match kind {
                0 if lines.len() > 1 => drop(lines.remove(one)),
                1 => lines.swap(one, other),
                2 => {
                    let half = lines[one].len() / 2;
                    lines[one].truncate(half);
                }
                3 => lines[one] = key.map_or_else(|| "- 9223372036854775807".to_owned(), |key| format!("{key}: 9223372036854775807")),
                4 => lines[one] = key.map_or_else(|| "- {a: [b]}".to_owned(), |key| format!("{key}: -1")),
                _ => lines[one] = key.map_or_else(|| "x".to_owned(), |key| format!("{key}: ['9223372036854775807%']")),
            }
        }
        if let Ok(manifests) = read(&lines.join("\n")) {
            let report = check(&manifests, &Options::default());
            prop_assert!(report.to_sarif("1").is_object() && !report.text(true).is_empty());
        }
    }

    #[test]
    fn truncated_manifests_never_break_a_rule(file in any::<prop::sample::Index>(), end in any::<prop::sample::Index>()) {
        let corpus = corpus();
        let text = file.get(&corpus);
        let end = end.index(text.len());
        let mut manifests = Manifests::new();
        if manifests.add("fleet.yaml", &text.as_bytes()[..end]).is_ok() {
            check(&manifests, &Options::default());
        }
    }
}
