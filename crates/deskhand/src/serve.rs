//! `serve`: runs the roles of this process from the settings to the last commit.
//!
//! This is the wiring and nothing else: what the parts do is theirs to know.

mod demo;
mod drain;
mod front;
mod hand;
mod key;
mod listen;
mod logging;

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::serve::ListenerExt as _;
use bus::{Bus, Handler, Live};
use channels::mail::Mailer;
use channels::webhooks::{self, SystemNames};
use config::{Config, Group, Role, SecretKey};
use desk::Desk;
use domain::{Breaker, SystemClock, SystemIds};
use server::{App, Health, Metrics};
use store::Store;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use trace::Traces;
use tracing::info;
use workers::{MailSettings, WorkersOptions};

use crate::args::Serve;
use crate::database;
use crate::failure::{Failure, Outcome, chain};
use crate::output::note;
use crate::signals::Signals;

/// How many threads run the asynchronous work. Waiting is most of it; the databases have threads of their own.
const THREADS: usize = 2;
/// The most threads for what would hold up the others, such as hashing passwords and asking name servers.
const BLOCKING_THREADS: usize = 40;

/// Runs until SIGTERM or SIGINT.
pub(crate) fn run(args: &Serve, settings: Option<PathBuf>) -> Outcome {
    let config = load(args, settings)?;
    let traces = traces(&config)?;
    logging::start(&config, traces.as_ref());
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(THREADS)
        .max_blocking_threads(BLOCKING_THREADS)
        .enable_all()
        .build()
        .map_err(|error| Failure::because("the program cannot start", &error))?;
    let outcome = runtime.block_on(serve(args, &config, traces));
    // What did not end in time is not waited for.
    runtime.shutdown_background();
    outcome
}

/// The traces that this process sends, if it does.
fn traces(config: &Config) -> Outcome<Option<Traces>> {
    let Some(endpoint) = &config.otlp.endpoint else { return Ok(None) };
    let options = trace::Options {
        endpoint: endpoint.as_str().to_owned(),
        ratio: config.trace.ratio,
        version: env!("CARGO_PKG_VERSION"),
        roles: roles(config),
    };
    let traces = Traces::start(&options);
    Ok(Some(traces.map_err(|error| Failure::because("traces cannot be sent", &error))?))
}

fn roles(config: &Config) -> String {
    config.roles.iter().map(|role| role.as_str()).collect::<Vec<_>>().join(",")
}

fn load(args: &Serve, settings: Option<PathBuf>) -> Outcome<Config> {
    let mut sources = database::sources(settings);
    let flags = [
        ("data_dir", &args.place.data_dir),
        ("listen", &args.listen),
        ("database_url", &args.place.database_url),
        ("bus_url", &args.bus),
        ("roles", &args.roles),
        ("groups", &args.groups),
    ];
    for (key, value) in flags {
        if let Some(value) = value {
            sources = sources.flag(key, value);
        }
    }
    let config = Config::load(sources)?;
    if args.demo && config.roles.len() < Role::ALL.len() {
        return Err(Failure::Usage(
            "--demo shows the whole desk and needs every role in this process: leave roles out".to_owned(),
        ));
    }
    Ok(config)
}

/// What sends traces; it goes on until everything else has ended.
struct TraceSender {
    stop: CancellationToken,
    tasks: JoinSet<()>,
}

impl TraceSender {
    fn start(traces: Option<Traces>) -> Self {
        let stop = CancellationToken::new();
        let mut tasks = JoinSet::new();
        if let Some(traces) = traces {
            tasks.spawn(traces.run(stop.clone()));
        }
        Self { stop, tasks }
    }

    /// Sends what is left.
    async fn end(mut self) {
        self.stop.cancel();
        while self.tasks.join_next().await.is_some() {}
    }
}

/// What a process has open while it serves.
struct Running {
    /// Nothing where only the page is served.
    desk: Option<Desk>,
    health: Health,
    metrics: Metrics,
    shutdown: CancellationToken,
    /// Ends the listeners.
    close: CancellationToken,
    /// Listeners, and what keeps the server's memory true.
    tasks: JoinSet<()>,
    workers: Option<workers::Workers>,
}

