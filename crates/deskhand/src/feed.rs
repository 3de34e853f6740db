//! The live feed of a running desk, as a command follows it: event after event, over as many connections as it takes.
//!
//! Where it goes on after a cut is what it has given out, so that nothing is missing and nothing comes twice. What
//! an event means is not known here.

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use reqwest::Upgraded;
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::Role;

use crate::client::{Client, Refused};
use crate::failure::{Failure, Outcome};
use crate::output::note;

/// A desk that is there says so every twenty seconds.
const SILENCE: Duration = Duration::from_secs(60);
/// How long to wait before a connection is tried again: at first, and at most.
const WAIT: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));
/// The close code of a socket whose first frame was not understood.
const NOT_UNDERSTOOD: u16 = 1008;

/// What the feed tells.
pub(crate) enum Told {
    /// An event, with the cursor behind it.
    Event {
        /// The event, as the API shows it.
        event: Value,
        /// Where to go on from.
        cursor: String,
    },
    /// The desk could not go on from the cursor: what was between is missing, and what comes next is told.
    Missed,
}

/// The feed, from a place on.
pub(crate) struct Feed<'a> {
    client: &'a Client,
    /// Where to go on from; nothing before the first connection, where none was given.
    cursor: Option<String>,
    line: Option<Line>,
}

/// One connection.
struct Line {
    socket: WebSocketStream<Upgraded>,
    /// The place where the desk went on by its own account, until it is clear that it is the one that was asked for.
    offered: Option<String>,
}

/// Why a connection is over: whether another one may do better is in there.
enum Over {
    Cut,
    Refused(Failure),
}

impl<'a> Feed<'a> {
    /// Connects; begins behind `after`, or with what comes next. Here every failure is said at once: an address that
    /// is wrong does not become right.
    pub(crate) async fn open(client: &'a Client, after: Option<String>) -> Outcome<Self> {
        let mut feed = Self { client, cursor: after, line: None };
        match feed.connect().await {
            Ok(()) => Ok(feed),
            Err(Refused { failure, .. }) => Err(failure),
        }
    }

    /// The next event. A connection that is cut is made again, for as long as it takes; it is only an error when the
    /// desk says that there is nothing for this token.
    pub(crate) async fn next(&mut self) -> Outcome<Told> {
        let mut wait = WAIT.0;
        let mut said = false;
        loop {
            if self.line.is_none() {
                match self.connect().await {
                    Ok(()) if said => note("connected again"),
                    Ok(()) => {}
                    Err(Refused { failure, for_good: true }) => return Err(failure),
                    Err(Refused { failure, for_good: false }) => {
                        if !said {
                            note(&format!("the connection was cut; trying again: {}", failure.text()));
                        }
                        said = true;
                    }
                }
            }
            match self.hear().await {
                Ok(told) => return Ok(told),
                Err(Over::Refused(failure)) => return Err(failure),
                Err(Over::Cut) => {
                    self.line = None;
                    sleep(wait).await;
                    wait = (wait * 2).min(WAIT.1);
                }
            }
        }
    }

    async fn connect(&mut self) -> Result<(), Refused> {
        let stream = self.client.web_socket("/api/v1/live").await?;
        let mut socket = WebSocketStream::from_raw_socket(stream, Role::Client, None).await;
        let start = match &self.cursor {
            Some(cursor) => json!({ "type": "resume", "cursor": cursor }),
            None => json!({ "type": "start" }),
        };
        let begun = match socket.send(Message::text(start.to_string())).await {
            Ok(()) => frame(&mut socket).await,
            Err(_) => Err(Over::Cut),
        };
        let offered = match begun {
            Ok(hello) if hello["type"] == "hello" => hello["cursor"].as_str().map(str::to_owned),
            Ok(_) => None,
            Err(Over::Refused(failure)) => return Err(Refused { failure, for_good: true }),
            Err(Over::Cut) => return Err(Refused { failure: self.client.silent(), for_good: false }),
        };
        let Some(offered) = offered else {
            return Err(Refused { failure: self.client.stranger(), for_good: true });
        };
        let cursor = self.cursor.get_or_insert_with(|| offered.clone());
        let offered = Some(offered).filter(|offered| offered != cursor);
        self.line = Some(Line { socket, offered });
        Ok(())
    }

    /// The next event on this connection.
    async fn hear(&mut self) -> Result<Told, Over> {
        let line = self.line.as_mut().ok_or(Over::Cut)?;
        loop {
            let mut frame = frame(&mut line.socket).await?;
            match frame["type"].as_str() {
                Some("event") => {
                    let cursor = frame["cursor"].as_str().ok_or(Over::Cut)?.to_owned();
                    line.offered = None;
                    self.cursor = Some(cursor.clone());
                    return Ok(Told::Event { event: frame["event"].take(), cursor });
                }
                // The log cannot be read at this moment; the place in it is as good as before.
                Some("resync") if frame["reason"] == "unread" => return Err(Over::Cut),
                Some("resync") => {
                    // What was too much for this connection is still in the log, and told by the next one.
                    let Some(offered) = line.offered.take() else { return Err(Over::Cut) };
                    self.cursor = Some(offered);
                    return Ok(Told::Missed);
                }
                // Signs of life, and what newer desks may say.
                _ => {}
            }
        }
    }
}

/// The next frame.
async fn frame(socket: &mut WebSocketStream<Upgraded>) -> Result<Value, Over> {
    loop {
        let message = timeout(SILENCE, socket.next()).await.map_err(|_| Over::Cut)?;
        match message.ok_or(Over::Cut)?.map_err(|_| Over::Cut)? {
            Message::Text(text) => return serde_json::from_str(&text).map_err(|_| Over::Cut),
            Message::Close(Some(close)) if u16::from(close.code) == NOT_UNDERSTOOD => {
                let sentence = format!("the desk does not understand this program: {}", close.reason);
                return Err(Over::Refused(Failure::Failed(sentence)));
            }
            Message::Close(_) => return Err(Over::Cut),
            _ => {}
        }
    }
}
