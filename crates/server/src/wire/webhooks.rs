//! Webhooks on the wire.

use desk::webhooks::{Delivery, OVERLAP_HOURS, Webhook, WebhookPatch};
use domain::webhook::{Attempt, Disabled, Failure, State, rests};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// A webhook.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct WebhookResponse {
    /// Its id.
    pub id: Uuid,
    /// Where its events go.
    pub url: String,
    /// What it is for.
    pub description: String,
    /// The types of event that it wants; all public ones where there are none.
    pub event_types: Vec<String>,
    /// Whether its events come one after the other.
    pub ordered: bool,
    /// Whether it is told of anything.
    pub enabled: bool,
    /// Why it is not, where nobody disabled it: `gone` (it answered 410) or `failing` (for five days).
    pub disabled_reason: Option<String>,
    /// How many attempts in a row have failed.
    pub failures: i64,
    /// Since when none has worked.
    pub failing_since: Option<Timestamp>,
    /// Until when it is left alone, after five failures in a row; then one delivery is tried.
    pub resting_until: Option<Timestamp>,
    /// Until when the secret before the last one is good too.
    pub former_secret_until: Option<Timestamp>,
    /// How many deliveries wait.
    pub pending: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was changed, last.
    pub updated_at: Timestamp,
    /// The ETag.
    pub version: i64,
}

impl From<Webhook> for WebhookResponse {
    fn from(webhook: Webhook) -> Self {
        Self {
            id: webhook.id.0,
            url: webhook.url,
            description: webhook.description,
            event_types: webhook.event_types,
            ordered: webhook.ordered,
            enabled: webhook.enabled,
            disabled_reason: webhook.disabled_reason.map(Disabled::as_str).map(str::to_owned),
            failures: webhook.failures,
            failing_since: webhook.failing_since,
            resting_until: webhook.rest_until.filter(|_| webhook.enabled && rests(webhook.failures)),
            former_secret_until: webhook.former_until,
            pending: webhook.pending,
            created_at: webhook.created_at,
            updated_at: webhook.updated_at,
            version: webhook.version,
        }
    }
}

/// A webhook and its secret, which is shown this once.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct NewWebhookResponse {
    /// The webhook.
    pub webhook: WebhookResponse,
    /// What its receiver checks signatures with; begins with `whsec_`.
    pub secret: String,
}

/// A webhook to be made, or a change of one.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WebhookRequest {
    /// Where its events go: an `https` address of the public internet, or what the settings allow.
    #[schema(max_length = 2000)]
    pub url: Option<String>,
    /// What it is for.
    #[schema(max_length = 200)]
    pub description: Option<String>,
    /// The types of event that it wants, such as `task.created`; all public ones where there are none.
    pub event_types: Option<Vec<String>>,
    /// Whether its events come one after the other: what comes later waits until what came before was delivered or
    /// given up.
    pub ordered: Option<bool>,
    /// Whether it is told of anything.
    pub enabled: Option<bool>,
}

impl From<WebhookRequest> for WebhookPatch {
    fn from(request: WebhookRequest) -> Self {
        Self {
            url: request.url,
            description: request.description,
            event_types: request.event_types,
            ordered: request.ordered,
            enabled: request.enabled,
        }
    }
}

/// A type of event that webhooks are told of.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct EventTypeResponse {
    /// Its name, such as `task.created`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The kind of record that it is about, such as `task`.
    pub record: String,
}

/// How a webhook gets a new secret.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RotateRequest {
    /// For how many hours the secret that it has is good too; 0 ends it at once.
    #[schema(minimum = 0, maximum = 168, default = 24)]
    pub overlap_hours: Option<i64>,
}

impl RotateRequest {
    /// The hours.
    pub fn overlap_hours(&self) -> i64 {
        self.overlap_hours.unwrap_or(OVERLAP_HOURS)
    }
}

/// The delivery of a test event.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct TestResponse {
    /// Its id; it is among the deliveries in a moment.
    pub delivery_id: Uuid,
}

