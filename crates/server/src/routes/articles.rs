//! Articles.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use desk::articles::{ImportFile, Status};
use domain::ids::ArticleId;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::audit::history;
use super::{etag, undo_header};
use crate::App;
use crate::auth::Member;
use crate::extract::{Body, Create, IfMatch, PageQuery, Path, Query};
use crate::problem::{ApiError, Problem};
use crate::wire::knowledge::{
    ArticleItemResponse, ArticlePatchRequest, ArticleRequest, ArticleResponse, ImportFailure, ImportRequest,
    ImportResponse, PreviewRequest, PreviewResponse,
};
use crate::wire::{HistoryEntry, List};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_articles, create_article))
        .routes(routes!(show_article, update_article, delete_article))
        .routes(routes!(article_history))
        .routes(routes!(preview_article))
        .routes(routes!(import_articles))
}

/// Which articles.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ArticleQuery {
    /// `published`, `draft` or `all` (the default).
    #[param(pattern = "^(published|draft|all)$")]
    status: Option<String>,
    /// Only with this in title or summary.
    #[param(max_length = 500)]
    q: Option<String>,
}

/// Articles
#[utoipa::path(get, path = "/api/v1/articles", tag = "articles", params(ArticleQuery, PageQuery), security(("token" = []), ("session" = [])),
    responses((status = 200, body = List<ArticleItemResponse>), (status = "default", body = Problem)))]
async fn list_articles(
    State(app): State<App>,
    member: Member,
    Query(query): Query<ArticleQuery>,
    Query(page): Query<PageQuery>,
) -> Result<axum::Json<List<ArticleItemResponse>>, ApiError> {
    let status = match query.status.as_deref() {
        None | Some("all") => None,
        Some(text) => Some(
            Status::parse(text)
                .ok_or_else(|| desk::Error::field("status", "must be published, draft or all"))?,
        ),
    };
    let paging = page.paging()?;
    let text = crate::extract::narrowing(query.q)?;
    let page = desk::articles::list(&app.desk, member.caller(), status, text, paging).await?;
    Ok(axum::Json(List::page(page, ArticleItemResponse::from)))
}

/// Write an article
#[utoipa::path(post, path = "/api/v1/articles", tag = "articles", request_body = ArticleRequest, security(("token" = []), ("session" = [])),
    params(("Idempotency-Key" = Option<String>, Header)),
    responses((status = 201, body = ArticleResponse), (status = "default", body = Problem)))]
async fn create_article(
    State(app): State<App>,
    member: Member,
    Create { body, key }: Create<ArticleRequest>,
) -> Result<impl IntoResponse, ApiError> {
    let caller = member.with_key(key);
    let article = ArticleResponse::from(desk::articles::create(&app.desk, &caller, body.into()).await?);
    Ok((StatusCode::CREATED, etag(article.item.version), axum::Json(article)))
}

/// An article
#[utoipa::path(get, path = "/api/v1/articles/{id}", tag = "articles", params(("id" = Uuid, Path)), security(("token" = []), ("session" = [])),
    responses((status = 200, body = ArticleResponse), (status = "default", body = Problem)))]
async fn show_article(
    State(app): State<App>,
    member: Member,
    Path(id): Path<ArticleId>,
) -> Result<impl IntoResponse, ApiError> {
    let article = ArticleResponse::from(desk::articles::get(&app.desk, member.caller(), id).await?);
    Ok((etag(article.item.version), axum::Json(article)))
}

/// Change an article
#[utoipa::path(patch, path = "/api/v1/articles/{id}", tag = "articles", params(("id" = Uuid, Path), ("If-Match" = Option<String>, Header)),
    request_body = ArticlePatchRequest, security(("token" = []), ("session" = [])),
    responses((status = 200, body = ArticleResponse), (status = "default", body = Problem)))]
async fn update_article(
    State(app): State<App>,
    member: Member,
    Path(id): Path<ArticleId>,
    IfMatch(version): IfMatch,
    Body(body): Body<ArticlePatchRequest>,
) -> Result<impl IntoResponse, ApiError> {
    let article = desk::articles::update(&app.desk, member.caller(), id, body.into(), version).await?;
    let article = ArticleResponse::from(article);
    Ok((etag(article.item.version), axum::Json(article)))
}

/// Delete an article
#[utoipa::path(delete, path = "/api/v1/articles/{id}", tag = "articles", params(("id" = Uuid, Path), ("If-Match" = Option<String>, Header)),
    security(("token" = []), ("session" = [])), responses((status = 204), (status = "default", body = Problem)))]
async fn delete_article(
    State(app): State<App>,
    member: Member,
    Path(id): Path<ArticleId>,
    IfMatch(version): IfMatch,
) -> Result<impl IntoResponse, ApiError> {
    let done = desk::articles::delete(&app.desk, member.caller(), id, version).await?;
    Ok((StatusCode::NO_CONTENT, undo_header(done.undo)))
}

/// Who did what to an article
#[utoipa::path(get, path = "/api/v1/articles/{id}/history", tag = "articles", params(("id" = Uuid, Path), PageQuery), security(("token" = []), ("session" = [])),
    responses((status = 200, body = List<HistoryEntry>), (status = "default", body = Problem)))]
async fn article_history(
    State(app): State<App>,
    member: Member,
    Path(id): Path<ArticleId>,
    Query(query): Query<PageQuery>,
) -> Result<axum::Json<List<HistoryEntry>>, ApiError> {
    desk::articles::get(&app.desk, member.caller(), id).await?;
    history(&app, &member, id.0, &query).await
}

/// How a Markdown text will look
#[utoipa::path(post, path = "/api/v1/articles/preview", tag = "articles", request_body = PreviewRequest, security(("token" = []), ("session" = [])),
    responses((status = 200, body = PreviewResponse), (status = "default", body = Problem)))]
async fn preview_article(
    _: Member,
    Body(body): Body<PreviewRequest>,
) -> Result<axum::Json<PreviewResponse>, ApiError> {
    Ok(axum::Json(PreviewResponse { html: desk::articles::preview(&body.body)? }))
}

/// Import articles from Markdown files; a broken one is named and the others go in
#[utoipa::path(post, path = "/api/v1/articles/import", tag = "articles", request_body = ImportRequest, security(("token" = []), ("session" = [])),
    responses((status = 200, body = ImportResponse), (status = "default", body = Problem)))]
async fn import_articles(
    State(app): State<App>,
    member: Member,
    Body(body): Body<ImportRequest>,
) -> Result<axum::Json<ImportResponse>, ApiError> {
    if body.files.len() > 500 {
        return Err(desk::Error::field("files", "are too many; at most 500 at a time").into());
    }
    if body.files.iter().any(|file| file.path.chars().count() > 1_000) {
        return Err(
            desk::Error::field("files", "have a path that is too long; at most 1000 characters").into()
        );
    }
    let files = body.files.into_iter().map(|file| ImportFile { path: file.path, text: file.text }).collect();
    let report = desk::articles::import(&app.desk, member.caller(), files).await?;
    Ok(axum::Json(ImportResponse {
        created: report.created.len(),
        updated: report.updated.len(),
        unchanged: report.unchanged.len(),
        failed: report.failed.into_iter().map(|(path, reason)| ImportFailure { path, reason }).collect(),
    }))
}
