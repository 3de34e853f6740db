//! What the objects are to each other: workloads with their pods, what scales them, who selects whom.
//!
//! It must not judge.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Map, Value, json};

use super::autoscaler::Scaler;
use super::value::{items, text, whole};
use super::{Notice, Options};
use crate::manifests::Object;

/// A list of labels.
pub(super) type Labels = Map<String, Value>;

/// Something that makes pods.
pub(super) struct Workload<'a> {
    pub(super) object: &'a Object,
    pub(super) namespace: &'a str,
    /// The pod's `spec`, and the pointer to it.
    pub(super) pod: &'a Value,
    pub(super) path: &'static str,
    /// The pod's labels.
    pub(super) labels: Labels,
    /// `spec.replicas`, where it is written.
    pub(super) replicas: Option<i64>,
    /// An operator makes the pods; what is in them is not known.
    pub(super) is_made: bool,
}

/// Where the pod's template is, by kind.
fn template(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "Deployment"
        | "StatefulSet"
        | "DaemonSet"
        | "ReplicaSet"
        | "ReplicationController"
        | "Job"
        | "Rollout" => "/spec/template",
        "CronJob" => "/spec/jobTemplate/spec/template",
        "Pod" => "",
        _ => return None,
    })
}

/// The pointer to the pod's `spec` below the template.
fn spec_of(template: &str) -> &'static str {
    match template {
        "" => "/spec",
        "/spec/template" => "/spec/template/spec",
        _ => "/spec/jobTemplate/spec/template/spec",
    }
}

/// Kinds that rules know, or that need none. Of others a notice says that they were not looked into.
const KNOWN: &[&str] = &[
    "APIService",
    "Alertmanager",
    "Certificate",
    "CertificateRequest",
    "ClusterIssuer",
    "ClusterRole",
    "ClusterRoleBinding",
    "ConfigMap",
    "ControllerRevision",
    "CronJob",
    "CustomResourceDefinition",
    "DaemonSet",
    "Dashboard",
    "Deployment",
    "EndpointSlice",
    "Endpoints",
    "Gateway",
    "GatewayClass",
    "GRPCRoute",
    "HTTPRoute",
    "HorizontalPodAutoscaler",
    "Ingress",
    "IngressClass",
    "Issuer",
    "Job",
    "Kafka",
    "KafkaNodePool",
    "KafkaTopic",
    "KafkaUser",
    "Kustomization",
    "LimitRange",
    "MutatingWebhookConfiguration",
    "Namespace",
    "NetworkPolicy",
    "Node",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "Pod",
    "PodDisruptionBudget",
    "PodMonitor",
    "PriorityClass",
    "Probe",
    "Prometheus",
    "PrometheusRule",
    "ReplicaSet",
    "ReplicationController",
    "ResourceQuota",
    "Role",
    "RoleBinding",
    "Rollout",
    "Rules",
    "RuntimeClass",
    "ScaledJob",
    "ScaledObject",
    "ScrapeConfig",
    "Secret",
    "Service",
    "ServiceAccount",
    "ServiceMonitor",
    "StatefulSet",
    "StorageClass",
    "TriggerAuthentication",
    "ValidatingWebhookConfiguration",
    "VolumeAttributesClass",
];

