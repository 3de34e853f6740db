//! Contacts.

use axum::extract::State;
use axum::response::IntoResponse;
use desk::contacts::ContactPatch;
use domain::ids::ContactId;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::audit::history;
use super::etag;
use crate::App;
use crate::auth::Member;
use crate::extract::{Body, IfMatch, PageQuery, Path, Query};
use crate::problem::{ApiError, Problem};
use crate::wire::customers::{ContactPatchRequest, ContactResponse};
use crate::wire::{HistoryEntry, List};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_contacts))
        .routes(routes!(show_contact, update_contact))
        .routes(routes!(contact_history))
}

/// Which contacts.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ContactQuery {
    /// Only with this in name or address.
    #[param(max_length = 500)]
    q: Option<String>,
}

/// Contacts
#[utoipa::path(get, path = "/api/v1/contacts", tag = "contacts", params(ContactQuery, PageQuery), security(("token" = []), ("session" = [])),
    responses((status = 200, body = List<ContactResponse>), (status = "default", body = Problem)))]
async fn list_contacts(
    State(app): State<App>,
    member: Member,
    Query(query): Query<ContactQuery>,
    Query(page): Query<PageQuery>,
) -> Result<axum::Json<List<ContactResponse>>, ApiError> {
    let paging = page.paging()?;
    let text = crate::extract::narrowing(query.q)?;
    let page = desk::contacts::list(&app.desk, member.caller(), text, paging).await?;
    Ok(axum::Json(List::page(page, ContactResponse::from)))
}

/// A contact
#[utoipa::path(get, path = "/api/v1/contacts/{id}", tag = "contacts", params(("id" = Uuid, Path)), security(("token" = []), ("session" = [])),
    responses((status = 200, body = ContactResponse), (status = "default", body = Problem)))]
async fn show_contact(
    State(app): State<App>,
    member: Member,
    Path(id): Path<ContactId>,
) -> Result<impl IntoResponse, ApiError> {
    let contact = ContactResponse::from(desk::contacts::get(&app.desk, member.caller(), id).await?);
    Ok((etag(contact.version), axum::Json(contact)))
}

/// Change a contact
#[utoipa::path(patch, path = "/api/v1/contacts/{id}", tag = "contacts", params(("id" = Uuid, Path), ("If-Match" = Option<String>, Header)),
    request_body = ContactPatchRequest, security(("token" = []), ("session" = [])),
    responses((status = 200, body = ContactResponse), (status = "default", body = Problem)))]
async fn update_contact(
    State(app): State<App>,
    member: Member,
    Path(id): Path<ContactId>,
    IfMatch(version): IfMatch,
    Body(body): Body<ContactPatchRequest>,
) -> Result<impl IntoResponse, ApiError> {
    let patch = ContactPatch { name: body.name, email: body.email, phone: body.phone, notes: body.notes };
    let contact = desk::contacts::update(&app.desk, member.caller(), id, patch, version).await?;
    let contact = ContactResponse::from(contact);
    Ok((etag(contact.version), axum::Json(contact)))
}

/// Who did what to a contact
#[utoipa::path(get, path = "/api/v1/contacts/{id}/history", tag = "contacts", params(("id" = Uuid, Path), PageQuery), security(("token" = []), ("session" = [])),
    responses((status = 200, body = List<HistoryEntry>), (status = "default", body = Problem)))]
async fn contact_history(
    State(app): State<App>,
    member: Member,
    Path(id): Path<ContactId>,
    Query(query): Query<PageQuery>,
) -> Result<axum::Json<List<HistoryEntry>>, ApiError> {
    desk::contacts::get(&app.desk, member.caller(), id).await?;
    history(&app, &member, id.0, &query).await
}
