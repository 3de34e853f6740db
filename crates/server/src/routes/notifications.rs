//! What members are told.

use axum::extract::State;
use axum::http::StatusCode;
use domain::ids::NotificationId;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::App;
use crate::auth::Member;
use crate::extract::{Body, PageQuery, Query};
use crate::problem::{ApiError, Problem};
use crate::wire::List;
use crate::wire::knowledge::{MarkReadRequest, NotificationList, NotificationResponse};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list_notifications)).routes(routes!(mark_notifications_read))
}

/// Which notifications.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct NotificationQuery {
    /// Only those that were not read.
    unread: Option<bool>,
}

/// What the caller was told
#[utoipa::path(get, path = "/api/v1/notifications", tag = "notifications", params(NotificationQuery, PageQuery), security(("token" = []), ("session" = [])),
    responses((status = 200, body = NotificationList), (status = "default", body = Problem)))]
async fn list_notifications(
    State(app): State<App>,
    member: Member,
    Query(query): Query<NotificationQuery>,
    Query(page): Query<PageQuery>,
) -> Result<axum::Json<NotificationList>, ApiError> {
    let paging = page.paging()?;
    let only_unread = query.unread.unwrap_or(false);
    let (page, unread) = desk::notifications::list(&app.desk, member.caller(), only_unread, paging).await?;
    let list = List::page(page, NotificationResponse::from);
    Ok(axum::Json(NotificationList { items: list.items, next_cursor: list.next_cursor, unread }))
}

/// Mark notifications as read: some, those about a record, or all
#[utoipa::path(post, path = "/api/v1/notifications/read", tag = "notifications", request_body = MarkReadRequest, security(("token" = []), ("session" = [])),
    responses((status = 204), (status = "default", body = Problem)))]
async fn mark_notifications_read(
    State(app): State<App>,
    member: Member,
    Body(body): Body<MarkReadRequest>,
) -> Result<StatusCode, ApiError> {
    if body.ids.len() > 200 {
        return Err(desk::Error::field("ids", "are too many; at most 200 at a time").into());
    }
    if let Some(about) = body.about {
        desk::notifications::read_about(&app.desk, member.caller(), about.into()).await?;
    }
    if body.all || !body.ids.is_empty() {
        let ids = (!body.all).then(|| body.ids.into_iter().map(NotificationId).collect());
        desk::notifications::mark_read(&app.desk, member.caller(), ids).await?;
    }
    Ok(StatusCode::NO_CONTENT)
}
