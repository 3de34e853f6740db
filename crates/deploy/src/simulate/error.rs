//! What can be wrong with what is to be simulated.

use super::{hpa, keda};

/// It cannot be simulated as it was asked for. Each message says what to do.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Error {
    /// A number that makes no sense.
    #[error("{name} is {found}: it has to be {allowed}")]
    Setting {
        /// Its name.
        name: &'static str,
        /// What it is.
        found: String,
        /// What it may be.
        allowed: &'static str,
    },
    /// A load that is not written as any is.
    #[error(
        "the load {found:?} is none that is known: write constant:RATE, step:FROM:TO@TIME, spike[:RATE:EVENTS@TIME], daily[:LOW:HIGH] or the name of a CSV file; rates are events a second, times such as 90s, 10m or 2h"
    )]
    UnknownLoad {
        /// What was written.
        found: String,
    },
    /// A time that is none.
    #[error("{found:?} is no time: write 90, 0.5s, 250ms, 10m, 24h or 2d, a hundred years at most")]
    Time {
        /// What was written.
        found: String,
    },
    /// Nodes that are not written as they are.
    #[error(
        "{found:?} are no nodes: write READY:MOST:EACH@TIME, such as 2:4:3@2m, where EACH is how many replicas fit on one"
    )]
    NodesText {
        /// What was written.
        found: String,
    },
    /// A service that takes all the time that is promised.
    #[error(
        "an answer takes {service_secs} s once it is begun, and {promise_secs} s are promised: nothing is left to wait; promise more, or answer faster"
    )]
    NoTimeToWait {
        /// How long one takes.
        service_secs: f64,
        /// What is promised.
        promise_secs: f64,
    },
    /// A line of a CSV that is not a time and a rate.
    #[error("line {line} of the load is {found:?}: it has to be {wanted}")]
    Csv {
        /// The line, from 1.
        line: usize,
        /// What it says, its beginning.
        found: String,
        /// What it has to be.
        wanted: &'static str,
    },
    /// A load without an event.
    #[error("the load has no event in this time: give it a rate above zero, or a longer time")]
    NoEvents,
    /// More events than are simulated one by one.
    #[error(
        "the load has {events:.0} events, and at most {most} are simulated one by one: take a shorter time, or divide the rate and the thresholds by a number and multiply the service time with it"
    )]
    TooManyEvents {
        /// How many it has.
        events: f64,
        /// How many are simulated.
        most: u64,
    },
    /// The autoscaler.
    #[error(transparent)]
    Autoscaler(#[from] hpa::SpecError),
    /// The ScaledObject or its trigger.
    #[error(transparent)]
    ScaledObject(#[from] keda::SpecError),
    /// An autoscaler without anything to follow.
    #[error("the autoscaler follows neither a lag nor the CPU: give it a target for one of them")]
    NothingToFollow,
    /// Shares of a CPU that nobody requests.
    #[error("the autoscaler follows the CPU, but the workers request none: say what they request and use")]
    NoCpu,
    /// There is no threshold to be found.
    #[error("only a fleet that follows a lag has a threshold to be found: choose KEDA or a lag's target")]
    NoThreshold,
    /// No threshold keeps the promise.
    #[error(
        "no threshold keeps 99 % of the waiting under {promise_secs} s: the shortest is {best_secs:.1} s, at {threshold}; more replicas at the least, more partitions, a shorter start or more nodes may"
    )]
    Unkept {
        /// What was promised, in seconds.
        promise_secs: f64,
        /// The shortest that was found, in seconds.
        best_secs: f64,
        /// The threshold that gave it.
        threshold: i64,
    },
}

/// `Ok` where `is_fine`, and otherwise what `name` has to be.
pub(super) fn require(
    is_fine: bool,
    name: &'static str,
    found: impl ToString,
    allowed: &'static str,
) -> Result<(), Error> {
    if is_fine { Ok(()) } else { Err(Error::Setting { name, found: found.to_string(), allowed }) }
}
