//! What can be typed after `deploy`.

mod cost;
mod load;
mod simulate;

use std::path::PathBuf;

use clap::{Args as Arguments, Subcommand, ValueEnum};

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

/// Arguments of `deploy check`.
#[derive(Debug, Arguments)]
pub(crate) struct DeployCheck {
    /// Files or folders of manifests; `-` reads standard input
    #[arg(value_name = "PATH", required_unless_present = "profile", conflicts_with = "profile")]
    pub(crate) paths: Vec<PathBuf>,
    /// The fleet of this profile instead
    #[arg(long, value_name = "NAME")]
    pub(crate) profile: Option<String>,
    /// A YAML file with settings of the profile that differ; can be given several times, the last one wins
    #[arg(long = "values", short = 'f', value_name = "FILE", requires = "profile")]
    pub(crate) values: Vec<PathBuf>,
    /// A setting of the profile that differs, such as api.replicas=4; can be given several times
    #[arg(long = "set", value_name = "KEY=VALUE", requires = "profile")]
    pub(crate) set: Vec<String>,
    /// How to print what was found; --json is the same as json
    #[arg(long, value_enum, default_value = "text")]
    pub(crate) format: CheckFormat,
    /// Print notes in full, too
    #[arg(long)]
    pub(crate) notes: bool,
    /// The namespace of objects that name none
    #[arg(long, value_name = "NAME", default_value = "default")]
    pub(crate) namespace: String,
    /// The size of the largest node, as far as pods can have it, such as 4/16Gi
    #[arg(long, value_name = "CPU/MEMORY")]
    pub(crate) node: Option<String>,
    /// Until when an answer was promised, in seconds; deskhand.dev/answer-within-secs on a workload says it for that one
    #[arg(long, value_name = "SECONDS")]
    pub(crate) promise: Option<f64>,
    /// How long one event takes, in seconds; deskhand.dev/service-secs on a workload says it for that one
    #[arg(long, value_name = "SECONDS")]
    pub(crate) service: Option<f64>,
    /// What a year may cost, at the prices of --provider or --prices; by itself at those of the requirements
    #[arg(long, value_name = "AMOUNT")]
    pub(crate) budget: Option<f64>,
    /// Whose prices
    #[command(flatten)]
    pub(crate) prices: PricesArgs,
    /// As many connections a database takes that is not among the manifests
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(i64).range(1..=1_000_000))]
    pub(crate) max_connections: Option<i64>,
}

/// How findings are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum CheckFormat {
    /// For people
    Text,
    /// For programs
    Json,
    /// SARIF 2.1.0, for programs that show findings beside the lines
    Sarif,
}

/// Arguments of `deploy chart`.
#[derive(Debug, Arguments)]
pub(crate) struct DeployChart {
    /// The folder that becomes the chart; files there that are not of this command stay
    #[arg(long, value_name = "DIR", default_value = "deskhand")]
    pub(crate) output: PathBuf,
}
