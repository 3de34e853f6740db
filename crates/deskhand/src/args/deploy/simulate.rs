//! What can be typed after `deploy simulate`.

use std::path::PathBuf;

use clap::Args as Arguments;

use super::load::{Format, PricesArgs, SubjectArgs, WorkersArgs};

/// Arguments of `deploy simulate`.
#[derive(Debug, Arguments)]
pub(crate) struct DeploySimulate {
    /// Which fleet
    #[command(flatten)]
    pub(crate) subject: SubjectArgs,
    /// The load: constant:RATE, step:FROM:TO@TIME, spike or spike:RATE:EVENTS@TIME, daily or daily:LOW:HIGH, or a CSV file with lines of
    /// a time in seconds and a rate; rates are events a second
    #[arg(long, value_name = "LOAD")]
    pub(crate) load: String,
    /// What is known of the workers
    #[command(flatten)]
    pub(crate) workers: WorkersArgs,
    /// Look for the lag threshold that keeps the promise at the least cost
    #[arg(long)]
    pub(crate) solve: bool,
    /// Also write a picture to this file
    #[arg(long, value_name = "FILE")]
    pub(crate) svg: Option<PathBuf>,
    /// What the workers cost; by itself at the prices of the requirements
    #[command(flatten)]
    pub(crate) prices: PricesArgs,
    /// How the result is written
    #[arg(long, value_enum, default_value = "text")]
    pub(crate) format: Format,
}
