//! The bus's tables: the log of each partition, who reads it how far, and what was handled.

use domain::Topic;
use domain::ids::EventId;

use crate::Error;
use crate::at::At;
use crate::tx::{Tx, execute};

/// Takes the event for `group`: the ledger's row, if there is none yet and the worker's lease is the newest.
///
/// Errors with [`Error::Stale`] otherwise; then nothing may be done for it.
pub async fn take(
    tx: &mut Tx,
    group: &str,
    topic: Topic,
    partition: u32,
    fence: i64,
    event: EventId,
) -> Result<(), Error> {
    let workspace = tx.workspace()?;
    let now = tx.now();
    let taken = execute!(
        tx,
        "INSERT INTO inbox_ledger (consumer_group, event_id, workspace_id, handled_at)
         SELECT consumer_group, $5, $6, $7 FROM bus_consumers
         WHERE consumer_group = $1 AND topic = $2 AND partition = $3 AND fence = $4
         ON CONFLICT (consumer_group, event_id) DO NOTHING",
        group,
        topic.as_str(),
        i64::from(partition),
        fence,
        event.0,
        workspace.0,
        At(now),
    )?;
    if taken == 1 { Ok(()) } else { Err(Error::Stale) }
}
