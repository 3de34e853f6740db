//! What all pods of ours have in common: who they run as, what they may write to, how they ask for room.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{
    Capabilities, Container, EmptyDirVolumeSource, EnvVar, EnvVarSource, HTTPGetAction, Lifecycle,
    LifecycleHandler, LocalObjectReference, PodSecurityContext, PodSpec, Probe, ResourceRequirements,
    SeccompProfile, SecretKeySelector, SecurityContext, SleepAction, Toleration, TopologySpreadConstraint,
    Volume, VolumeMount,
};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::meta::selector;
use crate::fleet::{Fleet, Part};
use crate::values::{self, Resources};

/// The name of the port for requests.
pub(super) const HTTP: &str = "http";
/// The name of the port for probes and metrics.
pub(super) const MANAGEMENT: &str = "management";

/// A variable with a value.
pub(super) fn env(name: impl Into<String>, value: impl Into<String>) -> EnvVar {
    EnvVar { name: name.into(), value: Some(value.into()), value_from: None }
}

/// A variable from a Secret; an optional one may be missing there.
pub(super) fn secret_env(name: impl Into<String>, secret: &str, key: &str, optional: bool) -> EnvVar {
    let from = SecretKeySelector {
        name: secret.to_owned(),
        key: key.to_owned(),
        optional: optional.then_some(true),
    };
    EnvVar {
        name: name.into(),
        value: None,
        value_from: Some(EnvVarSource { secret_key_ref: Some(from), ..EnvVarSource::default() }),
    }
}

/// What a container asks for, and may have.
pub(super) fn resources(resources: &Resources) -> ResourceRequirements {
    let amounts = |container: &values::Container| {
        let amount = |name: &str, quantity: &values::Quantity| {
            (name.to_owned(), Quantity(quantity.as_str().to_owned()))
        };
        Some(BTreeMap::from([
            amount("cpu", &container.cpu),
            amount("memory", &container.memory),
            amount("ephemeral-storage", &container.ephemeral_storage),
        ]))
    };
    ResourceRequirements {
        requests: amounts(&resources.requests),
        limits: amounts(&resources.limits),
        claims: None,
    }
}

/// What Pod Security "restricted" asks of a container, and a root file system that nobody writes to.
pub(super) fn restricted() -> SecurityContext {
    SecurityContext {
        allow_privilege_escalation: Some(false),
        capabilities: Some(Capabilities { add: None, drop: Some(vec!["ALL".to_owned()]) }),
        read_only_root_filesystem: Some(true),
        run_as_non_root: Some(true),
        seccomp_profile: Some(SeccompProfile { type_: "RuntimeDefault".to_owned(), localhost_profile: None }),
        ..SecurityContext::default()
    }
}

/// What it asks of a pod, run as a user whose volumes are theirs.
pub(super) fn restricted_pod(user: i64) -> PodSecurityContext {
    PodSecurityContext {
        fs_group: Some(user),
        fs_group_change_policy: Some("OnRootMismatch".to_owned()),
        run_as_group: Some(user),
        run_as_non_root: Some(true),
        run_as_user: Some(user),
        seccomp_profile: Some(SeccompProfile { type_: "RuntimeDefault".to_owned(), localhost_profile: None }),
        ..PodSecurityContext::default()
    }
}

/// A folder that goes with the pod.
pub(super) fn empty_dir(name: &str, size: &str) -> Volume {
    let source = EmptyDirVolumeSource { medium: None, size_limit: Some(Quantity(size.to_owned())) };
    Volume { name: name.to_owned(), empty_dir: Some(source), ..Volume::default() }
}

/// Where a volume is in a container.
pub(super) fn mount(name: &str, path: &str) -> VolumeMount {
    VolumeMount { name: name.to_owned(), mount_path: path.to_owned(), ..VolumeMount::default() }
}

/// The end of a container is put off for some seconds, without a shell that the image would need.
pub(super) fn sleep_first(secs: i32) -> Option<Lifecycle> {
    let sleep = SleepAction { seconds: i64::from(secs) };
    (secs > 0).then(|| Lifecycle {
        pre_stop: Some(LifecycleHandler { sleep: Some(sleep), ..LifecycleHandler::default() }),
        ..Lifecycle::default()
    })
}

/// A probe that asks a path.
pub(super) fn http_probe(times: &values::Probe, path: &str, port: &str) -> Probe {
    let get = HTTPGetAction {
        path: Some(path.to_owned()),
        port: IntOrString::String(port.to_owned()),
        ..HTTPGetAction::default()
    };
    Probe { http_get: Some(get), ..timed(times) }
}

/// A probe's times, with nothing asked yet.
pub(super) fn timed(times: &values::Probe) -> Probe {
    Probe {
        initial_delay_seconds: Some(times.initial_delay_seconds),
        period_seconds: Some(times.period_seconds),
        timeout_seconds: Some(times.timeout_seconds),
        failure_threshold: Some(times.failure_threshold),
        success_threshold: Some(times.success_threshold),
        ..Probe::default()
    }
}

/// How pods of a part are spread, softly or not, over hosts and zones.
pub(super) fn spread(
    fleet: &Fleet,
    part: &str,
    when: values::WhenUnsatisfiable,
) -> Vec<TopologySpreadConstraint> {
    ["kubernetes.io/hostname", "topology.kubernetes.io/zone"]
        .into_iter()
        .map(|topology| TopologySpreadConstraint {
            label_selector: Some(selector(&fleet.names, part)),
            max_skew: 1,
            topology_key: topology.to_owned(),
            // A cluster without zones has to take pods, too.
            when_unsatisfiable: if topology.ends_with("zone") {
                values::WhenUnsatisfiable::ScheduleAnyway.as_str().to_owned()
            } else {
                when.as_str().to_owned()
            },
            ..TopologySpreadConstraint::default()
        })
        .collect()
}

/// A pod of one container, as all of ours are: without a token for Kubernetes, without variables of every Service.
pub(super) fn pod(fleet: &Fleet, user: i64, container: Container, volumes: Vec<Volume>) -> PodSpec {
    let secrets = fleet.pull_secrets.iter().map(|name| LocalObjectReference { name: name.clone() });
    PodSpec {
        automount_service_account_token: Some(false),
        containers: vec![container],
        enable_service_links: Some(false),
        image_pull_secrets: (!fleet.pull_secrets.is_empty()).then(|| secrets.collect()),
        security_context: Some(restricted_pod(user)),
        service_account_name: Some(fleet.names.base.clone()),
        volumes: (!volumes.is_empty()).then_some(volumes),
        ..PodSpec::default()
    }
}

/// What a part says about where its pods may be.
pub(super) fn placed(spec: &mut PodSpec, fleet: &Fleet, part: &Part) {
    let values = &part.values;
    let class = &values.priority_class_name;
    spec.priority_class_name = (!class.is_empty()).then(|| class.clone());
    spec.node_selector = (!values.node_selector.is_empty()).then(|| values.node_selector.clone());
    let tolerations = values.tolerations.iter().map(|toleration| Toleration {
        key: toleration.key.clone(),
        operator: toleration.operator.clone(),
        value: toleration.value.clone(),
        effect: toleration.effect.clone(),
        toleration_seconds: toleration.toleration_seconds.map(i64::from),
    });
    spec.tolerations = (!values.tolerations.is_empty()).then(|| tolerations.collect());
    let spread_over = &values.topology_spread;
    spec.topology_spread_constraints =
        spread_over.enabled.then(|| spread(fleet, &part.name, spread_over.when_unsatisfiable));
}
