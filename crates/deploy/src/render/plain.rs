//! What the fleet's other programs have in common: a Deployment of one, files that they are configured with, and how
//! Prometheus finds them.

use std::collections::BTreeMap;

use k8s_openapi::api::apps::v1::{Deployment, DeploymentSpec};
use k8s_openapi::api::core::v1::{
    ConfigMap, ConfigMapVolumeSource, Container, PodTemplateSpec, Volume, VolumeMount,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use sha2::{Digest as _, Sha256};

use super::meta::selector;
use super::pod::{mount, pod};
use crate::fleet::{Fleet, Monitoring};
use crate::program;

/// Files by name.
pub(super) type Files = BTreeMap<String, String>;

/// One of the fleet's other programs that keeps nothing.
pub(super) struct Plain<'a> {
    pub(super) part: &'a str,
    pub(super) namespace: &'a str,
    pub(super) user: i64,
    pub(super) container: Container,
    pub(super) volumes: Vec<Volume>,
    pub(super) annotations: BTreeMap<String, String>,
}

/// Its Deployment.
pub(super) fn deployment(fleet: &Fleet, plain: Plain<'_>) -> Deployment {
    let Plain { part, namespace, user, container, volumes, annotations } = plain;
    Deployment {
        metadata: fleet.meta(part, fleet.names.of(part), namespace),
        spec: Some(DeploymentSpec {
            replicas: Some(1),
            revision_history_limit: Some(5),
            selector: selector(&fleet.names, part),
            template: PodTemplateSpec {
                metadata: Some(ObjectMeta {
                    annotations: (!annotations.is_empty()).then_some(annotations),
                    labels: Some(fleet.pod_labels(part, &BTreeMap::new())),
                    ..ObjectMeta::default()
                }),
                spec: Some(pod(fleet, user, container, volumes)),
            },
            ..DeploymentSpec::default()
        }),
        status: None,
    }
}

/// The annotations by which a Prometheus finds a pod's metrics, where one goes by them.
pub(super) fn scraped_annotations(fleet: &Fleet, port: i32) -> BTreeMap<String, String> {
    match fleet.monitoring {
        Monitoring::None | Monitoring::Operator { .. } => BTreeMap::new(),
        Monitoring::Annotations | Monitoring::Own { .. } => BTreeMap::from([
            ("prometheus.io/scrape".to_owned(), "true".to_owned()),
            ("prometheus.io/port".to_owned(), port.to_string()),
            ("prometheus.io/path".to_owned(), program::METRICS.to_owned()),
        ]),
    }
}

/// Files as a ConfigMap.
pub(super) fn config_map(fleet: &Fleet, part: &str, name: &str, namespace: &str, files: &Files) -> ConfigMap {
    ConfigMap {
        metadata: fleet.meta(part, fleet.names.of(name), namespace),
        data: Some(files.clone()),
        ..ConfigMap::default()
    }
}

/// Files of a ConfigMap as a volume of the same name.
pub(super) fn config_volume(fleet: &Fleet, name: &str) -> Volume {
    let source = ConfigMapVolumeSource { name: fleet.names.of(name), ..ConfigMapVolumeSource::default() };
    Volume { name: name.to_owned(), config_map: Some(source), ..Volume::default() }
}

/// Where they are in a container.
pub(super) fn config_mount(name: &str, path: &str) -> VolumeMount {
    VolumeMount { read_only: Some(true), ..mount(name, path) }
}

/// A digest of files, so that pods are replaced when these change.
pub(super) fn digest<'f>(files: impl IntoIterator<Item = &'f Files>) -> (String, String) {
    let mut digest = Sha256::new();
    for text in files.into_iter().flat_map(BTreeMap::values) {
        digest.update(text);
    }
    ("deskhand.dev/settings".to_owned(), hex::encode(digest.finalize()))
}

/// A file with what goes into its places.
pub(super) fn filled(text: &str, places: &[(&str, String)]) -> String {
    places.iter().fold(text.to_owned(), |text, (place, value)| text.replace(&format!("__{place}__"), value))
}

impl Fleet {
    /// Every namespace with pods of ours, as lists of programs that watch have them.
    pub(super) fn watched_namespaces(&self) -> Vec<String> {
        let restricted =
            self.namespaces().into_iter().filter(|(_, level)| *level == super::shared::Level::Restricted);
        restricted.map(|(name, _)| name).collect()
    }

    /// What tells this fleet's series from those of others.
    pub(super) fn desk(&self) -> String {
        format!("{}/{}", self.names.namespace, self.names.instance)
    }
}
