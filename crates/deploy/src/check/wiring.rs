//! Who finds whom: selectors, ports, and names of other objects.

use std::collections::HashMap;

use serde_json::Value;

use super::value::{items, listed, shown, text, whole};
use super::world::{Workload, World, selects};
use super::{Found, Says, Severity, at, then};
use crate::manifests::Object;

pub(super) fn check(world: &World<'_>, found: &mut Found) {
    twice(world, found);
    for index in 0..world.workloads.len() {
        own_selector(world, found, index);
    }
    for service in world.of_kind("Service") {
        to_pods(world, found, service);
    }
    entries(world, found);
    monitors(world, found);
}

/// The same object in two places.
fn twice(world: &World<'_>, found: &mut Found) {
    let mut seen: HashMap<(&str, &str, &str, &str), &Object> = HashMap::new();
    for object in world.objects {
        let is_named =
            !object.name().is_empty() && !matches!(object.kind(), "Dashboard" | "Rules" | "Kustomization");
        let key = (object.group(), object.kind(), world.namespace(object), object.name());
        let Some(first) = is_named.then(|| seen.insert(key, object)).flatten() else { continue };
        if first.value == object.value {
            continue;
        }
        let place = |object: &Object| format!("{}:{}", object.file, object.line);
        let says = Says {
            what: format!("it is written twice, and differently: also at {}", place(first)),
            remedy: "keep one of them, or check what is applied together by itself".to_owned(),
            timeline: vec![
                at(0, format!("all files are applied: first {}, then {}", place(first), place(object))),
                at(1, "the second has overwritten the first"),
                then("applied in another order, by another tool, it is the other way round"),
            ],
        };
        found.add(world, ("object-written-twice", Severity::Warning), (object, ""), says);
    }
}

/// A workload's selector against the labels of its own pods, and against those of others.
fn own_selector(world: &World<'_>, found: &mut Found, index: usize) {
    let Some(workload) = world.workloads.get(index).filter(|workload| !workload.is_made) else { return };
    let Some(selector) =
        workload.object.value.pointer("/spec/selector").filter(|selector| selector.is_object())
    else {
        return;
    };
    if matches!(workload.object.kind(), "ReplicationController" | "Job" | "CronJob" | "Pod") {
        return;
    }
    let place = (workload.object, "/spec/selector");
    if !selects(selector, &workload.labels) {
        let says = Says {
            what: format!("its selector {} does not find its own pods", shown(selector)),
            remedy: "give the pod's template the labels of the selector".to_owned(),
            timeline: vec![at(0, "it is applied, and refused: selector does not match template labels")],
        };
        return found.add(world, ("selector-misses-own-pods", Severity::Error), place, says);
    }
    let others: Vec<&Workload<'_>> = world
        .selected(workload.namespace, selector)
        .into_iter()
        .filter(|other| *other != index)
        .filter_map(|other| world.workloads.get(other))
        .filter(|other| other.stays() && !std::ptr::eq(other.object, workload.object))
        .filter(|other| {
            (other.object.kind(), other.object.name()) != (workload.object.kind(), workload.object.name())
        })
        .collect();
    let Some(other) = others.first() else { return };
    let scaler = world.scaler_of(index);
    let (mine, theirs) = (world.replicas(index).0.max(1), other.replicas.unwrap_or(1));
    let severity = if scaler.is_some() { Severity::Error } else { Severity::Warning };
    let last = match scaler {
        Some(scaler) => format!(
            "{} takes the metrics of {} pods and means {mine}: it scales {} by the load of {}",
            scaler.title(),
            mine + theirs,
            workload.object.name(),
            other.object.name()
        ),
        None => format!(
            "a pod of {} that loses its owner is taken by {}, with the wrong image",
            other.object.name(),
            workload.object.name()
        ),
    };
    let says = Says {
        what: format!("its selector also finds the pods of {}", other.title()),
        remedy: "add a label that only its own pods have, to the selector and the template".to_owned(),
        timeline: vec![
            at(
                0,
                format!(
                    "{mine} pods of {} run, and {theirs} of {}",
                    workload.object.name(),
                    other.object.name()
                ),
            ),
            at(15, format!("the selector {} finds {} pods", shown(selector), mine + theirs)),
            then(last),
        ],
    };
    found.add(world, ("selectors-overlap", severity), place, says);
}

/// The Ingress, or the route of a Gateway, that leads to a Service.
pub(super) fn entry_of<'a>(world: &World<'a>, service: &Object) -> Option<&'a Object> {
    world.objects.iter().find(|object| {
        matches!(object.kind(), "Ingress" | "HTTPRoute" | "GRPCRoute")
            && world.namespace(object) == world.namespace(service)
            && backends(object).iter().any(|(name, ..)| *name == service.name())
    })
}

