//! What every request passes: an id, a measure, headers that keep browsers strict.

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;

use crate::App;
use crate::auth::CorrelationId;
use crate::problem::in_our_words;

/// What the page and everything else of ours may load: our own files, and images and sockets from here.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; \
     font-src 'self'; connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// Gives the request an id, measures it, and sets the headers that every answer has.
pub async fn all(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let id = app.desk.new_id();
    request.extensions_mut().insert(CorrelationId(id));
    let method = request.method().clone();
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or_else(|| "unmatched".to_owned(), |path| path.as_str().to_owned());
    let started = std::time::Instant::now();
    let mut response = in_our_words(next.run(request).await);
    let took = started.elapsed();
    let status = response.status();
    app.metrics.requests.with_label_values(&[method.as_str(), &route, status.as_str()]).inc();
    app.metrics.durations.with_label_values(&[method.as_str(), &route]).observe(took.as_secs_f64());
    tracing::debug!(
        http.method = %method,
        http.route = %route,
        http.status = status.as_u16(),
        http.duration_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
        correlation_id = %id,
        "request"
    );
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::from_str(&id.to_string()) {
        headers.insert(HeaderName::from_static("x-correlation-id"), value);
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
    if app.health.draining() {
        // Who keeps this connection for the next request shall send that elsewhere.
        headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    if app.options.secure {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    }
    response
}
