//! Articles of the knowledge base, and the passages of the published ones, which answers are made of.

use domain::ids::ArticleId;
use jiff::Timestamp;
use sqlx::FromRow;
use sqlx::types::Json;
use uuid::Uuid;

use crate::at::At;
use crate::filter::{Select, Value, containing};
use crate::tx::{Connection, Tx, execute, fetch_all, fetch_optional};
use crate::{Cursor, Error, Page};

/// Whether an article is shown to customers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Status {
    /// Only the staff sees it.
    Draft,
    /// Customers read it, and answers are made of it.
    Published,
}

impl Status {
    /// The word for it on the wire and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Published => "published",
        }
    }

    /// The status of that name.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Draft, Self::Published].into_iter().find(|status| status.as_str() == text)
    }
}

/// An article as lists show it.
#[derive(Debug, Clone, PartialEq)]
pub struct ArticleItem {
    /// Its id.
    pub id: ArticleId,
    /// Its number in the workspace.
    pub number: i64,
    /// Its lasting short name, part of its link; unique in the workspace.
    pub slug: String,
    /// Its title.
    pub title: String,
    /// What it answers, in a sentence.
    pub summary: String,
    /// Its labels.
    pub labels: Vec<String>,
    /// Whether customers see it.
    pub status: Status,
    /// Who last changed it.
    pub updated_by: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// The ETag.
    pub version: i64,
}

/// An article with its text.
#[derive(Debug, Clone, PartialEq)]
pub struct Article {
    /// Everything but the text.
    pub item: ArticleItem,
    /// The text, in Markdown.
    pub body: String,
}

/// One section of a published article.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// The heading that it stands under.
    pub heading: Option<String>,
    /// Its text, without markup.
    pub text: String,
}

/// A section with the article that it is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passage {
    /// Its id, which is new whenever the article is changed.
    pub id: i64,
    /// The article.
    pub article_id: ArticleId,
    /// The article's slug.
    pub slug: String,
    /// The article's title.
    pub title: String,
    /// The article's summary.
    pub summary: String,
    /// The section's heading.
    pub heading: Option<String>,
    /// The section's text, without markup.
    pub body: String,
}

#[derive(FromRow)]
struct ItemRow {
    id: Uuid,
    number: i64,
    slug: String,
    title: String,
    summary: String,
    labels: Json<Vec<String>>,
    status: String,
    updated_by: String,
    created_at: At,
    updated_at: At,
    version: i64,
}

#[derive(FromRow)]
struct Row {
    #[sqlx(flatten)]
    item: ItemRow,
    body: String,
}

impl TryFrom<ItemRow> for ArticleItem {
    type Error = Error;

    fn try_from(row: ItemRow) -> Result<Self, Error> {
        let status = Status::parse(&row.status)
            .ok_or(Error::Corrupt { what: "article's status", found: row.status })?;
        Ok(Self {
            id: ArticleId(row.id),
            number: row.number,
            slug: row.slug,
            title: row.title,
            summary: row.summary,
            labels: row.labels.0,
            status,
            updated_by: row.updated_by,
            created_at: row.created_at.0,
            updated_at: row.updated_at.0,
            version: row.version,
        })
    }
}

impl TryFrom<Row> for Article {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        Ok(Self { item: row.item.try_into()?, body: row.body })
    }
}

#[derive(FromRow)]
struct PassageRow {
    id: i64,
    article_id: Uuid,
    slug: String,
    title: String,
    summary: String,
    heading: Option<String>,
    body: String,
}

impl From<PassageRow> for Passage {
    fn from(row: PassageRow) -> Self {
        Self {
            id: row.id,
            article_id: ArticleId(row.article_id),
            slug: row.slug,
            title: row.title,
            summary: row.summary,
            heading: row.heading,
            body: row.body,
        }
    }
}

macro_rules! columns {
    () => {
        "SELECT a.id, a.number, a.slug, a.title, a.summary, a.labels, a.status, a.updated_by, a.created_at,
             a.updated_at, a.version"
    };
}

