//! The files of the repository, as the tests of this program read them.

use std::fs;
use std::path::{Path, PathBuf};

/// Folders that hold what others wrote or what was made from the source.
const NOT_OURS: [&str; 5] = ["target", "node_modules", "dist", "deskhand-data", "proptest-regressions"];

/// The folder that everything is in.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// A file of ours.
pub(crate) struct File {
    /// Where it is, from the root on, with slashes.
    pub(crate) path: String,
    /// What is in it.
    pub(crate) text: String,
}

/// The file at `path`, from the root on.
pub(crate) fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Every file below `folder` whose name ends in one of `endings`, in the order of their paths.
pub(crate) fn files(folder: &str, endings: &[&str]) -> Vec<File> {
    let mut paths = Vec::new();
    collect(&root().join(folder), &mut paths);
    let root = root();
    let mut files: Vec<File> = paths
        .into_iter()
        .filter(|path| endings.iter().any(|ending| path.to_string_lossy().ends_with(ending)))
        .map(|path| File {
            path: path.strip_prefix(&root).unwrap().to_string_lossy().into_owned(),
            text: fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display())),
        })
        .collect();
    files.sort_by(|a, b| a.path.cmp(&b.path));
    assert!(!files.is_empty(), "nothing ends in {endings:?} below {folder:?}");
    files
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
        let entry = entry.unwrap();
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with('.') || NOT_OURS.contains(&name.as_str()) {
            continue;
        }
        if entry.file_type().unwrap().is_dir() {
            collect(&entry.path(), found);
        } else {
            found.push(entry.path());
        }
    }
}

/// Fails with all of `complaints`, one on a line.
pub(crate) fn none(complaints: Vec<String>) {
    assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
}
