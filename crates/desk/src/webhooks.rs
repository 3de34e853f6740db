//! Webhooks: addresses of other programs that are told of events.
//!
//! Here they are made, changed and tested; `sending` is for who delivers, `deliveries` for who looks at what was sent.

mod address;
mod deliveries;
mod sending;

use std::sync::atomic::AtomicU64;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::event::data::{self, Change};
use domain::ids::{DeliveryId, EventId, WebhookId};
use domain::{Caller, EventType, text};
use ipnet::IpNet;
use jiff::Span;
use rand::Rng;
use serde::{Deserialize, Serialize};
use store::Tx;
use uuid::Uuid;

use crate::error::{Check, Error, Result, require_version};
use crate::job::Job;
use crate::vault::Vault;
use crate::{Desk, UseCase};

pub use deliveries::{deliveries, delivery, replay, replay_failed};
pub use sending::{
    Outcome, Turn, accept, claim, concerns, counts, due, next_due, note, pending, prune, release,
};
pub use store::webhooks::Webhook;
pub use store::webhooks::deliveries::Delivery;

/// The most webhooks of a workspace.
const MOST: i64 = 100;
/// What the secret that a receiver is given begins with, by the specification.
const SECRET_PREFIX: &str = "whsec_";
/// How long the secret before a new one is good too where nothing is said, in hours, and at most.
pub const OVERLAP_HOURS: i64 = 24;
const OVERLAP_HOURS_MOST: i64 = 168;

/// What every clone of a desk shares about webhooks.
#[derive(Default)]
pub(crate) struct Shared {
    vault: Option<Vault>,
    allowed: Vec<IpNet>,
    counts: [AtomicU64; Outcome::ALL.len()],
}

impl Shared {
    pub(crate) fn new(key: &[u8], allowed: Vec<IpNet>) -> Self {
        Self { vault: Vault::new(key, "webhook secrets"), allowed, ..Self::default() }
    }
}

/// A webhook to be made, or a change of one: what is `None` stays, or is as usual.
#[derive(Debug, Clone, Default)]
pub struct WebhookPatch {
    /// Where its events go.
    pub url: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// The types of event that it wants; all public ones where there are none.
    pub event_types: Option<Vec<String>>,
    /// Whether its events come one after the other.
    pub ordered: Option<bool>,
    /// Whether it is told of anything.
    pub enabled: Option<bool>,
}

impl WebhookPatch {
    fn check(mut self, desk: &Desk) -> Result<Self> {
        let mut check = Check::new();
        if let Some(url) = &self.url {
            match address::check(url, &desk.webhooks.allowed) {
                Ok(url) => self.url = Some(url),
                Err(why) => check.refuse("url", why),
            }
        }
        if let Some(description) = self.description {
            self.description = Some(check.text("description", text::optional_line(&description, 200)));
        }
        if let Some(types) = &mut self.event_types {
            types.sort();
            types.dedup();
            let is_public = |text: &String| EventType::parse(text).is_some_and(EventType::is_public);
            if !types.iter().all(is_public) {
                check.refuse(
                    "event_types",
                    "must be types that webhooks are told of, such as task.created; leave it empty for all of them",
                );
            }
        }
        check.done()?;
        Ok(self)
    }

    fn onto(&self, webhook: &mut Webhook) {
        let patch = self.clone();
        if let Some(url) = patch.url {
            // Another receiver has not failed yet.
            if url != webhook.url {
                webhook.failures = 0;
            }
            webhook.url = url;
        }
        if let Some(description) = patch.description {
            webhook.description = description;
        }
        if let Some(types) = patch.event_types {
            webhook.event_types = types;
        }
        if let Some(ordered) = patch.ordered {
            webhook.ordered = ordered;
        }
        if let Some(enabled) = patch.enabled {
            if enabled && !webhook.enabled {
                webhook.failures = 0;
            }
            if enabled != webhook.enabled {
                webhook.disabled_reason = None;
            }
            webhook.enabled = enabled;
        }
    }
}

/// What people call it.
fn title(webhook: &Webhook) -> String {
    if webhook.description.is_empty() { address::origin(&webhook.url) } else { webhook.description.clone() }
}

fn snapshot(webhook: &Webhook) -> data::Webhook {
    data::Webhook {
        id: webhook.id.0,
        title: title(webhook),
        origin: address::origin(&webhook.url),
        event_types: webhook.event_types.clone(),
        ordered: webhook.ordered,
        enabled: webhook.enabled,
        disabled_reason: webhook.disabled_reason.map(|reason| reason.as_str().to_owned()),
    }
}

