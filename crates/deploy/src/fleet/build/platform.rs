//! What is around the parts: database, bus, the way in, what watches; and where secrets come from.

use super::{Build, is_schedule, or};
use crate::fleet::parts::Part;
use crate::fleet::platform::{Brokers, Bus, Database, Entry, Exporter, Monitoring, Secret, Tracing, Way};
use crate::fleet::{Names, Volume, names};
use crate::values::{
    self, BusKind, DatabaseKind, EntryKind, Environment, MonitoringKind, TracingKind, WhenUnsatisfiable,
};

impl Build<'_, '_> {
    pub(super) fn secret(&mut self, names: &Names) -> Secret {
        let values = self.values;
        if !values.dev_secret.create {
            self.refusals.require(!values.existing_secret.is_empty(), "existingSecret", || {
                "the fleet needs secrets: name the Secret that has them".to_owned()
            });
            if !values.existing_secret.is_empty() {
                self.refusals.object_name("existingSecret", &values.existing_secret);
            }
            return Secret::Existing(values.existing_secret.clone());
        }
        self.refusals.require(values.existing_secret.is_empty(), "devSecret.create", || {
            "there is an existingSecret: either that or a made-up one".to_owned()
        });
        self.refusals.require(values.environment != Environment::Production, "devSecret.create", || {
            "everybody knows what is in it: make a Secret, name it in existingSecret, or set environment"
                .to_owned()
        });
        self.refusals.require(values.database.kind == DatabaseKind::StatefulSet, "devSecret.create", || {
            "a made-up password opens only a database that is made with it: database.kind statefulset"
                .to_owned()
        });
        Secret::Dev(names.of("dev-secrets"))
    }

    pub(super) fn migrations(&mut self, names: &Names) -> Option<(String, values::Migrations)> {
        let migrations = &self.values.migrations;
        if !migrations.enabled {
            return None;
        }
        self.refusals.resources("migrations.resources", &migrations.resources);
        self.refusals.require(
            migrations.active_deadline_seconds > 0,
            "migrations.activeDeadlineSeconds",
            || "above 0".to_owned(),
        );
        let namespace = self.namespace(names, "migrations", &migrations.namespace);
        Some((namespace, migrations.clone()))
    }

    pub(super) fn database(&mut self, names: &Names) -> Option<Database> {
        let database = &self.values.database;
        let max_connections = database.max_connections;
        if database.kind != DatabaseKind::External {
            self.refusals.require(max_connections >= 10, "database.maxConnections", || {
                format!("{max_connections} connections are not enough for a fleet; PostgreSQL's own default is 100")
            });
        }
        Some(match database.kind {
            DatabaseKind::External => {
                self.refusals.port("database.external.port", database.external.port);
                self.refusals.networks("database.external.cidrs", &database.external.cidrs);
                Database::External {
                    port: database.external.port,
                    cidrs: database.external.cidrs.clone(),
                    max_connections: (max_connections > 0).then_some(max_connections),
                }
            }
            DatabaseKind::StatefulSet => {
                let own = &database.statefulset;
                self.refusals.resources("database.statefulset.resources", &own.resources);
                Database::StatefulSet {
                    namespace: self.namespace(names, "database.statefulset", &own.namespace),
                    image: self.refusals.image("database.statefulset.image", &own.image, None),
                    volume: self.refusals.volume("database.statefulset.storage", &own.storage),
                    resources: own.resources.clone(),
                    max_connections,
                    grace_secs: own.grace_period_seconds,
                    backup: self.backup(),
                }
            }
            DatabaseKind::CloudNativePg => {
                let own = &database.cloudnativepg;
                self.refusals.resources("database.cloudnativepg.resources", &own.resources);
                self.refusals
                    .require(own.instances > 0, "database.cloudnativepg.instances", || "above 0".to_owned());
                Database::CloudNativePg {
                    namespace: self.namespace(names, "database.cloudnativepg", &own.namespace),
                    instances: own.instances,
                    image: self.refusals.image("database.cloudnativepg.image", &own.image, None),
                    volume: self.refusals.volume("database.cloudnativepg.storage", &own.storage),
                    resources: own.resources.clone(),
                    max_connections,
                }
            }
        })
    }

