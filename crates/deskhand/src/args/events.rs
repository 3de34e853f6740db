//! What can be typed after `events`.

use clap::{Args as Arguments, Subcommand};

/// Commands of `events`.
#[derive(Debug, Subcommand)]
pub(crate) enum EventsCommand {
    /// Print events as they happen, a line each, until Ctrl-C
    Tail(EventsTail),
}

/// Arguments of `events tail`.
#[derive(Debug, Arguments)]
pub(crate) struct EventsTail {
    /// Only types that begin with this, such as task. or conversation.claimed; can be given several times
    #[arg(long = "type", value_name = "PREFIX")]
    pub(crate) types: Vec<String>,
    /// Go on behind the event that --json printed with this cursor, instead of beginning with what comes next
    #[arg(long, value_name = "CURSOR")]
    pub(crate) after: Option<String>,
}
