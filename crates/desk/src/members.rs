//! Members: invited by link, with a role; changed, deactivated, let in again.

use domain::event::data::{self, Change};
use domain::ids::{MemberId, SessionId, WorkspaceId};
use domain::{Actor, Caller, EventType, Role, Via, text};
use jiff::Span;
use serde::{Deserialize, Serialize};
use store::members::Link;
use store::{Scope, Tx};

use crate::authority;
use crate::error::{Check, Error, Result, require_version};
use crate::job::Job;
use crate::{Desk, UseCase, secrets, tasks};

pub use store::members::{Member, State};

/// For how many days an invitation works.
const LINK_DAYS: i32 = 7;

pub(crate) fn snapshot(member: &Member) -> data::Member {
    data::Member {
        id: member.id.0,
        name: member.name.clone(),
        email: member.email.clone(),
        role: member.role.as_str().to_owned(),
        state: member.state.as_str().to_owned(),
    }
}

/// All members, by name.
pub async fn list(desk: &Desk, caller: &Caller) -> Result<Vec<Member>> {
    desk.read(caller, UseCase::ReadMembers, (), |tx, ()| {
        Box::pin(async move { Ok(store::members::list(tx).await?) })
    })
    .await
}

/// The member of that id.
pub async fn get(desk: &Desk, caller: &Caller, id: MemberId) -> Result<Member> {
    desk.read(caller, UseCase::ReadMembers, id, |tx, id| {
        Box::pin(async move { store::members::get(tx, *id).await?.ok_or(Error::NotFound("member")) })
    })
    .await
}

/// Errors where the caller may not make or change owners but `roles` says that this is about one.
fn require_owner_for(caller: &Caller, roles: &[Role]) -> Result<()> {
    if roles.contains(&Role::Owner) { authority::require(caller, UseCase::ManageOwners) } else { Ok(()) }
}

async fn put_link(tx: &mut Tx, member: &Member, hash: &[u8]) -> Result<()> {
    let expires_at = tx.now().checked_add(Span::new().hours(24 * LINK_DAYS)).unwrap_or(jiff::Timestamp::MAX);
    let link = Link { member: Some((member.workspace, member.id)), expires_at };
    Ok(store::members::put_link(tx, hash, &link).await?)
}

/// A member who was invited. The link is nowhere kept, so it cannot be part of an answer that is.
#[derive(Serialize, Deserialize)]
struct Invited {
    id: MemberId,
    #[serde(skip)]
    member: Option<Member>,
}

/// Invites somebody; gives the member and the link's token, which works for seven days.
///
/// Errors: the address belongs to a member already; the caller's idempotency key invited somebody before.
pub async fn invite(
    desk: &Desk,
    caller: &Caller,
    name: &str,
    email: &str,
    role: Role,
) -> Result<(Member, String)> {
    require_owner_for(caller, &[role])?;
    let mut check = Check::new();
    let name = check.text("name", text::line(name, 100));
    let email = text::email(email).unwrap_or_else(|| {
        check.refuse("email", "is not an e-mail address");
        String::new()
    });
    check.done()?;
    let token = secrets::new_token();
    let input = (name, email, role, secrets::token_hash(&token));
    let invited = desk
        .create(caller, UseCase::ManageMembers, input, |tx, job| {
            Box::pin(async move {
                let (name, email, role, hash) = &job.input;
                let member = Member {
                    id: MemberId(job.desk.new_id()),
                    workspace: job.caller.workspace,
                    name: name.clone(),
                    email: email.clone(),
                    role: *role,
                    zone: store::workspaces::get(tx).await?.zone,
                    state: State::Invited,
                    password_hash: None,
                    created_at: tx.now(),
                    last_seen_at: None,
                    version: 1,
                };
                if !store::members::insert(tx, &member).await? {
                    return Err(Error::conflict(
                        "member_exists",
                        format!("{email} belongs to a member already"),
                    ));
                }
                put_link(tx, &member, hash).await?;
                job.record(tx, EventType::MemberAdded, member.id, 1, snapshot(&member), Vec::new()).await?;
                Ok(Invited { id: member.id, member: Some(member) })
            })
        })
        .await?;
    let member = invited.member.ok_or_else(|| {
        let detail =
            "this request invited the member before, and the link was shown then; ask for a new link";
        Error::conflict("shown_once", detail)
    })?;
    Ok((member, token))
}