macro_rules! select {
    ($where:literal) => {
        concat!(columns!(), ", a.body FROM articles a WHERE a.workspace_id = $1 AND ", $where)
    };
}

/// Adds `article`; gives whether its slug was free.
pub async fn insert(tx: &mut Tx, article: &Article) -> Result<bool, Error> {
    let workspace = tx.workspace()?;
    let item = &article.item;
    let touched = execute!(
        tx,
        "INSERT INTO articles (id, workspace_id, number, slug, title, summary, body, labels, status, updated_by,
             created_at, updated_at, version)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
         ON CONFLICT (workspace_id, slug) WHERE deleted_at IS NULL DO NOTHING",
        item.id.0,
        workspace.0,
        item.number,
        item.slug.as_str(),
        item.title.as_str(),
        item.summary.as_str(),
        article.body.as_str(),
        Json(&item.labels),
        item.status.as_str(),
        item.updated_by.as_str(),
        At(item.created_at),
        At(item.updated_at),
        item.version,
    )?;
    Ok(touched == 1)
}

/// Writes `article`, whose version is one above the one it was read with; gives whether it was still at that.
///
/// Whoever calls has counted up the articles' revision before, which lets one change of articles after the
/// other happen, and has seen that the slug is free.
pub async fn update(tx: &mut Tx, article: &Article) -> Result<bool, Error> {
    let workspace = tx.workspace()?;
    let item = &article.item;
    let touched = execute!(
        tx,
        "UPDATE articles SET slug = $3, title = $4, summary = $5, body = $6, labels = $7, status = $8,
             updated_by = $9, updated_at = $10, version = $11
         WHERE workspace_id = $1 AND id = $2 AND version = $11 - 1 AND deleted_at IS NULL",
        workspace.0,
        item.id.0,
        item.slug.as_str(),
        item.title.as_str(),
        item.summary.as_str(),
        article.body.as_str(),
        Json(&item.labels),
        item.status.as_str(),
        item.updated_by.as_str(),
        At(item.updated_at),
        item.version,
    )?;
    Ok(touched == 1)
}

/// Deletes or brings back the article at `version`, which counts up; gives whether it was at that.
pub async fn set_deleted(
    tx: &mut Tx,
    id: ArticleId,
    version: i64,
    deleted_at: Option<Timestamp>,
) -> Result<bool, Error> {
    let workspace = tx.workspace()?;
    let now = tx.now();
    let touched = execute!(
        tx,
        "UPDATE articles SET deleted_at = $4, updated_at = $5, version = version + 1
         WHERE workspace_id = $1 AND id = $2 AND version = $3",
        workspace.0,
        id.0,
        version,
        deleted_at.map(At),
        At(now),
    )?;
    Ok(touched == 1)
}

/// The article of that id.
pub async fn get(tx: &mut Tx, id: ArticleId) -> Result<Option<Article>, Error> {
    let workspace = tx.workspace()?;
    let row = fetch_optional!(tx, Row, select!("a.id = $2 AND a.deleted_at IS NULL"), workspace.0, id.0)?;
    row.map(Article::try_from).transpose()
}

/// The deleted article of that id.
pub async fn get_deleted(tx: &mut Tx, id: ArticleId) -> Result<Option<Article>, Error> {
    let workspace = tx.workspace()?;
    let row = fetch_optional!(tx, Row, select!("a.id = $2 AND a.deleted_at IS NOT NULL"), workspace.0, id.0)?;
    row.map(Article::try_from).transpose()
}

/// The article of that slug.
pub async fn by_slug(tx: &mut Tx, slug: &str) -> Result<Option<Article>, Error> {
    let workspace = tx.workspace()?;
    let row = fetch_optional!(tx, Row, select!("a.slug = $2 AND a.deleted_at IS NULL"), workspace.0, slug)?;
    row.map(Article::try_from).transpose()
}

