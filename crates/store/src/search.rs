//! Search over everything: one document a task, message, ticket, contact or article, and an index of its words.
//!
//! What was typed is never read as a query language: it is cut into words in `text`, and each word is handed
//! over quoted. Both databases index the same words, so both find the same documents; only the statements
//! that ask the index differ. PostgreSQL cannot use a word index under row level security, because its match
//! operator might tell of rows it should not; so there the two functions `deskhand_search_*` of the schema ask,
//! under a role that may see all and in the one workspace that the transaction names.

mod text;

use std::collections::{HashMap, HashSet};

use domain::ids::ConversationId;
use jiff::Timestamp;
use sqlx::FromRow;
use uuid::Uuid;

use crate::at::At;
use crate::pending::Document;
use crate::tx::{Connection, Tx, execute, fetch_all, fetch_optional};
use crate::{Error, pending};

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
    /// A task's, ticket's or article's status, a conversation's state.
    pub status: Option<String>,
    /// The place that was met, with what was searched for marked.
    pub snippet: Vec<Piece>,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// How many bytes of a title or a body are searched; a `tsvector` cannot hold much more in the worst case.
const INDEXED_BYTES: usize = 200_000;

/// How many documents of each kind are ranked: the newest that match.
///
/// A word that is in thousands of documents does not tell them apart, so looking at all of them costs much and
/// gains nothing; this many are several times what a page shows, and who wants older ones types another word.
/// Taken by kind, so that ten thousand tasks do not hide the one article.
const CANDIDATES: i64 = 120;

/// With how many documents of a kind that have the very word, others that only begin like it are not missed.
const ENOUGH: usize = 20;

/// How many words are tried one by one where no document has all of them.
const TRIED_ALONE: usize = 8;

/// How many documents of each kind are looked at for each of these words.
const ALONE_CANDIDATES: i64 = 40;

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

const PUT_POSTGRES: &str = "INSERT INTO search_docs AS doc
        (workspace_id, kind, record_id, conversation_id, number, slug, title, body, updated_at, words)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, deskhand_words($10, $11, $12))
    ON CONFLICT (record_id) DO UPDATE SET kind = excluded.kind, conversation_id = excluded.conversation_id,
        number = excluded.number, slug = excluded.slug, title = excluded.title, body = excluded.body,
        updated_at = excluded.updated_at, words = excluded.words
    WHERE doc.workspace_id = excluded.workspace_id";

/// Adds a document of a record that has none yet; it is found once this transaction is committed.
pub fn insert(tx: &mut Tx, doc: &Doc<'_>) -> Result<(), Error> {
    let workspace = tx.workspace()?;
    tx.pending.documents.push(Document {
        workspace: workspace.0,
        kind: doc.kind.as_str(),
        record_id: doc.record_id,
        conversation_id: doc.conversation_id.map(|id| id.0),
        number: doc.number,
        slug: doc.slug.map(str::to_owned),
        title: doc.title.to_owned(),
        body: doc.body.to_owned(),
        updated_at: doc.updated_at,
        words: [doc.scope(workspace.0), doc.indexed_title(), indexed(doc.body)],
    });
    Ok(())
}

