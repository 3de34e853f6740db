//! Webhooks: made, changed, tested; what they were sent, and sent again.

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use domain::EventType;
use domain::ids::{DeliveryId, WebhookId};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::etag;
use crate::App;
use crate::auth::Member;
use crate::extract::{Body, Create, IfMatch, PageQuery, Path, Query};
use crate::problem::{ApiError, Problem};
use crate::wire::List;
use crate::wire::webhooks::{
    DeliveryQuery, DeliveryResponse, EventTypeResponse, FullDeliveryResponse, NewWebhookResponse,
    ReplayRequest, ReplayResponse, RotateRequest, TestResponse, WebhookRequest, WebhookResponse,
};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_webhooks, create_webhook))
        .routes(routes!(list_event_types))
        .routes(routes!(show_webhook, update_webhook, delete_webhook))
        .routes(routes!(rotate_webhook))
        .routes(routes!(test_webhook))
        .routes(routes!(list_deliveries))
        .routes(routes!(show_delivery))
        .routes(routes!(replay_delivery))
        .routes(routes!(replay_deliveries))
}

/// Webhooks
#[utoipa::path(get, path = "/api/v1/webhooks", tag = "webhooks", security(("token" = []), ("session" = [])),
    responses((status = 200, body = List<WebhookResponse>), (status = "default", body = Problem)))]
async fn list_webhooks(
    State(app): State<App>,
    member: Member,
) -> Result<axum::Json<List<WebhookResponse>>, ApiError> {
    let webhooks = desk::webhooks::list(&app.desk, member.caller()).await?;
    Ok(axum::Json(List::all(webhooks, WebhookResponse::from)))
}

/// Make a webhook; its secret is shown this once
#[utoipa::path(post, path = "/api/v1/webhooks", tag = "webhooks", request_body = WebhookRequest,
    params(("Idempotency-Key" = Option<String>, Header)), security(("token" = []), ("session" = [])),
    responses((status = 201, body = NewWebhookResponse), (status = "default", body = Problem)))]
async fn create_webhook(
    State(app): State<App>,
    member: Member,
    Create { body, key }: Create<WebhookRequest>,
) -> Result<impl IntoResponse, ApiError> {
    let caller = member.with_key(key);
    let (webhook, secret) = desk::webhooks::create(&app.desk, &caller, body.into()).await?;
    let answer = NewWebhookResponse { webhook: webhook.into(), secret };
    let no_store = [(header::CACHE_CONTROL, "no-store")];
    Ok((StatusCode::CREATED, etag(answer.webhook.version), no_store, axum::Json(answer)))
}

/// The types of event that webhooks can be told of
#[utoipa::path(get, path = "/api/v1/webhooks/event-types", tag = "webhooks", security(("token" = []), ("session" = [])),
    responses((status = 200, body = List<EventTypeResponse>), (status = "default", body = Problem)))]
async fn list_event_types(_: Member) -> axum::Json<List<EventTypeResponse>> {
    let public = EventType::ALL.iter().filter(|kind| kind.is_public());
    axum::Json(List::all(public.collect(), |kind| EventTypeResponse {
        kind: kind.as_str().to_owned(),
        record: kind.kind().to_owned(),
    }))
}

/// A webhook
#[utoipa::path(get, path = "/api/v1/webhooks/{id}", tag = "webhooks", params(("id" = Uuid, Path)), security(("token" = []), ("session" = [])),
    responses((status = 200, body = WebhookResponse), (status = "default", body = Problem)))]
async fn show_webhook(
    State(app): State<App>,
    member: Member,
    Path(id): Path<WebhookId>,
) -> Result<impl IntoResponse, ApiError> {
    let webhook = desk::webhooks::get(&app.desk, member.caller(), id).await?;
    Ok((etag(webhook.version), axum::Json(WebhookResponse::from(webhook))))
}

/// Change a webhook; one that is enabled again, or leads elsewhere, is tried at once
#[utoipa::path(patch, path = "/api/v1/webhooks/{id}", tag = "webhooks", params(("id" = Uuid, Path), ("If-Match" = Option<String>, Header)),
    request_body = WebhookRequest, security(("token" = []), ("session" = [])),
    responses((status = 200, body = WebhookResponse), (status = "default", body = Problem)))]
async fn update_webhook(
    State(app): State<App>,
    member: Member,
    Path(id): Path<WebhookId>,
    IfMatch(version): IfMatch,
    Body(body): Body<WebhookRequest>,
) -> Result<impl IntoResponse, ApiError> {
    let webhook = desk::webhooks::update(&app.desk, member.caller(), id, body.into(), version).await?;
    Ok((etag(webhook.version), axum::Json(WebhookResponse::from(webhook))))
}

/// Delete a webhook; what waits for it is not sent any more
#[utoipa::path(delete, path = "/api/v1/webhooks/{id}", tag = "webhooks", params(("id" = Uuid, Path), ("If-Match" = Option<String>, Header)),
    security(("token" = []), ("session" = [])), responses((status = 204), (status = "default", body = Problem)))]
