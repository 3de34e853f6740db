//! The visitor's side: what the chat widget asks for, from any page that may carry it.

use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use desk::visitors::{Introduction, Visitor};
use domain::Caller;
use domain::conversation::Message;
use domain::event::data;
use domain::ids::ConversationId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::help;
use crate::App;
use crate::auth::{Anybody, address, correlation_id};
use crate::extract::{Create, Path, Query};
use crate::problem::{ApiError, Problem};
use crate::wire::List;
use crate::wire::customers::SourceResponse;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(show_channel))
        .routes(routes!(start_conversation, list_conversations))
        .routes(routes!(send_message, list_messages))
}

/// Lets pages of other origins ask. No cookie counts here, so that any page may be answered; whether the
/// channel allows the page's origin is asked where something is written.
///
/// It lies around the whole router, where it also meets what no handler answers: the browser's question
/// before the real one, and refusals of the layers below.
pub(crate) async fn cors(request: axum::extract::Request, next: axum::middleware::Next) -> Response {
    if !request.uri().path().starts_with("/widget/v1/") {
        return next.run(request).await;
    }
    let origin = request.headers().get(header::ORIGIN).cloned();
    let mut response = if request.method() == Method::OPTIONS {
        StatusCode::NO_CONTENT.into_response()
    } else {
        next.run(request).await
    };
    // What comes from the api through a process in front of it has them already.
    let has_them = response.headers().contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN);
    if let Some(origin) = origin.filter(|_| !has_them) {
        let headers = response.headers_mut();
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.append(header::VARY, HeaderValue::from_static("Origin"));
        let fixed = [
            (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST"),
            (header::ACCESS_CONTROL_ALLOW_HEADERS, "Authorization, Content-Type, Idempotency-Key"),
            (header::ACCESS_CONTROL_EXPOSE_HEADERS, "Retry-After"),
            (header::ACCESS_CONTROL_MAX_AGE, "600"),
        ];
        for (name, value) in fixed {
            headers.insert(name, HeaderValue::from_static(value));
        }
        headers.insert("cross-origin-resource-policy", HeaderValue::from_static("cross-origin"));
    }
    response
}

/// A visitor, by the token that its browser keeps.
pub(super) struct Known {
    pub(super) caller: Caller,
    pub(super) visitor: Visitor,
}

impl FromRequestParts<App> for Known {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let token = bearer(&parts.headers).ok_or(desk::Error::Unauthenticated)?;
        let (caller, visitor) =
            desk::visitors::authenticate(&app.desk, &token, address(app, parts), correlation_id(app, parts))
                .await?;
        require_origin(app, &visitor, &parts.headers).await?;
        Ok(Self { caller, visitor })
    }
}

fn bearer(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    Some(value.strip_prefix("Bearer ")?.trim().to_owned())
}

/// Errors where the page's origin is not one that the channel allows. Our own pages always may.
fn check_origin(app: &App, allowed: &[String], headers: &HeaderMap) -> Result<(), ApiError> {
    if allowed.is_empty() || crate::auth::same_origin(app, headers) {
        return Ok(());
    }
    let origin = headers.get(header::ORIGIN).and_then(|origin| origin.to_str().ok()).unwrap_or_default();
    if allowed.iter().any(|known| known == &origin.to_lowercase()) {
        return Ok(());
    }
    Err(ApiError::new(StatusCode::FORBIDDEN, "origin_not_allowed", "this chat is not for pages of this site"))
}

pub(super) async fn require_origin(
    app: &App,
    visitor: &Visitor,
    headers: &HeaderMap,
) -> Result<(), ApiError> {
    let caller = Caller::system(visitor.workspace, domain::Via::Widget, app.desk.new_id());
    let channel = desk::channels::get(&app.desk, &caller, visitor.channel).await?;
    check_origin(app, &channel.allowed_origins, headers)
}

/// What the widget shows before anything is asked.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct WidgetChannelResponse {
    /// The channel's name, by which the staff knows it.
    name: String,
    /// What a visitor reads first.
    greeting: String,
    /// The accent colour, `#rrggbb`.
    color: String,
    /// `right` or `left`.
    position: String,
    /// Whether it takes messages.
    enabled: bool,
    /// The workspace's name: with whom a visitor talks.
    workspace: String,
}

/// How a widget looks
#[utoipa::path(get, path = "/widget/v1/channels/{key}", operation_id = "widget_show_channel", tag = "widget", params(("key" = String, Path)),
    responses((status = 200, body = WidgetChannelResponse), (status = "default", body = Problem)))]
