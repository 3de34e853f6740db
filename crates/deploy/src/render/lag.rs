//! What tells Prometheus the lag of groups on Kafka, and Prometheus' adapter which of it autoscalers ask for.

use std::collections::BTreeMap;

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{ConfigMap, Container};

use super::meta::say_why;
use super::object::Object;
use super::plain::{Plain, deployment, scraped_annotations};
use super::pod::{resources, restricted};
use super::scaling::bootstrap;
use super::stateful::{container_ports, every, tcp};
use super::why::Why;
use crate::error::Error;
use crate::fleet::{Bus, Fleet, Scaling};

/// The label of the exporter.
pub(super) const EXPORTER: &str = "kafka-exporter";
/// Where its metrics are.
pub(super) const EXPORTER_PORT: (&str, i32) = ("metrics", 9308);
/// What Prometheus' adapter is configured with.
const ADAPTER: &str = include_str!("../../assets/adapter/config.yaml");
/// The user that it runs as.
const USER: i64 = 1000;

impl Fleet {
    /// Whether replicas follow a lag that Prometheus knows.
    pub(super) fn follows_lag(&self) -> bool {
        self.parts.iter().any(|part| matches!(part.scaling, Scaling::Lag { .. }))
    }

    /// Whether there is an exporter of ours; Strimzi brings its own.
    pub(super) fn has_exporter(&self) -> bool {
        self.follows_lag() && !matches!(self.bus, Bus::Strimzi(_))
    }
}

/// The exporter, and the adapter's rules.
pub(super) fn objects(fleet: &Fleet) -> Result<Vec<Object>, Error> {
    let mut objects = Vec::new();
    if fleet.follows_lag() {
        let mut metadata = fleet.meta(EXPORTER, fleet.names.of("adapter-rules"), &fleet.names.namespace);
        say_why(&mut metadata, &[Why::ExternalMetric]);
        objects.push(Object::new(&ConfigMap {
            metadata,
            data: Some(BTreeMap::from([("config.yaml".to_owned(), ADAPTER.to_owned())])),
            ..ConfigMap::default()
        })?);
    }
    if fleet.has_exporter() {
        objects.push(Object::new(&exporter(fleet))?);
    }
    Ok(objects)
}

fn exporter(fleet: &Fleet) -> Deployment {
    let image = &fleet.exporter.image;
    let mut args: Vec<String> =
        bootstrap(fleet).split(',').map(|broker| format!("--kafka.server={broker}")).collect();
    let ours = format!("^{}[.].*", fleet.bus.prefix());
    args.extend([format!("--topic.filter={ours}"), format!("--group.filter={ours}")]);
    let container = Container {
        name: EXPORTER.to_owned(),
        image: Some(image.name.clone()),
        image_pull_policy: Some(image.pull_policy.to_owned()),
        args: Some(args),
        ports: Some(container_ports(&[EXPORTER_PORT])),
        startup_probe: tcp(EXPORTER_PORT.0, every(5, 60)),
        readiness_probe: tcp(EXPORTER_PORT.0, every(10, 3)),
        liveness_probe: tcp(EXPORTER_PORT.0, every(10, 6)),
        resources: Some(resources(&fleet.exporter.resources)),
        security_context: Some(restricted()),
        ..Container::default()
    };
    let own = Plain {
        part: EXPORTER,
        namespace: &fleet.names.namespace,
        user: USER,
        container,
        volumes: Vec::new(),
        annotations: scraped_annotations(fleet, EXPORTER_PORT.1),
    };
    deployment(fleet, own)
}
