//! What can be typed after `deploy cost`.

use clap::Args as Arguments;

use super::load::{Format, PricesArgs, SubjectArgs, WorkersArgs};

/// Arguments of `deploy cost`.
#[derive(Debug, Arguments)]
pub(crate) struct DeployCost {
    /// Which fleet
    #[command(flatten)]
    pub(crate) subject: SubjectArgs,
    /// Whose prices; by itself all that come along, side by side
    #[command(flatten)]
    pub(crate) prices: PricesArgs,
    /// What a year may cost: exit with 3 where it costs more, and show what would meet it
    #[arg(long, value_name = "AMOUNT", allow_negative_numbers = true)]
    pub(crate) budget: Option<f64>,
    /// The load that replicas follow, as `deploy simulate` takes it; by itself the least and the most replicas are shown, and
    /// for a budget a day between 1 and 10 events a second is taken
    #[arg(long, value_name = "LOAD")]
    pub(crate) load: Option<String>,
    /// What is sent to the internet in a month, in GiB
    #[arg(long, value_name = "GIB", allow_negative_numbers = true)]
    pub(crate) egress: Option<f64>,
    /// What is known of the workers
    #[command(flatten)]
    pub(crate) workers: WorkersArgs,
    /// How the result is written
    #[arg(long, value_enum, default_value = "text")]
    pub(crate) format: Format,
}
