//! Who may talk to whom. Nobody may, by one policy a namespace; then there is a policy a part with the paths that it needs.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::api::networking::v1::{
    IPBlock, NetworkPolicy, NetworkPolicyEgressRule, NetworkPolicyIngressRule, NetworkPolicyPeer,
    NetworkPolicyPort, NetworkPolicySpec,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::bus::{KAFKA, NATS, STRIMZI_CLUSTER};
use super::database::{BACKUP, POSTGRES};
use super::lag::{EXPORTER, EXPORTER_PORT};
use super::meta::say_why;
use super::object::Object;
use super::shared::{Level, SHARED};
use super::tracing::{COLLECTOR_METRICS, QUERIES};
use super::why::Why;
use super::workloads::MIGRATE;
use crate::error::Error;
use crate::fleet::{Brokers, Bus, Database, Fleet, Monitoring, Part, Scaling, Tracing, Way};
use crate::program;
use crate::values::{self, Selecting};

/// The label that every namespace has: its name.
const NAMESPACE: &str = "kubernetes.io/metadata.name";
/// Where names are resolved on nodes that do it themselves.
const NODE_LOCAL_DNS: &str = "169.254.20.10/32";
/// The namespace that KEDA is installed into.
const KEDA: &str = "keda";
/// The part that takes traces, the one that keeps them, and those that watch.
pub(super) const COLLECTOR: &str = "collector";
pub(super) const TRACES: &str = "traces";
pub(super) const PROMETHEUS: &str = "prometheus";
pub(super) const ALERTMANAGER: &str = "alertmanager";
pub(super) const GRAFANA: &str = "grafana";

/// A policy in the making.
struct Policy<'a> {
    fleet: &'a Fleet,
    part: &'a str,
    namespace: &'a str,
    ingress: Vec<NetworkPolicyIngressRule>,
    egress: Vec<NetworkPolicyEgressRule>,
}

impl<'a> Policy<'a> {
    fn of(fleet: &'a Fleet, part: &'a str, namespace: &'a str) -> Self {
        Self { fleet, part, namespace, ingress: Vec::new(), egress: Vec::new() }
    }

    /// Lets somebody in; nobody in particular is everybody.
    fn from(mut self, peers: Vec<NetworkPolicyPeer>, ports: &[i32]) -> Self {
        let from = (!peers.is_empty()).then_some(peers);
        self.ingress.push(NetworkPolicyIngressRule { from, ports: tcp(ports) });
        self
    }

    /// Lets it go somewhere; nowhere in particular is everywhere.
    fn to(mut self, peers: Vec<NetworkPolicyPeer>, ports: &[i32]) -> Self {
        let to = (!peers.is_empty()).then_some(peers);
        self.egress.push(NetworkPolicyEgressRule { to, ports: tcp(ports) });
        self
    }

    fn object(self) -> Result<Object, Error> {
        let names = &self.fleet.names;
        let policy = NetworkPolicy {
            metadata: self.fleet.meta(self.part, names.of(self.part), self.namespace),
            spec: Some(NetworkPolicySpec {
                egress: (!self.egress.is_empty()).then_some(self.egress),
                ingress: (!self.ingress.is_empty()).then_some(self.ingress),
                pod_selector: Some(LabelSelector {
                    match_labels: Some(names.selector(self.part)),
                    match_expressions: None,
                }),
                policy_types: Some(vec!["Ingress".to_owned(), "Egress".to_owned()]),
            }),
        };
        Ok(Object::new(&policy)?)
    }
}

fn tcp(ports: &[i32]) -> Option<Vec<NetworkPolicyPort>> {
    let port = |port: &i32| NetworkPolicyPort {
        end_port: None,
        port: Some(IntOrString::Int(*port)),
        protocol: Some("TCP".to_owned()),
    };
    (!ports.is_empty()).then(|| ports.iter().map(port).collect())
}

fn labelled(labels: BTreeMap<String, String>) -> LabelSelector {
    LabelSelector { match_labels: (!labels.is_empty()).then_some(labels), match_expressions: None }
}

/// Pods with labels in a namespace.
fn pods(namespace: &str, labels: BTreeMap<String, String>) -> NetworkPolicyPeer {
    NetworkPolicyPeer {
        namespace_selector: Some(namespace_named(namespace)),
        pod_selector: Some(labelled(labels)),
        ip_block: None,
    }
}

