//! Conversations and their messages.

use domain::conversation::{Author, Conversation, Message, Reason, Source, State};
use domain::ids::{ChannelId, ContactId, ConversationId, MemberId, MessageId, TicketId};
use jiff::Timestamp;
use sqlx::FromRow;
use sqlx::types::Json;
use uuid::Uuid;

use crate::at::At;
use crate::filter::{Select, containing};
use crate::tx::{Tx, execute, fetch_all, fetch_one, fetch_optional};
use crate::{Cursor, Error, Page};

/// A conversation with the names of what it points to, as `member` sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct ConversationView {
    /// The conversation.
    pub conversation: Conversation,
    /// Its channel's kind and name.
    pub channel: (String, String),
    /// Its contact's name and e-mail address.
    pub contact: (String, Option<String>),
    /// The name of the member who has it.
    pub claimed_by: Option<String>,
    /// Its ticket's number, status and subject.
    pub ticket: Option<(i64, String, String)>,
    /// The newest message that the customer can see: text, author, when.
    pub last: Option<(String, Author, Timestamp)>,
    /// When something was last written.
    pub last_at: Timestamp,
    /// Whether there is something that the member has not seen.
    pub unread: bool,
}

/// Which conversations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Which {
    /// A person was promised; the longest waiting first.
    #[default]
    Waiting,
    /// The member has them.
    Mine(MemberId),
    /// Not closed.
    Open,
    /// The hand has them.
    Bot,
    /// Over.
    Closed,
    /// Every one.
    All,
    /// This contact's.
    Contact(ContactId),
}

/// How many conversations there are of each kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// A person was promised.
    pub waiting: i64,
    /// The member has them.
    pub mine: i64,
    /// Not closed.
    pub open: i64,
    /// The hand has them.
    pub bot: i64,
    /// Over.
    pub closed: i64,
}

#[derive(FromRow)]
struct Row {
    id: Uuid,
    number: i64,
    channel_id: Uuid,
    contact_id: Uuid,
    subject: String,
    state: String,
    fence: i64,
    claimed_by: Option<Uuid>,
    reason: Option<String>,
    summary: Option<String>,
    deadline: Option<At>,
    ticket_id: Option<Uuid>,
    messages: i64,
    created_at: At,
    updated_at: At,
    version: i64,
}

#[derive(FromRow)]
struct ViewRow {
    #[sqlx(flatten)]
    conversation: Row,
    last_text: Option<String>,
    last_author: Option<String>,
    last_at: At,
    channel_kind: String,
    channel_name: String,
    contact_name: String,
    contact_email: Option<String>,
    claimed_name: Option<String>,
    ticket_number: Option<i64>,
    ticket_status: Option<String>,
    ticket_subject: Option<String>,
    seen: i64,
}

fn corrupt(found: impl Into<String>) -> Error {
    Error::Corrupt { what: "conversation", found: found.into() }
}

impl TryFrom<Row> for Conversation {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        Ok(Self {
            id: ConversationId(row.id),
            number: row.number,
            channel: ChannelId(row.channel_id),
            contact: ContactId(row.contact_id),
            subject: row.subject,
            state: State::parse(&row.state).ok_or_else(|| corrupt(row.state))?,
            fence: row.fence,
            claimed_by: row.claimed_by.map(MemberId),
            reason: match row.reason {
                None => None,
                Some(reason) => Some(Reason::parse(&reason).ok_or_else(|| corrupt(reason))?),
            },
            summary: row.summary,
            deadline: row.deadline.map(Timestamp::from),
            ticket: row.ticket_id.map(TicketId),
            messages: row.messages,
            created_at: row.created_at.0,
            updated_at: row.updated_at.0,
            version: row.version,
        })
    }
}

impl TryFrom<ViewRow> for ConversationView {
    type Error = Error;

