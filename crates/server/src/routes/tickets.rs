//! Tickets.

use axum::extract::State;
use axum::response::IntoResponse;
use desk::Done;
use desk::tickets::{Filter, TicketView};
use domain::ids::{ContactId, MemberId, TicketId};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::audit::history;
use super::{etag, undo_header};
use crate::App;
use crate::auth::Member;
use crate::extract::{Body, IfMatch, PageQuery, Path, Query};
use crate::problem::{ApiError, Problem};
use crate::wire::customers::{TicketPatchRequest, TicketResponse};
use crate::wire::{HistoryEntry, List};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_tickets))
        .routes(routes!(show_ticket, update_ticket))
        .routes(routes!(close_ticket))
        .routes(routes!(reopen_ticket))
        .routes(routes!(ticket_history))
}

/// Which tickets.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct TicketQuery {
    /// `open` (the default), `closed` or `all`.
    #[param(pattern = "^(open|closed|all)$")]
    status: Option<String>,
    /// `me`, or a member's id.
    assignee: Option<String>,
    /// A contact's id.
    contact: Option<Uuid>,
    /// Only with this in the subject or the contact's name.
    #[param(max_length = 500)]
    q: Option<String>,
}

/// Tickets
#[utoipa::path(get, path = "/api/v1/tickets", tag = "tickets", params(TicketQuery, PageQuery), security(("token" = []), ("session" = [])),
    responses((status = 200, body = List<TicketResponse>), (status = "default", body = Problem)))]
async fn list_tickets(
    State(app): State<App>,
    member: Member,
    Query(query): Query<TicketQuery>,
    Query(page): Query<PageQuery>,
) -> Result<axum::Json<List<TicketResponse>>, ApiError> {
    let closed = match query.status.as_deref() {
        None | Some("open") => Some(false),
        Some("closed") => Some(true),
        Some("all") => None,
        Some(_) => return Err(desk::Error::field("status", "must be open, closed or all").into()),
    };
    let assignee = match query.assignee.as_deref() {
        None => None,
        Some("me") => Some(member.who.member.id),
        Some(id) => Some(
            id.parse::<MemberId>()
                .map_err(|_| desk::Error::field("assignee", "must be me or a member's id"))?,
        ),
    };
    let filter = Filter {
        closed,
        assignee,
        contact: query.contact.map(ContactId),
        text: crate::extract::narrowing(query.q)?,
    };
    let paging = page.paging()?;
    let page = desk::tickets::list(&app.desk, member.caller(), filter, paging).await?;
    Ok(axum::Json(List::page(page, TicketResponse::from)))
}

/// A ticket
#[utoipa::path(get, path = "/api/v1/tickets/{id}", tag = "tickets", params(("id" = Uuid, Path)), security(("token" = []), ("session" = [])),
    responses((status = 200, body = TicketResponse), (status = "default", body = Problem)))]
async fn show_ticket(
    State(app): State<App>,
    member: Member,
    Path(id): Path<TicketId>,
) -> Result<impl IntoResponse, ApiError> {
    let ticket = TicketResponse::from(desk::tickets::get(&app.desk, member.caller(), id).await?);
    Ok((etag(ticket.version), axum::Json(ticket)))
}

/// Change a ticket
#[utoipa::path(patch, path = "/api/v1/tickets/{id}", tag = "tickets", params(("id" = Uuid, Path), ("If-Match" = Option<String>, Header)),
    request_body = TicketPatchRequest, security(("token" = []), ("session" = [])),
    responses((status = 200, body = TicketResponse), (status = "default", body = Problem)))]
async fn update_ticket(
    State(app): State<App>,
    member: Member,
    Path(id): Path<TicketId>,
    IfMatch(version): IfMatch,
    Body(body): Body<TicketPatchRequest>,
) -> Result<impl IntoResponse, ApiError> {
    let assignee = body.assignee.map(|id| id.map(MemberId));
    let done =
        desk::tickets::update(&app.desk, member.caller(), id, body.subject.as_deref(), assignee, version)
            .await?;
    Ok(ticket_done(done))
}

/// Close a ticket and its conversation
#[utoipa::path(post, path = "/api/v1/tickets/{id}/close", tag = "tickets", params(("id" = Uuid, Path)), security(("token" = []), ("session" = [])),
    responses((status = 200, body = TicketResponse), (status = "default", body = Problem)))]
async fn close_ticket(
    State(app): State<App>,
    member: Member,
    Path(id): Path<TicketId>,
) -> Result<impl IntoResponse, ApiError> {
    Ok(ticket_done(desk::tickets::close(&app.desk, member.caller(), id).await?))
}

fn ticket_done(done: Done<TicketView>) -> impl IntoResponse + use<> {
    let ticket = TicketResponse::from(done.value);
    (undo_header(done.undo), etag(ticket.version), axum::Json(ticket))
}

/// Open a closed ticket and its conversation again
#[utoipa::path(post, path = "/api/v1/tickets/{id}/reopen", tag = "tickets", params(("id" = Uuid, Path)), security(("token" = []), ("session" = [])),
    responses((status = 200, body = TicketResponse), (status = "default", body = Problem)))]
async fn reopen_ticket(
    State(app): State<App>,
    member: Member,
    Path(id): Path<TicketId>,
) -> Result<impl IntoResponse, ApiError> {
    Ok(ticket_done(desk::tickets::reopen(&app.desk, member.caller(), id).await?))
}

/// Who did what to a ticket
#[utoipa::path(get, path = "/api/v1/tickets/{id}/history", tag = "tickets", params(("id" = Uuid, Path), PageQuery), security(("token" = []), ("session" = [])),
    responses((status = 200, body = List<HistoryEntry>), (status = "default", body = Problem)))]
async fn ticket_history(
    State(app): State<App>,
    member: Member,
    Path(id): Path<TicketId>,
    Query(query): Query<PageQuery>,
) -> Result<axum::Json<List<HistoryEntry>>, ApiError> {
    desk::tickets::get(&app.desk, member.caller(), id).await?;
    history(&app, &member, id.0, &query).await
}
