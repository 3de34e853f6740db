//! Each rule finds what is broken, and nothing in what is mended.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use deploy::check::{Demand, Options, Prices, RULES, Report, Severity, check};
use deploy::manifests::Manifests;
use serde_json::Value;

/// What has no file of its own: it needs prices.
const WITHOUT_FILES: [&str; 1] = ["cost-above-budget"];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/check")
}

fn examined(text: &str) -> Report {
    let mut manifests = Manifests::new();
    manifests.add("test.yaml", text.as_bytes()).unwrap();
    check(&manifests, &Options::default())
}

fn ids(report: &Report) -> BTreeSet<&str> {
    report.findings.iter().map(|finding| finding.id).collect()
}

#[test]
fn every_rule_finds_what_is_broken_and_nothing_in_what_is_mended() {
    let mut seen: BTreeSet<String> = WITHOUT_FILES.iter().map(|id| (*id).to_owned()).collect();
    let mut complaints = Vec::new();
    for entry in fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        let rule = path.file_name().unwrap().to_string_lossy().into_owned();
        for name in ["broken", "mended"] {
            let text = fs::read_to_string(path.join(format!("{name}.yaml"))).unwrap();
            let expected = text.lines().next().unwrap().strip_prefix("# finds: ").unwrap();
            let expected: BTreeSet<&str> = expected.split(", ").filter(|id| *id != "nothing").collect();
            assert_eq!(expected.contains(rule.as_str()), name == "broken", "{rule}/{name}");
            let report = examined(&text);
            if ids(&report) != expected {
                complaints.push(format!("{rule}/{name}: {:?} instead of {expected:?}", ids(&report)));
            }
        }
        seen.insert(rule);
    }
    assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
    let rules: BTreeSet<String> = RULES.iter().map(|rule| rule.id.to_owned()).collect();
    assert_eq!(seen, rules, "every rule has a folder, and every folder a rule");
}

#[test]
fn every_finding_says_what_happens_by_the_objects_own_numbers() {
    for entry in fs::read_dir(folder()).unwrap() {
        let text = fs::read_to_string(entry.unwrap().path().join("broken.yaml")).unwrap();
        for finding in examined(&text).findings {
            assert!(!finding.timeline.is_empty(), "{}", finding.id);
            assert!(finding.line > 1 && finding.line <= text.lines().count(), "{finding:?}");
            let times: Vec<u64> = finding.timeline.iter().filter_map(|moment| moment.at_secs).collect();
            assert!(times.is_sorted(), "{finding:?}");
            for sentence in [&finding.what, &finding.remedy] {
                assert!(!sentence.ends_with('.') && !sentence.contains('\n'), "{sentence}");
            }
        }
    }
}

fn finding(rule: &str) -> deploy::check::Finding {
    let text = fs::read_to_string(folder().join(rule).join("broken.yaml")).unwrap();
    examined(&text).findings.into_iter().find(|finding| finding.id == rule).unwrap()
}

#[test]
fn a_timeline_is_played_by_the_controllers_arithmetic() {
    let drain = finding("pdb-blocks-drain");
    let steps: Vec<(Option<u64>, &str)> =
        drain.timeline.iter().map(|moment| (moment.at_secs, moment.text.as_str())).collect();
    assert_eq!(steps[0], (Some(0), "6 replicas run, and the load ends"));
    // Five minutes after the last time that six were asked for, which was at second 0.
    assert_eq!(steps[1], (Some(315), "HorizontalPodAutoscaler web goes to 2"));
    assert!(steps[2].1.contains("asks for 2 of 2"), "{steps:?}");

    let replicas = finding("replicas-beside-autoscaler");
    let changes: Vec<&str> = replicas
        .timeline
        .iter()
        .map(|moment| moment.text.as_str())
        .filter(|text| text.contains("goes to"))
        .collect();
    // From three to ten by two a minute.
    assert_eq!(changes.first(), Some(&"HorizontalPodAutoscaler web goes to 5"));
    assert_eq!(changes.last(), Some(&"HorizontalPodAutoscaler web goes to 10"));

    let partitions = finding("replicas-above-partitions");
    let text: String = partitions.timeline.iter().map(|moment| moment.text.clone() + "\n").collect();
    assert!(text.contains("331 events wait"), "{text}");
    assert!(text.contains("331 / 100 = 3 with 3 partitions"), "{text}");
}

