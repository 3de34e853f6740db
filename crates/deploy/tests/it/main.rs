//! The fleet from outside: settings in, manifests out; and the chart against the model.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "a test fails loudly, says what repeats it, and takes its seed from the clock"
)]

mod chart;
mod check;
mod explain;
mod follows;
mod invariants;
mod manifests;
mod profiles;
mod properties;
mod refusals;

use deploy::values::Layers;
use deploy::{Error, Fleet, Object};

/// The manifests of a profile with what flags say.
fn rendered(profile: &str, flags: &[&str]) -> Result<Vec<Object>, Error> {
    let mut layers = Layers::profile(profile)?;
    for flag in flags {
        layers = layers.set(flag)?;
    }
    deploy::render(&Fleet::try_from(&layers)?)
}

/// Why a profile with what flags say is refused.
fn refused(profile: &str, flags: &[&str]) -> String {
    match rendered(profile, flags) {
        Ok(_) => panic!("{profile} with {flags:?} was not refused"),
        Err(error) => error.to_string(),
    }
}
