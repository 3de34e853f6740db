//! The inbox: conversations and their messages.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use desk::conversations::Which;
use domain::ids::{ContactId, ConversationId};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::{etag, help, undo_header};
use crate::App;
use crate::auth::Member;
use crate::extract::{Create, PageQuery, Path, Query};
use crate::problem::{ApiError, Problem};
use crate::wire::customers::{
    ConversationList, ConversationResponse, CountsResponse, MessageRequest, MessageResponse,
};
use crate::wire::{HistoryEntry, List};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_conversations))
        .routes(routes!(show_conversation))
        .routes(routes!(list_messages, send_message))
        .routes(routes!(claim_conversation))
        .routes(routes!(return_conversation))
        .routes(routes!(close_conversation))
        .routes(routes!(mark_read))
        .routes(routes!(conversation_history))
}

/// Which conversations.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ConversationQuery {
    /// `waiting`, `mine`, `open` (the default), `bot`, `closed` or `all`.
    #[param(pattern = "^(waiting|mine|open|bot|closed|all)$")]
    state: Option<String>,
    /// Only this contact's.
    contact: Option<Uuid>,
    /// Only with this in the subject or the contact's name.
    #[param(max_length = 500)]
    q: Option<String>,
}

/// Conversations
#[utoipa::path(get, path = "/api/v1/conversations", tag = "conversations", params(ConversationQuery, PageQuery), security(("token" = []), ("session" = [])),
    responses((status = 200, body = ConversationList), (status = "default", body = Problem)))]
async fn list_conversations(
    State(app): State<App>,
    member: Member,
    Query(query): Query<ConversationQuery>,
    Query(page): Query<PageQuery>,
) -> Result<axum::Json<ConversationList>, ApiError> {
    let which = match (query.contact, query.state.as_deref()) {
        (Some(contact), _) => Which::Contact(ContactId(contact)),
        (None, None | Some("open")) => Which::Open,
        (None, Some("waiting")) => Which::Waiting,
        (None, Some("mine")) => Which::Mine(member.who.member.id),
        (None, Some("bot")) => Which::Bot,
        (None, Some("closed")) => Which::Closed,
        (None, Some("all")) => Which::All,
        (None, Some(_)) => {
            return Err(desk::Error::field("state", "must be waiting, mine, open, bot, closed or all").into());
        }
    };
    let paging = page.paging()?;
    let text = crate::extract::narrowing(query.q)?;
    let page = desk::conversations::list(&app.desk, member.caller(), which, text, paging).await?;
    let counts = desk::conversations::counts(&app.desk, member.caller()).await?;
    let list = List::page(page, ConversationResponse::from);
    Ok(axum::Json(ConversationList {
        items: list.items,
        next_cursor: list.next_cursor,
        counts: CountsResponse {
            waiting: counts.waiting,
            mine: counts.mine,
            open: counts.open,
            bot: counts.bot,
            closed: counts.closed,
        },
    }))
}

async fn shown(
    app: &App,
    member: &Member,
    id: ConversationId,
) -> Result<impl IntoResponse + use<>, ApiError> {
    let view = desk::conversations::get(&app.desk, member.caller(), id).await?;
    let answer = ConversationResponse::from(view);
    Ok((etag(answer.version), axum::Json(answer)))
}

/// A conversation
#[utoipa::path(get, path = "/api/v1/conversations/{id}", tag = "conversations", params(("id" = Uuid, Path)), security(("token" = []), ("session" = [])),
    responses((status = 200, body = ConversationResponse), (status = "default", body = Problem)))]
async fn show_conversation(
    State(app): State<App>,
    member: Member,
    Path(id): Path<ConversationId>,
) -> Result<impl IntoResponse, ApiError> {
    shown(&app, &member, id).await
}

/// The messages of a conversation, newest first
#[utoipa::path(get, path = "/api/v1/conversations/{id}/messages", tag = "conversations", params(("id" = Uuid, Path), PageQuery),
    security(("token" = []), ("session" = [])), responses((status = 200, body = List<MessageResponse>), (status = "default", body = Problem)))]