#[test]
fn what_an_object_accepts_with_a_reason_is_listed_and_not_counted() {
    let broken = fs::read_to_string(folder().join("pdb-blocks-drain/broken.yaml")).unwrap();
    let name = "kind: PodDisruptionBudget\nmetadata:\n";
    assert!(broken.contains(name));
    let accepted = broken.replace(
        name,
        &format!(
            "{name}  annotations:\n    deskhand.dev/accept.pdb-blocks-drain: nodes are never drained here\n"
        ),
    );
    let report = examined(&accepted);
    assert_eq!(report.count(Severity::Error), 0);
    assert_eq!(report.accepted(), 1);
    let text = report.text(false);
    assert!(text.contains("nodes are never drained here"), "{text}");
    let sarif = report.to_sarif("1.0.0");
    let suppression = &sarif["runs"][0]["results"][0]["suppressions"][0];
    assert_eq!(suppression["justification"], "nodes are never drained here");
    let empty = accepted.replace("nodes are never drained here", "\"\"");
    assert_eq!(examined(&empty).count(Severity::Error), 1, "no reason, no acceptance");
}

struct Cores;

impl Prices for Cores {
    fn year(&self, demand: Demand) -> f64 {
        demand.cpu_milli as f64
    }
}

#[test]
fn a_year_above_its_budget_is_found_with_the_largest_part() {
    let mended = fs::read_to_string(folder().join("pdb-blocks-drain/mended.yaml")).unwrap();
    let mut manifests = Manifests::new();
    manifests.add("test.yaml", mended.as_bytes()).unwrap();
    // 200 at two replicas, 600 at six.
    for (budget, expected) in
        [(100.0, Some(Severity::Error)), (300.0, Some(Severity::Warning)), (600.0, None)]
    {
        let report = check(&manifests, &Options { budget: Some((budget, &Cores)), ..Options::default() });
        let found = report.findings.iter().find(|finding| finding.id == "cost-above-budget");
        assert_eq!(found.map(|finding| finding.severity), expected, "{budget}");
    }
}

/// What the specification of SARIF 2.1.0 asks for, where a reader of it relies on it.
#[test]
fn sarif_has_what_its_readers_need() {
    let report = examined(&fs::read_to_string(folder().join("pdb-blocks-drain/broken.yaml")).unwrap());
    let sarif = report.to_sarif("1.2.3");
    assert_eq!(sarif["version"], "2.1.0");
    let run = &sarif["runs"][0];
    let driver = &run["tool"]["driver"];
    assert!(driver["name"].is_string());
    let rules = driver["rules"].as_array().unwrap();
    let unique: BTreeSet<&str> = rules.iter().map(|rule| rule["id"].as_str().unwrap()).collect();
    assert_eq!(unique.len(), rules.len());
    for result in run["results"].as_array().unwrap() {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[index]["id"], result["ruleId"]);
        assert!(["error", "warning", "note"].contains(&result["level"].as_str().unwrap()));
        assert!(result["message"]["text"].as_str().is_some_and(|text| text.contains("t=0")));
        let place = &result["locations"][0]["physicalLocation"];
        assert_eq!(place["artifactLocation"]["uri"], "test.yaml");
        assert!(place["region"]["startLine"].as_u64().unwrap() >= 1);
        assert!(result["partialFingerprints"].as_object().is_some_and(|prints| !prints.is_empty()));
    }
}

#[test]
fn json_counts_what_it_lists() {
    let value = examined(&fs::read_to_string(folder().join("topic-copies/broken.yaml")).unwrap()).to_json();
    let errors =
        value["findings"].as_array().unwrap().iter().filter(|finding| finding["severity"] == "error");
    assert_eq!(value["counts"]["errors"], errors.count());
    let Value::Object(finding) = &value["findings"][0] else { panic!("{value}") };
    for key in ["id", "severity", "kind", "namespace", "name", "file", "line", "what", "remedy", "timeline"] {
        assert!(finding.contains_key(key), "{key}");
    }
}
