//! When which controller looks, and what it is told.
//!
//! It must not change anything; what it gives is done by the replay.

use super::By;
use super::pods::Pods;
use super::queues::Queues;
use crate::simulate::error::Error;
use crate::simulate::fleet::{Cpu, Fleet, Scaling, Trigger};
use crate::simulate::hpa::{Autoscaler, Reading, Scale};
use crate::simulate::keda::{Activity, Lag, Operator, jetstream, kafka};

/// What KEDA asks, with what it remembers of it.
#[derive(Debug, Clone)]
enum Source {
    Kafka(kafka::Scaler),
    JetStream(jetstream::Trigger),
}

impl Source {
    fn look(&mut self, queues: &Queues, now: f64) -> Lag {
        match self {
            Self::Kafka(scaler) => scaler.look(&queues.offsets(now)),
            Self::JetStream(_) => jetstream::lag(queues.consumer(now)),
        }
    }

    fn is_active(&self, lag: Lag) -> bool {
        match self {
            Self::Kafka(scaler) => scaler.is_active(lag),
            Self::JetStream(trigger) => lag.for_activity > trigger.activation_lag_threshold,
        }
    }
}

/// KEDA, and what the autoscaler last asked it.
#[derive(Debug, Clone)]
struct Keda {
    operator: Operator,
    source: Source,
    polling_secs: u32,
    /// Its own loop asks the queue itself.
    polls: bool,
    last: Option<Lag>,
}

/// The controllers that look after the fleet.
#[derive(Debug, Clone)]
pub(super) struct Decider {
    autoscaler: Option<Autoscaler>,
    keda: Option<Keda>,
    follows_lag: bool,
    cpu: Option<Cpu>,
    sync_secs: u32,
}

impl Decider {
    pub(super) fn new(fleet: &Fleet) -> Result<Self, Error> {
        // KEDA first: what it refuses, the autoscaler that it would make is no better reason for.
        let keda = match &fleet.scaling {
            Scaling::Fixed | Scaling::Hpa { .. } => None,
            Scaling::Keda { object, trigger } => {
                let source = match trigger {
                    Trigger::Kafka(trigger) => Source::Kafka(kafka::Scaler::new(*trigger)?),
                    Trigger::JetStream(trigger) => {
                        trigger.check()?;
                        Source::JetStream(*trigger)
                    }
                };
                Some(Keda {
                    operator: Operator::new(object.clone(), trigger.lag_threshold(), 0)?,
                    source,
                    polling_secs: u32::try_from(object.polling_interval_secs).unwrap_or(u32::MAX),
                    polls: object.polls(),
                    last: None,
                })
            }
        };
        let (follows_lag, follows_cpu) = match &fleet.scaling {
            Scaling::Fixed | Scaling::Keda { .. } => (false, false),
            Scaling::Hpa { lag_target, cpu_percent, .. } => (lag_target.is_some(), cpu_percent.is_some()),
        };
        Ok(Self {
            autoscaler: fleet.autoscaler()?,
            keda,
            follows_lag,
            cpu: fleet.workers.cpu.filter(|_| follows_cpu),
            sync_secs: u32::try_from(fleet.controls.sync_period_secs).unwrap_or(u32::MAX),
        })
    }

    /// The numbers of replicas that are set in this second, one after the other: first KEDA's loop, then the
    /// autoscaler.
    pub(super) fn decide(&mut self, second: u32, pods: &mut Pods, queues: &Queues) -> Vec<(u32, By)> {
        let (now, now_ms) = (f64::from(second), i64::from(second) * 1_000);
        let count = |replicas: i32| u32::try_from(replicas).unwrap_or(0);
        let mut current = i32::try_from(pods.wanted()).unwrap_or(i32::MAX);
        let mut set = Vec::new();
        if let Some(keda) = &mut self.keda
            && second.is_multiple_of(keda.polling_secs)
        {
            let lag = match keda.last {
                Some(lag) if !keda.polls => lag,
                _ => keda.source.look(queues, now),
            };
            let activity = if keda.source.is_active(lag) { Activity::Active } else { Activity::Idle };
            if let Some(replicas) = keda.operator.poll(now_ms, current, activity) {
                set.push((count(replicas), By::Keda));
                current = replicas;
            }
        }
        if let Some(autoscaler) = &mut self.autoscaler
            && second.is_multiple_of(self.sync_secs)
        {
            let mut readings = Vec::new();
            if let Some(keda) = &mut self.keda
                && current > 0
            {
                let lag = keda.source.look(queues, now);
                keda.last = Some(lag);
                readings.push(keda.operator.reading(Some(lag.metric), current));
            }
            if self.follows_lag {
                let lag = i64::try_from(queues.lag(now)).unwrap_or(i64::MAX);
                readings.push(Reading::Values(vec![lag.saturating_mul(1_000)]));
            }
            let mut seen = Vec::new();
            if let Some(cpu) = self.cpu {
                let (found, samples) = pods.seen(cpu, second, i64::from(self.sync_secs));
                seen = found;
                readings.push(Reading::Samples(samples));
                pods.measured();
            }
            let scale = Scale { spec: current, status: i32::try_from(pods.wanted()).unwrap_or(i32::MAX) };
            // Where nothing can be decided, everything stays, and it is tried again at the next look.
            if let Ok(outcome) = autoscaler.reconcile(now_ms, scale, &seen, &readings) {
                set.push((count(outcome.replicas), By::Autoscaler));
            }
        }
        set
    }
}
