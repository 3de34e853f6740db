//! What everything that keeps something has in common: a StatefulSet with a volume each, and Services to find it.

use std::collections::BTreeMap;

use k8s_openapi::api::apps::v1::{StatefulSet, StatefulSetSpec, StatefulSetUpdateStrategy};
use k8s_openapi::api::core::v1::{
    Affinity, Container, ContainerPort, EnvVar, EnvVarSource, ExecAction, ObjectFieldSelector,
    PersistentVolumeClaim, PersistentVolumeClaimSpec, PodAffinityTerm, PodAntiAffinity, PodTemplateSpec,
    Probe, Service, ServicePort, ServiceSpec, TCPSocketAction, VolumeResourceRequirements,
    WeightedPodAffinityTerm,
};
use k8s_openapi::api::policy::v1::{PodDisruptionBudget, PodDisruptionBudgetSpec};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::meta::{say_why, selector};
use super::pod::{pod, spread};
use super::why::Why;
use crate::fleet::{Fleet, Volume};
use crate::values::WhenUnsatisfiable;

/// The name of the volume that is kept.
pub(super) const DATA: &str = "data";

/// Something that keeps something.
pub(super) struct Kept<'a> {
    pub(super) part: &'a str,
    pub(super) namespace: &'a str,
    pub(super) replicas: i32,
    pub(super) user: i64,
    pub(super) container: Container,
    pub(super) volumes: Vec<k8s_openapi::api::core::v1::Volume>,
    pub(super) volume: &'a Volume,
    pub(super) grace_secs: i32,
    /// What a change of this replaces the pods for.
    pub(super) annotations: BTreeMap<String, String>,
    /// Whether one waits rather than sharing a node with another.
    pub(super) waits_for_a_node: bool,
    pub(super) reasons: &'a [Why],
}

/// Its StatefulSet.
pub(super) fn stateful_set(fleet: &Fleet, kept: Kept<'_>) -> StatefulSet {
    let Kept { part, namespace, .. } = kept;
    let mut metadata = fleet.meta(part, fleet.names.of(part), namespace);
    if !kept.reasons.is_empty() {
        say_why(&mut metadata, kept.reasons);
    }
    let mut spec = pod(fleet, kept.user, kept.container, kept.volumes);
    spec.termination_grace_period_seconds = Some(i64::from(kept.grace_secs));
    if kept.replicas > 1 {
        let when = if kept.waits_for_a_node {
            WhenUnsatisfiable::DoNotSchedule
        } else {
            WhenUnsatisfiable::ScheduleAnyway
        };
        spec.affinity = Some(apart(fleet, part, kept.waits_for_a_node));
        spec.topology_spread_constraints = Some(spread(fleet, part, when));
    }
    StatefulSet {
        metadata,
        spec: Some(StatefulSetSpec {
            pod_management_policy: Some("Parallel".to_owned()),
            replicas: Some(kept.replicas),
            revision_history_limit: Some(5),
            selector: selector(&fleet.names, part),
            service_name: Some(fleet.names.of(&format!("{part}-headless"))),
            template: PodTemplateSpec {
                metadata: Some(ObjectMeta {
                    annotations: (!kept.annotations.is_empty()).then_some(kept.annotations),
                    labels: Some(fleet.pod_labels(part, &BTreeMap::new())),
                    ..ObjectMeta::default()
                }),
                spec: Some(spec),
            },
            update_strategy: Some(StatefulSetUpdateStrategy {
                type_: Some("RollingUpdate".to_owned()),
                ..StatefulSetUpdateStrategy::default()
            }),
            volume_claim_templates: Some(vec![PersistentVolumeClaim {
                metadata: ObjectMeta {
                    name: Some(DATA.to_owned()),
                    labels: Some(fleet.names.selector(part)),
                    ..ObjectMeta::default()
                },
                spec: Some(claim(kept.volume)),
                status: None,
            }]),
            ..StatefulSetSpec::default()
        }),
        status: None,
    }
}

/// What a volume asks for.
pub(super) fn claim(volume: &Volume) -> PersistentVolumeClaimSpec {
    let size = ("storage".to_owned(), Quantity(volume.size.as_str().to_owned()));
    PersistentVolumeClaimSpec {
        access_modes: Some(vec!["ReadWriteOnce".to_owned()]),
        resources: Some(VolumeResourceRequirements { requests: Some(BTreeMap::from([size])), limits: None }),
        storage_class_name: volume.class.clone(),
        ..PersistentVolumeClaimSpec::default()
    }
}

