//! The paths, one module a kind of record, and the layers around them.

mod articles;
mod audit;
mod channels;
mod contacts;
mod conversations;
mod dead_letters;
mod help;
mod live;
mod notifications;
mod people;
pub(crate) mod probes;
mod say;
mod search;
mod tasks;
mod tickets;
mod webhooks;
pub(crate) mod widget;

use std::time::Duration;

use axum::Router;
use axum::http::{HeaderValue, Method, header};
use axum::response::IntoResponse;
use axum::routing::get;
use desk::Done;
use domain::ids::UndoId;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::timeout::TimeoutLayer;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;

use crate::App;
use crate::middleware::Around;
use crate::problem::ApiError;

/// How long a request may take.
const TIMEOUT: Duration = Duration::from_secs(30);

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Deskhand",
        description = "The desk's API. Times are RFC 3339 in UTC, ids are UUIDs, errors are problem details (RFC 9457).",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    components(schemas(crate::problem::Problem))
)]
struct Document;

/// The API's paths and their document.
pub(crate) fn api() -> (Router<App>, utoipa::openapi::OpenApi) {
    let (router, mut document) = OpenApiRouter::with_openapi(Document::openapi())
        .merge(people::routes())
        .merge(tasks::routes())
        .merge(conversations::routes())
        .merge(tickets::routes())
        .merge(contacts::routes())
        .merge(articles::routes())
        .merge(channels::routes())
        .merge(search::routes())
        .merge(notifications::routes())
        .merge(audit::routes())
        .merge(dead_letters::routes())
        .merge(webhooks::routes())
        .merge(say::routes())
        .merge(widget::routes())
        .split_for_parts();
    crate::contract::complete(&mut document);
    (router, document)
}

fn timeout() -> TimeoutLayer {
    TimeoutLayer::with_status_code(axum::http::StatusCode::GATEWAY_TIMEOUT, TIMEOUT)
}

pub(crate) fn router(app: App) -> Router {
    let (api, document) = api();
    let document = serde_json::to_string(&document).unwrap_or_default();
    let document = axum::body::Bytes::from(document);
    Router::new()
        .merge(api)
        .layer(timeout())
        // Sockets last; their time is not limited.
        .merge(live::routes())
        .merge(probes::routes())
        .merge(help::routes())
        .route("/widget.js", get(crate::assets::widget))
        .route(
            "/openapi.json",
            get(move || {
                let document = document.clone();
                async move { ([(header::CONTENT_TYPE, "application/json")], document) }
            }),
        )
        .fallback(fallback)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(RequestBodyLimitLayer::new(app.options.body_bytes))
        .layer(axum::extract::DefaultBodyLimit::disable())
        .layer(CatchPanicLayer::custom(panicked))
        .layer(CompressionLayer::new())
        .layer(axum::middleware::from_fn(widget::cors))
        .layer(axum::middleware::from_fn_with_state(Around::of(&app), crate::middleware::all))
        .with_state(app)
}

pub(crate) fn management(app: App) -> Router {
    probes::routes().with_state(app)
}

pub(crate) async fn fallback(
    method: Method,
    uri: axum::http::Uri,
    headers: axum::http::HeaderMap,
) -> axum::response::Response {
    if matches!(method, Method::GET | Method::HEAD) {
        return crate::assets::page(uri, headers).await;
    }
    ApiError::not_found().into_response()
}

pub(crate) async fn method_not_allowed() -> ApiError {
    ApiError::new(
        axum::http::StatusCode::METHOD_NOT_ALLOWED,
        "method_not_allowed",
        "this path does not take that method",
    )
}

pub(crate) fn panicked(_: Box<dyn std::any::Any + Send + 'static>) -> axum::response::Response {
    // The panic itself was logged by the hook, with its place.
    ApiError::new(
        axum::http::StatusCode::INTERNAL_SERVER_ERROR,
        "internal",
        "something went wrong here; nothing was changed",
    )
    .into_response()
}

/// The ETag of a version.
pub(crate) fn etag(version: i64) -> [(header::HeaderName, String); 1] {
    [(header::ETAG, format!("\"{version}\""))]
}

/// The header that names what undoes a write.
pub(crate) fn undo_header(undo: Option<UndoId>) -> axum::http::HeaderMap {
    let mut headers = axum::http::HeaderMap::new();
    if let Some(value) = undo.and_then(|id| HeaderValue::from_str(&id.to_string()).ok()) {
        headers.insert("deskhand-undo", value);
    }
    headers
}

/// What was done, and the header that names what undoes it.
pub(crate) fn done<T>(done: Done<T>) -> (axum::http::HeaderMap, T) {
    (undo_header(done.undo), done.value)
}

/// Keeps what this process remembers true, until it drains.
pub(crate) async fn keep(app: &App) {
    tokio::select! {
        () = probes::watch(app) => {}
        () = app.health.drain().cancelled() => {}
    }
}
