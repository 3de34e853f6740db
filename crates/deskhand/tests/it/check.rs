//! `deploy check`: what it prints and with which exit code, for a fleet of ours and for anybody's manifests.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::Home;

/// A file of the rules' own examples.
fn example(rule: &str, name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/tests/check").join(rule);
    folder.join(format!("{name}.yaml")).to_str().unwrap().to_owned()
}

#[test]
fn a_contradiction_is_printed_with_what_happens_and_ends_with_3() {
    let (out, err) = Home::new().run(&["deploy", "check", &example("pdb-blocks-drain", "broken")]).code(3);
    assert!(out.starts_with("error[pdb-blocks-drain] PodDisruptionBudget default/web\n"), "{out}");
    assert!(out.contains("t=315   HorizontalPodAutoscaler web goes to 2\n"), "{out}");
    assert!(err.contains("1 error, 0 warnings"), "{err}");
    let (out, err) = Home::new().run(&["deploy", "check", &example("pdb-blocks-drain", "mended")]).code(0);
    assert_eq!((out.as_str(), err.as_str()), ("0 errors, 0 warnings, 0 notes in 3 objects\n", ""));
}

#[test]
fn notes_alone_are_no_reason_to_fail() {
    let file = example("raw-sockets", "broken");
    let (out, _) = Home::new().run(&["deploy", "check", &file]).code(0);
    assert!(out.contains("1 raw-sockets"), "{out}");
    let (out, _) = Home::new().run(&["deploy", "check", "--notes", &file]).code(0);
    assert!(out.contains("note[raw-sockets]"), "{out}");
}

#[test]
fn programs_get_json_and_sarif() {
    let file = example("topic-copies", "broken");
    for arguments in [&["--json", "deploy", "check"][..], &["deploy", "check", "--format", "json"]] {
        let (out, _) = Home::new().run(&[arguments, &[&file]].concat()).code(3);
        let value: Value = serde_json::from_str(&out).unwrap();
        assert_eq!(value["counts"]["errors"], 1);
    }
    let (out, _) = Home::new().run(&["deploy", "check", "--format", "sarif", &file]).code(3);
    let value: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(value["runs"][0]["results"][0]["ruleId"], "topic-copies");
}

#[test]
fn what_cannot_be_read_fails_with_file_and_line_and_wrong_usage_is_2() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("web.yaml");
    fs::write(&file, "kind: Pod\nspec: {{ .Values.spec }}\n").unwrap();
    let (out, err) = Home::new().run(&["deploy", "check", file.to_str().unwrap()]).code(1);
    assert_eq!(out, "");
    assert!(err.contains("web.yaml:2: this is a template of Helm"), "{err}");
    Home::new().run(&["deploy", "check"]).code(2);
    Home::new().run(&["deploy", "check", "--profile", "local", "x.yaml"]).code(2);
    let (_, err) = Home::new().run(&["deploy", "check", "--node", "four", "x.yaml"]).code(2);
    assert!(err.contains("4/16Gi"), "{err}");
}

#[test]
fn no_profile_of_ours_contradicts_itself() {
    let mut complaints = Vec::new();
    for profile in deploy::profiles::PROFILES {
        let (out, _) = {
            let ran = Home::new().run(&["--json", "deploy", "check", "--profile", profile.name]);
            (ran.out, ran.code)
        };
        let value: Value = serde_json::from_str(&out).unwrap();
        for finding in value["findings"].as_array().unwrap() {
            if finding["severity"] == "error" && finding.get("accepted").is_none() {
                complaints.push(format!("{}: {} {}", profile.name, finding["id"], finding["what"]));
            }
        }
    }
    assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
}
