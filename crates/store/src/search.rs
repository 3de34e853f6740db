//! Search over everything: one document a task, message, ticket, contact or article, and an index of its words.
//!
//! What was typed is never read as a query language: it is cut into words in [`text`], and each word is handed
//! over quoted. Both databases index the same words, so both find the same documents; only the statements
//! that ask the index differ. PostgreSQL cannot use a word index under row level security, because its match
//! operator might tell of rows it should not; so there the two functions `deskhand_search_*` of the schema ask,
//! under a role that may see all and in the one workspace that the transaction names.

mod text;

use domain::ids::ConversationId;
use jiff::Timestamp;
use sqlx::FromRow;
use uuid::Uuid;

use crate::Error;
use crate::at::At;
use crate::tx::{Connection, Tx, execute, fetch_all, fetch_optional};

pub use text::Piece;
pub(crate) use text::{fold, words};

/// What is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A task.
    Task,
    /// A conversation, by its subject or one of its messages.
    Conversation,
    /// A ticket.
    Ticket,
    /// A contact.
    Contact,
    /// An article.
    Article,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 5] = [Self::Task, Self::Conversation, Self::Ticket, Self::Contact, Self::Article];

    /// The word for it on the wire and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Task => "task",
            Self::Conversation => "conversation",
            Self::Ticket => "ticket",
            Self::Contact => "contact",
            Self::Article => "article",
        }
    }

    /// The kind of that name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

/// What can be found of one record.
#[derive(Debug, Clone, Copy)]
pub struct Doc<'a> {
    /// What it leads to.
    pub kind: Kind,
    /// The record's own id; a message has its own, and leads to its conversation.
    pub record_id: Uuid,
    /// The conversation that a hit leads to: a conversation's own, a message's or a ticket's.
    pub conversation_id: Option<ConversationId>,
    /// The number that people call it by; for a message its conversation's.
    pub number: Option<i64>,
    /// An article's slug.
    pub slug: Option<&'a str>,
    /// The line that a hit shows; for a message its conversation's subject, which is not searched again.
    pub title: &'a str,
    /// Everything else that is searched.
    pub body: &'a str,
    /// When the record last changed.
    pub updated_at: Timestamp,
}

/// A search.
#[derive(Debug, Clone, Copy)]
pub struct Query<'a> {
    /// What was typed. `#12` and `12` find the records of that number first.
    pub text: &'a str,
    /// Which kinds; none is all.
    pub kinds: &'a [Kind],
    /// How many hits at most.
    pub limit: usize,
}

/// What was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Hit {
    /// What it is.
    pub kind: Kind,
    /// The record: for a conversation the conversation itself, whichever of its messages was met.
    pub id: Uuid,
    /// Its conversation, where it has one.
    pub conversation_id: Option<ConversationId>,
    /// Its number.
    pub number: Option<i64>,
    /// An article's slug.
    pub slug: Option<String>,
    /// Its title.
    pub title: String,
    /// The place that was met, with what was searched for marked.
    pub snippet: Vec<Piece>,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// How many bytes of a title or a body are searched; a `tsvector` cannot hold much more in the worst case.
const INDEXED_BYTES: usize = 200_000;

/// How many documents of each kind are ranked: the newest that match.
///
/// A word that is in thousands of documents does not tell them apart, so ranking all of them costs much and
/// gains nothing; this many are several times what a page shows. Taken by kind, so that ten thousand tasks do
/// not hide the one article.
const CANDIDATES: i64 = 120;

impl Doc<'_> {
    /// Whether it is a message: another record than the conversation that it leads to.
    fn is_message(&self) -> bool {
        self.kind == Kind::Conversation && self.conversation_id.is_some_and(|id| id.0 != self.record_id)
    }

    /// The words that are not the document's own: its workspace, its kind, its number.
    fn scope(&self, workspace: Uuid) -> String {
        let mut scope = kind_word(workspace, self.kind);
        if let Some(number) = self.number.filter(|_| !self.is_message()) {
            scope.push(' ');
            scope.push_str(&number_word(workspace, self.kind, number));
        }
        scope
    }

    fn indexed_title(&self) -> String {
        if self.is_message() { String::new() } else { indexed(self.title) }
    }
}

