//! Why objects are otherwise than somebody would expect: annotations of a sentence each, which `deploy explain` says at
//! length.

/// The reasons, each for an annotation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Why {
    /// No `replicas` beside an autoscaler.
    NoReplicas,
    /// `maxUnavailable` 0 of an update.
    Rollout,
    /// What probes ask.
    Probes,
    /// `preStop` where traffic is routed.
    PreStop,
    /// No `preStop` where events are consumed.
    NoPreStop,
    /// `maxUnavailable` of a disruption budget.
    Disruption,
    /// The metric of a container.
    ContainerMetric,
    /// The metric of a lag.
    ExternalMetric,
    /// Scaling down in KEDA.
    Cooldown,
    /// The target of a lag.
    Target,
    /// The most replicas.
    Partitions,
    /// The hook of migrations.
    Hook,
    /// The hook of migrations, with a database that comes with the fleet.
    LateHook,
    /// Secrets that everybody knows.
    DevSecret,
    /// One database.
    OneDatabase,
    /// A namespace that stays.
    KeptNamespace,
    /// Copies of events.
    Replication,
    /// Brokers on different nodes.
    Spread,
    /// What the page says of clients.
    BelievedPage,
    /// What the page says of clients, where others could say it as well.
    BelievedPods,
    /// Nobody may talk to anybody.
    DefaultDeny,
    /// The class of an Ingress.
    IngressClass,
    /// Deciding about traces.
    TailSampling,
    /// Reading the node's files.
    NodeFiles,
}

impl Why {
    /// The annotation's name.
    pub(crate) fn key(self) -> String {
        let key = match self {
            Self::NoReplicas => "replicas",
            Self::Rollout => "rollout",
            Self::Probes => "probes",
            Self::PreStop | Self::NoPreStop => "pre-stop",
            Self::Disruption => "max-unavailable",
            Self::ContainerMetric => "container-metric",
            Self::ExternalMetric => "external-metric",
            Self::Cooldown => "cooldown",
            Self::Target => "target",
            Self::Partitions => "max-replicas",
            Self::Hook | Self::LateHook => "hook",
            Self::DevSecret => "secret",
            Self::OneDatabase => "replicas",
            Self::KeptNamespace => "keep",
            Self::Replication => "replication",
            Self::Spread => "spread",
            Self::BelievedPage | Self::BelievedPods => "trusted-proxies",
            Self::DefaultDeny => "policy",
            Self::IngressClass => "class",
            Self::TailSampling => "sampling",
            Self::NodeFiles => "host-path",
        };
        format!("deskhand.dev/why-{key}")
    }

    /// The sentence.
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::NoReplicas => "left out: the autoscaler sets it, and every update would set it back",
            Self::Rollout => "none may be missing during an update: two of three under load would be too few",
            Self::Probes => {
                "liveness asks the process and readiness nothing that is shared: a slow database neither restarts nor empties anything"
            }
            Self::PreStop => "it goes on serving until routers know; the end itself begins with SIGTERM",
            Self::NoPreStop => "none: consumers would go on during it; they are drained after SIGTERM",
            Self::Disruption => "a minimum that equals the autoscaler's would let no node be drained",
            Self::ContainerMetric => {
                "of the container, so that a sidecar without a request does not blind it"
            }
            Self::ExternalMetric => {
                "the lag is the group's and no pod's: an External metric, as kafka-exporter names it"
            }
            Self::Cooldown => {
                "cooldownPeriod only counts on the way to zero; going down is slowed by behavior"
            }
            Self::Target => "a target is for each replica, and follows from the time that people may wait",
            Self::Partitions => "not more than the topic has partitions: further replicas would idle",
            Self::Hook => "before install and before upgrade; pods are started only when the schema is there",
            Self::LateHook => {
                "before upgrade: at the install the database or the namespace comes with the fleet, and the first process makes the schema"
            }
            Self::DevSecret => "known to everybody: only where nobody relies on the fleet",
            Self::OneDatabase => {
                "one: a lost node takes longer than 99.5 % allows without a practised restore; see cloudnativepg"
            }
            Self::KeptNamespace => {
                "it stays when the fleet is removed: in it are Secrets that are yours, and disks"
            }
            Self::Replication => {
                "three copies, two of which acknowledge: a leader can die, and nothing is lost or stops"
            }
            Self::Spread => "two brokers on one node would die together",
            Self::BelievedPage => {
                "the networks that pods have: all clients come by the page, which says who they are, and the policies let nobody else ask"
            }
            Self::BelievedPods => {
                "the networks that pods have: all clients come by the page, which says who they are; without policies other pods could say so, too"
            }
            Self::DefaultDeny => {
                "a namespace isolates nobody: nobody may talk, except on the paths that are needed"
            }
            Self::IngressClass => "ingress-nginx is retired: the class is the one that you name",
            Self::TailSampling => {
                "at the head nobody knows yet what will fail or be slow: the collector decides at the end"
            }
            Self::NodeFiles => {
                "logs are the node's files, which Pod Security restricted does not allow: hence the own namespace"
            }
        }
    }
}
