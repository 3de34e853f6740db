//! How a fleet scales under a load, by the arithmetic of the controllers themselves.
//!
//! [`hpa`] is Kubernetes' own autoscaler and [`keda`] what stands before it where replicas follow a queue. [`replay`]
//! sends a [`Load`] through a [`Fleet`], and [`solve`] looks for the threshold that keeps a promise at the least cost.
//! Everything is a function of what it is given: no clock, no randomness without a seed, no file.

pub mod hpa;
pub mod keda;

mod chart;
mod error;
mod fleet;
mod load;
mod replay;
mod report;
mod scaled;
mod solve;
mod time;
mod waiting;

pub use chart::Caption;
pub use error::Error;
pub use fleet::{Cpu, Fleet, MOST_SECS, Nodes, Scaling, Trigger, Workers};
pub use load::{Load, Point};
pub use replay::{By, Change, Run, Sample, replay};
pub use report::Rate;
pub use scaled::{Scaled, scaled};
pub use solve::{Solution, Trial, solve};
pub use time::{seconds, whole_seconds};
