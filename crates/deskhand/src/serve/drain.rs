//! How a process ends: it takes nothing new, finishes what it has begun, and goes.

use std::time::Duration;

use tokio::time::{Instant, sleep, timeout_at};
use tracing::{error, info, warn};

use super::{Running, TraceSender};
use crate::signals::Signals;

/// How often it is looked whether the sockets are closed.
const LOOK: Duration = Duration::from_millis(10);
/// How long requests are still answered where other processes serve, too. Each of these answers closes its connection;
/// without that, a connection would be closed just when its next request is on the way.
const LINGER: Duration = Duration::from_secs(1);

/// Ends what runs, within `secs`; a second signal ends the waiting.
pub(super) async fn drain(running: Running, sender: TraceSender, mut signals: Signals, secs: u64) {
    let deadline = Instant::now() + Duration::from_secs(secs);
    let Running { desk, health, metrics, shutdown, close, mut tasks, workers } = running;
    // No new traffic, and the sockets are told to come back elsewhere; no new work; then no new connections.
    health.set_draining();
    shutdown.cancel();
    let ended = async {
        if desk.as_ref().is_none_or(|desk| !desk.store().is_exclusive()) {
            sleep(LINGER).await;
        }
        close.cancel();
        while let Some(ended) = tasks.join_next().await {
            if let Err(error) = ended {
                error!(error = &error as &dyn std::error::Error, "a part of the server broke");
            }
        }
        if let Some(workers) = workers {
            workers.ended().await;
        }
        while sockets(&metrics) > 0.0 {
            sleep(LOOK).await;
        }
        if let Some(desk) = desk {
            desk.store().close().await;
        }
        sender.end().await;
    };
    tokio::select! {
        ended = timeout_at(deadline, ended) => match ended {
            Ok(()) => info!("Deskhand has ended; everything was finished"),
            // Nothing is lost: what was not finished was not acknowledged, and is begun anew elsewhere.
            Err(_) => warn!(drain_secs = secs, "Deskhand ends now; some work was cut off"),
        },
        () = signals.first() => warn!("a second signal: Deskhand ends now; some work was cut off"),
    }
}

/// How many live sockets are open.
fn sockets(metrics: &server::Metrics) -> f64 {
    let families = metrics.registry().gather();
    let live = families.iter().find(|family| family.name() == "deskhand_live_connections");
    live.and_then(|family| family.get_metric().first()).map_or(0.0, |metric| metric.get_gauge().get_value())
}
