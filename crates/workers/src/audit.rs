//! The group `audit`: every event becomes a row of the audit, many in one transaction.
//!
//! Idempotency key: the event, as [`Delivery`] takes it; its id is the row's, too.

use std::time::Duration;

use bus::{Delivery, HandleError, Handler};
use desk::{Desk, audit};
use domain::{Envelope, Topic};
use futures_util::future::BoxFuture;

use crate::{by_workspace, outcome};

/// At once up to two hundred events a second of a partition: a page reads a record's history as soon as it hears of the
/// change.
const REST_FOR_EACH: Duration = Duration::from_millis(5);

pub(crate) struct Audit {
    desk: Desk,
}

impl Audit {
    pub(crate) fn new(desk: Desk) -> Self {
        Self { desk }
    }
}

impl Handler for Audit {
    fn group(&self) -> &'static str {
        "audit"
    }

    fn topics(&self) -> &'static [Topic] {
        &Topic::ALL
    }

    fn wants(&self, event: &Envelope) -> bool {
        audit::concerns(event.kind)
    }

    fn batch(&self) -> usize {
        200
    }

    fn rest_for_each(&self) -> Duration {
        REST_FOR_EACH
    }

    fn handle<'a>(&'a self, deliveries: &'a [Delivery]) -> BoxFuture<'a, Result<(), HandleError>> {
        Box::pin(async move {
            for deliveries in by_workspace(deliveries) {
                outcome(audit::keep(&self.desk, deliveries).await)?;
            }
            Ok(())
        })
    }
}
