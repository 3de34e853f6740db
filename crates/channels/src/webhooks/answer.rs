//! What receivers answer: the status counts, a little of the rest is kept for people to read.

use std::error::Error as StdError;
use std::time::Duration;

use domain::text;
use domain::webhook::Failure;
use jiff::Timestamp;
use jiff::fmt::rfc2822;
use reqwest::{Response, header};

use super::names::{Refused, Unknown};

/// The most bytes of an answer that are read, and the longest that they are waited for.
const READ_BYTES: usize = 4096;
const READ_WITHIN: Duration = Duration::from_secs(2);
/// The most bytes of an answer that are kept.
const EXCERPT_BYTES: usize = 1024;

/// What a receiver answered.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) excerpt: String,
    pub(super) retry_after: Option<Duration>,
}

/// Reads an answer that came at `now`. Its status was told: that the rest does not come changes nothing.
pub(super) async fn read(mut response: Response, now: Timestamp) -> Answer {
    let status = response.status().as_u16();
    let retry_after = response.headers().get(header::RETRY_AFTER).and_then(|value| value.to_str().ok());
    let retry_after = retry_after.and_then(|text| wait(text, now));
    let mut body = Vec::new();
    let reading = async {
        while let Ok(Some(chunk)) = response.chunk().await {
            body.extend_from_slice(&chunk[..chunk.len().min(READ_BYTES - body.len())]);
            if body.len() == READ_BYTES {
                break;
            }
        }
    };
    // What came within the time is enough.
    let _ = tokio::time::timeout(READ_WITHIN, reading).await;
    Answer { status, excerpt: excerpt(&body), retry_after }
}

/// `Retry-After` in either of its forms (RFC 9110, section 10.2.3).
fn wait(text: &str, now: Timestamp) -> Option<Duration> {
    let text = text.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let at = rfc2822::DateTimeParser::new().parse_timestamp(text).ok()?;
    Some(Duration::try_from(at.duration_since(now)).unwrap_or_default())
}

/// The beginning of an answer, without characters that show nothing or change how others show.
fn excerpt(body: &[u8]) -> String {
    let body = String::from_utf8_lossy(body);
    let mut clean = text::optional_block(&body, usize::MAX).unwrap_or_default();
    clean.truncate(clean.floor_char_boundary(EXCERPT_BYTES));
    clean
}

/// Why there is no answer.
pub(super) fn failure(error: &reqwest::Error) -> Failure {
    let mut next: Option<&(dyn StdError + 'static)> = Some(error);
    while let Some(cause) = next {
        if cause.is::<Refused>() {
            return Failure::Refused;
        }
        if cause.is::<Unknown>() {
            return Failure::Name;
        }
        if cause.is::<rustls::Error>() {
            return Failure::Tls;
        }
        // An error of input and output hides what it was made of from its own chain.
        let inner = cause.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        next = match inner {
            Some(inner) => Some(inner),
            None => cause.source(),
        };
    }
    if error.is_timeout() {
        Failure::Timeout
    } else if error.is_connect() {
        Failure::Connect
    } else {
        Failure::Broken
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{excerpt, wait};

    #[test]
    fn a_time_to_wait_is_read_in_seconds_and_as_a_date() {
        let now = "2026-11-21T09:00:00Z".parse().unwrap();
        let seconds = |text| wait(text, now).map(|wait| wait.as_secs());
        assert_eq!(seconds(" 120 "), Some(120));
        assert_eq!(seconds("Sat, 21 Nov 2026 09:10:00 GMT"), Some(600));
        assert_eq!(wait("Sat, 21 Nov 2026 08:00:00 GMT", now), Some(Duration::ZERO));
        for bad in ["", "soon", "-1", "1.5"] {
            assert_eq!(wait(bad, now), None, "{bad}");
        }
    }

    #[test]
    fn an_excerpt_is_short_and_clean_whatever_came() {
        assert_eq!(excerpt(b"<b>no</b>\r\n\0\x1b[31mred\xff"), "<b>no</b>\n[31mred\u{fffd}");
        assert_eq!(excerpt("a\u{202E}b".as_bytes()), "ab");
        let long = excerpt("ä".repeat(4000).as_bytes());
        assert_eq!((long.len(), long.chars().count()), (1024, 512));
    }
}
