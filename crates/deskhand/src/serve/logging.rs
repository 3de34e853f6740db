//! The log: lines on stdout, for people or for a collector. No bodies and no secrets go in.
//!
//! What is logged on behalf of a request or an event carries their correlation id, and the trace's where there is one.

use std::fmt;
use std::io::IsTerminal as _;
use std::panic::PanicHookInfo;

use config::{Config, LogFormat, LogLevel};
use trace::Traces;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::field::RecordFields;
use tracing_subscriber::filter::{FilterExt as _, filter_fn};
use tracing_subscriber::fmt::format::{DefaultFields, Format, Json, Writer};
use tracing_subscriber::fmt::time::{FormatTime as _, SystemTime};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, FormattedFields};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _};

/// The crates whose entries the level is for. Of others only what may concern an operator is logged.
const OURS: [&str; 9] =
    ["deskhand", "server", "desk", "store", "bus", "workers", "hand", "channels", "trace"];

/// Whether an entry or a span is one of ours.
fn is_ours(metadata: &Metadata<'_>) -> bool {
    let name = metadata.target().split("::").next().unwrap_or_default();
    OURS.contains(&name)
}

/// Starts logging for the whole process, and its traces, where it sends any.
pub(super) fn start(config: &Config, traces: Option<&Traces>) {
    let level = config.log.level;
    let others = if level == LogLevel::Error { LogLevel::Error } else { LogLevel::Warn };
    let mut directives = vec![others.to_string()];
    directives.extend(OURS.iter().map(|ours| format!("{ours}={level}")));
    // What an entry belongs to is known at every level.
    let contexts =
        filter_fn(|metadata| metadata.is_span() && *metadata.level() <= Level::INFO && is_ours(metadata))
            .with_max_level_hint(Level::INFO);
    let lines = tracing_subscriber::fmt::layer()
        .with_ansi(std::io::stdout().is_terminal())
        .with_writer(std::io::stdout)
        .fmt_fields(Ids)
        .event_format(match config.log.format {
            LogFormat::Json => Lines::Json(Box::new(
                Format::default().json().flatten_event(true).with_current_span(false).with_span_list(false),
            )),
            LogFormat::Text => Lines::Text,
        })
        .with_filter(EnvFilter::new(directives.join(",")).or(contexts));
    // It fails only where there is a log already, and then that one goes on.
    let _ = tracing_subscriber::registry()
        .with(traces.map(|traces| traces.layer(is_ours)))
        .with(lines)
        .try_init();
    std::panic::set_hook(Box::new(panicked));
}

/// Of a span's fields only those that say what an entry in it belongs to, as `name=value` with a space before each.
struct Ids;

impl<'w> FormatFields<'w> for Ids {
    fn format_fields<R: RecordFields>(&self, writer: Writer<'w>, fields: R) -> fmt::Result {
        struct Found<'w>(Writer<'w>, fmt::Result);
        impl Visit for Found<'_> {
            fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
                if matches!(field.name(), "correlation_id" | "trace_id") && self.1.is_ok() {
                    self.1 = write!(self.0, " {}={value:?}", field.name());
                }
            }
        }
        let mut found = Found(writer, Ok(()));
        fields.record(&mut found);
        found.1
    }

    fn add_fields(
        &self,
        current: &'w mut FormattedFields<Self>,
        fields: &tracing::span::Record<'_>,
    ) -> fmt::Result {
        self.format_fields(current.as_writer(), fields)
    }
}

/// How an entry becomes a line.
enum Lines {
    Text,
    Json(Box<Format<Json>>),
}

impl<S> FormatEvent<S, Ids> for Lines
where
    S: Subscriber + for<'s> LookupSpan<'s>,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, Ids>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let ids = ids(context, event);
        match self {
            Self::Text => {
                text(writer.by_ref(), event)?;
                writeln!(writer, "{ids}")
            }
            Self::Json(lines) => {
                let mut line = String::new();
                lines.format_event(context, Writer::new(&mut line), event)?;
                writer.write_str(line.trim_end().strip_suffix('}').unwrap_or_default())?;
                for (name, value) in ids.split_whitespace().filter_map(|id| id.split_once('=')) {
                    write!(writer, ",\"{name}\":\"{value}\"")?;
                }
                writeln!(writer, "}}")
            }
        }
    }
}

/// What `event` belongs to, by the innermost span that says so.
fn ids<S>(context: &FmtContext<'_, S, Ids>, event: &Event<'_>) -> String
where
    S: Subscriber + for<'s> LookupSpan<'s>,
{
    let span = event.parent().and_then(|id| context.span(id)).or_else(|| context.lookup_current());
    let scope = span.into_iter().filter(|_| !event.is_root()).flat_map(|span| span.scope());
    let ids = scope.filter_map(|span| {
        span.extensions().get::<FormattedFields<Ids>>().map(|fields| fields.fields.clone())
    });
    ids.into_iter().find(|ids| !ids.is_empty()).unwrap_or_default()
}

/// The line without its end, as a person at a terminal reads it.
fn text(mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
    let metadata = event.metadata();
    let (dim, color, plain) = match (writer.has_ansi_escapes(), *metadata.level()) {
        (false, _) => ("", "", ""),
        (true, Level::ERROR) => ("\x1b[2m", "\x1b[31m", "\x1b[0m"),
        (true, Level::WARN) => ("\x1b[2m", "\x1b[33m", "\x1b[0m"),
        (true, Level::INFO) => ("\x1b[2m", "\x1b[32m", "\x1b[0m"),
        (true, _) => ("\x1b[2m", "\x1b[34m", "\x1b[0m"),
    };
    write!(writer, "{dim}")?;
    SystemTime.format_time(&mut writer)?;
    write!(writer, "{plain} {color}{:>5}{plain} {dim}{}:{plain} ", metadata.level(), metadata.target())?;
    DefaultFields::new().format_fields(writer, event)
}

/// Logs where a panic was. What it says may quote what somebody wrote, so only fixed texts are logged.
fn panicked(panic: &PanicHookInfo<'_>) {
    let place = panic.location().map(ToString::to_string).unwrap_or_default();
    let message = panic.payload().downcast_ref::<&'static str>().copied().unwrap_or("(not a fixed text)");
    tracing::error!(place, message, "a panic: this is a bug in Deskhand");
}
