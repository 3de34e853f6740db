//! The group `recurring`: when a recurring task is completed, its next occurrence is made.
//!
//! Idempotency key: the event's id in the ledger; besides, an occurrence's id is derived from what it is.

use bus::{Delivery, HandleError, Handler};
use desk::Desk;
use domain::{Envelope, EventType, Topic};
use futures_util::future::BoxFuture;

use crate::outcome;

pub(crate) struct Recurring {
    desk: Desk,
}

impl Recurring {
    pub(crate) fn new(desk: Desk) -> Self {
        Self { desk }
    }
}

impl Handler for Recurring {
    fn group(&self) -> &'static str {
        "recurring"
    }

    fn topics(&self) -> &'static [Topic] {
        &[Topic::TaskEvents]
    }

    fn wants(&self, event: &Envelope) -> bool {
        event.kind == EventType::TaskCompleted
    }

    fn handle<'a>(&'a self, deliveries: &'a [Delivery]) -> BoxFuture<'a, Result<(), HandleError>> {
        Box::pin(async move {
            for delivery in deliveries {
                outcome(desk::tasks::next_occurrence(&self.desk, delivery).await)?;
            }
            Ok(())
        })
    }
}
