//! The group `hand`: brings what customers write to the answering agent.

use std::sync::Arc;
use std::time::Duration;

use bus::{Delivery, HandleError, Handler};
use config::Config;
use desk::Desk;
use domain::{Clock, Envelope, EventType, SystemClock, Topic};
use futures_util::future::BoxFuture;
use hand::{Hand, Model, OpenAi, OpenAiOptions};
use server::{Health, Metrics};

use crate::failure::{Failure, Outcome};

/// The hand's handler. Idempotent by the event's id: what is posted carries the ledger's row with it.
struct Answerer {
    hand: Hand,
    desk: Desk,
    metrics: Metrics,
}

/// The hand, with the model that the settings name.
pub(super) fn handler(
    config: &Config,
    desk: &Desk,
    health: &Health,
    metrics: &Metrics,
) -> Outcome<Arc<dyn Handler>> {
    let model = match &config.model.url {
        None => None,
        Some(url) => {
            let options = OpenAiOptions {
                url: url.as_str().to_owned(),
                name: config.model.name.clone().unwrap_or_default(),
                key: config.model.key.as_ref().map(|key| key.expose().to_owned()),
                timeout: Duration::from_secs(config.model.timeout_secs),
            };
            let model =
                OpenAi::new(options).map_err(|error| Failure::because("the model cannot be used", &error))?;
            Some(Arc::new(model) as Arc<dyn Model>)
        }
    };
    let hand = Hand::new(model);
    if let Some(breaker) = hand.breaker() {
        health.watch(breaker);
    }
    Ok(Arc::new(Answerer { hand, desk: desk.clone(), metrics: metrics.clone() }))
}

impl Handler for Answerer {
    fn group(&self) -> &'static str {
        "hand"
    }

    fn topics(&self) -> &'static [Topic] {
        &[Topic::ConversationsIncoming]
    }

    fn wants(&self, event: &Envelope) -> bool {
        event.kind == EventType::MessageReceived
    }

    fn handle<'a>(&'a self, deliveries: &'a [Delivery]) -> BoxFuture<'a, Result<(), HandleError>> {
        Box::pin(async move {
            for delivery in deliveries {
                let answered = hand::answer(&self.hand, &self.desk, delivery).await;
                if matches!(answered, Ok(true)) {
                    let waited = SystemClock.now().duration_since(delivery.event.occurred_at);
                    self.metrics.answered(waited.try_into().unwrap_or_default());
                }
                workers::outcome(answered.map(|_| ()))?;
            }
            Ok(())
        })
    }
}
