//! Speaking to the program over HTTP, as a member's program and as a visitor's widget.

use std::time::Duration;

use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};

use crate::program::Process;

/// Why there is no answer that can be used.
#[derive(Debug)]
pub(crate) enum NoAnswer {
    /// The process is gone; whether it did what was asked is not known.
    Gone,
    /// It refused.
    Refused(StatusCode, Value),
}

/// One side of a conversation with the program.
#[derive(Clone)]
pub(crate) struct Api {
    http: reqwest::Client,
    pub(crate) url: String,
    token: String,
}

/// A client for HTTP. It wants to know the program's cryptographic library even where nothing is encrypted.
fn client(timeout: Duration) -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().timeout(timeout).build().expect("a client")
}

impl Api {
    pub(crate) fn new(url: &str, token: &str) -> Self {
        let http = client(Duration::from_secs(20));
        Self { http, url: url.to_owned(), token: token.to_owned() }
    }

    /// The same at another address, with another token.
    pub(crate) fn at(&self, url: &str, token: &str) -> Self {
        Self { http: self.http.clone(), url: url.to_owned(), token: token.to_owned() }
    }

    /// What opens the API.
    pub(crate) fn token(&self) -> String {
        self.token.clone()
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.url));
        if self.token.is_empty() { request } else { request.bearer_auth(&self.token) }
    }

    async fn send(&self, request: RequestBuilder) -> Result<Value, NoAnswer> {
        let response = request.send().await.map_err(|_| NoAnswer::Gone)?;
        let status = response.status();
        let bytes = response.bytes().await.map_err(|_| NoAnswer::Gone)?;
        let value =
            if bytes.is_empty() { Value::Null } else { serde_json::from_slice(&bytes).unwrap_or_default() };
        if status.is_success() { Ok(value) } else { Err(NoAnswer::Refused(status, value)) }
    }

    pub(crate) async fn try_get(&self, path: &str) -> Result<Value, NoAnswer> {
        self.send(self.request(Method::GET, path)).await
    }

    pub(crate) async fn try_post(
        &self,
        path: &str,
        key: Option<&str>,
        body: &Value,
    ) -> Result<Value, NoAnswer> {
        let request = self.request(Method::POST, path).json(body);
        let request = match key {
            Some(key) => request.header("idempotency-key", key),
            None => request,
        };
        self.send(request).await
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        self.try_get(path).await.unwrap_or_else(|error| panic!("GET {path}: {error:?}"))
    }

    pub(crate) async fn delete(&self, path: &str) {
        self.send(self.request(Method::DELETE, path))
            .await
            .unwrap_or_else(|error| panic!("DELETE {path}: {error:?}"));
    }

    /// A page of text.
    pub(crate) async fn text(&self, path: &str) -> String {
        let response = self.request(Method::GET, path).send().await.expect("an answer");
        response.text().await.expect("text")
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Value {
        self.try_post(path, None, body).await.unwrap_or_else(|error| panic!("POST {path} {body}: {error:?}"))
    }

    /// Every item of a list, page after page.
    pub(crate) async fn all(&self, path: &str) -> Vec<Value> {
        let sign = if path.contains('?') { '&' } else { '?' };
        let mut items = Vec::new();
        let mut cursor = String::new();
        loop {
            let page = self.get(&format!("{path}{sign}limit=200{cursor}")).await;
            items.extend(page["items"].as_array().expect("a list").iter().cloned());
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return items,
            }
        }
    }
}

/// Makes the workspace with its owner; gives the owner's program, with a token.
pub(crate) async fn set_up(process: &Process, url: &str) -> Api {
    let token = process.setup_token().await;
    let setup = json!({
        "token": token, "workspace": "Test", "name": "Dana", "email": "dana@example.org",
        "password": "correct horse", "zone": "UTC",
    });
    let http = client(Duration::from_secs(20));
    let answer = http.post(format!("{url}/api/v1/setup")).json(&setup).send().await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::CREATED);
    let cookie = answer.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    let request = http.post(format!("{url}/api/v1/tokens")).header("cookie", cookie);
    let made: Value = request.json(&json!({"name": "test"})).send().await.unwrap().json().await.unwrap();
    Api::new(url, made["secret"].as_str().expect("a token"))
}
