//! What a year of a fleet costs, by dated prices that say where they are from.
//!
//! A [`Bill`] says what is used, a [`Table`] what that costs, and [`year`] puts both together, counted in two ways: by
//! what is requested, which is the fleet's share of nodes that others use, too, and by whole nodes, which is what is
//! paid where nobody else does. [`plan`] looks for what meets a budget and still keeps the promise.
//! It reads no file, asks no provider, and invents no price: what a table leaves out is said, and not counted.

mod bill;
mod pack;
mod plan;
mod prices;
mod report;
mod year;

pub use bill::{Bill, Occupancy, Pods};
pub use pack::Packed;
pub use plan::{Plan, Proposal, Wish, plan};
pub use prices::{Allocatable, Disk, Disks, Egress, Node, PROVIDERS, Per, Price, PriceError, Table};
pub use year::{Line, Nodes, Year, year};

/// Hours of a year that is no leap year.
pub const YEAR_HOURS: f64 = 8_760.0;

/// A fleet that cannot be priced.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Error {
    /// A pod that fits on no node.
    #[error(
        "a pod of {workload} requests {cpu_milli}m and {memory_mib} MiB, and {node} has {room_milli}m and {room_mib} MiB for pods: name a larger node, or request less"
    )]
    TooLarge {
        /// Whose pod.
        workload: String,
        /// What it requests of the CPU, in thousandths of a core.
        cpu_milli: i64,
        /// What it requests of memory, in MiB.
        memory_mib: i64,
        /// The node.
        node: String,
        /// What the node has of the CPU.
        room_milli: i64,
        /// What the node has of memory, in MiB.
        room_mib: i64,
    },
    /// A budget that is none.
    #[error("a budget has to be a number that is not negative, and it is {found}")]
    Budget {
        /// What was given.
        found: f64,
    },
    /// The simulation that is to prove a proposal.
    #[error(transparent)]
    Simulation(#[from] crate::simulate::Error),
}

#[cfg(test)]
#[path = "cost/tests.rs"]
mod tests;
