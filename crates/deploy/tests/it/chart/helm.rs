//! Running helm, and the other programs that `scripts/validators` installs.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use serde_json::Value;

/// The repository.
pub(super) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

pub(super) fn chart() -> PathBuf {
    root().join("charts/deskhand")
}

/// Where a program or a folder of the validators is, by the name that `scripts/validators paths` has for it.
pub(super) fn tool(name: &str) -> PathBuf {
    static PATHS: OnceLock<BTreeMap<String, PathBuf>> = OnceLock::new();
    let paths = PATHS.get_or_init(|| {
        let output = Command::new(root().join("scripts/validators")).arg("paths").output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let pairs = text.lines().filter_map(|line| line.split_once('='));
        pairs.map(|(name, path)| (name.to_owned(), PathBuf::from(path))).collect()
    });
    let path = paths[name].clone();
    assert!(path.exists(), "{} is missing: run scripts/validators", path.display());
    path
}

/// What `helm template` prints for a profile with these arguments; its complaint where it refuses.
pub(super) fn template(profile: &str, arguments: &[String]) -> Result<String, String> {
    let mut command = Command::new(tool("HELM"));
    command.args(["template", "deskhand"]).arg(chart()).args(["--namespace", "deskhand"]);
    command.arg("--values").arg(chart().join(format!("profiles/{profile}.yaml"))).args(arguments);
    let output = command.output().unwrap();
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    Ok(String::from_utf8(output.stdout).unwrap())
}

/// The objects in YAML, but for those of `helm test`.
pub(super) fn objects(text: &str) -> Vec<Value> {
    let documents = text.split("\n---\n").map(|part| part.strip_prefix("---\n").unwrap_or(part));
    documents
        .filter(|part| part.lines().any(|line| !line.starts_with('#') && !line.trim().is_empty()))
        .map(|part| serde_saphyr::from_str::<Value>(part).unwrap_or_else(|error| panic!("{error}\n{part}")))
        .filter(|object| object.pointer("/metadata/annotations/helm.sh~1hook") != Some(&"test".into()))
        .collect()
}
