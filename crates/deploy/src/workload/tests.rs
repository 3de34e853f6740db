//! What is found in fleets like those of the profiles, and in what makes no sense.

use serde_json::{Value, json};

use super::*;

fn pods(kind: &str, name: &str, image: &str, replicas: Option<u32>, cpu: &str, memory: &str) -> Value {
    let resources = json!({"requests": {"cpu": cpu, "memory": memory}});
    json!({
        "apiVersion": "apps/v1", "kind": kind, "metadata": {"name": name, "namespace": "desk"},
        "spec": {"replicas": replicas, "template": {"spec": {
            "containers": [{"name": name, "image": image, "resources": resources}],
        }}},
    })
}

/// The fleet of `support-fleet`, with the requests that its users gave; they gave none for the brokers.
pub(crate) fn support_fleet() -> Vec<Value> {
    let mut database = pods("StatefulSet", "postgres", "pgvector/pgvector:pg17", Some(1), "1", "2Gi");
    database["spec"]["volumeClaimTemplates"] =
        json!([{"metadata": {"name": "data"}, "spec": {"resources": {"requests": {"storage": "20Gi"}}}}]);
    let mut brokers = pods("StatefulSet", "kafka", "apache/kafka:4.1.0", Some(3), "500m", "1Gi");
    brokers["spec"]["volumeClaimTemplates"] =
        json!([{"metadata": {"name": "data"}, "spec": {"resources": {"requests": {"storage": "10Gi"}}}}]);
    brokers["spec"]["template"]["spec"]["affinity"] = json!({"podAntiAffinity": {
        "requiredDuringSchedulingIgnoredDuringExecution": [{"topologyKey": "kubernetes.io/hostname"}],
    }});
    vec![
        pods("Deployment", "api", "deskhand:0.1.0", Some(3), "500m", "512Mi"),
        pods("Deployment", "workers", "deskhand:0.1.0", None, "1", "1Gi"),
        database,
        brokers,
        json!({
            "apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject",
            "metadata": {"name": "workers", "namespace": "desk"},
            "spec": {
                "scaleTargetRef": {"name": "workers"}, "minReplicaCount": 2, "maxReplicaCount": 12,
                "cooldownPeriod": 300,
                "triggers": [{"type": "kafka", "metadata": {
                    "topic": "conversations.incoming", "consumerGroup": "hand", "lagThreshold": "100",
                }}],
            },
        }),
        json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "api"}, "spec": {"type": "LoadBalancer"}}),
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings"}}),
    ]
}

#[test]
fn a_fleet_is_found_with_its_requests_its_disks_and_who_scales_it() {
    let objects = support_fleet();
    let found = read(&objects).unwrap();
    let of = |name: &str| found.workloads.iter().find(|workload| workload.name == name).unwrap();
    assert_eq!(of("api").requests, Requests { cpu_milli: 500, memory_bytes: 512 << 20 });
    assert_eq!((of("api").replicas, of("api").most_replicas, of("api").part), (3, None, Part::Application));
    assert_eq!((of("workers").replicas, of("workers").most_replicas), (2, Some(12)));
    assert_eq!((of("postgres").part, of("kafka").part), (Part::Database, Part::Brokers));
    assert!(of("kafka").is_apart && !of("api").is_apart);
    let disks: Vec<(f64, u32)> = found.volumes.iter().map(|volume| (volume.gib, volume.count)).collect();
    assert_eq!(disks, [(20.0, 1), (10.0, 3)]);
    assert_eq!(found.balancers, ["Service api"]);
    assert_eq!(found.scalers.len(), 1);
    assert_eq!(found.notes, Vec::<String>::new());
}

