//! Probes and metrics. `/health` asks nothing of anybody; `/ready` tells only of this process.

use std::time::Duration;

use axum::extract::{FromRef, State};
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};
use serde_json::json;

use crate::App;
use crate::health::Health;

/// How often the database is asked and the gauges are read.
const PERIOD: Duration = Duration::from_secs(5);
/// After how many failures in a row this process should get no traffic: 10 s.
const FAILURES: u32 = 2;

/// The type of what Prometheus reads.
pub(crate) const METRICS: &str = "text/plain; version=0.0.4; charset=utf-8";

impl FromRef<App> for Health {
    fn from_ref(app: &App) -> Self {
        app.health.clone()
    }
}

pub(super) fn routes() -> Router<App> {
    states().route("/metrics", get(metrics))
}

/// The probes, for whatever has a state of health.
pub(crate) fn states<S: Clone + Send + Sync + 'static>() -> Router<S>
where
    Health: FromRef<S>,
{
    Router::new()
        .route("/health", get(async || Json(json!({"status": "ok"}))))
        .route("/ready", get(ready))
        .route("/startup", get(startup))
}

/// Ready also while something remote is away: what needs it waits or does without, and the rest works.
async fn ready(State(health): State<Health>) -> impl IntoResponse {
    let (status, Json(mut body)) = answer(health.ready());
    body["degraded"] = json!(health.degraded());
    (status, Json(body))
}

async fn startup(State(health): State<Health>) -> impl IntoResponse {
    answer(health.started())
}

fn answer(yes: bool) -> (StatusCode, Json<serde_json::Value>) {
    let (status, word) =
        if yes { (StatusCode::OK, "ok") } else { (StatusCode::SERVICE_UNAVAILABLE, "not ready") };
    (status, Json(json!({"status": word})))
}

async fn metrics(State(app): State<App>) -> impl IntoResponse {
    // That these cannot be read is told by the metrics themselves.
    app.metrics.set_counts(&app.bus);
    app.metrics.set_breakers(&app.health);
    app.metrics.set_spans(trace::counts());
    app.metrics.set_backlog(app.bus.backlog().await.ok());
    app.metrics.set_waiting(desk::conversations::waiting(&app.desk).await.ok());
    app.metrics
        .set_webhooks(&desk::webhooks::counts(&app.desk), desk::webhooks::pending(&app.desk).await.ok());
    ([(header::CONTENT_TYPE, METRICS)], app.metrics.text())
}

/// Notices when this process's own connections do not reach the database, and tidies up now and then.
///
/// An embedded database is in this process: it is not asked, so that an idle process does nothing.
pub(super) async fn watch(app: &App) {
    let mut failures = 0;
    loop {
        tokio::time::sleep(PERIOD).await;
        app.limits.requests.forget_idle();
        app.limits.visitors.forget_idle();
        app.limits.newcomers.forget_idle();
        app.limits.sign_in.forget_idle();
        if app.desk.store().is_exclusive() {
            continue;
        }
        failures = match app.desk.store().ping().await {
            Ok(()) => 0,
            Err(_) => failures + 1,
        };
        app.health.set_cut_off(failures >= FAILURES);
    }
}
