//! What carries events where it is in the cluster: NATS or Kafka in a StatefulSet, or Kafka by the operator Strimzi. Topics
//! are made by `deskhand migrate` alone.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{
    ConfigMap, ConfigMapVolumeSource, Container, EnvVar, ResourceRequirements, Volume, VolumeMount,
};
use serde::Serialize;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::custom::{Custom, Spec};
use super::meta::say_why;
use super::object::Object;
use super::pod::{empty_dir, env, mount, resources, restricted, restricted_pod};
use super::stateful::{
    DATA, Kept, container_ports, every, headless, http, one_at_a_time, pod_name, service, stateful_set, tcp,
};
use super::why::Why;
use crate::error::Error;
use crate::fleet::{Brokers, Bus, Fleet};

/// The labels of the brokers.
pub(super) const NATS: &str = "nats";
pub(super) const KAFKA: &str = "kafka";
/// Where NATS is found: by clients, by its like, and by who looks after it.
pub(super) const NATS_PORTS: [(&str, i32); 3] = [("client", 4222), ("cluster", 6222), ("monitor", 8222)];
/// Where Kafka is found: by clients and brokers, and by controllers.
pub(super) const KAFKA_PORTS: [(&str, i32); 2] = [("clients", 9092), ("controllers", 9093)];
/// The user that the images of Kafka and Strimzi have for it; NATS runs as any.
const USER: i64 = 1000;

/// The brokers, as far as they are in the cluster.
pub(super) fn objects(fleet: &Fleet) -> Result<Vec<Object>, Error> {
    match &fleet.bus {
        Bus::None | Bus::External { .. } => Ok(Vec::new()),
        Bus::Nats(brokers) => {
            let configuration = nats_configuration(fleet, brokers);
            let mut objects = vec![
                Object::new(&ConfigMap {
                    metadata: fleet.meta(NATS, fleet.names.of(NATS), &brokers.namespace),
                    data: Some(BTreeMap::from([("nats.conf".to_owned(), configuration.clone())])),
                    ..ConfigMap::default()
                })?,
                Object::new(&service(fleet, NATS, &brokers.namespace, &NATS_PORTS[..1]))?,
            ];
            objects.extend(set(fleet, NATS, brokers, &NATS_PORTS, nats(fleet, brokers), &configuration)?);
            Ok(objects)
        }
        Bus::Kafka(brokers) => {
            let mut objects =
                vec![Object::new(&service(fleet, KAFKA, &brokers.namespace, &KAFKA_PORTS[..1]))?];
            objects.extend(set(fleet, KAFKA, brokers, &KAFKA_PORTS, kafka(fleet, brokers), "")?);
            Ok(objects)
        }
        Bus::Strimzi(brokers) => Ok(strimzi(fleet, brokers)?.into()),
    }
}

/// A StatefulSet of brokers, with what finds and protects it.
fn set(
    fleet: &Fleet,
    part: &'static str,
    brokers: &Brokers,
    ports: &[(&str, i32)],
    (container, volumes): (Container, Vec<Volume>),
    configuration: &str,
) -> Result<Vec<Object>, Error> {
    let mut annotations = BTreeMap::new();
    if !configuration.is_empty() {
        annotations.insert("deskhand.dev/settings".to_owned(), hex::encode(Sha256::digest(configuration)));
    }
    let reasons: &[Why] = if brokers.replicas > 1 { &[Why::Replication, Why::Spread] } else { &[] };
    let kept = Kept {
        part,
        namespace: &brokers.namespace,
        replicas: brokers.replicas,
        user: USER,
        container,
        volumes,
        volume: &brokers.volume,
        grace_secs: 120,
        annotations,
        waits_for_a_node: brokers.waits_for_a_node,
        reasons,
    };
    let mut objects = vec![
        Object::new(&stateful_set(fleet, kept))?,
        Object::new(&headless(fleet, part, &brokers.namespace, ports))?,
    ];
    if brokers.replicas > 1 {
        objects.push(Object::new(&one_at_a_time(fleet, part, &brokers.namespace))?);
    }
    Ok(objects)
}

/// A broker's own name, from everywhere.
fn broker_host(fleet: &Fleet, part: &str, brokers: &Brokers, broker: &str) -> String {
    let headless = fleet.names.host(&format!("{part}-headless"), &brokers.namespace);
    format!("{broker}.{headless}")
}

fn broker_hosts(fleet: &Fleet, part: &str, brokers: &Brokers) -> impl Iterator<Item = String> {
    let hosts: Vec<String> = (0..brokers.replicas)
        .map(|at| broker_host(fleet, part, brokers, &format!("{}-{at}", fleet.names.of(part))))
        .collect();
    hosts.into_iter()
}