/// All objects, and what is looked up in them again and again.
pub(super) struct World<'a> {
    pub(super) objects: &'a [Object],
    pub(super) options: &'a Options<'a>,
    pub(super) workloads: Vec<Workload<'a>>,
    scalers: Vec<Scaler<'a>>,
    /// Objects by kind, namespace and name.
    by_name: HashMap<(&'a str, &'a str, &'a str), &'a Object>,
    /// Workloads by namespace, key and value of a label of their pods.
    by_label: HashMap<(&'a str, String, String), Vec<usize>>,
    by_namespace: HashMap<&'a str, Vec<usize>>,
    /// Which of the workloads a scaler has, by its place among the scalers.
    scaled: HashMap<usize, usize>,
}

/// Kinds that are in no namespace.
const CLUSTER_WIDE: &[&str] = &[
    "APIService",
    "ClusterIssuer",
    "ClusterRole",
    "ClusterRoleBinding",
    "CustomResourceDefinition",
    "GatewayClass",
    "IngressClass",
    "MutatingWebhookConfiguration",
    "Namespace",
    "Node",
    "PersistentVolume",
    "PriorityClass",
    "RuntimeClass",
    "StorageClass",
    "ValidatingWebhookConfiguration",
];

impl<'a> World<'a> {
    pub(super) fn new(objects: &'a [Object], options: &'a Options<'a>) -> Self {
        let mut world = Self {
            objects,
            options,
            workloads: Vec::new(),
            scalers: Vec::new(),
            by_name: HashMap::new(),
            by_label: HashMap::new(),
            by_namespace: HashMap::new(),
            scaled: HashMap::new(),
        };
        for object in objects {
            let namespace = world.namespace(object);
            world.by_name.entry((object.kind(), namespace, object.name())).or_insert(object);
            world.workloads.extend(workload(object, namespace));
        }
        for (index, workload) in world.workloads.iter().enumerate() {
            world.by_namespace.entry(workload.namespace).or_default().push(index);
            for (key, value) in &workload.labels {
                let value = value.as_str().unwrap_or_default().to_owned();
                world.by_label.entry((workload.namespace, key.clone(), value)).or_default().push(index);
            }
        }
        world.scalers =
            objects.iter().filter_map(|object| Scaler::read(object, world.namespace(object))).collect();
        let by_target: HashMap<(&str, &str, &str), usize> = world
            .workloads
            .iter()
            .enumerate()
            .map(|(index, workload)| {
                ((workload.object.kind(), workload.namespace, workload.object.name()), index)
            })
            .collect();
        for (place, scaler) in world.scalers.iter().enumerate() {
            if let Some(index) = by_target.get(&(scaler.target_kind, scaler.namespace, scaler.target_name)) {
                world.scaled.entry(*index).or_insert(place);
            }
        }
        world
    }

    /// The namespace of an object: its own, or the one of those that name none.
    pub(super) fn namespace<'b>(&self, object: &'b Object) -> &'b str
    where
        'a: 'b,
    {
        namespace_of(object, self.options.namespace)
    }

    /// Objects of a kind, in their order.
    pub(super) fn of_kind(&self, kind: &'static str) -> impl Iterator<Item = &'a Object> {
        self.objects.iter().filter(move |object| object.kind() == kind)
    }

    /// The object of that kind and name.
    pub(super) fn get(&self, kind: &'static str, namespace: &str, name: &str) -> Option<&'a Object> {
        self.by_name.get(&(kind, namespace, name)).copied()
    }

    pub(super) fn scalers(&self) -> &[Scaler<'a>] {
        &self.scalers
    }

    /// What scales the workload at `index`.
    pub(super) fn scaler_of(&self, index: usize) -> Option<&Scaler<'a>> {
        self.scalers.get(*self.scaled.get(&index)?)
    }

    /// The workload that a scaler has.
    pub(super) fn scaled_by(&self, scaler: &Scaler<'_>) -> Option<(usize, &Workload<'a>)> {
        let indexes = self.by_namespace.get(scaler.namespace)?;
        indexes.iter().filter_map(|index| Some((*index, self.workloads.get(*index)?))).find(
            |(_, workload)| {
                workload.object.kind() == scaler.target_kind && workload.object.name() == scaler.target_name
            },
        )
    }

    /// As few and as many replicas the workload at `index` can have.
    pub(super) fn replicas(&self, index: usize) -> (i64, i64) {
        let Some(workload) = self.workloads.get(index) else { return (0, 0) };
        match self.scaler_of(index) {
            Some(scaler) => (scaler.least(), scaler.most()),
            None => {
                let replicas = workload.replicas.unwrap_or(1);
                (replicas, replicas)
            }
        }
    }

    /// The workloads of `namespace` whose pods `selector` finds: a `labelSelector`. One without anything finds all.
    pub(super) fn selected(&self, namespace: &str, selector: &Value) -> Vec<usize> {
        let labels = selector.get("matchLabels").and_then(Value::as_object);
        let first = labels.and_then(|labels| labels.iter().next());
        let candidates = match first {
            Some((key, value)) => {
                let value = value.as_str().unwrap_or_default().to_owned();
                // The key's lifetime is that of the objects; looking up needs one that is as long.
                let namespace = self.by_namespace.get_key_value(namespace).map(|(key, _)| *key);
                namespace.and_then(|namespace| self.by_label.get(&(namespace, key.clone(), value)))
            }
            None => self.by_namespace.get(namespace),
        };
        let matches = |index: &usize| {
            self.workloads.get(*index).is_some_and(|workload| selects(selector, &workload.labels))
        };
        candidates.map(|indexes| indexes.iter().copied().filter(matches).collect()).unwrap_or_default()
    }

    /// The workloads that a Service sends to; none where it has no selector.
    pub(super) fn behind(&self, service: &Object) -> Vec<usize> {
        let Some(mut labels) = service.value.pointer("/spec/selector").and_then(Value::as_object).cloned()
        else {
            return Vec::new();
        };
        let pod = labels.remove(POD_NAME);
        if labels.is_empty() && pod.is_none() {
            return Vec::new();
        }
        let mut found = self.selected(self.namespace(service), &json!({ "matchLabels": labels }));
        if let Some(pod) = pod {
            found.retain(|index| self.workloads.get(*index).is_some_and(|workload| has_pod(workload, &pod)));
        }
        found
    }

    /// The Services that send to the workload at `index`.
    pub(super) fn services_of(&self, index: usize) -> Vec<&'a Object> {
        let Some(workload) = self.workloads.get(index) else { return Vec::new() };
        self.of_kind("Service")
            .filter(|service| {
                let labels = service.value.pointer("/spec/selector").and_then(Value::as_object);
                self.namespace(service) == workload.namespace
                    && labels.is_some_and(|labels| {
                        let has = |(key, value): (&String, &Value)| match key.as_str() {
                            POD_NAME => has_pod(workload, value),
                            key => workload.labels.get(key) == Some(value),
                        };
                        !labels.is_empty() && labels.iter().all(has)
                    })
            })
            .collect()
    }

    /// The labels of a namespace: those of its object, and the one that each has.
    pub(super) fn namespace_labels(&self, namespace: &str) -> Labels {
        let object =
            self.objects.iter().find(|object| object.kind() == "Namespace" && object.name() == namespace);
        let labels = object.and_then(|object| object.value.pointer("/metadata/labels")?.as_object().cloned());
        let mut labels = labels.unwrap_or_default();
        labels.insert("kubernetes.io/metadata.name".to_owned(), namespace.into());
        labels
    }

    /// A notice for each kind that no rule knows.
    pub(super) fn unknown_kinds(&self) -> Vec<Notice> {
        let mut unknown: BTreeMap<(&str, &str), (&Object, usize)> = BTreeMap::new();
        for object in self.objects {
            if KNOWN.binary_search(&object.kind()).is_err() {
                unknown.entry((object.kind(), object.api_version())).or_insert((object, 0)).1 += 1;
            }
        }
        let notice = |((kind, version), (object, count)): (_, (&Object, usize))| Notice {
            file: object.file.to_string(),
            line: object.line,
            text: format!("no rule knows {kind} of {version}: {count} left as they are"),
        };
        unknown.into_iter().map(notice).collect()
    }
}

