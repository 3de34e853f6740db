//! The fleet that is simulated: its workers, the room for them, and what their number follows.
//!
//! It must not run anything.

use super::error::{Error, require};
use super::hpa::{self, Metric, Target};
use super::keda::{self, jetstream, kafka};

/// The longest time that is simulated, in seconds: 31 days.
pub const MOST_SECS: u32 = 31 * 86_400;
/// The most replicas and partitions.
const MOST: u32 = 10_000;
/// The longest that anything of a worker takes, in seconds.
const MOST_WORK_SECS: f64 = 86_400.0;

/// What a worker uses of the CPU.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cpu {
    /// What it requests, in thousandths of a core.
    pub request_milli: i64,
    /// What it uses while it handles an event, in thousandths.
    pub busy_milli: i64,
    /// What it uses otherwise, in thousandths.
    pub idle_milli: i64,
}

/// What handles the events: replicas that share partitions, each handling one event at a time, each partition in
/// order. Replicas beyond the partitions idle.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Workers {
    /// How long one event takes, in seconds.
    pub service_secs: f64,
    /// How long it takes from a place on a node until a replica is ready, in seconds.
    pub start_secs: u32,
    /// Into how many partitions the events are dealt.
    pub partitions: u32,
    /// How long a partition rests when it changes its replica, in seconds.
    pub handover_secs: u32,
    /// What a replica uses; needed where the CPU is followed.
    pub cpu: Option<Cpu>,
}

/// The room for replicas. Nodes that have come stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Nodes {
    /// How many replicas fit on one.
    pub replicas_each: u32,
    /// How many there are at the beginning.
    pub ready: u32,
    /// How many there may be.
    pub most: u32,
    /// How long a new one takes, in seconds.
    pub start_secs: u32,
}

/// What KEDA asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trigger {
    /// A topic.
    Kafka(kafka::Trigger),
    /// A consumer of a stream.
    JetStream(jetstream::Trigger),
}

impl Trigger {
    pub(super) fn lag_threshold(self) -> i64 {
        match self {
            Self::Kafka(trigger) => trigger.lag_threshold,
            Self::JetStream(trigger) => trigger.lag_threshold,
        }
    }
}

/// What the number of replicas follows.
#[derive(Debug, Clone, PartialEq)]
pub enum Scaling {
    /// Nothing.
    Fixed,
    /// Kubernetes' own autoscaler.
    Hpa {
        /// `minReplicas`.
        min_replicas: i32,
        /// `maxReplicas`.
        max_replicas: i32,
        /// The lag a replica, as an external metric that an adapter brings without delay.
        lag_target: Option<i64>,
        /// The CPU, in per cent of what is requested.
        cpu_percent: Option<i32>,
        /// `behavior`.
        behavior: Option<hpa::Behavior>,
    },
    /// KEDA.
    Keda {
        /// The ScaledObject.
        object: keda::ScaledObject,
        /// Its trigger.
        trigger: Trigger,
    },
}

/// A fleet.
#[derive(Debug, Clone, PartialEq)]
pub struct Fleet {
    /// What handles the events.
    pub workers: Workers,
    /// How many replicas there are at the beginning, ready.
    pub replicas: u32,
    /// What their number follows.
    pub scaling: Scaling,
    /// The room for them; nothing where there is always enough.
    pub nodes: Option<Nodes>,
    /// The flags of Kubernetes' controller.
    pub controls: hpa::Controls,
    /// With a seed events come at random moments to random partitions, without one evenly and in turn.
    pub seed: Option<u64>,
}

