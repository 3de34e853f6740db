//! Makes the model out of settings, and refuses what cannot work together. Says why, and everything at once.

use std::collections::{BTreeMap, BTreeSet};

use config::{Group, Role};
use domain::Topic;

use super::parts::{Follow, Part, Scaling};
use super::platform::{Brokers, Bus, Database, Entry, Exporter, Monitoring, Secret, Tracing, Way};
use super::rules::Refusals;
use super::{Fleet, Names, Volume, names, settings};
use crate::error::Error;
use crate::program;
use crate::values::{
    self, BusKind, Component, DatabaseKind, EntryKind, Environment, Layers, MonitoringKind, ScalingKind,
    TracingKind, Values, WhenUnsatisfiable, nearest,
};

/// What is longest of what comes after the base of a name, beside the names of sets of workers.
const LONGEST_SUFFIX: usize = "-alertmanager-headless".len();
/// The longest base of names: a StatefulSet's name and what its controller adds must be a label.
const LONGEST_BASE: usize = 52 - LONGEST_SUFFIX;

impl TryFrom<&Layers> for Fleet {
    type Error = Error;

    /// Checks settings against each other.
    ///
    /// Errors with everything that is wrong: keys, values, combinations.
    fn try_from(layers: &Layers) -> Result<Self, Error> {
        let (values, sets) = layers.read()?;
        let mut refusals = Refusals::new(layers.origins());
        let fleet = Build { values: &values, refusals: &mut refusals }.fleet(sets);
        match fleet {
            Some(fleet) if refusals.is_empty() => Ok(fleet),
            _ => Err(Error::Values(refusals.into_problems())),
        }
    }
}

struct Build<'a, 'r> {
    values: &'a Values,
    refusals: &'a mut Refusals<'r>,
}

impl Build<'_, '_> {
    fn fleet(&mut self, sets: BTreeMap<String, Component>) -> Option<Fleet> {
        let values = self.values;
        let names = self.names();
        self.refusals.own_labels("commonLabels", &values.common_labels);
        self.refusals.annotations("serviceAccount.annotations", &values.service_account.annotations);
        for secret in &values.image_pull_secrets {
            self.refusals.object_name("imagePullSecrets", secret);
        }
        self.refusals.require(values.security.run_as_user > 0, "security.runAsUser", || {
            "0 is root, and Pod Security \"restricted\" refuses it".to_owned()
        });
        let image = self.refusals.image("image", &values.image, Some(program::VERSION));
        let bus = self.bus(&names)?;
        let database = self.database(&names)?;
        let tracing = self.tracing(&names);
        let shared = self.shared_settings(&names, &bus, &tracing);
        let drain_secs = drain_secs(&shared);
        let parts = self.parts(&names, sets, &bus, &shared, drain_secs)?;
        self.roles(&parts);
        let monitoring = self.monitoring(&names);
        self.lag_is_known(&parts, &monitoring);
        self.broker_is_plain(&parts, &bus, &shared);
        self.secrets_are_beside(&parts, &names, &database);
        let entry = self.entry();
        let secret = self.secret(&names);
        let fluent_bit = self.fluent_bit(&names, &parts);
        Some(Fleet {
            environment: values.environment,
            common_labels: values.common_labels.clone(),
            image,
            pull_secrets: values.image_pull_secrets.clone(),
            user: i64::from(values.security.run_as_user),
            service_account: values.service_account.clone(),
            creates_namespaces: values.namespaces.create,
            settings: shared,
            secret,
            parts,
            migrations: self.migrations(&names),
            database,
            bus,
            entry,
            network_policy: self.network_policy(),
            exporter: self.exporter(),
            monitoring,
            tracing,
            fluent_bit,
            names,
        })
    }

    fn names(&mut self) -> Names {
        let values = self.values;
        let base = or(&values.name_override, program::NAME);
        self.refusals.require(names::is_label(&base), "nameOverride", || {
            format!("{base:?} cannot begin names of Kubernetes: small letters, digits and hyphens")
        });
        self.refusals.require(base.len() <= LONGEST_BASE, "nameOverride", || {
            format!("{base:?} makes names that are too long: at most {LONGEST_BASE} letters")
        });
        let namespace = or(&values.namespace, program::NAME);
        self.refusals.namespace("namespace", &namespace);
        Names { base, instance: program::NAME.to_owned(), namespace }
    }

