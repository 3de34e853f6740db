//! Why a command did not do what was asked, and the exit code that says so.

use std::error::Error;
use std::io::{self, Write as _};
use std::process::ExitCode;

/// What a command gives.
pub(crate) type Outcome<T = ()> = Result<T, Failure>;

/// Why a command did not do what was asked.
#[derive(Debug)]
pub(crate) enum Failure {
    /// It failed: exit code 1.
    Failed(String),
    /// It was asked for wrongly, or the settings are wrong: exit code 2.
    Usage(String),
    /// It is a check, and it found something: exit code 3.
    Found(String),
}

impl Failure {
    /// A failure with all that caused it, in one line.
    pub(crate) fn because(what: impl Into<String>, error: &dyn Error) -> Self {
        Self::Failed(format!("{}: {}", what.into(), chain(error)))
    }

    /// What went wrong, in a sentence.
    pub(crate) fn text(&self) -> &str {
        match self {
            Self::Failed(text) | Self::Usage(text) | Self::Found(text) => text,
        }
    }

    /// Says on stderr what went wrong.
    pub(crate) fn report(&self) {
        let mut stderr = io::stderr().lock();
        // Where stderr is closed there is nobody left to tell.
        let _ = match self {
            Self::Failed(text) | Self::Usage(text) => writeln!(stderr, "error: {text}"),
            Self::Found(text) => writeln!(stderr, "{text}"),
        };
    }

    /// What the process ends with.
    pub(crate) fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::Failed(_) => 1,
            Self::Usage(_) => 2,
            Self::Found(_) => 3,
        })
    }
}

/// An error and what caused it, without what is said twice.
pub(crate) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        next = cause.source();
    }
    text
}

impl From<store::Error> for Failure {
    fn from(error: store::Error) -> Self {
        Self::Failed(chain(&error))
    }
}

impl From<bus::Error> for Failure {
    fn from(error: bus::Error) -> Self {
        Self::Failed(chain(&error))
    }
}

impl From<desk::Error> for Failure {
    fn from(error: desk::Error) -> Self {
        Self::Failed(chain(&error))
    }
}

impl From<config::Problems> for Failure {
    fn from(problems: config::Problems) -> Self {
        let lines: Vec<String> = problems.0.iter().map(|problem| format!("\n  {problem}")).collect();
        Self::Usage(format!("the settings cannot be used:{}", lines.concat()))
    }
}
