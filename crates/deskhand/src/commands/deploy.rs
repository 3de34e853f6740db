//! `deploy`: what it takes to run Deskhand on Kubernetes. Works offline, and never speaks to a cluster.

mod chart;
mod check;
mod cost;
mod explain;
mod profiles;
mod render;
mod simulate;
mod subject;

use std::fs;

use deploy::Fleet;
use deploy::values::Layers;

use crate::args::{DeployCommand, FleetArgs};
use crate::failure::{Failure, Outcome, chain};
use crate::output::Output;

pub(crate) fn run(command: DeployCommand, output: Output) -> Outcome {
    match command {
        DeployCommand::Profiles => profiles::run(output),
        DeployCommand::Chart(args) => chart::run(&args, output),
        DeployCommand::Render(args) => render::run(&args, output),
        DeployCommand::Explain(args) => explain::run(&args, output),
        DeployCommand::Simulate(args) => simulate::run(&args, output),
        DeployCommand::Cost(args) => cost::run(&args, output),
        DeployCommand::Check(args) => check::run(&args, output),
    }
}

/// The fleet that was asked for.
fn fleet(args: &FleetArgs) -> Outcome<Fleet> {
    Ok(Fleet::try_from(&layers(args)?)?)
}

/// What was said about it, layer upon layer.
fn layers(args: &FleetArgs) -> Outcome<Layers> {
    let mut layers = Layers::profile(&args.profile)?;
    for path in &args.values {
        let text = fs::read_to_string(path)
            .map_err(|error| Failure::Usage(format!("cannot read {}: {error}", path.display())))?;
        layers = layers.file(path, &text)?;
    }
    for text in &args.set {
        layers = layers.set(text)?;
    }
    Ok(layers)
}

impl From<deploy::Error> for Failure {
    fn from(error: deploy::Error) -> Self {
        use deploy::Error;
        match error {
            Error::Profile { .. } | Error::Values(_) | Error::Explain(_) => Self::Usage(chain(&error)),
            Error::Yaml(_) | Error::Json(_) | Error::Write { .. } | Error::Folder(_) => {
                Self::Failed(chain(&error))
            }
        }
    }
}
