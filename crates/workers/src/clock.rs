//! The clock: fires reminders when they are due, by the database's clock.
//!
//! It sleeps until the next one is due or one is set, so with nothing pending it does nothing. After a
//! downtime it catches up. Any number of clocks may run; a claim with a fence decides who fires.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use desk::{Desk, reminders};
use domain::ids::WorkspaceId;
use futures_util::{StreamExt, stream};
use store::Wake;
use tokio_util::sync::CancellationToken;
use tracing::{Instrument as _, field, info_span, warn};

use crate::backoff;

/// How many reminders are claimed at once.
const CLAIM: i64 = 500;
/// How many workspaces' reminders are fired at the same time.
const TOGETHER: usize = 8;
/// The longest sleep where a reminder is pending, in case the machine's clock is set or it is suspended.
const LONGEST: Duration = Duration::from_secs(60);
/// How often a process looks by itself where a wake from another one may have been lost.
const BACKSTOP: Duration = Duration::from_secs(30);
/// How long to wait where what is due is just being claimed by another clock.
const PAUSE: Duration = Duration::from_millis(20);

/// Told how late a reminder came, once for each that was fired.
pub(crate) type Late = Arc<dyn Fn(Duration) + Send + Sync>;

pub(crate) async fn run(desk: Desk, late: Late, shutdown: CancellationToken) {
    let mut wakes = desk.store().wakes();
    let mut attempt = 1;
    while !shutdown.is_cancelled() {
        // What is set from here on may not be seen by this look, and wakes the next.
        wakes.drain(|_| true);
        let sleep = match look(&desk, &late, &shutdown).await {
            Ok(next) => {
                attempt = 1;
                let backstop = (!desk.store().is_exclusive()).then_some(BACKSTOP);
                next.map(|next| next.min(LONGEST))
                    .or(backstop)
                    .map(|sleep| sleep.min(backstop.unwrap_or(sleep)))
            }
            Err(error) => {
                attempt += 1;
                if attempt == 2 {
                    warn!(error = &error as &dyn std::error::Error, "the clock failed; it tries again");
                }
                Some(backoff(attempt))
            }
        };
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = wakes.until(|wake| wake == Wake::Clock) => {}
            () = tokio::time::sleep(sleep.unwrap_or_default()), if sleep.is_some() => {}
        }
    }
}

/// Fires everything that is due; gives how long it is until the next is, if one is pending.
async fn look(desk: &Desk, late: &Late, shutdown: &CancellationToken) -> desk::Result<Option<Duration>> {
    loop {
        let next = reminders::next_due(desk).await?;
        if next != Some(Duration::ZERO) || shutdown.is_cancelled() {
            return Ok(next);
        }
        let claims = reminders::claim_due(desk, CLAIM).await?;
        if claims.is_empty() {
            return Ok(Some(PAUSE));
        }
        let mut workspaces: BTreeMap<WorkspaceId, Vec<_>> = BTreeMap::new();
        for claim in claims {
            workspaces.entry(claim.workspace).or_default().push(claim);
        }
        let results: Vec<desk::Result<Vec<Duration>>> = stream::iter(workspaces)
            .map(|(workspace, claims)| {
                let span = info_span!("fire reminders", workspace.id = %workspace, trace_id = field::Empty);
                trace::begin(&span, None);
                reminders::fire(desk, workspace, claims).instrument(span)
            })
            .buffer_unordered(TOGETHER)
            .collect()
            .await;
        // What failed is claimed again when its lease has ended.
        for result in results {
            result?.into_iter().for_each(|lateness| late(lateness));
        }
    }
}
