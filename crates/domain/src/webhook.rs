//! Webhooks: what became of one attempt to deliver, when the next one is made, and when it is time to stop.

use std::time::Duration;

use jiff::Timestamp;

/// How long to wait before each attempt that follows the first. After the last one a delivery has failed.
///
/// Published in `docs/guide/webhooks.md`; receivers build on it.
pub const WAITS: [Duration; 7] = [
    Duration::from_secs(5),
    Duration::from_secs(5 * 60),
    Duration::from_secs(30 * 60),
    Duration::from_secs(2 * 3600),
    Duration::from_secs(5 * 3600),
    Duration::from_secs(10 * 3600),
    Duration::from_secs(10 * 3600),
];
/// By which part of a wait it may be longer than it says, so that what failed together does not come together again.
const JITTER: u32 = 10;
/// The longest that a receiver may ask to be left alone.
const ASKED_MOST: Duration = Duration::from_secs(10 * 3600);
/// How many failures in a row, of whichever deliveries, make a webhook rest, and how long it then rests before one
/// delivery is tried: what a breaker does, for all processes together.
pub const REST: (i64, Duration) = (5, Duration::from_secs(30));
/// How long a webhook may fail without a success in between before it is disabled.
const FAILING_MOST: Duration = Duration::from_secs(5 * 24 * 3600);

