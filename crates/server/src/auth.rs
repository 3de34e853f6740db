//! Who asks: the session's cookie or a bearer token becomes a caller; requests from foreign pages do not.

use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use desk::sessions::{Authenticated, SignedIn};
use domain::{Caller, IdempotencyKey};
use uuid::Uuid;

use crate::App;
use crate::problem::ApiError;

/// The address that the request came from: the peer's, or what a trusted proxy says of it.
pub fn address(app: &App, parts: &Parts) -> Option<IpAddr> {
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>()?.0.ip().to_canonical();
    let forwarded = parts.headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok());
    let chain: Vec<&str> = forwarded.flat_map(|value| value.split(',')).map(str::trim).collect();
    let mut address = peer;
    // From the nearest hop outwards, as long as those who say so are trusted.
    for hop in chain.into_iter().rev() {
        if !app.options.trusted_proxies.iter().any(|network| network.contains(address)) {
            break;
        }
        match hop.parse::<IpAddr>() {
            Ok(ip) => address = ip.to_canonical(),
            Err(_) => break,
        }
    }
    Some(address)
}

/// A network whose proxies are believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    prefix: u8,
}

impl Network {
    /// The network of that address and prefix length.
    pub fn new(address: IpAddr, prefix: u8) -> Self {
        Self { address, prefix }
    }

    pub(crate) fn contains(&self, ip: IpAddr) -> bool {
        fn same(a: &[u8], b: &[u8], bits: u8) -> bool {
            let (whole, rest) = (usize::from(bits / 8), bits % 8);
            let mask = if rest == 0 { 0 } else { 0xff_u8 << (8 - rest) };
            a.get(..whole) == b.get(..whole)
                && (rest == 0 || a.get(whole).zip(b.get(whole)).is_some_and(|(a, b)| (a ^ b) & mask == 0))
        }
        match (self.address, ip) {
            (IpAddr::V4(a), IpAddr::V4(b)) => same(&a.octets(), &b.octets(), self.prefix.min(32)),
            (IpAddr::V6(a), IpAddr::V6(b)) => same(&a.octets(), &b.octets(), self.prefix.min(128)),
            _ => false,
        }
    }
}

/// What ties together everything that one request causes: a new id, kept with the request.
pub fn correlation_id(app: &App, parts: &Parts) -> Uuid {
    parts.extensions.get::<CorrelationId>().map_or_else(|| app.desk.new_id(), |id| id.0)
}

/// The id of a request, in its extensions and in the answer's `X-Correlation-Id`.
#[derive(Debug, Clone, Copy)]
pub struct CorrelationId(pub Uuid);

/// The name of the session's cookie. With `__Host-` browsers take it only over TLS, for this host and path.
pub fn cookie_name(app: &App) -> &'static str {
    if app.options.secure { "__Host-deskhand" } else { "deskhand_session" }
}

/// The session's token in the request's cookies.
pub fn cookie(app: &App, headers: &HeaderMap) -> Option<String> {
    let name = cookie_name(app);
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value.to_owned())
}

/// The header that sets the session's cookie, or takes it away.
pub fn set_cookie(app: &App, signed_in: Option<&SignedIn>) -> HeaderValue {
    let name = cookie_name(app);
    let secure = if app.options.secure { "; Secure" } else { "" };
    let text = match signed_in {
        Some(signed_in) => {
            let age = signed_in.expires_at.as_second() - app.desk.clock().now().as_second();
            format!("{name}={}; Path=/; HttpOnly; SameSite=Lax; Max-Age={age}{secure}", signed_in.token)
        }
        None => format!("{name}=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0{secure}"),
    };
    HeaderValue::from_str(&text).unwrap_or_else(|_| HeaderValue::from_static(""))
}

/// Whether the page that sends this request is one of ours.
///
/// Browsers send `Origin` with everything that changes something and with sockets; programs send none.
pub fn same_origin(app: &App, headers: &HeaderMap) -> bool {
    let Some(origin) = headers.get(header::ORIGIN) else { return true };
    let Ok(origin) = origin.to_str() else { return false };
    if app.options.public_url.as_deref() == Some(origin) {
        return true;
    }
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let plain = origin.strip_prefix("http://").filter(|_| !app.options.secure);
    let authority = plain.or_else(|| origin.strip_prefix("https://"));
    authority.is_some() && authority == host
}

/// A signed-in member, by cookie or by token.
pub struct Member {
    /// Who.
    pub who: Authenticated,
}

impl Member {
    /// The caller.
    pub fn caller(&self) -> &Caller {
        &self.who.caller
    }

    /// The caller, with the request's idempotency key.
    pub fn with_key(mut self, key: Option<IdempotencyKey>) -> Caller {
        self.who.caller.idempotency = key;
        self.who.caller
    }
}

/// The member whom the request's headers prove, and no rate limit.
pub async fn authenticate(app: &App, parts: &Parts) -> Result<Authenticated, ApiError> {
    let address = address(app, parts);
    let correlation_id = correlation_id(app, parts);
    if let Some(value) = parts.headers.get(header::AUTHORIZATION) {
        let token = value.to_str().ok().and_then(|value| value.strip_prefix("Bearer "));
        let token = token.ok_or(desk::Error::Unauthenticated)?;
        return Ok(app.known.bearer(&app.desk, token.trim(), address, correlation_id).await?);
    }
    let token = cookie(app, &parts.headers).ok_or(desk::Error::Unauthenticated)?;
    let changes = !matches!(parts.method, Method::GET | Method::HEAD);
    let upgrade = parts.headers.contains_key(header::UPGRADE);
    if (changes || upgrade) && !same_origin(app, &parts.headers) {
        return Err(ApiError::new(
            StatusCode::FORBIDDEN,
            "foreign_origin",
            "this request came from another site's page",
        ));
    }
    Ok(app.known.cookie(&app.desk, &token, address, correlation_id).await?)
}

impl FromRequestParts<App> for Member {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let who = authenticate(app, parts).await?;
        let key = who.token.map_or(who.member.id.0, |token| token.0);
        app.limits.requests.check(&key)?;
        Ok(Self { who })
    }
}

/// The address and the correlation id of a request that needs no member.
pub struct Anybody {
    /// Where it came from.
    pub address: Option<IpAddr>,
    /// What ties its effects together.
    pub correlation_id: Uuid,
}

impl FromRequestParts<App> for Anybody {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        Ok(Self { address: address(app, parts), correlation_id: correlation_id(app, parts) })
    }
}

/// Refuses requests of foreign pages where no member is needed yet: set-up, sign-in, invitations.
pub struct OwnPage;

impl FromRequestParts<App> for OwnPage {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        if same_origin(app, &parts.headers) {
            return Ok(Self);
        }
        Err(ApiError::new(
            StatusCode::FORBIDDEN,
            "foreign_origin",
            "this request came from another site's page",
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::Network;

    #[test]
    fn a_network_holds_its_addresses_and_no_others() {
        let network = Network::new("10.1.0.0".parse().unwrap(), 17);
        assert!(network.contains("10.1.127.255".parse().unwrap()));
        assert!(!network.contains("10.1.128.0".parse().unwrap()));
        assert!(!network.contains("::1".parse().unwrap()));
        let all = Network::new("::".parse().unwrap(), 0);
        assert!(all.contains("2001:db8::1".parse().unwrap()));
    }
}