    fn namespace(&mut self, names: &Names, key: &str, namespace: &str) -> String {
        if namespace.is_empty() {
            return names.namespace.clone();
        }
        self.refusals.namespace(&format!("{key}.namespace"), namespace);
        namespace.to_owned()
    }

    /// The settings for all processes: those that were said, and those that follow from the fleet.
    fn shared_settings(&mut self, names: &Names, bus: &Bus, tracing: &Tracing) -> BTreeMap<String, String> {
        let values = self.values;
        let mut shared = settings::said(self.refusals, "settings", &values.settings.0);
        let mut add = |key: &str, text: String| _ = shared.entry(key.to_owned()).or_insert(text);
        add("log.format", "json".to_owned());
        if !values.entry.host.is_empty() {
            let scheme = if values.entry.tls { "https" } else { "http" };
            add("public_url", format!("{scheme}://{}", values.entry.host));
        }
        if let Tracing::Collector { namespace, .. } = tracing {
            add("otlp.endpoint", format!("http://{}:4318", names.host("collector", namespace)));
            // The collector decides about the whole trace; a process could only decide about its own part.
            add("trace.ratio", "1".to_owned());
        }
        add("listen", format!("0.0.0.0:{}", program::PORT));
        add("management_listen", format!("0.0.0.0:{}", program::MANAGEMENT_PORT));
        add("data_dir", program::DATA_DIR.to_owned());
        if !matches!(bus, Bus::None) {
            add("bus_url", bus_url(names, bus));
            add("broker.prefix", bus.prefix().to_owned());
            add("broker.replication", values.bus.replication.to_string());
        }
        shared
    }

    fn parts(
        &mut self,
        names: &Names,
        sets: BTreeMap<String, Component>,
        bus: &Bus,
        shared: &BTreeMap<String, String>,
        drain_secs: i32,
    ) -> Option<Vec<Part>> {
        let values = self.values;
        let single = [
            ("web", &values.web),
            ("api", &values.api),
            ("workers", &values.workers),
            ("relay", &values.relay),
            ("clock", &values.clock),
        ];
        let mut all: Vec<(String, String, Component)> = single
            .into_iter()
            .filter(|(_, component)| component.enabled)
            .map(|(name, component)| (name.to_owned(), name.to_owned(), component.clone()))
            .collect();
        for (name, component) in sets {
            let key = format!("workerSets.{name}");
            let part = format!("workers-{name}");
            let most = 63 - names.base.len().min(LONGEST_BASE) - "-workers-".len() - "-entry".len();
            self.refusals.require(names::is_label(&name) && name.len() <= most, &key, || {
                format!(
                    "{name:?} cannot be part of a name: small letters, digits and hyphens, at most {most}"
                )
            });
            if component.enabled {
                all.push((part, key, component));
            }
        }
        let api = values.api.enabled.then(|| {
            let namespace = or(&values.api.namespace, &names.namespace);
            format!("http://{}:{}", names.host("api", &namespace), values.api.service.port)
        });
        let parts = all.into_iter().map(|(name, key, component)| {
            self.part(names, name, key, component, bus, shared, drain_secs, api.as_deref())
        });
        parts.collect::<Vec<Option<Part>>>().into_iter().collect()
    }

    #[expect(clippy::too_many_arguments, reason = "what a part is made of, each used once")]
    fn part(
        &mut self,
        names: &Names,
        name: String,
        key: String,
        component: Component,
        bus: &Bus,
        shared: &BTreeMap<String, String>,
        drain_secs: i32,
        api: Option<&str>,
    ) -> Option<Part> {
        let at = |field: &str| format!("{key}.{field}");
        let roles = self.words(&at("roles"), &component.roles, Role::ALL, Role::as_str)?;
        let mut groups = self.words(&at("groups"), &component.groups, Group::ALL, Group::as_str)?;
        self.refusals.require(!roles.is_empty(), &at("roles"), || {
            "a process without a role does nothing: name one, or set enabled to false".to_owned()
        });
        let works = roles.contains(&Role::Workers);
        self.refusals.require(works || groups.is_empty(), &at("groups"), || {
            "groups are run by role workers, which is not among its roles".to_owned()
        });
        if works && groups.is_empty() {
            groups = program::worked_groups().collect();
        }
        let mut own = settings::said(self.refusals, &at("settings"), &component.settings.0);
        own.insert("roles".to_owned(), join(roles.iter().map(|role| role.as_str())));
        if !component.groups.is_empty() {
            own.insert("groups".to_owned(), join(groups.iter().map(|group| group.as_str())));
        }
        if roles.contains(&Role::Web)
            && !roles.contains(&Role::Api)
            && let Some(api) = api
        {
            own.insert("api_url".to_owned(), api.to_owned());
        }
        let part = Part {
            namespace: self.namespace(names, &key, &component.namespace),
            scaling: self.scaling(&key, &component, &roles, &groups, bus)?,
            name,
            key: key.clone(),
            roles,
            groups,
            settings: own,
            values: component,
        };
        settings::check(self.refusals, &at("settings"), shared, &part.settings, part.uses_database());
        let drain_secs =
            part.settings.get(program::DRAIN_KEY).and_then(|secs| secs.parse().ok()).unwrap_or(drain_secs);
        self.refusals.component(&key, &part.values, drain_secs);
        Some(part)
    }

