//! Errors as clients get them: RFC 9457 problem details with a stable `code`.
//!
//! What failed inside is logged here, once; a client reads nothing of it.

use std::fmt;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use desk::{Error, FieldError};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// One field that cannot be accepted.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ProblemField {
    /// The field's name.
    pub field: String,
    /// What is wrong and what is allowed.
    pub message: String,
}

/// Who has a conversation that cannot be claimed.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Holder {
    /// The member's id.
    pub id: uuid::Uuid,
    /// The member's name.
    pub name: String,
}

/// Problem details (RFC 9457).
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// Always `about:blank`: `code` tells problems apart.
    #[serde(rename = "type")]
    pub kind: String,
    /// The status in words.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What happened and what to do, for people.
    pub detail: String,
    /// What happened, for programs.
    pub code: String,
    /// Each field that cannot be accepted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<ProblemField>,
    /// Who has the conversation (`already_claimed`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claimed_by: Option<Holder>,
    /// The version that the record has now (`stale`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<i64>,
    /// After how many seconds to try again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u64>,
}

/// What a handler fails with.
#[derive(Debug)]
pub struct ApiError(Box<Problem>);

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.detail)
    }
}

impl ApiError {
    /// A problem of that status.
    pub fn new(status: StatusCode, code: &str, detail: impl Into<String>) -> Self {
        Self(Box::new(Problem {
            kind: "about:blank".to_owned(),
            title: status.canonical_reason().unwrap_or("Error").to_owned(),
            status: status.as_u16(),
            detail: detail.into(),
            code: code.to_owned(),
            errors: Vec::new(),
            claimed_by: None,
            version: None,
            retry_after: None,
        }))
    }

    /// 429 with the seconds after which to try again.
    pub fn too_many(retry_after: u64) -> Self {
        let detail = format!("too many requests; try again in {retry_after} s");
        Self::new(StatusCode::TOO_MANY_REQUESTS, "rate_limited", detail).with_retry_after(retry_after)
    }

    /// The same with the seconds after which to try again.
    #[must_use]
    pub fn with_retry_after(mut self, seconds: u64) -> Self {
        self.0.retry_after = Some(seconds);
        self
    }

    /// 404.
    pub fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", "there is nothing here")
    }

    /// 413.
    pub fn too_large() -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", "the body is too large")
    }

    /// The problem.
    pub fn problem(&self) -> &Problem {
        &self.0
    }

    fn with_fields(mut self, fields: Vec<FieldError>) -> Self {
        self.0.errors = fields
            .into_iter()
            .map(|error| ProblemField { field: error.field, message: error.message })
            .collect();
        self
    }
}

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        let detail = error.to_string();
        match error {
            Error::Forbidden { .. } => Self::new(StatusCode::FORBIDDEN, "forbidden", detail),
            Error::Unauthenticated => Self::new(StatusCode::UNAUTHORIZED, "unauthenticated", detail),
            Error::BadCredentials => Self::new(StatusCode::UNAUTHORIZED, "bad_credentials", detail),
            Error::BadLink => Self::new(StatusCode::FORBIDDEN, "bad_token", detail),
            Error::NotFound(_) => Self::new(StatusCode::NOT_FOUND, "not_found", detail),
            Error::Invalid(fields) => {
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", detail).with_fields(fields)
            }
            Error::Stale { version, .. } => {
                let mut problem = Self::new(StatusCode::PRECONDITION_FAILED, "stale", detail);
                problem.0.version = Some(version);
                problem
            }
            Error::AlreadyClaimed { id, name } => {
                let mut problem = Self::new(StatusCode::CONFLICT, "already_claimed", detail);
                problem.0.claimed_by = Some(Holder { id: id.0, name });
                problem
            }
            Error::Conflict { code, .. } => Self::new(StatusCode::CONFLICT, code, detail),
            Error::KeyReused => Self::new(StatusCode::UNPROCESSABLE_ENTITY, "idempotency_key_reused", detail),
            Error::Store(source) if source.is_transient() => {
                tracing::warn!(error = &source as &dyn std::error::Error, "the database is not available");
                let detail = if source.is_full() {
                    "the disk is full, so nothing can be changed until there is room on it"
                } else {
                    "the desk cannot reach its database or disk; try again in a moment"
                };
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", detail).with_retry_after(2)
            }
            error => {
                tracing::error!(error = &error as &dyn std::error::Error, "a request failed");
                Self::new(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    "internal",
                    "something went wrong here; nothing was changed",
                )
            }
        }
    }
}

/// `response`, with problem details where one of the layers below has refused the request in its own words.
pub fn in_our_words(response: Response) -> Response {
    let status = response.status();
    let kind = response.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let is_bare = kind.is_none_or(|kind| kind.starts_with("text/plain"));
    if !(is_bare && (status.is_client_error() || status.is_server_error())) {
        return response;
    }
    let problem = match status {
        StatusCode::PAYLOAD_TOO_LARGE => ApiError::too_large(),
        StatusCode::BAD_GATEWAY | StatusCode::SERVICE_UNAVAILABLE => {
            ApiError::new(status, "unavailable", "the desk cannot be reached; try again in a moment")
                .with_retry_after(2)
        }
        StatusCode::GATEWAY_TIMEOUT => ApiError::new(status, "timed_out", "this took too long; try again"),
        StatusCode::UPGRADE_REQUIRED => ApiError::new(status, "not_a_socket", "open this as a WebSocket"),
        _ => ApiError::new(status, "bad_request", "this request cannot be understood"),
    };
    let (mut parts, _) = response.into_parts();
    for header in [header::CONTENT_LENGTH, header::CONTENT_ENCODING, header::TRANSFER_ENCODING] {
        parts.headers.remove(header);
    }
    let mut answer = problem.into_response();
    for (name, value) in parts.headers.drain().filter_map(|(name, value)| Some((name?, value))) {
        answer.headers_mut().entry(name).or_insert(value);
    }
    answer
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_vec(&self.0).unwrap_or_default();
        let mut response = (status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(seconds) = self.0.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}