/// The label by which a StatefulSet's controller names each pod.
const POD_NAME: &str = "statefulset.kubernetes.io/pod-name";

/// Whether a StatefulSet has a pod of that name.
fn has_pod(workload: &Workload<'_>, name: &Value) -> bool {
    let rest = name.as_str().and_then(|name| name.strip_prefix(workload.object.name())?.strip_prefix('-'));
    let index = rest.and_then(|index| index.parse::<i64>().ok());
    workload.object.kind() == "StatefulSet"
        && index.is_some_and(|index| index < workload.replicas.unwrap_or(1))
}

fn namespace_of<'a>(object: &'a Object, otherwise: &'a str) -> &'a str {
    if CLUSTER_WIDE.contains(&object.kind()) { "" } else { object.namespace().unwrap_or(otherwise) }
}

fn workload<'a>(object: &'a Object, namespace: &'a str) -> Option<Workload<'a>> {
    if let Some(template) = template(object.kind()) {
        let path = spec_of(template);
        let labels = object.value.pointer(&format!("{template}/metadata/labels"));
        let pod = object.value.pointer(path).filter(|pod| pod.is_object())?;
        // What is injected when a pod is made: its image, its probes and its ports are not known.
        let is_injected =
            items(pod, "/containers").iter().any(|container| text(container, "/image") == Some("auto"));
        return Some(Workload {
            object,
            namespace,
            pod,
            path,
            labels: labels.and_then(Value::as_object).cloned().unwrap_or_default(),
            replicas: whole(&object.value, "/spec/replicas"),
            is_made: is_injected,
        });
    }
    let labels = made(object)?;
    Some(Workload {
        object,
        namespace,
        pod: &Value::Null,
        path: "/spec",
        labels: labels.as_object().cloned().unwrap_or_default(),
        replicas: whole(&object.value, "/spec/replicas").or_else(|| whole(&object.value, "/spec/instances")),
        is_made: true,
    })
}