fn indexed(text: &str) -> String {
    fold(&text[..text.floor_char_boundary(INDEXED_BYTES)])
}

/// The word that every document of `kind` in `workspace` has. Digits throughout: no stemmer changes them.
fn kind_word(workspace: Uuid, kind: Kind) -> String {
    format!("w{:039}0{}", workspace.as_u128(), kind as u8)
}

/// The word of the record that has `number`.
fn number_word(workspace: Uuid, kind: Kind, number: i64) -> String {
    format!("w{:039}1{}{number}", workspace.as_u128(), kind as u8)
}

/// The document's row; what it says in the index follows.
const INSERT_SQLITE: &str = "INSERT INTO search_docs
        (workspace_id, kind, record_id, conversation_id, number, slug, title, body, updated_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";

const INSERT_WORDS_SQLITE: &str =
    "INSERT INTO search_words (rowid, scope, title, body) VALUES (last_insert_rowid(), $1, $2, $3)";

const INSERT_POSTGRES: &str = "INSERT INTO search_docs
        (workspace_id, kind, record_id, conversation_id, number, slug, title, body, updated_at, words)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, deskhand_words($10, $11, $12))";

const PUT_POSTGRES: &str = "INSERT INTO search_docs AS doc
        (workspace_id, kind, record_id, conversation_id, number, slug, title, body, updated_at, words)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, deskhand_words($10, $11, $12))
    ON CONFLICT (record_id) DO UPDATE SET kind = excluded.kind, conversation_id = excluded.conversation_id,
        number = excluded.number, slug = excluded.slug, title = excluded.title, body = excluded.body,
        updated_at = excluded.updated_at, words = excluded.words
    WHERE doc.workspace_id = excluded.workspace_id";

/// Adds a document of a record that has none yet.
pub async fn insert(tx: &mut Tx, doc: &Doc<'_>) -> Result<(), Error> {
    if tx.is_postgres() {
        return write_postgres(tx, INSERT_POSTGRES, doc).await;
    }
    let workspace = tx.workspace()?;
    execute!(
        tx,
        INSERT_SQLITE,
        workspace.0,
        doc.kind.as_str(),
        doc.record_id,
        doc.conversation_id.map(|id| id.0),
        doc.number,
        doc.slug,
        doc.title,
        doc.body,
        At(doc.updated_at),
    )?;
    execute!(tx, INSERT_WORDS_SQLITE, doc.scope(workspace.0), doc.indexed_title(), indexed(doc.body))?;
    Ok(())
}

/// Adds the document of a record, or puts it in the place of the one that is there.
///
/// Where nothing that is searched has changed, the index is left alone.
pub async fn put(tx: &mut Tx, doc: &Doc<'_>) -> Result<(), Error> {
    if tx.is_postgres() {
        return write_postgres(tx, PUT_POSTGRES, doc).await;
    }
    let workspace = tx.workspace()?;
    let found = fetch_optional!(
        tx,
        (i64, bool),
        "SELECT id, title = $3 AND body = $4 AND number IS $5 FROM search_docs
         WHERE workspace_id = $1 AND record_id = $2",
        workspace.0,
        doc.record_id,
        doc.title,
        doc.body,
        doc.number,
    )?;
    let Some((id, same)) = found else { return insert(tx, doc).await };
    execute!(
        tx,
        "UPDATE search_docs SET kind = $2, conversation_id = $3, number = $4, slug = $5, title = $6, body = $7,
             updated_at = $8
         WHERE id = $1",
        id,
        doc.kind.as_str(),
        doc.conversation_id.map(|id| id.0),
        doc.number,
        doc.slug,
        doc.title,
        doc.body,
        At(doc.updated_at),
    )?;
    if !same {
        execute!(
            tx,
            "INSERT OR REPLACE INTO search_words (rowid, scope, title, body) VALUES ($1, $2, $3, $4)",
            id,
            doc.scope(workspace.0),
            doc.indexed_title(),
            indexed(doc.body),
        )?;
    }
    Ok(())
}

