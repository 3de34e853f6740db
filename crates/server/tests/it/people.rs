//! Who asks in a test, and what they get back. Every answer is held to what all answers promise.

use std::fmt;

use desk::Desk;
use desk::members::Member;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::document;
use crate::site::setup;

/// Somebody who asks, with what proves who they are.
#[derive(Clone)]
pub(crate) struct Person {
    pub(crate) member: Member,
    pub(crate) url: String,
    pub(crate) credentials: Option<(HeaderName, String)>,
    http: reqwest::Client,
}

/// A request that is not sent yet.
pub(crate) struct Call {
    method: Method,
    path: String,
    request: reqwest::RequestBuilder,
}

/// An answer.
pub(crate) struct Reply {
    call: String,
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text: String = self.text.chars().take(2_000).collect();
        write!(f, "{}: {} {text} {:?}", self.call, self.status, self.headers)
    }
}

impl Person {
    /// The owner of a new workspace.
    pub(crate) async fn owner(desk: &Desk, url: &str, workspace: &str, email: &str) -> Self {
        let member = desk::workspaces::create(desk, setup(workspace, email)).await.unwrap();
        Self::with_token(desk, url, member).await
    }

    pub(crate) async fn with_token(desk: &Desk, url: &str, member: Member) -> Self {
        let caller = desk::sessions::caller_of(desk, &member);
        let (_, secret) = desk::sessions::create_token(desk, &caller, member.id, "test", None).await.unwrap();
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        let person = Self { member, url: url.to_owned(), credentials: None, http };
        person.with_bearer(&secret)
    }

    pub(crate) fn with_bearer(&self, token: &str) -> Self {
        let header = (HeaderName::from_static("authorization"), format!("Bearer {token}"));
        Self { credentials: Some(header), ..self.clone() }
    }

    /// `cookie` as `Set-Cookie` brought it.
    pub(crate) fn with_cookie(&self, cookie: &str) -> Self {
        let pair = cookie.split(';').next().unwrap().to_owned();
        Self { credentials: Some((HeaderName::from_static("cookie"), pair)), ..self.clone() }
    }

    /// The same member, who proves nothing.
    pub(crate) fn without_credentials(&self) -> Self {
        Self { credentials: None, ..self.clone() }
    }

    /// The same person, who speaks to the process at `url`.
    pub(crate) fn at(&self, url: &str) -> Self {
        Self { url: url.to_owned(), ..self.clone() }
    }

    pub(crate) fn call(&self, method: Method, path: &str) -> Call {
        let mut request = self.http.request(method.clone(), format!("{}{path}", self.url));
        if let Some((name, value)) = &self.credentials {
            request = request.header(name, value);
        }
        Call { method, path: path.to_owned(), request }
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.call(Method::GET, path).send().await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Reply {
        self.call(Method::POST, path).json(body).send().await
    }

    pub(crate) async fn patch(&self, path: &str, body: &Value) -> Reply {
        self.call(Method::PATCH, path).json(body).send().await
    }

    pub(crate) async fn delete(&self, path: &str) -> Reply {
        self.call(Method::DELETE, path).send().await
    }

    /// Makes a task of that title.
    pub(crate) async fn task(&self, title: &str) -> Value {
        self.post("/api/v1/tasks", &json!({"title": title})).await.created()
    }
}

impl Call {
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.request = self.request.header(name, value);
        self
    }

    pub(crate) fn json(mut self, body: &Value) -> Self {
        self.request = self.request.json(body);
        self
    }

    /// A body that says of itself to be JSON.
    pub(crate) fn body(mut self, body: impl Into<reqwest::Body>) -> Self {
        self.request = self.request.header("content-type", "application/json").body(body);
        self
    }

    pub(crate) async fn send(self) -> Reply {
        let answer = self.request.send().await.unwrap();
        let (status, headers) = (answer.status(), answer.headers().clone());
        let text = answer.text().await.unwrap();
        let reply = Reply { call: format!("{} {}", self.method, self.path), status, headers, text };
        reply.check_promises();
        document::check(&self.method, &self.path, &reply);
        reply
    }
}

impl Reply {
    /// What holds for every answer.
    fn check_promises(&self) {
        for (name, value) in [("x-content-type-options", "nosniff"), ("x-frame-options", "DENY")] {
            assert_eq!(self.header(name), value, "{self:?}");
        }
        let policy = self.header("content-security-policy");
        assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{self:?}");
        assert!(!self.status.is_server_error(), "{self:?}");
        if self.status.is_client_error() {
            assert_eq!(self.header("content-type"), "application/problem+json", "{self:?}");
            let problem = self.json();
            assert_eq!(problem["status"], self.status.as_u16(), "{self:?}");
            assert_eq!(problem["type"], "about:blank", "{self:?}");
            assert!(problem["code"].as_str().is_some_and(|code| !code.is_empty()), "{self:?}");
            assert!(problem["detail"].as_str().is_some_and(|detail| !detail.is_empty()), "{self:?}");
            assert_eq!(problem["retry_after"].is_u64(), self.headers.contains_key("retry-after"), "{self:?}");
            if self.status == StatusCode::UNAUTHORIZED {
                assert_eq!(self.header("www-authenticate"), "Bearer", "{self:?}");
            }
        }
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok()).unwrap_or_default()
    }

    pub(crate) fn cookie(&self) -> String {
        self.header("set-cookie").to_owned()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The answer's body; panics where the status is another one.
    pub(crate) fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{self:?}");
        if self.text.is_empty() { Value::Null } else { self.json() }
    }

    pub(crate) fn ok(&self) -> Value {
        self.expect(200)
    }

    pub(crate) fn created(&self) -> Value {
        self.expect(201)
    }

    /// The problem; panics where it is another one.
    pub(crate) fn problem(&self, status: u16, code: &str) -> Value {
        let problem = self.expect(status);
        assert_eq!(problem["code"], code, "{self:?}");
        problem
    }

    /// The names of the fields that were refused.
    pub(crate) fn refused(&self) -> Vec<String> {
        let problem = self.problem(422, "invalid");
        let errors = problem["errors"].as_array().cloned().unwrap_or_default();
        errors.iter().map(|error| error["field"].as_str().unwrap().to_owned()).collect()
    }
}
