//! Objects taken apart.
//!
//! It must not guess: what a manifest leaves open has Kubernetes' default, or a note.

use serde_json::Value;

use super::{Error, Found, Part, Requests, Scaler, Volume, Workload, milli};

const GIB: f64 = 1_073_741_824.0;

/// Words in an image's name that say what it is for.
const PARTS: [(Part, &[&str]); 3] = [
    (
        Part::Monitoring,
        &[
            "prometheus",
            "grafana",
            "alertmanager",
            "loki",
            "promtail",
            "fluent",
            "exporter",
            "opentelemetry",
            "otel",
            "jaeger",
            "tempo",
            "zipkin",
        ],
    ),
    (Part::Database, &["postgres", "pgvector", "cloudnative-pg"]),
    (Part::Brokers, &["kafka", "strimzi", "nats", "zookeeper"]),
];

fn text<'a>(value: &'a Value, pointer: &str) -> Option<&'a str> {
    value.pointer(pointer).and_then(Value::as_str)
}

fn list<'a>(value: &'a Value, pointer: &str) -> &'a [Value] {
    value.pointer(pointer).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// How an object is called in messages, such as `Deployment desk/api`.
fn title(object: &Value) -> String {
    let (kind, name) = (text(object, "/kind").unwrap_or("object"), text(object, "/metadata/name"));
    let name = name.unwrap_or("without a name");
    match text(object, "/metadata/namespace") {
        Some(namespace) => format!("{kind} {namespace}/{name}"),
        None => format!("{kind} {name}"),
    }
}

fn wrong(object: &Value, field: &str, found: &Value, wanted: &'static str) -> Error {
    let found = found.to_string().chars().take(80).collect();
    Error { object: title(object), field: field.to_owned(), found, wanted }
}

/// A quantity of `object`, in thousandths.
fn quantity(object: &Value, field: &str, value: &Value) -> Result<i64, Error> {
    milli(value).ok_or_else(|| wrong(object, field, value, "a quantity such as 500m or 512Mi"))
}

/// A number of `object` that counts something; `default` where it is left out.
fn count(object: &Value, pointer: &str, default: u32) -> Result<u32, Error> {
    let Some(value) = object.pointer(pointer).filter(|value| !value.is_null()) else { return Ok(default) };
    let counted = value.as_u64().and_then(|count| u32::try_from(count).ok()).filter(|count| *count <= 10_000);
    let field = pointer.trim_start_matches('/').replace('/', ".");
    counted.ok_or_else(|| wrong(object, &field, value, "a whole number from 0 to 10000"))
}

/// What `resources` requests; a limit counts where there is no request, as it does in Kubernetes. The flags say
/// whether the CPU and memory are named.
fn requests(object: &Value, resources: &Value) -> Result<(Requests, bool, bool), Error> {
    let of = |name: &str| {
        let places = ["requests", "limits"];
        let found = places.iter().find_map(|place| Some((place, resources.get(place)?.get(name)?)));
        found.map(|(place, value)| quantity(object, &format!("resources.{place}.{name}"), value)).transpose()
    };
    let (cpu, memory) = (of("cpu")?, of("memory")?);
    let sum = Requests { cpu_milli: cpu.unwrap_or(0), memory_bytes: memory.unwrap_or(0).div_euclid(1_000) };
    Ok((sum, cpu.is_some(), memory.is_some()))
}

/// What a pod of this template requests: its containers and sidecars together, or the largest of those that run
/// before, whichever is more.
fn pod(object: &Value, spec: &Value) -> Result<(Requests, Vec<String>), Error> {
    let (mut sum, mut before, mut silent) = (Requests::default(), Requests::default(), Vec::new());
    for (pointer, is_init) in [("/containers", false), ("/initContainers", true)] {
        for container in list(spec, pointer) {
            let none = Value::Null;
            let (one, has_cpu, has_memory) = requests(object, container.get("resources").unwrap_or(&none))?;
            let is_sidecar = is_init && text(container, "/restartPolicy") == Some("Always");
            if is_init && !is_sidecar {
                before.cpu_milli = before.cpu_milli.max(one.cpu_milli);
                before.memory_bytes = before.memory_bytes.max(one.memory_bytes);
                continue;
            }
            if !has_cpu || !has_memory {
                silent.push(text(container, "/name").unwrap_or("container").to_owned());
            }
            sum.cpu_milli = sum.cpu_milli.saturating_add(one.cpu_milli);
            sum.memory_bytes = sum.memory_bytes.saturating_add(one.memory_bytes);
        }
    }
    let all = Requests {
        cpu_milli: sum.cpu_milli.max(before.cpu_milli),
        memory_bytes: sum.memory_bytes.max(before.memory_bytes),
    };
    Ok((all, silent))
}

/// Whether a required rule keeps pods of this template on different nodes.
fn is_apart(spec: &Value) -> bool {
    let rules = list(spec, "/affinity/podAntiAffinity/requiredDuringSchedulingIgnoredDuringExecution");
    rules.iter().any(|rule| text(rule, "/topologyKey") == Some("kubernetes.io/hostname"))
}

