//! NetworkPolicies, against the paths that pods need: to what their settings name, to DNS, and from outside.
//!
//! Only what Kubernetes' own policies say counts; where others are present nothing is said.

use std::collections::BTreeSet;

use serde_json::Value;

use super::hosts::{self, Host};
use super::value::{is_true, items, shown, text, whole};
use super::world::{Workload, World, selects};
use super::{Found, Says, Severity, at, then};
use crate::manifests::Object;

/// How long a connection is tried that nobody answers: Linux sends its first packet seven times, in seconds.
const CONNECT_SECS: u64 = 127;
/// How long a name is looked up that nobody answers: two times five seconds, for each of the search domains.
const LOOKUP_SECS: u64 = 10;
/// Policies of others, which can allow and forbid beside Kubernetes' own.
const OTHERS: &[&str] = &[
    "AdminNetworkPolicy",
    "BaselineAdminNetworkPolicy",
    "CiliumClusterwideNetworkPolicy",
    "CiliumNetworkPolicy",
    "GlobalNetworkPolicy",
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Ingress,
    Egress,
}

impl Way {
    fn key(self) -> &'static str {
        match self {
            Self::Ingress => "ingress",
            Self::Egress => "egress",
        }
    }
}

/// Where a connection leads to.
enum Peer<'w, 'a> {
    Pod(&'w Workload<'a>),
    Outside,
    /// Some pod of another namespace of which no more is known.
    Elsewhere,
}

#[derive(Clone, Copy)]
struct Port<'p> {
    number: u16,
    name: Option<&'p str>,
    protocol: &'static str,
}

pub(super) fn check(world: &World<'_>, found: &mut Found) {
    unused(world, found);
    let policies: Vec<&Object> =
        world.of_kind("NetworkPolicy").filter(|policy| policy.group() == "networking.k8s.io").collect();
    let is_other = |object: &Object| {
        OTHERS.contains(&object.kind())
            || (object.kind() == "NetworkPolicy" && object.group() != "networking.k8s.io")
    };
    if policies.is_empty() || world.objects.iter().any(is_other) {
        return;
    }
    for (index, workload) in world.workloads.iter().enumerate() {
        if !workload.is_made && !is_true(workload.pod, "/hostNetwork") {
            leaving(world, found, &policies, workload);
            entering(world, found, &policies, index);
        }
    }
}

/// The policies that hold for a pod in one direction.
fn of<'a>(world: &World<'a>, policies: &[&'a Object], workload: &Workload<'a>, way: Way) -> Vec<&'a Object> {
    let holds = |policy: &&&Object| {
        let kinds = items(&policy.value, "/spec/policyTypes");
        let is_named = |kind: &str| kinds.iter().any(|named| named.as_str() == Some(kind));
        let counts = match way {
            Way::Ingress => kinds.is_empty() || is_named("Ingress"),
            Way::Egress => {
                is_named("Egress") || (kinds.is_empty() && policy.value.pointer("/spec/egress").is_some())
            }
        };
        let everything = Value::Null;
        let selector = policy.value.pointer("/spec/podSelector").unwrap_or(&everything);
        counts && world.namespace(policy) == workload.namespace && selects(selector, &workload.labels)
    };
    policies.iter().filter(holds).copied().collect()
}

fn peer_fits(world: &World<'_>, policy: &Object, peer: &Value, other: &Peer<'_, '_>) -> bool {
    if let Some(range) = text(peer, "/ipBlock/cidr") {
        // Whether addresses of pods count as such is left to each network; all of them do.
        return match other {
            Peer::Outside => true,
            Peer::Pod(_) | Peer::Elsewhere => range.ends_with("/0"),
        };
    }
    let (pods, spaces) = (peer.get("podSelector"), peer.get("namespaceSelector"));
    match other {
        Peer::Outside => false,
        Peer::Elsewhere => spaces.is_some(),
        Peer::Pod(workload) => {
            let is_space = match spaces {
                Some(selector) => selects(selector, &world.namespace_labels(workload.namespace)),
                None => workload.namespace == world.namespace(policy),
            };
            is_space && pods.is_none_or(|selector| selects(selector, &workload.labels))
        }
    }
}

