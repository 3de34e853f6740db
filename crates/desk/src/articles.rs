//! Articles: the knowledge base that answers are made of.
//!
//! A published article is kept in sections as well, each of which can be quoted. Whatever changes articles
//! counts up the workspace's revision of them first: that lets one change after the other happen, and tells
//! whoever remembers the sections that they are old.

mod import;
mod markdown;

use domain::event::data::{self, Change};
use domain::ids::{ArticleId, UndoId, WorkspaceId};
use domain::{Caller, EventType, text};
use store::search::{Doc, Kind as SearchKind};
use store::{Kind, Tx};
use unicode_normalization::UnicodeNormalization;

use crate::error::{Check, Error, Result, require_version};
use crate::job::{Done, Job};
use crate::undo::Operation;
use crate::{Desk, Page, Paging, UseCase};

pub use import::{ImportFile, ImportReport, import};
pub use store::articles::{Article, ArticleItem, Passage, Status};

const TITLE_LIMIT: usize = 200;
const SLUG_LIMIT: usize = 100;
const SUMMARY_LIMIT: usize = 500;
const BODY_LIMIT: usize = 200_000;
const LABELS_LIMIT: usize = 20;

/// What a new article is to be.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewArticle {
    /// Its title.
    pub title: String,
    /// Its slug; made of the title where absent.
    pub slug: Option<String>,
    /// What it answers, in a sentence.
    pub summary: String,
    /// Its text, in Markdown.
    pub body: String,
    /// Its labels.
    pub labels: Vec<String>,
    /// Whether it is published; it is where absent.
    pub status: Option<Status>,
}

/// What of an article is to change.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ArticlePatch {
    /// The title.
    pub title: Option<String>,
    /// The slug.
    pub slug: Option<String>,
    /// What it answers.
    pub summary: Option<String>,
    /// The text.
    pub body: Option<String>,
    /// The labels.
    pub labels: Option<Vec<String>>,
    /// Whether customers see it.
    pub status: Option<Status>,
}

/// An article's own fields, checked by [`check`](Draft::check).
#[derive(Debug, Clone, PartialEq, Eq)]
struct Draft {
    slug: String,
    title: String,
    summary: String,
    body: String,
    labels: Vec<String>,
    /// Absent: as it is, or published.
    status: Option<Status>,
}

impl Draft {
    fn check(self) -> Result<Self> {
        let mut check = Check::new();
        let title = check.text("title", text::line(&self.title, TITLE_LIMIT));
        let summary = check.text("summary", text::optional_line(&self.summary, SUMMARY_LIMIT));
        let body = check.text("body", text::optional_block(&self.body, BODY_LIMIT));
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if self.slug.is_empty() || self.slug.len() > SLUG_LIMIT || !self.slug.chars().all(plain) {
            check.refuse("slug", format!("must have 1 to {SLUG_LIMIT} of the characters a-z, 0-9 and -"));
        }
        if self.labels.len() > LABELS_LIMIT {
            check.refuse("labels", format!("are {}; at most {LABELS_LIMIT} are allowed", self.labels.len()));
        }
        let mut labels: Vec<String> = Vec::new();
        for label in self.labels.iter().take(LABELS_LIMIT) {
            let label = check.text("labels", text::line(label, 50));
            if !labels.iter().any(|known| known.to_lowercase() == label.to_lowercase()) {
                labels.push(label);
            }
        }
        check.done()?;
        Ok(Self { slug: self.slug, title, summary, body, labels, status: self.status })
    }

    /// `article` with these fields; everything else as it was.
    fn onto(&self, article: &Article) -> Article {
        let mut after = article.clone();
        after.item.slug.clone_from(&self.slug);
        after.item.title.clone_from(&self.title);
        after.item.summary.clone_from(&self.summary);
        after.item.labels.clone_from(&self.labels);
        after.item.status = self.status.unwrap_or(article.item.status);
        after.body.clone_from(&self.body);
        after
    }
}

/// A slug made of `text`: its letters and digits, without accents, joined by hyphens; `article` where none are.
fn slug_from(text: &str) -> String {
    let mut slug = String::new();
    for c in text.nfd().flat_map(char::to_lowercase) {
        if c.is_ascii_alphanumeric() {
            slug.push(c);
        } else if !unicode_normalization::char::is_combining_mark(c)
            && !slug.is_empty()
            && !slug.ends_with('-')
        {
            slug.push('-');
        }
    }
    // Room is left for a number behind it.
    slug.truncate(SLUG_LIMIT - 8);
    slug.truncate(slug.trim_end_matches('-').len());
    if slug.is_empty() { "article".to_owned() } else { slug }
}