async fn serve(args: &Serve, config: &Config, traces: Option<Traces>) -> Outcome {
    let mut signals = Signals::new()?;
    let begun = tokio::time::Instant::now();
    // The address comes first: that somebody else has it is quickly said, before anything was touched.
    let serves = config.roles.contains(&Role::Api) || config.is_front();
    let listener = if serves { Some(listen::bind("listen", config.listen).await?) } else { None };
    let management = match config.management_listen {
        Some(address) => Some(listen::bind("management_listen", address).await?),
        None => None,
    };
    let address = listener.as_ref().and_then(|listener| listener.local_addr().ok());
    let sender = TraceSender::start(traces);
    let listeners = Listeners { all: listener, management };
    let running = if config.uses_database() {
        let key = key::ensure(config)?;
        tokio::select! {
            running = start(config, &key, listeners) => running?,
            () = signals.first() => return Ok(()),
        }
    } else {
        front::start(config, listeners)?
    };
    running.health.set_started();
    let ready_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
    info!(ready_ms, roles = roles(config), version = env!("CARGO_PKG_VERSION"), "Deskhand is ready");
    tokio::select! {
        welcomed = welcome(args, config, &running, address) => {
            welcomed?;
            signals.first().await;
        }
        () = signals.first() => {}
    }
    info!("Deskhand ends: what is in flight is finished first; a second signal ends it at once");
    drain::drain(running, sender, signals, config.shutdown.drain_secs).await;
    Ok(())
}

/// Where a process is spoken to.
struct Listeners {
    all: Option<TcpListener>,
    management: Option<TcpListener>,
}

fn metrics() -> Outcome<Metrics> {
    Metrics::new(env!("CARGO_PKG_VERSION"))
        .map_err(|error| Failure::because("the metrics cannot be set up", &error))
}

/// Opens the database and starts everything that the roles ask for.
async fn start(config: &Config, key: &SecretKey, listeners: Listeners) -> Outcome<Running> {
    let location = database::location(config);
    database::require_whole(&location)?;
    let store = Store::open(database::options(config, true)).await?;
    let desk = Desk::new(store.clone(), Arc::new(SystemClock), Arc::new(SystemIds))
        .with_webhooks(key.expose(), config.webhooks.allowed_networks.clone());
    let bus = crate::events::open(config, store).await?;
    bus.settle().await?;
    let live = bus.live().await?;
    let health = Health::default();
    if let Some(breaker) = bus.breaker() {
        health.watch(breaker);
    }
    let metrics = metrics()?;
    let (shutdown, close) = (CancellationToken::new(), CancellationToken::new());
    let app = App::new(
        server_options(config),
        desk.clone(),
        bus.clone(),
        live.clone(),
        health.clone(),
        metrics.clone(),
    );
    let mut tasks = JoinSet::new();
    if let Some(listener) = listeners.all {
        if config.is_front() {
            let front = front::new(config, &health, &metrics)?;
            listen_for(&mut tasks, listener, server::front_router(front.clone()), &close);
            tasks.spawn(async move { front.keep().await });
        } else {
            listen_for(&mut tasks, listener, server::router(app.clone()), &close);
            keep_live(&mut tasks, live, &shutdown);
        }
    }
    if let Some(management) = listeners.management {
        listen_for(&mut tasks, management, server::management_router(app.clone()), &close);
    }
    tasks.spawn(async move { app.keep().await });
    let workers = workers::start(workers_options(config, &desk, bus, &health, &metrics)?, &shutdown);
    let (desk, workers) = (Some(desk), Some(workers));
    Ok(Running { desk, health, metrics, shutdown, close, tasks, workers })
}

fn keep_live(tasks: &mut JoinSet<()>, live: Live, shutdown: &CancellationToken) {
    let shutdown = shutdown.clone();
    tasks.spawn(async move { live.run(shutdown).await });
}

/// Serves `router` at `listener` until `close`; then takes no more, and finishes what has begun.
fn listen_for(tasks: &mut JoinSet<()>, listener: TcpListener, router: Router, close: &CancellationToken) {
    let close = close.clone().cancelled_owned();
    // An answer is one write and has nothing to wait for.
    let listener = listener.tap_io(|stream| {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(error = &error as &dyn std::error::Error, "a connection may be slow");
        }
    });
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    tasks.spawn(async move {
        if let Err(error) = axum::serve(listener, service).with_graceful_shutdown(close).await {
            tracing::error!(error = &error as &dyn std::error::Error, "the listener failed");
        }
    });
}

