//! Webhooks, for who delivers: events become deliveries, deliveries are claimed, attempts are noted.

use std::fmt;
use std::sync::atomic::Ordering;
use std::time::Duration;

use domain::ids::{WebhookId, WorkspaceId};
use domain::webhook::{self, Attempt, Disabled, Next, State};
use domain::{Caller, Envelope, EventType, Via};
use jiff::{Span, Timestamp};
use serde::Serialize;
use store::webhooks::Claim;
use store::webhooks::deliveries::{self as rows, After, NewDelivery, Noted};
use store::{Scope, Tx};

use super::{Delivery, delivery_id, find, owner, save};
use crate::error::{Error, Result};
use crate::job::Job;
use crate::{Desk, UseCase};

/// How many webhooks of one workspace are delivered to at the same time, by all processes together.
const OF_ONE_WORKSPACE: i64 = 16;
/// How long a delivery that has ended is kept.
const KEPT_DAYS: i64 = 30;
/// How many deliveries are removed in one transaction.
const ROUND: i64 = 1000;

/// Whether webhooks may be told of this event.
pub fn concerns(event: &Envelope) -> bool {
    event.kind.is_public() || event.kind == EventType::WebhookTested
}

/// Whether a webhook with these `types` is told of this event.
fn wants(id: WebhookId, types: &[String], event: &Envelope) -> bool {
    match event.kind {
        EventType::WebhookTested => event.subject_id == id.0,
        kind => types.is_empty() || types.iter().any(|wanted| wanted == kind.as_str()),
    }
}

/// What a receiver gets, in the shape that the Standard Webhooks specification recommends.
#[derive(Serialize)]
struct Message<'e> {
    #[serde(rename = "type")]
    kind: &'static str,
    timestamp: Timestamp,
    data: &'e serde_json::Value,
}

fn message(event: &Envelope) -> Result<String> {
    let message = Message { kind: event.kind.as_str(), timestamp: event.occurred_at, data: &event.data };
    serde_json::to_string(&message)
        .map_err(|error| store::Error::Corrupt { what: "event", found: error.to_string() }.into())
}

/// Makes the deliveries of events, which are all of one workspace and partition, to every webhook that wants them. One
/// transaction; none where nobody wants any.
///
/// Errors with [`Error::Handled`] where the worker has lost the partition.
pub async fn accept(desk: &Desk, deliveries: Vec<crate::Delivery>) -> Result<()> {
    let Some((workspace, events)) = crate::Delivery::wants(&deliveries) else { return Ok(()) };
    let webhooks = desk
        .store
        .read(workspace, (), |tx, ()| Box::pin(async move { store::webhooks::enabled(tx).await }))
        .await?;
    let is_wanted = |event: &Envelope| webhooks.iter().any(|(id, types)| wants(*id, types, event));
    if !deliveries.iter().any(|delivery| is_wanted(&delivery.event)) {
        return Ok(());
    }
    desk.store
        .add(workspace, events, deliveries, |tx, deliveries| {
            Box::pin(async move {
                let fresh = crate::Delivery::take_all(tx, deliveries).await?;
                let webhooks = store::webhooks::enabled(tx).await?;
                let mut new = Vec::new();
                for event in fresh.into_iter().map(|delivery| &*delivery.event) {
                    let wanting = webhooks.iter().filter(|(id, types)| wants(*id, types, event));
                    let body = message(event)?;
                    new.extend(wanting.map(|(id, _)| NewDelivery {
                        id: delivery_id(*id, event.id),
                        webhook: *id,
                        event_type: event.kind.as_str(),
                        body: body.clone(),
                    }));
                }
                if !new.is_empty() {
                    rows::insert(tx, &new).await?;
                }
                Ok(())
            })
        })
        .await
}

/// The right to deliver to a webhook for a while, and what that needs.
pub struct Turn {
    claim: Claim,
    keys: Option<Vec<Vec<u8>>>,
}

impl Turn {
    /// The webhook.
    pub fn webhook(&self) -> WebhookId {
        self.claim.id
    }

    /// Its workspace.
    pub fn workspace(&self) -> WorkspaceId {
        self.claim.workspace
    }

    /// Where it leads.
    pub fn url(&self) -> &str {
        &self.claim.url
    }

    /// Whether deliveries go one after the other, and none past one that failed.
    pub fn is_ordered(&self) -> bool {
        self.claim.ordered
    }

    /// How many attempts have failed since one worked.
    pub fn failures(&self) -> i64 {
        self.claim.failures
    }

    /// Whether it has failed so often that one delivery is enough to see whether it works again.
    pub fn is_trial(&self) -> bool {
        webhook::rests(self.claim.failures)
    }

    /// The keys of the signatures; nothing where they were sealed by another installation's key.
    pub fn keys(&self) -> Option<&[Vec<u8>]> {
        self.keys.as_deref()
    }
}

impl fmt::Debug for Turn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Turn")
            .field("webhook", &self.claim.id)
            .field("fence", &self.claim.fence)
            .finish_non_exhaustive()
    }
}

/// How long it is, on the database's clock, until there is something to deliver; nothing where nothing waits.
pub async fn next_due(desk: &Desk) -> Result<Option<Duration>> {
    desk.store
        .read(Scope::System, (), |tx, ()| Box::pin(async move { Ok(store::webhooks::next_due(tx).await?) }))
        .await
}

