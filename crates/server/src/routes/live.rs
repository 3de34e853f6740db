//! Live sockets: the staff's page, and the visitor's widget.

use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::get;
use bus::{Interest, LiveEvent, Subscription, TooOld};
use domain::event::data;
use domain::ids::ConversationId;
use domain::{Caller, EventType, Role};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::time::{Instant, Interval, MissedTickBehavior};
use tracing::Instrument as _;
use uuid::Uuid;

use super::widget::{VisitorMessage, help_of, require_origin};
use crate::App;
use crate::auth::{Anybody, Member};
use crate::problem::ApiError;

/// How often a silent socket is asked whether it is still there.
const PING: Duration = Duration::from_secs(20);
/// How long a new socket may take to say what it wants.
const PATIENCE: Duration = Duration::from_secs(10);
/// The largest frame that a client may send, in bytes.
const FRAME: usize = 64 * 1024;
/// How many messages a socket asks the database for at once.
const BATCH: i64 = 200;

/// Close codes: signed out or unknown, not there, come back at once.
const SIGNED_OUT: u16 = 4401;
const NOT_THERE: u16 = 4404;
const COME_BACK: u16 = 1012;

/// How a member's socket ends: the close code, and the reason.
type End = (u16, &'static str);

/// The session or token is over.
const OVER: End = (SIGNED_OUT, "signed out");
/// The member has another role than when the socket was opened.
const OTHER_ROLE: End = (COME_BACK, "another role; come back");
/// The process is about to end.
const DRAINING: End = (COME_BACK, "come back");

pub(super) fn routes() -> Router<App> {
    Router::new().route("/api/v1/live", get(member_socket)).route("/widget/v1/live", get(visitor_socket))
}

async fn member_socket(
    State(app): State<App>,
    member: Member,
    upgrade: WebSocketUpgrade,
) -> Result<Response, ApiError> {
    Ok(upgrade.max_message_size(FRAME).on_upgrade(move |socket| async move {
        app.metrics.live_connections.inc();
        serve_member(&app, &member, socket).await;
        app.metrics.live_connections.dec();
    }))
}

async fn visitor_socket(
    State(app): State<App>,
    anybody: Anybody,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Response {
    upgrade.max_message_size(FRAME).on_upgrade(move |socket| async move {
        app.metrics.live_connections.inc();
        serve_visitor(&app, &anybody, &headers, socket).await;
        app.metrics.live_connections.dec();
    })
}

/// A socket that speaks JSON.
struct Line(WebSocket);

impl Line {
    /// Errors where the other side is gone.
    async fn send(&mut self, value: &impl Serialize) -> Result<(), axum::Error> {
        let text = serde_json::to_string(value).map_err(axum::Error::new)?;
        self.0.send(Message::Text(text.into())).await
    }

    async fn close(&mut self, code: u16, reason: &'static str) {
        // The other side may be gone already; then there is nobody to tell.
        let _ = self.0.send(Message::Close(Some(CloseFrame { code, reason: reason.into() }))).await;
    }

    async fn end(&mut self, (code, reason): End) {
        self.close(code, reason).await;
    }

    /// The next thing that the client says; nothing where it is gone or makes no sense.
    async fn next<T: for<'de> Deserialize<'de>>(&mut self) -> Option<T> {
        loop {
            match self.0.recv().await?.ok()? {
                Message::Text(text) => return serde_json::from_str(&text).ok(),
                Message::Close(_) => return None,
                Message::Binary(_) => return None,
                Message::Ping(_) | Message::Pong(_) => {}
            }
        }
    }
}

/// How a member's socket begins.
#[derive(Deserialize)]
struct Start {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    cursor: Option<String>,
}

async fn serve_member(app: &App, member: &Member, socket: WebSocket) {
    let mut line = Line(socket);
    let start = match tokio::time::timeout(PATIENCE, line.next::<Start>()).await {
        Ok(Some(start)) if start.kind == "start" || start.kind == "resume" => start,
        _ => return line.close(1008, "the first frame is {\"type\":\"start\"}").await,
    };
    let interest = Interest::Workspace(member.caller().workspace);
    let mut missed = None;
    let mut feed = match start.cursor {
        None => app.live.subscribe(interest),
        Some(cursor) => match app.live.resume(interest, &cursor).await {
            Ok(feed) => feed,
            Err(error) => {
                missed = Some(match error {
                    TooOld::Cursor => "too_old",
                    TooOld::Unread(_) => "unread",
                });
                app.live.subscribe(interest)
            }
        },
    };
    // Who asks may be remembered from before they were shut out; from here on the feed tells.
    if let Some(end) = ended(app, member).await {
        return line.end(end).await;
    }
    if line.send(&hello(app, &feed)).await.is_err() {
        return;
    }
    if let Some(reason) = missed
        && line.send(&json!({"type": "resync", "reason": reason})).await.is_err()
    {
        return;
    }
    let mut ping = every(PING);
    loop {
        tokio::select! {
            () = app.health.drain().cancelled() => return line.end(DRAINING).await,
            said = line.0.recv() => match said {
                // The page has nothing to say but that it is there.
                Some(Ok(Message::Text(_) | Message::Ping(_) | Message::Pong(_))) => {}
                _ => return,
            },
            told = feed.next() => match told {
                Ok(told) => {
                    let end = if may_end(&told, member) { ended(app, member).await } else { None };
                    // Who comes back goes on from behind this event.
                    let tells = end != Some(OVER) && for_member(&told, member);
                    if tells && line.send(&event_frame(&told)).await.is_err() {
                        return;
                    }
                    if let Some(end) = end {
                        return line.end(end).await;
                    }
                }
                Err(_) => {
                    // It fell behind: what it knows has to be read anew, from here on nothing is missing.
                    feed = app.live.subscribe(interest);
                    if let Some(end) = ended(app, member).await {
                        return line.end(end).await;
                    }
                    if line.send(&json!({"type": "resync", "reason": "behind"})).await.is_err()
                        || line.send(&hello(app, &feed)).await.is_err()
                    {
                        return;
                    }
                }
            },
            _ = ping.tick() => {
                if line.send(&json!({"type": "ping", "degraded": app.health.degraded()})).await.is_err() {
                    return;
                }
                // Time may have run out, of which nobody tells.
                if let Some(end) = ended(app, member).await {
                    return line.end(end).await;
                }
            }
        }
    }
}

/// Where the feed is, and what is away: the page shows it, and hears with each ping whether that is still so.
fn hello(app: &App, feed: &Subscription) -> Value {
    json!({"type": "hello", "cursor": feed.cursor(), "degraded": app.health.degraded()})
}

/// A tick each `period`, the first after one, whatever else happens meanwhile.
fn every(period: Duration) -> Interval {
    let mut ticks = tokio::time::interval_at(Instant::now() + period, period);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}

/// Why the member's socket cannot go on as it began, if it cannot. Whoever was remembered is forgotten then.
///
/// A database that does not answer is no reason: it is asked again at the next ping.
async fn ended(app: &App, member: &Member) -> Option<End> {
    let standing = desk::sessions::standing(&app.desk, member.who.session, member.who.token).await.ok()?;
    let end = match standing {
        None => OVER,
        Some(role) if role != member.who.member.role => OTHER_ROLE,
        Some(_) => return None,
    };
    app.known.forget();
    Some(end)
}

/// Whether the event tells something that may end this socket of the member.
fn may_end(told: &LiveEvent, member: &Member) -> bool {
    let id = match told.event.kind {
        EventType::MemberSignedOut => told.event.read::<data::Session>().map(|ended| ended.member_id),
        EventType::TokenRevoked => told.event.read::<data::Token>().map(|token| token.member_id),
        EventType::MemberUpdated => told.event.read::<data::Member>().map(|member| member.id),
        _ => return false,
    };
    id.is_ok_and(|id| id == member.who.member.id.0)
}

/// Whether the page of `member` is told of the event: notifications are one's own.
fn for_member(told: &LiveEvent, member: &Member) -> bool {
    match told.event.kind {
        EventType::NotificationCreated => {
            told.event.data.get("member_id").and_then(Value::as_str)
                == Some(&member.who.member.id.to_string())
        }
        EventType::TokenCreated
        | EventType::TokenRevoked
        | EventType::MemberSignedIn
        | EventType::MemberSignedOut => false,
        kind if kind.kind() == "webhook" => member.who.member.role >= Role::Admin,
        _ => true,
    }
}

fn event_frame(told: &LiveEvent) -> Value {
    let event = &told.event;
    let conversation = match event.kind.kind() {
        "conversation" => Some(json!(event.subject_id)),
        _ => event.data.get("conversation_id").cloned(),
    };
    json!({
        "type": "event",
        "cursor": &*told.cursor,
        "event": {
            "id": event.id,
            "type": event.kind,
            "kind": event.kind.kind(),
            "subject_id": event.subject_id,
            "workspace_id": event.workspace_id,
            "occurred_at": event.occurred_at,
            "actor": {"kind": event.actor.kind, "id": event.actor.id, "name": event.actor.name},
            "conversation_id": conversation,
            "data": event.data,
        }
    })
}

/// How a visitor's socket begins.
#[derive(Deserialize)]
struct VisitorStart {
    #[serde(rename = "type")]
    kind: String,
    token: String,
    conversation_id: Uuid,
    #[serde(default)]
    after: i64,
}

/// What a visitor says.
#[derive(Deserialize)]
struct VisitorSays {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    client_id: Option<String>,
    #[serde(default)]
    text: String,
}

/// A visitor's open conversation.
struct Visit<'a> {
    app: &'a App,
    line: Line,
    caller: Caller,
    contact: Uuid,
    conversation: ConversationId,
    help: String,
    /// The last sequence that was sent.
    after: i64,
    /// The state that the widget knows.
    state: String,
}

async fn serve_visitor(app: &App, anybody: &Anybody, headers: &HeaderMap, socket: WebSocket) {
    let mut line = Line(socket);
    let start = match tokio::time::timeout(PATIENCE, line.next::<VisitorStart>()).await {
        Ok(Some(start)) if start.kind == "start" => start,
        _ => return line.close(1008, "the first frame is {\"type\":\"start\"}").await,
    };
    let found =
        desk::visitors::authenticate(&app.desk, &start.token, anybody.address, anybody.correlation_id).await;
    let (caller, visitor) = match found {
        Ok(found) => found,
        Err(desk::Error::Unauthenticated) => return line.close(SIGNED_OUT, "unknown visitor").await,
        Err(_) => return line.close(COME_BACK, "come back").await,
    };
    if require_origin(app, &visitor, headers).await.is_err() {
        return line.close(SIGNED_OUT, "not for pages of this site").await;
    }
    let Ok(help) = help_of(app, headers, &visitor).await else {
        return line.close(COME_BACK, "come back").await;
    };
    let conversation = ConversationId(start.conversation_id);
    // Watched before it is read, so that nothing falls between.
    let feed = app.live.subscribe(Interest::Conversation(caller.workspace, conversation));
    let mut visit = Visit {
        app,
        line,
        caller,
        contact: visitor.contact.0,
        conversation,
        help,
        after: start.after.max(0),
        state: String::new(),
    };
    match desk::visitors::messages(&app.desk, &visit.caller, conversation, visit.after, 1).await {
        Ok((conversation, by, _)) => {
            conversation.state.as_str().clone_into(&mut visit.state);
            let hello = json!({"type": "hello", "state": visit.state, "by": by});
            if visit.line.send(&hello).await.is_err() {
                return;
            }
        }
        Err(desk::Error::NotFound(_)) => return visit.line.close(NOT_THERE, "no such conversation").await,
        Err(_) => return visit.line.close(COME_BACK, "come back").await,
    }
    if visit.catch_up().await.is_ok() {
        visit.serve(feed).await;
    }
}

/// The visitor is gone, or has to come back.
struct Over;

impl Visit<'_> {
    async fn serve(&mut self, mut feed: Subscription) {
        let mut ping = every(PING);
        loop {
            let app = self.app;
            tokio::select! {
                () = app.health.drain().cancelled() => return self.line.close(COME_BACK, "come back").await,
                said = self.line.next::<VisitorSays>() => match said {
                    Some(said) if said.kind == "send" => {
                        if self.write(said).await.is_err() {
                            return;
                        }
                    }
                    Some(_) => {}
                    None => return,
                },
                told = feed.next() => {
                    let sent = match told {
                        Ok(told) => self.tell(&told).await,
                        Err(_) => {
                            feed = app.live.subscribe(Interest::Conversation(self.caller.workspace, self.conversation));
                            self.catch_up().await
                        }
                    };
                    if sent.is_err() {
                        return;
                    }
                }
                _ = ping.tick() => {
                    if self.line.send(&json!({"type": "ping"})).await.is_err() {
                        return;
                    }
                }
            }
        }
    }

    /// Sends what the visitor has not seen, and the state where it is another one.
    async fn catch_up(&mut self) -> Result<(), Over> {
        loop {
            let read =
                desk::visitors::messages(&self.app.desk, &self.caller, self.conversation, self.after, BATCH)
                    .await;
            let Ok((conversation, by, messages)) = read else {
                self.line.close(COME_BACK, "come back").await;
                return Err(Over);
            };
            let full = i64::try_from(messages.len()).unwrap_or(0) == BATCH;
            for message in messages {
                let sequence = message.sequence;
                self.send_message(sequence, VisitorMessage::of(message, &self.help)).await?;
            }
            if !full {
                return self.send_state(conversation.state.as_str(), by.as_deref()).await;
            }
        }
    }

    async fn send_message(&mut self, sequence: i64, message: VisitorMessage) -> Result<(), Over> {
        self.after = self.after.max(sequence);
        let frame = json!({"type": "message", "message": message});
        self.line.send(&frame).await.map_err(|_| Over)
    }

    async fn send_state(&mut self, state: &str, by: Option<&str>) -> Result<(), Over> {
        if self.state == state {
            return Ok(());
        }
        state.clone_into(&mut self.state);
        let frame = json!({"type": "state", "state": state, "by": by});
        self.line.send(&frame).await.map_err(|_| Over)
    }

    /// Passes an event on. A message that does not follow the last one is fetched with those between.
    async fn tell(&mut self, told: &LiveEvent) -> Result<(), Over> {
        let event = &told.event;
        match event.kind.kind() {
            "message" => {
                let Ok(message) = event.read::<data::Message>() else { return Ok(()) };
                if message.sequence <= self.after {
                    return Ok(());
                }
                if message.note {
                    return Ok(());
                }
                if message.sequence > self.after + 1 {
                    return self.catch_up().await;
                }
                self.send_message(message.sequence, VisitorMessage::told(message, &self.help)).await
            }
            "conversation" => {
                let Ok(conversation) = event.read::<data::Conversation>() else { return Ok(()) };
                self.send_state(&conversation.state, conversation.claimed_by_name.as_deref()).await
            }
            _ => Ok(()),
        }
    }

    async fn write(&mut self, said: VisitorSays) -> Result<(), Over> {
        let client_id = said.client_id.clone();
        let written = match self.app.limits.visitors.check(&self.contact) {
            Ok(()) => {
                let caller = Caller { correlation_id: self.app.desk.new_id(), ..self.caller.clone() };
                let span = crate::middleware::frame_span(caller.correlation_id);
                desk::visitors::write(&self.app.desk, &caller, self.conversation, &said.text, said.client_id)
                    .instrument(span)
                    .await
                    .map_err(ApiError::from)
            }
            Err(refusal) => Err(refusal),
        };
        let frame = match written {
            Ok(message) => {
                // What came before it and was not sent yet goes out by the feed.
                if message.sequence == self.after + 1 {
                    self.after = message.sequence;
                }
                json!({"type": "sent", "client_id": client_id, "message": VisitorMessage::of(message, &self.help)})
            }
            Err(error) => {
                let problem = error.problem();
                json!({
                    "type": "refused",
                    "client_id": client_id,
                    "code": problem.code,
                    "detail": problem.detail,
                    "retry_after": problem.retry_after,
                })
            }
        };
        self.line.send(&frame).await.map_err(|_| Over)
    }
}
