//! Members, and the one-time links that they come in by.

use domain::Role;
use domain::ids::{MemberId, WorkspaceId};
use jiff::Timestamp;
use sqlx::FromRow;
use uuid::Uuid;

use crate::Error;
use crate::at::At;
use crate::tx::{Tx, execute, fetch_all, fetch_one, fetch_optional};

/// Whether a member may come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Has a link and no password yet.
    Invited,
    /// May sign in.
    Active,
    /// May not.
    Inactive,
}

impl State {
    /// The word for it on the wire and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Invited => "invited",
            Self::Active => "active",
            Self::Inactive => "inactive",
        }
    }

    /// The state of that name.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Invited, Self::Active, Self::Inactive].into_iter().find(|state| state.as_str() == text)
    }
}

/// A member.
#[derive(Debug, Clone, PartialEq)]
pub struct Member {
    /// Its id.
    pub id: MemberId,
    /// Its workspace.
    pub workspace: WorkspaceId,
    /// The name.
    pub name: String,
    /// The e-mail address, in lower case; unique in the workspace.
    pub email: String,
    /// What they may do.
    pub role: Role,
    /// The IANA zone they live in.
    pub zone: String,
    /// Whether they may come in.
    pub state: State,
    /// The password's hash, in PHC form.
    pub password_hash: Option<String>,
    /// When they were added.
    pub created_at: Timestamp,
    /// When they last signed in.
    pub last_seen_at: Option<Timestamp>,
    /// The ETag.
    pub version: i64,
}

#[derive(FromRow)]
pub(crate) struct Row {
    id: Uuid,
    workspace_id: Uuid,
    name: String,
    email: String,
    role: String,
    zone: String,
    state: String,
    password_hash: Option<String>,
    created_at: At,
    last_seen_at: Option<At>,
    version: i64,
}

impl TryFrom<Row> for Member {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        let corrupt = |found: &str| Error::Corrupt { what: "member", found: found.to_owned() };
        Ok(Self {
            id: MemberId(row.id),
            workspace: WorkspaceId(row.workspace_id),
            role: Role::parse(&row.role).ok_or_else(|| corrupt(&row.role))?,
            state: State::parse(&row.state).ok_or_else(|| corrupt(&row.state))?,
            name: row.name,
            email: row.email,
            zone: row.zone,
            password_hash: row.password_hash,
            created_at: row.created_at.0,
            last_seen_at: row.last_seen_at.map(Timestamp::from),
            version: row.version,
        })
    }
}

macro_rules! columns {
    () => {
        "m.id, m.workspace_id, m.name, m.email, m.role, m.zone, m.state, m.password_hash, m.created_at,
         m.last_seen_at, m.version"
    };
}
pub(crate) use columns;

/// Adds `member`; gives whether the e-mail address was free in the workspace.
pub async fn insert(tx: &mut Tx, member: &Member) -> Result<bool, Error> {
    let added = execute!(
        tx,
        "INSERT INTO members (id, workspace_id, name, email, role, zone, state, password_hash, created_at,
             updated_at, version)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9, $10) ON CONFLICT (workspace_id, email) DO NOTHING",
        member.id.0,
        member.workspace.0,
        member.name.as_str(),
        member.email.as_str(),
        member.role.as_str(),
        member.zone.as_str(),
        member.state.as_str(),
        member.password_hash.as_deref(),
        At(member.created_at),
        member.version,
    )?;
    Ok(added == 1)
}

/// Writes `member`, whose version is one above the one it was read with; gives whether it was still at that.
pub async fn update(tx: &mut Tx, member: &Member) -> Result<bool, Error> {
    let now = tx.now();
    let touched = execute!(
        tx,
        "UPDATE members SET name = $3, role = $4, zone = $5, state = $6, password_hash = $7, updated_at = $8,
             version = $9
         WHERE workspace_id = $1 AND id = $2 AND version = $9 - 1",
        member.workspace.0,
        member.id.0,
        member.name.as_str(),
        member.role.as_str(),
        member.zone.as_str(),
        member.state.as_str(),
        member.password_hash.as_deref(),
        At(now),
        member.version,
    )?;
    Ok(touched == 1)
}

