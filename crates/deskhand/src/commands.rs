//! What each command does, one module a command.

pub(crate) mod articles;
pub(crate) mod backup;
pub(crate) mod config;
pub(crate) mod dead_letters;
pub(crate) mod deploy;
pub(crate) mod events;
pub(crate) mod health;
pub(crate) mod login;
pub(crate) mod member;
pub(crate) mod migrate;
pub(crate) mod restore;
pub(crate) mod say;
pub(crate) mod schemas;
pub(crate) mod search;
pub(crate) mod task;
pub(crate) mod token;
pub(crate) mod webhooks;
pub(crate) mod words;

use std::path::PathBuf;

use crate::args::{ArticlesCommand, Command, EventsCommand};
use crate::failure::{Failure, Outcome};
use crate::output::Output;

/// Runs a command to its end on this thread.
pub(crate) fn wait(command: impl Future<Output = Outcome>) -> Outcome {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::because("the program cannot start", &error))?;
    runtime.block_on(command)
}

/// The commands that work on the database, or speak to a running desk.
pub(crate) async fn run(command: Command, settings: Option<PathBuf>, output: Output) -> Outcome {
    match command {
        Command::Migrate(args) => migrate::run(&args, settings, output).await,
        Command::Member { command } => member::run(command, settings, output).await,
        Command::Token { command } => token::run(command, settings, output).await,
        Command::Backup(args) => backup::run(&args, settings, output).await,
        Command::Restore(args) => restore::run(&args, settings, output).await,
        Command::Health(args) => health::run(&args, settings, output).await,
        Command::Login(args) => login::run(&args, output).await,
        Command::Say(args) => say::run(&args, output).await,
        Command::Undo(args) => say::undo(&args, output).await,
        Command::Task { command } => task::run(command, output).await,
        Command::Search(args) => search::run(&args, output).await,
        Command::Articles { command: ArticlesCommand::Import(args) } => articles::import(&args, output).await,
        Command::DeadLetters { command } => dead_letters::run(command, output).await,
        Command::Webhooks { command } => webhooks::run(command, output).await,
        Command::Events { command: EventsCommand::Tail(args) } => events::tail(args, output).await,
        Command::Words(args) => words::run(&args, output),
        Command::Schemas(args) => schemas::run(&args, output),
        Command::Config { command } => config::run(command, settings, output),
        Command::Deploy { command } => deploy::run(command, output),
        Command::Openapi => output.text(&server::openapi_json()),
        // It has threads of its own and is started before there are any.
        Command::Serve(_) => Err(Failure::Failed("serve is no command of this kind".to_owned())),
    }
}
