//! The settings of a fleet: what a person may say about it, by the names that the chart has for it.
//!
//! [`Values`] is read from a profile, then files, then flags, in which each says only what differs, as Helm merges them.
//! A key that nobody knows, or a value of the wrong kind, is refused with the place where it was given. What settings mean
//! together is not known here: that is [`Fleet`](crate::Fleet)'s.

mod component;
mod layers;
mod platform;
mod quantity;
mod read;
mod set;
mod shape;
mod yaml;

pub use component::{
    Behavior, Component, Container, Drain, Pdb, Policy, PolicyKind, Probe, Probes, Resources, Rollout,
    Scaling, ScalingKind, ScalingLag, Selecting, Service, Spread, Toleration, WhenUnsatisfiable,
};
pub use layers::Layers;
pub use platform::{
    Backup, Bus, BusKind, CloudNativePg, Database, DatabaseKind, DevSecret, Entry, EntryKind, Exporter,
    External, ExternalTraffic, FluentBit, Gateway, Image, Ingress, Kafka, Logging, Migrations, Monitoring,
    MonitoringKind, Namespaces, Nats, NetworkPolicy, OwnMonitoring, Peer, PostgresSet, PullPolicy, Security,
    ServiceAccount, Storage, Strimzi, Tracing, TracingKind,
};
pub use quantity::Quantity;
pub use read::{Origin, Problem, Share, Tree};
pub(crate) use read::{Origins, nearest, origin_of};

use std::collections::BTreeMap;

use read::{Read as _, Reading};
use serde_json::Value;

choices! {
    /// What a fleet is for.
    Environment {
        /// People rely on it.
        Production = "production",
        /// The rehearsal.
        Staging = "staging",
        /// A developer's.
        Development = "development",
    }
}

values! {
    /// The settings of a fleet.
    Values {
        /// What the fleet is for. It becomes a label, and a fleet that people rely on may not have a made-up secret.
        environment: Environment,
        /// The namespace of everything that has none of its own. Empty: the one that Helm installs into, or `deskhand`.
        namespace: String,
        /// Namespaces beside that one.
        namespaces: Namespaces,
        /// What names begin with, instead of the release's name.
        name_override: String,
        /// Labels on every object.
        common_labels: BTreeMap<String, String>,
        /// Deskhand's image.
        image: Image,
        /// Names of Secrets with which images are pulled.
        image_pull_secrets: Vec<String>,
        /// Whom the processes run as.
        security: Security,
        /// The account that pods have; nothing of ours asks Kubernetes anything.
        service_account: ServiceAccount,
        /// Deskhand's own settings by their keys, such as `log: {level: debug}`; see `deskhand config show`. What is
        /// secret does not belong here, but into the Secret.
        settings: Tree,
        /// The Secret that is there already, in every namespace that needs it, with DESKHAND_SECRET_KEY,
        /// DESKHAND_DATABASE_URL for a database elsewhere, and what of Deskhand's other secret settings is used.
        existing_secret: String,
        /// A Secret with known contents, to try things out.
        dev_secret: DevSecret,
        /// The page.
        web: Component,
        /// What answers programs, the page and visitors.
        api: Component,
        /// What handles events.
        workers: Component,
        /// Further sets of workers by name, each with what differs from `workers`.
        worker_sets: BTreeMap<String, Tree>,
        /// What moves events to the bus.
        relay: Component,
        /// What fires what is due.
        clock: Component,
        /// What brings the database up to date before new pods start.
        migrations: Migrations,
        /// The database.
        database: Database,
        /// Copies of the database, where it is ours.
        backup: Backup,
        /// What carries events.
        bus: Bus,
        /// The way in.
        entry: Entry,
        /// Who may talk to whom.
        network_policy: NetworkPolicy,
        /// Metrics, dashboards and alerts.
        monitoring: Monitoring,
        /// Traces.
        tracing: Tracing,
        /// Logs.
        logging: Logging,
    }
}

impl Values {
    /// Reads merged settings; `origins` knows where each was given. Sets of workers come back complete.
    pub(crate) fn read(
        value: &Value,
        origins: &Origins,
    ) -> Result<(Self, BTreeMap<String, Component>), Vec<Problem>> {
        let mut reading = Reading::new(origins);
        let values = Self::read_from(&mut reading, value);
        let problems = reading.problems();
        match values {
            Some(values) if problems.is_empty() => Ok(values),
            _ => Err(problems),
        }
    }

    fn read_from(reading: &mut Reading<'_>, value: &Value) -> Option<(Self, BTreeMap<String, Component>)> {
        let values = <Self as read::Read>::read(reading, value)?;
        let sets = value.get("workers").map(|workers| {
            let each = values.worker_sets.iter().map(|(name, differs)| {
                let mut whole = workers.clone();
                if let Some(whole) = whole.as_object_mut() {
                    // Without workers of their own there may still be sets of them.
                    whole.insert("enabled".to_owned(), Value::Bool(true));
                }
                layers::merge(&mut whole, &Value::Object(differs.0.clone()));
                let component = reading.below("workerSets", |reading| {
                    reading.below(name, |reading| Component::read(reading, &whole))
                });
                Some((name.clone(), component?))
            });
            each.collect::<Option<BTreeMap<_, _>>>()
        });
        Some((values, sets.flatten()?))
    }

    /// What the values of the chart may be, as JSON Schema.
    pub fn schema() -> Value {
        <Self as read::Read>::schema()
    }
}

/// Reads YAML of ours, which is what it should be.
pub(crate) fn own_yaml(name: &str, text: &str) -> Result<Value, crate::Error> {
    yaml::read(std::path::Path::new(name), text).map(|(value, _)| value).map_err(crate::Error::one)
}

use shape::{choices, values};
