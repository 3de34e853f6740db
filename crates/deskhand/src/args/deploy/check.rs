//! What can be typed after `deploy check`.

use clap::{Args as Arguments, ValueEnum};

use super::load::{PricesArgs, SubjectArgs};

/// Arguments of `deploy check`.
#[derive(Debug, Arguments)]
pub(crate) struct DeployCheck {
    /// What is looked at
    #[command(flatten)]
    pub(crate) subject: SubjectArgs,
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