fn port_fits(ports: &[Value], port: Port<'_>) -> bool {
    ports.is_empty()
        || ports.iter().any(|rule| {
            let protocol = text(rule, "/protocol").unwrap_or("TCP");
            let is_port = match rule.get("port") {
                None => true,
                Some(Value::String(name)) if name.parse::<u16>().is_err() => port.name == Some(name),
                Some(_) => {
                    let first = whole(rule, "/port").unwrap_or(-1);
                    let last = whole(rule, "/endPort").unwrap_or(first);
                    (first..=last).contains(&i64::from(port.number))
                }
            };
            protocol == port.protocol && is_port
        })
}

/// Whether one of the policies lets it through. Without a policy everything goes.
fn passes(world: &World<'_>, policies: &[&Object], way: Way, other: &Peer<'_, '_>, port: Port<'_>) -> bool {
    let (peers, key) = match way {
        Way::Ingress => ("/from", "/spec/ingress"),
        Way::Egress => ("/to", "/spec/egress"),
    };
    policies.is_empty()
        || policies.iter().any(|policy| {
            items(&policy.value, key).iter().any(|rule| {
                let peers = items(rule, peers);
                let is_peer =
                    peers.is_empty() || peers.iter().any(|peer| peer_fits(world, policy, peer, other));
                is_peer && port_fits(items(rule, "/ports"), port)
            })
        })
}

fn names(policies: &[&Object]) -> String {
    let names: Vec<&str> = policies.iter().map(|policy| policy.name()).collect();
    format!("NetworkPolicy {}", super::value::listed(&names))
}

/// A Service's ports, as its pods have them: the Service's own number, and the pod's.
fn behind<'v>(
    service: &'v Object,
    workload: &Workload<'v>,
    asked: Option<u16>,
) -> Vec<(u16, u16, Option<&'v str>)> {
    let ports = items(&service.value, "/spec/ports").iter();
    let fits = |port: &&Value| {
        let is_tcp = matches!(text(port, "/protocol"), None | Some("TCP"));
        is_tcp && asked.is_none_or(|asked| whole(port, "/port") == Some(i64::from(asked)))
    };
    ports
        .filter(fits)
        .filter_map(|port| {
            let own = u16::try_from(whole(port, "/port")?).ok()?;
            let target = port.get("targetPort");
            let name = target.and_then(Value::as_str).filter(|name| name.parse::<u16>().is_err());
            let declared =
                workload.running().flat_map(|(container, _)| items(container, "/ports")).find(|port| {
                    match name {
                        Some(name) => text(port, "/name") == Some(name),
                        None => whole(port, "/containerPort") == Some(whole_target(target, own)),
                    }
                });
            let number = match name {
                Some(_) => whole(declared?, "/containerPort")?,
                None => whole_target(target, own),
            };
            let name = name.or_else(|| declared.and_then(|port| text(port, "/name")));
            Some((own, u16::try_from(number).ok()?, name))
        })
        .collect()
}

fn whole_target(target: Option<&Value>, own: u16) -> i64 {
    target
        .and_then(|target| target.as_i64().or_else(|| target.as_str()?.parse().ok()))
        .unwrap_or(i64::from(own))
}

fn leaving<'a>(world: &World<'a>, found: &mut Found, policies: &[&'a Object], workload: &Workload<'a>) {
    let out = of(world, policies, workload, Way::Egress);
    let mut told: BTreeSet<String> = BTreeSet::new();
    let mut needs_names: Option<Host> = None;
    for (container, pointer) in workload.all() {
        for host in hosts::of_container(world, workload, container) {
            let place = (workload.object, format!("{pointer}/env"));
            match hosts::service(world, workload.namespace, &host.name) {
                Some(service) => {
                    needs_names.get_or_insert_with(|| host.clone());
                    for index in world.behind(service) {
                        let Some(other) = world.workloads.get(index) else { continue };
                        // A pod that has itself as a peer needs no policy to be let in by itself.
                        if other.is_made || std::ptr::eq(other.object, workload.object) {
                            continue;
                        }
                        cut(world, found, policies, (workload, other, service), (&host, &out), &mut told);
                    }
                }
                None if hosts::is_outside(&host.name) => {
                    needs_names.get_or_insert_with(|| host.clone());
                    outside(world, found, (workload, &place.1), (&host, &out), &mut told);
                }
                None => {}
            }
        }
    }
    if let Some(host) = needs_names {
        dns(world, found, workload, (&host, &out));
    }
}