fn namespace_named(namespace: &str) -> LabelSelector {
    labelled(BTreeMap::from([(NAMESPACE.to_owned(), namespace.to_owned())]))
}

fn networks<'c>(cidrs: impl IntoIterator<Item = &'c String>) -> Vec<NetworkPolicyPeer> {
    let peer = |cidr: &String| NetworkPolicyPeer {
        ip_block: Some(IPBlock { cidr: cidr.clone(), except: None }),
        ..NetworkPolicyPeer::default()
    };
    cidrs.into_iter().map(peer).collect()
}

/// What somebody has said about who may come; of everywhere in the cluster where nothing was said.
fn selected(selecting: &[Selecting]) -> Vec<NetworkPolicyPeer> {
    if selecting.is_empty() {
        let all = Some(LabelSelector::default());
        return vec![NetworkPolicyPeer { namespace_selector: all, ..NetworkPolicyPeer::default() }];
    }
    let peer = |one: &Selecting| NetworkPolicyPeer {
        namespace_selector: Some(labelled(one.namespace_labels.clone())),
        pod_selector: (!one.pod_labels.is_empty()).then(|| labelled(one.pod_labels.clone())),
        ip_block: None,
    };
    selecting.iter().map(peer).collect()
}

/// All policies of the fleet.
pub(super) fn objects(fleet: &Fleet) -> Result<Vec<Object>, Error> {
    let Some(said) = &fleet.network_policy else { return Ok(Vec::new()) };
    let mut objects = Vec::new();
    let restricted = fleet.namespaces().into_iter().filter(|(_, level)| *level == Level::Restricted);
    for (namespace, _) in restricted {
        objects.push(Object::new(&nobody(fleet, &namespace))?);
    }
    for part in &fleet.parts {
        objects.push(of_part(fleet, said, part).object()?);
    }
    if let Some((namespace, _)) = &fleet.migrations {
        let policy = to_bus(fleet, to_database(fleet, Policy::of(fleet, MIGRATE, namespace)));
        objects.push(policy.object()?);
    }
    objects.extend(of_database(fleet)?);
    objects.extend(of_bus(fleet, said)?);
    objects.extend(of_watchers(fleet, said)?);
    Ok(objects)
}

/// Nobody may talk to the fleet's pods in a namespace, and they to nobody, but names are resolved.
fn nobody(fleet: &Fleet, namespace: &str) -> NetworkPolicy {
    let mut metadata = fleet.meta(SHARED, fleet.names.of("default-deny"), namespace);
    say_why(&mut metadata, &[Why::DefaultDeny]);
    let port = |protocol: &str| NetworkPolicyPort {
        end_port: None,
        port: Some(IntOrString::Int(53)),
        protocol: Some(protocol.to_owned()),
    };
    let dns = NetworkPolicyEgressRule {
        ports: Some(vec![port("UDP"), port("TCP")]),
        to: Some(
            [pods("kube-system", BTreeMap::from([("k8s-app".to_owned(), "kube-dns".to_owned())]))]
                .into_iter()
                .chain(networks([&NODE_LOCAL_DNS.to_owned()]))
                .collect(),
        ),
    };
    NetworkPolicy {
        metadata,
        spec: Some(NetworkPolicySpec {
            egress: Some(vec![dns]),
            ingress: None,
            pod_selector: Some(labelled(fleet.names.selector_of_all())),
            policy_types: Some(vec!["Ingress".to_owned(), "Egress".to_owned()]),
        }),
    }
}

fn of_part<'a>(fleet: &'a Fleet, said: &values::NetworkPolicy, part: &'a Part) -> Policy<'a> {
    let mut policy = Policy::of(fleet, &part.name, &part.namespace);
    if part.serves_pages() {
        let behind = matches!(fleet.entry.way, Way::Ingress(_) | Way::Gateway(_));
        policy = match &fleet.entry.way {
            Way::None => policy,
            // From a port of the nodes or a load balancer come addresses of anybody.
            _ if said.entry_from.is_empty() && !behind => policy.from(Vec::new(), &[program::PORT]),
            _ => policy.from(selected(&said.entry_from), &[program::PORT]),
        };
    }
    let fronts: Vec<NetworkPolicyPeer> = fleet
        .parts
        .iter()
        .filter(|other| part.name == "api" && other.serves_pages() && !other.uses_database())
        .map(|other| pods(&other.namespace, fleet.names.selector(&other.name)))
        .collect();
    if !fronts.is_empty() {
        policy = policy.from(fronts, &[program::PORT]);
    }
    if fleet.monitoring != Monitoring::None {
        policy = policy.from(scrapers(fleet, said), &[program::MANAGEMENT_PORT]);
    }
    if !part.uses_database() {
        let api = fleet.part("api").map(|api| pods(&api.namespace, fleet.names.selector("api")));
        return to_collector(fleet, policy.to(api.into_iter().collect(), &[program::PORT]));
    }
    policy = to_collector(fleet, to_bus(fleet, to_database(fleet, policy)));
    for peer in &said.egress {
        policy = policy.to(networks([&peer.cidr]), &peer.ports);
    }
    policy
}

