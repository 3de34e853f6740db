//! The fleet: what it takes to run Deskhand on Kubernetes, worked out without a cluster.
//!
//! [`values`] is what a person says, beginning with a profile; [`Fleet`] is the checked model of it; [`render`] makes the
//! manifests, and [`output`] writes them. [`simulate`] is how a fleet scales under a load, and [`cost`] what a year of it
//! costs; both look at manifests, by [`workload`]. [`check`] finds contradictions in [`manifests`], ours or others'. Nothing
//! here speaks to a cluster or knows what time it is; only [`output`] and [`manifests`] touch files.

pub mod check;
pub mod cost;
mod error;
pub mod fleet;
pub mod manifests;
pub mod metrics;
pub mod output;
pub mod profiles;
pub mod program;
pub mod promql;
pub mod render;
pub mod simulate;
pub mod values;
pub mod workload;

pub use error::Error;
pub use fleet::Fleet;
pub use render::{Object, render};
