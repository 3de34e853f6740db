//! HTTP, WebSocket, health and metrics; serves the page and the widget.
//!
//! A handler extracts, calls one use case and converts. There is no rule and no SQL in here.

mod assets;
mod auth;
mod contract;
mod extract;
mod front;
mod health;
mod known;
mod limits;
mod metrics;
mod middleware;
mod problem;
mod routes;
mod wire;

use std::sync::Arc;

use axum::Router;
use bus::{Bus, Live};
use desk::Desk;
use uuid::Uuid;

pub use auth::Network;
pub use front::{Front, FrontError, FrontOptions, front_management_router, front_router};
pub use health::Health;
pub use metrics::Metrics;

/// How the server behaves.
#[derive(Debug, Clone)]
pub struct Options {
    /// How people reach it from outside, without a slash at the end, such as `https://desk.example`.
    pub public_url: Option<String>,
    /// Whether cookies are for TLS only: where the public URL is `https`.
    pub secure: bool,
    /// Proxies whose word about the client's address is believed.
    pub trusted_proxies: Vec<Network>,
    /// The largest body taken, in bytes.
    pub body_bytes: usize,
    /// How many requests a minute each member or token may make.
    pub requests_per_minute: u32,
    /// How many messages a minute each visitor may write.
    pub visitor_messages_per_minute: u32,
    /// How many sign-ins a minute may come from one address.
    pub sign_in_per_minute: u32,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            public_url: None,
            secure: false,
            trusted_proxies: Vec::new(),
            body_bytes: 1_048_576,
            requests_per_minute: 6_000,
            visitor_messages_per_minute: 30,
            sign_in_per_minute: 10,
        }
    }
}

pub(crate) struct Limits {
    requests: limits::Limit<Uuid>,
    visitors: limits::Limit<Uuid>,
    newcomers: limits::Limit<Option<std::net::IpAddr>>,
    sign_in: limits::Limit<Option<std::net::IpAddr>>,
}

/// What an [`App`] shares.
pub struct Inner {
    pub(crate) options: Options,
    pub(crate) desk: Desk,
    pub(crate) bus: Bus,
    pub(crate) live: Live,
    pub(crate) health: Health,
    pub(crate) metrics: Metrics,
    pub(crate) limits: Limits,
    pub(crate) known: known::Known,
}

/// What every handler needs. Cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Inner>);

impl std::ops::Deref for App {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl App {
    /// An application over `desk`, fed by `live`.
    pub fn new(options: Options, desk: Desk, bus: Bus, live: Live, health: Health, metrics: Metrics) -> Self {
        let limits = Limits {
            requests: limits::Limit::per_minute(options.requests_per_minute),
            visitors: limits::Limit::per_minute(options.visitor_messages_per_minute),
            newcomers: limits::Limit::per_minute(options.visitor_messages_per_minute.saturating_mul(4)),
            sign_in: limits::Limit::per_minute(options.sign_in_per_minute),
        };
        let known = known::Known::default();
        Self(Arc::new(Inner { options, desk, bus, live, health, metrics, limits, known }))
    }

    /// Keeps what this process remembers true, until it drains: who is known, which limits are in use,
    /// whether the database answers.
    pub async fn keep(&self) {
        routes::keep(self).await;
    }
}

/// Every path: the page, the widget, the API, the probes.
pub fn router(app: App) -> Router {
    routes::router(app)
}

/// Only the probes and the metrics, for the management listener.
pub fn management_router(app: App) -> Router {
    routes::management(app)
}

/// The OpenAPI 3.1 document, with a line break at its end.
pub fn openapi_json() -> String {
    let (_, document) = routes::api();
    let mut text = serde_json::to_string_pretty(&document).unwrap_or_default();
    text.push('\n');
    text
}