/// Claims up to `limit` webhooks that have something to be delivered, for a lease that every note renews.
pub async fn claim(desk: &Desk, limit: i64) -> Result<Vec<Turn>> {
    let claims = desk
        .system(limit, |tx, limit| {
            Box::pin(async move { Ok(store::webhooks::claim(tx, *limit, OF_ONE_WORKSPACE).await?) })
        })
        .await?;
    let turn = |claim: Claim| {
        let open = |sealed: &Vec<u8>| desk.webhooks.vault.as_ref()?.open(&owner(claim.id), sealed);
        Turn { keys: claim.secrets.iter().map(open).collect(), claim }
    };
    Ok(claims.into_iter().map(turn).collect())
}

/// Up to `limit` deliveries that are to be sent in this turn, in their order.
pub async fn due(desk: &Desk, turn: &Turn, limit: i64) -> Result<Vec<Delivery>> {
    desk.store
        .read(turn.claim.workspace, (turn.claim.clone(), limit), |tx, (claim, limit)| {
            Box::pin(async move { Ok(rows::due(tx, claim, *limit).await?) })
        })
        .await
}

/// What became of a delivery by an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// The receiver took it.
    Delivered,
    /// It failed, and is tried again.
    Retried,
    /// It was given up.
    Failed,
}

impl Outcome {
    /// Every outcome.
    pub const ALL: [Self; 3] = [Self::Delivered, Self::Retried, Self::Failed];

    /// Its name in metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Retried => "retried",
            Self::Failed => "failed",
        }
    }
}

/// What follows from an attempt at a delivery.
fn follows(delivery: &Delivery, attempt: &Attempt) -> (After, Outcome) {
    match attempt.next(delivery.tried + 1) {
        Next::Done => (After::End(State::Delivered), Outcome::Delivered),
        Next::Wait(wait) => (After::Wait(webhook::jittered(wait, rand::random())), Outcome::Retried),
        Next::GiveUp | Next::Gone => (After::End(State::Failed), Outcome::Failed),
    }
}

/// Notes attempts at different deliveries of this turn, in the order in which they ended, and what follows from them. One
/// transaction; gives whether the turn may go on.
///
/// Errors with [`Error::Handled`] where somebody else has the webhook by now, or it is gone: then nothing is noted.
pub async fn note(desk: &Desk, turn: &Turn, attempts: Vec<(Delivery, Attempt)>) -> Result<bool> {
    let (mut noted, mut outcomes) = (Vec::new(), Vec::new());
    for (delivery, attempt) in attempts {
        let (after, outcome) = follows(&delivery, &attempt);
        noted.push(Noted { delivery: delivery.id, attempt, after });
        outcomes.push(outcome);
    }
    let caller = Caller::system(turn.claim.workspace, Via::Workers, desk.new_id());
    let goes_on = desk
        .write(&caller, UseCase::React, (turn.claim.clone(), noted), |tx, job| {
            Box::pin(async move {
                let (claim, noted) = &job.input;
                let failed = noted.iter().rev().take_while(|noted| !noted.attempt.succeeded()).count();
                let went = (failed < noted.len(), i64::try_from(failed).unwrap_or(i64::MAX));
                let (failures, since) = store::webhooks::keep(tx, claim, went, webhook::REST).await?;
                rows::note(tx, noted).await?;
                let failing = Duration::try_from(tx.now().duration_since(since)).unwrap_or_default();
                let reason = if noted.iter().any(|noted| noted.attempt.answer == Ok(410)) {
                    Some(Disabled::Gone)
                } else {
                    webhook::is_hopeless(failures, failing).then_some(Disabled::Failing)
                };
                if let Some(reason) = reason {
                    disable(tx, job, claim.id, reason).await?;
                }
                let stays = reason.is_none() && !webhook::rests(failures);
                Ok(stays && (failed == 0 || !claim.ordered))
            })
        })
        .await?;
    for outcome in outcomes {
        desk.webhooks.counts[outcome as usize].fetch_add(1, Ordering::Relaxed);
    }
    Ok(goes_on)
}

async fn disable<I>(tx: &mut Tx, job: &Job<I>, id: WebhookId, reason: Disabled) -> Result<()> {
    let mut webhook = find(tx, id).await?;
    // A member may have done so meanwhile.
    if !webhook.enabled {
        return Ok(());
    }
    (webhook.enabled, webhook.disabled_reason) = (false, Some(reason));
    save(tx, job, &mut webhook, EventType::WebhookDisabled, Vec::new()).await
}

/// Ends a turn, so that the webhook need not wait for its lease to run out.
pub async fn release(desk: &Desk, turn: &Turn) -> Result<()> {
    desk.store
        .write(turn.claim.workspace, turn.claim.clone(), |tx, claim| {
            Box::pin(async move { Ok::<_, Error>(store::webhooks::release(tx, claim).await?) })
        })
        .await
}

/// Removes deliveries that ended more than 30 days ago, and what is left of deleted webhooks; what waits stays.
pub async fn prune(desk: &Desk) -> Result<u64> {
    let mut all = 0;
    loop {
        let round = desk
            .system((), |tx, ()| {
                Box::pin(async move {
                    let before = tx.now().saturating_sub(Span::new().hours(24 * KEPT_DAYS));
                    let before = before.unwrap_or(Timestamp::MIN);
                    Ok(rows::prune(tx, before, ROUND).await?)
                })
            })
            .await?;
        all += round;
        if round == 0 {
            return Ok(all);
        }
    }
}

/// How many deliveries wait, in all workspaces.
pub async fn pending(desk: &Desk) -> Result<i64> {
    desk.store.read(Scope::System, (), |tx, ()| Box::pin(async move { Ok(rows::pending(tx).await?) })).await
}

/// How many attempts of this process had each outcome.
pub fn counts(desk: &Desk) -> [(Outcome, u64); Outcome::ALL.len()] {
    Outcome::ALL.map(|outcome| (outcome, desk.webhooks.counts[outcome as usize].load(Ordering::Relaxed)))
}