fn slug_taken(slug: &str) -> Error {
    Error::conflict("slug_taken", format!("there is an article with the slug “{slug}” already"))
}

fn snapshot(item: &ArticleItem) -> data::Article {
    data::Article {
        id: item.id.0,
        number: item.number,
        slug: item.slug.clone(),
        title: item.title.clone(),
        status: item.status.as_str().to_owned(),
    }
}

/// Makes what is found and quoted of `article` what it says now.
async fn index(tx: &mut Tx, article: &Article) -> Result<()> {
    let item = &article.item;
    let sections = markdown::sections(&item.title, &article.body);
    let body = format!("{}\n{}\n{}", item.summary, item.labels.join(" "), markdown::plain(&sections));
    let doc = Doc {
        kind: SearchKind::Article,
        record_id: item.id.0,
        conversation_id: None,
        number: Some(item.number),
        slug: Some(&item.slug),
        title: &item.title,
        body: body.trim(),
        updated_at: item.updated_at,
    };
    store::search::put(tx, &doc).await?;
    let quotable = if item.status == Status::Published { sections } else { Vec::new() };
    Ok(store::articles::set_passages(tx, item.id, &quotable).await?)
}

async fn add<I>(tx: &mut Tx, job: &Job<I>, id: ArticleId, draft: &Draft) -> Result<()> {
    let number = tx.number(Kind::Article).await?;
    let now = tx.now();
    let article = Article {
        item: ArticleItem {
            id,
            number,
            slug: draft.slug.clone(),
            title: draft.title.clone(),
            summary: draft.summary.clone(),
            labels: draft.labels.clone(),
            status: draft.status.unwrap_or(Status::Published),
            updated_by: job.caller.name().to_owned(),
            created_at: now,
            updated_at: now,
            version: 1,
        },
        body: draft.body.clone(),
    };
    if !store::articles::insert(tx, &article).await? {
        return Err(slug_taken(&draft.slug));
    }
    index(tx, &article).await?;
    job.record(tx, EventType::ArticleCreated, id, 1, snapshot(&article.item), Vec::new()).await?;
    Ok(())
}

/// Writes `draft` over `before`; gives whether anything is different now.
async fn save<I>(tx: &mut Tx, job: &Job<I>, before: &Article, draft: &Draft) -> Result<bool> {
    let mut after = draft.onto(before);
    if after == *before {
        return Ok(false);
    }
    if after.item.slug != before.item.slug && store::articles::by_slug(tx, &after.item.slug).await?.is_some()
    {
        return Err(slug_taken(&after.item.slug));
    }
    after.item.version += 1;
    after.item.updated_at = tx.now();
    after.item.updated_by = job.caller.name().to_owned();
    if !store::articles::update(tx, &after).await? {
        return Err(Error::Stale { kind: "article", version: before.item.version });
    }
    index(tx, &after).await?;
    let changes = changes(before, &after);
    job.record(
        tx,
        EventType::ArticleUpdated,
        after.item.id,
        after.item.version,
        snapshot(&after.item),
        changes,
    )
    .await?;
    Ok(true)
}

fn changes(before: &Article, after: &Article) -> Vec<Change> {
    let (from, to) = (&before.item, &after.item);
    let change = |field, from: &str, to: &str| {
        let some = |text: &str| (!text.is_empty()).then(|| text::shorten(text, 200));
        if from == to {
            None
        } else {
            Some(Change { field: String::from(field), from: some(from), to: some(to) })
        }
    };
    let all = [
        change("title", &from.title, &to.title),
        change("slug", &from.slug, &to.slug),
        change("summary", &from.summary, &to.summary),
        change("labels", &from.labels.join(", "), &to.labels.join(", ")),
        change("status", from.status.as_str(), to.status.as_str()),
        change("body", &before.body, &after.body),
    ];
    all.into_iter().flatten().collect()
}