/// Who fetches metrics.
fn scrapers(fleet: &Fleet, said: &values::NetworkPolicy) -> Vec<NetworkPolicyPeer> {
    match &fleet.monitoring {
        Monitoring::Own { namespace, .. } => vec![pods(namespace, fleet.names.selector(PROMETHEUS))],
        Monitoring::None | Monitoring::Annotations | Monitoring::Operator { .. } => {
            selected(&said.metrics_from)
        }
    }
}

fn to_database<'a>(fleet: &'a Fleet, policy: Policy<'a>) -> Policy<'a> {
    match &fleet.database {
        Database::External { port, cidrs, .. } => policy.to(networks(cidrs), &[*port]),
        Database::StatefulSet { namespace, .. } => {
            policy.to(vec![pods(namespace, fleet.names.selector(POSTGRES))], &[5432])
        }
        Database::CloudNativePg { namespace, .. } => {
            let cluster = ("cnpg.io/cluster".to_owned(), fleet.names.of(POSTGRES));
            policy.to(vec![pods(namespace, BTreeMap::from([cluster]))], &[5432])
        }
    }
}

fn to_bus<'a>(fleet: &'a Fleet, policy: Policy<'a>) -> Policy<'a> {
    match &fleet.bus {
        Bus::None => policy,
        Bus::External { port, cidrs, .. } => policy.to(networks(cidrs), &[*port]),
        Bus::Nats(brokers) => policy.to(vec![pods(&brokers.namespace, fleet.names.selector(NATS))], &[4222]),
        Bus::Kafka(brokers) => {
            policy.to(vec![pods(&brokers.namespace, fleet.names.selector(KAFKA))], &[9092])
        }
        Bus::Strimzi(brokers) => {
            let cluster = (STRIMZI_CLUSTER.to_owned(), fleet.names.of(KAFKA));
            policy.to(vec![pods(&brokers.namespace, BTreeMap::from([cluster]))], &[9092])
        }
    }
}

fn to_collector<'a>(fleet: &'a Fleet, policy: Policy<'a>) -> Policy<'a> {
    match &fleet.tracing {
        Tracing::None => policy,
        Tracing::Collector { namespace, .. } => {
            policy.to(vec![pods(namespace, fleet.names.selector(COLLECTOR))], &[4318])
        }
    }
}

/// Everything that opens the database, and the Job that migrates.
fn users(fleet: &Fleet, with_backup: bool, database: &str) -> Vec<NetworkPolicyPeer> {
    let mut places: BTreeSet<(&str, &str)> = fleet
        .parts
        .iter()
        .filter(|part| part.uses_database())
        .map(|part| (part.namespace.as_str(), part.name.as_str()))
        .collect();
    places.extend(fleet.migrations.iter().map(|(namespace, _)| (namespace.as_str(), MIGRATE)));
    if with_backup {
        places.insert((database, BACKUP));
    }
    places.into_iter().map(|(namespace, part)| pods(namespace, fleet.names.selector(part))).collect()
}

fn of_database(fleet: &Fleet) -> Result<Vec<Object>, Error> {
    let Database::StatefulSet { namespace, backup, .. } = &fleet.database else { return Ok(Vec::new()) };
    let peers = users(fleet, backup.is_some(), namespace);
    let mut objects = vec![Policy::of(fleet, POSTGRES, namespace).from(peers, &[5432]).object()?];
    if backup.is_some() {
        objects.push(to_database(fleet, Policy::of(fleet, BACKUP, namespace)).object()?);
    }
    Ok(objects)
}