    fn try_from(row: ViewRow) -> Result<Self, Error> {
        let last_at = row.last_at.0;
        let last = match (row.last_text, row.last_author) {
            (Some(text), Some(author)) => {
                Some((text, Author::parse(&author).ok_or_else(|| corrupt(author))?, last_at))
            }
            _ => None,
        };
        let conversation: Conversation = row.conversation.try_into()?;
        Ok(Self {
            unread: row.seen < conversation.messages,
            conversation,
            channel: (row.channel_kind, row.channel_name),
            contact: (row.contact_name, row.contact_email),
            claimed_by: row.claimed_name,
            ticket: match (row.ticket_number, row.ticket_status, row.ticket_subject) {
                (Some(number), Some(status), Some(subject)) => Some((number, status, subject)),
                _ => None,
            },
            last,
            last_at,
        })
    }
}

macro_rules! columns {
    () => {
        "v.id, v.number, v.channel_id, v.contact_id, v.subject, v.state, v.fence, v.claimed_by, v.reason, v.summary,
         v.deadline, v.ticket_id, v.messages, v.created_at, v.updated_at, v.version"
    };
}

// Tickets are looked up by their key: see the view of tasks.
macro_rules! view {
    () => {
        concat!(
            "SELECT ",
            columns!(),
            ", v.last_text, v.last_author, v.last_at, h.kind AS channel_kind, h.name AS channel_name,
             c.name AS contact_name, c.email AS contact_email, m.name AS claimed_name,
             (SELECT k.number FROM tickets k WHERE k.id = v.ticket_id) AS ticket_number,
             (SELECT k.status FROM tickets k WHERE k.id = v.ticket_id) AS ticket_status,
             (SELECT k.subject FROM tickets k WHERE k.id = v.ticket_id) AS ticket_subject,
             COALESCE(r.sequence, 0) AS seen
             FROM conversations v
             JOIN channels h ON h.id = v.channel_id
             JOIN contacts c ON c.id = v.contact_id
             LEFT JOIN members m ON m.id = v.claimed_by
             LEFT JOIN conversation_reads r ON r.conversation_id = v.id AND r.member_id = $2
             WHERE v.workspace_id = $1"
        )
    };
}

/// Adds `conversation`.
pub async fn insert(tx: &mut Tx, conversation: &Conversation) -> Result<(), Error> {
    let workspace = tx.workspace()?;
    execute!(
        tx,
        "INSERT INTO conversations (id, workspace_id, number, channel_id, contact_id, subject, state, fence,
             messages, last_at, created_at, updated_at, version)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10, $10, $11)",
        conversation.id.0,
        workspace.0,
        conversation.number,
        conversation.channel.0,
        conversation.contact.0,
        conversation.subject.as_str(),
        conversation.state.as_str(),
        conversation.fence,
        conversation.messages,
        At(conversation.created_at),
        conversation.version,
    )?;
    Ok(())
}

/// What of a conversation can change, from its subject on as `$3` to its version as `$13`.
macro_rules! set {
    () => {
        "UPDATE conversations SET subject = $3, state = $4, fence = $5, claimed_by = $6, reason = $7, summary = $8,
             deadline = $9, ticket_id = $10, messages = $11, updated_at = $12, version = $13"
    };
}

/// Writes everything of `conversation` that can change; the row has to be locked by this transaction.
pub async fn update(tx: &mut Tx, conversation: &Conversation) -> Result<(), Error> {
    let workspace = tx.workspace()?;
    execute!(
        tx,
        concat!(set!(), " WHERE workspace_id = $1 AND id = $2"),
        workspace.0,
        conversation.id.0,
        conversation.subject.as_str(),
        conversation.state.as_str(),
        conversation.fence,
        conversation.claimed_by.map(|id| id.0),
        conversation.reason.map(Reason::as_str),
        conversation.summary.as_deref(),
        conversation.deadline.map(At),
        conversation.ticket.map(|id| id.0),
        conversation.messages,
        At(conversation.updated_at),
        conversation.version,
    )?;
    Ok(())
}

