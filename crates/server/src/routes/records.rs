//! Tickets, contacts, articles, channels, search, notifications and history.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use desk::Done;
use desk::articles::{ImportFile, Status};
use desk::contacts::ContactPatch;
use desk::search::Kind;
use desk::tickets::{Filter, TicketView};
use domain::ids::{ArticleId, ChannelId, ContactId, MemberId, NotificationId, TicketId};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::{etag, undo_header};
use crate::App;
use crate::auth::Member;
use crate::extract::{Body, Create, IfMatch, PageQuery, Path, Query};
use crate::problem::{ApiError, Problem};
use crate::wire::customers::{
    ChannelRequest, ChannelResponse, ContactPatchRequest, ContactResponse, TicketPatchRequest, TicketResponse,
};
use crate::wire::knowledge::{
    ArticleItemResponse, ArticlePatchRequest, ArticleRequest, ArticleResponse, HitResponse, ImportFailure,
    ImportRequest, ImportResponse, MarkReadRequest, NotificationList, NotificationResponse, PreviewRequest,
    PreviewResponse,
};
use crate::wire::{HistoryActor, HistoryChange, HistoryEntry, HistorySubject, List};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_tickets))
        .routes(routes!(show_ticket, update_ticket))
        .routes(routes!(close_ticket))
        .routes(routes!(reopen_ticket))
        .routes(routes!(ticket_history))
        .routes(routes!(list_contacts))
        .routes(routes!(show_contact, update_contact))
        .routes(routes!(contact_history))
        .routes(routes!(list_articles, create_article))
        .routes(routes!(show_article, update_article, delete_article))
        .routes(routes!(article_history))
        .routes(routes!(preview_article))
        .routes(routes!(import_articles))
        .routes(routes!(list_channels, create_channel))
        .routes(routes!(show_channel, update_channel))
        .routes(routes!(search))
        .routes(routes!(list_notifications))
        .routes(routes!(mark_notifications_read))
        .routes(routes!(list_audit))
}

fn entry(entry: desk::audit::HistoryEntry) -> HistoryEntry {
    let via = serde_json::to_value(entry.actor.via).ok();
    HistoryEntry {
        id: entry.id,
        at: entry.at,
        via: via.as_ref().and_then(|via| via.as_str()).unwrap_or_default().to_owned(),
        address: entry.actor.address.map(|address| address.to_string()),
        actor: HistoryActor { kind: entry.actor.kind, id: entry.actor.id, name: entry.actor.name },
        action: entry.action,
        text: entry.text,
        changes: entry
            .changes
            .into_iter()
            .map(|change| HistoryChange { field: change.field, from: change.from, to: change.to })
            .collect(),
        subject: HistorySubject {
            kind: entry.subject.kind,
            id: entry.subject.id,
            number: entry.subject.number,
            title: entry.subject.title,
        },
    }
}

/// A page of a record's history.
pub(super) async fn history(
    app: &App,
    member: &Member,
    id: Uuid,
    query: &PageQuery,
) -> Result<axum::Json<List<HistoryEntry>>, ApiError> {
    let page = desk::audit::history(&app.desk, member.caller(), id, query.paging()?).await?;
    Ok(axum::Json(List::page(page, entry)))
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
    /// How many items at most.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<i64>,
    /// Where the page begins: `next_cursor` of the page before.
    #[param(pattern = "^[0-9a-f]{48}$")]
    cursor: Option<String>,
}

/// Tickets
#[utoipa::path(get, path = "/api/v1/tickets", tag = "tickets", params(TicketQuery), security(("token" = []), ("session" = [])),
    responses((status = 200, body = List<TicketResponse>), (status = "default", body = Problem)))]
async fn list_tickets(
    State(app): State<App>,
    member: Member,
    Query(query): Query<TicketQuery>,
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
    let paging = crate::extract::paging(query.limit, query.cursor.as_deref())?;
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

/// A text to look for, and a page.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct TextQuery {
    /// Only with this in name or address.
    #[param(max_length = 500)]
    q: Option<String>,
    /// How many items at most.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<i64>,
    /// Where the page begins: `next_cursor` of the page before.
    #[param(pattern = "^[0-9a-f]{48}$")]
    cursor: Option<String>,
}

/// Contacts
#[utoipa::path(get, path = "/api/v1/contacts", tag = "contacts", params(TextQuery), security(("token" = []), ("session" = [])),
    responses((status = 200, body = List<ContactResponse>), (status = "default", body = Problem)))]
async fn list_contacts(
    State(app): State<App>,
    member: Member,
    Query(query): Query<TextQuery>,
) -> Result<axum::Json<List<ContactResponse>>, ApiError> {
    let paging = crate::extract::paging(query.limit, query.cursor.as_deref())?;
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
    /// How many items at most.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<i64>,
    /// Where the page begins: `next_cursor` of the page before.
    #[param(pattern = "^[0-9a-f]{48}$")]
    cursor: Option<String>,
}

/// Articles
#[utoipa::path(get, path = "/api/v1/articles", tag = "articles", params(ArticleQuery), security(("token" = []), ("session" = [])),
    responses((status = 200, body = List<ArticleItemResponse>), (status = "default", body = Problem)))]
async fn list_articles(
    State(app): State<App>,
    member: Member,
    Query(query): Query<ArticleQuery>,
) -> Result<axum::Json<List<ArticleItemResponse>>, ApiError> {
    let status = match query.status.as_deref() {
        None | Some("all") => None,
        Some(text) => Some(
            Status::parse(text)
                .ok_or_else(|| desk::Error::field("status", "must be published, draft or all"))?,
        ),
    };
    let paging = crate::extract::paging(query.limit, query.cursor.as_deref())?;
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

/// Which notifications.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct NotificationQuery {
    /// Only those that were not read.
    unread: Option<bool>,
    /// How many items at most.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<i64>,
    /// Where the page begins: `next_cursor` of the page before.
    #[param(pattern = "^[0-9a-f]{48}$")]
    cursor: Option<String>,
}

/// What the caller was told
#[utoipa::path(get, path = "/api/v1/notifications", tag = "notifications", params(NotificationQuery), security(("token" = []), ("session" = [])),
    responses((status = 200, body = NotificationList), (status = "default", body = Problem)))]
async fn list_notifications(
    State(app): State<App>,
    member: Member,
    Query(query): Query<NotificationQuery>,
) -> Result<axum::Json<NotificationList>, ApiError> {
    let paging = crate::extract::paging(query.limit, query.cursor.as_deref())?;
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

/// Whose doing, of what.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct AuditQuery {
    /// Only of this kind of record, such as `task`.
    kind: Option<String>,
    /// Only by this member.
    actor: Option<Uuid>,
    /// How many items at most.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<i64>,
    /// Where the page begins: `next_cursor` of the page before.
    #[param(pattern = "^[0-9a-f]{48}$")]
    cursor: Option<String>,
}

/// Who did what in the whole workspace
#[utoipa::path(get, path = "/api/v1/audit", tag = "audit", params(AuditQuery), security(("token" = []), ("session" = [])),
    responses((status = 200, body = List<HistoryEntry>), (status = "default", body = Problem)))]
async fn list_audit(
    State(app): State<App>,
    member: Member,
    Query(query): Query<AuditQuery>,
) -> Result<axum::Json<List<HistoryEntry>>, ApiError> {
    let paging = crate::extract::paging(query.limit, query.cursor.as_deref())?;
    let actor = query.actor.map(MemberId);
    let page = desk::audit::list(&app.desk, member.caller(), query.kind, actor, paging).await?;
    Ok(axum::Json(List::page(page, entry)))
}
