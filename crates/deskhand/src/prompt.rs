//! Questions to the person at the terminal.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};

use crate::failure::{Failure, Outcome};

/// Whether there is a person to ask.
pub(crate) fn is_possible() -> bool {
    io::stdin().is_terminal()
}

fn ask(question: &str) {
    let mut stderr = io::stderr().lock();
    // Where the question cannot be shown, the answer will not come either, and that is an error of its own.
    let _ = write!(stderr, "{question}").and_then(|()| stderr.flush());
}

/// One line of standard input, without its end.
pub(crate) fn line() -> Outcome<String> {
    let mut line = String::new();
    let read = io::stdin()
        .lock()
        .read_line(&mut line)
        .map_err(|error| Failure::because("standard input cannot be read", &error))?;
    if read == 0 {
        return Err(Failure::Usage("standard input ended where a line was expected".to_owned()));
    }
    Ok(line.trim_end_matches(['\n', '\r']).to_owned())
}

/// Asks for a line.
pub(crate) fn text(question: &str) -> Outcome<String> {
    ask(question);
    Ok(line()?.trim().to_owned())
}

/// Asks whether to go on; Enter alone means yes.
pub(crate) fn yes(question: &str) -> Outcome<bool> {
    loop {
        match text(&format!("{question} [Y/n] "))?.to_lowercase().as_str() {
            "" | "y" | "yes" => return Ok(true),
            "n" | "no" => return Ok(false),
            _ => {}
        }
    }
}

/// Asks for a password, which is not shown; from a pipe it is read as a line.
pub(crate) fn password(question: &str, from_stdin: bool) -> Outcome<String> {
    if from_stdin {
        return line();
    }
    if !is_possible() {
        return Err(Failure::Usage(
            "there is no terminal to ask for the password; pipe it in, with --password-stdin".to_owned(),
        ));
    }
    rpassword::prompt_password(question)
        .map_err(|error| Failure::because("the password cannot be read", &error))
}

/// Asks for a new password twice.
pub(crate) fn new_password(from_stdin: bool) -> Outcome<String> {
    let first = password("New password: ", from_stdin)?;
    if !from_stdin && password("Once more: ", false)? != first {
        return Err(Failure::Failed("the two passwords differ; nothing was changed".to_owned()));
    }
    Ok(first)
}