/// Which deliveries.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct DeliveryQuery {
    /// Only those that are `pending`, `delivered` or `failed`.
    pub state: Option<String>,
}

impl DeliveryQuery {
    /// Errors where the state is none.
    pub fn read(&self) -> Result<Option<State>, desk::Error> {
        let state = |name: &String| {
            let names: Vec<&str> = State::ALL.iter().map(|state| state.as_str()).collect();
            let wrong = || desk::Error::field("state", format!("must be one of {}", names.join(", ")));
            State::parse(name).ok_or_else(wrong)
        };
        self.state.as_ref().map(state).transpose()
    }
}

/// One event for one webhook.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct DeliveryResponse {
    /// Its id. The receiver knows it as `msg_` and the same without hyphens.
    pub id: Uuid,
    /// What happened.
    pub event_type: String,
    /// `pending`, `delivered` or `failed`.
    pub state: String,
    /// How often it was tried.
    pub attempts: i64,
    /// When it is tried next, if it is pending and the webhook is neither resting nor disabled.
    pub next_attempt_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was taken or given up, last.
    pub ended_at: Option<Timestamp>,
}

impl From<&Delivery> for DeliveryResponse {
    fn from(delivery: &Delivery) -> Self {
        Self {
            id: delivery.id.0,
            event_type: delivery.event_type.clone(),
            state: delivery.state.as_str().to_owned(),
            attempts: delivery.attempts,
            next_attempt_at: (delivery.state == State::Pending).then_some(delivery.due_at),
            created_at: delivery.created_at,
            ended_at: delivery.ended_at,
        }
    }
}

/// One attempt at a delivery.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct AttemptResponse {
    /// When it began.
    pub at: Timestamp,
    /// How long it took, in milliseconds.
    pub duration_ms: u64,
    /// The status of the answer, if there was one.
    pub status: Option<u16>,
    /// Why there was none: `refused_address`, `unknown_name`, `no_connection`, `bad_tls`, `timeout`,
    /// `broken_connection` or `unreadable_key`.
    pub failure: Option<String>,
    /// The beginning of what the receiver said.
    pub excerpt: String,
}

impl From<Attempt> for AttemptResponse {
    fn from(attempt: Attempt) -> Self {
        Self {
            at: attempt.at,
            duration_ms: u64::try_from(attempt.duration.as_millis()).unwrap_or(u64::MAX),
            status: attempt.answer.ok(),
            failure: attempt.answer.err().map(Failure::as_str).map(str::to_owned),
            excerpt: attempt.excerpt,
        }
    }
}

/// A delivery with what is sent and what came of it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct FullDeliveryResponse {
    /// The delivery.
    #[serde(flatten)]
    pub delivery: DeliveryResponse,
    /// What is sent: JSON with `type`, `timestamp` and `data`.
    pub body: String,
    /// The attempts, newest first, at most a hundred.
    pub tries: Vec<AttemptResponse>,
}

impl From<(Delivery, Vec<Attempt>)> for FullDeliveryResponse {
    fn from((delivery, attempts): (Delivery, Vec<Attempt>)) -> Self {
        Self {
            delivery: DeliveryResponse::from(&delivery),
            body: delivery.body,
            tries: attempts.into_iter().map(AttemptResponse::from).collect(),
        }
    }
}

/// Which deliveries are to be sent again: those that failed.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReplayRequest {
    /// Only those that were made at this moment or later.
    pub since: Option<Timestamp>,
    /// Has to be true where no moment is named.
    #[serde(default)]
    pub all: bool,
}

impl ReplayRequest {
    /// Since when. Errors where that is not clear.
    pub fn read(&self) -> Result<Option<Timestamp>, desk::Error> {
        if self.since.is_none() && !self.all {
            return Err(desk::Error::field(
                "all",
                "must be true to mean every delivery that failed; or say since when",
            ));
        }
        Ok(self.since)
    }
}

/// What is sent again.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ReplayResponse {
    /// How many deliveries.
    pub deliveries: u64,
}
