//! How long events waited: quantiles over the events.
//!
//! Waits are counted by size in classes that are less than one per cent wide, so that millions of them need no room.

/// Bits of a number's fraction that make a class: 128 classes for each doubling.
const FRACTION_BITS: u32 = 7;
const SHIFT: u32 = 52 - FRACTION_BITS;
/// The shortest wait that is told from none, in seconds: 2^-10.
const LEAST_SECS: f64 = 0.000_976_562_5;
/// The classes from there to 2^24 seconds, more than half a year.
const CLASSES: usize = 34 << FRACTION_BITS;

/// The waits of many events.
#[derive(Debug, Clone)]
pub(super) struct Waiting {
    /// The first is for those that did not wait.
    counts: Vec<u64>,
    total: u64,
    longest_secs: f64,
}

impl Waiting {
    pub(super) fn new() -> Self {
        Self { counts: vec![0; CLASSES + 1], total: 0, longest_secs: 0.0 }
    }

    fn class(secs: f64) -> usize {
        if secs < LEAST_SECS {
            return 0;
        }
        let above = (secs.to_bits() >> SHIFT) - (LEAST_SECS.to_bits() >> SHIFT);
        (above as usize + 1).min(CLASSES)
    }

    pub(super) fn add(&mut self, secs: f64) {
        self.counts[Self::class(secs)] += 1;
        self.total += 1;
        self.longest_secs = self.longest_secs.max(secs);
    }

    pub(super) fn longest_secs(&self) -> f64 {
        self.longest_secs
    }

    /// At most as long waited this share of the events, in seconds: the upper end of the class, so never too little.
    /// Nothing where there was no event.
    pub(super) fn quantile_secs(&self, share: f64) -> Option<f64> {
        if self.total == 0 {
            return None;
        }
        let rank = ((self.total as f64 * share).ceil() as u64).clamp(1, self.total);
        let mut seen = 0;
        let class = self.counts.iter().position(|count| {
            seen += count;
            seen >= rank
        })?;
        if class == 0 {
            return Some(0.0);
        }
        let end = f64::from_bits(((LEAST_SECS.to_bits() >> SHIFT) + class as u64) << SHIFT);
        Some(end.min(self.longest_secs))
    }

    pub(super) fn clear(&mut self) {
        if self.total > 0 {
            self.counts.fill(0);
        }
        self.total = 0;
        self.longest_secs = 0.0;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_quantile_is_never_too_little_and_at_most_one_per_cent_too_much(
            mut waits in prop::collection::vec(0.0_f64..100_000.0, 1..200),
            share in 0.0_f64..=1.0,
        ) {
            let mut waiting = Waiting::new();
            waits.iter().for_each(|wait| waiting.add(*wait));
            waits.sort_by(f64::total_cmp);
            let rank = ((waits.len() as f64 * share).ceil() as usize).clamp(1, waits.len());
            let exact = waits[rank - 1];
            let got = waiting.quantile_secs(share).unwrap();
            prop_assert!(got >= exact - LEAST_SECS && got <= exact * 1.01, "{got} for {exact}");
        }
    }

    #[test]
    fn nobody_waited_where_there_was_nobody() {
        let mut waiting = Waiting::new();
        assert_eq!(waiting.quantile_secs(0.99), None);
        waiting.add(0.0);
        assert_eq!(waiting.quantile_secs(0.99), Some(0.0));
        waiting.add(3.0);
        waiting.clear();
        assert_eq!(waiting.quantile_secs(0.5), None);
    }
}