/// The labels that operators give to the pods of what they look after.
fn made(object: &Object) -> Option<Value> {
    let name = object.name();
    let mut labels = match (object.kind(), object.group()) {
        (
            kind @ ("Prometheus" | "Alertmanager" | "ThanosRuler" | "PrometheusAgent"),
            "monitoring.coreos.com",
        ) => {
            let app = match kind {
                "ThanosRuler" => "thanos-ruler".to_owned(),
                "PrometheusAgent" => "prometheus-agent".to_owned(),
                _ => kind.to_lowercase(),
            };
            let mut labels = json!({
                "app.kubernetes.io/name": app, "app.kubernetes.io/instance": name,
                "app.kubernetes.io/managed-by": "prometheus-operator",
            });
            if let Some(map) = labels.as_object_mut() {
                map.insert(app, name.into());
            }
            labels
        }
        ("Kafka", _) => json!({
            "strimzi.io/cluster": name, "strimzi.io/kind": "Kafka", "strimzi.io/name": format!("{name}-kafka"),
            "app.kubernetes.io/name": "kafka", "app.kubernetes.io/instance": name,
        }),
        ("Cluster", "postgresql.cnpg.io") => json!({
            "cnpg.io/cluster": name, "cnpg.io/podRole": "instance", "cnpg.io/instanceRole": "primary",
            "role": "primary", "postgresql": name,
        }),
        _ => return None,
    };
    let own = object.value.pointer("/spec/podMetadata/labels").and_then(Value::as_object);
    if let (Some(map), Some(own)) = (labels.as_object_mut(), own) {
        map.extend(own.clone());
    }
    Some(labels)
}

/// Whether `labels` has each of `wanted`.
fn has_all(wanted: &Labels, labels: &Labels) -> bool {
    wanted.iter().all(|(key, value)| labels.get(key) == Some(value))
}

/// Whether a `labelSelector` finds something with `labels`. One without anything does.
pub(super) fn selects(selector: &Value, labels: &Labels) -> bool {
    let by_labels = selector.get("matchLabels").and_then(Value::as_object);
    by_labels.is_none_or(|wanted| has_all(wanted, labels))
        && items(selector, "/matchExpressions").iter().all(|expression| {
            let found = labels.get(text(expression, "/key").unwrap_or_default());
            let is_among = found.is_some_and(|found| items(expression, "/values").contains(found));
            match text(expression, "/operator").unwrap_or_default() {
                "In" => is_among,
                "NotIn" => !is_among,
                "Exists" => found.is_some(),
                "DoesNotExist" => found.is_none(),
                _ => false,
            }
        })
}

impl<'a> Workload<'a> {
    /// The containers that run for as long as the pod: the ordinary ones, and the init containers that stay; each
    /// with the pointer to it.
    pub(super) fn running(&self) -> impl Iterator<Item = (&'a Value, String)> {
        let path = self.path;
        let stays = |container: &Value| text(container, "/restartPolicy") == Some("Always");
        let init = self.of("initContainers").filter(move |(container, _)| stays(container));
        init.chain(self.of("containers"))
            .map(move |(container, place)| (container, format!("{path}/{place}")))
    }

    /// Every container, with the pointer to it.
    pub(super) fn all(&self) -> impl Iterator<Item = (&'a Value, String)> {
        let path = self.path;
        self.of("initContainers")
            .chain(self.of("containers"))
            .map(move |(container, place)| (container, format!("{path}/{place}")))
    }

    fn of(&self, list: &'static str) -> impl Iterator<Item = (&'a Value, String)> + use<'a> {
        let pod = self.pod;
        let containers = items(pod, if list == "containers" { "/containers" } else { "/initContainers" });
        containers.iter().enumerate().map(move |(index, container)| (container, format!("{list}/{index}")))
    }

    /// The pointer to something in the pod's `spec`.
    pub(super) fn at(&self, below: &str) -> String {
        format!("{}{below}", self.path)
    }

    /// An annotation of the object or of its pods.
    pub(super) fn annotation(&self, name: &str) -> Option<&'a str> {
        let own = self.object.annotations().and_then(|annotations| annotations.get(name));
        let template = self.path.strip_suffix("/spec").unwrap_or_default();
        let of_pod = || self.object.value.pointer(&format!("{template}/metadata/annotations"))?.get(name);
        own.or_else(of_pod)?.as_str()
    }

    /// A number in an annotation `deskhand.dev/NAME`.
    pub(super) fn said(&self, name: &str) -> Option<f64> {
        let number: f64 = self.annotation(&format!("deskhand.dev/{name}"))?.trim().parse().ok()?;
        (0.0..=1e9).contains(&number).then_some(number)
    }

    /// What to call it in a sentence.
    pub(super) fn title(&self) -> String {
        format!("{} {}", self.object.kind(), self.object.name())
    }

    /// Whether its controller replaces pods that end.
    pub(super) fn stays(&self) -> bool {
        !matches!(self.object.kind(), "Job" | "CronJob" | "Pod")
    }
}

/// The name of a container, for sentences.
pub(super) fn name_of(container: &Value) -> &str {
    text(container, "/name").unwrap_or("?")
}
