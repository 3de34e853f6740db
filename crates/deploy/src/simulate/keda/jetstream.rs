//! The scaler of NATS JetStream (`nats_jetstream_scaler.go`): what one consumer has still to handle.
//!
//! It must not know of streams or servers; finding the consumer's leader is not arithmetic.

use super::{Lag, SpecError};

/// `triggers[].metadata` of the type `nats-jetstream`, as far as it counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trigger {
    /// `lagThreshold`, in messages.
    pub lag_threshold: i64,
    /// `activationLagThreshold`, in messages.
    pub activation_lag_threshold: i64,
}

/// A consumer, as the server's monitoring describes it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Consumer {
    /// `num_pending`: not delivered yet.
    pub pending: i64,
    /// `num_ack_pending`: delivered, not acknowledged.
    pub ack_pending: i64,
}

impl Trigger {
    /// Checks what KEDA checks.
    pub fn check(&self) -> Result<(), SpecError> {
        if self.lag_threshold <= 0 {
            return Err(SpecError::Threshold);
        }
        if self.activation_lag_threshold < 0 { Err(SpecError::Activation) } else { Ok(()) }
    }
}

/// `getMaxMsgLag`. Whatever the number of consumers there are, it is not capped.
pub fn lag(consumer: Consumer) -> Lag {
    let lag = consumer.pending.wrapping_add(consumer.ack_pending);
    Lag { metric: lag, for_activity: lag }
}