fn cut<'a>(
    world: &World<'a>,
    found: &mut Found,
    policies: &[&'a Object],
    (workload, other, service): (&Workload<'a>, &Workload<'a>, &'a Object),
    (host, out): (&Host, &[&'a Object]),
    told: &mut BTreeSet<String>,
) {
    let into = of(world, policies, other, Way::Ingress);
    let ports = behind(service, other, host.port);
    if ports.is_empty() {
        return;
    }
    // Without a port in the setting any of the Service's will do.
    let mut blocked = Vec::new();
    for (own, number, name) in ports {
        let port = Port { number, name, protocol: "TCP" };
        let leaves = passes(world, out, Way::Egress, &Peer::Pod(other), port);
        let enters = passes(world, &into, Way::Ingress, &Peer::Pod(workload), port);
        if leaves && enters {
            return;
        }
        blocked.push((own, number, leaves));
    }
    let Some((own, number, leaves)) = blocked.first().copied() else { return };
    if !told.insert(format!("{} {}", service.name(), other.object.name())) {
        return;
    }
    let (way, guilty, owner) =
        if leaves { (Way::Ingress, &into, other) } else { (Way::Egress, &out.to_vec(), workload) };
    let Some(policy) = guilty.first() else { return };
    let translated =
        if own == number { String::new() } else { format!(", which is port {number} of the pod") };
    let by = names(guilty);
    let says = Says {
        what: format!(
            "{} is told by {} to speak to {}, and the {} rules of {} of namespace {} do not let it",
            workload.title(),
            host.by,
            host.name,
            way.key(),
            owner.title(),
            owner.namespace
        ),
        remedy: format!(
            "allow {} TCP {number} between {} and {} in {by}",
            way.key(),
            workload.title(),
            other.title()
        ),
        timeline: vec![
            at(0, format!("a pod of {} connects to {}:{own}{translated}", workload.title(), host.name)),
            at(
                0,
                format!("{by} has no {} rule for it: the packet is dropped, and nobody is told", way.key()),
            ),
            at(CONNECT_SECS, "Linux has sent it seven times and gives up: connection timed out"),
            then(format!("every use of {} fails like this, and takes this long", service.name())),
        ],
    };
    found.add(
        world,
        ("network-policy-cuts-path", Severity::Error),
        (policy, &format!("/spec/{}", way.key())),
        says,
    );
}

fn outside(
    world: &World<'_>,
    found: &mut Found,
    (workload, pointer): (&Workload<'_>, &str),
    (host, out): (&Host, &[&Object]),
    told: &mut BTreeSet<String>,
) {
    let number = host.port.unwrap_or(443);
    let port = Port { number, name: None, protocol: "TCP" };
    if passes(world, out, Way::Egress, &Peer::Outside, port) || !told.insert(host.name.clone()) {
        return;
    }
    let by = names(out);
    let says = Says {
        what: format!(
            "{} says to speak to {}:{number}, outside of the cluster, and {by} lets nothing out there",
            host.by, host.name
        ),
        remedy: format!("allow egress to an ipBlock on TCP {number}"),
        timeline: vec![
            at(0, format!("a pod of {} connects to {}:{number}", workload.title(), host.name)),
            at(0, "no egress rule has an ipBlock with that port: the packet is dropped"),
            at(CONNECT_SECS, "connection timed out"),
        ],
    };
    found.add(world, ("network-policy-cuts-path", Severity::Error), (workload.object, pointer), says);
}

fn dns(world: &World<'_>, found: &mut Found, workload: &Workload<'_>, (host, out): (&Host, &[&Object])) {
    let port = Port { number: 53, name: Some("dns"), protocol: "UDP" };
    let Some(policy) = out.first() else { return };
    if passes(world, out, Way::Egress, &Peer::Elsewhere, port)
        || passes(world, out, Way::Egress, &Peer::Outside, port)
    {
        return;
    }
    let by = names(out);
    let says = Says {
        what: format!(
            "{by} lets {} ask no DNS, and {} names a host, {}",
            workload.title(),
            host.by,
            host.name
        ),
        remedy: "allow egress on UDP and TCP 53 to the pods of the cluster's DNS".to_owned(),
        timeline: vec![
            at(
                0,
                format!("a pod of {} looks {} up: UDP 53 to the cluster's DNS", workload.title(), host.name),
            ),
            at(0, "no egress rule has port 53: the packet is dropped"),
            at(LOOKUP_SECS, "two attempts of 5 s are over: temporary failure in name resolution"),
            then("every connection by name fails, also those that the rules allow"),
        ],
    };
    found.add(world, ("network-policy-blocks-dns", Severity::Error), (policy, "/spec/egress"), says);
}

/// From outside: Services that are open to the world, and what Ingresses and routes lead to.
fn entering<'a>(world: &World<'a>, found: &mut Found, policies: &[&'a Object], index: usize) {
    let Some(workload) = world.workloads.get(index) else { return };
    let into = of(world, policies, workload, Way::Ingress);
    let Some(policy) = into.first() else { return };
    for service in world.services_of(index) {
        let kind = text(&service.value, "/spec/type").unwrap_or("ClusterIP");
        let (peer, who) = match kind {
            "LoadBalancer" | "NodePort" => {
                (Peer::Outside, format!("Service {} is open to the world as {kind}", service.name()))
            }
            _ => match super::wiring::entry_of(world, service) {
                Some(entry) => (
                    Peer::Elsewhere,
                    format!("{} {} leads to Service {}", entry.kind(), entry.name(), service.name()),
                ),
                None => continue,
            },
        };
        let ports = behind(service, workload, None);
        let open = ports.iter().any(|(_, number, name)| {
            let port = Port { number: *number, name: *name, protocol: "TCP" };
            let is_open = |peer: &Peer<'_, '_>| passes(world, &into, Way::Ingress, peer, port);
            // An entry's pods may be among the manifests, in any namespace.
            is_open(&peer)
                || (matches!(peer, Peer::Elsewhere)
                    && (is_open(&Peer::Outside)
                        || world
                            .workloads
                            .iter()
                            .any(|other| is_gateway(other) && is_open(&Peer::Pod(other)))))
        });
        let Some((own, number, _)) = ports.first().filter(|_| !open) else { continue };
        let by = names(&into);
        let says = Says {
            what: format!("{who}, and {by} lets nobody from there into {}", workload.title()),
            remedy: format!("allow ingress on TCP {number} from where requests come"),
            timeline: vec![
                at(
                    0,
                    format!(
                        "somebody asks port {own} of Service {}, which is port {number} of a pod",
                        service.name()
                    ),
                ),
                at(0, format!("no ingress rule of {by} has it: the packet is dropped")),
                at(60, "whoever asks, or the proxy between, gives up: 504"),
            ],
        };
        found.add(world, ("network-policy-cuts-path", Severity::Error), (policy, "/spec/ingress"), says);
    }
}

fn is_gateway(workload: &Workload<'_>) -> bool {
    let name = workload.object.name();
    ["ingress", "gateway", "traefik", "envoy", "contour", "nginx", "haproxy"]
        .iter()
        .any(|word| name.contains(word))
}

/// Policies for pods that are not there, and peers that are not.
fn unused(world: &World<'_>, found: &mut Found) {
    for policy in world.of_kind("NetworkPolicy").filter(|policy| policy.group() == "networking.k8s.io") {
        let namespace = world.namespace(policy);
        let is_empty = |selector: &Value| selector.as_object().is_none_or(serde_json::Map::is_empty);
        let Some(selector) = policy.value.pointer("/spec/podSelector").filter(|selector| !is_empty(selector))
        else {
            continue;
        };
        if !world.selected(namespace, selector).is_empty() || has_unknown(world, namespace) {
            continue;
        }
        let says = Says {
            what: format!("its podSelector {} finds no pod of these manifests", shown(selector)),
            remedy: "write the labels that the pods have, or take it away".to_owned(),
            timeline: vec![
                at(0, "it is applied, and holds for no pod"),
                then("what it was to keep apart can talk"),
            ],
        };
        found.add(
            world,
            ("network-policy-selects-nothing", Severity::Warning),
            (policy, "/spec/podSelector"),
            says,
        );
    }
}

/// Whether something in a namespace may make pods that are not seen here.
pub(super) fn has_unknown(world: &World<'_>, namespace: &str) -> bool {
    world.workloads.iter().any(|workload| workload.is_made && workload.namespace == namespace)
}
