//! Articles, search hits and notifications on the wire.

use desk::articles::{Article, ArticleItem, ArticlePatch, NewArticle, Status};
use desk::notifications::About;
use domain::ids::{ConversationId, TaskId, TicketId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// Whether customers see an article.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ArticleStatus {
    /// Only the staff.
    Draft,
    /// Everybody; answers are made of it.
    Published,
}

impl From<Status> for ArticleStatus {
    fn from(status: Status) -> Self {
        match status {
            Status::Draft => Self::Draft,
            Status::Published => Self::Published,
        }
    }
}

impl From<ArticleStatus> for Status {
    fn from(status: ArticleStatus) -> Self {
        match status {
            ArticleStatus::Draft => Self::Draft,
            ArticleStatus::Published => Self::Published,
        }
    }
}

/// An article as lists show it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ArticleItemResponse {
    /// Its id.
    pub id: Uuid,
    /// Its number in the workspace.
    pub number: i64,
    /// Its lasting short name, part of its link.
    pub slug: String,
    /// Its title.
    pub title: String,
    /// What it answers, in a sentence.
    pub summary: String,
    /// Its labels.
    pub labels: Vec<String>,
    /// Whether customers see it.
    pub status: ArticleStatus,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// Who last changed it.
    pub updated_by: String,
    /// The ETag, as a number.
    pub version: i64,
}

impl From<ArticleItem> for ArticleItemResponse {
    fn from(item: ArticleItem) -> Self {
        Self {
            id: item.id.0,
            number: item.number,
            slug: item.slug,
            title: item.title,
            summary: item.summary,
            labels: item.labels,
            status: item.status.into(),
            updated_at: item.updated_at,
            updated_by: item.updated_by,
            version: item.version,
        }
    }
}

/// An article.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ArticleResponse {
    /// Everything but the text.
    #[serde(flatten)]
    pub item: ArticleItemResponse,
    /// The text, in Markdown.
    pub body: String,
    /// The text, in HTML that is safe to put into a page.
    pub html: String,
}

impl From<Article> for ArticleResponse {
    fn from(article: Article) -> Self {
        let html = desk::articles::html(&article.body);
        Self { item: article.item.into(), body: article.body, html }
    }
}

/// An article to be made.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ArticleRequest {
    /// Its title.
    #[schema(min_length = 1, max_length = 200)]
    pub title: String,
    /// Its lasting short name; made from the title where nothing is given.
    #[serde(default)]
    #[schema(pattern = "^[a-z0-9-]{0,100}$")]
    pub slug: Option<String>,
    /// What it answers, in a sentence.
    #[serde(default)]
    #[schema(max_length = 500)]
    pub summary: String,
    /// The text, in Markdown.
    #[serde(default)]
    #[schema(max_length = 200_000)]
    pub body: String,
    /// Its labels.
    #[serde(default)]
    pub labels: Vec<String>,
    /// Whether customers see it; a draft where nothing is given.
    #[serde(default)]
    pub status: Option<ArticleStatus>,
}

impl From<ArticleRequest> for NewArticle {
    fn from(request: ArticleRequest) -> Self {
        Self {
            title: request.title,
            slug: request.slug.filter(|slug| !slug.is_empty()),
            summary: request.summary,
            body: request.body,
            labels: request.labels,
            status: Some(request.status.map_or(Status::Draft, Status::from)),
        }
    }
}

/// A change of an article: what is absent stays.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ArticlePatchRequest {
    /// Its title.
    #[schema(min_length = 1, max_length = 200)]
    pub title: Option<String>,
    /// Its lasting short name.
    #[schema(pattern = "^[a-z0-9-]{1,100}$")]
    pub slug: Option<String>,
    /// What it answers, in a sentence.
    #[schema(max_length = 500)]
    pub summary: Option<String>,
    /// The text, in Markdown.
    #[schema(max_length = 200_000)]
    pub body: Option<String>,
    /// Its labels.
    pub labels: Option<Vec<String>>,
    /// Whether customers see it.
    pub status: Option<ArticleStatus>,
}

impl From<ArticlePatchRequest> for ArticlePatch {
    fn from(request: ArticlePatchRequest) -> Self {
        Self {
            title: request.title,
            slug: request.slug,
            summary: request.summary,
            body: request.body,
            labels: request.labels,
            status: request.status.map(Status::from),
        }
    }
}

/// A Markdown text.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PreviewRequest {
    /// The text, in Markdown.
    #[schema(max_length = 200_000)]
    pub body: String,
}

/// A text in HTML.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PreviewResponse {
    /// The text, in HTML that is safe to put into a page.
    pub html: String,
}