/// What a workload is for, by its images.
fn part(spec: &Value) -> Part {
    let images: Vec<&str> = list(spec, "/containers").iter().filter_map(|one| text(one, "/image")).collect();
    let is = |words: &[&str]| images.iter().any(|image| words.iter().any(|word| image.contains(word)));
    PARTS.iter().find(|(_, words)| is(words)).map_or(Part::Application, |(part, _)| *part)
}

/// The size of a disk, in GiB.
fn gib(object: &Value, field: &str, value: Option<&Value>) -> Result<f64, Error> {
    let Some(value) = value else { return Ok(0.0) };
    Ok(quantity(object, field, value)? as f64 / 1_000.0 / GIB)
}

fn volume(object: &Value, part: Part, claim: &Value, count: u32, name: String) -> Result<Volume, Error> {
    let size = claim.pointer("/resources/requests/storage");
    let gib = gib(object, "resources.requests.storage", size)?;
    let class = text(claim, "/storageClassName").or_else(|| text(claim, "/storageClass"));
    Ok(Volume { name, part, class: class.map(str::to_owned), gib, count })
}

fn workload(object: &Value, part: Part, replicas: u32, requests: Requests) -> Workload {
    Workload {
        kind: text(object, "/kind").unwrap_or_default().to_owned(),
        namespace: text(object, "/metadata/namespace").unwrap_or_default().to_owned(),
        name: text(object, "/metadata/name").unwrap_or_default().to_owned(),
        part,
        requests,
        replicas,
        most_replicas: None,
        is_apart: false,
        is_on_each_node: false,
        silent: Vec::new(),
    }
}

impl<'a> Found<'a> {
    /// A Deployment, StatefulSet or DaemonSet.
    fn pods(&mut self, object: &'a Value, kind: &str) -> Result<(), Error> {
        let Some(spec) = object.pointer("/spec/template/spec") else {
            return Err(wrong(object, "spec.template.spec", &Value::Null, "the pods' spec"));
        };
        let part = part(spec);
        let (requests, silent) = pod(object, spec)?;
        let replicas = count(object, "/spec/replicas", 1)?;
        let is_on_each_node = kind == "DaemonSet";
        let one = workload(object, part, replicas, requests);
        for claim in list(object, "/spec/volumeClaimTemplates") {
            let disk = text(claim, "/metadata/name").unwrap_or("data");
            let (spec, name) = (claim.get("spec").unwrap_or(&Value::Null), format!("{} {disk}", one.name));
            self.volumes.push(volume(object, part, spec, replicas, name)?);
        }
        let is_apart = is_apart(spec);
        self.workloads.push(Workload { is_apart, is_on_each_node, silent, ..one });
        Ok(())
    }

    /// A resource of an operator that becomes pods with a disk each: `pods` says where their number is, `disk` where
    /// the disk's claim is.
    fn operated(
        &mut self,
        object: &'a Value,
        part: Part,
        (pods, default): (&str, u32),
        disk: Option<Volume>,
    ) -> Result<(), Error> {
        let none = Value::Null;
        let (requests, has_cpu, has_memory) =
            requests(object, object.pointer("/spec/resources").unwrap_or(&none))?;
        let mut one = workload(object, part, count(object, pods, default)?, requests);
        if !has_cpu || !has_memory {
            one.silent.push(one.name.clone());
        }
        if let Some(disk) = disk.filter(|disk| disk.gib > 0.0) {
            self.volumes.push(Volume { count: one.replicas, ..disk });
        }
        self.workloads.push(one);
        Ok(())
    }

    /// A KafkaNodePool, or a Kafka that still has its brokers itself.
    fn kafka(&mut self, object: &'a Value, at: &str, pods: &str) -> Result<(), Error> {
        let none = Value::Null;
        let spec = object.pointer(at).unwrap_or(&none);
        let (requests, has_cpu, has_memory) = requests(object, spec.get("resources").unwrap_or(&none))?;
        let mut one = workload(object, Part::Brokers, count(object, pods, 1)?, requests);
        if !has_cpu || !has_memory {
            one.silent.push(one.name.clone());
        }
        let storage = spec.get("storage").unwrap_or(&none);
        let disks = list(storage, "/volumes");
        for disk in if disks.is_empty() { std::slice::from_ref(storage) } else { disks } {
            if text(disk, "/type") == Some("persistent-claim") {
                let gib = gib(object, "storage.size", disk.get("size"))?;
                let class = text(disk, "/class").map(str::to_owned);
                let name = format!("{} data", one.name);
                self.volumes.push(Volume { name, part: Part::Brokers, class, gib, count: one.replicas });
            }
        }
        self.workloads.push(one);
        Ok(())
    }