/// A page of articles, the last changed first; only of `status`, only with `text` in title or summary.
pub async fn list(
    tx: &mut Tx,
    status: Option<Status>,
    text: Option<&str>,
    limit: i64,
    cursor: Option<Cursor>,
) -> Result<Page<ArticleItem>, Error> {
    let workspace = tx.workspace()?;
    let mut select = Select::new(
        concat!(columns!(), " FROM articles a WHERE a.workspace_id = $1 AND a.deleted_at IS NULL"),
        [workspace.0.into()],
    );
    if let Some(status) = status {
        select.and("a.status = ?", [status.as_str().into()]);
    }
    if let Some(text) = text {
        select.and(
            "(lower(a.title) LIKE ? ESCAPE '\\' OR lower(a.summary) LIKE ? ESCAPE '\\')",
            [containing(text), containing(text)],
        );
    }
    if let Some(cursor) = cursor {
        let at = Timestamp::from_microsecond(cursor.key).map_err(|_| Error::Cursor)?;
        select.and(
            "(a.updated_at < ? OR (a.updated_at = ? AND a.id < ?))",
            [Value::At(at), Value::At(at), Value::Id(cursor.id)],
        );
    }
    select.end("ORDER BY a.updated_at DESC, a.id DESC LIMIT ?", [Value::Int(limit + 1)]);
    let rows: Vec<ItemRow> = select.fetch_all(tx).await?;
    let items = rows.into_iter().map(ArticleItem::try_from).collect::<Result<Vec<_>, _>>()?;
    Ok(Page::of(items, limit, |item| Cursor { key: item.updated_at.as_microsecond(), id: item.id.0 }))
}

/// Puts `sections` in the place of the article's passages; none takes them away.
pub async fn set_passages(tx: &mut Tx, id: ArticleId, sections: &[Section]) -> Result<(), Error> {
    let workspace = tx.workspace()?;
    execute!(tx, "DELETE FROM passages WHERE workspace_id = $1 AND article_id = $2", workspace.0, id.0)?;
    for section in sections {
        execute!(
            tx,
            "INSERT INTO passages (workspace_id, article_id, heading, body) VALUES ($1, $2, $3, $4)",
            workspace.0,
            id.0,
            section.heading.as_deref(),
            section.text.as_str(),
        )?;
    }
    Ok(())
}

macro_rules! passages {
    () => {
        "SELECT p.id, p.article_id, a.slug, a.title, a.summary, p.heading, p.body
         FROM passages p JOIN articles a ON a.id = p.article_id WHERE p.workspace_id = $1"
    };
}

/// The passages with these ids, as far as there are such, in any order.
pub async fn passages(tx: &mut Tx, ids: &[i64]) -> Result<Vec<Passage>, Error> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let workspace = tx.workspace()?;
    let rows: Vec<PassageRow> = match &mut tx.connection {
        Connection::Postgres(connection) => {
            sqlx::query_as(concat!(passages!(), " AND p.id = ANY($2)"))
                .bind(workspace.0)
                .bind(ids)
                .fetch_all(&mut **connection)
                .await?
        }
        Connection::Sqlite(connection) => {
            sqlx::query_as(concat!(passages!(), " AND p.id IN (SELECT value FROM json_each($2))"))
                .bind(workspace.0)
                .bind(Json(ids))
                .fetch_all(&mut **connection)
                .await?
        }
    };
    Ok(rows.into_iter().map(Passage::from).collect())
}

/// The passages with ids above `after`, by id, at most `limit`.
pub async fn passages_after(tx: &mut Tx, after: i64, limit: i64) -> Result<Vec<Passage>, Error> {
    let workspace = tx.workspace()?;
    let rows = fetch_all!(
        tx,
        PassageRow,
        concat!(passages!(), " AND p.id > $2 ORDER BY p.id LIMIT $3"),
        workspace.0,
        after,
        limit,
    )?;
    Ok(rows.into_iter().map(Passage::from).collect())
}