async fn list_messages(
    State(app): State<App>,
    member: Member,
    headers: HeaderMap,
    Path(id): Path<ConversationId>,
    Query(query): Query<PageQuery>,
) -> Result<axum::Json<List<MessageResponse>>, ApiError> {
    let help = help::base_of(&app, &member, &headers, id).await?;
    let page = desk::conversations::messages(&app.desk, member.caller(), id, query.paging()?).await?;
    Ok(axum::Json(List::page(page, |message| MessageResponse::of(message, &help))))
}

/// Write to the customer, or a note for the staff
#[utoipa::path(post, path = "/api/v1/conversations/{id}/messages", tag = "conversations", params(("id" = Uuid, Path), ("Idempotency-Key" = Option<String>, Header)), request_body = MessageRequest,
    security(("token" = []), ("session" = [])), responses((status = 201, body = MessageResponse), (status = "default", body = Problem)))]
async fn send_message(
    State(app): State<App>,
    member: Member,
    headers: HeaderMap,
    Path(id): Path<ConversationId>,
    Create { body, key }: Create<MessageRequest>,
) -> Result<(StatusCode, axum::Json<MessageResponse>), ApiError> {
    let help = help::base_of(&app, &member, &headers, id).await?;
    let caller = member.with_key(key);
    let message =
        desk::conversations::reply(&app.desk, &caller, id, &body.text, body.note, body.client_id).await?;
    Ok((StatusCode::CREATED, axum::Json(MessageResponse::of(message, &help))))
}

/// Take a conversation; from then on the machine is silent
#[utoipa::path(post, path = "/api/v1/conversations/{id}/claim", tag = "conversations", params(("id" = Uuid, Path)), security(("token" = []), ("session" = [])),
    responses((status = 200, body = ConversationResponse), (status = "default", body = Problem)))]
async fn claim_conversation(
    State(app): State<App>,
    member: Member,
    Path(id): Path<ConversationId>,
) -> Result<impl IntoResponse, ApiError> {
    desk::conversations::claim(&app.desk, member.caller(), id).await?;
    shown(&app, &member, id).await
}

/// Give a conversation back to the machine
#[utoipa::path(post, path = "/api/v1/conversations/{id}/return", tag = "conversations", params(("id" = Uuid, Path)), security(("token" = []), ("session" = [])),
    responses((status = 200, body = ConversationResponse), (status = "default", body = Problem)))]
async fn return_conversation(
    State(app): State<App>,
    member: Member,
    Path(id): Path<ConversationId>,
) -> Result<impl IntoResponse, ApiError> {
    desk::conversations::give_back(&app.desk, member.caller(), id).await?;
    shown(&app, &member, id).await
}

/// End a conversation and close its ticket
#[utoipa::path(post, path = "/api/v1/conversations/{id}/close", tag = "conversations", params(("id" = Uuid, Path)), security(("token" = []), ("session" = [])),
    responses((status = 200, body = ConversationResponse), (status = "default", body = Problem)))]
async fn close_conversation(
    State(app): State<App>,
    member: Member,
    Path(id): Path<ConversationId>,
) -> Result<impl IntoResponse, ApiError> {
    let done = desk::conversations::close(&app.desk, member.caller(), id).await?;
    Ok((undo_header(done.undo), shown(&app, &member, id).await?))
}

/// Note that the caller has seen a conversation as it is now
#[utoipa::path(post, path = "/api/v1/conversations/{id}/read", tag = "conversations", params(("id" = Uuid, Path)), security(("token" = []), ("session" = [])),
    responses((status = 204), (status = "default", body = Problem)))]
async fn mark_read(
    State(app): State<App>,
    member: Member,
    Path(id): Path<ConversationId>,
) -> Result<StatusCode, ApiError> {
    desk::conversations::mark_read(&app.desk, member.caller(), id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Who did what to a conversation
#[utoipa::path(get, path = "/api/v1/conversations/{id}/history", tag = "conversations", params(("id" = Uuid, Path), PageQuery),
    security(("token" = []), ("session" = [])), responses((status = 200, body = List<HistoryEntry>), (status = "default", body = Problem)))]
async fn conversation_history(
    State(app): State<App>,
    member: Member,
    Path(id): Path<ConversationId>,
    Query(query): Query<PageQuery>,
) -> Result<axum::Json<List<HistoryEntry>>, ApiError> {
    desk::conversations::get(&app.desk, member.caller(), id).await?;
    super::audit::history(&app, &member, id.0, &query).await
}