/// Notes that the member signed in.
pub async fn seen(tx: &mut Tx, member: &Member) -> Result<(), Error> {
    let now = tx.now();
    execute!(
        tx,
        "UPDATE members SET last_seen_at = $3 WHERE workspace_id = $1 AND id = $2",
        member.workspace.0,
        member.id.0,
        At(now)
    )?;
    Ok(())
}

/// The member of that id.
pub async fn get(tx: &mut Tx, id: MemberId) -> Result<Option<Member>, Error> {
    let workspace = tx.workspace()?;
    fetch_optional!(
        tx,
        Row,
        concat!("SELECT ", columns!(), " FROM members m WHERE m.workspace_id = $1 AND m.id = $2"),
        workspace.0,
        id.0
    )?
    .map(Member::try_from)
    .transpose()
}

/// All members, by name.
pub async fn list(tx: &mut Tx) -> Result<Vec<Member>, Error> {
    let workspace = tx.workspace()?;
    let rows = fetch_all!(
        tx,
        Row,
        concat!(
            "SELECT ",
            columns!(),
            " FROM members m WHERE m.workspace_id = $1 ORDER BY lower(m.name), m.id LIMIT 1000"
        ),
        workspace.0
    )?;
    rows.into_iter().map(Member::try_from).collect()
}

/// The members with that e-mail address, in every workspace. Needs the system's scope.
pub async fn by_email(tx: &mut Tx, email: &str) -> Result<Vec<Member>, Error> {
    let rows = fetch_all!(
        tx,
        Row,
        concat!("SELECT ", columns!(), " FROM members m WHERE m.email = $1 ORDER BY m.id LIMIT 100"),
        email
    )?;
    rows.into_iter().map(Member::try_from).collect()
}

/// How many active owners the workspace has.
pub async fn owners(tx: &mut Tx) -> Result<i64, Error> {
    let workspace = tx.workspace()?;
    let (count,) = fetch_one!(
        tx,
        (i64,),
        "SELECT count(*) FROM members WHERE workspace_id = $1 AND role = 'owner' AND state = 'active'",
        workspace.0
    )?;
    Ok(count)
}

/// A one-time link: the first owner's where it is of no member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The member whom it lets in, and their workspace.
    pub member: Option<(WorkspaceId, MemberId)>,
    /// Until when.
    pub expires_at: Timestamp,
}

/// Keeps a link, in place of the member's earlier ones.
pub async fn put_link(tx: &mut Tx, token_hash: &[u8], link: &Link) -> Result<(), Error> {
    match link.member {
        Some((_, member)) => execute!(tx, "DELETE FROM links WHERE member_id = $1", member.0)?,
        None => execute!(tx, "DELETE FROM links WHERE member_id IS NULL")?,
    };
    execute!(
        tx,
        "INSERT INTO links (token_hash, workspace_id, member_id, expires_at) VALUES ($1, $2, $3, $4)",
        token_hash,
        link.member.map(|(workspace, _)| workspace.0),
        link.member.map(|(_, member)| member.0),
        At(link.expires_at),
    )?;
    Ok(())
}

#[derive(FromRow)]
struct LinkRow {
    workspace_id: Option<Uuid>,
    member_id: Option<Uuid>,
    expires_at: At,
}

impl From<LinkRow> for Link {
    fn from(row: LinkRow) -> Self {
        Self {
            member: row.workspace_id.map(WorkspaceId).zip(row.member_id.map(MemberId)),
            expires_at: row.expires_at.0,
        }
    }
}

/// The link of that token. Needs the system's scope.
pub async fn link(tx: &mut Tx, token_hash: &[u8]) -> Result<Option<Link>, Error> {
    let row = fetch_optional!(
        tx,
        LinkRow,
        "SELECT workspace_id, member_id, expires_at FROM links WHERE token_hash = $1",
        token_hash
    )?;
    Ok(row.map(Link::from))
}

/// Uses the link up: gives it, to one caller only. Needs the system's scope.
pub async fn take_link(tx: &mut Tx, token_hash: &[u8]) -> Result<Option<Link>, Error> {
    let row = fetch_optional!(
        tx,
        LinkRow,
        "DELETE FROM links WHERE token_hash = $1 RETURNING workspace_id, member_id, expires_at",
        token_hash
    )?;
    Ok(row.map(Link::from))
}