impl Fleet {
    pub(super) fn check(&self) -> Result<(), Error> {
        let workers = &self.workers;
        let is_time = |secs: f64| secs > 0.0 && secs <= MOST_WORK_SECS;
        require(
            is_time(workers.service_secs),
            "the service time",
            workers.service_secs,
            "more than 0 and at most a day, in seconds",
        )?;
        for (name, secs) in [
            ("the start-up time", workers.start_secs),
            ("the hand-over time", workers.handover_secs),
            ("the time for a node", self.nodes.map_or(0, |nodes| nodes.start_secs)),
        ] {
            require(f64::from(secs) <= MOST_WORK_SECS, name, secs, "at most a day, in seconds")?;
        }
        let is_count = |count: u32| (1..=MOST).contains(&count);
        require(is_count(workers.partitions), "the number of partitions", workers.partitions, "1 to 10000")?;
        require(self.replicas <= MOST, "the number of replicas", self.replicas, "0 to 10000")?;
        if let Some(nodes) = self.nodes {
            let replicas = "the replicas that fit on a node";
            require(is_count(nodes.replicas_each), replicas, nodes.replicas_each, "1 to 10000")?;
            require(is_count(nodes.most), "the most nodes", nodes.most, "1 to 10000")?;
            require(nodes.ready <= nodes.most, "the number of nodes", nodes.ready, "not above the most")?;
        }
        if let Some(cpu) = workers.cpu {
            let is_milli = |milli: i64| (0..=1_000_000_000).contains(&milli);
            let is_fine = is_milli(cpu.idle_milli) && is_milli(cpu.busy_milli);
            require(is_fine, "what a worker uses of the CPU", cpu.busy_milli, "from 0 to a million cores")?;
            let requested = cpu.request_milli > 0 && is_milli(cpu.request_milli);
            require(requested, "what a worker requests of the CPU", cpu.request_milli, "more than 0")?;
        }
        let most = match &self.scaling {
            Scaling::Fixed => {
                return require(
                    self.replicas > 0,
                    "the number of replicas",
                    0,
                    "1 to 10000 where it is fixed",
                );
            }
            Scaling::Hpa { max_replicas, .. } => *max_replicas,
            Scaling::Keda { object, .. } => object.max_replicas,
        };
        require(most <= MOST as i32, "the most replicas", most, "at most 10000")
    }

    /// What Kubernetes' controller is asked to do, and the order of its metrics: the lag, then the CPU.
    pub(super) fn autoscaler(&self) -> Result<Option<hpa::Autoscaler>, Error> {
        let spec = match &self.scaling {
            Scaling::Fixed => return Ok(None),
            Scaling::Keda { object, trigger } => object.autoscaler(trigger.lag_threshold()),
            Scaling::Hpa { min_replicas, max_replicas, lag_target, cpu_percent, behavior } => {
                if cpu_percent.is_some() && self.workers.cpu.is_none() {
                    return Err(Error::NoCpu);
                }
                let lag = lag_target.map(|target| {
                    Metric::External(Target::AverageValue { milli: target.saturating_mul(1_000) })
                });
                let cpu = cpu_percent.map(|percent| Metric::ResourceUtilization { percent, is_cpu: true });
                let metrics: Vec<Metric> = lag.into_iter().chain(cpu).collect();
                if metrics.is_empty() {
                    return Err(Error::NothingToFollow);
                }
                hpa::Spec {
                    min_replicas: *min_replicas,
                    max_replicas: *max_replicas,
                    metrics,
                    behavior: behavior.clone(),
                }
            }
        };
        Ok(Some(hpa::Autoscaler::new(spec, self.controls)?))
    }

    /// The same fleet with another threshold a replica; nothing where it follows no lag.
    pub(super) fn with_threshold(&self, threshold: i64) -> Option<Self> {
        let mut fleet = self.clone();
        match &mut fleet.scaling {
            Scaling::Fixed | Scaling::Hpa { lag_target: None, .. } => return None,
            Scaling::Hpa { lag_target: Some(target), .. } => *target = threshold,
            Scaling::Keda { trigger: Trigger::Kafka(trigger), .. } => trigger.lag_threshold = threshold,
            Scaling::Keda { trigger: Trigger::JetStream(trigger), .. } => trigger.lag_threshold = threshold,
        }
        Some(fleet)
    }
}
