//! Speaking to a running desk: one request, one answer, and a sentence when it does not work.

use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Method, Response, StatusCode, Upgraded, header};
use serde_json::Value;
use tokio_tungstenite::tungstenite::handshake::client::generate_key;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use uuid::Uuid;

use crate::credentials::{self, Credentials};
use crate::failure::{Failure, Outcome, chain};

/// How long to wait for a connection.
const CONNECT: Duration = Duration::from_secs(5);
/// How long to wait for an answer.
const ANSWER: Duration = Duration::from_secs(60);

/// A running desk, as the commands see it.
pub(crate) struct Client {
    http: reqwest::Client,
    url: String,
    token: Option<String>,
}

/// Why a socket was not opened.
pub(crate) struct Refused {
    /// What happened.
    pub(crate) failure: Failure,
    /// Whether trying again is of no use.
    pub(crate) for_good: bool,
}

impl Client {
    /// The desk that this terminal is signed in to.
    pub(crate) fn signed_in() -> Outcome<(Self, Credentials)> {
        let found = credentials::find()?;
        Ok((Self::new(&found.url, Some(found.token.clone()))?, found))
    }

    /// The desk at `url`.
    pub(crate) fn new(url: &str, token: Option<String>) -> Outcome<Self> {
        // One cryptographic library in the program; where it was named before, that is fine.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder()
            .connect_timeout(CONNECT)
            .timeout(ANSWER)
            // A redirect would take the token to where nobody meant it to go.
            .redirect(Policy::none())
            .user_agent(concat!("deskhand/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| Failure::because("cannot speak HTTP", &error))?;
        Ok(Self { http, url: url.to_owned(), token })
    }

    /// Asks for `path`, which begins with a slash.
    pub(crate) async fn get(&self, path: &str, query: &[(&str, String)]) -> Outcome<Value> {
        self.send(self.request(Method::GET, path).query(query)).await.map(|(value, _)| value)
    }

    /// Makes or does something. The key lets the desk see a request that a proxy sends twice as one.
    pub(crate) async fn post(&self, path: &str, body: &Value) -> Outcome<Value> {
        let key = Uuid::now_v7().to_string();
        self.send(self.request(Method::POST, path).header("idempotency-key", key).json(body))
            .await
            .map(|(value, _)| value)
    }

    /// Changes what is at `path`.
    pub(crate) async fn patch(&self, path: &str, body: &Value) -> Outcome<Value> {
        self.send(self.request(Method::PATCH, path).json(body)).await.map(|(value, _)| value)
    }

    /// Signs in with a password; gives the session's cookie as it is sent back.
    pub(crate) async fn sign_in(&self, body: &Value) -> Outcome<(Value, String)> {
        let (value, headers) = self.send(self.request(Method::POST, "/api/v1/session").json(body)).await?;
        let cookies: Vec<&str> = headers
            .get_all(header::SET_COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok()?.split(';').next())
            .collect();
        Ok((value, cookies.join("; ")))
    }

    /// Asks as the session of that cookie.
    pub(crate) async fn with_cookie(
        &self,
        cookie: &str,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Outcome<Value> {
        let request = self.request(method, path).header(header::COOKIE, cookie);
        let request = match body {
            Some(body) => request.json(body),
            None => request,
        };
        self.send(request).await.map(|(value, _)| value)
    }

    /// Deletes what is at `path`.
    pub(crate) async fn delete(&self, path: &str) -> Outcome {
        self.send(self.request(Method::DELETE, path)).await.map(|_| ())
    }

    /// Opens a WebSocket at `path`; gives the connection, on which there are frames from then on.
    pub(crate) async fn web_socket(&self, path: &str) -> Result<Upgraded, Refused> {
        let key = generate_key();
        let request = self
            .request(Method::GET, path)
            .header(header::CONNECTION, "upgrade")
            .header(header::UPGRADE, "websocket")
            .header(header::SEC_WEBSOCKET_VERSION, "13")
            .header(header::SEC_WEBSOCKET_KEY, &key);
        let away = |error| Refused { failure: self.unreachable(&error), for_good: false };
        let response = request.send().await.map_err(away)?;
        let status = response.status();
        if status == StatusCode::SWITCHING_PROTOCOLS {
            let accepted = response.headers().get(header::SEC_WEBSOCKET_ACCEPT);
            if accepted.is_none_or(|accepted| accepted != derive_accept_key(key.as_bytes()).as_str()) {
                return Err(Refused { failure: self.stranger(), for_good: true });
            }
            return response.upgrade().await.map_err(away);
        }
        let passes = [StatusCode::REQUEST_TIMEOUT, StatusCode::TOO_MANY_REQUESTS].contains(&status);
        let for_good = !passes && !status.is_server_error();
        let failure = match self.elsewhere(&response) {
            Some(failure) => failure,
            None if status.is_success() => self.stranger(),
            None => self.refused(response).await,
        };
        Err(Refused { failure, for_good })
    }

    fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.url));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> Outcome<(Value, header::HeaderMap)> {
        let response = request.send().await.map_err(|error| self.unreachable(&error))?;
        let (status, headers) = (response.status(), response.headers().clone());
        if let Some(failure) = self.elsewhere(&response) {
            return Err(failure);
        }
        if !status.is_success() {
            return Err(self.refused(response).await);
        }
        let bytes = response.bytes().await.map_err(|error| self.unreachable(&error))?;
        if status == StatusCode::NO_CONTENT || bytes.is_empty() {
            return Ok((Value::Null, headers));
        }
        let value = serde_json::from_slice(&bytes).map_err(|_| self.stranger())?;
        Ok((value, headers))
    }

    fn unreachable(&self, error: &reqwest::Error) -> Failure {
        let url = &self.url;
        Failure::Failed(if error.is_connect() {
            format!("no Deskhand answers at {url}; start it with `deskhand serve` ({})", cause(error))
        } else if error.is_timeout() {
            format!("Deskhand at {url} did not answer in time; whether it did what was asked is not known")
        } else {
            format!("the connection to {url} failed: {}", cause(error))
        })
    }

    /// A redirect, which is not followed.
    fn elsewhere(&self, response: &Response) -> Option<Failure> {
        let place = response.headers().get(header::LOCATION).and_then(|place| place.to_str().ok());
        response.status().is_redirection().then(|| {
            let place = place.unwrap_or("elsewhere");
            Failure::Failed(format!("{} sends on to {place}; log in there instead", self.url))
        })
    }

    /// A connection that was opened, and on which nothing came.
    pub(crate) fn silent(&self) -> Failure {
        Failure::Failed(format!("{} closed the connection", self.url))
    }

    /// Something else than a Deskhand.
    pub(crate) fn stranger(&self) -> Failure {
        Failure::Failed(format!("{} answers, but not as a Deskhand does", self.url))
    }

    /// The sentence of a problem document.
    async fn refused(&self, response: Response) -> Failure {
        let status = response.status();
        let wait = response
            .headers()
            .get(header::RETRY_AFTER)
            .and_then(|wait| wait.to_str().ok())
            .map(str::to_owned);
        let Some(problem) =
            response.json::<Value>().await.ok().filter(|problem| problem.get("code").is_some())
        else {
            return if status == StatusCode::NOT_FOUND || status.is_client_error() {
                self.stranger()
            } else {
                Failure::Failed(format!("{} answered {status}", self.url))
            };
        };
        let word = |key: &str| problem.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        if status == StatusCode::UNAUTHORIZED && self.token.is_some() {
            return Failure::Failed(format!(
                "{} does not know this token, or not any more; run `deskhand login {}`",
                self.url, self.url
            ));
        }
        let mut text = match word("detail") {
            detail if detail.is_empty() => word("title"),
            detail => detail,
        };
        let fields: Vec<String> = problem
            .get("errors")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(|error| {
                Some(format!("{} {}", error.get("field")?.as_str()?, error.get("message")?.as_str()?))
            })
            .filter(|field| !text.contains(field.as_str()))
            .collect();
        if !fields.is_empty() {
            text = format!("{text}: {}", fields.join("; "));
        }
        if let Some(wait) = wait {
            text = format!("{text}; try again in {wait} s");
        }
        Failure::Failed(text)
    }
}

/// What is behind an error of the connection, without the address, which is said before.
fn cause(error: &reqwest::Error) -> String {
    let mut next = std::error::Error::source(error);
    let mut last = None;
    while let Some(source) = next {
        last = Some(source);
        next = source.source();
    }
    last.map_or_else(|| chain(error), ToString::to_string)
}
