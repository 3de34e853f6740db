//! What someone who sets Deskhand up notices: which value wins, what is refused and in which words.

#![allow(
    clippy::unwrap_used,
    reason = "a test stops at the first surprise, also in what it shares with others"
)]

mod defaults;
mod layers;
mod refusals;
mod secrets;

use config::{Config, Sources};

/// The sentences with which these sources are refused.
fn refusal(sources: Sources) -> Vec<String> {
    match Config::load(sources) {
        Ok(config) => panic!("should have been refused, is {config:?}"),
        Err(problems) => problems.0.iter().map(ToString::to_string).collect(),
    }
}

/// A settings file with this content, in a folder that lives as long as the guard.
fn file(content: &str) -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("deskhand.toml");
    std::fs::write(&path, content).unwrap();
    (folder, path)
}

/// The sentences with which a file is refused, its folder left out.
fn file_refusal(content: &str) -> Vec<String> {
    let (folder, path) = file(content);
    let folder = format!("{}/", folder.path().display());
    refusal(Sources::new().file(path)).iter().map(|sentence| sentence.replace(&folder, "")).collect()
}