fn changes(before: &Webhook, after: &Webhook) -> Vec<Change> {
    let types = |webhook: &Webhook| match webhook.event_types.as_slice() {
        [] => "all".to_owned(),
        types => types.join(", "),
    };
    let yes = |is: bool| Some(if is { "yes" } else { "no" }.to_owned());
    let origins = |webhook: &Webhook| Some(address::origin(&webhook.url));
    let url = match Change::of("url", origins(before), origins(after)) {
        // What follows the host may be a secret.
        None if before.url != after.url => Some(Change { field: "url".to_owned(), from: None, to: None }),
        change => change,
    };
    let description = |webhook: &Webhook| Some(webhook.description.clone()).filter(|text| !text.is_empty());
    let all = [
        url,
        Change::of("description", description(before), description(after)),
        Change::of("event_types", Some(types(before)), Some(types(after))),
        Change::of("ordered", yes(before.ordered), yes(after.ordered)),
        Change::of("enabled", yes(before.enabled), yes(after.enabled)),
    ];
    all.into_iter().flatten().collect()
}

/// What a secret is sealed for.
fn owner(id: WebhookId) -> [u8; 16] {
    id.0.into_bytes()
}

/// A new secret: as it is sealed, and as the receiver is given it.
fn new_secret(desk: &Desk, id: WebhookId) -> Result<(Vec<u8>, String)> {
    let vault = desk.webhooks.vault.as_ref();
    let vault =
        vault.ok_or(store::Error::GivenUp("webhooks need the installation's key, which is not here"))?;
    let mut bytes = [0_u8; 32];
    rand::rng().fill_bytes(&mut bytes);
    Ok((vault.seal(&owner(id), &bytes)?, format!("{SECRET_PREFIX}{}", STANDARD.encode(bytes))))
}

/// All webhooks, oldest first.
pub async fn list(desk: &Desk, caller: &Caller) -> Result<Vec<Webhook>> {
    desk.read(caller, UseCase::ManageWebhooks, (), |tx, ()| {
        Box::pin(async move { Ok(store::webhooks::list(tx).await?) })
    })
    .await
}

/// The webhook of that id.
pub async fn get(desk: &Desk, caller: &Caller, id: WebhookId) -> Result<Webhook> {
    desk.read(caller, UseCase::ManageWebhooks, id, |tx, id| Box::pin(find(tx, *id))).await
}

async fn find(tx: &mut Tx, id: WebhookId) -> Result<Webhook> {
    store::webhooks::get(tx, id).await?.ok_or(Error::NotFound("webhook"))
}

/// That something with a secret was made. The secret cannot be read again, so it cannot be part of an answer that is
/// kept: a repeated request finds nothing here.
#[derive(Serialize, Deserialize)]
struct Made {
    #[serde(skip)]
    now: bool,
}

impl Made {
    fn shown_once(&self) -> Result<()> {
        if self.now {
            return Ok(());
        }
        let detail =
            "this request was made before, and the secret was shown then; give the webhook a new secret";
        Err(Error::conflict("shown_once", detail))
    }
}

/// Makes a webhook; gives it and its secret, which is shown this once.
///
/// Errors: fields that cannot be accepted; there are too many; the caller's idempotency key made one before.
pub async fn create(desk: &Desk, caller: &Caller, patch: WebhookPatch) -> Result<(Webhook, String)> {
    crate::authority::require(caller, UseCase::ManageWebhooks)?;
    if patch.url.is_none() {
        return Err(Error::field("url", "must not be empty"));
    }
    let patch = patch.check(desk)?;
    let id = WebhookId(desk.new_id());
    let (sealed, secret) = new_secret(desk, id)?;
    let made: Made = desk
        .create(caller, UseCase::ManageWebhooks, (id, patch, sealed), |tx, job| {
            Box::pin(async move {
                let (id, patch, sealed) = &job.input;
                if store::webhooks::count(tx).await? >= MOST {
                    let detail =
                        format!("there are {MOST} webhooks, and no more are allowed; delete one first");
                    return Err(Error::conflict("too_many_webhooks", detail));
                }
                let mut webhook = Webhook {
                    id: *id,
                    url: String::new(),
                    description: String::new(),
                    event_types: Vec::new(),
                    ordered: false,
                    enabled: true,
                    disabled_reason: None,
                    former_until: None,
                    failures: 0,
                    failing_since: None,
                    rest_until: None,
                    pending: 0,
                    created_at: tx.now(),
                    updated_at: tx.now(),
                    version: 1,
                };
                patch.onto(&mut webhook);
                store::webhooks::insert(tx, &webhook, sealed).await?;
                job.record(tx, EventType::WebhookCreated, *id, 1, snapshot(&webhook), Vec::new()).await?;
                Ok(Made { now: true })
            })
        })
        .await?;
    made.shown_once()?;
    Ok((get(desk, caller, id).await?, secret))
}

