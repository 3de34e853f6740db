//! What can be typed after `deploy`.

mod check;
mod cost;
mod load;
mod simulate;

use std::path::PathBuf;

use clap::{Args as Arguments, Subcommand};

pub(crate) use check::{CheckFormat, DeployCheck};
pub(crate) use cost::DeployCost;
pub(crate) use load::{Format, PricesArgs, SubjectArgs, WorkersArgs};
pub(crate) use simulate::DeploySimulate;

/// Commands of `deploy`.
#[derive(Debug, Subcommand)]
pub(crate) enum DeployCommand {
    /// List the profiles: the fleets there are
    Profiles,
    /// Print or write the manifests of a fleet
    Render(DeployRender),
    /// Say where a number of a manifest comes from, and what of a fleet is otherwise than it was asked for
    Explain(DeployExplain),
    /// Show how a fleet scales under a load, and which threshold keeps a promise
    Simulate(Box<DeploySimulate>),
    /// Show what a year of a fleet costs, and what would meet a budget
    Cost(Box<DeployCost>),
    /// Look for contradictions in a fleet, or in any manifests; exit with 3 when there are errors or warnings
    Check(DeployCheck),
    /// Write the Helm chart
    Chart(DeployChart),
}

/// Which fleet: a profile, and what is otherwise.
#[derive(Debug, Arguments)]
pub(crate) struct FleetArgs {
    /// The profile, as `deskhand deploy profiles` lists them
    #[arg(long, value_name = "NAME")]
    pub(crate) profile: String,
    /// A YAML file with settings that differ; can be given several times, the last one wins
    #[arg(long = "values", short = 'f', value_name = "FILE")]
    pub(crate) values: Vec<PathBuf>,
    /// A setting that differs, such as api.replicas=4; can be given several times
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub(crate) set: Vec<String>,
}

/// Arguments of `deploy render`.
#[derive(Debug, Arguments)]
pub(crate) struct DeployRender {
    /// Which fleet
    #[command(flatten)]
    pub(crate) fleet: FleetArgs,
    /// Write a file a manifest into this folder, for Kustomize, instead of printing them; files there that are not of this
    /// command stay
    #[arg(long, value_name = "DIR")]
    pub(crate) output: Option<PathBuf>,
}

/// Arguments of `deploy explain`.
#[derive(Debug, Arguments)]
pub(crate) struct DeployExplain {
    /// Which fleet
    #[command(flatten)]
    pub(crate) fleet: FleetArgs,
    /// The manifest, as its file is called, and the field, such as deployment-api.spec.replicas; everything that is otherwise
    /// than asked where it is left out
    #[arg(value_name = "RESOURCE.FIELD")]
    pub(crate) path: Option<String>,
}

/// Arguments of `deploy chart`.
#[derive(Debug, Arguments)]
pub(crate) struct DeployChart {
    /// The folder that becomes the chart; files there that are not of this command stay
    #[arg(long, value_name = "DIR", default_value = "deskhand")]
    pub(crate) output: PathBuf,
}
