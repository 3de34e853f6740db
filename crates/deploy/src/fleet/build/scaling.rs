//! What the number of replicas follows, and whether that can be known.

use std::collections::BTreeMap;

use config::{Group, Role};
use domain::Topic;

use super::Build;
use crate::fleet::Names;
use crate::fleet::parts::{Follow, Part, Scaling};
use crate::fleet::platform::{Bus, Monitoring};
use crate::program;
use crate::values::{Component, ScalingKind};

impl Build<'_, '_> {
    pub(super) fn scaling(
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
        // It has a default, which knows nothing of min and max.
        let fallback = scaling.lag.fallback_replicas.min(scaling.max).max(scaling.min);
        let polling_secs = scaling.lag.polling_interval;
        self.refusals.require(polling_secs > 0, &at("lag.pollingInterval"), || "above 0".to_owned());
        Some(Scaling::Keda { follow, topic, group, per_replica, polling_secs, fallback_replicas: fallback })
    }

    /// The topic and the group whose lag is followed.
    pub(super) fn followed(
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

    /// What others read from a broker, they read as it is: without encryption and without signing in.
    pub(super) fn broker_is_plain(&mut self, parts: &[Part], bus: &Bus, shared: &BTreeMap<String, String>) {
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

    pub(super) fn lag_is_known(&mut self, parts: &[Part], monitoring: &Monitoring, bus: &Bus, names: &Names) {
        for part in parts.iter().filter(|part| matches!(part.scaling, Scaling::Lag { .. })) {
            let told_in = match bus {
                Bus::Strimzi(brokers) => &brokers.namespace,
                Bus::None | Bus::External { .. } | Bus::Nats(_) | Bus::Kafka(_) => &names.namespace,
            };
            self.refusals.require(part.namespace == *told_in, &format!("{}.namespace", part.key), || {
                format!(
                    "an autoscaler asks for metrics of its own namespace, and the lag is told in {told_in}"
                )
            });
            self.refusals.require(
                !matches!(monitoring, Monitoring::None),
                &format!("{}.scaling.kind", part.key),
                || "nobody collects the lag: set monitoring.kind, or scale by keda".to_owned(),
            );
        }
    }
}
