//! The settings of one part of the fleet that runs Deskhand itself.

use std::collections::BTreeMap;

use super::quantity::Quantity;
use super::read::Tree;
use super::shape::{choices, values};

choices! {
    /// What the number of replicas follows.
    ScalingKind {
        /// Nothing: it is `replicas`.
        None = "none",
        /// The CPU, by Kubernetes' own autoscaler.
        Hpa = "hpa",
        /// The lag of a group of workers, by KEDA.
        Keda = "keda",
        /// The lag of a group of workers, by Kubernetes' own autoscaler and Prometheus' adapter; and the CPU.
        Lag = "lag",
    }
    /// How a policy of scaling counts.
    PolicyKind {
        /// Pods.
        Pods = "Pods",
        /// A share of the replicas.
        Percent = "Percent",
    }
    /// What happens to a pod for which no place keeps to the spread.
    WhenUnsatisfiable {
        /// It goes where the spread suffers least.
        ScheduleAnyway = "ScheduleAnyway",
        /// It waits.
        DoNotSchedule = "DoNotSchedule",
    }
}

values! {
    /// A part of the fleet that runs Deskhand.
    Component {
        /// Whether it is there.
        enabled: bool,
        /// The roles that its processes run.
        roles: Vec<String>,
        /// The groups that role `workers` runs. Empty: all.
        groups: Vec<String>,
        /// How many there are, where nothing scales them.
        replicas: i32,
        /// Its namespace, if it has one of its own.
        namespace: String,
        /// What it asks for, and may have.
        resources: Resources,
        /// Its Service, where it serves.
        service: Service,
        /// When it is alive, ready, started.
        probes: Probes,
        /// What its number of replicas follows.
        scaling: Scaling,
        /// How many may be away for maintenance.
        pdb: Pdb,
        /// How it is updated.
        rollout: Rollout,
        /// How it ends.
        drain: Drain,
        /// How it is spread over nodes and zones.
        topology_spread: Spread,
        /// Labels that its nodes must have.
        node_selector: BTreeMap<String, String>,
        /// Taints that it can live with.
        tolerations: Vec<Toleration>,
        /// How important it is.
        priority_class_name: String,
        /// More labels of its pods.
        pod_labels: BTreeMap<String, String>,
        /// More annotations of its pods.
        pod_annotations: BTreeMap<String, String>,
        /// Deskhand's settings for it alone, as `settings` has them for all.
        settings: Tree,
    }
    /// Amounts that a container asks for, or may have.
    Container {
        /// Cores.
        cpu: Quantity,
        /// Bytes of memory.
        memory: Quantity,
        /// Bytes on the node's disk.
        ephemeral_storage: Quantity,
    }
    /// What a container asks for, and may have.
    Resources {
        /// What is set aside for it.
        requests: Container,
        /// What it may not pass.
        limits: Container,
    }
    /// A Service.
    Service {
        /// The port that it is found at.
        port: i32,
        /// Annotations.
        annotations: BTreeMap<String, String>,
    }
    /// When a process is alive, ready, started. The paths are the program's.
    Probes {
        /// When it is restarted.
        liveness: Probe,
        /// When it gets traffic.
        readiness: Probe,
        /// When it counts as started; the others wait for that.
        startup: Probe,
    }
    /// A probe's times, in seconds, and how many answers decide.
    Probe {
        /// After the start of the container.
        initial_delay_seconds: i32,
        /// Between two.
        period_seconds: i32,
        /// For an answer.
        timeout_seconds: i32,
        /// Bad ones in a row that decide.
        failure_threshold: i32,
        /// Good ones in a row that decide; 1 for all but readiness.
        success_threshold: i32,
    }
    /// What the number of replicas follows.
    Scaling {
        /// What it follows.
        kind: ScalingKind,
        /// The fewest.
        min: i32,
        /// The most.
        max: i32,
        /// The CPU that is aimed for, in per cent of what is requested; 0 where it is not followed.
        cpu_percent: i32,
        /// The lag that is followed.
        lag: ScalingLag,
        /// How fast it goes up.
        scale_up: Behavior,
        /// How fast it goes down.
        scale_down: Behavior,
    }
    /// The lag that is followed.
    ScalingLag {
        /// The topic, by its name without the prefix.
        topic: String,
        /// The group.
        group: String,
        /// How many events may wait for each replica.
        per_replica: i32,
        /// How often KEDA looks whether there is anything to do at all, in seconds.
        polling_interval: i32,
        /// How many replicas there are while nobody knows the lag; not more than `max`, and not fewer than `min`.
        fallback_replicas: i32,
    }
    /// How fast replicas come or go.
    Behavior {
        /// For how long the most cautious of the recommendations counts.
        stabilization_window_seconds: i32,
        /// What may change in which time; of several the largest.
        policies: Vec<Policy>,
    }
    /// How much may change in a time.
    Policy {
        /// How it counts.
        type_: PolicyKind,
        /// How much.
        value: i32,
        /// In how many seconds.
        period_seconds: i32,
    }
    /// How many may be away for maintenance.
    Pdb {
        /// Whether there is a limit.
        enabled: bool,
        /// The limit.
        max_unavailable: i32,
    }
    /// How it is updated.
    Rollout {
        /// How many new ones may be there beside the full number.
        max_surge: i32,
        /// How many may be missing from the full number.
        max_unavailable: i32,
    }
    /// How it ends.
    Drain {
        /// How long it goes on serving before SIGTERM, so that routers stop sending to it.
        pre_stop_seconds: i32,
        /// How long all of the end may take, before it is killed.
        grace_period_seconds: i32,
    }
    /// How it is spread over nodes and zones.
    Spread {
        /// Whether it is.
        enabled: bool,
        /// What happens to a pod for which no place keeps to it.
        when_unsatisfiable: WhenUnsatisfiable,
    }
    /// A taint that pods can live with.
    Toleration {
        /// Its key.
        key: Option<String>,
        /// How it is compared.
        operator: Option<String>,
        /// Its value.
        value: Option<String>,
        /// What it does.
        effect: Option<String>,
        /// For how long.
        toleration_seconds: Option<i32>,
    }
    /// Labels that select.
    Selecting {
        /// What namespaces must have.
        namespace_labels: BTreeMap<String, String>,
        /// What pods must have.
        pod_labels: BTreeMap<String, String>,
    }
}