fn of_bus(fleet: &Fleet, said: &values::NetworkPolicy) -> Result<Vec<Object>, Error> {
    let like = |part: &str, brokers: &Brokers| vec![pods(&brokers.namespace, fleet.names.selector(part))];
    let mut objects = Vec::new();
    match &fleet.bus {
        Bus::None | Bus::External { .. } | Bus::Strimzi(_) => {}
        Bus::Nats(brokers) => {
            let policy = Policy::of(fleet, NATS, &brokers.namespace)
                .from(users(fleet, false, ""), &[4222])
                .from(like(NATS, brokers), &[6222])
                .to(like(NATS, brokers), &[6222]);
            objects.push(policy.object()?);
        }
        Bus::Kafka(brokers) => {
            let mut peers = users(fleet, false, "");
            if fleet.has_exporter() {
                peers.push(pods(&fleet.names.namespace, fleet.names.selector(EXPORTER)));
            }
            if fleet.parts.iter().any(|part| matches!(part.scaling, Scaling::Keda { .. })) {
                peers.push(pods(KEDA, BTreeMap::new()));
            }
            let policy = Policy::of(fleet, KAFKA, &brokers.namespace)
                .from(peers, &[9092])
                .from(like(KAFKA, brokers), &[9092, 9093])
                .to(like(KAFKA, brokers), &[9092, 9093]);
            objects.push(policy.object()?);
        }
    }
    if fleet.has_exporter() {
        let policy = Policy::of(fleet, EXPORTER, &fleet.names.namespace)
            .from(scrapers(fleet, said), &[EXPORTER_PORT.1]);
        objects.push(to_bus(fleet, policy).object()?);
    }
    Ok(objects)
}

/// What watches: Prometheus fetches, Alertmanager is told, Grafana asks; the collector takes and hands on.
fn of_watchers(fleet: &Fleet, said: &values::NetworkPolicy) -> Result<Vec<Object>, Error> {
    let of = |namespace: &str, part: &str| vec![pods(namespace, fleet.names.selector(part))];
    let mut objects = Vec::new();
    if let Monitoring::Own { namespace, .. } = &fleet.monitoring {
        let watched = fleet.watched_namespaces();
        let everything = watched.iter().map(|name| pods(name, fleet.names.selector_of_all())).collect();
        let metrics = [program::MANAGEMENT_PORT, EXPORTER_PORT.1, COLLECTOR_METRICS, QUERIES];
        let prometheus = Policy::of(fleet, PROMETHEUS, namespace)
            .from(of(namespace, GRAFANA), &[9090])
            .to(everything, &metrics)
            .to(of(namespace, ALERTMANAGER), &[9093])
            // Kubernetes itself and its nodes have no labels.
            .to(Vec::new(), &[443, 6443, 10_250]);
        let mut alertmanager =
            Policy::of(fleet, ALERTMANAGER, namespace).from(of(namespace, PROMETHEUS), &[9093]);
        for peer in &said.egress {
            alertmanager = alertmanager.to(networks([&peer.cidr]), &peer.ports);
        }
        let mut grafana = Policy::of(fleet, GRAFANA, namespace).to(of(namespace, PROMETHEUS), &[9090]);
        if let Tracing::Collector { namespace, .. } = &fleet.tracing {
            grafana = grafana.to(of(namespace, TRACES), &[QUERIES]);
        }
        if let Some(fluent_bit) = &fleet.fluent_bit {
            grafana = grafana.to(Vec::new(), &[fluent_bit.loki_port]);
        }
        objects.extend([prometheus.object()?, alertmanager.object()?, grafana.object()?]);
    }
    if let Tracing::Collector { namespace, .. } = &fleet.tracing {
        let senders =
            fleet.parts.iter().map(|part| pods(&part.namespace, fleet.names.selector(&part.name))).collect();
        let mut collector =
            Policy::of(fleet, COLLECTOR, namespace).from(senders, &[4318]).to(of(namespace, TRACES), &[9411]);
        let mut store = Policy::of(fleet, TRACES, namespace).from(of(namespace, COLLECTOR), &[9411]);
        if fleet.monitoring != Monitoring::None {
            collector = collector.from(scrapers(fleet, said), &[COLLECTOR_METRICS]);
            store = store.from(scrapers(fleet, said), &[QUERIES]);
        }
        if let Monitoring::Own { namespace, .. } = &fleet.monitoring {
            store = store.from(of(namespace, GRAFANA), &[QUERIES]);
        }
        objects.extend([collector.object()?, store.object()?]);
    }
    Ok(objects)
}
