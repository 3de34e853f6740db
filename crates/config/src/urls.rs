//! Settings that are URLs, taken apart once so that nobody else has to.

use std::fmt;
use std::path::PathBuf;

use url::Url;

use crate::secret::{Secret, mask_url};

/// A checked `http` or `https` address without user, query, fragment or trailing slash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebUrl(String);

impl WebUrl {
    /// The address, without a trailing slash: a path can be appended to it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is `https`, so that cookies may be marked secure.
    pub fn is_https(&self) -> bool {
        self.0.starts_with("https://")
    }

    pub(crate) fn origin(text: &str) -> Option<Self> {
        let url = web(text)?;
        (url.path() == "/").then(|| Self::trimmed(&url))
    }

    pub(crate) fn endpoint(text: &str) -> Option<Self> {
        web(text).map(|url| Self::trimmed(&url))
    }

    fn trimmed(url: &Url) -> Self {
        Self(url.as_str().trim_end_matches('/').to_owned())
    }
}

impl fmt::Display for WebUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn web(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    let plain = url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    (matches!(url.scheme(), "http" | "https") && url.has_host() && plain).then_some(url)
}

/// Where the records are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// An embedded database in this file. The path is taken as it is written, without percent-decoding.
    Sqlite(PathBuf),
    /// A PostgreSQL server, as a URL that may contain a password.
    Postgres(Secret),
}

impl DatabaseUrl {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        if let Some(rest) = text.strip_prefix("sqlite:") {
            let path = rest.strip_prefix("//").unwrap_or(rest);
            let in_a_file = !path.is_empty() && !path.contains([':', '?', '\0']) && !path.ends_with('/');
            return in_a_file.then(|| Self::Sqlite(PathBuf::from(path)));
        }
        let url = Url::parse(text).ok()?;
        let host = url.host_str().is_some_and(|host| !host.is_empty())
            || url.query_pairs().any(|(name, value)| name == "host" && !value.is_empty());
        let postgres = matches!(url.scheme(), "postgres" | "postgresql");
        (postgres && host).then(|| Self::Postgres(Secret::new(text)))
    }
}

impl fmt::Display for DatabaseUrl {
    /// The URL with its password masked.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite://{}", path.display()),
            Self::Postgres(url) => f.write_str(&mask_url(url.expose())),
        }
    }
}

/// What carries the events from the outbox to the workers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BusUrl {
    /// Tables in the database itself.
    Database,
    /// Kafka brokers, each `HOST:PORT`.
    Kafka(Vec<String>),
    /// NATS servers, each `HOST:PORT`.
    Nats(Vec<String>),
}

impl BusUrl {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        if text == "database:" {
            return Some(Self::Database);
        }
        if let Some(rest) = text.strip_prefix("kafka://") {
            return servers(rest).map(Self::Kafka);
        }
        servers(text.strip_prefix("nats://")?).map(Self::Nats)
    }
}

impl fmt::Display for BusUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Database => f.write_str("database:"),
            Self::Kafka(servers) => write!(f, "kafka://{}", servers.join(",")),
            Self::Nats(servers) => write!(f, "nats://{}", servers.join(",")),
        }
    }
}

fn servers(text: &str) -> Option<Vec<String>> {
    text.split(',').map(|server| host_and_port(server).then(|| server.to_owned())).collect()
}

fn host_and_port(server: &str) -> bool {
    let Some((host, port)) = server.rsplit_once(':') else {
        return false;
    };
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    let host_is_good = match bare {
        Some(v6) => v6.parse::<std::net::Ipv6Addr>().is_ok(),
        None => !host.is_empty() && !host.contains([':', '/', '@', '?', ' ']),
    };
    host_is_good && port.parse::<u16>().is_ok_and(|port| port > 0)
}
