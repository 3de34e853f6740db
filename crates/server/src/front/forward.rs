//! A request on its way to the api, and the answer on its way back. Neither is kept in memory as a whole.
//!
//! What certainly did not reach the api is sent again, for a moment: so nobody notices when one api takes another's
//! place. What may have reached it is sent again only where it changes nothing.

use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::body::{Body, HttpBody as _};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, Response, StatusCode, Uri, header};
use domain::BreakerState;
use reqwest::Url;
use tokio::time::{Instant, sleep, timeout_at};
use tower_http::timeout::TimeoutBody;

use super::body::{Fate, Kept};
use super::{Front, LAST_ON_A_CONNECTION, away, headers};
use crate::problem::ApiError;

/// How long the api may take to begin its answer; it says by itself after thirty seconds that something takes too long.
const ANSWER: Duration = Duration::from_secs(35);
/// How long the next part of an answer may take.
const NEXT_PART: Duration = Duration::from_secs(30);
/// For how long it is tried again to reach an api that was there a moment ago.
const AGAIN: Duration = Duration::from_millis(1_500);
/// How long to wait before the first time; twice that before the second, and so on.
const PAUSE: Duration = Duration::from_millis(20);

/// Passes the request on, and the answer back.
pub(super) async fn request(
    State(front): State<Front>,
    request: Request,
) -> Result<Response<Body>, ApiError> {
    let (parts, body) = request.into_parts();
    let url = target(&front, &parts.uri)?;
    let mut headers = headers::of_request(&front, &parts)?;
    if front.0.passed_on.fetch_add(1, Ordering::Relaxed) % LAST_ON_A_CONNECTION == LAST_ON_A_CONNECTION - 1 {
        headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    let answer = send(&front, parts.method, url, headers, body).await?;
    if answer.status() == StatusCode::SWITCHING_PROTOCOLS {
        // Nobody asked for it.
        return Err(away::cut_off());
    }
    Ok(pass_back(answer))
}

/// The answer as the client gets it.
pub(super) fn pass_back(answer: reqwest::Response) -> Response<Body> {
    let mut answer = Response::from(answer).map(|body| Body::new(TimeoutBody::new(NEXT_PART, body)));
    headers::of_answer(answer.headers_mut());
    answer
}

/// Whether nobody could read another path into this one: it has no step up, no step that stays, also not in disguise.
fn is_plain(path: &str) -> bool {
    let path = path.to_ascii_lowercase();
    !["\\", "%2e", "%2f", "%5c", "%00"].iter().any(|disguise| path.contains(disguise))
        && !path.split('/').any(|step| step == "." || step == "..")
}

/// Where the api has what is asked for. Errors where the path could lead elsewhere: the api has nothing there.
pub(super) fn target(front: &Front, uri: &Uri) -> Result<Url, ApiError> {
    let path = uri.path();
    let query = uri.query().map_or_else(String::new, |query| format!("?{query}"));
    let url = Url::parse(&format!("{}{path}{query}", front.0.options.api_url));
    url.ok().filter(|url| is_plain(path) && url.path() == path).ok_or_else(ApiError::not_found)
}

/// Sends the request until it has an answer, or it is of no use to try again.
pub(super) async fn send(
    front: &Front,
    method: Method,
    url: Url,
    headers: HeaderMap,
    body: Body,
) -> Result<reqwest::Response, ApiError> {
    let begun = Instant::now();
    let is_empty = body.is_end_stream();
    let body = Kept::new(body);
    let mut pause = PAUSE;
    // What only reads may be asked for once more where an answer broke off before it began.
    let mut may_repeat = is_empty && matches!(method, Method::GET | Method::HEAD | Method::OPTIONS);
    loop {
        let mut request = reqwest::Request::new(method.clone(), url.clone());
        request.headers_mut().clone_from(&headers);
        if !is_empty {
            *request.body_mut() = Some(reqwest::Body::wrap(body.clone()));
        }
        let Ok(sent) = timeout_at(begun + ANSWER, front.0.http.execute(request)).await else {
            return Err(away::timed_out());
        };
        let error = match sent {
            Ok(answer) => return Ok(answer),
            Err(error) => error.without_url(),
        };
        match body.fate() {
            Fate::TooLarge => return Err(ApiError::too_large()),
            Fate::Broken => return Err(away::no_body()),
            Fate::Untouched | Fate::Sent => {}
        }
        if error.is_connect() && body.fate() == Fate::Untouched {
            let was_there = front.0.api.state() == BreakerState::Closed;
            if was_there && begun.elapsed() + pause < AGAIN {
                sleep(pause).await;
                pause *= 2;
                continue;
            }
            front.away(&error);
            return Err(away::unreachable());
        }
        if may_repeat {
            may_repeat = false;
            continue;
        }
        tracing::warn!(error = &error as &dyn std::error::Error, "the api broke off");
        return Err(away::cut_off());
    }
}

#[cfg(test)]
mod tests {
    use super::is_plain;

    #[test]
    fn a_path_that_could_be_read_as_another_one_is_not_plain() {
        for path in ["/api/v1/tasks", "/help/key/a..b", "/api/v1/search/...", "/api//v1", "/try/%C3%A9"] {
            assert!(is_plain(path), "{path}");
        }
        for path in [
            "/api/../metrics",
            "/api/./v1",
            "/api/..",
            "/api/%2e%2E/metrics",
            "/api/..%2fmetrics",
            "/api/%2E./x",
            "/api\\..\\metrics",
            "/api/..%5Cmetrics",
            "/api/v1/tasks%00",
        ] {
            assert!(!is_plain(path), "{path}");
        }
    }
}
