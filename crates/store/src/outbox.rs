//! The outbox: events that were committed together with what they tell of, until the relay has sent them.

use domain::Envelope;

use crate::at::At;
use crate::tx::{Tx, execute};
use crate::{Error, Wake};

/// Appends `event`, to be sent once this transaction is committed.
///
/// The subject's row has to be written before, so that two events of one subject get their places in the
/// order of their commits.
pub async fn append(tx: &mut Tx, event: &Envelope) -> Result<(), Error> {
    let envelope = serde_json::to_string(event)
        .map_err(|error| Error::Corrupt { what: "event", found: error.to_string() })?;
    execute!(
        tx,
        "INSERT INTO outbox (workspace_id, event_id, topic, partition, envelope, created_at)
         VALUES ($1, $2, $3, $4, $5, $6)",
        event.workspace_id.0,
        event.id.0,
        event.kind.topic().as_str(),
        i64::from(event.partition()),
        envelope.as_str(),
        At(event.occurred_at),
    )?;
    tx.wake(Wake::Outbox);
    Ok(())
}
