//! Who collects metrics: what the Prometheus operator is told, or a Prometheus of ours with Alertmanager and Grafana.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{Container, ServiceAccount};
use k8s_openapi::api::rbac::v1::{
    ClusterRole, ClusterRoleBinding, PolicyRule, Role, RoleBinding, RoleRef, Subject,
};
use serde::Serialize;
use serde_json::{Value, json};

use super::bus::{KAFKA, STRIMZI_CLUSTER};
use super::custom::{Custom, Spec};
use super::network::{ALERTMANAGER, GRAFANA, PROMETHEUS};
use super::object::Object;
use super::plain::{
    Files, Plain, config_map, config_mount, config_volume, deployment, digest, filled, scraped_annotations,
};
use super::pod::{MANAGEMENT, empty_dir, env, mount, resources, restricted, secret_env};
use super::shared::SHARED;
use super::stateful::{DATA, Kept, container_ports, every, headless, http, service, stateful_set};
use crate::error::Error;
use crate::fleet::{Bus, Database, Fleet, ImageRef, Monitoring, Tracing};
use crate::program;
use crate::values::{OwnMonitoring, own_yaml};

/// Where they are found.
const PROMETHEUS_PORT: (&str, i32) = ("web", 9090);
const ALERTMANAGER_PORT: (&str, i32) = ("web", 9093);
const GRAFANA_PORT: (&str, i32) = ("web", 3000);
/// The users that the images have for them.
const NOBODY: i64 = 65_534;
const GRAFANA_USER: i64 = 472;
/// The password of Grafana's owner: the key in the Secret.
pub(super) const GRAFANA_PASSWORD: &str = "GRAFANA_PASSWORD";

/// Rules, by what tells the metrics that they are about.
const DESKHAND_RULES: (&str, &str) = ("deskhand.yaml", include_str!("../../assets/rules/deskhand.yaml"));
const VOLUME_RULES: (&str, &str) = ("volumes.yaml", include_str!("../../assets/rules/volumes.yaml"));
const CLUSTER_RULES: (&str, &str) = ("cluster.yaml", include_str!("../../assets/rules/cluster.yaml"));
const KAFKA_RULES: (&str, &str) = ("kafka.yaml", include_str!("../../assets/rules/kafka.yaml"));
const CNPG_RULES: (&str, &str) =
    ("cloudnativepg.yaml", include_str!("../../assets/rules/cloudnativepg.yaml"));
const PROMETHEUS_CONFIG: &str = include_str!("../../assets/prometheus/prometheus.yaml");
const ALERTMANAGER_CONFIG: &str = include_str!("../../assets/alertmanager/alertmanager.yaml");
const DASHBOARDS: &[(&str, &str)] = &[
    ("answers.json", include_str!("../../assets/dashboards/answers.json")),
    ("database.json", include_str!("../../assets/dashboards/database.json")),
    ("events.json", include_str!("../../assets/dashboards/events.json")),
    ("overview.json", include_str!("../../assets/dashboards/overview.json")),
];
const DASHBOARD_FOLDER: (&str, &str) =
    ("dashboards.yaml", include_str!("../../assets/grafana/dashboards.yaml"));
const PROMETHEUS_SOURCE: (&str, &str) =
    ("datasources.yaml", include_str!("../../assets/grafana/datasources.yaml"));
const LOKI_SOURCE: (&str, &str) =
    ("datasource-loki.yaml", include_str!("../../assets/grafana/datasource-loki.yaml"));
const TRACES_SOURCE: (&str, &str) =
    ("datasource-traces.yaml", include_str!("../../assets/grafana/datasource-traces.yaml"));

/// What collects metrics, and what it is told.
pub(super) fn objects(fleet: &Fleet) -> Result<Vec<Object>, Error> {
    match &fleet.monitoring {
        Monitoring::None | Monitoring::Annotations => Ok(Vec::new()),
        Monitoring::Operator { interval_secs, labels } => operator(fleet, *interval_secs, labels),
        Monitoring::Own { namespace, values, .. } => {
            let mut objects = prometheus(fleet, namespace, values)?;
            objects.extend(alertmanager(fleet, namespace, values)?);
            objects.extend(grafana(fleet, namespace, values)?);
            Ok(objects)
        }
    }
}