async fn show_channel(
    State(app): State<App>,
    Path(key): Path<String>,
) -> Result<axum::Json<WidgetChannelResponse>, ApiError> {
    let (channel, workspace, greeting) = desk::visitors::channel(&app.desk, &key).await?;
    Ok(axum::Json(WidgetChannelResponse {
        name: channel.name,
        greeting: if channel.greeting.is_empty() { greeting } else { channel.greeting },
        color: channel.color,
        position: channel.position,
        enabled: channel.enabled,
        workspace,
    }))
}

/// A visitor who begins to write.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct StartRequest {
    /// The channel's key.
    channel: String,
    /// A name.
    #[serde(default)]
    #[schema(max_length = 100)]
    name: Option<String>,
    /// An e-mail address.
    #[serde(default)]
    email: Option<String>,
    /// The page that the visitor is on; not kept.
    #[serde(default, rename = "page_url")]
    _page_url: Option<String>,
}

/// A visitor's conversation.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct VisitorConversation {
    /// Its id.
    id: Uuid,
    /// `bot`, `offered`, `claimed`, `returned` or `closed`.
    state: String,
    /// When something last happened in it.
    updated_at: Timestamp,
}

/// A new conversation.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct StartResponse {
    /// The conversation.
    conversation: VisitorConversation,
    /// What opens it; the one that was sent along, where there was one.
    visitor_token: String,
}

/// Begin a conversation
#[utoipa::path(post, path = "/widget/v1/conversations", operation_id = "widget_start_conversation", tag = "widget", request_body = StartRequest, security((), ("token" = [])),
    params(("Idempotency-Key" = Option<String>, Header)),
    responses((status = 201, body = StartResponse), (status = "default", body = Problem)))]
async fn start_conversation(
    State(app): State<App>,
    anybody: Anybody,
    headers: HeaderMap,
    Create { body, key }: Create<StartRequest>,
) -> Result<(StatusCode, axum::Json<StartResponse>), ApiError> {
    app.limits.newcomers.check(&anybody.address)?;
    let (channel, ..) = desk::visitors::channel(&app.desk, &body.channel).await?;
    check_origin(&app, &channel.allowed_origins, &headers)?;
    let known = match bearer(&headers) {
        None => None,
        Some(token) => {
            let found =
                desk::visitors::authenticate(&app.desk, &token, anybody.address, anybody.correlation_id)
                    .await;
            // A token of another channel, or one that is gone, begins anew rather than failing.
            found.ok().filter(|(_, visitor)| visitor.channel == channel.id).map(|found| (token, found))
        }
    };
    let (token, started) = match known {
        Some((token, (mut caller, visitor))) => {
            caller.idempotency = key;
            (token, desk::visitors::start(&app.desk, &caller, visitor).await?)
        }
        None => {
            let introduction = Introduction { name: body.name, email: body.email };
            let started = desk::visitors::start_new(
                &app.desk,
                &channel,
                introduction,
                anybody.address,
                anybody.correlation_id,
                key,
            )
            .await?;
            (started.token.clone().unwrap_or_default(), started)
        }
    };
    let conversation = VisitorConversation {
        id: started.conversation.0,
        state: "bot".to_owned(),
        updated_at: app.desk.clock().now(),
    };
    Ok((StatusCode::CREATED, axum::Json(StartResponse { conversation, visitor_token: token })))
}

/// The visitor's conversations
#[utoipa::path(get, path = "/widget/v1/conversations", operation_id = "widget_list_conversations", tag = "widget", security(("token" = [])),
    responses((status = 200, body = List<VisitorConversation>), (status = "default", body = Problem)))]
async fn list_conversations(
    State(app): State<App>,
    known: Known,
) -> Result<axum::Json<List<VisitorConversation>>, ApiError> {
    let conversations = desk::visitors::conversations(&app.desk, &known.caller).await?;
    Ok(axum::Json(List::all(conversations, |conversation| VisitorConversation {
        id: conversation.id.0,
        state: conversation.state.as_str().to_owned(),
        updated_at: conversation.updated_at,
    })))
}

/// Who wrote a message, as visitors see it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct VisitorAuthor {
    /// `contact`, `member`, `hand` or `system`.
    kind: String,
    /// The name.
    name: String,
}

/// A message, as visitors see it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct VisitorMessage {
    id: Uuid,
    /// Its place in the conversation, from 1; notes of the staff leave gaps.
    sequence: i64,
    author: VisitorAuthor,
    /// What it says.
    text: String,
    /// What an answer rests on.
    sources: Vec<SourceResponse>,
    /// The id that the client gave it.
    client_id: Option<String>,
    created_at: Timestamp,
}

