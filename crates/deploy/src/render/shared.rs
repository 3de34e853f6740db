//! What parts share: namespaces, accounts, settings, a Secret for trying things out.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::api::core::v1::{ConfigMap, Namespace, Secret as SecretObject, ServiceAccount};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use sha2::{Digest as _, Sha256};

use super::meta::{annotate, keep, say_why};
use super::monitoring::GRAFANA_PASSWORD;
use super::object::Object;
use super::why::Why;
use crate::error::Error;
use crate::fleet::{Bus, Database, Fleet, Monitoring, Secret, Tracing, variable};

/// The label of what belongs to no part.
pub(super) const SHARED: &str = "shared";

/// What [`crate::check`] says of a Secret in a manifest is accepted where the Secret is known to everybody anyway.
const ACCEPTED: &str = "deskhand.dev/accept.secret-in-manifest";

/// Namespaces, accounts, settings, secrets.
pub(super) fn objects(fleet: &Fleet) -> Result<Vec<Object>, Error> {
    let mut objects = Vec::new();
    if fleet.creates_namespaces {
        let others = fleet.namespaces().into_iter().filter(|(name, _)| *name != fleet.names.namespace);
        for (name, level) in others {
            objects.push(Object::new(&namespace(fleet, &name, level))?);
        }
    }
    for namespace in fleet.namespaces().into_keys() {
        let mut meta = fleet.meta(SHARED, fleet.names.base.clone(), &namespace);
        annotate(&mut meta, &fleet.service_account.annotations);
        objects.push(Object::new(&ServiceAccount {
            metadata: meta,
            automount_service_account_token: Some(false),
            ..ServiceAccount::default()
        })?);
    }
    let of_parts: BTreeSet<&str> = fleet.parts.iter().map(|part| part.namespace.as_str()).collect();
    for namespace in of_parts {
        objects.push(Object::new(&ConfigMap {
            metadata: fleet.meta(SHARED, fleet.names.of("settings"), namespace),
            data: Some(variables(&fleet.settings)),
            ..ConfigMap::default()
        })?);
    }
    if let Secret::Dev(name) = &fleet.secret {
        for namespace in secret_namespaces(fleet) {
            let mut meta = fleet.meta(SHARED, name.clone(), &namespace);
            say_why(&mut meta, &[Why::DevSecret]);
            annotate(&mut meta, &BTreeMap::from([(ACCEPTED.to_owned(), Why::DevSecret.text().to_owned())]));
            let mut known = BTreeMap::from([
                ("DESKHAND_SECRET_KEY".to_owned(), known_to_all(fleet, "secret key")),
                (super::POSTGRES_PASSWORD.to_owned(), known_to_all(fleet, "password")),
            ]);
            if matches!(fleet.monitoring, Monitoring::Own { .. }) {
                known.insert(GRAFANA_PASSWORD.to_owned(), known_to_all(fleet, "grafana"));
            }
            objects.push(Object::new(&SecretObject {
                metadata: meta,
                string_data: Some(known),
                type_: Some("Opaque".to_owned()),
                ..SecretObject::default()
            })?);
        }
    }
    Ok(objects)
}

/// Settings as the variables that processes read them from.
pub(super) fn variables(settings: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    settings.iter().map(|(key, value)| (variable(key), value.clone())).collect()
}

/// A digest of the settings, so that pods are replaced when these change.
pub(super) fn settings_digest(fleet: &Fleet) -> String {
    let lines: String =
        variables(&fleet.settings).iter().map(|(name, value)| format!("{name}={value}\n")).collect();
    hex::encode(Sha256::digest(lines))
}

/// A value that everybody can work out. It is the same at every update, and it is no secret.
fn known_to_all(fleet: &Fleet, what: &str) -> String {
    let names = &fleet.names;
    hex::encode(Sha256::digest(format!("{}/{} {what}", names.namespace, names.base)))
}

fn secret_namespaces(fleet: &Fleet) -> BTreeSet<String> {
    let mut namespaces: BTreeSet<String> =
        fleet.parts.iter().filter(|part| part.uses_database()).map(|part| part.namespace.clone()).collect();
    namespaces.extend(fleet.migrations.iter().map(|(namespace, _)| namespace.clone()));
    if let Database::StatefulSet { namespace, .. } = &fleet.database {
        namespaces.insert(namespace.clone());
    }
    if let Monitoring::Own { namespace, .. } = &fleet.monitoring {
        namespaces.insert(namespace.clone());
    }
    namespaces
}

/// What Pod Security allows in a namespace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Level {
    Restricted,
    Privileged,
}

impl Fleet {
    /// The namespaces with pods of the fleet, and what Pod Security allows in each.
    pub(super) fn namespaces(&self) -> BTreeMap<String, Level> {
        let mut names: BTreeSet<&str> = self.parts.iter().map(|part| part.namespace.as_str()).collect();
        names.extend(self.migrations.iter().map(|(namespace, _)| namespace.as_str()));
        match &self.database {
            Database::External { .. } => {}
            Database::StatefulSet { namespace, .. } | Database::CloudNativePg { namespace, .. } => {
                names.insert(namespace);
            }
        }
        if let Bus::Nats(brokers) | Bus::Kafka(brokers) | Bus::Strimzi(brokers) = &self.bus {
            names.insert(&brokers.namespace);
        }
        if let Monitoring::Own { namespace, .. } = &self.monitoring {
            names.insert(namespace);
        }
        if let Tracing::Collector { namespace, .. } = &self.tracing {
            names.insert(namespace);
        }
        let mut levels: BTreeMap<String, Level> =
            names.into_iter().map(|name| (name.to_owned(), Level::Restricted)).collect();
        if let Some(fluent_bit) = &self.fluent_bit {
            levels.insert(fluent_bit.namespace.clone(), Level::Privileged);
        }
        levels
    }
}

fn namespace(fleet: &Fleet, name: &str, level: Level) -> Namespace {
    let level = match level {
        Level::Restricted => "restricted",
        Level::Privileged => "privileged",
    };
    let mut labels = fleet.labels(SHARED);
    for mode in ["enforce", "audit", "warn"] {
        labels.insert(format!("pod-security.kubernetes.io/{mode}"), level.to_owned());
    }
    let mut metadata =
        ObjectMeta { name: Some(name.to_owned()), labels: Some(labels), ..ObjectMeta::default() };
    say_why(&mut metadata, &[Why::KeptNamespace]);
    keep(&mut metadata);
    Namespace { metadata, ..Namespace::default() }
}