/// Writes `webhook`, which was read at the version before, and records that `kind` happened to it.
async fn save<I>(
    tx: &mut Tx,
    job: &Job<I>,
    webhook: &mut Webhook,
    kind: EventType,
    changes: Vec<Change>,
) -> Result<()> {
    let found = webhook.version;
    webhook.version += 1;
    if !store::webhooks::update(tx, webhook).await? {
        return Err(Error::Stale { kind: "webhook", version: found });
    }
    job.record(tx, kind, webhook.id, webhook.version, snapshot(webhook), changes).await?;
    Ok(())
}

/// Changes a webhook; with `expected`, only if it is still at one of those versions. One that is enabled again, or
/// leads elsewhere, is tried at once.
pub async fn update(
    desk: &Desk,
    caller: &Caller,
    id: WebhookId,
    patch: WebhookPatch,
    expected: Option<Vec<i64>>,
) -> Result<Webhook> {
    crate::authority::require(caller, UseCase::ManageWebhooks)?;
    let patch = patch.check(desk)?;
    desk.write(caller, UseCase::ManageWebhooks, (id, patch, expected), |tx, job| {
        Box::pin(async move {
            let (id, patch, expected) = &job.input;
            let mut webhook = find(tx, *id).await?;
            require_version(expected.as_deref(), "webhook", webhook.version)?;
            let before = webhook.clone();
            patch.onto(&mut webhook);
            let changes = changes(&before, &webhook);
            save(tx, job, &mut webhook, EventType::WebhookUpdated, changes).await?;
            find(tx, *id).await
        })
    })
    .await
}

/// Deletes a webhook; what waits for it is not sent any more.
pub async fn delete(desk: &Desk, caller: &Caller, id: WebhookId, expected: Option<Vec<i64>>) -> Result<()> {
    desk.write(caller, UseCase::ManageWebhooks, (id, expected), |tx, job| {
        Box::pin(async move {
            let (id, expected) = &job.input;
            let webhook = find(tx, *id).await?;
            require_version(expected.as_deref(), "webhook", webhook.version)?;
            store::webhooks::delete(tx, *id).await?;
            let (kind, version) = (EventType::WebhookDeleted, webhook.version + 1);
            job.record(tx, kind, *id, version, snapshot(&webhook), Vec::new()).await?;
            Ok(())
        })
    })
    .await
}

/// Gives a webhook a new secret, which is shown this once. The one it had is good too for `overlap_hours`; one before
/// that is not any more.
///
/// Errors: a time that is too long; the caller's idempotency key did this before.
pub async fn rotate(
    desk: &Desk,
    caller: &Caller,
    id: WebhookId,
    overlap_hours: i64,
) -> Result<(Webhook, String)> {
    crate::authority::require(caller, UseCase::ManageWebhooks)?;
    if !(0..=OVERLAP_HOURS_MOST).contains(&overlap_hours) {
        return Err(Error::field("overlap_hours", format!("must be 0 to {OVERLAP_HOURS_MOST}")));
    }
    let (sealed, secret) = new_secret(desk, id)?;
    let made: Made = desk
        .create(caller, UseCase::ManageWebhooks, (id, sealed, overlap_hours), |tx, job| {
            Box::pin(async move {
                let (id, sealed, hours) = &job.input;
                let webhook = find(tx, *id).await?;
                let until = tx.now().saturating_add(Span::new().hours(*hours)).unwrap_or(tx.now());
                let version = webhook.version + 1;
                if !store::webhooks::rotate(tx, *id, sealed, until, version).await? {
                    return Err(Error::Stale { kind: "webhook", version: webhook.version });
                }
                job.record(tx, EventType::WebhookRotated, *id, version, snapshot(&webhook), Vec::new())
                    .await?;
                Ok(Made { now: true })
            })
        })
        .await?;
    made.shown_once()?;
    Ok((get(desk, caller, id).await?, secret))
}

/// Has a test event delivered to a webhook, on the way that all events take. Gives the delivery, which is there soon.
///
/// Errors where the webhook is disabled.
pub async fn test(desk: &Desk, caller: &Caller, id: WebhookId) -> Result<DeliveryId> {
    desk.write(caller, UseCase::ManageWebhooks, id, |tx, job| {
        Box::pin(async move {
            let webhook = find(tx, job.input).await?;
            require_enabled(&webhook)?;
            let (kind, version) = (EventType::WebhookTested, webhook.version);
            let event = job.record(tx, kind, webhook.id, version, snapshot(&webhook), Vec::new()).await?;
            Ok(delivery_id(webhook.id, event))
        })
    })
    .await
}

fn require_enabled(webhook: &Webhook) -> Result<()> {
    if webhook.enabled {
        return Ok(());
    }
    let detail = "the webhook is disabled, so nothing is sent to it; enable it first";
    Err(Error::conflict("webhook_disabled", detail))
}

/// The delivery of an event to a webhook is the same, whoever makes it and however often.
fn delivery_id(webhook: WebhookId, event: EventId) -> DeliveryId {
    DeliveryId(Uuid::new_v5(&webhook.0, event.0.as_bytes()))
}
