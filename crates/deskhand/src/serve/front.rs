//! A process that serves the page and leaves everything else to an api elsewhere: it opens no database and no bus, and
//! needs no key.

use std::sync::Arc;

use config::Config;
use domain::SystemIds;
use server::{Front, FrontOptions, Health, Metrics};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::{Listeners, Running};
use crate::failure::{Failure, Outcome};

/// What passes requests on to the api.
pub(super) fn new(config: &Config, health: &Health, metrics: &Metrics) -> Outcome<Front> {
    let api_url = config.api_url.as_ref().map(|url| url.as_str().to_owned()).unwrap_or_default();
    let options = FrontOptions {
        api_url,
        secure: super::is_secure(config),
        trusted_proxies: super::trusted_proxies(config),
        body_bytes: super::body_bytes(config),
    };
    Front::new(options, Arc::new(SystemIds), health.clone(), metrics.clone())
        .map_err(|error| Failure::because("the page cannot be served", &error))
}

/// Starts what serves the page, and nothing else.
pub(super) fn start(config: &Config, listeners: Listeners) -> Outcome<Running> {
    let (health, metrics) = (Health::default(), super::metrics()?);
    let front = new(config, &health, &metrics)?;
    let (shutdown, close) = (CancellationToken::new(), CancellationToken::new());
    let mut tasks = JoinSet::new();
    if let Some(listener) = listeners.all {
        super::listen_for(&mut tasks, listener, server::front_router(front.clone()), &close);
    }
    if let Some(management) = listeners.management {
        super::listen_for(&mut tasks, management, server::front_management_router(front.clone()), &close);
    }
    tasks.spawn(async move { front.keep().await });
    Ok(Running { desk: None, health, metrics, shutdown, close, tasks, workers: None })
}
