//! What can be typed after `webhooks`.

use clap::{Args as Arguments, Subcommand};
use uuid::Uuid;

/// Commands of `webhooks`.
#[derive(Debug, Subcommand)]
pub(crate) enum WebhooksCommand {
    /// List them, each with how it stands
    List,
    /// Make one; its secret is printed this once
    Add(WebhookAdd),
    /// Change one
    Change(WebhookChange),
    /// Remove one, with what waits for it
    Remove(WebhookRemove),
    /// Give one a new secret, which is printed this once; the one it has stays good for a while
    Rotate(WebhookRotate),
    /// Have a test event delivered to one
    Test(WebhookOne),
    /// List what one was sent, the newest first; or show one delivery with its attempts
    Deliveries(WebhookDeliveries),
    /// Have deliveries sent again: one, or those that failed
    Replay(WebhookReplay),
}

/// What a webhook is.
#[derive(Debug, Arguments)]
pub(crate) struct WebhookFields {
    /// What it is for
    #[arg(long, value_name = "TEXT")]
    pub(crate) description: Option<String>,
    /// A type of event that it wants, such as task.created; give it more than once for more
    #[arg(long, value_name = "TYPE")]
    pub(crate) event_type: Vec<String>,
    /// Every type of event there is for webhooks
    #[arg(long, conflicts_with = "event_type")]
    pub(crate) all_events: bool,
    /// Whether its events come one after the other
    #[arg(long, value_name = "YES")]
    pub(crate) ordered: Option<bool>,
    /// Whether it is told of anything
    #[arg(long, value_name = "YES")]
    pub(crate) enabled: Option<bool>,
}

/// Arguments of `webhooks add`.
#[derive(Debug, Arguments)]
pub(crate) struct WebhookAdd {
    /// Where its events go
    pub(crate) url: String,
    /// What it is
    #[command(flatten)]
    pub(crate) fields: WebhookFields,
}

/// Arguments of `webhooks change`.
#[derive(Debug, Arguments)]
pub(crate) struct WebhookChange {
    /// Its id
    pub(crate) id: Uuid,
    /// Where its events go
    #[arg(long)]
    pub(crate) url: Option<String>,
    /// What it is
    #[command(flatten)]
    pub(crate) fields: WebhookFields,
}

/// Arguments of `webhooks remove`.
#[derive(Debug, Arguments)]
pub(crate) struct WebhookRemove {
    /// Its id
    pub(crate) id: Uuid,
    /// Do not ask first
    #[arg(long)]
    pub(crate) yes: bool,
}

/// Arguments of `webhooks rotate`.
#[derive(Debug, Arguments)]
pub(crate) struct WebhookRotate {
    /// Its id
    pub(crate) id: Uuid,
    /// For how many hours the secret that it has is good too; 0 ends it at once
    #[arg(long, default_value_t = 24, value_parser = clap::value_parser!(u8).range(0..=168), value_name = "N")]
    pub(crate) overlap_hours: u8,
}

/// Which webhook.
#[derive(Debug, Arguments)]
pub(crate) struct WebhookOne {
    /// Its id
    pub(crate) id: Uuid,
}

/// Arguments of `webhooks deliveries`.
#[derive(Debug, Arguments)]
pub(crate) struct WebhookDeliveries {
    /// The webhook's id
    pub(crate) id: Uuid,
    /// Only this one, with what is sent and every attempt
    pub(crate) delivery: Option<Uuid>,
    /// Only those that are pending, delivered or failed
    #[arg(long, value_parser = ["pending", "delivered", "failed"])]
    pub(crate) state: Option<String>,
    /// How many at most
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u8).range(1..=200))]
    pub(crate) limit: u8,
}

/// Arguments of `webhooks replay`.
#[derive(Debug, Arguments)]
pub(crate) struct WebhookReplay {
    /// The webhook's id
    pub(crate) id: Uuid,
    /// This one, whatever became of it
    pub(crate) delivery: Option<Uuid>,
    /// Those that failed, of which the events are from this moment or later, such as 2026-01-31T09:00:00Z
    #[arg(long, value_name = "TIME", conflicts_with = "delivery")]
    pub(crate) since: Option<jiff::Timestamp>,
    /// Every one that failed
    #[arg(long, conflicts_with = "delivery", required_unless_present_any = ["delivery", "since"])]
    pub(crate) all: bool,
}
