//! Jobs that are left lying about, and names of ports that no API takes.

use serde_json::Value;

use super::value::{items, short, text, whole};
use super::world::{World, name_of};
use super::{Found, Says, Severity, at, then};

/// The longest name of a port (`IANA_SVC_NAME`), in characters.
const MOST_PORT_NAME: usize = 15;

pub(super) fn check(world: &World<'_>, found: &mut Found) {
    for workload in world.workloads.iter().filter(|workload| !workload.is_made) {
        for (container, pointer) in workload.all() {
            for (index, port) in items(container, "/ports").iter().enumerate() {
                let Some(name) = text(port, "/name").filter(|name| !is_port_name(name)) else { continue };
                let place = format!("{pointer}/ports/{index}/name");
                let who = format!("the port {:?} of container {}", short(name), name_of(container));
                found.add(
                    world,
                    ("bad-port-name", Severity::Error),
                    (workload.object, &place),
                    refused(&who),
                );
            }
        }
    }
    for service in world.of_kind("Service") {
        for (index, port) in items(&service.value, "/spec/ports").iter().enumerate() {
            let target = port.get("targetPort").and_then(Value::as_str);
            let Some(name) = target.filter(|name| name.parse::<u16>().is_err() && !is_port_name(name)) else {
                continue;
            };
            let place = format!("/spec/ports/{index}/targetPort");
            found.add(
                world,
                ("bad-port-name", Severity::Error),
                (service, &place),
                refused(&format!("the targetPort {:?}", short(name))),
            );
        }
    }
    for job in world.of_kind("Job") {
        // Helm and Argo CD take their own away.
        let is_hook = job.annotations().is_some_and(|all| {
            all.keys()
                .any(|key| key.starts_with("helm.sh/hook") || key.starts_with("argocd.argoproj.io/hook"))
        });
        if is_hook || whole(&job.value, "/spec/ttlSecondsAfterFinished").is_some() {
            continue;
        }
        let says = Says {
            what: "it is kept for ever when it is done, and its template cannot be changed".to_owned(),
            remedy: "set ttlSecondsAfterFinished, such as 86400".to_owned(),
            timeline: vec![
                at(0, "it is applied, runs, and is done"),
                then(
                    "a new version of it is applied while the old one lies there: refused, field is immutable",
                ),
            ],
        };
        found.add(world, ("job-never-removed", Severity::Note), (job, "/spec"), says);
    }
}

fn is_port_name(name: &str) -> bool {
    let fits = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-';
    (1..=MOST_PORT_NAME).contains(&name.len())
        && name.chars().all(fits)
        && name.chars().any(|letter| letter.is_ascii_lowercase())
        && !name.starts_with('-')
        && !name.ends_with('-')
        && !name.contains("--")
}

fn refused(who: &str) -> Says {
    Says {
        what: format!("{who} is no name of a port"),
        remedy: "write at most 15 lower-case letters, digits and single hyphens, with a letter among them"
            .to_owned(),
        timeline: vec![at(0, "it is applied, and refused: nothing of it changes")],
    }
}