fn nats_configuration(fleet: &Fleet, brokers: &Brokers) -> String {
    let mut text = String::from(
        "server_name: $POD_NAME\nlisten: 0.0.0.0:4222\nhttp: 0.0.0.0:8222\nlame_duck_grace_period: 5s\nlame_duck_duration: 30s\n\
         jetstream {\n  store_dir: /data/jetstream\n",
    );
    if brokers.replicas == 1 {
        // Nobody else has what this one has acknowledged.
        text.push_str("  sync_interval: always\n}\n");
        return text;
    }
    text.push_str(&format!(
        "}}\ncluster {{\n  name: {}\n  listen: 0.0.0.0:6222\n  routes: [\n",
        fleet.names.of(NATS)
    ));
    for host in broker_hosts(fleet, NATS, brokers) {
        text.push_str(&format!("    nats://{host}:6222\n"));
    }
    text.push_str("  ]\n}\n");
    text
}

fn nats(fleet: &Fleet, brokers: &Brokers) -> (Container, Vec<Volume>) {
    let container = Container {
        name: NATS.to_owned(),
        args: Some(["--config", "/etc/nats/nats.conf"].map(str::to_owned).to_vec()),
        env: Some(vec![pod_name()]),
        ports: Some(container_ports(&NATS_PORTS)),
        startup_probe: http("/healthz", "monitor", every(5, 60)),
        readiness_probe: http("/healthz?js-server-only=true", "monitor", every(10, 3)),
        liveness_probe: http("/healthz?js-enabled-only=true", "monitor", every(30, 3)),
        volume_mounts: Some(vec![
            mount(DATA, "/data"),
            VolumeMount { read_only: Some(true), ..mount("configuration", "/etc/nats") },
        ]),
        ..broker(brokers)
    };
    let source = ConfigMapVolumeSource { name: fleet.names.of(NATS), ..ConfigMapVolumeSource::default() };
    let volume = Volume { name: "configuration".to_owned(), config_map: Some(source), ..Volume::default() };
    (container, vec![volume])
}

/// What brokers have in common.
fn broker(brokers: &Brokers) -> Container {
    let image = brokers.image.as_ref();
    Container {
        image: image.map(|image| image.name.clone()),
        image_pull_policy: image.map(|image| image.pull_policy.to_owned()),
        resources: Some(resources(&brokers.resources)),
        security_context: Some(restricted()),
        ..Container::default()
    }
}

/// The number of a broker is that of its pod; the image's own start does the rest.
const START_KAFKA: &str = "export KAFKA_NODE_ID=\"${POD_NAME##*-}\" && exec /etc/kafka/docker/run";

fn kafka(fleet: &Fleet, brokers: &Brokers) -> (Container, Vec<Volume>) {
    let voters: Vec<String> = broker_hosts(fleet, KAFKA, brokers)
        .enumerate()
        .map(|(at, host)| format!("{at}@{host}:9093"))
        .collect();
    let own_host = broker_host(fleet, KAFKA, brokers, "$(POD_NAME)");
    let copies = brokers.replication.to_string();
    let insync = brokers.min_insync.to_string();
    let settings: Vec<(&str, String)> = vec![
        ("CLUSTER_ID", cluster_id(fleet, brokers)),
        ("KAFKA_PROCESS_ROLES", "broker,controller".to_owned()),
        ("KAFKA_CONTROLLER_QUORUM_VOTERS", voters.join(",")),
        ("KAFKA_LISTENERS", "PLAINTEXT://:9092,CONTROLLER://:9093".to_owned()),
        ("KAFKA_ADVERTISED_LISTENERS", format!("PLAINTEXT://{own_host}:9092")),
        ("KAFKA_LISTENER_SECURITY_PROTOCOL_MAP", "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT".to_owned()),
        ("KAFKA_CONTROLLER_LISTENER_NAMES", "CONTROLLER".to_owned()),
        ("KAFKA_INTER_BROKER_LISTENER_NAME", "PLAINTEXT".to_owned()),
        ("KAFKA_LOG_DIRS", "/var/lib/kafka/data/log".to_owned()),
        ("KAFKA_AUTO_CREATE_TOPICS_ENABLE", "false".to_owned()),
        ("KAFKA_DEFAULT_REPLICATION_FACTOR", copies.clone()),
        ("KAFKA_MIN_INSYNC_REPLICAS", insync.clone()),
        ("KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR", copies.clone()),
        ("KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR", copies.clone()),
        ("KAFKA_TRANSACTION_STATE_LOG_MIN_ISR", insync.clone()),
        ("KAFKA_SHARE_COORDINATOR_STATE_TOPIC_REPLICATION_FACTOR", copies),
        ("KAFKA_SHARE_COORDINATOR_STATE_TOPIC_MIN_ISR", insync),
        ("KAFKA_HEAP_OPTS", "-XX:InitialRAMPercentage=40 -XX:MaxRAMPercentage=50".to_owned()),
    ];
    let mut all: Vec<EnvVar> = vec![pod_name()];
    all.extend(settings.into_iter().map(|(name, value)| env(name, value)));
    let container = Container {
        name: KAFKA.to_owned(),
        command: Some(["/bin/bash", "-c", START_KAFKA].map(str::to_owned).to_vec()),
        env: Some(all),
        ports: Some(container_ports(&KAFKA_PORTS)),
        startup_probe: tcp("clients", every(5, 60)),
        readiness_probe: tcp("clients", every(10, 3)),
        liveness_probe: tcp("clients", every(10, 6)),
        volume_mounts: Some(vec![
            mount(DATA, "/var/lib/kafka/data"),
            mount("configuration", "/opt/kafka/config"),
            mount("logs", "/opt/kafka/logs"),
            mount("tmp", "/tmp"),
        ]),
        ..broker(brokers)
    };
    // The image writes its configuration and its log files beside the program.
    let volumes =
        vec![empty_dir("configuration", "1Mi"), empty_dir("logs", "512Mi"), empty_dir("tmp", "64Mi")];
    (container, volumes)
}

