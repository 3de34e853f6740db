//! What a single thing of a fleet must be: names, images, networks, times. What they mean together is `build`'s.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::names::{is_dns_name, is_label, is_label_key, is_label_value};
use super::{ImageRef, Volume};
use crate::program;
use crate::values::{
    Component, Container, Image, Origins, Probe, Problem, PullPolicy, Resources, Storage, origin_of,
};

/// Tags that are moved from one image to another.
const MOVING: &[&str] =
    &["latest", "main", "master", "stable", "edge", "nightly", "dev", "develop", "canary", "head"];

/// Everything that is wrong with a fleet.
pub(super) struct Refusals<'a> {
    origins: &'a Origins,
    problems: Vec<Problem>,
}

impl<'a> Refusals<'a> {
    pub(super) fn new(origins: &'a Origins) -> Self {
        Self { origins, problems: Vec::new() }
    }

    /// Refuses what stands at `key`, with the reason.
    pub(super) fn refuse(&mut self, key: &str, what: impl Into<String>) {
        self.problems.push(Problem {
            origin: origin_of(self.origins, key),
            key: key.to_owned(),
            what: what.into(),
        });
    }

    /// Refuses what stands at `key` where something does not hold.
    pub(super) fn require(&mut self, holds: bool, key: &str, what: impl FnOnce() -> String) {
        if !holds {
            self.refuse(key, what());
        }
    }

    pub(super) fn into_problems(self) -> Vec<Problem> {
        self.problems
    }

    pub(super) fn is_empty(&self) -> bool {
        self.problems.is_empty()
    }

    /// A name of a namespace.
    pub(super) fn namespace(&mut self, key: &str, name: &str) {
        self.require(is_label(name), key, || {
            format!("{name:?} is no namespace: small letters, digits and hyphens, at most 63")
        });
        self.require(!name.starts_with("kube-"), key, || format!("{name} belongs to Kubernetes itself"));
    }

    /// A name of an object that is there already.
    pub(super) fn object_name(&mut self, key: &str, name: &str) {
        self.require(is_dns_name(name), key, || {
            format!("{name:?} is no name of an object: small letters, digits, hyphens and dots")
        });
    }

    /// Labels.
    pub(super) fn labels(&mut self, key: &str, labels: &BTreeMap<String, String>) {
        for (name, value) in labels {
            self.require(is_label_key(name), key, || format!("{name:?} cannot be the name of a label"));
            self.require(is_label_value(value), key, || {
                format!("{value:?} cannot be the value of a label: letters, digits, - _ and ., at most 63")
            });
        }
    }

    /// Labels that are put beside ours.
    pub(super) fn own_labels(&mut self, key: &str, labels: &BTreeMap<String, String>) {
        self.labels(key, labels);
        for name in labels.keys().filter(|name| name.starts_with("app.kubernetes.io/")) {
            self.refuse(key, format!("{name} is how the fleet finds its own, and cannot be said otherwise"));
        }
    }

    /// Annotations.
    pub(super) fn annotations(&mut self, key: &str, annotations: &BTreeMap<String, String>) {
        for name in annotations.keys() {
            self.require(is_label_key(name), key, || format!("{name:?} cannot be the name of an annotation"));
        }
    }

    /// An image; `ours` is the tag where none is given.
    pub(super) fn image(&mut self, key: &str, image: &Image, ours: Option<&str>) -> ImageRef {
        let at = |field: &str| format!("{key}.{field}");
        let Image { repository, tag, digest, .. } = image;
        let good =
            |letter: u8| letter.is_ascii_lowercase() || letter.is_ascii_digit() || b"-_./:".contains(&letter);
        let last = repository.rsplit('/').next().unwrap_or_default();
        self.require(
            !last.is_empty() && repository.bytes().all(good) && !last.contains(':') && !repository.starts_with('/'),
            &at("repository"),
            || format!("{repository:?} is no place of an image, such as registry.example/deskhand; the tag stands beside"),
        );
        let version = if tag.is_empty() { ours.unwrap_or_default() } else { tag };
        let good = |letter: u8| letter.is_ascii_alphanumeric() || b"-_.".contains(&letter);
        self.require(is_label_value(version) && version.bytes().all(good), &at("tag"), || {
            format!("{version:?} is no tag that can also be a label: letters, digits, - _ and ., at most 63")
        });
        self.require(!version.is_empty() || !digest.is_empty(), &at("tag"), || {
            "an image without a version or a digest is another one tomorrow: name one".to_owned()
        });
        let moves = MOVING.contains(&version.to_lowercase().as_str());
        self.require(!moves || !digest.is_empty(), &at("tag"), || {
            format!("{version} is moved from image to image, so that a rollback does nothing: name a version, or a digest")
        });
        let hex = digest.strip_prefix("sha256:").unwrap_or_default();
        let whole = hex.len() == 64 && hex.bytes().all(|letter| matches!(letter, b'0'..=b'9' | b'a'..=b'f'));
        self.require(digest.is_empty() || whole, &at("digest"), || {
            format!("{digest:?} is no digest: sha256: and 64 digits of 0-9 and a-f")
        });
        let mut name = repository.clone();
        if !version.is_empty() {
            name.push_str(&format!(":{version}"));
        }
        if !digest.is_empty() {
            name.push_str(&format!("@{digest}"));
        }
        let pull_policy = match image.pull_policy {
            PullPolicy::Always | PullPolicy::IfNotPresent | PullPolicy::Never => image.pull_policy.as_str(),
        };
        ImageRef { name, version: version.to_owned(), pull_policy }
    }

