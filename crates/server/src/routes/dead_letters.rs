//! Dead letters: seen, counted, handled again, dropped.

use axum::extract::State;
use desk::dead_letters::Filter;
use domain::ids::DeadLetterId;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::App;
use crate::auth::Member;
use crate::extract::{Body, PageQuery, Path, Query};
use crate::problem::{ApiError, Problem};
use crate::wire::List;
use crate::wire::dead_letters::{
    DeadLetterCount, DeadLetterQuery, DeadLetterResponse, DeadLettersRequest, DeadLettersResponse,
    FullDeadLetterResponse,
};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_dead_letters))
        .routes(routes!(count_dead_letters))
        .routes(routes!(show_dead_letter))
        .routes(routes!(replay_dead_letters))
        .routes(routes!(drop_dead_letters))
}

/// What groups could not handle, newest first
#[utoipa::path(get, path = "/api/v1/dead-letters", tag = "dead letters", params(DeadLetterQuery, PageQuery), security(("token" = []), ("session" = [])),
    responses((status = 200, body = List<DeadLetterResponse>), (status = "default", body = Problem)))]
async fn list_dead_letters(
    State(app): State<App>,
    member: Member,
    Query(query): Query<DeadLetterQuery>,
    Query(page): Query<PageQuery>,
) -> Result<axum::Json<List<DeadLetterResponse>>, ApiError> {
    let page = desk::dead_letters::list(&app.desk, member.caller(), query.read()?, page.paging()?).await?;
    Ok(axum::Json(List::page(page, |letter| DeadLetterResponse::from(&letter))))
}

/// How many there are, by group, topic and reason
#[utoipa::path(get, path = "/api/v1/dead-letters/counts", tag = "dead letters", params(DeadLetterQuery), security(("token" = []), ("session" = [])),
    responses((status = 200, body = List<DeadLetterCount>), (status = "default", body = Problem)))]
async fn count_dead_letters(
    State(app): State<App>,
    member: Member,
    Query(query): Query<DeadLetterQuery>,
) -> Result<axum::Json<List<DeadLetterCount>>, ApiError> {
    let depths = desk::dead_letters::depths(&app.desk, member.caller(), query.read()?).await?;
    Ok(axum::Json(List::all(depths, DeadLetterCount::from)))
}

/// One of them, with the event as it came
#[utoipa::path(get, path = "/api/v1/dead-letters/{id}", tag = "dead letters", params(("id" = Uuid, Path, description = "The letter's id.")), security(("token" = []), ("session" = [])),
    responses((status = 200, body = FullDeadLetterResponse), (status = "default", body = Problem)))]
async fn show_dead_letter(
    State(app): State<App>,
    member: Member,
    Path(id): Path<Uuid>,
) -> Result<axum::Json<FullDeadLetterResponse>, ApiError> {
    let letter = desk::dead_letters::get(&app.desk, member.caller(), DeadLetterId(id)).await?;
    Ok(axum::Json(letter.into()))
}

/// How many of those that `filter` means rest.
async fn resting(app: &App, member: &Member, filter: Filter) -> Result<usize, ApiError> {
    let depths = desk::dead_letters::depths(&app.desk, member.caller(), filter).await?;
    let resting: i64 = depths.iter().map(|depth| depth.letters - depth.queued).sum();
    Ok(usize::try_from(resting).unwrap_or(0))
}

/// Have them handled again, by the groups that failed
#[utoipa::path(post, path = "/api/v1/dead-letters/replay", tag = "dead letters", request_body = DeadLettersRequest, security(("token" = []), ("session" = [])),
    responses((status = 200, body = DeadLettersResponse), (status = "default", body = Problem)))]
async fn replay_dead_letters(
    State(app): State<App>,
    member: Member,
    Body(body): Body<DeadLettersRequest>,
) -> Result<axum::Json<DeadLettersResponse>, ApiError> {
    let dry_run = body.dry_run;
    let (filter, per_second) = body.read()?;
    let letters = if dry_run {
        resting(&app, &member, filter).await?
    } else {
        desk::dead_letters::replay(&app.desk, member.caller(), filter, per_second).await?
    };
    Ok(axum::Json(DeadLettersResponse { letters, dry_run }))
}

/// Remove them for good
#[utoipa::path(post, path = "/api/v1/dead-letters/drop", tag = "dead letters", request_body = DeadLettersRequest, security(("token" = []), ("session" = [])),
    responses((status = 200, body = DeadLettersResponse), (status = "default", body = Problem)))]
async fn drop_dead_letters(
    State(app): State<App>,
    member: Member,
    Body(body): Body<DeadLettersRequest>,
) -> Result<axum::Json<DeadLettersResponse>, ApiError> {
    let dry_run = body.dry_run;
    let (filter, _) = body.read()?;
    let letters = if dry_run {
        resting(&app, &member, filter).await?
    } else {
        desk::dead_letters::discard(&app.desk, member.caller(), filter).await?
    };
    Ok(axum::Json(DeadLettersResponse { letters, dry_run }))
}
