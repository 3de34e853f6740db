//! Events as a group's worker gets them, and what makes their effects happen once.

use std::collections::HashSet;
use std::sync::Arc;

use domain::ids::{EventId, WorkspaceId};
use domain::{Envelope, Topic};
use tracing::Span;

use super::leases::Owned;
use super::ledger::{self, Claim};
use crate::flush::Flush;
use crate::tx::Tx;
use crate::{Error, Wants};

/// One event as a group's worker got it.
#[derive(Debug, Clone, PartialEq)]
pub struct Delivery {
    /// The group.
    pub group: &'static str,
    /// The topic.
    pub topic: Topic,
    /// The partition.
    pub partition: u32,
    /// The fence of the worker's lease on the partition: an effect under an older one is refused.
    pub fence: i64,
    /// The event.
    pub event: Arc<Envelope>,
    /// Its position in the partition; of a dead letter that is handled again, the place of the group.
    pub position: i64,
    /// The stretch that it was handed over with.
    pub stretch: Option<Stretch>,
    /// The flush that follows, where the event is handled before the log has it for good: its effect needs none of its
    /// own, and counts when that is done.
    pub flush: Option<Flush>,
    /// What is done about it, in the event's trace.
    pub span: Span,
}

/// Many events of one workspace and partition: all that a group wants up to some position, with nothing before them left
/// to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stretch {
    /// How many they are.
    pub events: usize,
    /// The position after them.
    pub until: i64,
}

impl Delivery {
    /// The workspace of `deliveries`, and what a transaction of it takes that handles them; nothing where there are none.
    pub fn wants(deliveries: &[Self]) -> Option<(WorkspaceId, Wants)> {
        let workspace = deliveries.first()?.event.workspace_id;
        Some((workspace, Wants::Events(Self::claim(deliveries)?)))
    }

    /// What a transaction takes that handles this one alone.
    pub fn wanted(&self) -> Wants {
        Self::claim(std::slice::from_ref(self)).map_or(Wants::Nothing, Wants::Events)
    }

    /// What a transaction takes that handles `deliveries`, which are of one workspace and partition, in their order there.
    fn claim(deliveries: &[Self]) -> Option<Claim> {
        let Self { group, topic, partition, fence, position, stretch, flush, .. } = deliveries.first()?;
        let whole = stretch.filter(|stretch| stretch.events == deliveries.len());
        Some(Claim {
            group,
            topic: *topic,
            partition: *partition,
            fence: *fence,
            events: deliveries.iter().map(|delivery| delivery.event.id).collect(),
            from: *position,
            until: whole.map(|stretch| stretch.until),
            flush: flush.clone(),
        })
    }

    /// Takes this delivery's event, in the transaction of its effect.
    ///
    /// Errors with [`Error::Stale`] where it was handled before, or the worker has lost the partition; then nothing may be
    /// done for it.
    pub async fn take(&self, tx: &mut Tx) -> Result<(), Error> {
        let Self { topic, partition, fence, .. } = *self;
        let owned = Owned { group: self.group.to_owned(), topic, partition, fence };
        ledger::take(tx, &owned, self.position, self.event.id).await
    }

    /// Takes several deliveries of one workspace and partition at once; gives those whose events were not handled before.
    ///
    /// Errors with [`Error::Stale`] where the worker has lost the partition.
    pub async fn take_all<'d>(tx: &mut Tx, deliveries: &'d [Self]) -> Result<Vec<&'d Self>, Error> {
        let Some(claim) = Self::claim(deliveries) else { return Ok(Vec::new()) };
        let mut fresh: HashSet<EventId> = ledger::take_all(tx, &claim).await?.into_iter().collect();
        // A broker may have an event twice, one copy soon after the other.
        Ok(deliveries.iter().filter(|delivery| fresh.remove(&delivery.event.id)).collect())
    }
}
