//! Orders in plain words, their chats, and undo.

use axum::extract::State;
use axum::http::HeaderMap;
use domain::ids::{ChatId, UndoId};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::undo_header;
use crate::App;
use crate::auth::Member;
use crate::extract::{Create, Path};
use crate::problem::{ApiError, Problem};
use crate::wire::say::{ChatItemResponse, ChatResponse, SayRequest, SayResponse, UndoResponse};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(say)).routes(routes!(show_chat)).routes(routes!(undo))
}

/// Say what is to be done
///
/// With `confirm` false it is only shown what would be done, and nothing changes. What is not clear or cannot be
/// done is answered with a sentence, not with an error.
#[utoipa::path(post, path = "/api/v1/say", tag = "say", request_body = SayRequest, security(("token" = []), ("session" = [])),
    params(("Idempotency-Key" = Option<String>, Header, description = "Same key, same new task, for 24 h.")),
    responses((status = 200, body = SayResponse), (status = "default", body = Problem)))]
async fn say(
    State(app): State<App>,
    member: Member,
    Create { body, key }: Create<SayRequest>,
) -> Result<(HeaderMap, axum::Json<SayResponse>), ApiError> {
    let caller = member.with_key(key);
    let reply = hand::orders::say(&app.desk, &caller, body.read()).await?;
    Ok((undo_header(reply.undo), axum::Json(SayResponse::from(reply))))
}

/// A chat of the caller's: its newest orders, oldest first
#[utoipa::path(get, path = "/api/v1/chats/{id}", tag = "say", params(("id" = Uuid, Path)), security(("token" = []), ("session" = [])),
    responses((status = 200, body = ChatResponse), (status = "default", body = Problem)))]
async fn show_chat(
    State(app): State<App>,
    member: Member,
    Path(id): Path<ChatId>,
) -> Result<axum::Json<ChatResponse>, ApiError> {
    let items = desk::chats::get(&app.desk, member.caller(), id).await?;
    let items = items.into_iter().map(ChatItemResponse::from).collect();
    Ok(axum::Json(ChatResponse { id: id.0, items }))
}

/// Take back what the caller did
#[utoipa::path(post, path = "/api/v1/undo/{id}", tag = "say", params(("id" = Uuid, Path)), security(("token" = []), ("session" = [])),
    responses((status = 200, body = UndoResponse), (status = "default", body = Problem)))]
async fn undo(
    State(app): State<App>,
    member: Member,
    Path(id): Path<UndoId>,
) -> Result<axum::Json<UndoResponse>, ApiError> {
    let undone = desk::undo::undo(&app.desk, member.caller(), id).await?;
    Ok(axum::Json(UndoResponse { text: hand::orders::undone(&undone) }))
}
