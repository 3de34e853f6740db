//! The chart's output before those who judge manifests: helm itself, the schemas of three Kubernetes versions, promtool.

use std::fs;
use std::path::Path;
use std::process::Command;

use deploy::profiles::PROFILES;

use super::helm::{chart, root, template, tool};

/// Oldest, middle, newest; `scripts/validators.d/schemas.py` has the same.
const VERSIONS: [&str; 3] = ["1.33.0", "1.35.0", "1.37.0"];

#[track_caller]
fn passes(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let text =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{command:?}\n{text}");
    text
}

/// Every profile's manifests, a file each.
fn rendered(folder: &Path) {
    for profile in PROFILES {
        let text = template(profile.name, &[]).unwrap();
        fs::write(folder.join(format!("{}.yaml", profile.name)), text).unwrap();
    }
}

#[test]
fn helm_finds_nothing_wrong_with_the_chart_under_any_profile() {
    for profile in PROFILES {
        let values = chart().join(format!("profiles/{}.yaml", profile.name));
        passes(
            Command::new(tool("HELM"))
                .args(["lint", "--strict", "--quiet"])
                .arg(chart())
                .arg("--values")
                .arg(values),
        );
    }
}

#[test]
fn every_manifest_fits_the_strict_schemas_of_three_kubernetes_versions() {
    let folder = tempfile::tempdir().unwrap();
    rendered(folder.path());
    let schemas = tool("SCHEMAS");
    for version in VERSIONS {
        let of_kubernetes = format!(
            "{}/kubernetes/v{version}/{{{{.ResourceKind}}}}{{{{.KindSuffix}}}}.json",
            schemas.display()
        );
        let of_operators = format!(
            "{}/crds/{{{{.Group}}}}/{{{{.ResourceKind}}}}_{{{{.ResourceAPIVersion}}}}.json",
            schemas.display()
        );
        let mut command = Command::new(tool("KUBECONFORM"));
        command.args(["-strict", "-summary", "-kubernetes-version", version]);
        command
            .args(["-schema-location", &of_kubernetes, "-schema-location", &of_operators])
            .arg(folder.path());
        let said = passes(&mut command);
        assert!(said.contains("Invalid: 0, Errors: 0, Skipped: 0"), "{said}");
    }
}

#[test]
fn a_field_that_does_not_exist_would_be_found() {
    let folder = tempfile::tempdir().unwrap();
    let text = template("local", &[]).unwrap().replace("revisionHistoryLimit:", "revisionHistoryLimits:");
    let path = folder.path().join("local.yaml");
    fs::write(&path, text).unwrap();
    let schema = format!(
        "{}/kubernetes/v{}/{{{{.ResourceKind}}}}{{{{.KindSuffix}}}}.json",
        tool("SCHEMAS").display(),
        VERSIONS[2]
    );
    let output = Command::new(tool("KUBECONFORM"))
        .args(["-strict", "-schema-location", &schema])
        .arg(path)
        .output()
        .unwrap();
    assert!(!output.status.success());
}

#[test]
fn prometheus_takes_the_rules_of_every_exporter() {
    let rules = root().join("crates/deploy/assets/rules");
    for file in fs::read_dir(rules).unwrap() {
        let said = passes(Command::new(tool("PROMTOOL")).args(["check", "rules"]).arg(file.unwrap().path()));
        assert!(said.contains("SUCCESS"), "{said}");
    }
}