/// A file of an import.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ImportFileRequest {
    /// Its path, for messages and for the slug.
    #[schema(max_length = 1_000)]
    pub path: String,
    /// Its text: Markdown with YAML front matter.
    pub text: String,
}

/// Files to be imported.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ImportRequest {
    /// The files.
    #[schema(max_items = 500)]
    pub files: Vec<ImportFileRequest>,
}

/// A file that was not imported.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ImportFailure {
    /// Its path.
    pub path: String,
    /// Why.
    pub reason: String,
}

/// What an import did.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ImportResponse {
    /// How many articles were made.
    pub created: usize,
    /// How many were changed.
    pub updated: usize,
    /// How many were as they are.
    pub unchanged: usize,
    /// The files that were not imported.
    pub failed: Vec<ImportFailure>,
}

/// A piece of a snippet.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PieceResponse {
    /// The text.
    pub text: String,
    /// Whether it is what was searched for.
    pub hit: bool,
}

/// What was found.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct HitResponse {
    /// `task`, `conversation`, `ticket`, `contact` or `article`.
    pub kind: String,
    /// Its id.
    pub id: Uuid,
    /// Its number.
    pub number: Option<i64>,
    /// Its title.
    pub title: String,
    /// The place that was met.
    pub snippet: Vec<PieceResponse>,
    /// Its conversation.
    pub conversation_id: Option<Uuid>,
    /// An article's slug.
    pub slug: Option<String>,
    /// Where it stands.
    pub status: Option<String>,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl From<desk::search::Hit> for HitResponse {
    fn from(hit: desk::search::Hit) -> Self {
        Self {
            kind: hit.kind.as_str().to_owned(),
            id: hit.id,
            number: hit.number,
            title: hit.title,
            snippet: hit
                .snippet
                .into_iter()
                .map(|piece| PieceResponse { text: piece.text, hit: piece.hit })
                .collect(),
            conversation_id: hit.conversation_id.map(|id| id.0),
            slug: hit.slug,
            status: hit.status,
            updated_at: hit.updated_at,
        }
    }
}

/// A record by id and number.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub struct NumberedRef {
    /// Its id.
    pub id: Uuid,
    /// Its number.
    pub number: i64,
}

/// What a member is told.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct NotificationResponse {
    /// Its id.
    pub id: Uuid,
    /// `reminder`, `handoff`, `assigned` or `customer_replied`.
    pub kind: String,
    /// One line.
    pub title: String,
    /// Some more.
    pub body: String,
    /// The task it is about.
    pub task: Option<NumberedRef>,
    /// The conversation it is about.
    pub conversation_id: Option<Uuid>,
    /// The ticket it is about.
    pub ticket: Option<NumberedRef>,
    /// When.
    pub created_at: Timestamp,
    /// When it was read.
    pub read_at: Option<Timestamp>,
}

impl From<desk::notifications::Notification> for NotificationResponse {
    fn from(told: desk::notifications::Notification) -> Self {
        Self {
            id: told.id.0,
            kind: told.kind,
            title: told.title,
            body: told.body,
            task: told.task.map(|(id, number)| NumberedRef { id: id.0, number }),
            conversation_id: told.conversation.map(|id| id.0),
            ticket: told.ticket.map(|(id, number)| NumberedRef { id: id.0, number }),
            created_at: told.created_at,
            read_at: told.read_at,
        }
    }
}

/// A page of what the caller was told.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct NotificationList {
    /// The notifications, newest first.
    pub items: Vec<NotificationResponse>,
    /// Where the next page begins, if there is one.
    pub next_cursor: Option<String>,
    /// How many are unread in all.
    pub unread: i64,
}

/// A kind of record that notifications are about.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AboutKindBody {
    /// A task.
    Task,
    /// A conversation.
    Conversation,
    /// A ticket.
    Ticket,
}

/// A record that notifications are about.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AboutBody {
    /// What it is.
    pub kind: AboutKindBody,
    /// Its id.
    pub id: Uuid,
}

impl From<AboutBody> for About {
    fn from(body: AboutBody) -> Self {
        match body.kind {
            AboutKindBody::Task => Self::Task(TaskId(body.id)),
            AboutKindBody::Conversation => Self::Conversation(ConversationId(body.id)),
            AboutKindBody::Ticket => Self::Ticket(TicketId(body.id)),
        }
    }
}

/// Which notifications were read: some, those about one record, or all.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct MarkReadRequest {
    /// These.
    #[schema(max_items = 200)]
    pub ids: Vec<Uuid>,
    /// Those about the record that is looked at.
    pub about: Option<AboutBody>,
    /// All of them.
    pub all: bool,
}