    fn words<T: Copy + PartialEq>(
        &mut self,
        key: &str,
        words: &[String],
        all: &'static [T],
        name: fn(T) -> &'static str,
    ) -> Option<Vec<T>> {
        let mut found = Vec::new();
        for word in words {
            let Some(one) = all.iter().copied().find(|one| name(*one) == word) else {
                let names = || all.iter().map(|one| name(*one));
                let hint = match nearest(word, names()) {
                    Some(meant) => format!("; did you mean {meant}?"),
                    None => format!("; allowed: {}", join(names())),
                };
                self.refusals.refuse(key, format!("there is no {word:?}{hint}"));
                return None;
            };
            if !found.contains(&one) {
                found.push(one);
            }
        }
        Some(found)
    }

    fn scaling(
        &mut self,
        key: &str,
        component: &Component,
        roles: &[Role],
        groups: &[Group],
        bus: &Bus,
    ) -> Option<Scaling> {
        let at = |field: &str| format!("{key}.scaling.{field}");
        let scaling = &component.scaling;
        if scaling.kind == ScalingKind::None {
            self.refusals.require(
                (1..=1_000).contains(&component.replicas),
                &format!("{key}.replicas"),
                || format!("{} replicas: 1 to 1000, or enabled: false", component.replicas),
            );
            return Some(Scaling::Fixed { replicas: component.replicas });
        }
        self.refusals.require(scaling.min >= 1, &at("min"), || {
            "with 0 nobody relays events, keeps time or answers until something wakes it: at least 1"
                .to_owned()
        });
        self.refusals.require(scaling.max >= scaling.min, &at("max"), || {
            format!("{} is less than min, which is {}", scaling.max, scaling.min)
        });
        self.refusals.require(scaling.max <= 1_000, &at("max"), || "at most 1000".to_owned());
        for (name, behavior) in [("scaleUp", &scaling.scale_up), ("scaleDown", &scaling.scale_down)] {
            self.refusals.require(
                behavior.stabilization_window_seconds <= 3_600,
                &at(&format!("{name}.stabilizationWindowSeconds")),
                || "at most an hour, 3600".to_owned(),
            );
            for policy in &behavior.policies {
                let good = policy.value > 0 && (1..=1_800).contains(&policy.period_seconds);
                self.refusals.require(good, &at(&format!("{name}.policies")), || {
                    "a policy has a value above 0 and a periodSeconds of 1 to 1800".to_owned()
                });
            }
            self.refusals.require(!behavior.policies.is_empty(), &at(&format!("{name}.policies")), || {
                "at least one policy".to_owned()
            });
        }
        let follow = Follow {
            min: scaling.min,
            max: scaling.max,
            up: scaling.scale_up.clone(),
            down: scaling.scale_down.clone(),
        };
        let percent = scaling.cpu_percent;
        if scaling.kind == ScalingKind::Hpa {
            self.refusals
                .require(percent > 0, &at("cpuPercent"), || "hpa follows the CPU: above 0".to_owned());
            return Some(Scaling::Cpu { follow, percent });
        }
        let (topic, group) = self.followed(key, component, roles, groups, bus)?;
        let per_replica = scaling.lag.per_replica;
        if scaling.kind == ScalingKind::Lag {
            let percent = (percent > 0).then_some(percent);
            return Some(Scaling::Lag { follow, topic, group, per_replica, percent });
        }
        let fallback = scaling.lag.fallback_replicas;
        let fits = (scaling.min..=scaling.max).contains(&fallback);
        self.refusals.require(fits, &at("lag.fallbackReplicas"), || {
            format!("{fallback} is not from min to max, {} to {}", scaling.min, scaling.max)
        });
        let polling_secs = scaling.lag.polling_interval;
        self.refusals.require(polling_secs > 0, &at("lag.pollingInterval"), || "above 0".to_owned());
        Some(Scaling::Keda { follow, topic, group, per_replica, polling_secs, fallback_replicas: fallback })
    }