/// Adds the document of a record, or puts it in the place of the one that is there.
///
/// Where nothing that is searched has changed, the index is left alone.
pub async fn put(tx: &mut Tx, doc: &Doc<'_>) -> Result<(), Error> {
    // It may be one of those.
    if !tx.pending.documents.is_empty() {
        pending::flush(tx).await?;
    }
    if tx.is_postgres() {
        return put_postgres(tx, doc).await;
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
    let Some((id, same)) = found else { return insert(tx, doc) };
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

async fn put_postgres(tx: &mut Tx, doc: &Doc<'_>) -> Result<(), Error> {
    let workspace = tx.workspace()?;
    execute!(
        tx,
        PUT_POSTGRES,
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
    if !tx.pending.documents.is_empty() {
        pending::flush(tx).await?;
    }
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
}

/// How well a document fits: compared from the first field to the last.
struct Fit {
    /// What the words are worth that it has, where no document has all.
    worth: f64,
    /// How many of the words are in its title.
    in_title: usize,
    row: Row,
}

/// What fits best, best first.
///
/// Every word has to be there, the last one at least as a word's beginning; where nothing has all of them, what
/// has the most and the rarest of them is found. Words in the title count first, then what changed last.
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
    let matcher = text::Matcher::new(&words);
    // One letter begins too much to mean anything.
    let beginning = words.last().is_some_and(|word| word.chars().nth(1).is_some());
    let all = newest(tx, kinds, &words, beginning, CANDIDATES).await?;
    let mut found: Vec<Fit> = all.into_iter().map(|row| Fit { worth: 1.0, in_title: 0, row }).collect();
    if found.is_empty() && words.len() > 1 {
        found = one_by_one(tx, kinds, &words).await?;
    }
    for fit in &mut found {
        fit.in_title = matcher.count(&fit.row.title);
    }
    found.sort_by(|a, b| {
        let by_worth = b.worth.total_cmp(&a.worth);
        by_worth.then(b.in_title.cmp(&a.in_title)).then(b.row.updated_at.cmp(&a.row.updated_at))
    });
    rows.extend(found.into_iter().map(|fit| fit.row));

    let mut hits: Vec<(i64, Hit)> = Vec::new();
    for row in rows {
        if hits.len() == query.limit {
            break;
        }
        let kind =
            Kind::parse(&row.kind).ok_or(Error::Corrupt { what: "search document", found: row.kind })?;
        let id = match (kind, row.conversation_id) {
            (Kind::Conversation, Some(conversation)) => conversation,
            _ => row.record_id,
        };
        // Several messages lead to one conversation.
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
            status: None,
            snippet: Vec::new(),
            updated_at: row.updated_at.0,
        };
        hits.push((row.id, hit));
    }
    let mut texts = texts(tx, hits.iter().map(|(id, _)| *id).collect()).await?;
    Ok(hits
        .into_iter()
        .map(|(id, mut hit)| {
            let (body, status) = texts.remove(&id).unwrap_or_default();
            hit.snippet = matcher.snippet(if body.trim().is_empty() { &hit.title } else { &body });
            hit.status = status;
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

/// What has any of `words`, and what those it has are worth: a word that few documents have is worth more.
async fn one_by_one(tx: &mut Tx, kinds: &[Kind], words: &[String]) -> Result<Vec<Fit>, Error> {
    let mut longest: Vec<&String> = words.iter().collect();
    longest.sort_by_key(|word| std::cmp::Reverse(word.len()));
    let mut fits: HashMap<i64, Fit> = HashMap::new();
    for word in longest.into_iter().take(TRIED_ALONE) {
        let rows = newest(tx, kinds, std::slice::from_ref(word), false, ALONE_CANDIDATES).await?;
        let worth = 1.0 + (ALONE_CANDIDATES as f64 / rows.len().max(1) as f64).ln();
        for row in rows {
            fits.entry(row.id).or_insert(Fit { worth: 0.0, in_title: 0, row }).worth += worth;
        }
    }
    Ok(fits.into_values().collect())
}

macro_rules! columns {
    ($from:literal) => {
        concat!(
            "SELECT doc.id, doc.kind, doc.record_id, doc.conversation_id, doc.number, doc.slug, doc.title, doc.updated_at ",
            $from
        )
    };
}

const NEWEST_SQLITE: &str = columns!(
    "FROM (SELECT rowid AS id FROM search_words WHERE search_words MATCH $2 ORDER BY rowid DESC LIMIT $3) AS found
    JOIN search_docs doc ON doc.id = found.id WHERE doc.workspace_id = $1"
);

/// One question a kind, in one statement.
const NEWEST_OF_EACH_SQLITE: &str = columns!(
    "FROM (
        SELECT * FROM (SELECT rowid AS id FROM search_words WHERE search_words MATCH $3 ORDER BY rowid DESC LIMIT $2)
        UNION ALL
        SELECT * FROM (SELECT rowid AS id FROM search_words WHERE search_words MATCH $4 ORDER BY rowid DESC LIMIT $2)
        UNION ALL
        SELECT * FROM (SELECT rowid AS id FROM search_words WHERE search_words MATCH $5 ORDER BY rowid DESC LIMIT $2)
        UNION ALL
        SELECT * FROM (SELECT rowid AS id FROM search_words WHERE search_words MATCH $6 ORDER BY rowid DESC LIMIT $2)
        UNION ALL
        SELECT * FROM (SELECT rowid AS id FROM search_words WHERE search_words MATCH $7 ORDER BY rowid DESC LIMIT $2)
    ) AS found JOIN search_docs doc ON doc.id = found.id WHERE doc.workspace_id = $1"
);

const NEWEST_POSTGRES: &str = columns!("FROM deskhand_search_docs($1, $2, $3, $4, $5) AS doc");

/// The newest documents of each of `kinds` that have all of `words`, or, where `beginning`, something that
/// begins like the last one; at most `most` of a kind.
async fn newest(
    tx: &mut Tx,
    kinds: &[Kind],
    words: &[String],
    beginning: bool,
    most: i64,
) -> Result<Vec<Row>, Error> {
    let workspace = tx.workspace()?;
    if let Connection::Postgres(connection) = &mut tx.connection {
        let names: Vec<&str> = kinds.iter().map(|kind| kind.as_str()).collect();
        let scopes: Vec<String> = kinds.iter().map(|kind| kind_word(workspace.0, *kind)).collect();
        return Ok(sqlx::query_as(NEWEST_POSTGRES)
            .bind(names)
            .bind(scopes)
            .bind(words)
            .bind(beginning)
            .bind(most)
            .fetch_all(&mut **connection)
            .await?);
    }
    let all = all_of(words);
    let [task, conversation, ticket, contact, article] = Kind::ALL.map(|kind| {
        // A kind that is not asked for is asked for a word that nothing has.
        let scope = if kinds.contains(&kind) { kind_word(workspace.0, kind) } else { "none".to_owned() };
        format!("scope : {scope} AND {{title body}} : ({all})")
    });
    let mut rows = fetch_all!(
        tx,
        Row,
        NEWEST_OF_EACH_SQLITE,
        workspace.0,
        most,
        task.as_str(),
        conversation.as_str(),
        ticket.as_str(),
        contact.as_str(),
        article.as_str(),
    )?;
    if !beginning {
        return Ok(rows);
    }
    let few: Vec<String> = kinds
        .iter()
        .filter(|kind| rows.iter().filter(|row| row.kind == kind.as_str()).count() < ENOUGH)
        .map(|kind| kind_word(workspace.0, *kind))
        .collect();
    // FTS5 gathers every match of a beginning before it gives the first, so that is asked once and last.
    if !few.is_empty() {
        let matches = format!("scope : ({}) AND {{title body}} : ({all}*)", few.join(" OR "));
        let more = fetch_all!(tx, Row, NEWEST_SQLITE, workspace.0, matches.as_str(), most)?;
        let known: HashSet<i64> = rows.iter().map(|row| row.id).collect();
        rows.extend(more.into_iter().filter(|row| !known.contains(&row.id)));
    }
    Ok(rows)
}

/// What FTS5 is asked for all of `words`: each one quoted, so that none is an operator.
fn all_of(words: &[String]) -> String {
    words.iter().map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(" AND ")
}

/// The records that have `number`.
async fn numbered(tx: &mut Tx, kinds: &[Kind], number: i64) -> Result<Vec<Row>, Error> {
    let workspace = tx.workspace()?;
    let names: Vec<String> = kinds.iter().map(|kind| number_word(workspace.0, *kind, number)).collect();
    if let Connection::Postgres(connection) = &mut tx.connection {
        return Ok(sqlx::query_as(NEWEST_POSTGRES)
            .bind(vec![""; names.len()])
            .bind(names)
            .bind(Vec::<String>::new())
            .bind(false)
            .bind(CANDIDATES)
            .fetch_all(&mut **connection)
            .await?);
    }
    let matches = format!("scope : ({})", names.join(" OR "));
    fetch_all!(tx, Row, NEWEST_SQLITE, workspace.0, matches.as_str(), CANDIDATES)
}

macro_rules! texts {
    ($which:literal) => {
        concat!(
            "SELECT doc.id, doc.body, CASE doc.kind
                 WHEN 'task' THEN (SELECT t.status FROM tasks t WHERE t.id = doc.record_id)
                 WHEN 'ticket' THEN (SELECT t.status FROM tickets t WHERE t.id = doc.record_id)
                 WHEN 'article' THEN (SELECT a.status FROM articles a WHERE a.id = doc.record_id)
                 WHEN 'conversation' THEN (SELECT c.state FROM conversations c WHERE c.id = doc.conversation_id)
             END
             FROM search_docs doc WHERE doc.workspace_id = $1 AND doc.id ",
            $which
        )
    };
}

/// The texts of these documents, and the status of what they lead to.
async fn texts(tx: &mut Tx, ids: Vec<i64>) -> Result<HashMap<i64, (String, Option<String>)>, Error> {
    let workspace = tx.workspace()?;
    let rows: Vec<(i64, String, Option<String>)> = match &mut tx.connection {
        Connection::Postgres(connection) => {
            sqlx::query_as(texts!("= ANY ($2)"))
                .bind(workspace.0)
                .bind(ids)
                .fetch_all(&mut **connection)
                .await?
        }
        Connection::Sqlite(connection) => {
            sqlx::query_as(texts!("IN (SELECT value FROM json_each($2))"))
                .bind(workspace.0)
                .bind(sqlx::types::Json(ids))
                .fetch_all(&mut **connection)
                .await?
        }
    };
    Ok(rows.into_iter().map(|(id, body, status)| (id, (body, status))).collect())
}