/// The id of the cluster: 16 bytes as Kafka writes them, which stay the same however often the manifests are made.
fn cluster_id(fleet: &Fleet, brokers: &Brokers) -> String {
    let digest = hex::encode(Sha256::digest(format!("{}/{} kafka", brokers.namespace, fleet.names.base)));
    format!("{}A", digest.get(..21).unwrap_or_default())
}

/// A cluster of Strimzi, as far as the fleet says something about it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Kafka {
    kafka: KafkaSpec,
    kafka_exporter: Value,
}

#[derive(Debug, Serialize)]
struct KafkaSpec {
    version: String,
    listeners: Vec<Value>,
    config: Value,
}

impl Spec for Kafka {
    const API_VERSION: &'static str = "kafka.strimzi.io/v1";
    const KIND: &'static str = "Kafka";
}

/// Its brokers.
#[derive(Debug, Serialize)]
struct KafkaNodePool {
    replicas: i32,
    roles: [&'static str; 2],
    resources: ResourceRequirements,
    storage: Value,
    template: Value,
}

impl Spec for KafkaNodePool {
    const API_VERSION: &'static str = "kafka.strimzi.io/v1";
    const KIND: &'static str = "KafkaNodePool";
}

/// The label by which Strimzi knows what belongs to a cluster.
pub(super) const STRIMZI_CLUSTER: &str = "strimzi.io/cluster";
/// And what to a pool of brokers: the exporter belongs to the cluster, and may be beside a broker.
const STRIMZI_POOL: &str = "strimzi.io/pool-name";

fn strimzi(fleet: &Fleet, brokers: &Brokers) -> Result<[Object; 2], Error> {
    let cluster = fleet.names.of(KAFKA);
    let mut metadata = fleet.meta(KAFKA, cluster.clone(), &brokers.namespace);
    if brokers.replication > 1 {
        say_why(&mut metadata, &[Why::Replication]);
    }
    let spec = Kafka {
        kafka: KafkaSpec {
            version: brokers.version.clone(),
            listeners: vec![json!({ "name": "plain", "port": 9092, "type": "internal", "tls": false })],
            config: json!({
                "auto.create.topics.enable": false,
                "default.replication.factor": brokers.replication,
                "min.insync.replicas": brokers.min_insync,
                "offsets.topic.replication.factor": brokers.replication,
                "transaction.state.log.replication.factor": brokers.replication,
                "transaction.state.log.min.isr": brokers.min_insync,
            }),
        },
        kafka_exporter: json!({
            "topicRegex": format!("{}[.].*", brokers.prefix),
            "groupRegex": format!("{}[.].*", brokers.prefix),
            "resources": resources(&fleet.exporter.resources),
            "template": {
                "pod": { "securityContext": restricted_pod(USER) },
                "container": { "securityContext": restricted() },
            },
        }),
    };
    let mut volume = json!({
        "id": 0,
        "type": "persistent-claim",
        "size": brokers.volume.size.as_str(),
        "deleteClaim": false,
    });
    if let (Some(class), Some(volume)) = (&brokers.volume.class, volume.as_object_mut()) {
        volume.insert("class".to_owned(), class.clone().into());
    }
    let mut pool = fleet.meta(KAFKA, fleet.names.of("kafka-brokers"), &brokers.namespace);
    pool.labels.get_or_insert_default().insert(STRIMZI_CLUSTER.to_owned(), cluster.clone());
    if brokers.replicas > 1 {
        say_why(&mut pool, &[Why::Spread]);
    }
    let term = json!({
        "labelSelector": {
            "matchLabels": { STRIMZI_CLUSTER: cluster, STRIMZI_POOL: fleet.names.of("kafka-brokers") },
        },
        "topologyKey": "kubernetes.io/hostname",
    });
    let nodes = KafkaNodePool {
        replicas: brokers.replicas,
        roles: ["controller", "broker"],
        resources: resources(&brokers.resources),
        storage: json!({ "type": "jbod", "volumes": [volume] }),
        template: json!({
            "pod": {
                "affinity": {
                    "podAntiAffinity": { "requiredDuringSchedulingIgnoredDuringExecution": [term] },
                },
                "securityContext": restricted_pod(USER),
                "terminationGracePeriodSeconds": 120,
            },
            "kafkaContainer": { "securityContext": restricted() },
        }),
    };
    Ok([Object::new(&Custom::new(metadata, spec))?, Object::new(&Custom::new(pool, nodes))?])
}