/// A new link for a member who lost theirs, or their password; the old password works until it is used.
pub async fn new_link(desk: &Desk, caller: &Caller, id: MemberId) -> Result<String> {
    let token = secrets::new_token();
    let hash = secrets::token_hash(&token);
    desk.write(caller, UseCase::ManageMembers, (id, hash), |tx, job| {
        Box::pin(async move {
            let (id, hash) = &job.input;
            let member = store::members::get(tx, *id).await?.ok_or(Error::NotFound("member"))?;
            require_owner_for(&job.caller, &[member.role])?;
            if member.state == State::Inactive {
                return Err(Error::conflict(
                    "member_inactive",
                    "this member is inactive; activate them first",
                ));
            }
            put_link(tx, &member, hash).await
        })
    })
    .await?;
    Ok(token)
}

/// Whom a link is for, with the workspace's name. Errors: not valid any more.
pub async fn look(desk: &Desk, token: &str) -> Result<(Member, String)> {
    let hash = secrets::token_hash(token);
    let link = desk
        .store
        .read(Scope::System, hash, |tx, hash| {
            Box::pin(async move { Ok::<_, Error>(store::members::link(tx, hash).await?) })
        })
        .await?;
    let link = link.filter(|link| link.expires_at > desk.clock().now()).ok_or(Error::BadLink)?;
    let (workspace, member) = link.member.ok_or(Error::BadLink)?;
    desk.store
        .read(workspace, member, |tx, member| {
            Box::pin(async move {
                let member = store::members::get(tx, *member).await?.ok_or(Error::BadLink)?;
                let workspace = store::workspaces::get(tx).await?;
                Ok((member, workspace.name))
            })
        })
        .await
}

/// A member uses their link: sets name, zone and password and may come in; their other sessions end.
pub async fn join(desk: &Desk, token: &str, name: &str, zone: &str, password: String) -> Result<Member> {
    let mut check = Check::new();
    let name = check.text("name", text::line(name, 100));
    for problem in [secrets::check_password("password", &password), tasks::zone(zone).map(|_| ())] {
        if let Err(Error::Invalid(errors)) = problem {
            for error in errors {
                check.refuse(&error.field, error.message);
            }
        }
    }
    check.done()?;
    let password_hash = desk.passwords.hash(password).await?;
    let input = (desk.clone(), secrets::token_hash(token), name, zone.to_owned(), password_hash);
    desk.store
        .write(Scope::System, input, |tx, (desk, hash, name, zone, password_hash)| {
            Box::pin(async move {
                let link = store::members::take_link(tx, hash).await?.ok_or(Error::BadLink)?;
                let (workspace, id) = link.member.ok_or(Error::BadLink)?;
                if link.expires_at <= tx.now() {
                    return Err(Error::BadLink);
                }
                tx.enter(workspace);
                let mut member = store::members::get(tx, id).await?.ok_or(Error::BadLink)?;
                if member.state == State::Inactive {
                    return Err(Error::BadLink);
                }
                member.name.clone_from(name);
                member.zone.clone_from(zone);
                member.state = State::Active;
                let job = Job { desk: desk.clone(), caller: as_caller(desk, &member, Via::Page), input: () };
                put_password(tx, &job, &mut member, password_hash.clone(), None).await?;
                Ok(member)
            })
        })
        .await
}