#[test]
fn operators_resources_are_found_as_what_they_become() {
    let objects = [
        json!({"apiVersion": "postgresql.cnpg.io/v1", "kind": "Cluster", "metadata": {"name": "db"}, "spec": {
            "instances": 3, "resources": {"requests": {"cpu": 1, "memory": "2Gi"}}, "storage": {"size": "50Gi"}}}),
        json!({"apiVersion": "kafka.strimzi.io/v1", "kind": "KafkaNodePool", "metadata": {"name": "pool"}, "spec": {
            "replicas": 3, "resources": {"limits": {"cpu": "500m", "memory": "2Gi"}},
            "storage": {"type": "jbod", "volumes": [
                {"type": "persistent-claim", "size": "100Gi", "class": "fast"}, {"type": "ephemeral"}]}}}),
        json!({"apiVersion": "kafka.strimzi.io/v1", "kind": "KafkaTopic", "metadata": {"name": "task-events"},
            "spec": {"partitions": 3}}),
        json!({"apiVersion": "monitoring.coreos.com/v1", "kind": "Prometheus", "metadata": {"name": "p"}, "spec": {
            "replicas": 2, "storage": {"volumeClaimTemplate": {"spec": {"resources": {"requests": {"storage": "8Gi"}}}}}}}),
        json!({"apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": {"name": "fluent-bit"}, "spec": {"template": {
            "spec": {"containers": [{"name": "fluent-bit", "image": "fluent/fluent-bit:4.0.0"}]}}}}),
        json!({"apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway", "metadata": {"name": "edge"}}),
    ];
    let found = read(&objects).unwrap();
    let counts: Vec<(&str, u32, Part)> =
        found.workloads.iter().map(|one| (one.name.as_str(), one.replicas, one.part)).collect();
    assert_eq!(
        counts,
        [
            ("db", 3, Part::Database),
            ("pool", 3, Part::Brokers),
            ("p", 2, Part::Monitoring),
            ("fluent-bit", 1, Part::Monitoring),
        ]
    );
    assert_eq!(found.workloads[1].requests, Requests { cpu_milli: 500, memory_bytes: 2 << 30 });
    let disks: Vec<(f64, u32)> = found.volumes.iter().map(|volume| (volume.gib, volume.count)).collect();
    assert_eq!(disks, [(50.0, 3), (100.0, 3), (8.0, 2)]);
    assert_eq!(found.volumes[1].class.as_deref(), Some("fast"));
    assert_eq!(found.topics, [("task-events".to_owned(), 3)]);
    assert_eq!(found.balancers, ["Gateway edge"]);
    assert!(found.notes.iter().any(|note| note.contains("fluent-bit requests no CPU")), "{:?}", found.notes);
}

#[test]
fn a_pod_requests_the_sum_of_its_containers_or_the_largest_that_runs_before() {
    let container =
        |cpu: &str| json!({"name": "c", "resources": {"requests": {"cpu": cpu, "memory": "64Mi"}}});
    let mut sidecar = container("50m");
    sidecar["restartPolicy"] = json!("Always");
    let objects =
        [json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "one"}, "spec": {
        "template": {"spec": {"containers": [container("100m"), container("200m")],
            "initContainers": [container("300m"), sidecar]}}}})];
    let found = read(&objects).unwrap();
    assert_eq!(found.workloads[0].requests, Requests { cpu_milli: 350, memory_bytes: 192 << 20 });
}

#[test]
fn what_is_no_quantity_or_no_number_is_an_error_that_names_the_object() {
    let mut objects = support_fleet();
    objects[0]["spec"]["template"]["spec"]["containers"][0]["resources"]["requests"]["cpu"] = json!("half");
    let error = read(&objects).unwrap_err().to_string();
    assert!(error.starts_with("Deployment desk/api: resources.requests.cpu is \"half\""), "{error}");
    let mut objects = support_fleet();
    objects[0]["spec"]["replicas"] = json!(-1);
    assert!(read(&objects).unwrap_err().to_string().contains("spec.replicas is -1"));
    let mut objects = support_fleet();
    objects[4]["spec"]["maxReplicaCount"] = json!(1);
    assert!(read(&objects).unwrap_err().to_string().starts_with("ScaledObject desk/workers"));
    let objects = [json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "x"}})];
    assert!(read(&objects).is_err());
    assert_eq!(read(&[json!(null), json!("text"), json!([])]).unwrap(), Found::default());
}

#[test]
fn a_list_is_what_is_in_it_and_a_scaler_without_its_target_is_a_note() {
    let mut objects = support_fleet();
    objects.remove(1);
    let list = [json!({"apiVersion": "v1", "kind": "List", "items": objects})];
    let found = read(&list).unwrap();
    assert_eq!(found.workloads.len(), 3);
    assert!(found.notes[0].contains("its target, Deployment workers, is not here"), "{:?}", found.notes);
}