/// The conversation of that id, held against other writers until this transaction ends.
pub async fn lock(tx: &mut Tx, id: ConversationId) -> Result<Option<Conversation>, Error> {
    const SQLITE: &str =
        concat!("SELECT ", columns!(), " FROM conversations v WHERE v.workspace_id = $1 AND v.id = $2");
    const POSTGRES: &str = concat!(
        "SELECT ",
        columns!(),
        " FROM conversations v WHERE v.workspace_id = $1 AND v.id = $2 FOR UPDATE"
    );
    let workspace = tx.workspace()?;
    let text = if tx.is_postgres() { POSTGRES } else { SQLITE };
    fetch_optional!(tx, Row, text, workspace.0, id.0)?.map(Conversation::try_from).transpose()
}

/// The conversation of that id.
pub async fn get(tx: &mut Tx, id: ConversationId) -> Result<Option<Conversation>, Error> {
    let workspace = tx.workspace()?;
    fetch_optional!(
        tx,
        Row,
        concat!("SELECT ", columns!(), " FROM conversations v WHERE v.workspace_id = $1 AND v.id = $2"),
        workspace.0,
        id.0
    )?
    .map(Conversation::try_from)
    .transpose()
}

/// The conversation of that id, as `member` sees it.
pub async fn view(
    tx: &mut Tx,
    id: ConversationId,
    member: Option<MemberId>,
) -> Result<Option<ConversationView>, Error> {
    let workspace = tx.workspace()?;
    fetch_optional!(
        tx,
        ViewRow,
        concat!(view!(), " AND v.id = $3"),
        workspace.0,
        member.map_or(Uuid::nil(), |id| id.0),
        id.0
    )?
    .map(ConversationView::try_from)
    .transpose()
}

/// A page of the conversations that `which` names, the most recently active first, but the longest waiting
/// first of those that wait.
pub async fn list(
    tx: &mut Tx,
    which: Which,
    text: Option<&str>,
    member: Option<MemberId>,
    limit: i64,
    cursor: Option<Cursor>,
) -> Result<Page<ConversationView>, Error> {
    let workspace = tx.workspace()?;
    let member = member.map_or(Uuid::nil(), |id| id.0);
    let mut select = Select::new(view!(), [workspace.0.into(), member.into()]);
    match which {
        Which::Waiting => select.and("v.state = 'offered'", []),
        Which::Mine(member) => select.and("v.state = 'claimed' AND v.claimed_by = ?", [member.0.into()]),
        Which::Open => select.and("v.state <> 'closed'", []),
        Which::Bot => select.and("(v.state = 'bot' OR v.state = 'returned')", []),
        Which::Closed => select.and("v.state = 'closed'", []),
        Which::Contact(contact) => select.and("v.contact_id = ?", [contact.0.into()]),
        Which::All => {}
    }
    if let Some(text) = text {
        let pattern = containing(text);
        select.and(
            r"(lower(v.subject) LIKE ? ESCAPE '\' OR lower(c.name) LIKE ? ESCAPE '\')",
            [pattern.clone(), pattern],
        );
    }
    let waiting = which == Which::Waiting;
    if let Some(Cursor { key, id }) = cursor {
        let at = Timestamp::from_microsecond(key).map_err(|_| Error::Cursor)?;
        let place = [at.into(), at.into(), id.into()];
        if waiting {
            select.and("(v.updated_at > ? OR (v.updated_at = ? AND v.id > ?))", place);
        } else {
            select.and("(v.last_at < ? OR (v.last_at = ? AND v.id < ?))", place);
        }
    }
    let order = if waiting {
        "ORDER BY v.updated_at, v.id LIMIT ?"
    } else {
        "ORDER BY v.last_at DESC, v.id DESC LIMIT ?"
    };
    select.end(order, [(limit + 1).into()]);
    let rows: Vec<ViewRow> = select.fetch_all(tx).await?;
    let views = rows.into_iter().map(ConversationView::try_from).collect::<Result<Vec<_>, _>>()?;
    Ok(Page::of(views, limit, |view| Cursor {
        key: if waiting { view.conversation.updated_at } else { view.last_at }.as_microsecond(),
        id: view.conversation.id.0,
    }))
}

