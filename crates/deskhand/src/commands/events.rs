//! `events`: what happens on a running desk, as it happens.

use std::io::ErrorKind;
use std::thread;
use std::time::Duration;

use domain::EventType;
use jiff::Timestamp;
use serde_json::Value;
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use crate::args::EventsTail;
use crate::client::Client;
use crate::failure::{Failure, Outcome};
use crate::feed::{Feed, Told};
use crate::output::{self, Output, note};
use crate::signals::Signals;

/// How many lines may wait for a reader; then the desk waits, too.
const WAITING: usize = 256;
/// How long what was told may take to be printed once the end is asked for.
const REST: Duration = Duration::from_secs(1);

/// Prints events until a signal comes, or nobody reads any more.
pub(crate) async fn tail(args: EventsTail, output: Output) -> Outcome {
    let unknown = |prefix: &&String| !EventType::ALL.iter().any(|kind| kind.as_str().starts_with(*prefix));
    if let Some(prefix) = args.types.iter().find(unknown) {
        note(&format!("no type of event that this version knows begins with {prefix}"));
    }
    let (client, _) = Client::signed_in()?;
    let mut signals = Signals::new()?;
    let (lines, printed) = print();
    let done = tokio::select! {
        biased;
        () = signals.first() => Ok(()),
        () = lines.closed() => Ok(()),
        () = output::unread() => Ok(()),
        done = follow(&client, &args, output, &lines) => done,
    };
    drop(lines);
    if let Ok(Ok(Err(error))) = timeout(REST, printed).await {
        return Err(Failure::because("the result cannot be printed", &error));
    }
    done
}

/// A thread that prints lines. Whoever reads them may stop doing so without closing the pipe; what waits for that must
/// not be what waits for signals.
fn print() -> (mpsc::Sender<String>, oneshot::Receiver<std::io::Result<()>>) {
    let (lines, mut waiting) = mpsc::channel::<String>(WAITING);
    let (tell, printed) = oneshot::channel();
    thread::spawn(move || {
        let mut done = Ok(());
        while let Some(line) = waiting.blocking_recv() {
            done = output::line(&line);
            if done.is_err() {
                break;
            }
        }
        // Whoever reads has seen enough, as `head` does.
        let done = done.or_else(|error| match error.kind() {
            ErrorKind::BrokenPipe => Ok(()),
            _ => Err(error),
        });
        // The program may have ended without waiting.
        let _ = tell.send(done);
    });
    (lines, printed)
}

async fn follow(client: &Client, args: &EventsTail, output: Output, lines: &mpsc::Sender<String>) -> Outcome {
    let mut feed = Feed::open(client, args.after.clone()).await?;
    let mut begun = args.after.is_none();
    loop {
        match feed.next().await? {
            Told::Event { event, cursor } => {
                begun = true;
                let kind = word(&event, "type");
                if !args.types.is_empty() && !args.types.iter().any(|prefix| kind.starts_with(prefix)) {
                    continue;
                }
                let line = if output.is_json() { object(event, cursor) } else { describe(&event) };
                if lines.send(line).await.is_err() {
                    return Ok(());
                }
            }
            Told::Missed if begun => note("some events are missing here: they are too many, or too long ago"),
            Told::Missed => {
                let sentence =
                    "the desk cannot go on from this cursor: it is too long ago, or none of this desk";
                return Err(Failure::Failed(sentence.to_owned()));
            }
        }
    }
}

fn word<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn object(mut event: Value, cursor: String) -> String {
    if let Some(event) = event.as_object_mut() {
        event.insert("cursor".to_owned(), cursor.into());
    }
    event.to_string()
}

/// When, what, to which record, by whom. What people have written is not in it.
fn describe(event: &Value) -> String {
    let at = word(event, "occurred_at");
    let at = at.parse::<Timestamp>().map_or_else(|_| at.to_owned(), |at| format!("{at:.3}"));
    let number = ["number", "conversation_number", "task_number", "ticket_number"]
        .iter()
        .find_map(|key| event.get("data")?.get(key)?.as_i64());
    let subject = number.map_or_else(|| word(event, "subject_id").to_owned(), |number| format!("#{number}"));
    let actor = event.get("actor").unwrap_or(&Value::Null);
    let by = [word(actor, "name"), word(actor, "kind")].into_iter().find(|name| !name.is_empty());
    let line = format!("{at}  {:<24}  {subject}  {}", word(event, "type"), by.unwrap_or_default());
    // A visitor chooses their own name, and it is not to move the cursor of a terminal.
    line.chars().filter(|letter| !letter.is_control()).collect::<String>().trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::describe;

    #[test]
    fn a_line_says_when_what_which_and_who() {
        let event = json!({
            "type": "task.created", "subject_id": "0190", "occurred_at": "2026-01-31T09:00:00.5Z",
            "actor": {"kind": "member", "name": "Dana"}, "data": {"number": 12, "title": "Call"},
        });
        assert_eq!(describe(&event), "2026-01-31T09:00:00.500Z  task.created              #12  Dana");
    }

    #[test]
    fn a_name_moves_no_cursor_and_an_event_without_a_number_shows_its_id() {
        let event = json!({
            "type": "contact.created", "subject_id": "0190", "occurred_at": "2026-01-31T09:00:00Z",
            "actor": {"kind": "contact", "name": "M\u{1b}[2Jallory\r"}, "data": {},
        });
        assert_eq!(describe(&event), "2026-01-31T09:00:00.000Z  contact.created           0190  M[2Jallory");
    }
}