impl VisitorMessage {
    pub(super) fn of(message: Message, help: &str) -> Self {
        Self {
            id: message.id.0,
            sequence: message.sequence,
            author: VisitorAuthor { kind: message.author.as_str().to_owned(), name: message.author_name },
            text: message.text,
            sources: message.sources.into_iter().map(|source| SourceResponse::of(source, help)).collect(),
            client_id: message.client_id,
            created_at: message.created_at,
        }
    }

    /// The message that an event tells of.
    pub(super) fn told(message: data::Message, help: &str) -> Self {
        Self {
            id: message.id,
            sequence: message.sequence,
            author: VisitorAuthor { kind: message.author, name: message.author_name },
            text: message.text,
            sources: message.sources.into_iter().map(|source| SourceResponse::of(source, help)).collect(),
            client_id: message.client_id,
            created_at: message.created_at,
        }
    }
}

/// A visitor's message.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct VisitorMessageRequest {
    /// Several lines.
    #[schema(min_length = 1, max_length = 4_000)]
    text: String,
    /// An id of the client's: sending it again gives the same message.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 64)]
    client_id: Option<String>,
}

/// Where the visitor's channel has its articles.
pub(super) async fn help_of(app: &App, headers: &HeaderMap, visitor: &Visitor) -> Result<String, ApiError> {
    let caller = Caller::system(visitor.workspace, domain::Via::Widget, app.desk.new_id());
    let channel = desk::channels::get(&app.desk, &caller, visitor.channel).await?;
    Ok(help::base(app, headers, &channel.key))
}

/// Write
#[utoipa::path(post, path = "/widget/v1/conversations/{id}/messages", operation_id = "widget_send_message", tag = "widget", params(("id" = Uuid, Path), ("Idempotency-Key" = Option<String>, Header)),
    request_body = VisitorMessageRequest, security(("token" = [])),
    responses((status = 201, body = VisitorMessage), (status = "default", body = Problem)))]
async fn send_message(
    State(app): State<App>,
    mut known: Known,
    headers: HeaderMap,
    Path(id): Path<ConversationId>,
    Create { body, key }: Create<VisitorMessageRequest>,
) -> Result<(StatusCode, axum::Json<VisitorMessage>), ApiError> {
    app.limits.visitors.check(&known.visitor.contact.0)?;
    known.caller.idempotency = key;
    let message = desk::visitors::write(&app.desk, &known.caller, id, &body.text, body.client_id).await?;
    let help = help_of(&app, &headers, &known.visitor).await?;
    Ok((StatusCode::CREATED, axum::Json(VisitorMessage::of(message, &help))))
}

/// From where on messages are wanted.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct AfterQuery {
    /// Only messages after this sequence.
    #[param(minimum = 0)]
    after: Option<i64>,
    /// How many at most.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<i64>,
}

/// A visitor's messages, oldest first.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct VisitorMessages {
    /// The messages.
    items: Vec<VisitorMessage>,
    /// `bot`, `offered`, `claimed`, `returned` or `closed`.
    state: String,
    /// The last sequence, where there may be more after it.
    next_cursor: Option<String>,
}

/// Read
#[utoipa::path(get, path = "/widget/v1/conversations/{id}/messages", operation_id = "widget_list_messages", tag = "widget", params(("id" = Uuid, Path), AfterQuery),
    security(("token" = [])), responses((status = 200, body = VisitorMessages), (status = "default", body = Problem)))]
async fn list_messages(
    State(app): State<App>,
    known: Known,
    headers: HeaderMap,
    Path(id): Path<ConversationId>,
    Query(query): Query<AfterQuery>,
) -> Result<axum::Json<VisitorMessages>, ApiError> {
    let limit = crate::extract::paging(query.limit, None)?.limit;
    let after = query.after.unwrap_or(0);
    if after < 0 {
        return Err(desk::Error::field("after", "must be 0 or more").into());
    }
    let (conversation, _, messages) =
        desk::visitors::messages(&app.desk, &known.caller, id, after, limit).await?;
    let help = help_of(&app, &headers, &known.visitor).await?;
    let full = i64::try_from(messages.len()).unwrap_or(0) == limit;
    let next_cursor = messages.last().filter(|_| full).map(|message| message.sequence.to_string());
    Ok(axum::Json(VisitorMessages {
        items: messages.into_iter().map(|message| VisitorMessage::of(message, &help)).collect(),
        state: conversation.state.as_str().to_owned(),
        next_cursor,
    }))
}
