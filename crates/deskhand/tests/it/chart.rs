//! `deploy chart`: what is committed is what is written.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use super::Home;

fn files(folder: &Path) -> BTreeMap<String, String> {
    fn walk(base: &Path, folder: &Path, found: &mut BTreeMap<String, String>) {
        for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if entry.is_dir() {
                walk(base, &entry, found);
            } else {
                let name = entry.strip_prefix(base).unwrap().to_str().unwrap().to_owned();
                found.insert(name, fs::read_to_string(&entry).unwrap());
            }
        }
    }
    let mut found = BTreeMap::new();
    walk(folder, folder, &mut found);
    found.retain(|name, _| !name.starts_with('.'));
    found
}

#[test]
fn the_chart_is_written_whole_and_what_others_put_there_stays() {
    let folder = tempfile::tempdir().unwrap();
    let chart = folder.path().join("a/chart");
    let arguments = ["deploy", "chart", "--output", chart.to_str().unwrap()];
    Home::new().run(&arguments).code(0);
    let committed = files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../charts/deskhand"));
    assert_eq!(files(&chart), committed);
    fs::write(chart.join("mine.yaml"), "api: {}").unwrap();
    let (_, err) = Home::new().run(&arguments).code(0);
    assert_eq!(err, "");
    assert_eq!(files(&chart).len(), committed.len() + 1);
}

#[test]
fn a_chart_is_not_written_over_one_of_somebody_else() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("Chart.yaml"), "name: theirs").unwrap();
    let (_, err) = Home::new().run(&["deploy", "chart", "--output", folder.path().to_str().unwrap()]).code(1);
    assert!(err.contains("Chart.yaml is there and was not written by this command"), "{err}");
    assert_eq!(files(folder.path()).len(), 1);
}
