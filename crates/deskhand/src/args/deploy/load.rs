//! What `deploy check`, `deploy simulate` and `deploy cost` have in common: a fleet, workers, prices, and how results are written.

use std::path::PathBuf;

use clap::{Args as Arguments, ValueEnum};
use deploy::simulate::{Nodes, seconds, whole_seconds};

/// Which fleet: a profile with what is otherwise, or manifests as they are.
#[derive(Debug, Arguments)]
pub(crate) struct SubjectArgs {
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
}

/// How results are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    Text,
    /// For programs
    Json,
}

/// What is known of the workers, and how long they are looked at.
#[derive(Debug, Arguments)]
pub(crate) struct WorkersArgs {
    /// How much of the load is simulated, such as 24h, at most 31 days
    #[arg(long, value_name = "TIME", default_value = "24h", value_parser = whole_seconds)]
    pub(crate) duration: u32,
    /// How long a worker takes for one event
    #[arg(long, value_name = "TIME", default_value = "0.5s", value_parser = seconds)]
    pub(crate) service_time: f64,
    /// How long a worker takes from a place on a node until it is ready
    #[arg(long, value_name = "TIME", default_value = "20s", value_parser = whole_seconds)]
    pub(crate) start_time: u32,
    /// How much of its requested CPU a worker uses while it handles an event, in per cent; it counts where the CPU is followed
    #[arg(long, value_name = "PERCENT", default_value_t = 50, value_parser = clap::value_parser!(i64).range(0..=1_000))]
    pub(crate) busy_cpu: i64,
    /// How many partitions the topic has; by itself those of the manifests, or of Deskhand's topic
    #[arg(long, value_name = "N")]
    pub(crate) partitions: Option<u32>,
    /// The room there is, READY:MOST:EACH@TIME, such as 2:4:3@2m: nodes that are there, nodes that there may be, replicas
    /// that fit on one, and how long a new one takes; by itself there is always room
    #[arg(long, value_name = "NODES", value_parser = Nodes::parse)]
    pub(crate) nodes: Option<Nodes>,
    /// Within which time 99 of 100 events have to be answered
    #[arg(long, value_name = "TIME", default_value = "3s", value_parser = seconds)]
    pub(crate) promise: f64,
    /// Which workload follows the load, where several are scaled
    #[arg(long, value_name = "NAME")]
    pub(crate) workload: Option<String>,
    /// Let events come at random moments, always the same for the same number
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u64>,
}

/// Which prices.
#[derive(Debug, Arguments)]
pub(crate) struct PricesArgs {
    /// The prices that come along: digitalocean, google, azure, oracle, or given for those of the requirements
    #[arg(long, value_name = "NAME", conflicts_with = "prices")]
    pub(crate) provider: Option<String>,
    /// A file with prices of your own
    #[arg(long, value_name = "FILE")]
    pub(crate) prices: Option<PathBuf>,
}
