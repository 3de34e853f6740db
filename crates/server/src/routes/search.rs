//! The one search over everything.

use axum::extract::State;
use desk::search::Kind;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::App;
use crate::auth::Member;
use crate::extract::Query;
use crate::problem::{ApiError, Problem};
use crate::wire::List;
use crate::wire::knowledge::HitResponse;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(search))
}

/// What to search for.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct SearchQuery {
    /// Words; the last one may be only a beginning. `#12` finds what has that number.
    q: String,
    /// `task`, `conversation`, `ticket`, `contact` or `article`; all where nothing is given.
    #[param(pattern = "^(task|conversation|ticket|contact|article)$")]
    kind: Option<String>,
    /// How many hits at most.
    #[param(minimum = 1, maximum = 50, default = 20)]
    limit: Option<usize>,
}

/// Search everything
#[utoipa::path(get, path = "/api/v1/search", tag = "search", params(SearchQuery), security(("token" = []), ("session" = [])),
    responses((status = 200, body = List<HitResponse>), (status = "default", body = Problem)))]
async fn search(
    State(app): State<App>,
    member: Member,
    Query(query): Query<SearchQuery>,
) -> Result<axum::Json<List<HitResponse>>, ApiError> {
    let kinds = match query.kind.as_deref() {
        None => Vec::new(),
        Some(kind) => vec![Kind::parse(kind).ok_or_else(|| {
            desk::Error::field("kind", "must be task, conversation, ticket, contact or article")
        })?],
    };
    let limit = query.limit.unwrap_or(20);
    if !(1..=50).contains(&limit) {
        return Err(desk::Error::field("limit", "must be 1 to 50").into());
    }
    let hits = desk::search::search(&app.desk, member.caller(), &query.q, kinds, limit).await?;
    Ok(axum::Json(List::all(hits, HitResponse::from)))
}