    pub(super) fn backup(&mut self) -> Option<(values::Backup, Volume)> {
        let backup = &self.values.backup;
        if !backup.enabled {
            return None;
        }
        for (key, schedule) in [("schedule", &backup.schedule), ("drillSchedule", &backup.drill_schedule)] {
            self.refusals.require(is_schedule(schedule), &format!("backup.{key}"), || {
                format!("{schedule:?} is no time as cron writes it, such as 17 2 * * *")
            });
        }
        self.refusals
            .require(backup.keep > 0, "backup.keep", || "a copy that is not kept is none".to_owned());
        self.refusals.resources("backup.resources", &backup.resources);
        let volume = self.refusals.volume("backup.storage", &backup.storage);
        Some((backup.clone(), volume))
    }

    pub(super) fn bus(&mut self, names: &Names) -> Option<Bus> {
        let bus = &self.values.bus;
        if bus.kind == BusKind::None {
            return Some(Bus::None);
        }
        let prefix = bus.prefix.clone();
        let replication = bus.replication;
        self.refusals.require((1..=5).contains(&replication), "bus.replication", || {
            format!("{replication} copies: 1, 3 or 5")
        });
        self.refusals.require(replication != 2, "bus.replication", || {
            "with 2 copies the death of one either loses acknowledged events or stops everything: 3, or 1 on a laptop"
                .to_owned()
        });
        if bus.kind == BusKind::External {
            self.refusals.port("bus.external.port", bus.external.port);
            self.refusals.networks("bus.external.cidrs", &bus.external.cidrs);
            let is_broker = bus.url.starts_with("kafka://") || bus.url.starts_with("nats://");
            self.refusals.require(is_broker, "bus.url", || {
                format!("found {:?}; allowed: kafka://HOST:PORT,... or nats://HOST:PORT", bus.url)
            });
            return Some(Bus::External {
                url: bus.url.clone(),
                port: bus.external.port,
                cidrs: bus.external.cidrs.clone(),
                prefix,
                replication,
            });
        }
        let (key, replicas, min_insync, image, when, storage, resources, namespace, version) = match bus.kind
        {
            BusKind::Nats => {
                let own = &bus.nats;
                let most = own.replicas / 2 + 1;
                (
                    "bus.nats",
                    own.replicas,
                    most.min(replication),
                    Some(&own.image),
                    own.when_unsatisfiable,
                    &own.storage,
                    &own.resources,
                    &own.namespace,
                    "",
                )
            }
            BusKind::Kafka => {
                let own = &bus.kafka;
                (
                    "bus.kafka",
                    own.replicas,
                    own.min_insync_replicas,
                    Some(&own.image),
                    own.when_unsatisfiable,
                    &own.storage,
                    &own.resources,
                    &own.namespace,
                    "",
                )
            }
            _ => {
                let own = &bus.strimzi;
                (
                    "bus.strimzi",
                    own.replicas,
                    own.min_insync_replicas,
                    None,
                    WhenUnsatisfiable::DoNotSchedule,
                    &own.storage,
                    &own.resources,
                    &own.namespace,
                    own.version.as_str(),
                )
            }
        };
        let at = |field: &str| format!("{key}.{field}");
        self.refusals.require(replicas % 2 == 1 && replicas <= 9, &at("replicas"), || {
            format!("{replicas} of them: they decide by majority, so 1, 3, 5, 7 or 9")
        });
        self.refusals.require(replication <= replicas, "bus.replication", || {
            format!("{replication} copies do not fit on {replicas}")
        });
        self.refusals.require((1..=replication).contains(&min_insync), &at("minInsyncReplicas"), || {
            format!("{min_insync} of {replication} copies: 1 to {replication}")
        });
        self.refusals.require(min_insync < replication || replication == 1, &at("minInsyncReplicas"), || {
            format!("{min_insync} of {replication} copies: writing stops when one is away")
        });
        self.refusals.resources(&at("resources"), resources);
        let brokers = Brokers {
            namespace: self.namespace(names, key, namespace),
            replicas,
            min_insync,
            prefix,
            replication,
            image: image.map(|image| self.refusals.image(&at("image"), image, None)),
            version: version.to_owned(),
            waits_for_a_node: when == WhenUnsatisfiable::DoNotSchedule,
            volume: self.refusals.volume(&at("storage"), storage),
            resources: resources.clone(),
        };
        Some(match bus.kind {
            BusKind::Nats => Bus::Nats(brokers),
            BusKind::Kafka => Bus::Kafka(brokers),
            _ => Bus::Strimzi(brokers),
        })
    }