/// The Services that an entry leads to, with their port and the pointer to it.
fn backends(entry: &Object) -> Vec<(&str, Option<&Value>, String)> {
    let value = &entry.value;
    let mut all = Vec::new();
    if entry.kind() == "Ingress" {
        if let Some(name) = text(value, "/spec/defaultBackend/service/name") {
            let port = value.pointer("/spec/defaultBackend/service/port");
            all.push((name, port, "/spec/defaultBackend".to_owned()));
        }
        for (rule, host) in items(value, "/spec/rules").iter().enumerate() {
            for (index, path) in items(host, "/http/paths").iter().enumerate() {
                let Some(name) = text(path, "/backend/service/name") else { continue };
                let pointer = format!("/spec/rules/{rule}/http/paths/{index}/backend");
                all.push((name, path.pointer("/backend/service/port"), pointer));
            }
        }
        return all;
    }
    for (rule, value) in items(value, "/spec/rules").iter().enumerate() {
        for (index, backend) in items(value, "/backendRefs").iter().enumerate() {
            let is_service = matches!(text(backend, "/kind"), None | Some("Service"));
            // One in another namespace needs a grant, and is looked up there.
            let is_here = text(backend, "/namespace").is_none();
            if let Some(name) = text(backend, "/name").filter(|_| is_service && is_here) {
                all.push((name, backend.get("port"), format!("/spec/rules/{rule}/backendRefs/{index}")));
            }
        }
    }
    all
}

fn entries(world: &World<'_>, found: &mut Found) {
    for entry in
        world.objects.iter().filter(|object| matches!(object.kind(), "Ingress" | "HTTPRoute" | "GRPCRoute"))
    {
        for (name, port, pointer) in backends(entry) {
            let service = world.get("Service", world.namespace(entry), name);
            let wrong = match service {
                None => format!("Service {name}, which is not there"),
                Some(service) => {
                    let ports = items(&service.value, "/spec/ports");
                    let has = |wanted: &Value| {
                        let (number, by_name) =
                            (wanted.as_i64().or_else(|| whole(wanted, "/number")), text(wanted, "/name"));
                        ports.iter().any(|port| {
                            number.is_some_and(|number| whole(port, "/port") == Some(number))
                                || by_name.is_some_and(|name| text(port, "/name") == Some(name))
                        })
                    };
                    match port {
                        Some(port) if !has(port) => {
                            format!("port {} of Service {name}, which it does not have", shown(port))
                        }
                        _ => continue,
                    }
                }
            };
            let says = Says {
                what: format!("it leads to {wrong}"),
                remedy: "write a Service and a port that are there".to_owned(),
                timeline: vec![
                    at(0, "somebody asks for its path"),
                    at(0, "the proxy knows nobody to ask: 503, each time"),
                ],
            };
            found.add(world, ("entry-leads-nowhere", Severity::Error), (entry, &pointer), says);
        }
    }
}

/// A Service against the pods that it sends to.
fn to_pods(world: &World<'_>, found: &mut Found, service: &Object) {
    let value = &service.value;
    if value.pointer("/spec/selector").and_then(Value::as_object).is_none_or(serde_json::Map::is_empty) {
        return;
    }
    let behind: Vec<&Workload<'_>> =
        world.behind(service).into_iter().filter_map(|index| world.workloads.get(index)).collect();
    if behind.is_empty() {
        return nobody(world, found, service);
    }
    if behind.iter().any(|workload| workload.is_made) {
        return;
    }
    for (index, port) in items(value, "/spec/ports").iter().enumerate() {
        let target = port.get("targetPort");
        let Some(name) = target.and_then(Value::as_str).filter(|name| name.parse::<u16>().is_err()) else {
            undeclared(world, found, service, (index, port), &behind);
            continue;
        };
        let has = |workload: &&Workload<'_>| {
            workload.running().any(|(container, _)| {
                items(container, "/ports").iter().any(|port| text(port, "/name") == Some(name))
            })
        };
        let without: Vec<String> =
            behind.iter().filter(|workload| !has(workload)).map(|workload| workload.title()).collect();
        if without.is_empty() {
            continue;
        }
        let all = without.len() == behind.len();
        let own = whole(port, "/port").unwrap_or(0);
        let effect = if all {
            format!("the Service has no endpoint for port {own}: connection refused")
        } else {
            "the Service has an endpoint only for some: the others get nothing, however ready they are"
                .to_owned()
        };
        let says = Says {
            what: format!(
                "its port {own} leads to {name}, and {} has no port of that name",
                listed(&without)
            ),
            remedy: format!("name a port of the container {name}, or write the number"),
            timeline: vec![at(0, format!("somebody asks port {own}")), at(0, effect)],
        };
        let pointer = format!("/spec/ports/{index}/targetPort");
        found.add(world, ("service-port-missing", Severity::Error), (service, &pointer), says);
    }
}

