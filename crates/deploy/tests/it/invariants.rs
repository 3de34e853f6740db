//! What must hold of every fleet that is not refused.

use std::collections::{BTreeMap, BTreeSet};

use deploy::{Object, output};
use serde_json::Value;

/// The one that reads the node's files.
const FLUENT_BIT: &str = "DaemonSet";

fn is_label(name: &str) -> bool {
    (1..=63).contains(&name.len())
        && name.bytes().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == b'-')
        && !name.starts_with('-')
        && !name.ends_with('-')
}

fn labels(value: &Value, pointer: &str) -> BTreeMap<String, String> {
    let labels = value.pointer(pointer).and_then(Value::as_object).cloned().unwrap_or_default();
    labels.into_iter().map(|(key, value)| (key, value.as_str().unwrap().to_owned())).collect()
}

/// A pod template of an object, if it has one.
fn template(object: &Object) -> Option<&Value> {
    let value = object.value();
    match object.kind() {
        "CronJob" => value.pointer("/spec/jobTemplate/spec/template"),
        _ => {
            value.pointer("/spec/template").filter(|template| template.pointer("/spec/containers").is_some())
        }
    }
}

/// Panics with what does not hold.
pub(crate) fn hold(objects: &[Object]) {
    let mut seen = BTreeSet::new();
    for object in objects {
        let name = (object.kind(), object.name(), object.namespace());
        assert!(is_label(object.name()), "{name:?} is no DNS label");
        assert!(seen.insert(name), "{name:?} is there twice");
        if let Some(template) = template(object) {
            pods(object, template);
        }
    }
    for service in objects.iter().filter(|object| object.kind() == "Service") {
        finds_pods(service, objects);
    }
    for kind in ["PodDisruptionBudget", "NetworkPolicy"] {
        for object in objects.iter().filter(|object| object.kind() == kind) {
            let pointer = if kind == "NetworkPolicy" { "/spec/podSelector" } else { "/spec/selector" };
            let wanted = labels(object.value(), &format!("{pointer}/matchLabels"));
            let found = objects
                .iter()
                .filter(|other| other.namespace() == object.namespace())
                .filter_map(template)
                .any(|template| is_part(&wanted, &labels(template, "/metadata/labels")));
            let alone = object.name().ends_with("default-deny");
            assert!(found || alone, "{kind} {} selects nothing", object.name());
        }
    }
    for scaler in objects.iter().filter(|object| object.kind() == "HorizontalPodAutoscaler") {
        let target = scaler.value().pointer("/spec/scaleTargetRef/name").and_then(Value::as_str).unwrap();
        let target =
            objects.iter().find(|object| object.kind() == "Deployment" && object.name() == target).unwrap();
        assert_eq!(
            target.value().pointer("/spec/replicas"),
            None,
            "{} has replicas beside an autoscaler",
            target.name()
        );
    }
    let files = output::files(objects).unwrap();
    assert_eq!(files.len(), objects.len() + 1, "two manifests share a file");
    for (name, text) in &files {
        let read: Value =
            serde_saphyr::from_str(text).unwrap_or_else(|error| panic!("{name}: {error}\n{text}"));
        assert!(read.is_object(), "{name}");
    }
}

fn is_part(wanted: &BTreeMap<String, String>, of: &BTreeMap<String, String>) -> bool {
    wanted.iter().all(|(key, value)| of.get(key) == Some(value))
}

fn pods(object: &Object, template: &Value) {
    let name = format!("{} {}", object.kind(), object.name());
    let selector = labels(object.value(), "/spec/selector/matchLabels");
    assert!(is_part(&selector, &labels(template, "/metadata/labels")), "{name} does not select its own pods");
    let is_service = matches!(object.kind(), "Deployment" | "StatefulSet" | "DaemonSet");
    assert!(!is_service || !selector.is_empty(), "{name} selects everything");
    let restricted = object.kind() != FLUENT_BIT;
    let pod = template.pointer("/spec/securityContext").unwrap();
    assert_eq!(pod.pointer("/seccompProfile/type").and_then(Value::as_str), Some("RuntimeDefault"), "{name}");
    assert_eq!(pod.get("runAsNonRoot").and_then(Value::as_bool), Some(restricted), "{name}");
    let volumes: BTreeSet<&str> = items(template.pointer("/spec/volumes"))
        .iter()
        .chain(items(object.value().pointer("/spec/volumeClaimTemplates")))
        .filter_map(|volume| volume.get("name").or(volume.pointer("/metadata/name")).and_then(Value::as_str))
        .collect();
    for container in items(template.pointer("/spec/containers")) {
        let security = container.get("securityContext").unwrap();
        assert_eq!(security.get("allowPrivilegeEscalation"), Some(&Value::Bool(false)), "{name}");
        assert_eq!(security.get("readOnlyRootFilesystem"), Some(&Value::Bool(true)), "{name}");
        assert_eq!(security.pointer("/capabilities/drop/0").and_then(Value::as_str), Some("ALL"), "{name}");
        for kind in ["requests", "limits"] {
            for what in ["cpu", "memory", "ephemeral-storage"] {
                assert!(
                    container.pointer(&format!("/resources/{kind}/{what}")).is_some(),
                    "{name} has no {kind} {what}"
                );
            }
        }
        for probe in ["startupProbe", "readinessProbe", "livenessProbe"].into_iter().filter(|_| is_service) {
            assert!(container.get(probe).is_some(), "{name} has no {probe}");
            let port = ["httpGet", "tcpSocket"]
                .iter()
                .find_map(|kind| container.pointer(&format!("/{probe}/{kind}/port")));
            if let Some(port) = port.and_then(Value::as_str) {
                assert!(has_port(container, port), "{name} probes {port}, which it does not have");
            }
        }
        let image = container.get("image").and_then(Value::as_str).unwrap();
        assert!(image.contains(':') && !image.ends_with(":latest"), "{name} runs {image}");
        for mount in items(container.get("volumeMounts")) {
            let mount = mount.get("name").and_then(Value::as_str).unwrap();
            assert!(volumes.contains(mount), "{name} mounts {mount}, which is not there");
        }
    }
}

fn items(list: Option<&Value>) -> &[Value] {
    list.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

fn has_port(container: &Value, name: &str) -> bool {
    items(container.get("ports")).iter().any(|port| {
        let own = port.get("name").and_then(Value::as_str).unwrap();
        assert!(own.len() <= 15, "{own} is too long for a port");
        own == name
    })
}

fn finds_pods(service: &Object, objects: &[Object]) {
    let name = service.name();
    let wanted = labels(service.value(), "/spec/selector");
    let found = objects
        .iter()
        .filter(|object| object.namespace() == service.namespace())
        .filter_map(template)
        .find(|template| is_part(&wanted, &labels(template, "/metadata/labels")))
        .unwrap_or_else(|| panic!("Service {name} finds no pod"));
    for port in items(service.value().pointer("/spec/ports")) {
        let target = port.get("targetPort").and_then(Value::as_str).unwrap();
        let has =
            items(found.pointer("/spec/containers")).iter().any(|container| has_port(container, target));
        assert!(has, "Service {name} leads to {target}, which its pods do not have");
    }
}