    pub(super) fn entry(&mut self) -> Entry {
        let entry = &self.values.entry;
        self.refusals.port("entry.port", entry.port);
        self.refusals.annotations("entry.annotations", &entry.annotations);
        if !entry.host.is_empty() {
            self.refusals.require(names::is_dns_name(&entry.host), "entry.host", || {
                format!("{:?} is no name of a host", entry.host)
            });
        }
        let needs_host = matches!(entry.kind, EntryKind::Ingress | EntryKind::Gateway);
        self.refusals.require(!needs_host || !entry.host.is_empty(), "entry.host", || {
            "it decides by the host which requests are for Deskhand: name it".to_owned()
        });
        let way = match entry.kind {
            EntryKind::None => Way::None,
            EntryKind::NodePort => {
                let port = entry.node_port;
                self.refusals.require(
                    port == 0 || (30_000..=32_767).contains(&port),
                    "entry.nodePort",
                    || format!("{port} is no port of the nodes: 30000 to 32767, or 0 for any"),
                );
                Way::NodePort { port: (port > 0).then_some(port) }
            }
            EntryKind::LoadBalancer => {
                self.refusals.networks("entry.sourceRanges", &entry.source_ranges);
                Way::LoadBalancer { source_ranges: entry.source_ranges.clone() }
            }
            EntryKind::Ingress => {
                self.refusals.require(!entry.ingress.class_name.is_empty(), "entry.ingress.className", || {
                    "there is no class that every cluster has (ingress-nginx is retired): name yours, or use gateway"
                        .to_owned()
                });
                Way::Ingress(entry.ingress.clone())
            }
            EntryKind::Gateway => {
                let gateway = &entry.gateway;
                self.refusals.require(
                    !gateway.create || !gateway.class_name.is_empty(),
                    "entry.gateway.className",
                    || "a Gateway is made of a class that the cluster has: name it".to_owned(),
                );
                self.refusals.require(
                    gateway.create || !gateway.name.is_empty(),
                    "entry.gateway.name",
                    || "the route joins a Gateway: name it, or let one be made".to_owned(),
                );
                Way::Gateway(gateway.clone())
            }
        };
        let host = (!entry.host.is_empty()).then(|| entry.host.clone());
        Entry {
            way,
            host,
            tls: entry.tls,
            port: entry.port,
            traffic: entry.external_traffic_policy,
            annotations: entry.annotations.clone(),
        }
    }

    pub(super) fn network_policy(&mut self) -> Option<values::NetworkPolicy> {
        let policy = &self.values.network_policy;
        if !policy.enabled {
            return None;
        }
        self.refusals.networks("networkPolicy.egress", policy.egress.iter().map(|peer| &peer.cidr));
        for port in policy.egress.iter().flat_map(|peer| &peer.ports) {
            self.refusals.port("networkPolicy.egress", *port);
        }
        for (key, selecting) in [("entryFrom", &policy.entry_from), ("metricsFrom", &policy.metrics_from)] {
            let key = format!("networkPolicy.{key}");
            for selecting in selecting {
                self.refusals.labels(&key, &selecting.namespace_labels);
                self.refusals.labels(&key, &selecting.pod_labels);
            }
        }
        Some(policy.clone())
    }