/// The rules whose metrics are collected, filled in.
fn rules(fleet: &Fleet) -> Files {
    let places = [
        ("RELEASE", fleet.names.instance.clone()),
        ("NAMESPACE_PATTERN", fleet.watched_namespaces().join("|")),
        ("NAMESPACE", fleet.names.namespace.clone()),
        ("DEAD_LETTERS", "10".to_owned()),
        ("RETRIES_PER_MINUTE", "10".to_owned()),
        ("OUTBOX_SECONDS", "60".to_owned()),
        ("LAG_SECONDS", "5".to_owned()),
        ("ANSWER_SECONDS", "3".to_owned()),
        ("REMINDER_SECONDS", "30".to_owned()),
        ("ERROR_RATIO", "0.005".to_owned()),
        ("LATENCY_SECONDS", "0.2".to_owned()),
        ("BROKERS", fleet.bus.brokers().map_or(0, |brokers| brokers.replicas).to_string()),
    ];
    let is_operator = matches!(fleet.monitoring, Monitoring::Operator { .. });
    // The operator's own installation brings kube-state-metrics.
    let mut all = vec![DESKHAND_RULES, VOLUME_RULES];
    all.extend(is_operator.then_some(CLUSTER_RULES));
    let tells_of_kafka = fleet.has_exporter() || matches!(fleet.bus, Bus::Strimzi(_));
    all.extend((tells_of_kafka && fleet.bus.brokers().is_some()).then_some(KAFKA_RULES));
    all.extend(
        (is_operator && matches!(fleet.database, Database::CloudNativePg { .. })).then_some(CNPG_RULES),
    );
    all.into_iter().map(|(name, text)| (name.to_owned(), filled(text, &places))).collect()
}

/// What the operator is to scrape.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct PodMonitor {
    namespace_selector: Value,
    selector: Value,
    pod_metrics_endpoints: Vec<Value>,
}

impl Spec for PodMonitor {
    const API_VERSION: &'static str = "monitoring.coreos.com/v1";
    const KIND: &'static str = "PodMonitor";
}

/// What it is to warn of.
#[derive(Debug, Serialize)]
struct PrometheusRule {
    groups: Vec<Value>,
}

impl Spec for PrometheusRule {
    const API_VERSION: &'static str = "monitoring.coreos.com/v1";
    const KIND: &'static str = "PrometheusRule";
}

fn operator(
    fleet: &Fleet,
    interval_secs: i32,
    labels: &BTreeMap<String, String>,
) -> Result<Vec<Object>, Error> {
    let meta = |name: String| {
        let mut meta = fleet.meta(SHARED, name, &fleet.names.namespace);
        meta.labels.get_or_insert_default().extend(labels.clone());
        meta
    };
    let endpoint = |port: &str| {
        json!({
            "port": port,
            "path": program::METRICS,
            "interval": format!("{interval_secs}s"),
            "relabelings": [
                { "targetLabel": "desk", "replacement": fleet.desk() },
                { "sourceLabels": ["__meta_kubernetes_pod_label_app_kubernetes_io_component"], "targetLabel": "component" },
            ],
        })
    };
    let monitor = |namespaces: Vec<String>, labels: Value, ports: &[&str]| PodMonitor {
        namespace_selector: json!({ "matchNames": namespaces }),
        selector: json!({ "matchLabels": labels }),
        pod_metrics_endpoints: ports.iter().map(|port| endpoint(port)).collect(),
    };
    let ours = monitor(
        fleet.watched_namespaces(),
        json!(fleet.names.selector_of_all()),
        &[MANAGEMENT, super::lag::EXPORTER_PORT.0],
    );
    let mut objects = vec![Object::new(&Custom::new(meta(fleet.names.base.clone()), ours))?];
    if let Bus::Strimzi(brokers) = &fleet.bus {
        let labels = json!({
            STRIMZI_CLUSTER: fleet.names.of(KAFKA),
            "strimzi.io/name": fleet.names.of("kafka-kafka-exporter"),
        });
        let exporter = monitor(vec![brokers.namespace.clone()], labels, &["tcp-prometheus"]);
        objects.push(Object::new(&Custom::new(meta(fleet.names.of("kafka")), exporter))?);
    }
    let mut groups = Vec::new();
    for (name, text) in rules(fleet) {
        let of_file = own_yaml(&name, &text)?.get("groups").and_then(Value::as_array).cloned();
        groups.extend(of_file.unwrap_or_default());
    }
    objects.push(Object::new(&Custom::new(meta(fleet.names.base.clone()), PrometheusRule { groups }))?);
    Ok(objects)
}