/// Makes an article.
///
/// Errors: fields that cannot be accepted; a slug that is taken.
pub async fn create(desk: &Desk, caller: &Caller, new: NewArticle) -> Result<Article> {
    let chosen = new.slug.is_some();
    let slug = new.slug.unwrap_or_else(|| slug_from(&new.title));
    let draft = Draft {
        slug,
        title: new.title,
        summary: new.summary,
        body: new.body,
        labels: new.labels,
        status: new.status,
    };
    let input = (ArticleId(desk.new_id()), draft.check()?, chosen);
    let id = desk
        .create(caller, UseCase::WriteArticles, input, |tx, job| {
            Box::pin(async move {
                let (id, draft, chosen) = &job.input;
                store::workspaces::bump_articles_revision(tx).await?;
                let mut draft = draft.clone();
                let plain = draft.slug.clone();
                let mut count = 1;
                while !chosen && store::articles::by_slug(tx, &draft.slug).await?.is_some() {
                    count += 1;
                    draft.slug = format!("{plain}-{count}");
                }
                add(tx, job, *id, &draft).await?;
                Ok(*id)
            })
        })
        .await?;
    get(desk, caller, id).await
}

/// Changes an article; with `expected`, only if it is still at one of those versions.
///
/// Errors: not there, changed meanwhile, fields that cannot be accepted, a slug that is taken.
pub async fn update(
    desk: &Desk,
    caller: &Caller,
    id: ArticleId,
    patch: ArticlePatch,
    expected: Option<Vec<i64>>,
) -> Result<Article> {
    desk.write(caller, UseCase::WriteArticles, (id, patch, expected), |tx, job| {
        Box::pin(async move {
            let (id, patch, expected) = &job.input;
            store::workspaces::bump_articles_revision(tx).await?;
            let before = at_version(tx, *id, expected.as_deref()).await?;
            let item = &before.item;
            let patch = patch.clone();
            let draft = Draft {
                slug: patch.slug.unwrap_or_else(|| item.slug.clone()),
                title: patch.title.unwrap_or_else(|| item.title.clone()),
                summary: patch.summary.unwrap_or_else(|| item.summary.clone()),
                body: patch.body.unwrap_or_else(|| before.body.clone()),
                labels: patch.labels.unwrap_or_else(|| item.labels.clone()),
                status: patch.status,
            };
            save(tx, job, &before, &draft.check()?).await?;
            store::articles::get(tx, *id).await?.ok_or(Error::NotFound("article"))
        })
    })
    .await
}

async fn at_version(tx: &mut Tx, id: ArticleId, expected: Option<&[i64]>) -> Result<Article> {
    let article = store::articles::get(tx, id).await?.ok_or(Error::NotFound("article"))?;
    require_version(expected, "article", article.item.version)?;
    Ok(article)
}

/// Deletes an article; it can be brought back by undo. With `expected`, only if it is
/// still at one of those versions.
pub async fn delete(
    desk: &Desk,
    caller: &Caller,
    id: ArticleId,
    expected: Option<Vec<i64>>,
) -> Result<Done<()>> {
    desk.write(caller, UseCase::WriteArticles, (id, expected), |tx, job| {
        Box::pin(async move {
            let (id, expected) = &job.input;
            store::workspaces::bump_articles_revision(tx).await?;
            let Article { item, .. } = at_version(tx, *id, expected.as_deref()).await?;
            let now = tx.now();
            if !store::articles::set_deleted(tx, *id, item.version, Some(now)).await? {
                return Err(Error::Stale { kind: "article", version: item.version });
            }
            store::articles::set_passages(tx, item.id, &[]).await?;
            store::search::remove(tx, id.0).await?;
            let version = item.version + 1;
            job.record(tx, EventType::ArticleDeleted, *id, version, snapshot(&item), Vec::new()).await?;
            let text = format!("Deleted article “{}”", item.title);
            let undo: Option<UndoId> =
                job.undoable(tx, text, Operation::ArticleDelete { id: *id, version }).await?;
            Ok(Done { value: (), undo })
        })
    })
    .await
}

/// Brings back the article that was deleted as its `version`.
pub(crate) async fn restore<I>(tx: &mut Tx, job: &Job<I>, id: ArticleId, version: i64) -> Result<()> {
    store::workspaces::bump_articles_revision(tx).await?;
    let article = store::articles::get_deleted(tx, id).await?.ok_or(Error::NotFound("article"))?;
    if store::articles::by_slug(tx, &article.item.slug).await?.is_some() {
        return Err(slug_taken(&article.item.slug));
    }
    if !store::articles::set_deleted(tx, id, version, None).await? {
        return Err(Error::Stale { kind: "article", version: article.item.version });
    }
    let article = store::articles::get(tx, id).await?.ok_or(Error::NotFound("article"))?;
    index(tx, &article).await?;
    job.record(tx, EventType::ArticleRestored, id, article.item.version, snapshot(&article.item), Vec::new())
        .await?;
    Ok(())
}

