//! The outbox: events that were committed together with what they tell of, until the relay has sent them.

use domain::Envelope;

use crate::pending::Event;
use crate::tx::Tx;
use crate::{Error, Wake};

/// Appends `event`, to be sent once this transaction is committed.
///
/// The subject's row has to be written before, so that two events of one subject get their places in the
/// order of their commits.
pub fn append(tx: &mut Tx, event: &Envelope) -> Result<(), Error> {
    let envelope = serde_json::to_string(event)
        .map_err(|error| Error::Corrupt { what: "event", found: error.to_string() })?;
    tx.pending.events.push(Event {
        workspace: event.workspace_id.0,
        event_id: event.id.0,
        topic: event.kind.topic().as_str(),
        partition: i64::from(event.partition()),
        envelope,
        created_at: event.occurred_at,
    });
    tx.wake(Wake::Outbox);
    Ok(())
}
