//! The scaler of Kafka (`kafka_scaler.go`): the lag of a group on one topic, capped by its partitions.
//!
//! It takes offsets as a broker says them, and must not know how they were got.

use std::collections::BTreeMap;

use super::{Lag, SpecError};

/// `offsetResetPolicy`: where a group begins that has not committed anything.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum OffsetReset {
    /// With what comes.
    #[default]
    Latest,
    /// With the oldest that is kept.
    Earliest,
}

/// `triggers[].metadata` of the type `kafka`, as far as it counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trigger {
    /// `lagThreshold`, in events.
    pub lag_threshold: i64,
    /// `activationLagThreshold`, in events.
    pub activation_lag_threshold: i64,
    /// `offsetResetPolicy`.
    pub offset_reset: OffsetReset,
    /// `allowIdleConsumers`: more replicas than partitions.
    pub allow_idle_consumers: bool,
    /// `excludePersistentLag`: a partition whose group has not moved since the last look has no lag.
    pub exclude_persistent_lag: bool,
    /// `scaleToZeroOnInvalidOffset`: a partition without a commit has no lag.
    pub scale_to_zero_on_invalid_offset: bool,
    /// `limitToPartitionsWithLag`: not more replicas than partitions with a lag.
    pub limit_to_partitions_with_lag: bool,
    /// `ensureEvenDistributionOfPartitions`: only numbers of replicas that divide the partitions.
    pub ensure_even_distribution: bool,
}

impl Default for Trigger {
    fn default() -> Self {
        Self {
            lag_threshold: 10,
            activation_lag_threshold: 0,
            offset_reset: OffsetReset::Latest,
            allow_idle_consumers: false,
            exclude_persistent_lag: false,
            scale_to_zero_on_invalid_offset: false,
            limit_to_partitions_with_lag: false,
            ensure_even_distribution: false,
        }
    }
}

/// The offsets of one partition.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Partition {
    /// Where the group goes on; nothing before its first commit.
    pub committed: Option<i64>,
    /// Behind the newest event.
    pub end: i64,
    /// The oldest event that is kept; nothing where the broker did not say.
    pub earliest: Option<i64>,
}

impl Trigger {
    /// Checks what KEDA checks (`kafkaMetadata.Validate`).
    pub fn check(&self) -> Result<(), SpecError> {
        if self.lag_threshold <= 0 {
            return Err(SpecError::Threshold);
        }
        if self.activation_lag_threshold < 0 {
            return Err(SpecError::Activation);
        }
        let is_exclusive = self.allow_idle_consumers || self.ensure_even_distribution;
        if self.limit_to_partitions_with_lag && is_exclusive {
            return Err(SpecError::Exclusive);
        }
        Ok(())
    }
}

/// The scaler, with what it remembers from one look to the next.
#[derive(Debug, Clone)]
pub struct Scaler {
    trigger: Trigger,
    previous: BTreeMap<usize, i64>,
}

impl Scaler {
    /// A scaler that has not looked yet.
    ///
    /// Errors where KEDA would refuse `trigger`.
    pub fn new(trigger: Trigger) -> Result<Self, SpecError> {
        trigger.check()?;
        Ok(Self { trigger, previous: BTreeMap::new() })
    }

    /// `getLagForPartition`: the lag that counts, and the lag that there is.
    fn lag_of(&mut self, index: usize, partition: &Partition) -> (i64, i64) {
        let Some(committed) = partition.committed else {
            if self.trigger.scale_to_zero_on_invalid_offset {
                return (0, 0);
            }
            let lag = match (self.trigger.offset_reset, partition.earliest) {
                // One, so that a group starts that has to commit something.
                (OffsetReset::Latest, _) => 1,
                (OffsetReset::Earliest, Some(earliest)) => partition.end.wrapping_sub(earliest).max(0),
                (OffsetReset::Earliest, None) => partition.end,
            };
            return (lag, lag);
        };
        let lag = partition.end.wrapping_sub(committed);
        if self.trigger.exclude_persistent_lag && self.previous.insert(index, committed) == Some(committed) {
            return (0, lag);
        }
        (lag, lag)
    }

    /// `getTotalLag`: the lag of all partitions, capped so that the autoscaler does not go beyond the partitions.
    ///
    /// The cap compares a quotient without its remainder: on three partitions at a threshold of 100, lags from 300 to
    /// 399 pass as they are, and the autoscaler, which rounds up and tolerates a tenth, makes four replicas of 331.
    pub fn look(&mut self, partitions: &[Partition]) -> Lag {
        let threshold = self.trigger.lag_threshold;
        let (mut metric, mut for_activity, mut with_lag) = (0_i64, 0_i64, 0_i64);
        for (index, partition) in partitions.iter().enumerate() {
            let (lag, lag_with_persistent) = self.lag_of(index, partition);
            metric = metric.wrapping_add(lag);
            for_activity = for_activity.wrapping_add(lag_with_persistent);
            with_lag += i64::from(lag > 0);
        }
        let Trigger { allow_idle_consumers, limit_to_partitions_with_lag, ensure_even_distribution, .. } =
            self.trigger;
        if !allow_idle_consumers || limit_to_partitions_with_lag || ensure_even_distribution {
            let count = i64::try_from(partitions.len()).unwrap_or(i64::MAX);
            if ensure_even_distribution {
                metric = next_factor(metric, count, threshold).wrapping_mul(threshold);
            }
            let most = if limit_to_partitions_with_lag { with_lag } else { count };
            if metric / threshold > most {
                metric = most.wrapping_mul(threshold);
            }
        }
        Lag { metric, for_activity }
    }

