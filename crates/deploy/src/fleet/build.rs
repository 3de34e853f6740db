//! Makes the model out of settings, and refuses what cannot work together. Says why, and everything at once.

mod platform;
mod scaling;

use std::collections::{BTreeMap, BTreeSet};

use config::{Group, Role};

use super::parts::Part;
use super::platform::{Bus, Tracing};
use super::rules::Refusals;
use super::{Fleet, Names, names, settings};
use crate::error::Error;
use crate::program;
use crate::values::{Component, Layers, Values, nearest};

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

/// How long the name of what belongs to the whole cluster may be before its namespace and base.
const OF_CLUSTER: usize = 63 - "--fluent-bit".len();

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
        self.lag_is_known(&parts, &monitoring, &bus, &names);
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

    /// What belongs to the whole cluster has the namespace in its name.
    fn of_cluster(&mut self, names: &Names, key: &str, namespace: &str) {
        self.refusals.require(namespace.len() + names.base.len() <= OF_CLUSTER, key, || {
            format!("{namespace} with {} makes names that are longer than 63 letters", names.base)
        });
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
        let parts: Option<Vec<Part>> = parts.collect::<Vec<Option<Part>>>().into_iter().collect();
        let mut parts = parts?;
        believe_the_page(&mut parts, shared);
        Some(parts)
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
            believes_pods: false,
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
}

/// Where the page is a process of its own, the API hears of clients from it alone, and has to believe it.
fn believe_the_page(parts: &mut [Part], shared: &BTreeMap<String, String>) {
    let is_apart = parts.iter().any(|part| part.serves_pages() && !part.runs(Role::Api));
    if !is_apart || shared.contains_key(program::PROXIES_KEY) {
        return;
    }
    for part in parts.iter_mut().filter(|part| part.runs(Role::Api)) {
        if !part.settings.contains_key(program::PROXIES_KEY) {
            part.settings.insert(program::PROXIES_KEY.to_owned(), program::POD_NETWORKS.to_owned());
            part.believes_pods = true;
        }
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
