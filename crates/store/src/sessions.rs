//! What proves who asks: members' sessions and API tokens, visitors' tokens. Only hashes are kept.

use domain::Role;
use domain::ids::{ChannelId, ContactId, MemberId, SessionId, TokenId, WorkspaceId};
use jiff::Timestamp;
use sqlx::FromRow;
use uuid::Uuid;

use crate::Error;
use crate::at::At;
use crate::members::{self, Member};
use crate::tx::{Tx, execute, fetch_all, fetch_optional};

/// A session of a member.
#[derive(Debug, Clone)]
pub struct Session {
    /// Its id.
    pub id: SessionId,
    /// Until when.
    pub expires_at: Timestamp,
    /// Whose.
    pub member: Member,
}

#[derive(FromRow)]
struct SessionRow {
    session_id: Uuid,
    expires_at: At,
    #[sqlx(flatten)]
    member: members::Row,
}

/// Adds a session.
pub async fn insert(
    tx: &mut Tx,
    id: SessionId,
    member: &Member,
    token_hash: &[u8],
    expires_at: Timestamp,
) -> Result<(), Error> {
    let now = tx.now();
    execute!(
        tx,
        "INSERT INTO sessions (id, workspace_id, member_id, token_hash, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6)",
        id.0,
        member.workspace.0,
        member.id.0,
        token_hash,
        At(now),
        At(expires_at),
    )?;
    Ok(())
}

/// The session of that token, expired or not. Needs the system's scope.
pub async fn by_token(tx: &mut Tx, token_hash: &[u8]) -> Result<Option<Session>, Error> {
    let row = fetch_optional!(
        tx,
        SessionRow,
        concat!(
            "SELECT s.id AS session_id, s.expires_at, ",
            members::columns!(),
            " FROM sessions s JOIN members m ON m.id = s.member_id WHERE s.token_hash = $1"
        ),
        token_hash
    )?;
    row.map(|row| {
        Ok(Session {
            id: SessionId(row.session_id),
            expires_at: row.expires_at.0,
            member: row.member.try_into()?,
        })
    })
    .transpose()
}

/// Moves the end of a session. Needs the system's scope.
pub async fn extend(tx: &mut Tx, id: SessionId, expires_at: Timestamp) -> Result<(), Error> {
    execute!(tx, "UPDATE sessions SET expires_at = $2 WHERE id = $1", id.0, At(expires_at))?;
    Ok(())
}

/// Ends a session; gives whether it was there.
pub async fn delete(tx: &mut Tx, id: SessionId) -> Result<bool, Error> {
    let workspace = tx.workspace()?;
    let gone = execute!(tx, "DELETE FROM sessions WHERE workspace_id = $1 AND id = $2", workspace.0, id.0)?;
    Ok(gone == 1)
}

/// Ends all sessions of a member but, perhaps, one.
pub async fn delete_all(tx: &mut Tx, member: MemberId, but: Option<SessionId>) -> Result<u64, Error> {
    let workspace = tx.workspace()?;
    execute!(
        tx,
        "DELETE FROM sessions WHERE workspace_id = $1 AND member_id = $2 AND id <> $3",
        workspace.0,
        member.0,
        but.map_or(Uuid::nil(), |id| id.0),
    )
}

/// Forgets sessions that are over. Needs the system's scope.
pub async fn prune(tx: &mut Tx, now: Timestamp) -> Result<u64, Error> {
    execute!(tx, "DELETE FROM sessions WHERE expires_at < $1", At(now))
}

/// An API token, without its secret.
#[derive(Debug, Clone, PartialEq)]
pub struct Token {
    /// Its id.
    pub id: TokenId,
    /// The member it acts for.
    pub member: MemberId,
    /// That member's name.
    pub member_name: String,
    /// What it is for.
    pub name: String,
    /// The secret's first letters, to tell tokens apart.
    pub prefix: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last used, to the minute.
    pub last_used_at: Option<Timestamp>,
    /// Until when it works.
    pub expires_at: Option<Timestamp>,
}

#[derive(FromRow)]
struct TokenRow {
    id: Uuid,
    member_id: Uuid,
    member_name: String,
    name: String,
    prefix: String,
    created_at: At,
    last_used_at: Option<At>,
    expires_at: Option<At>,
}

impl From<TokenRow> for Token {
    fn from(row: TokenRow) -> Self {
        Self {
            id: TokenId(row.id),
            member: MemberId(row.member_id),
            member_name: row.member_name,
            name: row.name,
            prefix: row.prefix,
            created_at: row.created_at.0,
            last_used_at: row.last_used_at.map(Timestamp::from),
            expires_at: row.expires_at.map(Timestamp::from),
        }
    }
}

/// Adds an API token.
pub async fn insert_token(tx: &mut Tx, token: &Token, token_hash: &[u8]) -> Result<(), Error> {
    let workspace = tx.workspace()?;
    execute!(
        tx,
        "INSERT INTO tokens (id, workspace_id, member_id, name, prefix, token_hash, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        token.id.0,
        workspace.0,
        token.member.0,
        token.name.as_str(),
        token.prefix.as_str(),
        token_hash,
        At(token.created_at),
        token.expires_at.map(At),
    )?;
    Ok(())
}

/// The tokens of a member, or of all, newest first.
pub async fn tokens(tx: &mut Tx, member: Option<MemberId>) -> Result<Vec<Token>, Error> {
    let workspace = tx.workspace()?;
    let rows = fetch_all!(
        tx,
        TokenRow,
        "SELECT t.id, t.member_id, m.name AS member_name, t.name, t.prefix, t.created_at, t.last_used_at, t.expires_at
         FROM tokens t JOIN members m ON m.id = t.member_id
         WHERE t.workspace_id = $1 AND (CAST($3 AS BIGINT) = 1 OR t.member_id = $2) ORDER BY t.id DESC LIMIT 500",
        workspace.0,
        member.map_or(Uuid::nil(), |id| id.0),
        i64::from(member.is_none()),
    )?;
    Ok(rows.into_iter().map(Token::from).collect())
}

