//! What manifests say of what runs: pods with what they request, how many, who scales them, their disks.
//!
//! It reads rendered objects, ours or others', as far as they cost something or are scaled, and passes over the rest.
//! It must not price or simulate anything.

mod read;

use serde::Serialize;
use serde_json::Value;

use crate::values::Quantity;

pub use read::read;

/// A quantity as it stands in a manifest, in thousandths; nothing where it is none.
pub(crate) fn milli(value: &Value) -> Option<i64> {
    let quantity = match value {
        Value::String(text) => Quantity::parse(text),
        Value::Number(number) => Quantity::parse(&number.to_string()),
        _ => None,
    };
    i64::try_from(quantity?.milli()).ok()
}

/// What one pod requests.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Requests {
    /// Of the CPU, in thousandths of a core.
    pub cpu_milli: i64,
    /// Of memory, in bytes.
    pub memory_bytes: i64,
}

/// What a workload is there for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// What the fleet is for.
    Application,
    /// A database.
    Database,
    /// A broker of events.
    Brokers,
    /// What watches the others.
    Monitoring,
}

impl Part {
    /// Its name, as it is shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Application => "application",
            Self::Database => "database",
            Self::Brokers => "brokers",
            Self::Monitoring => "monitoring",
        }
    }
}

/// Disks of one size.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Volume {
    /// Whose they are.
    pub name: String,
    /// What they are for.
    pub part: Part,
    /// The storage class; nothing where it is the cluster's.
    pub class: Option<String>,
    /// The size of one, in GiB.
    pub gib: f64,
    /// How many.
    pub count: u32,
}

/// Pods of one kind.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Workload {
    /// The kind of the object, such as `Deployment`.
    pub kind: String,
    /// Its namespace; empty where it names none.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// What it is there for.
    pub part: Part,
    /// What one pod requests.
    pub requests: Requests,
    /// How many pods; of those that are scaled, the least.
    pub replicas: u32,
    /// How many pods at most; nothing where their number is fixed.
    pub most_replicas: Option<u32>,
    /// No two of its pods may be on one node.
    pub is_apart: bool,
    /// One of its pods is on each node.
    pub is_on_each_node: bool,
    /// Containers that request nothing of the CPU or of memory, and so cost nothing on paper.
    pub silent: Vec<String>,
}

/// Who scales a workload: a HorizontalPodAutoscaler or a ScaledObject.
#[derive(Debug, Clone, PartialEq)]
pub struct Scaler<'a> {
    /// Its kind and name.
    pub name: String,
    /// The workload's place in [`Found::workloads`].
    pub workload: usize,
    /// The object.
    pub object: &'a Value,
}

/// What was found.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Found<'a> {
    /// What runs.
    pub workloads: Vec<Workload>,
    /// Who scales it.
    pub scalers: Vec<Scaler<'a>>,
    /// Disks that stay.
    pub volumes: Vec<Volume>,
    /// Addresses of the outside that a provider bills: Services of the type LoadBalancer, and Gateways.
    pub balancers: Vec<String>,
    /// Topics with their partitions, as far as manifests name them.
    pub topics: Vec<(String, u32)>,
    /// What is there and does not count, and why.
    pub notes: Vec<String>,
}

/// A manifest that does not say what it has to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{object}: {field} is {found}: it has to be {wanted}")]
pub struct Error {
    /// Which object.
    pub object: String,
    /// Which field.
    pub field: String,
    /// What it says.
    pub found: String,
    /// What it has to be.
    pub wanted: &'static str,
}

#[cfg(test)]
#[path = "workload/tests.rs"]
pub(crate) mod tests;