    /// The topic and the group whose lag is followed.
    fn followed(
        &mut self,
        key: &str,
        component: &Component,
        roles: &[Role],
        groups: &[Group],
        bus: &Bus,
    ) -> Option<(Topic, Group)> {
        let lag = &component.scaling.lag;
        let at = |field: &str| format!("{key}.scaling.lag.{field}");
        self.refusals.require(bus.is_kafka(), &format!("{key}.scaling.kind"), || {
            "only on Kafka can others see how far a group is: set bus.kind to kafka, strimzi or external, or scale by hpa"
                .to_owned()
        });
        self.refusals.require(roles.contains(&Role::Workers), &format!("{key}.scaling.kind"), || {
            "a lag is worked off by role workers, which is not among its roles".to_owned()
        });
        self.refusals.require(lag.per_replica > 0, &at("perReplica"), || "above 0".to_owned());
        let topic = *self
            .words(&at("topic"), std::slice::from_ref(&lag.topic), &Topic::ALL, Topic::as_str)?
            .first()?;
        let group = *self
            .words(&at("group"), std::slice::from_ref(&lag.group), Group::ALL, Group::as_str)?
            .first()?;
        self.refusals.require(groups.contains(&group), &at("group"), || {
            format!("{group} is not among its groups, so more replicas would not help")
        });
        self.refusals.require(program::topics(group).contains(&topic), &at("topic"), || {
            format!("the group {group} does not read {}", topic.as_str())
        });
        let partitions = topic.partitions();
        let max = u32::try_from(component.scaling.max).unwrap_or_default();
        self.refusals.require(max <= partitions, &format!("{key}.scaling.max"), || {
            format!("{max} replicas share {partitions} partitions of {}: those beyond idle", topic.as_str())
        });
        Some((topic, group))
    }

    /// Every role and every group must be run by somebody.
    fn roles(&mut self, parts: &[Part]) {
        for role in Role::ALL {
            self.refusals.require(parts.iter().any(|part| part.runs(*role)), "api.roles", || {
                format!("nobody runs the role {role}: name it among the roles of a component, or enable the one for it")
            });
        }
        let worked: BTreeSet<Group> = parts.iter().flat_map(|part| part.groups.iter().copied()).collect();
        for group in program::worked_groups() {
            self.refusals.require(worked.contains(&group), "workers.groups", || {
                format!("nobody runs the group {group}, and its events would wait for ever")
            });
        }
        let fronts: Vec<&str> =
            parts.iter().filter(|part| part.serves_pages()).map(|part| part.key.as_str()).collect();
        self.refusals.require(fronts.len() < 2, "web.roles", || {
            format!("{} both run the role web, and there is one way in", fronts.join(" and "))
        });
        let apis: Vec<&str> =
            parts.iter().filter(|part| part.runs(Role::Api)).map(|part| part.key.as_str()).collect();
        self.refusals.require(apis == ["api"], "api.roles", || {
            format!("the role api is run by the component api alone, and not by {}", apis.join(" and "))
        });
    }

