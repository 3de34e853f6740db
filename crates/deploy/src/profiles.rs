//! The profiles: named fleets, each a file with what differs from `production`, which says everything.

use crate::error::Error;
use crate::values::nearest;

/// A named fleet.
#[derive(Debug, Clone, Copy)]
pub struct Profile {
    /// Its name.
    pub name: &'static str,
    /// What it is, in a line.
    pub about: &'static str,
    text: &'static str,
}

const PRODUCTION: (&str, &str) = ("production", include_str!("profiles/production.yaml"));

/// Every profile.
pub const PROFILES: &[Profile] = &[
    Profile {
        name: "local",
        about: "one of each on a laptop, at port 30080 of the node, with a database of its own",
        text: include_str!("profiles/local.yaml"),
    },
    Profile {
        name: "basic",
        about: "two of each at a port of the nodes, with a database elsewhere",
        text: include_str!("profiles/basic.yaml"),
    },
    Profile {
        name: "production",
        about: "scaled by the CPU behind a load balancer, with a database elsewhere",
        text: "",
    },
    Profile {
        name: "support-fleet",
        about: "workers scaled by the lag of Kafka with KEDA; database and brokers in the cluster",
        text: include_str!("profiles/support-fleet.yaml"),
    },
    Profile {
        name: "namespaced",
        about: "a namespace a component, NATS, an Ingress, and Prometheus, Grafana and Alertmanager of its own",
        text: include_str!("profiles/namespaced.yaml"),
    },
    Profile {
        name: "event-platform",
        about: "a set of workers a group, Kafka by Strimzi, scaled by the lag, traces and logs collected",
        text: include_str!("profiles/event-platform.yaml"),
    },
];

/// The profile of that name.
///
/// Errors where there is none, with the nearest.
pub fn find(name: &str) -> Result<&'static Profile, Error> {
    PROFILES.iter().find(|profile| profile.name == name).ok_or_else(|| {
        let names = || PROFILES.iter().map(|profile| profile.name);
        let hint = match nearest(name, names()) {
            Some(meant) => format!("; did you mean {meant}?"),
            None => format!("; there are {}", names().collect::<Vec<_>>().join(", ")),
        };
        Error::Profile { name: name.to_owned(), hint }
    })
}

impl Profile {
    /// Its files, the stronger one last: all that there is, and what differs.
    pub(crate) fn texts(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        let differs = (!self.text.is_empty()).then_some((self.name, self.text));
        std::iter::once(PRODUCTION).chain(differs)
    }

    /// The text of its file, as the chart carries it.
    pub fn text(&self) -> &'static str {
        if self.text.is_empty() { PRODUCTION.1 } else { self.text }
    }
}