macro_rules! words {
    ($(#[$enum_doc:meta])* $enum:ident { $($(#[$doc:meta])* $name:ident = $text:literal,)* }) => {
        $(#[$enum_doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $enum {
            $($(#[$doc])* $name,)*
        }

        impl $enum {
            /// Every one.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The word for it on the wire and in the database.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// The one of that word.
            pub fn parse(text: &str) -> Option<Self> {
                match text { $($text => Some(Self::$name),)* _ => None }
            }
        }
    };
}

words! {
    /// Where a delivery stands.
    State {
        /// It is to be sent, now or later.
        Pending = "pending",
        /// The receiver took it.
        Delivered = "delivered",
        /// It was given up.
        Failed = "failed",
    }
}

words! {
    /// Why a webhook is disabled, where nobody did it.
    Disabled {
        /// The receiver answered 410: it is gone for good.
        Gone = "gone",
        /// It has only failed for days.
        Failing = "failing",
    }
}

words! {
    /// Why an attempt got no answer.
    Failure {
        /// The address is one that nothing may be sent to.
        Refused = "refused_address",
        /// The name has no address.
        Name = "unknown_name",
        /// Nobody took the connection.
        Connect = "no_connection",
        /// The certificate is not good, or there is no common encryption.
        Tls = "bad_tls",
        /// It took too long.
        Timeout = "timeout",
        /// The connection broke, or what came was no HTTP.
        Broken = "broken_connection",
        /// The key of the signature could not be read: this process has another installation's key.
        Key = "unreadable_key",
    }
}

/// One attempt to deliver, and what came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// When it began.
    pub at: Timestamp,
    /// How long it took.
    pub duration: Duration,
    /// The status of the answer, or why there was none.
    pub answer: Result<u16, Failure>,
    /// The beginning of what the receiver said.
    pub excerpt: String,
    /// How long the receiver asked to be left alone.
    pub retry_after: Option<Duration>,
}

/// What to do about a delivery after an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Nothing: it was taken.
    Done,
    /// Try again after this long, or a little later.
    Wait(Duration),
    /// Nothing: it is given up.
    GiveUp,
    /// Nothing, and disable the webhook: the receiver is gone.
    Gone,
}

impl Attempt {
    /// Whether the receiver took it: any 2xx. What redirects is not followed and has failed.
    pub fn succeeded(&self) -> bool {
        matches!(self.answer, Ok(200..=299))
    }

    /// What follows, this being attempt number `number` (from 1) of its round.
    pub fn next(&self, number: i64) -> Next {
        if self.succeeded() {
            return Next::Done;
        }
        if self.answer == Ok(410) {
            return Next::Gone;
        }
        let place = usize::try_from(number - 1).unwrap_or(usize::MAX);
        match WAITS.get(place) {
            Some(wait) => Next::Wait(self.retry_after.unwrap_or_default().min(ASKED_MOST).max(*wait)),
            None => Next::GiveUp,
        }
    }
}

/// `wait`, and up to a tenth more: `by` says how much of that, from 0 to 1.
pub fn jittered(wait: Duration, by: f64) -> Duration {
    wait + (wait / JITTER).mul_f64(by.clamp(0.0, 1.0))
}

/// Whether a webhook that failed `failures` times in a row is left alone for a while, and then tried with one delivery.
pub fn rests(failures: i64) -> bool {
    failures >= REST.0
}

/// Whether a webhook that failed `failures` times in a row, for as long as `failing`, is to be disabled.
///
/// One delivery's attempts have to be among them, so that two single failures far apart are not taken for days.
pub fn is_hopeless(failures: i64, failing: Duration) -> bool {
    failures > i64::try_from(WAITS.len()).unwrap_or(i64::MAX) && failing >= FAILING_MOST
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attempt(answer: Result<u16, Failure>) -> Attempt {
        Attempt {
            at: Timestamp::UNIX_EPOCH,
            duration: Duration::ZERO,
            answer,
            excerpt: String::new(),
            retry_after: None,
        }
    }

    #[test]
    fn what_fails_is_tried_eight_times_over_more_than_a_day() {
        for answer in
            [Ok(500), Ok(429), Ok(301), Ok(404), Ok(199), Err(Failure::Timeout), Err(Failure::Broken)]
        {
            let attempt = attempt(answer);
            let seconds: Vec<u64> = (1..)
                .map_while(|number| match attempt.next(number) {
                    Next::Wait(wait) => Some(wait.as_secs()),
                    next => {
                        assert_eq!(next, Next::GiveUp);
                        None
                    }
                })
                .collect();
            assert_eq!(seconds, [5, 300, 1800, 7200, 18_000, 36_000, 36_000], "{answer:?}");
        }
    }

    #[test]
    fn any_2xx_is_a_success_and_410_the_end() {
        for status in [200, 202, 204, 299] {
            assert_eq!(attempt(Ok(status)).next(1), Next::Done);
        }
        assert_eq!(attempt(Ok(410)).next(1), Next::Gone);
    }

    #[test]
    fn who_asks_for_more_time_gets_it_within_limits_and_never_less_than_the_schedule() {
        let asks = |seconds, number| {
            Attempt { retry_after: Some(Duration::from_secs(seconds)), ..attempt(Ok(429)) }.next(number)
        };
        assert_eq!(asks(60, 1), Next::Wait(Duration::from_secs(60)));
        assert_eq!(asks(60, 2), Next::Wait(WAITS[1]));
        assert_eq!(asks(u64::MAX, 1), Next::Wait(ASKED_MOST));
        assert_eq!(asks(60, 8), Next::GiveUp);
    }

    #[test]
    fn a_wait_is_never_shorter_and_at_most_a_tenth_longer() {
        let wait = Duration::from_secs(300);
        assert_eq!(jittered(wait, 0.0), wait);
        assert_eq!(jittered(wait, 1.0), Duration::from_secs(330));
        assert_eq!(jittered(wait, 7.0), Duration::from_secs(330));
    }

    #[test]
    fn a_webhook_is_hopeless_after_days_of_nothing_but_failures() {
        let days = |days: u64| Duration::from_secs(days * 86_400);
        assert!(is_hopeless(8, days(5)) && !is_hopeless(7, days(30)) && !is_hopeless(1000, days(4)));
        assert!(rests(5) && !rests(4));
    }

    #[test]
    fn words_read_back() {
        assert!(State::ALL.iter().all(|one| State::parse(one.as_str()) == Some(*one)));
        assert!(Failure::ALL.iter().all(|one| Failure::parse(one.as_str()) == Some(*one)));
        assert!(Disabled::ALL.iter().all(|one| Disabled::parse(one.as_str()) == Some(*one)));
    }
}