    fn secret(&mut self, names: &Names) -> Secret {
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

    fn migrations(&mut self, names: &Names) -> Option<(String, values::Migrations)> {
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

    fn database(&mut self, names: &Names) -> Option<Database> {
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

    fn backup(&mut self) -> Option<(values::Backup, Volume)> {
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

    fn bus(&mut self, names: &Names) -> Option<Bus> {
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

    fn entry(&mut self) -> Entry {
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
        Entry { way, host, tls: entry.tls, port: entry.port, annotations: entry.annotations.clone() }
    }

    fn network_policy(&mut self) -> Option<values::NetworkPolicy> {
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

    fn monitoring(&mut self, names: &Names) -> Monitoring {
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
                Monitoring::Own { interval_secs, namespace, values: Box::new(own.clone()) }
            }
        }
    }

    /// What others read from a broker, they read as it is: without encryption and without signing in.
    fn broker_is_plain(&mut self, parts: &[Part], bus: &Bus, shared: &BTreeMap<String, String>) {
        let secured: Vec<&str> = ["broker.tls", "broker.user", "broker.credentials_file"]
            .into_iter()
            .filter(|key| shared.get(*key).is_some_and(|value| value != "off"))
            .collect();
        let Some(key) = secured.first() else { return };
        self.refusals.require(bus.brokers().is_none(), &format!("settings.{key}"), || {
            "the brokers of the fleet speak without encryption and without signing in, behind network policies: use a bus \
             elsewhere, with bus.kind external"
                .to_owned()
        });
        for part in parts {
            let reads = matches!(part.scaling, Scaling::Keda { .. } | Scaling::Lag { .. });
            self.refusals.require(!reads, &format!("{}.scaling.kind", part.key), || {
                format!("what reads the lag from the broker cannot sign in or encrypt, and {key} is set: scale by hpa")
            });
        }
    }

    /// The operator puts the database's address into a Secret in its own namespace.
    fn secrets_are_beside(&mut self, parts: &[Part], names: &Names, database: &Database) {
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

    fn lag_is_known(&mut self, parts: &[Part], monitoring: &Monitoring) {
        for part in parts.iter().filter(|part| matches!(part.scaling, Scaling::Lag { .. })) {
            self.refusals.require(
                !matches!(monitoring, Monitoring::None),
                &format!("{}.scaling.kind", part.key),
                || "nobody collects the lag: set monitoring.kind, or scale by keda".to_owned(),
            );
        }
    }

    fn tracing(&mut self, names: &Names) -> Tracing {
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
        Tracing::Collector { namespace, values: Box::new(tracing.clone()) }
    }

    fn exporter(&mut self) -> Exporter {
        let exporter = &self.values.bus.exporter;
        let image = self.refusals.image("bus.exporter.image", &exporter.image, None);
        self.refusals.resources("bus.exporter.resources", &exporter.resources);
        Exporter { image, resources: exporter.resources.clone() }
    }

    fn fluent_bit(&mut self, names: &Names, parts: &[Part]) -> Option<values::FluentBit> {
        let fluent_bit = &self.values.logging.fluent_bit;
        if !fluent_bit.enabled {
            return None;
        }
        let key = "logging.fluentBit.namespace";
        self.refusals.namespace(key, &fluent_bit.namespace);
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

fn is_schedule(text: &str) -> bool {
    let good = |part: &str| part.bytes().all(|letter| letter.is_ascii_digit() || b"*/,-".contains(&letter));
    let parts: Vec<&str> = text.split_whitespace().collect();
    parts.len() == 5 && parts.iter().all(|part| good(part))
}

fn or(text: &str, otherwise: &str) -> String {
    if text.is_empty() { otherwise.to_owned() } else { text.to_owned() }
}

fn join<'t>(words: impl Iterator<Item = &'t str>) -> String {
    words.collect::<Vec<_>>().join(",")
}

/// How long the rest of an end may take, in seconds.
fn drain_secs(shared: &BTreeMap<String, String>) -> i32 {
    let default = config::SETTINGS.iter().find(|setting| setting.key == program::DRAIN_KEY);
    let text =
        shared.get(program::DRAIN_KEY).map(String::as_str).or(default.and_then(|setting| setting.default));
    text.and_then(|text| text.parse().ok()).unwrap_or_default()
}

/// Where processes find the bus.
fn bus_url(names: &Names, bus: &Bus) -> String {
    match bus {
        Bus::None => "database:".to_owned(),
        Bus::External { url, .. } => url.clone(),
        Bus::Nats(brokers) => format!("nats://{}:4222", names.host("nats", &brokers.namespace)),
        Bus::Kafka(brokers) => {
            let broker = |at| {
                format!(
                    "{}-{at}.{}:9092",
                    names.of("kafka"),
                    names.host("kafka-headless", &brokers.namespace)
                )
            };
            format!("kafka://{}", (0..brokers.replicas).map(broker).collect::<Vec<_>>().join(","))
        }
        Bus::Strimzi(brokers) => {
            format!("kafka://{}:9092", names.host("kafka-kafka-bootstrap", &brokers.namespace))
        }
    }
}
