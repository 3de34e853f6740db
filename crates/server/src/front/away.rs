//! What a client is told when the api did not answer. The codes are stable: programs tell by them what to do.

use axum::http::StatusCode;

use crate::problem::ApiError;

/// After how many seconds to try again.
const AGAIN: u64 = 2;

/// The api could not be reached; it has seen nothing of the request.
pub(super) fn unreachable() -> ApiError {
    ApiError::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "api_unavailable",
        "the desk cannot be reached; nothing was changed, try again in a moment",
    )
    .with_retry_after(AGAIN)
}

/// The api was reached, and its answer was not, or made no sense.
pub(super) fn cut_off() -> ApiError {
    ApiError::new(
        StatusCode::BAD_GATEWAY,
        "api_cut_off",
        "the desk was cut off before it answered; whether it did what was asked is not known",
    )
    .with_retry_after(AGAIN)
}

/// The api took too long.
pub(super) fn timed_out() -> ApiError {
    ApiError::new(StatusCode::GATEWAY_TIMEOUT, "timed_out", "this took too long; try again")
}

/// The request's own body broke off, or did not come.
pub(super) fn no_body() -> ApiError {
    ApiError::new(StatusCode::BAD_REQUEST, "bad_body", "the body could not be read")
}

/// The request is not one that can be passed on.
pub(super) fn refused(detail: &str) -> ApiError {
    ApiError::new(StatusCode::BAD_REQUEST, "bad_request", detail)
}

/// The request has been here before: `api_url` leads back to where it is set.
pub(super) fn loops() -> ApiError {
    let detail = "the setting api_url leads back to this process, or to another one like it";
    ApiError::new(StatusCode::LOOP_DETECTED, "loop_detected", detail)
}