/// A number that no container names, where they name others.
fn undeclared(
    world: &World<'_>,
    found: &mut Found,
    service: &Object,
    (index, port): (usize, &Value),
    behind: &[&Workload<'_>],
) {
    let own = whole(port, "/port");
    let Some(number) = whole(port, "/targetPort").or(own) else { return };
    let declared: Vec<i64> = behind
        .iter()
        .flat_map(|workload| workload.running())
        .flat_map(|(container, _)| items(container, "/ports"))
        .filter_map(|port| whole(port, "/containerPort"))
        .collect();
    if declared.is_empty() || declared.contains(&number) {
        return;
    }
    let ports: Vec<String> = declared.iter().map(i64::to_string).collect();
    let says = Says {
        what: format!(
            "its port {} leads to {number}, and the pods name {}",
            own.unwrap_or(number),
            listed(&ports)
        ),
        remedy: "name the port among the container's ports, or lead to one that is".to_owned(),
        timeline: vec![
            at(0, format!("somebody asks port {}", own.unwrap_or(number))),
            at(0, format!("unless something listens on {number} that no port names: connection refused")),
        ],
    };
    found.add(
        world,
        ("service-port-undeclared", Severity::Note),
        (service, &format!("/spec/ports/{index}")),
        says,
    );
}

fn nobody(world: &World<'_>, found: &mut Found, service: &Object) {
    let namespace = world.namespace(service);
    // The cluster's own components have Services, and are not in manifests.
    if namespace == "kube-system" || super::network::has_unknown(world, namespace) {
        return;
    }
    let labels = service.value.pointer("/spec/selector").map(shown).unwrap_or_default();
    let same = world.workloads.iter().find(|workload| workload.object.name() == service.name());
    let hint = match same {
        Some(workload) if workload.namespace == namespace => {
            format!("; {} has {}", workload.title(), Value::Object(workload.labels.clone()))
        }
        Some(workload) => format!("; {} is in namespace {}", workload.title(), workload.namespace),
        None => String::new(),
    };
    let says = Says {
        what: format!("its selector {labels} finds no pod of these manifests{hint}"),
        remedy: "write the labels that the pods have".to_owned(),
        timeline: vec![
            at(0, format!("somebody asks {}.{namespace}", service.name())),
            at(0, "it has no endpoint: connection refused, or nothing at all"),
        ],
    };
    found.add(world, ("service-selects-nothing", Severity::Error), (service, "/spec/selector"), says);
}

/// What is scraped, against the Services and pods that there are.
fn monitors(world: &World<'_>, found: &mut Found) {
    for monitor in world.of_kind("ServiceMonitor") {
        let value = &monitor.value;
        let own = world.namespace(monitor);
        let named: Vec<&str> =
            items(value, "/spec/namespaceSelector/matchNames").iter().filter_map(Value::as_str).collect();
        let any = super::value::is_true(value, "/spec/namespaceSelector/any");
        let is_space =
            |space: &str| any || if named.is_empty() { space == own } else { named.contains(&space) };
        // Services of the cluster itself, and of namespaces that are not here, are not in manifests.
        let is_seen = |space: &str| {
            world.objects.iter().any(|object| world.namespace(object) == space && object.kind() == "Service")
        };
        if any || named.iter().any(|space| !is_seen(space)) || (named.is_empty() && !is_seen(own)) {
            continue;
        }
        let nothing = Value::Null;
        let selector = value.pointer("/spec/selector").unwrap_or(&nothing);
        let empty = serde_json::Map::new();
        let services: Vec<&Object> = world
            .of_kind("Service")
            .filter(|service| is_space(world.namespace(service)))
            .filter(|service| {
                let labels = service.value.pointer("/metadata/labels").and_then(Value::as_object);
                selects(selector, labels.unwrap_or(&empty))
            })
            .collect();
        let interval = text(value, "/spec/endpoints/0/interval").unwrap_or("30s");
        let told = |what: String| Says {
            what,
            remedy: "write the labels of the Service, and the name of its port".to_owned(),
            timeline: vec![
                at(0, format!("every {interval} Prometheus looks for targets, and finds none for it")),
                then(
                    "none of its metrics is there; alerts on them never fire, since there is nothing to compare",
                ),
            ],
        };
        if services.is_empty() {
            let says = told(format!("its selector {} finds no Service of these manifests", shown(selector)));
            found.add(world, ("monitor-finds-nothing", Severity::Warning), (monitor, "/spec/selector"), says);
            continue;
        }
        for (index, endpoint) in items(value, "/spec/endpoints").iter().enumerate() {
            let Some(port) = text(endpoint, "/port") else { continue };
            let has = |service: &&Object| {
                items(&service.value, "/spec/ports").iter().any(|own| text(own, "/name") == Some(port))
            };
            if services.iter().any(has) {
                continue;
            }
            let names: Vec<&str> = services.iter().map(|service| service.name()).collect();
            let says = told(format!("no port of Service {} is named {port}", listed(&names)));
            let pointer = format!("/spec/endpoints/{index}/port");
            found.add(world, ("monitor-finds-nothing", Severity::Warning), (monitor, &pointer), says);
        }
    }
}
