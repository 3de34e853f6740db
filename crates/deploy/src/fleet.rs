//! The checked model of a fleet: what it is made of, with nothing left to decide and nothing in it that cannot work.
//!
//! [`Fleet`] is made from [`Layers`](crate::values::Layers) of settings, and refuses what cannot work with a reason. What is here is not known by
//! words with options beside them: a database that is a StatefulSet has a volume, one that is elsewhere has none.

mod build;
mod names;
mod parts;
mod platform;
mod rules;
mod settings;

use std::collections::BTreeMap;

pub use names::Names;
pub use parts::{Follow, Part, Scaling};
pub use platform::{Brokers, Bus, Database, Entry, Exporter, Monitoring, Secret, Tracing, Way};
pub(crate) use settings::{optional_secrets, variable};

use crate::values::{Environment, FluentBit, Migrations, NetworkPolicy, Quantity, ServiceAccount};

/// A fleet that can work.
#[derive(Debug, Clone, PartialEq)]
pub struct Fleet {
    /// What its things are called.
    pub names: Names,
    /// What it is for.
    pub environment: Environment,
    /// Labels on every object.
    pub common_labels: BTreeMap<String, String>,
    /// Deskhand's image.
    pub image: ImageRef,
    /// Names of Secrets with which images are pulled.
    pub pull_secrets: Vec<String>,
    /// The user that processes run as.
    pub user: i64,
    /// The account that pods have.
    pub service_account: ServiceAccount,
    /// Whether namespaces beside the fleet's own are made.
    pub creates_namespaces: bool,
    /// Deskhand's settings for all, by key.
    pub settings: BTreeMap<String, String>,
    /// Where secrets come from.
    pub secret: Secret,
    /// What runs Deskhand.
    pub parts: Vec<Part>,
    /// The Job that brings the database up to date, with its namespace.
    pub migrations: Option<(String, Migrations)>,
    /// The database.
    pub database: Database,
    /// What carries events.
    pub bus: Bus,
    /// What tells Prometheus the lag of groups, where replicas follow it.
    pub exporter: Exporter,
    /// The way in.
    pub entry: Entry,
    /// Who may talk to whom, where that is said.
    pub network_policy: Option<NetworkPolicy>,
    /// Who collects metrics.
    pub monitoring: Monitoring,
    /// Who takes traces.
    pub tracing: Tracing,
    /// What reads logs on every node.
    pub fluent_bit: Option<FluentBit>,
}

/// An image, by a name that always means the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageRef {
    /// With tag, and digest where there is one.
    pub name: String,
    /// Its version.
    pub version: String,
    /// When it is pulled.
    pub pull_policy: &'static str,
}

/// A volume.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Volume {
    /// How much it holds.
    pub size: Quantity,
    /// Its class, where it is not the cluster's default.
    pub class: Option<String>,
}

impl Fleet {
    /// The part that pages are asked of.
    pub fn front(&self) -> Option<&Part> {
        self.parts.iter().find(|part| part.serves_pages())
    }

    /// The part of this name.
    pub fn part(&self, name: &str) -> Option<&Part> {
        self.parts.iter().find(|part| part.name == name)
    }
}