/// Removes a token of `member` (anybody's where nothing is given); gives it.
pub async fn delete_token(
    tx: &mut Tx,
    id: TokenId,
    member: Option<MemberId>,
) -> Result<Option<(MemberId, String)>, Error> {
    let workspace = tx.workspace()?;
    let row = fetch_optional!(
        tx,
        (Uuid, String),
        "DELETE FROM tokens WHERE workspace_id = $1 AND id = $2 AND (CAST($4 AS BIGINT) = 1 OR member_id = $3)
         RETURNING member_id, name",
        workspace.0,
        id.0,
        member.map_or(Uuid::nil(), |id| id.0),
        i64::from(member.is_none()),
    )?;
    Ok(row.map(|(member, name)| (MemberId(member), name)))
}

/// Removes all tokens of a member.
pub async fn delete_tokens(tx: &mut Tx, member: MemberId) -> Result<u64, Error> {
    let workspace = tx.workspace()?;
    execute!(tx, "DELETE FROM tokens WHERE workspace_id = $1 AND member_id = $2", workspace.0, member.0)
}

#[derive(FromRow)]
struct TokenMemberRow {
    token_id: Uuid,
    expires_at: Option<At>,
    last_used_at: Option<At>,
    #[sqlx(flatten)]
    member: members::Row,
}

/// A token as it was found by its secret.
#[derive(Debug, Clone)]
pub struct FoundToken {
    /// Its id.
    pub id: TokenId,
    /// Until when it works.
    pub expires_at: Option<Timestamp>,
    /// When it was last used.
    pub last_used_at: Option<Timestamp>,
    /// Whom it acts for.
    pub member: Member,
}

/// The API token of that secret, expired or not. Needs the system's scope.
pub async fn token_by_hash(tx: &mut Tx, token_hash: &[u8]) -> Result<Option<FoundToken>, Error> {
    let row = fetch_optional!(
        tx,
        TokenMemberRow,
        concat!(
            "SELECT t.id AS token_id, t.expires_at, t.last_used_at, ",
            members::columns!(),
            " FROM tokens t JOIN members m ON m.id = t.member_id WHERE t.token_hash = $1"
        ),
        token_hash
    )?;
    row.map(|row| {
        Ok(FoundToken {
            id: TokenId(row.token_id),
            expires_at: row.expires_at.map(Timestamp::from),
            last_used_at: row.last_used_at.map(Timestamp::from),
            member: row.member.try_into()?,
        })
    })
    .transpose()
}

/// Notes that a token was used. Needs the system's scope.
pub async fn token_used(tx: &mut Tx, id: TokenId) -> Result<(), Error> {
    let now = tx.now();
    execute!(tx, "UPDATE tokens SET last_used_at = $2 WHERE id = $1", id.0, At(now))?;
    Ok(())
}

/// Who a visitor's token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Visitor {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// The channel that it came in by.
    pub channel: ChannelId,
    /// The contact.
    pub contact: ContactId,
}

/// Keeps a visitor's token.
pub async fn insert_visitor(tx: &mut Tx, token_hash: &[u8], visitor: Visitor) -> Result<(), Error> {
    let now = tx.now();
    execute!(
        tx,
        "INSERT INTO visitors (token_hash, workspace_id, channel_id, contact_id, created_at) VALUES ($1, $2, $3, $4, $5)",
        token_hash,
        visitor.workspace.0,
        visitor.channel.0,
        visitor.contact.0,
        At(now),
    )?;
    Ok(())
}

/// The visitor of that token, with the contact's name. Needs the system's scope.
pub async fn visitor(tx: &mut Tx, token_hash: &[u8]) -> Result<Option<(Visitor, String)>, Error> {
    let row = fetch_optional!(
        tx,
        (Uuid, Uuid, Uuid, String),
        "SELECT v.workspace_id, v.channel_id, v.contact_id, c.name
         FROM visitors v JOIN contacts c ON c.id = v.contact_id WHERE v.token_hash = $1",
        token_hash
    )?;
    Ok(row.map(|(workspace, channel, contact, name)| {
        let visitor = Visitor {
            workspace: WorkspaceId(workspace),
            channel: ChannelId(channel),
            contact: ContactId(contact),
        };
        (visitor, name)
    }))
}

/// The role of the active member whose session or token that is; nothing where it is over or gone. Needs the
/// system's scope.
pub async fn standing(
    tx: &mut Tx,
    session: Option<SessionId>,
    token: Option<TokenId>,
    now: Timestamp,
) -> Result<Option<Role>, Error> {
    let found = match (session, token) {
        (Some(session), _) => fetch_optional!(
            tx,
            (String,),
            "SELECT m.role FROM sessions s JOIN members m ON m.id = s.member_id
             WHERE s.id = $1 AND s.expires_at > $2 AND m.state = 'active'",
            session.0,
            At(now),
        )?,
        (None, Some(token)) => fetch_optional!(
            tx,
            (String,),
            "SELECT m.role FROM tokens t JOIN members m ON m.id = t.member_id
             WHERE t.id = $1 AND (t.expires_at IS NULL OR t.expires_at > $2) AND m.state = 'active'",
            token.0,
            At(now),
        )?,
        (None, None) => None,
    };
    found
        .map(|(role,)| Role::parse(&role).ok_or(Error::Corrupt { what: "member's role", found: role }))
        .transpose()
}