/// How many conversations there are of each kind, for `member`.
pub async fn counts(tx: &mut Tx, member: Option<MemberId>) -> Result<Counts, Error> {
    let workspace = tx.workspace()?;
    let rows = fetch_all!(
        tx,
        (String, i64, i64),
        "SELECT state, count(*), CAST(COALESCE(sum(CASE WHEN claimed_by = $2 THEN 1 ELSE 0 END), 0) AS BIGINT)
         FROM conversations WHERE workspace_id = $1 GROUP BY state",
        workspace.0,
        member.map_or(Uuid::nil(), |id| id.0),
    )?;
    let mut counts = Counts::default();
    for (state, all, mine) in rows {
        let state = State::parse(&state).ok_or_else(|| corrupt(state))?;
        match state {
            State::Offered => counts.waiting += all,
            State::Bot | State::Returned => counts.bot += all,
            State::Closed => counts.closed += all,
            State::Claimed => counts.mine += mine,
        }
        if state != State::Closed {
            counts.open += all;
        }
    }
    Ok(counts)
}

/// How many conversations wait for a person, in all workspaces. Needs the system's scope.
pub async fn waiting(tx: &mut Tx) -> Result<i64, Error> {
    let (count,) = fetch_one!(tx, (i64,), "SELECT count(*) FROM conversations WHERE state = 'offered'")?;
    Ok(count)
}

/// Notes that `member` has seen everything up to `sequence`.
pub async fn mark_read(
    tx: &mut Tx,
    id: ConversationId,
    member: MemberId,
    sequence: i64,
) -> Result<(), Error> {
    let workspace = tx.workspace()?;
    execute!(
        tx,
        "INSERT INTO conversation_reads (workspace_id, conversation_id, member_id, sequence) VALUES ($1, $2, $3, $4)
         ON CONFLICT (conversation_id, member_id) DO UPDATE SET sequence = excluded.sequence
         WHERE conversation_reads.sequence < excluded.sequence",
        workspace.0,
        id.0,
        member.0,
        sequence,
    )?;
    Ok(())
}

#[derive(FromRow)]
struct MessageRow {
    id: Uuid,
    conversation_id: Uuid,
    sequence: i64,
    author: String,
    author_id: Option<Uuid>,
    author_name: String,
    text: String,
    note: bool,
    sources: Json<Vec<Source>>,
    client_id: Option<String>,
    created_at: At,
}

impl TryFrom<MessageRow> for Message {
    type Error = Error;

    fn try_from(row: MessageRow) -> Result<Self, Error> {
        Ok(Self {
            id: MessageId(row.id),
            conversation: ConversationId(row.conversation_id),
            sequence: row.sequence,
            author: Author::parse(&row.author).ok_or_else(|| corrupt(row.author))?,
            author_id: row.author_id,
            author_name: row.author_name,
            text: row.text,
            note: row.note,
            sources: row.sources.0,
            client_id: row.client_id,
            created_at: row.created_at.0,
        })
    }
}

macro_rules! message_columns {
    () => {
        "id, conversation_id, sequence, author, author_id, author_name, text, note, sources, client_id, created_at"
    };
}

macro_rules! post {
    ($first:literal, $then:literal) => {
        concat!(
            $first,
            set!(),
            ", last_text = COALESCE($14, last_text), last_author = COALESCE($15, last_author),
                 last_at = COALESCE($16, last_at) WHERE workspace_id = $1 AND id = $2",
            $then,
            "INSERT INTO messages (id, workspace_id, conversation_id, sequence, author, author_id, author_name, text,
                 note, sources, client_id, created_at)
             VALUES ($17, $1, $2, $11, $18, $19, $20, $21, $22, $23, $24, $25)"
        )
    };
}

