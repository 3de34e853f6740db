//! Webhooks that go out: one attempt at a time, signed, to no address that a stranger must not reach.
//!
//! Signed as Standard Webhooks say (<https://www.standardwebhooks.com>, version 1). A redirect is not followed, no proxy
//! of the environment is used, and a connection goes to exactly the addresses that were checked.

mod answer;
mod names;
mod sign;

use std::net::IpAddr;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use domain::network::may_reach;
use domain::webhook::{Attempt, Failure};
use ipnet::IpNet;
use jiff::Timestamp;
use reqwest::{Client, Url, header, redirect};

pub use names::{Lookup, SystemNames};

/// How long an attempt may take, all in all, and how much of that to get a connection.
const TIMEOUT: Duration = Duration::from_secs(15);
const CONNECT: Duration = Duration::from_secs(5);
/// How many idle connections to one receiver are kept, and for how long.
const IDLE: (usize, Duration) = (4, Duration::from_secs(30));

/// What goes to a receiver.
#[derive(Debug, Clone, Copy)]
pub struct Message<'a> {
    /// Where it goes.
    pub url: &'a str,
    /// What makes a repetition recognisable: the same message has the same.
    pub id: &'a str,
    /// The body, in JSON.
    pub body: &'a str,
    /// The keys that it is signed with; a receiver may know any of them.
    pub keys: &'a [Vec<u8>],
}

/// Sends webhooks. Cheap to clone.
#[derive(Clone)]
pub struct Sender(Arc<Inner>);

struct Inner {
    names: Arc<dyn Lookup>,
    allowed: Arc<[IpNet]>,
    /// For `https`, to the public internet and what is allowed besides.
    encrypted: OnceLock<Client>,
    /// For `http`, only to what is allowed besides.
    plain: OnceLock<Client>,
}

impl Sender {
    /// A sender that may also reach the networks that are `allowed`. Names are looked up by `names`.
    pub fn new(allowed: Vec<IpNet>, names: Arc<dyn Lookup>) -> Self {
        Self(Arc::new(Inner {
            names,
            allowed: allowed.into(),
            encrypted: OnceLock::new(),
            plain: OnceLock::new(),
        }))
    }

    /// The client for what is `encrypted`, or for what is not. Made when it is needed first: it reads the machine's
    /// certificates, which takes a moment, and which need not be there where nothing is sent.
    fn client(&self, encrypted: bool) -> Result<&Client, Failure> {
        let made = if encrypted { &self.0.encrypted } else { &self.0.plain };
        if let Some(client) = made.get() {
            return Ok(client);
        }
        // One cryptographic library in the program; where it was named before, that is fine.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let checked = names::Checked::new(Arc::clone(&self.0.names), encrypted, Arc::clone(&self.0.allowed));
        let (idle, idle_timeout) = IDLE;
        let client = Client::builder()
            .user_agent(concat!("Deskhand/", env!("CARGO_PKG_VERSION")))
            .timeout(TIMEOUT)
            .connect_timeout(CONNECT)
            .pool_max_idle_per_host(idle)
            .pool_idle_timeout(idle_timeout)
            .redirect(redirect::Policy::none())
            // An attempt is one request: what fails is counted, and waits.
            .retry(reqwest::retry::never())
            .no_proxy()
            .dns_resolver(Arc::new(checked))
            .build()
            .map_err(|_| Failure::Tls)?;
        Ok(made.get_or_init(|| client))
    }

    /// Makes one attempt, which begins at `now`. Whatever comes of it is in what is given.
    pub async fn send(&self, message: &Message<'_>, now: Timestamp) -> Attempt {
        let begun = Instant::now();
        let answered = self.try_send(message, now).await;
        let (answer, excerpt, retry_after) = match answered {
            Ok(answer) => (Ok(answer.status), answer.excerpt, answer.retry_after),
            Err(failure) => (Err(failure), String::new(), None),
        };
        Attempt { at: now, duration: begun.elapsed(), answer, excerpt, retry_after }
    }

    async fn try_send(&self, message: &Message<'_>, now: Timestamp) -> Result<answer::Answer, Failure> {
        let url: Url = message.url.parse().map_err(|_| Failure::Refused)?;
        let encrypted = match url.scheme() {
            "https" => true,
            "http" => false,
            _ => return Err(Failure::Refused),
        };
        // An address in place of a name is not looked up.
        let literal = url.host_str().and_then(|host| host.trim_matches(['[', ']']).parse::<IpAddr>().ok());
        if literal.is_some_and(|address| !may_reach(address, encrypted, &self.0.allowed)) {
            return Err(Failure::Refused);
        }
        let seconds = now.as_second();
        let request = self
            .client(encrypted)?
            .post(url)
            .header(header::CONTENT_TYPE, "application/json")
            .header("webhook-id", message.id)
            .header("webhook-timestamp", seconds)
            .header("webhook-signature", sign::header(message.keys, message.id, seconds, message.body))
            .body(message.body.to_owned());
        let response = request.send().await.map_err(|error| answer::failure(&error))?;
        Ok(answer::read(response, now).await)
    }
}
