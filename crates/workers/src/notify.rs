//! The group `notify`: members are told what concerns them, of many events in one transaction.
//!
//! Idempotency key: the event, as [`Delivery`] takes it; besides, a member is told of an event once.

use bus::{Delivery, HandleError, Handler};
use desk::{Desk, notifications};
use domain::{Envelope, Topic};
use futures_util::future::BoxFuture;

use crate::{by_workspace, outcome};

pub(crate) struct Notify {
    desk: Desk,
    mail: bool,
}

impl Notify {
    /// With `mail`, reminders are mailed too.
    pub(crate) fn new(desk: Desk, mail: bool) -> Self {
        Self { desk, mail }
    }
}

impl Handler for Notify {
    fn group(&self) -> &'static str {
        "notify"
    }

    fn topics(&self) -> &'static [Topic] {
        &[Topic::ConversationsIncoming, Topic::TaskEvents, Topic::Reminders, Topic::Audit]
    }

    fn wants(&self, event: &Envelope) -> bool {
        notifications::concerns(event)
    }

    fn batch(&self) -> usize {
        100
    }

    fn handle<'a>(&'a self, deliveries: &'a [Delivery]) -> BoxFuture<'a, Result<(), HandleError>> {
        Box::pin(async move {
            for deliveries in by_workspace(deliveries) {
                outcome(notifications::tell(&self.desk, deliveries, self.mail).await)?;
            }
            Ok(())
        })
    }
}
