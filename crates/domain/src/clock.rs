//! Where the present comes from. Everything that asks for the time asks a [`Clock`].

use jiff::Timestamp;

/// A source of the present instant.
pub trait Clock: Send + Sync {
    /// Now, in UTC.
    fn now(&self) -> Timestamp;
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[allow(clippy::disallowed_methods, reason = "this is the one place that reads the machine's clock")]
    fn now(&self) -> Timestamp {
        let now = Timestamp::now();
        // Databases keep microseconds; what is compared with what they kept must not have more.
        Timestamp::from_microsecond(now.as_microsecond()).unwrap_or(now)
    }
}
