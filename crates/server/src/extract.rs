//! What handlers take out of a request, with problem details where it cannot be taken.

use axum::body::Bytes;
use axum::extract::rejection::{JsonRejection, PathRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use desk::{Cursor, Paging};
use domain::IdempotencyKey;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use utoipa::IntoParams;

use crate::problem::ApiError;

/// A JSON body.
pub struct Body<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        read_json(&json_bytes(request, state).await?).map(Self)
    }
}

/// The bytes of a body that says of itself to be JSON.
async fn json_bytes<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes, ApiError> {
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let kind = kind.and_then(|kind| kind.split(';').next()).unwrap_or_default().trim();
    if !kind.eq_ignore_ascii_case("application/json") {
        return Err(ApiError::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "not_json",
            "send the body as Content-Type: application/json",
        ));
    }
    Bytes::from_request(request, state).await.map_err(|rejection| {
        if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
            ApiError::too_large()
        } else {
            ApiError::new(StatusCode::BAD_REQUEST, "bad_body", "the body could not be read")
        }
    })
}

/// The object in `bytes`. A list is none, although its items could be taken for fields in their order.
fn read_json<T: DeserializeOwned>(bytes: &Bytes) -> Result<T, ApiError> {
    if bytes.trim_ascii_start().starts_with(b"[") {
        let detail = "the body must be a JSON object";
        return Err(ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_body", detail));
    }
    axum::Json::from_bytes(bytes)
        .map(|axum::Json(value)| value)
        .map_err(|rejection: JsonRejection| refuse_json(&rejection))
}

fn refuse_json(rejection: &JsonRejection) -> ApiError {
    let (status, code) = match rejection {
        JsonRejection::JsonDataError(_) => (StatusCode::UNPROCESSABLE_ENTITY, "invalid_body"),
        JsonRejection::JsonSyntaxError(_) => (StatusCode::BAD_REQUEST, "malformed_json"),
        _ => (StatusCode::BAD_REQUEST, "bad_body"),
    };
    ApiError::new(status, code, rejection.body_text())
}

/// Parameters in the query.
pub struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        // No text of ours holds this character, and PostgreSQL takes none that does.
        if parts.uri.query().is_some_and(|query| query.contains("%00")) {
            let detail = "the query must not contain the character U+0000";
            return Err(ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_query", detail));
        }
        axum::extract::Query::<T>::from_request_parts(parts, state)
            .await
            .map(|axum::extract::Query(value)| Self(value))
            .map_err(|rejection: QueryRejection| {
                ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_query", rejection.body_text())
            })
    }
}

/// Parameters in the path. What is no id of ours is not there.
pub struct Path<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        if parts.uri.path().contains("%00") {
            return Err(ApiError::not_found());
        }
        axum::extract::Path::<T>::from_request_parts(parts, state)
            .await
            .map(|axum::extract::Path(value)| Self(value))
            .map_err(|_: PathRejection| ApiError::not_found())
    }
}

/// `?limit=` and `?cursor=`.
#[derive(Debug, Clone, Default, serde::Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// How many items at most.
    #[param(minimum = 1, maximum = 200, default = 50)]
    pub limit: Option<i64>,
    /// Where the page begins: `next_cursor` of the page before.
    #[param(pattern = "^[0-9a-f]{48}$")]
    pub cursor: Option<String>,
}

impl PageQuery {
    /// Errors: a limit out of range, a cursor that no list gave out.
    pub fn paging(&self) -> Result<Paging, ApiError> {
        paging(self.limit, self.cursor.as_deref())
    }
}

/// The part of a list that is asked for. Errors: a limit out of range, a cursor that no list gave out.
pub fn paging(limit: Option<i64>, cursor: Option<&str>) -> Result<Paging, ApiError> {
    let limit = limit.unwrap_or(50);
    if !(1..=200).contains(&limit) {
        return Err(desk::Error::field("limit", "must be 1 to 200").into());
    }
    let cursor = match cursor {
        None => None,
        Some(text) => Some(Cursor::decode(text).map_err(desk::Error::from)?),
    };
    Ok(Paging { limit, cursor })
}

