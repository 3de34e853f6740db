//! Fluent Bit on every node, which sends what pods of the fleet write to Loki. It is the one thing that Pod Security
//! "restricted" does not allow, and has a namespace of its own for that.

use k8s_openapi::api::apps::v1::{DaemonSet, DaemonSetSpec};
use k8s_openapi::api::core::v1::{
    Container, HostPathVolumeSource, PodSecurityContext, PodTemplateSpec, SecurityContext, ServiceAccount,
    Toleration, Volume,
};
use k8s_openapi::api::rbac::v1::{ClusterRole, ClusterRoleBinding, PolicyRule, RoleRef, Subject};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::meta::{say_why, selector};
use super::monitoring::{container, found_at};
use super::object::Object;
use super::plain::{Files, config_map, config_mount, config_volume, filled};
use super::pod::{mount, pod, restricted};
use super::stateful::{container_ports, every, http};
use super::why::Why;
use crate::error::Error;
use crate::fleet::Fleet;

/// Its label.
pub(super) const FLUENT_BIT: &str = "fluent-bit";
const CONFIG: &str = include_str!("../../assets/fluent-bit/fluent-bit.yaml");
const PORT: (&str, i32) = ("health", 2020);
/// Files of the node are root's; beside that it has no right that root has.
const USER: i64 = 0;

/// Fluent Bit, and what it may ask Kubernetes: whose lines it reads.
pub(super) fn objects(fleet: &Fleet) -> Result<Vec<Object>, Error> {
    let Some(fluent_bit) = &fleet.fluent_bit else { return Ok(Vec::new()) };
    let namespace = fluent_bit.namespace.as_str();
    let paths: Vec<String> =
        fleet.watched_namespaces().iter().map(|name| format!("/var/log/containers/*_{name}_*.log")).collect();
    let places = [
        ("LOKI_HOST", fluent_bit.loki_host.clone()),
        ("LOKI_PORT", fluent_bit.loki_port.to_string()),
        ("LOG_PATHS", paths.join(",")),
    ];
    let files = Files::from([("fluent-bit.yaml".to_owned(), filled(CONFIG, &places))]);
    let host = |name: &str, path: &str, kind: &str| Volume {
        name: name.to_owned(),
        host_path: Some(HostPathVolumeSource { path: path.to_owned(), type_: Some(kind.to_owned()) }),
        ..Volume::default()
    };
    let container = Container {
        args: Some(vec!["--config=/etc/fluent-bit/fluent-bit.yaml".to_owned()]),
        ports: Some(container_ports(&[PORT])),
        startup_probe: http("/", PORT.0, every(5, 60)),
        readiness_probe: http("/", PORT.0, every(10, 3)),
        liveness_probe: http("/", PORT.0, every(10, 6)),
        security_context: Some(SecurityContext { run_as_non_root: Some(false), ..restricted() }),
        volume_mounts: Some(vec![
            k8s_openapi::api::core::v1::VolumeMount { read_only: Some(true), ..mount("log", "/var/log") },
            mount("state", "/var/lib/fluent-bit"),
            config_mount(FLUENT_BIT, "/etc/fluent-bit"),
        ]),
        ..container(FLUENT_BIT, &fluent_bit.image, &fluent_bit.resources)
    };
    let volumes = vec![
        host("log", "/var/log", "Directory"),
        host("state", "/var/lib/fluent-bit", "DirectoryOrCreate"),
        config_volume(fleet, FLUENT_BIT),
    ];
    let mut spec = pod(fleet, USER, container, volumes);
    let name = fleet.names.of(FLUENT_BIT);
    spec.automount_service_account_token = Some(true);
    spec.service_account_name = Some(name.clone());
    spec.security_context = Some(PodSecurityContext {
        fs_group: None,
        fs_group_change_policy: None,
        run_as_non_root: Some(false),
        ..spec.security_context.unwrap_or_default()
    });
    let everywhere = Toleration { operator: Some("Exists".to_owned()), ..Toleration::default() };
    spec.tolerations = Some(vec![everywhere]);
    let mut metadata = fleet.meta(FLUENT_BIT, name.clone(), namespace);
    say_why(&mut metadata, &[Why::NodeFiles]);
    let set = DaemonSet {
        metadata,
        spec: Some(DaemonSetSpec {
            revision_history_limit: Some(5),
            selector: selector(&fleet.names, FLUENT_BIT),
            template: PodTemplateSpec {
                metadata: Some(ObjectMeta {
                    annotations: Some(found_at(fleet, PORT.1, &files)),
                    labels: Some(fleet.pod_labels(FLUENT_BIT, &Files::new())),
                    ..ObjectMeta::default()
                }),
                spec: Some(spec),
            },
            ..DaemonSetSpec::default()
        }),
        status: None,
    };
    let account = ServiceAccount {
        metadata: fleet.meta(FLUENT_BIT, name.clone(), namespace),
        ..ServiceAccount::default()
    };
    let of_cluster = format!("{namespace}-{name}");
    let mut metadata = fleet.meta(FLUENT_BIT, of_cluster.clone(), namespace);
    metadata.namespace = None;
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<String>>();
    let role = ClusterRole {
        metadata: metadata.clone(),
        rules: Some(vec![PolicyRule {
            api_groups: Some(vec![String::new()]),
            resources: Some(words(&["namespaces", "pods"])),
            verbs: words(&["get", "list", "watch"]),
            ..PolicyRule::default()
        }]),
        aggregation_rule: None,
    };
    let binding = ClusterRoleBinding {
        metadata,
        role_ref: RoleRef {
            api_group: "rbac.authorization.k8s.io".to_owned(),
            kind: "ClusterRole".to_owned(),
            name: of_cluster,
        },
        subjects: Some(vec![Subject {
            kind: "ServiceAccount".to_owned(),
            name,
            namespace: Some(namespace.to_owned()),
            api_group: None,
        }]),
    };
    Ok(vec![
        Object::new(&set)?,
        Object::new(&account)?,
        Object::new(&role)?,
        Object::new(&binding)?,
        Object::new(&config_map(fleet, FLUENT_BIT, FLUENT_BIT, namespace, &files))?,
    ])
}