/// Writes `conversation` with `message` as its newest; one trip to the database. The conversation's row has to be
/// locked by this transaction.
pub async fn post(tx: &mut Tx, conversation: &Conversation, message: &Message) -> Result<(), Error> {
    let workspace = tx.workspace()?;
    // Lists show what people said; what Deskhand says of the conversation itself only moves it up.
    let is_said = !message.note && !matches!(message.author, Author::System);
    let said = is_said.then(|| domain::text::shorten(&message.text, 200));
    let sql = if tx.is_postgres() { post!("WITH moved AS (", ") ") } else { post!("", "; ") };
    execute!(
        tx,
        sql,
        workspace.0,
        conversation.id.0,
        conversation.subject.as_str(),
        conversation.state.as_str(),
        conversation.fence,
        conversation.claimed_by.map(|id| id.0),
        conversation.reason.map(Reason::as_str),
        conversation.summary.as_deref(),
        conversation.deadline.map(At),
        conversation.ticket.map(|id| id.0),
        message.sequence,
        At(conversation.updated_at),
        conversation.version,
        said,
        is_said.then(|| message.author.as_str()),
        (!message.note).then_some(At(message.created_at)),
        message.id.0,
        message.author.as_str(),
        message.author_id,
        message.author_name.as_str(),
        message.text.as_str(),
        message.note,
        Json(&message.sources),
        message.client_id.as_deref(),
        At(message.created_at),
    )?;
    Ok(())
}

/// The message that a client gave that id.
pub async fn message_by_client_id(
    tx: &mut Tx,
    id: ConversationId,
    client_id: &str,
) -> Result<Option<Message>, Error> {
    let workspace = tx.workspace()?;
    fetch_optional!(
        tx,
        MessageRow,
        concat!(
            "SELECT ",
            message_columns!(),
            " FROM messages WHERE workspace_id = $1 AND conversation_id = $2 AND client_id = $3"
        ),
        workspace.0,
        id.0,
        client_id
    )?
    .map(Message::try_from)
    .transpose()
}

/// A page of a conversation's messages, newest first.
pub async fn messages(
    tx: &mut Tx,
    id: ConversationId,
    limit: i64,
    cursor: Option<Cursor>,
) -> Result<Page<Message>, Error> {
    let workspace = tx.workspace()?;
    let rows = fetch_all!(
        tx,
        MessageRow,
        concat!(
            "SELECT ",
            message_columns!(),
            " FROM messages WHERE workspace_id = $1 AND conversation_id = $2 AND sequence < $3
              ORDER BY sequence DESC LIMIT $4"
        ),
        workspace.0,
        id.0,
        cursor.map_or(i64::MAX, |cursor| cursor.key),
        limit + 1,
    )?;
    let messages = rows.into_iter().map(Message::try_from).collect::<Result<Vec<_>, _>>()?;
    Ok(Page::of(messages, limit, |message| Cursor { key: message.sequence, id: message.id.0 }))
}

/// Up to `limit` messages after `sequence`, oldest first; the staff's notes only with `notes`.
pub async fn messages_after(
    tx: &mut Tx,
    id: ConversationId,
    sequence: i64,
    notes: bool,
    limit: i64,
) -> Result<Vec<Message>, Error> {
    let workspace = tx.workspace()?;
    let rows = fetch_all!(
        tx,
        MessageRow,
        concat!(
            "SELECT ",
            message_columns!(),
            " FROM messages WHERE workspace_id = $1 AND conversation_id = $2 AND sequence > $3
              AND (CAST($4 AS BIGINT) = 1 OR NOT note) ORDER BY sequence LIMIT $5"
        ),
        workspace.0,
        id.0,
        sequence,
        i64::from(notes),
        limit,
    )?;
    rows.into_iter().map(Message::try_from).collect()
}