    /// A volume.
    pub(super) fn volume(&mut self, key: &str, storage: &Storage) -> Volume {
        self.require(storage.size.milli() >= 1_000_000, &format!("{key}.size"), || {
            format!("{} holds nothing", storage.size.as_str())
        });
        let class = (!storage.class_name.is_empty()).then(|| storage.class_name.clone());
        if let Some(class) = &class {
            self.object_name(&format!("{key}.className"), class);
        }
        Volume { size: storage.size.clone(), class }
    }

    /// What a container asks for, and may have.
    pub(super) fn resources(&mut self, key: &str, resources: &Resources) {
        let Resources { requests, limits } = resources;
        let of = |container: &Container| {
            [
                ("cpu", container.cpu.clone()),
                ("memory", container.memory.clone()),
                ("ephemeralStorage", container.ephemeral_storage.clone()),
            ]
        };
        for ((what, asked), (_, most)) in of(requests).into_iter().zip(of(limits)) {
            self.require(asked.milli() > 0, &format!("{key}.requests.{what}"), || {
                "nothing is asked for: the scheduler would put any number on a node".to_owned()
            });
            self.require(asked.milli() <= most.milli(), &format!("{key}.limits.{what}"), || {
                format!("{} is less than the {} that is asked for", most.as_str(), asked.as_str())
            });
        }
    }

    /// A port, by its number.
    pub(super) fn port(&mut self, key: &str, port: i32) {
        self.require((1..=65_535).contains(&port), key, || format!("{port} is no port: 1 to 65535"));
    }

    /// Networks.
    pub(super) fn networks<'n>(&mut self, key: &str, networks: impl IntoIterator<Item = &'n String>) {
        for network in networks {
            self.require(is_network(network), key, || {
                format!("{network:?} is no network, such as 10.0.0.0/8")
            });
        }
    }

    /// What one component says about itself that needs nobody else.
    pub(super) fn component(&mut self, key: &str, component: &Component, drain_secs: i32) {
        let at = |field: &str| format!("{key}.{field}");
        self.resources(&at("resources"), &component.resources);
        self.port(&at("service.port"), component.service.port);
        self.annotations(&at("service.annotations"), &component.service.annotations);
        self.annotations(&at("podAnnotations"), &component.pod_annotations);
        self.own_labels(&at("podLabels"), &component.pod_labels);
        self.labels(&at("nodeSelector"), &component.node_selector);
        let probes = &component.probes;
        for (name, probe) in
            [("liveness", &probes.liveness), ("readiness", &probes.readiness), ("startup", &probes.startup)]
        {
            self.probe(&at(&format!("probes.{name}")), probe, name == "readiness");
        }
        let (surge, missing) = (component.rollout.max_surge, component.rollout.max_unavailable);
        self.require(surge > 0 || missing > 0, &at("rollout"), || {
            "with neither one more nor one less no update can begin: maxSurge 1, maxUnavailable 0".to_owned()
        });
        self.require(
            !component.pdb.enabled || component.pdb.max_unavailable > 0,
            &at("pdb.maxUnavailable"),
            || "with 0 no node can ever be drained".to_owned(),
        );
        let drain = &component.drain;
        let whole =
            i64::from(drain.pre_stop_seconds) + i64::from(drain_secs) + i64::from(program::FLUSH_SECS);
        self.require(whole < i64::from(drain.grace_period_seconds), &at("drain.gracePeriodSeconds"), || {
            format!(
                "{} s end before the process does: {} s of preStop, {drain_secs} s of {} and {} s to flush",
                drain.grace_period_seconds,
                drain.pre_stop_seconds,
                program::DRAIN_KEY,
                program::FLUSH_SECS
            )
        });
        if !component.priority_class_name.is_empty() {
            self.object_name(&at("priorityClassName"), &component.priority_class_name);
        }
        for toleration in &component.tolerations {
            let is_one_of = |value: &Option<String>, words: &[&str]| {
                value.as_deref().is_none_or(|value| words.contains(&value))
            };
            let good = is_one_of(&toleration.operator, &["Exists", "Equal"])
                && is_one_of(&toleration.effect, &["NoSchedule", "PreferNoSchedule", "NoExecute"])
                && toleration.key.as_deref().is_none_or(is_label_key)
                && toleration.value.as_deref().is_none_or(is_label_value);
            self.require(good, &at("tolerations"), || {
                "a toleration has the operator Exists or Equal, and the effect NoSchedule, PreferNoSchedule or NoExecute"
                    .to_owned()
            });
        }
    }

    fn probe(&mut self, key: &str, probe: &Probe, is_readiness: bool) {
        for (field, value) in [
            ("periodSeconds", probe.period_seconds),
            ("timeoutSeconds", probe.timeout_seconds),
            ("failureThreshold", probe.failure_threshold),
            ("successThreshold", probe.success_threshold),
        ] {
            self.require(value > 0, &format!("{key}.{field}"), || "0 is not allowed: 1 or more".to_owned());
        }
        self.require(
            is_readiness || probe.success_threshold == 1,
            &format!("{key}.successThreshold"),
            || "only readiness may ask for more than one good answer".to_owned(),
        );
    }
}

/// Whether it is a network as CIDR.
fn is_network(text: &str) -> bool {
    let Some((address, length)) = text.split_once('/') else { return false };
    let most = match address.parse::<IpAddr>() {
        Ok(IpAddr::V4(_)) => 32,
        Ok(IpAddr::V6(_)) => 128,
        Err(_) => return false,
    };
    length.parse::<u8>().is_ok_and(|length| length <= most)
}