/// Whether people come by TLS.
fn is_secure(config: &Config) -> bool {
    config.public_url.as_ref().is_some_and(config::WebUrl::is_https)
}

fn trusted_proxies(config: &Config) -> Vec<server::Network> {
    let networks = config.trusted_proxies.iter();
    networks.map(|network| server::Network::new(network.addr(), network.prefix_len())).collect()
}

fn body_bytes(config: &Config) -> usize {
    usize::try_from(config.limits.body_bytes).unwrap_or(usize::MAX)
}

fn server_options(config: &Config) -> server::Options {
    let limits = &config.limits;
    server::Options {
        public_url: config.public_url.as_ref().map(|url| url.as_str().to_owned()),
        secure: is_secure(config),
        trusted_proxies: trusted_proxies(config),
        body_bytes: body_bytes(config),
        requests_per_minute: limits.requests_per_minute,
        visitor_messages_per_minute: limits.visitor_messages_per_minute,
        sign_in_per_minute: limits.sign_in_per_minute,
    }
}

fn workers_options(
    config: &Config,
    desk: &Desk,
    bus: Bus,
    health: &Health,
    metrics: &Metrics,
) -> Outcome<WorkersOptions> {
    let counted = metrics.clone();
    let mut groups = BTreeSet::new();
    let mut handlers: Vec<Arc<dyn Handler>> = Vec::new();
    if config.roles.contains(&Role::Workers) {
        for group in &config.groups {
            match group {
                Group::Recurring => _ = groups.insert(workers::Group::Recurring),
                Group::Notify => _ = groups.insert(workers::Group::Notify),
                Group::Audit => _ = groups.insert(workers::Group::Audit),
                Group::Hand => handlers.push(hand::handler(config, desk, health, metrics)?),
                Group::Webhooks => _ = groups.insert(workers::Group::Webhooks),
                // Live updates are told by every process that serves pages.
                Group::Live => {}
            }
        }
    }
    Ok(WorkersOptions {
        desk: desk.clone(),
        bus,
        groups,
        handlers,
        clock: config.roles.contains(&Role::Clock),
        late: Arc::new(move |late| counted.reminded(late)),
        relay: config.roles.contains(&Role::Relay),
        mail: mail(config, health)?,
        webhooks: Some(webhooks::Sender::new(
            config.webhooks.allowed_networks.clone(),
            Arc::new(SystemNames::default()),
        )),
    })
}

fn mail(config: &Config, health: &Health) -> Outcome<Option<MailSettings>> {
    let (Some(url), Some(from)) = (&config.smtp.url, &config.smtp.from) else { return Ok(None) };
    let mailer = Mailer::new(url.expose(), from)
        .map_err(|error| Failure::Usage(format!("mail cannot be sent: {}", chain(&error))))?;
    let breaker = Arc::new(Breaker::new("mail"));
    // What a process does not do, it knows nothing of.
    if config.roles.contains(&Role::Workers) && config.groups.contains(&Group::Notify) {
        health.watch(Arc::clone(&breaker));
    }
    Ok(Some(MailSettings { mailer, public_url: database::public_url(config), breaker }))
}

/// Tells the person at the terminal where the desk is, and how the first owner comes in.
async fn welcome(args: &Serve, config: &Config, running: &Running, address: Option<SocketAddr>) -> Outcome {
    let Some(address) = address else {
        note("Deskhand runs; this process serves no pages");
        return Ok(());
    };
    let url = match &config.public_url {
        Some(url) => url.as_str().to_owned(),
        None => listen::url(address),
    };
    note(&format!("Deskhand is ready at {url}"));
    let Some(desk) = &running.desk else { return Ok(()) };
    if args.demo {
        demo::fill(desk, &url).await?;
    }
    if let Some(token) = desk::workspaces::setup_token(desk).await? {
        note(&format!(
            "Make the first owner with this link. It works once, for a day:\n\n    {url}/setup#{token}\n"
        ));
    }
    Ok(())
}
