//! The group `audit`: every event becomes a row of the audit, many in one transaction.
//!
//! Idempotency key: the event's id in the ledger, and as the row's id.

use std::collections::BTreeMap;

use bus::{Delivery, HandleError, Handler};
use desk::{Desk, audit};
use domain::ids::WorkspaceId;
use domain::{EventType, Topic};
use futures_util::future::BoxFuture;

use crate::{for_desk, outcome};

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

    fn wants(&self, kind: EventType) -> bool {
        audit::concerns(kind)
    }

    fn batch(&self) -> usize {
        200
    }

    fn handle<'a>(&'a self, deliveries: &'a [Delivery]) -> BoxFuture<'a, Result<(), HandleError>> {
        Box::pin(async move {
            // A transaction is in one workspace. Rows of different ones have no order among them.
            let mut workspaces: BTreeMap<WorkspaceId, Vec<desk::Delivery>> = BTreeMap::new();
            for delivery in deliveries {
                workspaces.entry(delivery.event.workspace_id).or_default().push(for_desk(delivery));
            }
            for (_, deliveries) in workspaces {
                outcome(audit::keep(&self.desk, deliveries).await)?;
            }
            Ok(())
        })
    }
}
