//! What every request passes: an id, a measure, headers that keep browsers strict.

use std::sync::Arc;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use domain::{Ids, TraceParent};
use tracing::{Instrument as _, Span, field, info_span};
use uuid::Uuid;

use crate::App;
use crate::auth::CorrelationId;
use crate::health::Health;
use crate::metrics::Metrics;
use crate::problem::in_our_words;

/// What the page and everything else of ours may load: our own files, and images and sockets from here.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; \
     font-src 'self'; connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// The name of the header that says which id a request has.
const CORRELATION_ID: HeaderName = HeaderName::from_static("x-correlation-id");

/// What lies around every request of a process.
#[derive(Clone)]
pub struct Around {
    /// Where the ids of requests come from.
    pub ids: Arc<dyn Ids>,
    /// Whether the process ends.
    pub health: Health,
    /// Where requests are counted.
    pub metrics: Metrics,
    /// Whether browsers are told to come by TLS only.
    pub secure: bool,
}

impl Around {
    /// What lies around the requests of `app`.
    pub fn of(app: &App) -> Self {
        let ids: Arc<dyn Ids> = Arc::clone(app.desk.ids());
        Self { ids, health: app.health.clone(), metrics: app.metrics.clone(), secure: app.options.secure }
    }
}

/// What is not traced: files, paths that there are not, and what comes every few seconds and nobody waits for.
const UNTRACED: [&str; 5] = [UNMATCHED, "/health", "/ready", "/startup", "/metrics"];
/// The route of what has none.
const UNMATCHED: &str = "unmatched";

/// The request's method, where it is one that there is: what clients make up would be another series of metrics each time.
fn method_of(request: &Request) -> &'static str {
    let known = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];
    known.into_iter().find(|known| request.method() == *known).unwrap_or("_OTHER")
}

/// The request, in the trace that it says it belongs to or in one of its own. Its path and its query are not told.
fn span(request: &Request, method: &'static str, route: &str, id: Uuid) -> Span {
    if UNTRACED.contains(&route) {
        return Span::none();
    }
    let span = info_span!(
        "request",
        otel.name = format!("{method} {route}"),
        otel.kind = "server",
        otel.status_code = field::Empty,
        error.type = field::Empty,
        http.request.method = method,
        http.route = route,
        http.response.status_code = field::Empty,
        correlation_id = %id,
        trace_id = field::Empty,
    );
    trace::begin(&span, parent(request.headers()));
    span
}

/// A visitor's message that comes through a live socket, whose own request was over long ago.
pub fn frame_span(id: Uuid) -> Span {
    let span = info_span!(
        "frame",
        otel.name = "receive /widget/v1/live",
        otel.kind = "server",
        http.route = "/widget/v1/live",
        correlation_id = %id,
        trace_id = field::Empty,
    );
    trace::begin(&span, None);
    span
}

/// The trace that a request says it belongs to. Several are as good as none, says the specification.
fn parent(headers: &HeaderMap) -> Option<TraceParent> {
    let mut values = headers.get_all("traceparent").iter();
    let value = values.next().filter(|_| values.next().is_none())?;
    value.to_str().ok()?.trim().parse().ok()
}

/// Gives the request an id, measures it, and sets the headers that every answer has.
pub async fn all(State(around): State<Around>, mut request: Request, next: Next) -> Response {
    let id = around.ids.next();
    request.extensions_mut().insert(CorrelationId(id));
    let method = method_of(&request);
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or_else(|| UNMATCHED.to_owned(), |path| path.as_str().to_owned());
    let started = std::time::Instant::now();
    let span = span(&request, method, &route, id);
    let mut response = in_our_words(next.run(request).instrument(span.clone()).await);
    let took = started.elapsed();
    // Where the api has answered, its id leads on from this one's line.
    let passed_on = response.headers().get(CORRELATION_ID).and_then(|id| id.to_str().ok());
    let status = response.status();
    span.record("http.response.status_code", status.as_u16());
    if status.is_server_error() {
        span.record("otel.status_code", "ERROR");
        span.record("error.type", status.as_str());
    }
    around.metrics.requests.with_label_values(&[method, &route, status.as_str()]).inc();
    around.metrics.durations.with_label_values(&[method, &route]).observe(took.as_secs_f64());
    tracing::debug!(
        parent: &span,
        http.method = method,
        http.route = %route,
        http.status = status.as_u16(),
        http.duration_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
        api_correlation_id = passed_on,
        "request"
    );
    let headers = response.headers_mut();
    // An answer of the api that passes through here has the id that is in the events, and keeps it.
    if let Ok(value) = HeaderValue::from_str(&id.to_string()) {
        headers.entry(CORRELATION_ID).or_insert(value);
    }
    let fixed = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "strict-origin-when-cross-origin"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if !headers.contains_key(header::CONTENT_SECURITY_POLICY) {
        headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(CONTENT_SECURITY_POLICY));
    }
    // A socket is told by itself.
    if around.health.draining() && status != StatusCode::SWITCHING_PROTOCOLS {
        // Who keeps this connection for the next request shall send that elsewhere.
        headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    if around.secure {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    }
    response
}
