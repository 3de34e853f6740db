//! Notifications that go out by mail.
//!
//! Each is claimed, sent, and noted as sent. A process that ends between the last two sends it again: with
//! the same Message-ID, by which mail programs recognise it.
//!
//! While the mail server is known to be away, no mail is claimed: its attempts are for what may work.

use std::sync::Arc;
use std::time::{Duration, Instant};

use channels::mail::{Mail, Mailer};
use desk::{Desk, notifications};
use domain::{Breaker, BreakerState};
use futures_util::{StreamExt, stream};
use store::Wake;
use tokio_util::sync::CancellationToken;
use tracing::{Instrument as _, Span, error, field, info, info_span, warn};

use crate::backoff;

/// How many mails are on their way at the same time; a claim lasts longer than sending may take.
const TOGETHER: usize = 4;
/// The longest sleep while a mail waits.
const LONGEST: Duration = Duration::from_secs(60);
/// How often a process looks by itself where a wake from another one may have been lost.
const BACKSTOP: Duration = Duration::from_secs(30);

/// How mail goes out.
#[derive(Clone)]
pub struct MailSettings {
    /// What sends it.
    pub mailer: Mailer,
    /// The address that links begin with, without a slash at the end.
    pub public_url: String,
    /// What is known of the server.
    pub breaker: Arc<Breaker>,
}

pub(crate) async fn run(desk: Desk, settings: MailSettings, shutdown: CancellationToken) {
    let mut wakes = desk.store().wakes();
    let mut attempt = 1;
    while !shutdown.is_cancelled() {
        wakes.drain(|_| true);
        let sleep = match look(&desk, &settings, &shutdown).await {
            Ok(next) => {
                attempt = 1;
                let backstop = (!desk.store().is_exclusive()).then_some(BACKSTOP);
                next.map(|next| next.min(LONGEST)).or(backstop)
            }
            Err(error) => {
                attempt += 1;
                if attempt == 2 {
                    warn!(
                        error = &error as &dyn std::error::Error,
                        "mails cannot be looked for; it is tried again"
                    );
                }
                Some(backoff(attempt))
            }
        };
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = wakes.until(|wake| wake == Wake::Mail) => {}
            () = tokio::time::sleep(sleep.unwrap_or_default()), if sleep.is_some() => {}
        }
    }
}

/// Sends everything that is due; gives how long it is until the next is, if one waits.
async fn look(
    desk: &Desk,
    settings: &MailSettings,
    shutdown: &CancellationToken,
) -> desk::Result<Option<Duration>> {
    loop {
        // Asked also where no mail waits, so that what is shown as away is what is away.
        if !is_there(settings).await {
            return Ok(Some(settings.breaker.wait(Instant::now())));
        }
        let next = notifications::next_mail(desk).await?;
        if next != Some(Duration::ZERO) || shutdown.is_cancelled() {
            return Ok(next);
        }
        let claimed = notifications::claim_mail(desk, i64::try_from(TOGETHER).unwrap_or(1)).await?;
        if claimed.is_empty() {
            return Ok(Some(Duration::from_secs(1)));
        }
        let results: Vec<desk::Result<()>> = stream::iter(claimed)
            .map(|mail| {
                let span = span(&mail);
                send(desk, settings, mail).instrument(span)
            })
            .buffer_unordered(TOGETHER)
            .collect()
            .await;
        for result in results {
            result?;
        }
    }
}

/// Whether the server may be sent to. One that was away is asked without a mail, now and then.
async fn is_there(MailSettings { mailer, breaker, .. }: &MailSettings) -> bool {
    if breaker.state() == BreakerState::Closed {
        return true;
    }
    if !breaker.allows(Instant::now()) {
        return false;
    }
    match mailer.reach().await {
        Ok(()) => {
            answered(breaker);
            true
        }
        Err(_) => {
            breaker.failed(Instant::now());
            false
        }
    }
}

/// The server did something for us, if only refuse a mail.
fn answered(breaker: &Breaker) {
    if breaker.succeeded() {
        info!("the mail server is there again");
    }
}

/// A mail on its way, which is a trace of its own: the notification may have waited for hours.
fn span(mail: &notifications::Mail) -> Span {
    let span = info_span!(
        "mail",
        otel.name = "send mail",
        otel.kind = "client",
        otel.status_code = field::Empty,
        notification.id = %mail.id,
        workspace.id = %mail.workspace,
        attempt = mail.attempt,
        trace_id = field::Empty,
    );
    trace::begin(&span, None);
    span
}

async fn send(desk: &Desk, settings: &MailSettings, claimed: notifications::Mail) -> desk::Result<()> {
    // Who is no longer active gets no mail.
    let Some(to) = &claimed.to else { return notifications::mail_done(desk, &claimed).await };
    let mail = Mail {
        name: to.name.clone(),
        address: to.email.clone(),
        subject: claimed.title.clone(),
        text: text(settings, &claimed),
        id: claimed.id.to_string(),
    };
    match settings.mailer.send(&mail).await {
        Ok(()) => {
            answered(&settings.breaker);
            notifications::mail_done(desk, &claimed).await
        }
        Err(error) => {
            if !error.is_away() {
                answered(&settings.breaker);
            } else if settings.breaker.failed(Instant::now()) {
                error!("the mail server is away; mails wait until it is back");
            }
            Span::current().record("otel.status_code", "ERROR");
            let again = notifications::mail_failed(desk, &claimed).await?;
            warn!(
                error = &error as &dyn std::error::Error,
                notification.id = %claimed.id,
                workspace.id = %claimed.workspace,
                attempt = claimed.attempt,
                again,
                "a mail could not be sent"
            );
            Ok(())
        }
    }
}

fn text(settings: &MailSettings, claimed: &notifications::Mail) -> String {
    let path = match (claimed.task, claimed.conversation) {
        (Some(task), _) => format!("/tasks/{task}"),
        (None, Some(conversation)) => format!("/inbox/{conversation}"),
        (None, None) => "/notifications".to_owned(),
    };
    let link = format!("{}{path}", settings.public_url);
    let parts = [claimed.title.as_str(), claimed.body.as_str(), link.as_str()];
    let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    parts.join("\n\n") + "\n"
}