/// The article of that id.
pub async fn get(desk: &Desk, caller: &Caller, id: ArticleId) -> Result<Article> {
    desk.read(caller, UseCase::ReadArticles, id, |tx, id| {
        Box::pin(async move { store::articles::get(tx, *id).await?.ok_or(Error::NotFound("article")) })
    })
    .await
}

/// A page of articles, the last changed first; only of `status`, only with `text` in title or summary.
pub async fn list(
    desk: &Desk,
    caller: &Caller,
    status: Option<Status>,
    text: Option<String>,
    paging: Paging,
) -> Result<Page<ArticleItem>> {
    desk.read(caller, UseCase::ReadArticles, (status, text, paging), |tx, (status, text, paging)| {
        Box::pin(async move {
            Ok(store::articles::list(tx, *status, text.as_deref(), paging.limit, paging.cursor).await?)
        })
    })
    .await
}

/// The published article of that slug. Anyone may read it: answers link to it.
pub async fn published(desk: &Desk, workspace: WorkspaceId, slug: &str) -> Result<Article> {
    desk.store()
        .read(workspace, slug.to_owned(), |tx, slug| {
            Box::pin(async move {
                let article = store::articles::by_slug(tx, slug).await?;
                let article = article.filter(|article| article.item.status == Status::Published);
                article.ok_or(Error::NotFound("article"))
            })
        })
        .await
}

/// The HTML of an article's text, safe to put into a page.
pub fn html(body: &str) -> String {
    markdown::html(body)
}

/// The HTML that `body` would have. Errors where it is too long for an article.
pub fn preview(body: &str) -> Result<String> {
    let body =
        text::optional_block(body, BODY_LIMIT).map_err(|error| Error::field("body", error.to_string()))?;
    Ok(markdown::html(&body))
}

/// What an import did with one file.
enum Import {
    Created,
    Updated,
    Unchanged,
}

/// Makes the article of the draft's slug what the draft says.
async fn store_import(desk: &Desk, caller: &Caller, draft: Draft) -> Result<Import> {
    let id = ArticleId(desk.new_id());
    desk.write(caller, UseCase::WriteArticles, (id, draft), |tx, job| {
        Box::pin(async move {
            let (id, draft) = &job.input;
            // Most files of a repeated import are unchanged; those need no place in the queue of changes.
            let found = store::articles::by_slug(tx, &draft.slug).await?;
            if found.is_some_and(|found| draft.onto(&found) == found) {
                return Ok(Import::Unchanged);
            }
            store::workspaces::bump_articles_revision(tx).await?;
            match store::articles::by_slug(tx, &draft.slug).await? {
                Some(before) if save(tx, job, &before, draft).await? => Ok(Import::Updated),
                Some(_) => Ok(Import::Unchanged),
                None => {
                    add(tx, job, *id, draft).await?;
                    Ok(Import::Created)
                }
            }
        })
    })
    .await
}

/// The sections of published articles with these ids, as far as there are such, and the revision they are of.
pub async fn passages(desk: &Desk, workspace: WorkspaceId, ids: Vec<i64>) -> Result<(i64, Vec<Passage>)> {
    desk.store()
        .read(workspace, ids, |tx, ids| {
            Box::pin(async move {
                let revision = store::workspaces::articles_revision(tx).await?;
                Ok((revision, store::articles::passages(tx, ids).await?))
            })
        })
        .await
}

/// The revision of the workspace's published articles; another one means other sections.
pub async fn revision(desk: &Desk, workspace: WorkspaceId) -> Result<i64> {
    desk.store()
        .read(workspace, (), |tx, ()| {
            Box::pin(async move { Ok(store::workspaces::articles_revision(tx).await?) })
        })
        .await
}

/// The sections of published articles after the one with the id `after`, by id.
pub async fn passages_after(
    desk: &Desk,
    workspace: WorkspaceId,
    after: i64,
    limit: i64,
) -> Result<Vec<Passage>> {
    desk.store()
        .read(workspace, (after, limit), |tx, (after, limit)| {
            Box::pin(async move { Ok(store::articles::passages_after(tx, *after, *limit).await?) })
        })
        .await
}
