//! The log: lines on stdout, for people or for a collector. No bodies and no secrets go in.

use std::io::IsTerminal as _;
use std::panic::PanicHookInfo;

use config::{Config, LogFormat, LogLevel};
use tracing_subscriber::EnvFilter;

/// The crates whose entries the level is for. Of others only what may concern an operator is logged.
const OURS: [&str; 8] = ["deskhand", "server", "desk", "store", "bus", "workers", "hand", "channels"];

/// Starts logging for the whole process.
pub(super) fn start(config: &Config) {
    let level = config.log.level;
    let others = if level == LogLevel::Error { LogLevel::Error } else { LogLevel::Warn };
    let mut directives = vec![others.to_string()];
    directives.extend(OURS.iter().map(|ours| format!("{ours}={level}")));
    let builder = tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new(directives.join(",")))
        .with_ansi(std::io::stdout().is_terminal())
        .with_writer(std::io::stdout);
    // It fails only where there is a log already, and then that one goes on.
    let _ = match config.log.format {
        LogFormat::Json => builder.json().flatten_event(true).with_current_span(false).try_init(),
        LogFormat::Text => builder.try_init(),
    };
    std::panic::set_hook(Box::new(panicked));
}

/// Logs where a panic was. What it says may quote what somebody wrote, so only fixed texts are logged.
fn panicked(panic: &PanicHookInfo<'_>) {
    let place = panic.location().map(ToString::to_string).unwrap_or_default();
    let message = panic.payload().downcast_ref::<&'static str>().copied().unwrap_or("(not a fixed text)");
    tracing::error!(place, message, "a panic: this is a bug in Deskhand");
}
