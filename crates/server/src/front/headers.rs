//! The headers of what passes through: what was meant for one connection ends here, and what a request says about where
//! it came from is believed only of those who are trusted.

use std::net::{IpAddr, SocketAddr};

use axum::extract::ConnectInfo;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Version, header};

use super::{Front, away};
use crate::problem::ApiError;

/// The name under which this proxy is in a request's `Via`.
const OURS: &str = "deskhand-web";

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// What is about one connection (RFC 9110, section 7.6.1), and what frames a body: that is framed anew.
const OF_A_CONNECTION: [HeaderName; 9] = [
    header::CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];

/// What only a proxy can know.
const CLAIMS: [HeaderName; 6] = [
    FORWARDED_FOR,
    FORWARDED_HOST,
    FORWARDED_PROTO,
    HeaderName::from_static("x-forwarded-port"),
    HeaderName::from_static("x-forwarded-prefix"),
    HeaderName::from_static("x-real-ip"),
];

/// Takes out what is meant for one connection, also what `Connection` names.
fn strip(headers: &mut HeaderMap) {
    let named: Vec<HeaderName> = headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .collect();
    // The length is the body's own affair, and its host every request's.
    for name in named.into_iter().filter(|name| *name != header::CONTENT_LENGTH && *name != header::HOST) {
        headers.remove(name);
    }
    for name in OF_A_CONNECTION {
        headers.remove(name);
    }
}

/// Where a request is meant for: its one `Host`.
fn host(parts: &Parts) -> Result<HeaderValue, ApiError> {
    let mut hosts = parts.headers.get_all(header::HOST).iter();
    let host = hosts.next().filter(|host| !host.is_empty() && hosts.next().is_none());
    let host = host.ok_or_else(|| away::refused("a request has one Host header"))?;
    // A target with a host in it has to say the same; it leads nowhere else in any case.
    match parts.uri.authority() {
        Some(target) if target.as_str().as_bytes() != host.as_bytes() => {
            Err(away::refused("the request's target and its Host header name different hosts"))
        }
        _ => Ok(host.clone()),
    }
}

fn has_been_here(headers: &HeaderMap) -> bool {
    let via = headers.get_all(header::VIA).iter().filter_map(|value| value.to_str().ok());
    via.flat_map(|value| value.split(',')).any(|hop| hop.split_whitespace().nth(1) == Some(OURS))
}

/// The peer of the connection that the request came by.
fn peer(parts: &Parts) -> Option<IpAddr> {
    let ConnectInfo(address) = parts.extensions.get::<ConnectInfo<SocketAddr>>()?;
    Some(address.ip().to_canonical())
}

/// The headers with which the request goes on to the api.
///
/// Errors: no host or several, another host in the target, a request that this proxy has sent itself.
pub(super) fn of_request(front: &Front, parts: &Parts) -> Result<HeaderMap, ApiError> {
    let host = host(parts)?;
    if has_been_here(&parts.headers) {
        return Err(away::loops());
    }
    let mut headers = parts.headers.clone();
    strip(&mut headers);
    // Who waits to be told to go on is told so here; the length is known of the body.
    headers.remove(header::EXPECT);
    headers.remove(header::CONTENT_LENGTH);
    // This says the same as the others, and nobody behind this asks for it.
    headers.remove(header::FORWARDED);
    let peer = peer(parts);
    let trusted = &front.0.options.trusted_proxies;
    if !peer.is_some_and(|peer| trusted.iter().any(|network| network.contains(peer))) {
        for name in CLAIMS {
            headers.remove(name);
        }
    }
    let hops = headers.get_all(FORWARDED_FOR).iter().filter_map(|value| value.to_str().ok());
    let hops: Vec<String> = hops.map(str::to_owned).chain(peer.map(|peer| peer.to_string())).collect();
    if let Ok(chain) = HeaderValue::from_str(&hops.join(", ")) {
        headers.insert(FORWARDED_FOR, chain);
    }
    headers.entry(FORWARDED_HOST).or_insert_with(|| host.clone());
    headers.entry(FORWARDED_PROTO).or_insert(HeaderValue::from_static("http"));
    headers.insert(header::HOST, host);
    let version = if parts.version == Version::HTTP_10 { "1.0" } else { "1.1" };
    if let Ok(via) = HeaderValue::from_str(&format!("{version} {OURS}")) {
        headers.append(header::VIA, via);
    }
    // Where this process sends traces, what the api does is a part of what is done here; else it is passed on as it is.
    if let Some(place) = trace::current().and_then(|place| HeaderValue::from_str(&place.to_string()).ok()) {
        headers.insert(TRACEPARENT, place);
    }
    Ok(headers)
}

/// Takes out of an answer's headers what was meant for the connection to the api.
pub(super) fn of_answer(headers: &mut HeaderMap) {
    // A body in chunks has no length of its own, whatever is said of it.
    if headers.contains_key(header::TRANSFER_ENCODING) {
        headers.remove(header::CONTENT_LENGTH);
    }
    strip(headers);
}