fn apart(fleet: &Fleet, part: &str, required: bool) -> Affinity {
    let term = PodAffinityTerm {
        label_selector: Some(selector(&fleet.names, part)),
        topology_key: "kubernetes.io/hostname".to_owned(),
        ..PodAffinityTerm::default()
    };
    let rule = if required {
        PodAntiAffinity {
            required_during_scheduling_ignored_during_execution: Some(vec![term]),
            ..PodAntiAffinity::default()
        }
    } else {
        let term = WeightedPodAffinityTerm { pod_affinity_term: term, weight: 100 };
        PodAntiAffinity {
            preferred_during_scheduling_ignored_during_execution: Some(vec![term]),
            ..PodAntiAffinity::default()
        }
    };
    Affinity { pod_anti_affinity: Some(rule), ..Affinity::default() }
}

/// A Service by which each pod has a name of its own, also before it is ready.
pub(super) fn headless(fleet: &Fleet, part: &str, namespace: &str, ports: &[(&str, i32)]) -> Service {
    let mut service = service(fleet, part, namespace, ports);
    service.metadata.name = Some(fleet.names.of(&format!("{part}-headless")));
    if let Some(spec) = &mut service.spec {
        spec.cluster_ip = Some("None".to_owned());
        spec.publish_not_ready_addresses = Some(true);
    }
    service
}

/// A Service of a part at its own ports, by their names and numbers.
pub(super) fn service(fleet: &Fleet, part: &str, namespace: &str, ports: &[(&str, i32)]) -> Service {
    let ports = ports.iter().map(|(name, port)| ServicePort {
        name: Some((*name).to_owned()),
        port: *port,
        protocol: Some("TCP".to_owned()),
        target_port: Some(IntOrString::String((*name).to_owned())),
        ..ServicePort::default()
    });
    Service {
        metadata: fleet.meta(part, fleet.names.of(part), namespace),
        spec: Some(ServiceSpec {
            ports: Some(ports.collect()),
            selector: Some(fleet.names.selector(part)),
            type_: Some("ClusterIP".to_owned()),
            ..ServiceSpec::default()
        }),
        status: None,
    }
}

/// One at a time may be away.
pub(super) fn one_at_a_time(fleet: &Fleet, part: &str, namespace: &str) -> PodDisruptionBudget {
    PodDisruptionBudget {
        metadata: fleet.meta(part, fleet.names.of(part), namespace),
        spec: Some(PodDisruptionBudgetSpec {
            max_unavailable: Some(IntOrString::Int(1)),
            selector: Some(selector(&fleet.names, part)),
            ..PodDisruptionBudgetSpec::default()
        }),
        status: None,
    }
}

/// The ports of a container, by their names and numbers.
pub(super) fn container_ports(ports: &[(&str, i32)]) -> Vec<ContainerPort> {
    let port = |(name, port): &(&str, i32)| ContainerPort {
        container_port: *port,
        name: Some((*name).to_owned()),
        protocol: Some("TCP".to_owned()),
        ..ContainerPort::default()
    };
    ports.iter().map(port).collect()
}

/// A variable with the pod's own name.
pub(super) fn pod_name() -> EnvVar {
    let field = ObjectFieldSelector { api_version: None, field_path: "metadata.name".to_owned() };
    EnvVar {
        name: "POD_NAME".to_owned(),
        value: None,
        value_from: Some(EnvVarSource { field_ref: Some(field), ..EnvVarSource::default() }),
    }
}

/// The times of a probe of what is not ours: every so many seconds, after so many failures.
pub(super) fn every(period_secs: i32, failures: i32) -> Probe {
    Probe {
        failure_threshold: Some(failures),
        period_seconds: Some(period_secs),
        timeout_seconds: Some(5),
        ..Probe::default()
    }
}

/// A probe that opens a port.
pub(super) fn tcp(port: &str, times: Probe) -> Option<Probe> {
    let socket = TCPSocketAction { host: None, port: IntOrString::String(port.to_owned()) };
    Some(Probe { tcp_socket: Some(socket), ..times })
}

/// A probe that runs a command.
pub(super) fn exec(command: &[&str], times: Probe) -> Option<Probe> {
    let command = command.iter().map(|word| (*word).to_owned()).collect();
    Some(Probe { exec: Some(ExecAction { command: Some(command) }), ..times })
}

/// A probe that asks a path.
pub(super) fn http(path: &str, port: &str, times: Probe) -> Option<Probe> {
    let get = k8s_openapi::api::core::v1::HTTPGetAction {
        path: Some(path.to_owned()),
        port: IntOrString::String(port.to_owned()),
        ..Default::default()
    };
    Some(Probe { http_get: Some(get), ..times })
}
