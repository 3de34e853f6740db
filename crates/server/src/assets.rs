//! The page's and the widget's files, which are part of the binary.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "../../web/dist"]
struct Page;

#[derive(RustEmbed)]
#[folder = "../../web/widget/dist"]
struct Widget;

/// For files whose names change with their content.
const FOR_EVER: &str = "public, max-age=31536000, immutable";
/// For files that have to be asked for again.
const ASK_AGAIN: &str = "no-cache";

fn file(name: &str, found: rust_embed::EmbeddedFile, headers: &HeaderMap, cache: &'static str) -> Response {
    let tag: String =
        found.metadata.sha256_hash().iter().take(12).map(|byte| format!("{byte:02x}")).collect();
    let tag = format!("\"{tag}\"");
    if headers.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes()) {
        return StatusCode::NOT_MODIFIED.into_response();
    }
    let kind = mime_guess::from_path(name).first_or_octet_stream();
    let kind = if kind.type_() == "text" || kind.subtype() == "javascript" {
        format!("{kind}; charset=utf-8")
    } else {
        kind.to_string()
    };
    let mut response = Response::new(Body::from(found.data));
    let answer = response.headers_mut();
    answer.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    for (name, value) in [(header::CONTENT_TYPE, kind), (header::ETAG, tag)] {
        if let Ok(value) = HeaderValue::from_str(&value) {
            answer.insert(name, value);
        }
    }
    response
}

/// The page's file at the request's path; the page itself for every path that is one of its views.
pub async fn page(uri: Uri, headers: HeaderMap) -> Response {
    let path = uri.path().trim_start_matches('/');
    if let Some(found) = Page::get(path).filter(|_| !path.is_empty() && path != "index.html") {
        let cache = if path.starts_with("assets/") { FOR_EVER } else { ASK_AGAIN };
        return file(path, found, &headers, cache);
    }
    let is_view = !path.starts_with("api/") && !path.starts_with("widget/") && !path.starts_with("assets/");
    match Page::get("index.html").filter(|_| is_view) {
        Some(found) => file("index.html", found, &headers, ASK_AGAIN),
        None => crate::problem::ApiError::not_found().into_response(),
    }
}

/// The widget's script.
pub async fn widget(headers: HeaderMap) -> Response {
    let Some(found) = Widget::get("widget.js") else {
        return crate::problem::ApiError::not_found().into_response();
    };
    let mut response = file("widget.js", found, &headers, "public, max-age=300");
    response.headers_mut().insert("cross-origin-resource-policy", HeaderValue::from_static("cross-origin"));
    response
}
