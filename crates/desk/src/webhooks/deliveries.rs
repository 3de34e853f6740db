//! What was sent to a webhook, seen and sent again.

use domain::event::data;
use domain::ids::{DeliveryId, WebhookId};
use domain::webhook::{Attempt, State};
use domain::{Caller, EventType};
use jiff::Timestamp;
use store::Tx;
use store::webhooks::deliveries::{self as rows, Delivery};

use super::{Webhook, find, require_enabled, title};
use crate::error::{Error, Result};
use crate::job::Job;
use crate::{Desk, Page, Paging, UseCase};

/// How many deliveries one transaction touches.
const ROUND: i64 = 1000;

/// A page of what was sent to a webhook, or waits to be, newest first; of one state where one is named.
pub async fn deliveries(
    desk: &Desk,
    caller: &Caller,
    id: WebhookId,
    state: Option<State>,
    paging: Paging,
) -> Result<Page<Delivery>> {
    desk.read(caller, UseCase::ManageWebhooks, (id, state, paging), |tx, (id, state, paging)| {
        Box::pin(async move {
            find(tx, *id).await?;
            Ok(rows::list(tx, *id, *state, paging.limit, paging.cursor).await?)
        })
    })
    .await
}

/// One delivery to a webhook, and the attempts at it, newest first.
pub async fn delivery(
    desk: &Desk,
    caller: &Caller,
    id: WebhookId,
    delivery: DeliveryId,
) -> Result<(Delivery, Vec<Attempt>)> {
    desk.read(caller, UseCase::ManageWebhooks, (id, delivery), |tx, (id, delivery)| {
        Box::pin(async move {
            find(tx, *id).await?;
            let found = rows::get(tx, *id, *delivery).await?.ok_or(Error::NotFound("delivery"))?;
            let attempts = rows::attempts(tx, *delivery).await?;
            Ok((found, attempts))
        })
    })
    .await
}

/// Has one delivery sent again now, with all its attempts before it; one that waits is not waited for any longer.
///
/// Errors where the webhook is disabled.
pub async fn replay(desk: &Desk, caller: &Caller, id: WebhookId, delivery: DeliveryId) -> Result<Delivery> {
    desk.write(caller, UseCase::ManageWebhooks, (id, delivery), |tx, job| {
        Box::pin(async move {
            let (id, delivery) = job.input;
            let webhook = find(tx, id).await?;
            require_enabled(&webhook)?;
            if !rows::replay(tx, id, delivery).await? {
                return Err(Error::NotFound("delivery"));
            }
            record(tx, job, &webhook, 1).await?;
            rows::get(tx, id, delivery).await?.ok_or(Error::NotFound("delivery"))
        })
    })
    .await
}

/// Has every delivery that failed sent again; with `since`, those that were made then or later. Gives how many.
///
/// Errors where the webhook is disabled. Where it is cut short, it is simply asked for again.
pub async fn replay_failed(
    desk: &Desk,
    caller: &Caller,
    id: WebhookId,
    since: Option<Timestamp>,
) -> Result<u64> {
    let mut all = 0;
    loop {
        let round = desk
            .write(caller, UseCase::ManageWebhooks, (id, since), |tx, job| {
                Box::pin(async move {
                    let (id, since) = job.input;
                    let webhook = find(tx, id).await?;
                    require_enabled(&webhook)?;
                    let replayed = rows::replay_failed(tx, id, since, ROUND).await?;
                    if replayed > 0 {
                        record(tx, job, &webhook, i64::try_from(replayed).unwrap_or(i64::MAX)).await?;
                    }
                    Ok(replayed)
                })
            })
            .await?;
        all += round;
        if i64::try_from(round).is_ok_and(|round| round < ROUND) {
            return Ok(all);
        }
    }
}

async fn record<I>(tx: &mut Tx, job: &Job<I>, webhook: &Webhook, deliveries: i64) -> Result<()> {
    let snapshot = data::WebhookReplay { id: webhook.id.0, title: title(webhook), deliveries };
    let (kind, version) = (EventType::WebhookReplayed, webhook.version);
    job.record(tx, kind, webhook.id, version, snapshot, Vec::new()).await?;
    Ok(())
}