/// The caller that `member` is, for what they do about themselves.
pub(crate) fn as_caller(desk: &Desk, member: &Member, via: Via) -> Caller {
    Caller {
        workspace: member.workspace,
        actor: Actor::Member { id: member.id, name: member.name.clone(), role: member.role },
        via,
        address: None,
        correlation_id: desk.new_id(),
        idempotency: None,
    }
}

/// Writes a member with a new password, and ends their sessions but `keep`.
async fn put_password<I>(
    tx: &mut Tx,
    job: &Job<I>,
    member: &mut Member,
    password_hash: String,
    keep: Option<SessionId>,
) -> Result<()> {
    member.password_hash = Some(password_hash);
    save(tx, job, member, EventType::MemberJoined, Vec::new()).await?;
    end_sessions(tx, job, member.id, keep).await
}

/// Writes a member that changed, with its event.
async fn save<I>(
    tx: &mut Tx,
    job: &Job<I>,
    member: &mut Member,
    kind: EventType,
    changes: Vec<Change>,
) -> Result<()> {
    let found = member.version;
    member.version += 1;
    if !store::members::update(tx, member).await? {
        return Err(Error::Stale { kind: "member", version: found });
    }
    job.record(tx, kind, member.id, member.version, snapshot(member), changes).await?;
    Ok(())
}

/// Ends all sessions of a member but `keep`; live sockets follow the event.
async fn end_sessions<I>(tx: &mut Tx, job: &Job<I>, member: MemberId, keep: Option<SessionId>) -> Result<()> {
    store::sessions::delete_all(tx, member, keep).await?;
    let gone = data::Session { member_id: member.0, session_id: None };
    job.record(tx, EventType::MemberSignedOut, member, 0, gone, Vec::new()).await?;
    Ok(())
}

/// A change of a member: what is `None` stays.
#[derive(Debug, Clone, Default)]
pub struct MemberPatch {
    /// The name.
    pub name: Option<String>,
    /// What they may do.
    pub role: Option<Role>,
    /// `active` or `inactive`.
    pub active: Option<bool>,
}

/// Changes a member; with `expected`, only if they are still at one of those versions.
///
/// Deactivating ends their sessions and tokens at once. Errors: nobody would be left as owner.
pub async fn update(
    desk: &Desk,
    caller: &Caller,
    id: MemberId,
    patch: MemberPatch,
    expected: Option<Vec<i64>>,
) -> Result<Member> {
    let mut patch = patch;
    if let Some(name) = patch.name {
        patch.name = Some(text::line(&name, 100).map_err(|error| Error::field("name", error.to_string()))?);
    }
    desk.write(caller, UseCase::ManageMembers, (id, patch, expected), |tx, job| {
        Box::pin(async move {
            let (id, patch, expected) = &job.input;
            let before = store::members::get(tx, *id).await?.ok_or(Error::NotFound("member"))?;
            require_version(expected.as_deref(), "member", before.version)?;
            let mut after = before.clone();
            if let Some(name) = &patch.name {
                after.name.clone_from(name);
            }
            after.role = patch.role.unwrap_or(before.role);
            match patch.active {
                Some(false) => after.state = State::Inactive,
                Some(true) if before.state == State::Inactive => {
                    after.state = if before.password_hash.is_some() { State::Active } else { State::Invited };
                }
                _ => {}
            }
            if after == before {
                return Ok(after);
            }
            require_owner_for(&job.caller, &[before.role, after.role])?;
            let owns = |member: &Member| member.role == Role::Owner && member.state == State::Active;
            if owns(&before) && !owns(&after) && store::members::owners(tx).await? <= 1 {
                return Err(Error::conflict(
                    "last_owner",
                    "a workspace needs an owner; make somebody else owner first",
                ));
            }
            let changes = [
                Change::of("name", Some(before.name.clone()), Some(after.name.clone())),
                Change::of(
                    "role",
                    Some(before.role.as_str().to_owned()),
                    Some(after.role.as_str().to_owned()),
                ),
                Change::of(
                    "state",
                    Some(before.state.as_str().to_owned()),
                    Some(after.state.as_str().to_owned()),
                ),
            ];
            let changes = changes.into_iter().flatten().collect();
            save(tx, job, &mut after, EventType::MemberUpdated, changes).await?;
            if after.state == State::Inactive && before.state != State::Inactive {
                store::sessions::delete_tokens(tx, *id).await?;
                end_sessions(tx, job, *id, None).await?;
            }
            Ok(after)
        })
    })
    .await
}

