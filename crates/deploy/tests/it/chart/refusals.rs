//! What the chart refuses by itself, where nobody asks the model.

use super::helm::template;

#[track_caller]
fn refused(arguments: &[&str], word: &str) {
    let arguments: Vec<String> = arguments.iter().map(|text| (*text).to_owned()).collect();
    let complaint = template("production", &arguments).expect_err("it is taken");
    assert!(complaint.contains(word), "{complaint}");
}

#[test]
fn keys_that_nobody_knows_and_values_of_another_kind_are_refused() {
    refused(&["--set", "api.replica=4"], "replica");
    refused(&["--set", "entry.kind=nodport"], "/entry/kind");
    refused(&["--set", "api.replicas=many"], "/api/replicas");
    refused(&["--set", "databse.kind=external"], "databse");
}

#[test]
fn a_fleet_without_its_secret_is_refused_with_what_to_do() {
    refused(&["--set", "existingSecret="], "DESKHAND_SECRET_KEY");
    refused(&["--set", "devSecret.create=true", "--set", "existingSecret="], "everybody knows");
}