    pub(super) fn monitoring(&mut self, names: &Names) -> Monitoring {
        let monitoring = &self.values.monitoring;
        let interval_secs = monitoring.interval_seconds;
        self.refusals.require(interval_secs > 0, "monitoring.intervalSeconds", || "above 0".to_owned());
        match monitoring.kind {
            MonitoringKind::None => Monitoring::None,
            MonitoringKind::Annotations => Monitoring::Annotations,
            MonitoringKind::Operator => {
                self.refusals.own_labels("monitoring.labels", &monitoring.labels);
                Monitoring::Operator { interval_secs, labels: monitoring.labels.clone() }
            }
            MonitoringKind::Own => {
                let own = &monitoring.own;
                for (key, image) in [
                    ("prometheus", &own.prometheus),
                    ("grafana", &own.grafana),
                    ("alertmanager", &own.alertmanager),
                ] {
                    self.refusals.image(&format!("monitoring.own.{key}"), image, None);
                }
                self.refusals.resources("monitoring.own.resources", &own.resources);
                self.refusals.volume("monitoring.own.storage", &own.storage);
                let namespace = self.namespace(names, "monitoring.own", &own.namespace);
                self.of_cluster(names, "monitoring.own.namespace", &namespace);
                Monitoring::Own { interval_secs, namespace, values: Box::new(own.clone()) }
            }
        }
    }

    /// The operator puts the database's address into a Secret in its own namespace.
    pub(super) fn secrets_are_beside(&mut self, parts: &[Part], names: &Names, database: &Database) {
        let Database::CloudNativePg { namespace, .. } = database else { return };
        let own = [(or(&self.values.migrations.namespace, &names.namespace), "migrations".to_owned())];
        let of_parts = parts.iter().filter(|part| part.uses_database());
        let of_parts = of_parts.map(|part| (part.namespace.clone(), part.key.clone()));
        for (other, key) in of_parts.chain(own) {
            self.refusals.require(other == *namespace, &format!("{key}.namespace"), || {
                format!("CloudNativePG puts the database's address into a Secret of {namespace}, which is not found from {other}")
            });
        }
    }

    pub(super) fn tracing(&mut self, names: &Names) -> Tracing {
        let tracing = &self.values.tracing;
        if tracing.kind == TracingKind::None {
            return Tracing::None;
        }
        self.refusals.image("tracing.collector", &tracing.collector, None);
        self.refusals.image("tracing.store", &tracing.store, None);
        self.refusals.resources("tracing.resources", &tracing.resources);
        self.refusals.volume("tracing.storage", &tracing.storage);
        self.refusals.require(tracing.retention_days > 0, "tracing.retentionDays", || "above 0".to_owned());
        let namespace = self.namespace(names, "tracing", &tracing.namespace);
        let ratio = tracing.ratio.map_or_else(|| ordinary_traces(self.values.environment), |share| share.0);
        Tracing::Collector { namespace, ratio, values: Box::new(tracing.clone()) }
    }

    pub(super) fn exporter(&mut self) -> Exporter {
        let exporter = &self.values.bus.exporter;
        let image = self.refusals.image("bus.exporter.image", &exporter.image, None);
        self.refusals.resources("bus.exporter.resources", &exporter.resources);
        Exporter { image, resources: exporter.resources.clone() }
    }

    pub(super) fn fluent_bit(&mut self, names: &Names, parts: &[Part]) -> Option<values::FluentBit> {
        let fluent_bit = &self.values.logging.fluent_bit;
        if !fluent_bit.enabled {
            return None;
        }
        let key = "logging.fluentBit.namespace";
        self.refusals.namespace(key, &fluent_bit.namespace);
        self.of_cluster(names, key, &fluent_bit.namespace);
        let taken = fluent_bit.namespace == names.namespace
            || parts.iter().any(|part| part.namespace == fluent_bit.namespace);
        self.refusals.require(!taken, key, || {
            format!(
                "{} is the namespace of pods that Pod Security \"restricted\" holds for, and this reads the node's files: \
                 give it another",
                fluent_bit.namespace
            )
        });
        self.refusals.image("logging.fluentBit.image", &fluent_bit.image, None);
        self.refusals.resources("logging.fluentBit.resources", &fluent_bit.resources);
        self.refusals.port("logging.fluentBit.lokiPort", fluent_bit.loki_port);
        self.refusals.object_name("logging.fluentBit.lokiHost", &fluent_bit.loki_host);
        Some(fluent_bit.clone())
    }
}

/// The share of ordinary traces that are kept where nobody says another.
fn ordinary_traces(environment: Environment) -> f64 {
    match environment {
        Environment::Production => 0.1,
        Environment::Staging | Environment::Development => 1.0,
    }
}