    /// Whether there is anything to do, by KEDA's measure.
    pub fn is_active(&self, lag: Lag) -> bool {
        lag.for_activity > self.trigger.activation_lag_threshold
    }
}

/// `getNextFactorThatBalancesConsumersToTopicPartitions`, `FindFactors`: the least number of replicas that divides
/// `partitions` and is enough for `lag`.
fn next_factor(lag: i64, partitions: i64, threshold: i64) -> i64 {
    (1..=partitions)
        .filter(|factor| partitions % factor == 0)
        .find(|factor| factor.wrapping_mul(threshold) >= lag)
        .unwrap_or(partitions)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(committed: i64, end: i64) -> Partition {
        Partition { committed: Some(committed), end, earliest: None }
    }

    fn look(trigger: Trigger, partitions: &[Partition]) -> i64 {
        Scaler::new(trigger).unwrap().look(partitions).metric
    }

    #[test]
    fn replicas_that_divide_the_partitions_are_those_of_kedas_own_test() {
        // TestGetNextFactor of kafka_scaler_test.go, v2.21.0
        for (lag, expected) in [(10, 1), (20, 2), (40, 4), (50, 5), (99, 10), (100, 10), (101, 20)] {
            assert_eq!(next_factor(lag, 100, 10), expected, "{lag}");
        }
        // TestFindFactors, as what is enough for more and more
        for (partitions, factors) in [(10, &[1, 2, 5, 10][..]), (13, &[1, 13]), (50, &[1, 2, 5, 10, 25, 50])]
        {
            let mut found: Vec<i64> = (1..=partitions).map(|lag| next_factor(lag, partitions, 1)).collect();
            found.dedup();
            assert_eq!(found, factors);
        }
        let even = Trigger { lag_threshold: 100, ensure_even_distribution: true, ..Trigger::default() };
        let twelve = |lag| [vec![at(0, lag)], vec![at(0, 0); 11]].concat();
        assert_eq!(look(even, &twelve(450)), 600);
        assert_eq!(look(even, &twelve(601)), 1_200);
        assert_eq!(look(even, &twelve(9_999)), 1_200);
    }

    #[test]
    fn a_partition_without_a_commit_counts_by_where_its_group_would_begin() {
        let fresh = Partition { committed: None, end: 500, earliest: Some(420) };
        let earliest =
            Trigger { offset_reset: OffsetReset::Earliest, lag_threshold: 1_000, ..Trigger::default() };
        let zero = Trigger { scale_to_zero_on_invalid_offset: true, ..Trigger::default() };
        assert_eq!(look(Trigger::default(), &[fresh; 3]), 3);
        assert_eq!(look(zero, &[fresh; 3]), 0);
        // TestKafkaGetMetricsAndActivityRetainedLag: what is kept, not every offset that there ever was
        assert_eq!(look(earliest, &[fresh]), 80);
        assert_eq!(look(earliest, &[Partition { earliest: None, ..fresh }]), 500);
        assert_eq!(look(earliest, &[Partition { earliest: Some(501), ..fresh }]), 0);
        assert_eq!(look(Trigger { scale_to_zero_on_invalid_offset: true, ..earliest }, &[fresh]), 0);
    }

    #[test]
    fn a_group_that_does_not_move_has_no_lag_where_that_is_excluded_and_is_still_active() {
        let trigger = Trigger { exclude_persistent_lag: true, ..Trigger::default() };
        let mut scaler = Scaler::new(trigger).unwrap();
        assert_eq!(scaler.look(&[at(5, 9), at(7, 8)]), Lag { metric: 5, for_activity: 5 });
        let stuck = scaler.look(&[at(5, 12), at(8, 9)]);
        assert_eq!(stuck, Lag { metric: 1, for_activity: 8 });
        assert!(scaler.is_active(stuck));
        assert_eq!(scaler.look(&[at(6, 12), at(8, 9)]), Lag { metric: 6, for_activity: 7 });
    }

    #[test]
    fn the_cap_is_the_partitions_or_those_with_a_lag_or_none() {
        let trigger = Trigger { lag_threshold: 100, ..Trigger::default() };
        let partitions = [at(0, 5_000), at(9, 9), at(9, 9)];
        let limited = Trigger { limit_to_partitions_with_lag: true, ..trigger };
        let idle = Trigger { allow_idle_consumers: true, ..trigger };
        assert_eq!(look(trigger, &partitions), 300);
        assert_eq!(look(limited, &partitions), 100);
        assert_eq!(look(idle, &partitions), 5_000);
        for lag in [300, 331, 399] {
            assert_eq!(look(trigger, &[at(0, lag), at(0, 0), at(0, 0)]), lag);
        }
        assert_eq!(look(trigger, &[at(0, 400), at(0, 0), at(0, 0)]), 300);
    }

    #[test]
    fn what_keda_would_refuse_is_refused() {
        let of = |trigger: Trigger| Scaler::new(trigger).map(|_| ());
        let trigger = Trigger::default();
        assert_eq!(of(Trigger { lag_threshold: 0, ..trigger }), Err(SpecError::Threshold));
        assert_eq!(of(Trigger { activation_lag_threshold: -1, ..trigger }), Err(SpecError::Activation));
        let limited = Trigger { limit_to_partitions_with_lag: true, ..trigger };
        assert_eq!(of(Trigger { allow_idle_consumers: true, ..limited }), Err(SpecError::Exclusive));
        assert_eq!(of(Trigger { ensure_even_distribution: true, ..limited }), Err(SpecError::Exclusive));
    }
}
