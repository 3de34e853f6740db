//! Who may use whom: the arrows between our crates, read from what cargo says of them.

use std::collections::BTreeMap;
use std::process::Command;

use serde_json::Value;

use crate::source::{files, none, root};

/// Each crate, and the crates of ours that it may be built with. Who stands here with nothing needs nothing.
const ARROWS: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("config", &[]),
    ("words", &["domain"]),
    ("deploy", &["domain", "config"]),
    ("store", &["domain"]),
    ("trace", &["domain"]),
    ("bus", &["domain", "store", "trace"]),
    ("desk", &["domain", "store", "trace"]),
    ("hand", &["domain", "desk", "trace", "words"]),
    ("channels", &["domain", "desk"]),
    ("server", &["domain", "desk", "bus", "hand", "trace", "words"]),
    // Of the store only its wakes; see the test below.
    ("workers", &["domain", "store", "bus", "desk", "hand", "channels", "trace"]),
    ("testkit", &["domain", "store"]),
];

/// The binary wires, the benches measure, the system's tests look at all of it: they may use everything.
const WIRES: [&str; 3] = ["deskhand", "benches", "system-tests"];

/// What tests of every crate may use besides: they set a stage, and look at it.
const IN_TESTS: [&str; 4] = ["domain", "store", "testkit", "config"];

/// What the tests of one crate use besides: those of the server wait until everything has reacted.
const IN_TESTS_OF: [(&str, &str); 1] = [("server", "workers")];

/// Our crates by their short names, with what each depends on: for building, and in tests.
fn crates() -> BTreeMap<String, (Vec<String>, Vec<String>)> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let short = |name: &str| name.strip_prefix("deskhand-").unwrap_or(name).to_owned();
    let packages = metadata["packages"].as_array().unwrap();
    let ours: Vec<&str> = packages.iter().map(|package| package["name"].as_str().unwrap()).collect();
    packages
        .iter()
        .map(|package| {
            let (mut built, mut tested) = (Vec::new(), Vec::new());
            for dependency in package["dependencies"].as_array().unwrap() {
                let name = dependency["name"].as_str().unwrap();
                if !ours.contains(&name) {
                    continue;
                }
                let list = if dependency["kind"] == "dev" { &mut tested } else { &mut built };
                list.push(short(name));
            }
            (short(package["name"].as_str().unwrap()), (built, tested))
        })
        .collect()
}

#[test]
fn no_crate_uses_one_that_it_may_not() {
    let mut complaints = Vec::new();
    for (name, (built, tested)) in crates() {
        if WIRES.contains(&name.as_str()) {
            continue;
        }
        let Some((_, allowed)) = ARROWS.iter().find(|(known, _)| *known == name) else {
            complaints.push(format!("{name} is new: say here and in ARCHITECTURE.md what it may use"));
            continue;
        };
        let wrong = built.iter().filter(|used| !allowed.contains(&used.as_str()));
        complaints.extend(wrong.map(|used| format!("{name} may not use {used}")));
        let wrong = tested.iter().filter(|used| {
            let used = used.as_str();
            !allowed.contains(&used)
                && !IN_TESTS.contains(&used)
                && !IN_TESTS_OF.contains(&(name.as_str(), used))
        });
        complaints.extend(wrong.map(|used| format!("the tests of {name} may not use {used}")));
    }
    none(complaints);
}

#[test]
fn only_tests_use_what_is_for_tests() {
    let using = crates().into_iter().filter(|(name, (built, _))| {
        !["benches", "system-tests"].contains(&name.as_str()) && built.iter().any(|used| used == "testkit")
    });
    none(using.map(|(name, _)| format!("{name} is built with testkit")).collect());
}

#[test]
fn workers_wait_for_the_store_and_do_not_ask_it() {
    let mut complaints = Vec::new();
    for file in files("crates/workers/src", &[".rs"]) {
        for line in file.text.lines().filter(|line| line.contains("store::")) {
            if line.trim() != "use store::Wake;" {
                complaints.push(format!("{}: {}: rows are the use cases' business", file.path, line.trim()));
            }
        }
    }
    none(complaints);
}
