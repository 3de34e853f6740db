//! Where words go: results to stdout, everything else to stderr.

use std::io::{self, ErrorKind, Write as _};
use std::os::fd::AsFd as _;

use serde::Serialize;
use tokio::io::Interest;
use tokio::net::unix::pipe::Sender;

use crate::failure::{Failure, Outcome};

/// How results are printed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Output {
    json: bool,
}

impl Output {
    /// Results as JSON, or for people.
    pub(crate) fn new(json: bool) -> Self {
        Self { json }
    }

    /// Whether results are asked for as JSON.
    pub(crate) fn is_json(self) -> bool {
        self.json
    }

    /// Prints a result: `value` as JSON, or the lines that `text` makes of it.
    pub(crate) fn result(self, value: &impl Serialize, text: impl FnOnce() -> String) -> Outcome {
        if self.json { self.json(value) } else { self.text(&text()) }
    }

    /// Prints `value` as JSON.
    pub(crate) fn json(self, value: &impl Serialize) -> Outcome {
        let text = serde_json::to_string_pretty(value)
            .map_err(|error| Failure::because("the result is no JSON", &error))?;
        self.text(&text)
    }

    /// Prints text, with a line break at its end; nothing where it is empty.
    pub(crate) fn text(self, text: &str) -> Outcome {
        if text.is_empty() {
            return Ok(());
        }
        let mut stdout = io::stdout().lock();
        let end = if text.ends_with('\n') { "" } else { "\n" };
        match write!(stdout, "{text}{end}").and_then(|()| stdout.flush()) {
            // Whoever reads has seen enough, as `head` does.
            Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
            Err(error) => Err(Failure::because("the result cannot be printed", &error)),
            Ok(()) => Ok(()),
        }
    }
}

/// Prints one line of a result that has no end. That nobody reads any more is an error here, of that kind.
pub(crate) fn line(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{text}").and_then(|()| stdout.flush())
}

/// Waits until nobody reads the results any more, where they go into a pipe; for ever where they go elsewhere.
pub(crate) async fn unread() {
    // It is only watched and never written to, so that it does not have to be made one that does not block, which would
    // hold for whoever else has it.
    let stdout = io::stdout().as_fd().try_clone_to_owned().and_then(Sender::from_owned_fd_unchecked);
    if let Ok(stdout) = stdout
        && stdout.ready(Interest::ERROR).await.is_ok_and(|ready| ready.is_error())
    {
        return;
    }
    std::future::pending().await
}

/// Says something beside the result, on stderr.
pub(crate) fn note(text: &str) {
    // Where stderr is closed there is nobody left to tell.
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Columns that stand under each other.
pub(crate) fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            line.push_str(&format!("{cell:<width$}  "));
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::table;

    #[test]
    fn cells_stand_under_each_other_and_lines_end_without_spaces() {
        let rows = [
            vec!["#1".to_owned(), "Über".to_owned(), String::new()],
            vec!["#12".to_owned(), "x".to_owned(), "y".to_owned()],
        ];
        assert_eq!(table(&rows), "#1   Über\n#12  x     y\n");
    }
}