async fn write_postgres(tx: &mut Tx, sql: &'static str, doc: &Doc<'_>) -> Result<(), Error> {
    let workspace = tx.workspace()?;
    execute!(
        tx,
        sql,
        workspace.0,
        doc.kind.as_str(),
        doc.record_id,
        doc.conversation_id.map(|id| id.0),
        doc.number,
        doc.slug,
        doc.title,
        doc.body,
        At(doc.updated_at),
        doc.scope(workspace.0),
        doc.indexed_title(),
        indexed(doc.body),
    )?;
    Ok(())
}

/// Removes the document of a record, if it has one.
pub async fn remove(tx: &mut Tx, record_id: Uuid) -> Result<(), Error> {
    let workspace = tx.workspace()?;
    let postgres = tx.is_postgres();
    let gone = fetch_optional!(
        tx,
        (i64,),
        "DELETE FROM search_docs WHERE workspace_id = $1 AND record_id = $2 RETURNING id",
        workspace.0,
        record_id,
    )?;
    if let Some((id,)) = gone.filter(|_| !postgres) {
        execute!(tx, "DELETE FROM search_words WHERE rowid = $1", id)?;
    }
    Ok(())
}

/// A document that matched, without its text.
#[derive(FromRow)]
struct Row {
    id: i64,
    kind: String,
    record_id: Uuid,
    conversation_id: Option<Uuid>,
    number: Option<i64>,
    slug: Option<String>,
    title: String,
    updated_at: At,
    /// The better, the greater.
    rank: f64,
}

/// What fits best, best first, and the newer first where that is equal.
///
/// Every word has to be there (the last one may still be being typed); where nothing has them all, what has
/// some of them is found.
pub async fn query(tx: &mut Tx, query: &Query<'_>) -> Result<Vec<Hit>, Error> {
    let kinds = if query.kinds.is_empty() { &Kind::ALL[..] } else { query.kinds };
    let words = words(query.text);
    if words.is_empty() || query.limit == 0 {
        return Ok(Vec::new());
    }
    let mut rows = match number_asked(query.text) {
        Some(number) => numbered(tx, kinds, number).await?,
        None => Vec::new(),
    };
    // Several messages may lead to one conversation, so more is asked for than is given.
    let wanted = i64::try_from(query.limit.saturating_mul(3)).unwrap_or(i64::MAX);
    let mut matched = matching(tx, kinds, &words, true, wanted).await?;
    if matched.is_empty() && words.len() > 1 {
        matched = matching(tx, kinds, &words, false, wanted).await?;
    }
    rows.append(&mut matched);

    let mut hits: Vec<(i64, Hit)> = Vec::new();
    for row in rows {
        let kind =
            Kind::parse(&row.kind).ok_or(Error::Corrupt { what: "search document", found: row.kind })?;
        let id = match (kind, row.conversation_id) {
            (Kind::Conversation, Some(conversation)) => conversation,
            _ => row.record_id,
        };
        if hits.len() == query.limit {
            break;
        }
        if hits.iter().any(|(_, hit)| hit.kind == kind && hit.id == id) {
            continue;
        }
        let hit = Hit {
            kind,
            id,
            conversation_id: row.conversation_id.map(ConversationId),
            number: row.number,
            slug: row.slug,
            title: row.title,
            snippet: Vec::new(),
            updated_at: row.updated_at.0,
        };
        hits.push((row.id, hit));
    }
    let bodies = bodies(tx, hits.iter().map(|(id, _)| *id).collect()).await?;
    Ok(hits
        .into_iter()
        .map(|(id, mut hit)| {
            let body = bodies.iter().find(|(of, _)| *of == id).map_or("", |(_, body)| body.as_str());
            hit.snippet = text::snippet(if body.trim().is_empty() { &hit.title } else { body }, &words);
            hit
        })
        .collect())
}

/// The number, where the text is nothing but one.
fn number_asked(text: &str) -> Option<i64> {
    let digits = text.trim();
    let digits = digits.strip_prefix('#').unwrap_or(digits);
    if digits.bytes().all(|b| b.is_ascii_digit()) { digits.parse().ok() } else { None }
}

