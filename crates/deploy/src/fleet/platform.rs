//! What is around the parts: database, bus, the way in, what watches. Each is what it is, with what belongs to it.

use super::{ImageRef, Volume};
use crate::values::{
    Backup, ExternalTraffic, Gateway, Ingress, OwnMonitoring, Resources, Tracing as TracingValues,
};

/// Where secrets come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Secret {
    /// A Secret of this name that is there.
    Existing(String),
    /// One of this name with known contents.
    Dev(String),
}

impl Secret {
    /// Its name.
    pub fn name(&self) -> &str {
        match self {
            Self::Existing(name) | Self::Dev(name) => name,
        }
    }
}

/// The database.
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "there is one of it in a fleet")]
pub enum Database {
    /// Elsewhere; its address is in the Secret.
    External {
        /// Its port.
        port: i32,
        /// The networks that it is in; none: anywhere.
        cidrs: Vec<String>,
        /// How many connections it has, where that is said.
        max_connections: Option<i32>,
    },
    /// A StatefulSet of one.
    StatefulSet {
        /// Its namespace.
        namespace: String,
        /// Its image.
        image: ImageRef,
        /// Its volume.
        volume: Volume,
        /// What it asks for, and may have.
        resources: Resources,
        /// How many connections it has.
        max_connections: i32,
        /// How long its end may take, in seconds.
        grace_secs: i32,
        /// Copies of it, with their volume.
        backup: Option<(Backup, Volume)>,
    },
    /// A cluster of CloudNativePG.
    CloudNativePg {
        /// Its namespace.
        namespace: String,
        /// How many there are.
        instances: i32,
        /// The image.
        image: ImageRef,
        /// The volume of each.
        volume: Volume,
        /// What each asks for, and may have.
        resources: Resources,
        /// How many connections it has.
        max_connections: i32,
    },
}

impl Database {
    /// How many connections it has, where that is known.
    pub fn max_connections(&self) -> Option<i32> {
        match self {
            Self::External { max_connections, .. } => *max_connections,
            Self::StatefulSet { max_connections, .. } | Self::CloudNativePg { max_connections, .. } => {
                Some(*max_connections)
            }
        }
    }

    /// Whether it is there before the fleet is.
    pub fn comes_first(&self) -> bool {
        matches!(self, Self::External { .. })
    }
}

/// What carries events.
#[derive(Debug, Clone, PartialEq)]
pub enum Bus {
    /// The database.
    None,
    /// A broker elsewhere.
    External {
        /// Where it is.
        url: String,
        /// Its port.
        port: i32,
        /// The networks that it is in; none: anywhere.
        cidrs: Vec<String>,
        /// What names of topics begin with.
        prefix: String,
        /// How many copies of each event there are.
        replication: i32,
    },
    /// NATS of ours.
    Nats(Brokers),
    /// Kafka of ours.
    Kafka(Brokers),
    /// Kafka by Strimzi.
    Strimzi(Brokers),
}

/// Brokers in the cluster.
#[derive(Debug, Clone, PartialEq)]
pub struct Brokers {
    /// Their namespace.
    pub namespace: String,
    /// How many there are.
    pub replicas: i32,
    /// How many copies there must be before a write is acknowledged; NATS wants more than half.
    pub min_insync: i32,
    /// What names of topics begin with.
    pub prefix: String,
    /// How many copies of each event there are.
    pub replication: i32,
    /// Their image; Strimzi brings its own.
    pub image: Option<ImageRef>,
    /// Kafka's version, for Strimzi.
    pub version: String,
    /// Whether one waits rather than sharing a node with another.
    pub waits_for_a_node: bool,
    /// The volume of each.
    pub volume: Volume,
    /// What each asks for, and may have.
    pub resources: Resources,
}

impl Bus {
    /// The brokers in the cluster.
    pub fn brokers(&self) -> Option<&Brokers> {
        match self {
            Self::None | Self::External { .. } => None,
            Self::Nats(brokers) | Self::Kafka(brokers) | Self::Strimzi(brokers) => Some(brokers),
        }
    }

    /// Whether it is Kafka, wherever that is.
    pub fn is_kafka(&self) -> bool {
        match self {
            Self::None | Self::Nats(_) => false,
            Self::External { url, .. } => url.starts_with("kafka:"),
            Self::Kafka(_) | Self::Strimzi(_) => true,
        }
    }

    /// What names of topics begin with.
    pub fn prefix(&self) -> &str {
        match self {
            Self::None => crate::program::NAME,
            Self::External { prefix, .. } => prefix,
            Self::Nats(brokers) | Self::Kafka(brokers) | Self::Strimzi(brokers) => &brokers.prefix,
        }
    }
}

/// What tells Prometheus the lag of groups on Kafka.
#[derive(Debug, Clone, PartialEq)]
pub struct Exporter {
    /// Its image.
    pub image: ImageRef,
    /// What it asks for, and may have.
    pub resources: Resources,
}

/// The way in.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The kind of it.
    pub way: Way,
    /// The name under which people find it, where it has one.
    pub host: Option<String>,
    /// Whether it is encrypted on the way.
    pub tls: bool,
    /// The port that people use.
    pub port: i32,
    /// Which pods a node passes on to.
    pub traffic: ExternalTraffic,
    /// Annotations.
    pub annotations: std::collections::BTreeMap<String, String>,
}

/// The kinds of a way in.
#[derive(Debug, Clone, PartialEq)]
pub enum Way {
    /// None.
    None,
    /// A port of every node.
    NodePort {
        /// Which; any where nothing is said.
        port: Option<i32>,
    },
    /// A load balancer of the cloud.
    LoadBalancer {
        /// Networks that may come in; none: all.
        source_ranges: Vec<String>,
    },
    /// An Ingress.
    Ingress(Ingress),
    /// Gateway API.
    Gateway(Gateway),
}

/// Who collects metrics.
#[derive(Debug, Clone, PartialEq)]
pub enum Monitoring {
    /// Nobody.
    None,
    /// A Prometheus that goes by annotations.
    Annotations,
    /// The Prometheus operator.
    Operator {
        /// How often, in seconds.
        interval_secs: i32,
        /// Labels by which it finds what is for it.
        labels: std::collections::BTreeMap<String, String>,
    },
    /// Prometheus, Grafana and Alertmanager of ours.
    Own {
        /// How often, in seconds.
        interval_secs: i32,
        /// Their namespace.
        namespace: String,
        /// The rest of what was said about them.
        values: Box<OwnMonitoring>,
    },
}

/// Who takes traces.
#[derive(Debug, Clone, PartialEq)]
pub enum Tracing {
    /// Nobody.
    None,
    /// A collector of ours.
    Collector {
        /// Its namespace.
        namespace: String,
        /// The share of ordinary traces that are kept.
        ratio: f64,
        /// The rest of what was said about it.
        values: Box<TracingValues>,
    },
}