/// An image of theirs, whose name was looked at when the fleet was made.
pub(super) fn image_ref(image: &crate::values::Image) -> ImageRef {
    let tag = if image.tag.is_empty() { String::new() } else { format!(":{}", image.tag) };
    let digest = if image.digest.is_empty() { String::new() } else { format!("@{}", image.digest) };
    ImageRef {
        name: format!("{}{tag}{digest}", image.repository),
        version: image.tag.clone(),
        pull_policy: image.pull_policy.as_str(),
    }
}

/// A container of one of them.
pub(super) fn container(
    part: &str,
    image: &crate::values::Image,
    of: &crate::values::Resources,
) -> Container {
    let image = image_ref(image);
    Container {
        name: part.to_owned(),
        image: Some(image.name),
        image_pull_policy: Some(image.pull_policy.to_owned()),
        resources: Some(resources(of)),
        security_context: Some(restricted()),
        ..Container::default()
    }
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

fn prometheus(fleet: &Fleet, namespace: &str, values: &OwnMonitoring) -> Result<Vec<Object>, Error> {
    let alertmanager = format!("{}:{}", fleet.names.host(ALERTMANAGER, namespace), ALERTMANAGER_PORT.1);
    let places = [
        ("RELEASE", fleet.names.instance.clone()),
        ("NAMESPACES", fleet.watched_namespaces().join(", ")),
        ("NAMESPACE_PATTERN", fleet.watched_namespaces().join("|")),
        ("NAMESPACE", fleet.names.namespace.clone()),
        ("ALERTMANAGER", alertmanager),
    ];
    let configuration = Files::from([("prometheus.yml".to_owned(), filled(PROMETHEUS_CONFIG, &places))]);
    let rules = rules(fleet);
    let retention = format!("--storage.tsdb.retention.time={}d", values.retention_days);
    let container = Container {
        args: Some(words(&[
            "--config.file=/etc/prometheus/prometheus.yml",
            "--storage.tsdb.path=/prometheus",
            &retention,
        ])),
        ports: Some(container_ports(&[PROMETHEUS_PORT])),
        startup_probe: http("/-/ready", PROMETHEUS_PORT.0, every(5, 60)),
        readiness_probe: http("/-/ready", PROMETHEUS_PORT.0, every(10, 3)),
        liveness_probe: http("/-/healthy", PROMETHEUS_PORT.0, every(10, 6)),
        volume_mounts: Some(vec![
            mount(DATA, "/prometheus"),
            config_mount(PROMETHEUS, "/etc/prometheus"),
            config_mount("prometheus-rules", "/etc/prometheus/rules"),
        ]),
        ..container(PROMETHEUS, &values.prometheus, &values.resources)
    };
    let volume = crate::fleet::Volume {
        size: values.storage.size.clone(),
        class: (!values.storage.class_name.is_empty()).then(|| values.storage.class_name.clone()),
    };
    let kept = Kept {
        part: PROMETHEUS,
        namespace,
        replicas: 1,
        user: NOBODY,
        container,
        volumes: vec![config_volume(fleet, PROMETHEUS), config_volume(fleet, "prometheus-rules")],
        volume: &volume,
        grace_secs: 120,
        annotations: BTreeMap::from([digest([&configuration, &rules])]),
        waits_for_a_node: false,
        reasons: &[],
    };
    let mut set = stateful_set(fleet, kept);
    let name = fleet.names.of(PROMETHEUS);
    if let Some(pod) = set.spec.as_mut().and_then(|spec| spec.template.spec.as_mut()) {
        // It asks Kubernetes where the pods are.
        pod.automount_service_account_token = Some(true);
        pod.service_account_name = Some(name.clone());
    }
    let mut objects = vec![
        Object::new(&set)?,
        Object::new(&service(fleet, PROMETHEUS, namespace, &[PROMETHEUS_PORT]))?,
        Object::new(&headless(fleet, PROMETHEUS, namespace, &[PROMETHEUS_PORT]))?,
        Object::new(&config_map(fleet, PROMETHEUS, PROMETHEUS, namespace, &configuration))?,
        Object::new(&config_map(fleet, PROMETHEUS, "prometheus-rules", namespace, &rules))?,
    ];
    objects.extend(rights(fleet, namespace, &name)?);
    Ok(objects)
}

/// What Prometheus may ask Kubernetes: for pods in the fleet's namespaces, and nodes for how full their volumes are.
fn rights(fleet: &Fleet, namespace: &str, name: &str) -> Result<Vec<Object>, Error> {
    let account = ServiceAccount {
        metadata: fleet.meta(PROMETHEUS, name.to_owned(), namespace),
        ..ServiceAccount::default()
    };
    let subject = || {
        Some(vec![Subject {
            kind: "ServiceAccount".to_owned(),
            name: name.to_owned(),
            namespace: Some(namespace.to_owned()),
            api_group: None,
        }])
    };
    let rule = |resources: &[&str], verbs: &[&str]| PolicyRule {
        api_groups: Some(vec![String::new()]),
        resources: Some(words(resources)),
        verbs: words(verbs),
        ..PolicyRule::default()
    };
    let role = |kind: &str, name: String| RoleRef {
        api_group: "rbac.authorization.k8s.io".to_owned(),
        kind: kind.to_owned(),
        name,
    };
    let mut objects = vec![Object::new(&account)?];
    for watched in fleet.watched_namespaces() {
        objects.push(Object::new(&Role {
            metadata: fleet.meta(PROMETHEUS, name.to_owned(), &watched),
            rules: Some(vec![rule(&["pods"], &["get", "list", "watch"])]),
        })?);
        objects.push(Object::new(&RoleBinding {
            metadata: fleet.meta(PROMETHEUS, name.to_owned(), &watched),
            role_ref: role("Role", name.to_owned()),
            subjects: subject(),
        })?);
    }
    let of_cluster = format!("{namespace}-{name}");
    let mut metadata = fleet.meta(PROMETHEUS, of_cluster.clone(), namespace);
    metadata.namespace = None;
    objects.push(Object::new(&ClusterRole {
        metadata: metadata.clone(),
        rules: Some(vec![rule(&["nodes"], &["list", "watch"]), rule(&["nodes/metrics"], &["get"])]),
        aggregation_rule: None,
    })?);
    objects.push(Object::new(&ClusterRoleBinding {
        metadata,
        role_ref: role("ClusterRole", of_cluster),
        subjects: subject(),
    })?);
    Ok(objects)
}

fn alertmanager(fleet: &Fleet, namespace: &str, values: &OwnMonitoring) -> Result<Vec<Object>, Error> {
    let own = &values.alertmanager_config;
    let text = if own.is_empty() { ALERTMANAGER_CONFIG } else { own };
    let configuration = Files::from([("alertmanager.yml".to_owned(), text.to_owned())]);
    let container = Container {
        args: Some(words(&[
            "--config.file=/etc/alertmanager/alertmanager.yml",
            "--storage.path=/alertmanager",
            "--cluster.listen-address=",
        ])),
        ports: Some(container_ports(&[ALERTMANAGER_PORT])),
        startup_probe: http("/-/ready", ALERTMANAGER_PORT.0, every(5, 60)),
        readiness_probe: http("/-/ready", ALERTMANAGER_PORT.0, every(10, 3)),
        liveness_probe: http("/-/healthy", ALERTMANAGER_PORT.0, every(10, 6)),
        volume_mounts: Some(vec![
            mount("silences", "/alertmanager"),
            config_mount(ALERTMANAGER, "/etc/alertmanager"),
        ]),
        ..container(ALERTMANAGER, &values.alertmanager, &values.resources)
    };
    let plain = Plain {
        part: ALERTMANAGER,
        namespace,
        user: NOBODY,
        container,
        volumes: vec![empty_dir("silences", "64Mi"), config_volume(fleet, ALERTMANAGER)],
        annotations: BTreeMap::from([digest([&configuration])]),
    };
    Ok(vec![
        Object::new(&deployment(fleet, plain))?,
        Object::new(&service(fleet, ALERTMANAGER, namespace, &[ALERTMANAGER_PORT]))?,
        Object::new(&config_map(fleet, ALERTMANAGER, ALERTMANAGER, namespace, &configuration))?,
    ])
}

fn grafana(fleet: &Fleet, namespace: &str, values: &OwnMonitoring) -> Result<Vec<Object>, Error> {
    let url = |part: &str, at: &str, port: i32| format!("http://{}:{port}", fleet.names.host(part, at));
    let mut sources =
        vec![(PROMETHEUS_SOURCE, "PROMETHEUS_URL", url(PROMETHEUS, namespace, PROMETHEUS_PORT.1))];
    if let Some(fluent_bit) = &fleet.fluent_bit {
        let loki = format!("http://{}:{}", fluent_bit.loki_host, fluent_bit.loki_port);
        sources.push((LOKI_SOURCE, "LOKI_URL", loki));
    }
    if let Tracing::Collector { namespace: at, .. } = &fleet.tracing {
        sources.push((
            TRACES_SOURCE,
            "TRACES_QUERY_URL",
            url(super::network::TRACES, at, super::tracing::QUERIES),
        ));
    }
    let sources: Files = sources
        .into_iter()
        .map(|((name, text), place, url)| (name.to_owned(), filled(text, &[(place, url)])))
        .collect();
    let folder = Files::from([(DASHBOARD_FOLDER.0.to_owned(), DASHBOARD_FOLDER.1.to_owned())]);
    let dashboards: Files =
        DASHBOARDS.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
    let container = Container {
        env: Some(vec![
            env("GF_ANALYTICS_CHECK_FOR_UPDATES", "false"),
            env("GF_ANALYTICS_REPORTING_ENABLED", "false"),
            env("GF_LOG_MODE", "console"),
            secret_env("GF_SECURITY_ADMIN_PASSWORD", fleet.secret.name(), GRAFANA_PASSWORD, false),
        ]),
        ports: Some(container_ports(&[GRAFANA_PORT])),
        startup_probe: http("/api/health", GRAFANA_PORT.0, every(5, 60)),
        readiness_probe: http("/api/health", GRAFANA_PORT.0, every(10, 3)),
        liveness_probe: http("/api/health", GRAFANA_PORT.0, every(10, 6)),
        volume_mounts: Some(vec![
            mount("state", "/var/lib/grafana"),
            mount("tmp", "/tmp"),
            config_mount("grafana-sources", "/etc/grafana/provisioning/datasources"),
            config_mount("grafana-folder", "/etc/grafana/provisioning/dashboards"),
            config_mount("grafana-dashboards", "/var/lib/grafana/dashboards"),
        ]),
        ..container(GRAFANA, &values.grafana, &values.resources)
    };
    let plain = Plain {
        part: GRAFANA,
        namespace,
        user: GRAFANA_USER,
        container,
        volumes: vec![
            empty_dir("state", "128Mi"),
            empty_dir("tmp", "64Mi"),
            config_volume(fleet, "grafana-sources"),
            config_volume(fleet, "grafana-folder"),
            config_volume(fleet, "grafana-dashboards"),
        ],
        annotations: BTreeMap::from([digest([&sources, &folder, &dashboards])]),
    };
    Ok(vec![
        Object::new(&deployment(fleet, plain))?,
        Object::new(&service(fleet, GRAFANA, namespace, &[GRAFANA_PORT]))?,
        Object::new(&config_map(fleet, GRAFANA, "grafana-sources", namespace, &sources))?,
        Object::new(&config_map(fleet, GRAFANA, "grafana-folder", namespace, &folder))?,
        Object::new(&config_map(fleet, GRAFANA, "grafana-dashboards", namespace, &dashboards))?,
    ])
}

/// The annotations of what Prometheus finds beside Deskhand itself.
pub(super) fn found_at(fleet: &Fleet, port: i32, files: &Files) -> BTreeMap<String, String> {
    let mut annotations = scraped_annotations(fleet, port);
    annotations.extend([digest([files])]);
    annotations
}
