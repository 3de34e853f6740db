//! Rate limits: so many requests a minute for each token, visitor or address, kept in memory by each process.

use std::hash::Hash;
use std::num::NonZeroU32;

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use crate::problem::ApiError;

/// A limit for each key.
pub struct Limit<K: Hash + Eq + Clone> {
    limiter: DefaultKeyedRateLimiter<K>,
    clock: DefaultClock,
}

impl<K: Hash + Eq + Clone> Limit<K> {
    /// `per_minute` for each key, at least one; a burst may take them all at once.
    pub fn per_minute(per_minute: u32) -> Self {
        let quota = Quota::per_minute(NonZeroU32::new(per_minute).unwrap_or(NonZeroU32::MIN));
        Self { limiter: RateLimiter::keyed(quota), clock: DefaultClock::default() }
    }

    /// Counts one request. Errors with 429 where it is one too many.
    pub fn check(&self, key: &K) -> Result<(), ApiError> {
        self.limiter.check_key(key).map_err(|refusal| {
            let wait = refusal.wait_time_from(self.clock.now());
            ApiError::too_many(wait.as_secs().saturating_add(1))
        })
    }

    /// Forgets keys that have not been seen for a while.
    pub fn forget_idle(&self) {
        self.limiter.retain_recent();
        self.limiter.shrink_to_fit();
    }
}

#[cfg(test)]
mod tests {
    use super::Limit;

    #[test]
    fn one_too_many_is_refused_with_a_time_to_wait_and_others_are_not() {
        let limit = Limit::per_minute(2);
        assert!(limit.check(&"a").is_ok() && limit.check(&"a").is_ok());
        let refusal = limit.check(&"a").unwrap_err();
        assert!((1..=31).contains(&refusal.problem().retry_after.unwrap()));
        assert!(limit.check(&"b").is_ok());
    }
}
