//! The parts of a fleet that run Deskhand itself.

use std::collections::BTreeMap;

use config::{Group, Role};
use domain::Topic;

use crate::values::{Behavior, Component};

/// A part of the fleet: replicas of one kind of process.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// Its name, which is also its label: `api`, `workers-hand`.
    pub name: String,
    /// Where it stands in the settings: `api`, `workerSets.hand`.
    pub key: String,
    /// Its namespace.
    pub namespace: String,
    /// What its processes run.
    pub roles: Vec<Role>,
    /// The groups that they work for, where they do.
    pub groups: Vec<Group>,
    /// What their number follows.
    pub scaling: Scaling,
    /// Deskhand's settings for it alone, by key, with its roles.
    pub settings: BTreeMap<String, String>,
    /// Whether it believes pods about whom requests come from, since nobody said whom it should.
    pub believes_pods: bool,
    /// The rest of what was said about it.
    pub values: Component,
}

/// What the number of replicas follows.
#[derive(Debug, Clone, PartialEq)]
pub enum Scaling {
    /// Nothing.
    Fixed {
        /// How many there are.
        replicas: i32,
    },
    /// The CPU, by Kubernetes' own autoscaler.
    Cpu {
        /// How far, and how fast.
        follow: Follow,
        /// What is aimed for, in per cent of what is requested.
        percent: i32,
    },
    /// The lag, by KEDA.
    Keda {
        /// How far, and how fast.
        follow: Follow,
        /// Of which topic.
        topic: Topic,
        /// Of which group.
        group: Group,
        /// How many events may wait for each replica.
        per_replica: i32,
        /// How often KEDA looks whether there is anything to do at all, in seconds.
        polling_secs: i32,
        /// How many replicas there are while nobody knows the lag.
        fallback_replicas: i32,
    },
    /// The lag by Kubernetes' own autoscaler, and the CPU.
    Lag {
        /// How far, and how fast.
        follow: Follow,
        /// Of which topic.
        topic: Topic,
        /// Of which group.
        group: Group,
        /// How many events may wait for each replica.
        per_replica: i32,
        /// The CPU that is aimed for, where it is followed.
        percent: Option<i32>,
    },
}

/// How far replicas follow something, and how fast.
#[derive(Debug, Clone, PartialEq)]
pub struct Follow {
    /// The fewest.
    pub min: i32,
    /// The most.
    pub max: i32,
    /// How fast they come.
    pub up: Behavior,
    /// How fast they go.
    pub down: Behavior,
}

impl Scaling {
    /// How far and how fast, where anything is followed.
    pub fn follow(&self) -> Option<&Follow> {
        match self {
            Self::Fixed { .. } => None,
            Self::Cpu { follow, .. } | Self::Keda { follow, .. } | Self::Lag { follow, .. } => Some(follow),
        }
    }

    /// The most replicas that there can be.
    pub fn most(&self) -> i32 {
        match self {
            Self::Fixed { replicas } => *replicas,
            Self::Cpu { follow, .. } | Self::Keda { follow, .. } | Self::Lag { follow, .. } => follow.max,
        }
    }
}

impl Part {
    /// Whether it listens for more than probes.
    pub fn serves(&self) -> bool {
        self.runs(Role::Web) || self.runs(Role::Api)
    }

    /// Whether pages are asked of it.
    pub fn serves_pages(&self) -> bool {
        self.runs(Role::Web)
    }

    /// Whether it runs a role.
    pub fn runs(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }

    /// Whether it opens the database: all do but what only passes on.
    pub fn uses_database(&self) -> bool {
        self.roles.iter().any(|role| *role != Role::Web)
    }
}