const COLUMNS_SQLITE: &str =
    "SELECT doc.id, doc.kind, doc.record_id, doc.conversation_id, doc.number, doc.slug,
        doc.title, doc.updated_at, found.rank
    FROM (SELECT rowid AS id, -bm25(search_words, 0.0, 8.0, 1.0) AS rank FROM search_words
          WHERE search_words MATCH $2 ORDER BY rowid DESC LIMIT $3) AS found
    JOIN search_docs doc ON doc.id = found.id
    WHERE doc.workspace_id = $1 ORDER BY found.rank DESC, doc.updated_at DESC LIMIT $4";

const COLUMNS_POSTGRES: &str =
    "SELECT id, kind, record_id, conversation_id, number, slug, title, updated_at, rank
    FROM deskhand_search_docs($1, $2, $3, $4, $5)";

async fn matching(
    tx: &mut Tx,
    kinds: &[Kind],
    words: &[String],
    all: bool,
    limit: i64,
) -> Result<Vec<Row>, Error> {
    let workspace = tx.workspace()?;
    if let Connection::Postgres(connection) = &mut tx.connection {
        let scopes: Vec<String> = kinds.iter().map(|kind| kind_word(workspace.0, *kind)).collect();
        return Ok(sqlx::query_as(COLUMNS_POSTGRES)
            .bind(scopes)
            .bind(words)
            .bind(all)
            .bind(CANDIDATES)
            .bind(limit)
            .fetch_all(&mut **connection)
            .await?);
    }
    let mut rows: Vec<Row> = Vec::new();
    for kind in kinds {
        let matches =
            format!("scope : {} AND {{title body}} : ({})", kind_word(workspace.0, *kind), fts5(words, all));
        rows.extend(fetch_all!(tx, Row, COLUMNS_SQLITE, workspace.0, matches.as_str(), CANDIDATES, limit)?);
    }
    rows.sort_by(|a, b| b.rank.total_cmp(&a.rank).then_with(|| b.updated_at.cmp(&a.updated_at)));
    rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    Ok(rows)
}

/// The words as FTS5's query language wants them: each one quoted, so that none is an operator.
pub(crate) fn fts5(words: &[String], all: bool) -> String {
    let quoted = words.iter().enumerate().map(|(at, word)| {
        // The last word also finds what it is the beginning of; its stem alone would miss some of it.
        if at + 1 == words.len() { format!("(\"{word}\" OR \"{word}\"*)") } else { format!("\"{word}\"") }
    });
    quoted.collect::<Vec<_>>().join(if all { " AND " } else { " OR " })
}

/// The records that have `number`.
async fn numbered(tx: &mut Tx, kinds: &[Kind], number: i64) -> Result<Vec<Row>, Error> {
    let workspace = tx.workspace()?;
    let names: Vec<String> = kinds.iter().map(|kind| number_word(workspace.0, *kind, number)).collect();
    if let Connection::Postgres(connection) = &mut tx.connection {
        return Ok(sqlx::query_as(COLUMNS_POSTGRES)
            .bind(names)
            .bind(Vec::<String>::new())
            .bind(true)
            .bind(1_i64)
            .bind(5_i64)
            .fetch_all(&mut **connection)
            .await?);
    }
    let matches = format!("scope : ({})", names.join(" OR "));
    fetch_all!(tx, Row, COLUMNS_SQLITE, workspace.0, matches.as_str(), 5_i64, 5_i64)
}

/// The texts of these documents.
async fn bodies(tx: &mut Tx, ids: Vec<i64>) -> Result<Vec<(i64, String)>, Error> {
    let workspace = tx.workspace()?;
    match &mut tx.connection {
        Connection::Postgres(connection) => {
            Ok(sqlx::query_as("SELECT id, body FROM search_docs WHERE workspace_id = $1 AND id = ANY($2)")
                .bind(workspace.0)
                .bind(ids)
                .fetch_all(&mut **connection)
                .await?)
        }
        Connection::Sqlite(connection) => Ok(sqlx::query_as(
            "SELECT id, body FROM search_docs
             WHERE workspace_id = $1 AND id IN (SELECT value FROM json_each($2))",
        )
        .bind(workspace.0)
        .bind(sqlx::types::Json(ids))
        .fetch_all(&mut **connection)
        .await?),
    }
}