/// A change of what a member may change of themselves: what is `None` stays.
#[derive(Debug, Clone, Default)]
pub struct SelfPatch {
    /// The name.
    pub name: Option<String>,
    /// The IANA zone.
    pub zone: Option<String>,
    /// A new password, with the present one.
    pub password: Option<(String, String)>,
}

/// The caller changes their own name, zone or password. A new password ends their other sessions.
pub async fn update_self(
    desk: &Desk,
    caller: &Caller,
    patch: SelfPatch,
    session: Option<SessionId>,
) -> Result<Member> {
    authority::require(caller, UseCase::UpdateSelf)?;
    let id = caller.member().ok_or(Error::Forbidden { role: None })?;
    let mut check = Check::new();
    let name = patch.name.map(|name| check.text("name", text::line(&name, 100)));
    if patch.zone.as_deref().is_some_and(|zone| tasks::zone(zone).is_err()) {
        check.refuse("zone", "is no IANA time zone, such as Europe/Berlin");
    }
    check.done()?;
    let password_hash = match patch.password {
        None => None,
        Some((present, new)) => {
            secrets::check_password("password", &new)?;
            let known = get(desk, caller, id).await?.password_hash;
            if !desk.passwords.matches(present, known).await? {
                return Err(Error::field("current_password", "is not your present password"));
            }
            Some(desk.passwords.hash(new).await?)
        }
    };
    desk.write(caller, UseCase::UpdateSelf, (id, name, patch.zone, password_hash, session), |tx, job| {
        Box::pin(async move {
            let (id, name, zone, password_hash, session) = &job.input;
            let mut member = store::members::get(tx, *id).await?.ok_or(Error::NotFound("member"))?;
            if let Some(name) = name {
                member.name.clone_from(name);
            }
            if let Some(zone) = zone {
                member.zone.clone_from(zone);
            }
            match password_hash {
                Some(hash) => put_password(tx, job, &mut member, hash.clone(), *session).await?,
                None => save(tx, job, &mut member, EventType::MemberUpdated, Vec::new()).await?,
            }
            Ok(member)
        })
    })
    .await
}

/// Adds an active member with a password: for the command line, straight on the database.
pub async fn add(
    desk: &Desk,
    workspace: WorkspaceId,
    name: &str,
    email: &str,
    role: Role,
    password: String,
) -> Result<Member> {
    let caller = Caller::system(workspace, Via::Cli, desk.new_id());
    secrets::check_password("password", &password)?;
    let (member, token) = invite(desk, &caller, name, email, role).await?;
    join(desk, &token, &member.name, &member.zone, password).await
}

/// The members with that e-mail address in every workspace, for the command line.
pub async fn by_email(desk: &Desk, email: &str) -> Result<Vec<Member>> {
    let email = text::email(email).ok_or_else(|| Error::field("email", "is not an e-mail address"))?;
    desk.store
        .read(Scope::System, email, |tx, email| {
            Box::pin(async move { Ok(store::members::by_email(tx, email).await?) })
        })
        .await
}

/// Every workspace's id, oldest first, for the command line.
pub async fn workspaces(desk: &Desk) -> Result<Vec<WorkspaceId>> {
    desk.store
        .read(Scope::System, (), |tx, ()| Box::pin(async move { Ok(store::workspaces::all(tx).await?) }))
        .await
}
