//! The program: what a person types, and the wiring of the roles.
//!
//! Results go to stdout, everything else to stderr. Exit codes: 0 done, 1 failed, 2 wrong usage, 3 a check
//! found something. Rules and SQL are not in here: commands call use cases, or the API of a running desk.

mod args;
mod client;
mod commands;
mod credentials;
mod database;
mod events;
mod failure;
mod feed;
mod files;
mod output;
mod prompt;
mod serve;
mod signals;

use std::process::ExitCode;

use clap::Parser;

use args::{Args, Command};
use output::Output;

fn main() -> ExitCode {
    let args = Args::parse();
    let output = Output::new(args.json);
    let done = match args.command {
        Command::Serve(serve) => serve::run(&serve, args.config),
        command => commands::wait(commands::run(command, args.config, output)),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            failure.report();
            failure.exit_code()
        }
    }
}
