//! The server of a process with the role `web` and without `api`: the page's and the widget's files are served here,
//! everything else goes on to the api.
//!
//! It knows no record, no session and no secret. Who asks is the api's to find out; this only says where a request
//! came from.

mod away;
mod body;
mod forward;
mod headers;
mod socket;

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{FromRef, State};
use axum::http::header;
use axum::response::IntoResponse;
use axum::routing::{any, get};
use domain::{Breaker, Ids};
use reqwest::redirect::Policy;
use tokio_util::task::TaskTracker;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::limit::RequestBodyLimitLayer;

use crate::auth::Network;
use crate::health::Health;
use crate::metrics::Metrics;
use crate::middleware::{self, Around};
use crate::routes::{self, probes, widget};

/// How long it may take to reach the api.
const CONNECT: Duration = Duration::from_secs(2);
/// How long a connection to the api is kept for the next request. An api that ends answers for a second yet: what has
/// not been used for longer than this is never the connection that it closes just when a request is on the way.
const IDLE: Duration = Duration::from_millis(500);
/// How many of them are kept at most.
const IDLE_CONNECTIONS: usize = 128;
/// One request of so many has its connection closed behind it, so that an api that came later gets its share, too.
const LAST_ON_A_CONNECTION: usize = 256;
/// How often the api is asked whether it is there, and how long it may take to say so.
const LOOK: Duration = Duration::from_secs(2);
/// How often in a row the api must have been away to be called so.
const FAILURES: u32 = 2;

/// How a front behaves.
#[derive(Debug, Clone)]
pub struct FrontOptions {
    /// Where the api is, without a slash at the end, such as `http://deskhand-api:8000`.
    pub api_url: String,
    /// Whether browsers are told to come by TLS only: where the public URL is `https`.
    pub secure: bool,
    /// Proxies whose word about the client's address is believed, and passed on.
    pub trusted_proxies: Vec<Network>,
    /// The largest body taken, in bytes.
    pub body_bytes: usize,
}

/// What a [`Front`] shares.
struct Inner {
    options: FrontOptions,
    http: reqwest::Client,
    ids: Arc<dyn Ids>,
    health: Health,
    metrics: Metrics,
    /// It says how the api is, and holds nothing back: the api is asked also while it is away.
    api: Arc<Breaker>,
    sockets: TaskTracker,
    /// How many requests went on.
    passed_on: AtomicUsize,
}

/// The server in front of an api. Cheap to clone.
#[derive(Clone)]
pub struct Front(Arc<Inner>);

/// There is no client for the api.
#[derive(Debug, thiserror::Error)]
#[error("no client for the api can be made")]
pub struct FrontError(#[source] reqwest::Error);

impl FromRef<Front> for Health {
    fn from_ref(front: &Front) -> Self {
        front.0.health.clone()
    }
}

impl Front {
    /// A front whose dependency, the api, `health` tells of from here on.
    ///
    /// Errors where no client can be made, such as without any certificate to check others with. Whether the api is
    /// there is not asked.
    pub fn new(
        options: FrontOptions,
        ids: Arc<dyn Ids>,
        health: Health,
        metrics: Metrics,
    ) -> Result<Self, FrontError> {
        // One cryptographic library in the program; where it was named before, that is fine.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder()
            .connect_timeout(CONNECT)
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(IDLE_CONNECTIONS)
            .http1_only()
            // What the api answers is the client's to follow; and what stands in the environment about proxies is
            // meant for the world outside.
            .redirect(Policy::none())
            .referer(false)
            .no_proxy()
            .build()
            .map_err(FrontError)?;
        let api = Arc::new(Breaker::new("api").after(FAILURES));
        health.watch(Arc::clone(&api));
        let sockets = TaskTracker::new();
        let passed_on = AtomicUsize::new(0);
        Ok(Self(Arc::new(Inner { options, http, ids, health, metrics, api, sockets, passed_on })))
    }

    /// Looks now and then whether the api is there, until the process drains.
    pub async fn keep(&self) {
        loop {
            tokio::select! {
                () = self.0.health.drain().cancelled() => return,
                () = tokio::time::sleep(LOOK) => {}
            }
            let asked =
                self.0.http.get(format!("{}/ready", self.0.options.api_url)).timeout(LOOK).send().await;
            match asked.and_then(reqwest::Response::error_for_status) {
                Ok(_) => {
                    if self.0.api.succeeded() {
                        tracing::info!("the api is back");
                    }
                }
                Err(error) => self.away(&error),
            }
        }
    }

    /// The api did not answer.
    fn away(&self, error: &reqwest::Error) {
        if self.0.api.failed(Instant::now()) {
            tracing::warn!(error = error as &dyn std::error::Error, "the api is away");
        }
    }
}

/// Every path: the page, the widget's script and the probes are answered here, the rest by the api.
pub fn front_router(front: Front) -> Router {
    let around = Around {
        ids: Arc::clone(&front.0.ids),
        health: front.0.health.clone(),
        metrics: front.0.metrics.clone(),
        secure: front.0.options.secure,
    };
    // What the api answers is compressed already, where that is worth it.
    let here = Router::new()
        .merge(probes::states())
        .route("/metrics", get(metrics))
        .route("/widget.js", get(crate::assets::widget))
        .fallback(routes::fallback)
        .layer(CompressionLayer::new());
    Router::new()
        .route("/api/{*rest}", any(forward::request))
        .route("/widget/{*rest}", any(forward::request))
        .route("/channels/{*rest}", any(forward::request))
        .route("/help/{*rest}", any(forward::request))
        .route("/try/{*rest}", any(forward::request))
        .route("/openapi.json", any(forward::request))
        .route("/api/v1/live", any(socket::open))
        .route("/widget/v1/live", any(socket::open))
        .merge(here)
        .method_not_allowed_fallback(routes::method_not_allowed)
        .layer(RequestBodyLimitLayer::new(front.0.options.body_bytes))
        .layer(axum::extract::DefaultBodyLimit::disable())
        .layer(CatchPanicLayer::custom(routes::panicked))
        .layer(axum::middleware::from_fn(widget::cors))
        .layer(axum::middleware::from_fn_with_state(around, middleware::all))
        .with_state(front)
}

/// Only the probes and the metrics, for the management listener.
pub fn front_management_router(front: Front) -> Router {
    Router::new().merge(probes::states()).route("/metrics", get(metrics)).with_state(front)
}

async fn metrics(State(front): State<Front>) -> impl IntoResponse {
    let metrics = &front.0.metrics;
    metrics.set_breakers(&front.0.health);
    metrics.set_spans(trace::counts());
    ([(header::CONTENT_TYPE, probes::METRICS)], metrics.text())
}