    fn object(&mut self, object: &'a Value) -> Result<(), Error> {
        let kind = text(object, "/kind").unwrap_or_default();
        let name = text(object, "/metadata/name").unwrap_or_default();
        let group =
            text(object, "/apiVersion").and_then(|api| api.split_once('/')).map_or("", |(group, _)| group);
        let disk = |part, pointer: &str| {
            let claim = object.pointer(pointer);
            claim.map(|claim| volume(object, part, claim, 1, format!("{name} data"))).transpose()
        };
        match (group, kind) {
            ("apps", "Deployment" | "StatefulSet" | "DaemonSet") => self.pods(object, kind)?,
            ("", "PersistentVolumeClaim") => {
                let spec = object.get("spec").unwrap_or(&Value::Null);
                self.volumes.push(volume(object, Part::Application, spec, 1, name.to_owned())?);
            }
            ("", "Service") if text(object, "/spec/type") == Some("LoadBalancer") => {
                self.balancers.push(title(object));
            }
            ("gateway.networking.k8s.io", "Gateway") => self.balancers.push(title(object)),
            ("networking.k8s.io", "Ingress") | ("gateway.networking.k8s.io", "HTTPRoute") => {
                self.notes.push(format!(
                    "{}: the load balancer before it is not in these manifests, and not in the sum",
                    title(object)
                ))
            }
            ("postgresql.cnpg.io", "Cluster") => {
                let storage = object.pointer("/spec/storage").unwrap_or(&Value::Null);
                let gib = gib(object, "spec.storage.size", storage.get("size"))?;
                let class = text(storage, "/storageClass").map(str::to_owned);
                let (name, part) = (format!("{name} data"), Part::Database);
                let disk = Volume { name, part, class, gib, count: 1 };
                self.operated(object, part, ("/spec/instances", 1), Some(disk))?;
            }
            ("kafka.strimzi.io", "KafkaNodePool") => self.kafka(object, "/spec", "/spec/replicas")?,
            ("kafka.strimzi.io", "Kafka") if object.pointer("/spec/kafka/replicas").is_some() => {
                self.kafka(object, "/spec/kafka", "/spec/kafka/replicas")?;
            }
            ("kafka.strimzi.io", "KafkaTopic") => {
                let topic = text(object, "/spec/topicName").unwrap_or(name).to_owned();
                self.topics.push((topic, count(object, "/spec/partitions", 1)?));
            }
            ("monitoring.coreos.com", "Prometheus" | "Alertmanager") => {
                let disk = disk(Part::Monitoring, "/spec/storage/volumeClaimTemplate/spec")?;
                self.operated(object, Part::Monitoring, ("/spec/replicas", 1), disk)?;
            }
            ("batch", "Job" | "CronJob") => {
                self.notes.push(format!("{}: it runs now and then, and is not in the sum", title(object)));
            }
            _ => {}
        }
        Ok(())
    }

    /// A HorizontalPodAutoscaler or a ScaledObject, once all workloads are known.
    fn scaler(&mut self, object: &'a Value) -> Result<(), Error> {
        let (least, most, defaults) = match text(object, "/kind") {
            Some("HorizontalPodAutoscaler") => ("/spec/minReplicas", "/spec/maxReplicas", (1, 1)),
            Some("ScaledObject") => ("/spec/minReplicaCount", "/spec/maxReplicaCount", (0, 100)),
            _ => return Ok(()),
        };
        let namespace = text(object, "/metadata/namespace").unwrap_or_default();
        let kind = text(object, "/spec/scaleTargetRef/kind").unwrap_or("Deployment");
        let target = text(object, "/spec/scaleTargetRef/name").unwrap_or_default();
        let place = self.workloads.iter().position(|workload| {
            workload.name == target && workload.kind == kind && workload.namespace == namespace
        });
        let Some(place) = place else {
            self.notes.push(format!("{}: its target, {kind} {target}, is not here", title(object)));
            return Ok(());
        };
        let (least, most) = (count(object, least, defaults.0)?, count(object, most, defaults.1)?);
        if most < least {
            let field = "the most replicas";
            return Err(wrong(object, field, &most.into(), "not below the least"));
        }
        let workload = &mut self.workloads[place];
        workload.replicas = least;
        workload.most_replicas = Some(most);
        self.scalers.push(Scaler { name: title(object), workload: place, object });
        Ok(())
    }
}

/// Takes rendered objects apart.
///
/// Errors where a number or a quantity that counts is none.
pub fn read(objects: &[Value]) -> Result<Found<'_>, Error> {
    let mut found = Found::default();
    let lists = |object: &'_ Value| text(object, "/kind").is_some_and(|kind| kind.ends_with("List"));
    let mut all: Vec<&Value> = Vec::new();
    for object in objects {
        if lists(object) { all.extend(list(object, "/items")) } else { all.push(object) }
    }
    for object in &all {
        found.object(object)?;
    }
    for object in all {
        found.scaler(object)?;
    }
    for workload in &found.workloads {
        if !workload.silent.is_empty() {
            let (kind, name, silent) = (&workload.kind, &workload.name, workload.silent.join(", "));
            found
                .notes
                .push(format!("{kind} {name}: {silent} requests no CPU or no memory, which counts as none"));
        }
    }
    Ok(found)
}