/// A text that a list is narrowed by, where there is one. Errors: too long to be in anything.
pub fn narrowing(text: Option<String>) -> Result<Option<String>, ApiError> {
    if text.as_ref().is_some_and(|text| text.chars().count() > 500) {
        return Err(desk::Error::field("q", "must have at most 500 characters").into());
    }
    Ok(text.filter(|text| !text.trim().is_empty()))
}

/// The versions in `If-Match`, of which any will do; nothing where the header was not sent, or is `*`.
///
/// Tags are compared strongly (RFC 9110, section 8.8.3.2): a weak one matches nothing, and neither does one
/// that was never given out. Where no tag is left, no version will do.
pub struct IfMatch(pub Option<Vec<i64>>);

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let lines: Vec<&str> = parts
            .headers
            .get_all(header::IF_MATCH)
            .iter()
            .map(|line| line.to_str().unwrap_or_default().trim())
            .collect();
        match lines.as_slice() {
            [] | ["*"] => Ok(Self(None)),
            lines => Ok(Self(Some(lines.iter().flat_map(|line| versions(line)).collect()))),
        }
    }
}

/// The versions that the strong tags of a list stand for; what is no tag ends it.
fn versions(list: &str) -> Vec<i64> {
    let mut versions = Vec::new();
    let mut rest = list.trim_start_matches([',', ' ', '\t']);
    while !rest.is_empty() {
        let weak = rest.strip_prefix("W/");
        let Some((tag, after)) = weak.unwrap_or(rest).strip_prefix('"').and_then(|rest| rest.split_once('"'))
        else {
            break;
        };
        versions.extend(tag.parse::<i64>().ok().filter(|_| weak.is_none()));
        rest = after.trim_start_matches([',', ' ', '\t']);
    }
    versions
}

/// The idempotency key of a request with this body, where the header was sent.
///
/// Errors: a key that is empty, too long, or not visible ASCII.
pub fn idempotency(
    parts: &RequestLine,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Option<IdempotencyKey>, ApiError> {
    let Some(value) = headers.get("idempotency-key") else { return Ok(None) };
    let key = value.to_str().unwrap_or_default();
    if key.is_empty() || key.len() > 200 || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(ApiError::new(
            StatusCode::BAD_REQUEST,
            "bad_idempotency_key",
            "Idempotency-Key must be 1 to 200 visible ASCII characters",
        ));
    }
    let mut hash = Sha256::new();
    hash.update(parts.0.as_bytes());
    hash.update([0]);
    hash.update(body);
    let request_hash = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(Some(IdempotencyKey { key: key.to_owned(), request_hash }))
}

/// The method and the path of a request.
pub struct RequestLine(pub String);

/// A JSON body together with the idempotency key that the request carries.
pub struct Create<T> {
    /// The body.
    pub body: T,
    /// The key.
    pub key: Option<IdempotencyKey>,
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Create<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let line = RequestLine(format!("{} {}", request.method(), request.uri().path()));
        let headers = request.headers().clone();
        let bytes = json_bytes(request, state).await?;
        let key = idempotency(&line, &headers, &bytes)?;
        let body = read_json(&bytes)?;
        Ok(Self { body, key })
    }
}

#[cfg(test)]
mod tests {
    use super::versions;

    #[test]
    fn a_list_of_tags_stands_for_the_versions_of_its_strong_ones() {
        for (list, expected) in [
            (r#""1""#, vec![1]),
            (r#""1", "2""#, vec![1, 2]),
            (r#""1","2" ,, "3","#, vec![1, 2, 3]),
            (r#"W/"1""#, vec![]),
            (r#"W/"1", "2""#, vec![2]),
            (r#""a, b", "2""#, vec![2]),
            (r#""1" 2"#, vec![1]),
            ("1", vec![]),
            ("\"1", vec![]),
            ("*", vec![]),
            ("", vec![]),
        ] {
            assert_eq!(versions(list), expected, "{list}");
        }
    }
}
