//! Names of other objects that a pod cannot begin without: ConfigMaps and their keys, Secrets' keys, claims, accounts.
//!
//! That a Secret is not there is no finding: it has no place in manifests.

use std::collections::BTreeSet;

use serde_json::Value;

use super::value::{is_true, items, text};
use super::world::{Workload, World, name_of};
use super::{Found, Moment, Says, Severity, at, then};

pub(super) fn check(world: &World<'_>, found: &mut Found) {
    let has_accounts = world.of_kind("ServiceAccount").next().is_some();
    for workload in world.workloads.iter().filter(|workload| !workload.is_made) {
        keys(world, found, workload);
        volumes(world, found, workload);
        account(world, found, workload, has_accounts);
        governing(world, found, workload);
        variables(world, found, workload);
    }
}

fn stuck(reason: &str) -> Vec<Moment> {
    vec![
        at(0, "a pod is placed on a node"),
        at(2, reason.to_owned()),
        then("it waits, and is tried again, for ever; an update stops with it"),
    ]
}

/// Whether a ConfigMap or a Secret of the manifests lacks a key.
fn lacks(
    world: &World<'_>,
    workload: &Workload<'_>,
    kind: &'static str,
    name: &str,
    key: &str,
) -> Option<bool> {
    let object = world.get(kind, workload.namespace, name)?;
    let has = |list: &str| object.value.get(list).and_then(|data| data.get(key)).is_some();
    Some(!(has("data") || has("stringData") || has("binaryData")))
}

fn missing_map(world: &World<'_>, found: &mut Found, workload: &Workload<'_>, name: &str, pointer: &str) {
    // One that the cluster makes itself, or a controller.
    if matches!(name, "kube-root-ca.crt" | "openshift-service-ca.crt")
        || world.of_kind("ConfigMap").next().is_none()
    {
        return;
    }
    let says = Says {
        what: format!("it needs ConfigMap {name}, which is not among these manifests"),
        remedy: "write it, or mark it as optional".to_owned(),
        timeline: stuck(&format!(
            "configmap {name:?} not found: CreateContainerConfigError, or a volume that is not mounted"
        )),
    };
    found.add(world, ("config-map-missing", Severity::Warning), (workload.object, pointer), says);
}

fn keys(world: &World<'_>, found: &mut Found, workload: &Workload<'_>) {
    let mut told: BTreeSet<String> = BTreeSet::new();
    for (container, pointer) in workload.all() {
        for (index, source) in items(container, "/envFrom").iter().enumerate() {
            let Some(name) =
                text(source, "/configMapRef/name").filter(|_| !is_true(source, "/configMapRef/optional"))
            else {
                continue;
            };
            if world.get("ConfigMap", workload.namespace, name).is_none() && told.insert(name.to_owned()) {
                missing_map(world, found, workload, name, &format!("{pointer}/envFrom/{index}"));
            }
        }
        for (index, variable) in items(container, "/env").iter().enumerate() {
            for (kind, at) in
                [("ConfigMap", "/valueFrom/configMapKeyRef"), ("Secret", "/valueFrom/secretKeyRef")]
            {
                let Some(reference) =
                    variable.pointer(at).filter(|reference| !is_true(reference, "/optional"))
                else {
                    continue;
                };
                let (Some(name), Some(key)) = (text(reference, "/name"), text(reference, "/key")) else {
                    continue;
                };
                let place = format!("{pointer}/env/{index}");
                match lacks(world, workload, kind, name, key) {
                    None if kind == "ConfigMap" && told.insert(name.to_owned()) => {
                        missing_map(world, found, workload, name, &place);
                    }
                    // What is in a Secret may be written by another, later.
                    Some(true) if kind == "ConfigMap" || has_data(world, workload, name) => {
                        let says = Says {
                            what: format!(
                                "container {} needs the key {key} of {kind} {name}, which it does not have",
                                name_of(container)
                            ),
                            remedy: format!("write the key into {kind} {name}, or another name here"),
                            timeline: stuck(&format!(
                                "couldn't find key {key} in {kind} {name}: CreateContainerConfigError"
                            )),
                        };
                        found.add(world, ("key-missing", Severity::Error), (workload.object, &place), says);
                    }
                    _ => {}
                }
            }
        }
    }
}

fn has_data(world: &World<'_>, workload: &Workload<'_>, name: &str) -> bool {
    let secret = world.get("Secret", workload.namespace, name);
    let some = |list: &str| {
        let data = secret.and_then(|secret| secret.value.get(list)?.as_object());
        data.is_some_and(|data| !data.is_empty())
    };
    some("data") || some("stringData")
}

