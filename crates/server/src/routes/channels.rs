//! Channels.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use domain::ids::ChannelId;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::etag;
use crate::App;
use crate::auth::Member;
use crate::extract::{Body, Create, IfMatch, Path};
use crate::problem::{ApiError, Problem};
use crate::wire::List;
use crate::wire::customers::{ChannelRequest, ChannelResponse};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_channels, create_channel))
        .routes(routes!(show_channel, update_channel))
}

/// Channels
#[utoipa::path(get, path = "/api/v1/channels", tag = "channels", security(("token" = []), ("session" = [])),
    responses((status = 200, body = List<ChannelResponse>), (status = "default", body = Problem)))]
async fn list_channels(
    State(app): State<App>,
    member: Member,
) -> Result<axum::Json<List<ChannelResponse>>, ApiError> {
    let channels = desk::channels::list(&app.desk, member.caller()).await?;
    Ok(axum::Json(List::all(channels, ChannelResponse::from)))
}

/// Make a channel
#[utoipa::path(post, path = "/api/v1/channels", tag = "channels", request_body = ChannelRequest,
    params(("Idempotency-Key" = Option<String>, Header)), security(("token" = []), ("session" = [])),
    responses((status = 201, body = ChannelResponse), (status = "default", body = Problem)))]
async fn create_channel(
    State(app): State<App>,
    member: Member,
    Create { body, key }: Create<ChannelRequest>,
) -> Result<impl IntoResponse, ApiError> {
    let caller = member.with_key(key);
    let channel = ChannelResponse::from(desk::channels::create(&app.desk, &caller, body.into()).await?);
    Ok((StatusCode::CREATED, etag(channel.version), axum::Json(channel)))
}

/// A channel
#[utoipa::path(get, path = "/api/v1/channels/{id}", tag = "channels", params(("id" = Uuid, Path)), security(("token" = []), ("session" = [])),
    responses((status = 200, body = ChannelResponse), (status = "default", body = Problem)))]
async fn show_channel(
    State(app): State<App>,
    member: Member,
    Path(id): Path<ChannelId>,
) -> Result<impl IntoResponse, ApiError> {
    let channel = ChannelResponse::from(desk::channels::get(&app.desk, member.caller(), id).await?);
    Ok((etag(channel.version), axum::Json(channel)))
}

/// Change a channel
#[utoipa::path(patch, path = "/api/v1/channels/{id}", tag = "channels", params(("id" = Uuid, Path), ("If-Match" = Option<String>, Header)),
    request_body = ChannelRequest, security(("token" = []), ("session" = [])),
    responses((status = 200, body = ChannelResponse), (status = "default", body = Problem)))]
async fn update_channel(
    State(app): State<App>,
    member: Member,
    Path(id): Path<ChannelId>,
    IfMatch(version): IfMatch,
    Body(body): Body<ChannelRequest>,
) -> Result<impl IntoResponse, ApiError> {
    let channel = desk::channels::update(&app.desk, member.caller(), id, body.into(), version).await?;
    let channel = ChannelResponse::from(channel);
    Ok((etag(channel.version), axum::Json(channel)))
}