async fn delete_webhook(
    State(app): State<App>,
    member: Member,
    Path(id): Path<WebhookId>,
    IfMatch(version): IfMatch,
) -> Result<StatusCode, ApiError> {
    desk::webhooks::delete(&app.desk, member.caller(), id, version).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Give a webhook a new secret, which is shown this once; the one it has stays good for a while
#[utoipa::path(post, path = "/api/v1/webhooks/{id}/rotate", tag = "webhooks", request_body = RotateRequest,
    params(("id" = Uuid, Path), ("Idempotency-Key" = Option<String>, Header)), security(("token" = []), ("session" = [])),
    responses((status = 200, body = NewWebhookResponse), (status = "default", body = Problem)))]
async fn rotate_webhook(
    State(app): State<App>,
    member: Member,
    Path(id): Path<WebhookId>,
    Create { body, key }: Create<RotateRequest>,
) -> Result<impl IntoResponse, ApiError> {
    let caller = member.with_key(key);
    let (webhook, secret) = desk::webhooks::rotate(&app.desk, &caller, id, body.overlap_hours()).await?;
    let answer = NewWebhookResponse { webhook: webhook.into(), secret };
    Ok((etag(answer.webhook.version), [(header::CACHE_CONTROL, "no-store")], axum::Json(answer)))
}

/// Have a test event delivered, on the way that all events take
#[utoipa::path(post, path = "/api/v1/webhooks/{id}/test", tag = "webhooks", params(("id" = Uuid, Path)), security(("token" = []), ("session" = [])),
    responses((status = 202, body = TestResponse), (status = "default", body = Problem)))]
async fn test_webhook(
    State(app): State<App>,
    member: Member,
    Path(id): Path<WebhookId>,
) -> Result<impl IntoResponse, ApiError> {
    let delivery = desk::webhooks::test(&app.desk, member.caller(), id).await?;
    Ok((StatusCode::ACCEPTED, axum::Json(TestResponse { delivery_id: delivery.0 })))
}

/// What was sent to a webhook, or waits to be, newest first
#[utoipa::path(get, path = "/api/v1/webhooks/{id}/deliveries", tag = "webhooks", params(("id" = Uuid, Path), DeliveryQuery, PageQuery),
    security(("token" = []), ("session" = [])),
    responses((status = 200, body = List<DeliveryResponse>), (status = "default", body = Problem)))]
async fn list_deliveries(
    State(app): State<App>,
    member: Member,
    Path(id): Path<WebhookId>,
    Query(query): Query<DeliveryQuery>,
    Query(page): Query<PageQuery>,
) -> Result<axum::Json<List<DeliveryResponse>>, ApiError> {
    let (state, paging) = (query.read()?, page.paging()?);
    let page = desk::webhooks::deliveries(&app.desk, member.caller(), id, state, paging).await?;
    Ok(axum::Json(List::page(page, |delivery| DeliveryResponse::from(&delivery))))
}

/// One delivery, with what is sent and every attempt
#[utoipa::path(get, path = "/api/v1/webhooks/{id}/deliveries/{delivery}", tag = "webhooks", params(("id" = Uuid, Path), ("delivery" = Uuid, Path)),
    security(("token" = []), ("session" = [])),
    responses((status = 200, body = FullDeliveryResponse), (status = "default", body = Problem)))]
async fn show_delivery(
    State(app): State<App>,
    member: Member,
    Path((id, delivery)): Path<(WebhookId, DeliveryId)>,
) -> Result<axum::Json<FullDeliveryResponse>, ApiError> {
    let found = desk::webhooks::delivery(&app.desk, member.caller(), id, delivery).await?;
    Ok(axum::Json(found.into()))
}

/// Have one delivery sent again, whatever became of it
#[utoipa::path(post, path = "/api/v1/webhooks/{id}/deliveries/{delivery}/replay", tag = "webhooks",
    params(("id" = Uuid, Path), ("delivery" = Uuid, Path)), security(("token" = []), ("session" = [])),
    responses((status = 200, body = DeliveryResponse), (status = "default", body = Problem)))]
async fn replay_delivery(
    State(app): State<App>,
    member: Member,
    Path((id, delivery)): Path<(WebhookId, DeliveryId)>,
) -> Result<axum::Json<DeliveryResponse>, ApiError> {
    let delivery = desk::webhooks::replay(&app.desk, member.caller(), id, delivery).await?;
    Ok(axum::Json(DeliveryResponse::from(&delivery)))
}

/// Have every delivery that failed sent again, or those since a moment
#[utoipa::path(post, path = "/api/v1/webhooks/{id}/replay", tag = "webhooks", request_body = ReplayRequest,
    params(("id" = Uuid, Path)), security(("token" = []), ("session" = [])),
    responses((status = 200, body = ReplayResponse), (status = "default", body = Problem)))]
async fn replay_deliveries(
    State(app): State<App>,
    member: Member,
    Path(id): Path<WebhookId>,
    Body(body): Body<ReplayRequest>,
) -> Result<axum::Json<ReplayResponse>, ApiError> {
    let deliveries = desk::webhooks::replay_failed(&app.desk, member.caller(), id, body.read()?).await?;
    Ok(axum::Json(ReplayResponse { deliveries }))
}