fn volumes(world: &World<'_>, found: &mut Found, workload: &Workload<'_>) {
    let volumes = items(workload.pod, "/volumes");
    for (index, volume) in volumes.iter().enumerate() {
        let pointer = workload.at(&format!("/volumes/{index}"));
        if let Some(name) =
            text(volume, "/configMap/name").filter(|_| !is_true(volume, "/configMap/optional"))
            && world.get("ConfigMap", workload.namespace, name).is_none()
        {
            missing_map(world, found, workload, name, &pointer);
        }
        if let Some(name) = text(volume, "/persistentVolumeClaim/claimName")
            && world.get("PersistentVolumeClaim", workload.namespace, name).is_none()
        {
            let says = Says {
                what: format!("it needs the claim {name}, which is not among these manifests"),
                remedy: "write the PersistentVolumeClaim, or take the volume away".to_owned(),
                timeline: stuck(&format!("persistentvolumeclaim {name:?} not found: it is Pending")),
            };
            found.add(world, ("claim-missing", Severity::Warning), (workload.object, &pointer), says);
        }
    }
    let names: BTreeSet<&str> = volumes.iter().filter_map(|volume| text(volume, "/name")).collect();
    let claims = items(&workload.object.value, "/spec/volumeClaimTemplates");
    let claims: BTreeSet<&str> = claims.iter().filter_map(|claim| text(claim, "/metadata/name")).collect();
    for (container, pointer) in workload.all() {
        for (index, mount) in items(container, "/volumeMounts").iter().enumerate() {
            let Some(name) =
                text(mount, "/name").filter(|name| !names.contains(name) && !claims.contains(name))
            else {
                continue;
            };
            let says = Says {
                what: format!(
                    "container {} mounts the volume {name}, which the pod does not have",
                    name_of(container)
                ),
                remedy: "write the volume, or the name of one that is there".to_owned(),
                timeline: vec![at(0, format!("it is applied, and refused: volumeMounts {name} not found"))],
            };
            let pointer = format!("{pointer}/volumeMounts/{index}");
            found.add(world, ("volume-missing", Severity::Error), (workload.object, &pointer), says);
        }
    }
}

fn account(world: &World<'_>, found: &mut Found, workload: &Workload<'_>, has_accounts: bool) {
    let name = text(workload.pod, "/serviceAccountName");
    if let Some(old) = text(workload.pod, "/serviceAccount") {
        let differs = name.is_some_and(|name| name != old);
        let says = Says {
            what: match differs {
                true => {
                    format!("serviceAccount {old} and serviceAccountName {} differ", name.unwrap_or_default())
                }
                false => format!("serviceAccount {old} is the name of old for serviceAccountName"),
            },
            remedy: "keep serviceAccountName".to_owned(),
            timeline: vec![
                at(0, "it is applied: Kubernetes keeps the two fields equal, by the newer one"),
                then("somebody later changes the older one only, and nothing happens"),
            ],
        };
        let severity = if differs { Severity::Warning } else { Severity::Note };
        found.add(
            world,
            ("service-account-field", severity),
            (workload.object, &workload.at("/serviceAccount")),
            says,
        );
    }
    let Some(name) = name.filter(|name| *name != "default" && has_accounts) else { return };
    if world.get("ServiceAccount", workload.namespace, name).is_some() {
        return;
    }
    let elsewhere = world.of_kind("ServiceAccount").find(|account| account.name() == name);
    let hint = elsewhere.map(|account| format!("; there is one in namespace {}", world.namespace(account)));
    let says = Says {
        what: format!(
            "it runs as ServiceAccount {name} of namespace {}, which is not among these manifests{}",
            workload.namespace,
            hint.unwrap_or_default()
        ),
        remedy: "write the ServiceAccount into the namespace of the pods".to_owned(),
        timeline: vec![
            at(0, format!("{} is applied, and accepted", workload.title())),
            at(1, format!("its pods are refused: serviceaccount {name:?} not found")),
            then("there are 0 replicas, and only an event of the controller says why"),
        ],
    };
    found.add(
        world,
        ("service-account-missing", Severity::Warning),
        (workload.object, &workload.at("/serviceAccountName")),
        says,
    );
}

/// A StatefulSet's Service, by which its pods have names.
fn governing(world: &World<'_>, found: &mut Found, workload: &Workload<'_>) {
    if workload.object.kind() != "StatefulSet" {
        return;
    }
    let Some(name) = text(&workload.object.value, "/spec/serviceName").filter(|name| !name.is_empty()) else {
        return;
    };
    if world.get("Service", workload.namespace, name).is_some() {
        return;
    }
    let pod = format!("{}-0.{name}", workload.object.name());
    let says = Says {
        what: format!("serviceName is {name}, and there is no such Service"),
        remedy: format!("write a Service {name} with clusterIP: None that selects its pods"),
        timeline: vec![
            at(0, "its pods run"),
            at(1, format!("one looks {pod} up: NXDOMAIN, since no Service of that name gives it a record")),
            then("replicas that find each other by name do not"),
        ],
    };
    found.add(
        world,
        ("governing-service-missing", Severity::Warning),
        (workload.object, "/spec/serviceName"),
        says,
    );
}

/// A variable that is written twice: the last one counts.
fn variables(world: &World<'_>, found: &mut Found, workload: &Workload<'_>) {
    for (container, pointer) in workload.all() {
        let mut seen: Vec<(&str, &Value)> = Vec::new();
        for (index, variable) in items(container, "/env").iter().enumerate() {
            let Some(name) = text(variable, "/name") else { continue };
            let before = seen.iter().find(|(known, _)| *known == name);
            if before.is_some_and(|(_, other)| *other != variable) {
                let says = Says {
                    what: format!(
                        "container {} has the variable {name} twice, with different values",
                        name_of(container)
                    ),
                    remedy: "keep one of them".to_owned(),
                    timeline: vec![
                        at(0, "the container begins: the last one counts"),
                        then(
                            "somebody changes the first one, and nothing happens; a server-side apply of it is refused",
                        ),
                    ],
                };
                found.add(
                    world,
                    ("variable-written-twice", Severity::Warning),
                    (workload.object, &format!("{pointer}/env/{index}")),
                    says,
                );
            }
            seen.push((name, variable));
        }
    }
}
