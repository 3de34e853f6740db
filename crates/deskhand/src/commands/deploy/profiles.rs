//! `deploy profiles`: the fleets there are, a line each.

use deploy::profiles::PROFILES;
use serde_json::{Value, json};

use crate::failure::Outcome;
use crate::output::{Output, table};

pub(super) fn run(output: Output) -> Outcome {
    let profiles: Vec<Value> =
        PROFILES.iter().map(|profile| json!({ "name": profile.name, "about": profile.about })).collect();
    output.result(&json!({ "profiles": profiles }), || {
        let row =
            |profile: &deploy::profiles::Profile| vec![profile.name.to_owned(), profile.about.to_owned()];
        table(&PROFILES.iter().map(row).collect::<Vec<_>>())
    })
}
