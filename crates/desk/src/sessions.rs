//! Sign-in: passwords become sessions, sessions and API tokens become callers.

use std::net::IpAddr;

use domain::event::data;
use domain::ids::{MemberId, SessionId, TokenId, WorkspaceId};
use domain::{Actor, Caller, EventType, Role, Via, text};
use jiff::{Span, Timestamp};
use serde::{Deserialize, Serialize};
use store::members::{Member, State};
pub use store::sessions::Token;
use store::{Scope, Tx};
use uuid::Uuid;

use crate::error::{Error, Result};
use crate::job::Job;
use crate::members::{as_caller, snapshot};
use crate::{Desk, UseCase, authority, secrets};

/// How long a session lasts without being used.
const SESSION_DAYS: i32 = 14;
/// How API tokens begin, so that leaked ones are recognised.
const TOKEN_PREFIX: &str = "dh_";

/// A session that was just begun: the only time that its token is known.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// The member.
    pub member: Member,
    /// The session.
    pub session: SessionId,
    /// What the cookie holds.
    pub token: String,
    /// Until when it lasts if it is not used.
    pub expires_at: Timestamp,
}

/// Who asks, by session or token.
#[derive(Debug, Clone)]
pub struct Authenticated {
    /// The caller.
    pub caller: Caller,
    /// The member.
    pub member: Member,
    /// The session, where it is one.
    pub session: Option<SessionId>,
    /// The token, where it is one.
    pub token: Option<TokenId>,
}

fn session_end(now: Timestamp) -> Timestamp {
    now.checked_add(Span::new().hours(24 * SESSION_DAYS)).unwrap_or(Timestamp::MAX)
}

/// Signs a member in: a session with a new token, in place of the one that the browser had.
///
/// Errors: wrong, and it takes as long whether or not there is such a member; or the address belongs to
/// members of several workspaces with that password, and none was named.
pub async fn sign_in(
    desk: &Desk,
    email: &str,
    password: String,
    workspace: Option<WorkspaceId>,
    replaced: Option<&str>,
    address: Option<IpAddr>,
) -> Result<SignedIn> {
    let members = match text::email(email) {
        Some(email) => {
            desk.store
                .read(Scope::System, email, |tx, email| {
                    Box::pin(async move { Ok::<_, Error>(store::members::by_email(tx, email).await?) })
                })
                .await?
        }
        None => Vec::new(),
    };
    let candidates = members
        .into_iter()
        .filter(|member| {
            member.state == State::Active && workspace.is_none_or(|only| member.workspace == only)
        })
        .collect::<Vec<Member>>();
    if candidates.is_empty() {
        desk.passwords.matches(password, None).await?;
        return Err(Error::BadCredentials);
    }
    // Only who knows the password learns that there are several workspaces.
    let mut known = Vec::new();
    for member in candidates {
        if desk.passwords.matches(password.clone(), member.password_hash.clone()).await? {
            known.push(member);
        }
    }
    let Some(member) = known.pop() else { return Err(Error::BadCredentials) };
    if !known.is_empty() {
        return Err(Error::conflict(
            "workspace_required",
            "this address belongs to several workspaces; say which one",
        ));
    }
    begin(desk, member, replaced, address).await
}

/// Begins a session of `member`, who has just proved who they are.
pub async fn begin(
    desk: &Desk,
    member: Member,
    replaced: Option<&str>,
    address: Option<IpAddr>,
) -> Result<SignedIn> {
    let token = secrets::new_token();
    let session = SessionId(desk.new_id());
    let expires_at = session_end(desk.clock().now());
    let mut caller = as_caller(desk, &member, Via::Page);
    caller.address = address;
    let input =
        (member.clone(), session, secrets::token_hash(&token), expires_at, replaced.map(secrets::token_hash));
    let job = Job { desk: desk.clone(), caller, input };
    desk.store
        .write(Scope::System, job, |tx, job| {
            Box::pin(async move {
                let (member, session, hash, expires_at, replaced) = &job.input;
                if let Some(replaced) = replaced
                    && let Some(old) = store::sessions::by_token(tx, replaced).await?
                {
                    tx.enter(old.member.workspace);
                    // It may have been another member's, and of another workspace.
                    let caller = Caller {
                        address: job.caller.address,
                        correlation_id: job.caller.correlation_id,
                        ..as_caller(&job.desk, &old.member, Via::Page)
                    };
                    let job = Job { desk: job.desk.clone(), caller, input: () };
                    end(tx, &job, old.id, old.member.id).await?;
                }
                tx.enter(member.workspace);
                store::sessions::insert(tx, *session, member, hash, *expires_at).await?;
                store::members::seen(tx, member).await?;
                job.record(
                    tx,
                    EventType::MemberSignedIn,
                    member.id,
                    member.version,
                    snapshot(member),
                    Vec::new(),
                )
                .await?;
                Ok::<_, Error>(())
            })
        })
        .await?;
    Ok(SignedIn { member, session, token, expires_at })
}

/// Ends the caller's session; its live sockets follow the event.
pub async fn sign_out(desk: &Desk, caller: &Caller, session: SessionId) -> Result<()> {
    let member = caller.member().ok_or(Error::Unauthenticated)?;
    desk.write(caller, UseCase::UpdateSelf, (session, member), |tx, job| {
        Box::pin(async move {
            let (session, member) = job.input;
            end(tx, job, session, member).await
        })
    })
    .await
}

/// Ends a session, with the event that its live sockets follow; one that is gone stays gone.
async fn end<I>(tx: &mut Tx, job: &Job<I>, session: SessionId, member: MemberId) -> Result<()> {
    if store::sessions::delete(tx, session).await? {
        let gone = data::Session { member_id: member.0, session_id: Some(session.0) };
        job.record(tx, EventType::MemberSignedOut, member, 0, gone, Vec::new()).await?;
    }
    Ok(())
}

/// The caller that a session's cookie stands for.
///
/// Errors: unknown, over, or its member is not active.
pub async fn by_cookie(
    desk: &Desk,
    token: &str,
    address: Option<IpAddr>,
    correlation_id: Uuid,
) -> Result<Authenticated> {
    let hash = secrets::token_hash(token);
    let found = desk
        .store
        .read(Scope::System, hash, |tx, hash| {
            Box::pin(async move { Ok::<_, Error>(store::sessions::by_token(tx, hash).await?) })
        })
        .await?;
    let now = desk.clock().now();
    let session = found
        .filter(|session| session.expires_at > now && session.member.state == State::Active)
        .ok_or(Error::Unauthenticated)?;
    // Written at most once a day, so that reading stays reading.
    let fresh = session_end(now);
    if fresh.as_second() - session.expires_at.as_second() > 24 * 3600 {
        desk.system((session.id, fresh), |tx, (id, fresh)| {
            Box::pin(async move { Ok(store::sessions::extend(tx, *id, *fresh).await?) })
        })
        .await?;
    }
    Ok(Authenticated {
        caller: caller(&session.member, Via::Page, address, correlation_id),
        member: session.member,
        session: Some(session.id),
        token: None,
    })
}

/// The caller that an API token stands for.
///
/// Errors: unknown, over, or its member is not active.
pub async fn by_bearer(
    desk: &Desk,
    token: &str,
    address: Option<IpAddr>,
    correlation_id: Uuid,
) -> Result<Authenticated> {
    if !token.starts_with(TOKEN_PREFIX) {
        return Err(Error::Unauthenticated);
    }
    let hash = secrets::token_hash(token);
    let found = desk
        .store
        .read(Scope::System, hash, |tx, hash| {
            Box::pin(async move { Ok::<_, Error>(store::sessions::token_by_hash(tx, hash).await?) })
        })
        .await?;
    let now = desk.clock().now();
    let found = found
        .filter(|token| token.expires_at.is_none_or(|end| end > now) && token.member.state == State::Active)
        .ok_or(Error::Unauthenticated)?;
    // To the hour: enough to find tokens that nobody uses, and no write for every request.
    if found.last_used_at.is_none_or(|last| now.as_second() - last.as_second() > 3600) {
        desk.system(found.id, |tx, id| {
            Box::pin(async move { Ok(store::sessions::token_used(tx, *id).await?) })
        })
        .await?;
    }
    Ok(Authenticated {
        caller: caller(&found.member, Via::Api, address, correlation_id),
        member: found.member,
        session: None,
        token: Some(found.id),
    })
}

fn caller(member: &Member, via: Via, address: Option<IpAddr>, correlation_id: Uuid) -> Caller {
    Caller {
        workspace: member.workspace,
        actor: Actor::Member { id: member.id, name: member.name.clone(), role: member.role },
        via,
        address,
        correlation_id,
        idempotency: None,
    }
}

/// The caller's API tokens; an admin sees everybody's.
pub async fn tokens(desk: &Desk, caller: &Caller) -> Result<Vec<Token>> {
    let only = whose(caller)?;
    desk.read(caller, UseCase::ManageTokens, only, |tx, only| {
        Box::pin(async move { Ok(store::sessions::tokens(tx, *only).await?) })
    })
    .await
}

/// Whose tokens the caller may see and revoke: their own, or everybody's.
fn whose(caller: &Caller) -> Result<Option<MemberId>> {
    if authority::allows(&caller.actor, UseCase::ManageMembers) {
        return Ok(None);
    }
    caller.member().map(Some).ok_or(Error::Forbidden { role: None })
}

/// An API token that was made. The secret is nowhere kept, so it cannot be part of an answer that is.
#[derive(Serialize, Deserialize)]
struct Made {
    id: TokenId,
    #[serde(skip)]
    token: Option<Token>,
}

/// Makes an API token for `member`; gives it and its secret, which is shown this once.
///
/// Errors: fields that cannot be accepted; the caller's idempotency key made a token before.
pub async fn create_token(
    desk: &Desk,
    caller: &Caller,
    member: MemberId,
    name: &str,
    expires_in_days: Option<i64>,
) -> Result<(Token, String)> {
    let name = text::line(name, 100).map_err(|error| Error::field("name", error.to_string()))?;
    let end = match expires_in_days {
        None => None,
        Some(days) if (1..=3650).contains(&days) => {
            desk.clock().now().checked_add(Span::new().hours(24 * days)).ok()
        }
        Some(_) => return Err(Error::field("expires_in_days", "must be 1 to 3650")),
    };
    let secret = format!("{TOKEN_PREFIX}{}", secrets::new_token());
    let input = (member, name, end, secret.clone());
    let made = desk
        .create(caller, UseCase::ManageTokens, input, |tx, job| {
            Box::pin(async move {
                let (member, name, end, secret) = &job.input;
                let member = store::members::get(tx, *member).await?.ok_or(Error::NotFound("member"))?;
                let token = Token {
                    id: TokenId(job.desk.new_id()),
                    member: member.id,
                    member_name: member.name,
                    name: name.clone(),
                    prefix: secret.chars().take(8).collect(),
                    created_at: tx.now(),
                    last_used_at: None,
                    expires_at: *end,
                };
                store::sessions::insert_token(tx, &token, &secrets::token_hash(secret)).await?;
                let snapshot = data::Token { id: token.id.0, name: name.clone(), member_id: token.member.0 };
                job.record(tx, EventType::TokenCreated, token.id, 1, snapshot, Vec::new()).await?;
                Ok(Made { id: token.id, token: Some(token) })
            })
        })
        .await?;
    let token = made.token.ok_or_else(|| {
        let detail =
            "this request made a token before, whose secret was shown then; revoke it and make another";
        Error::conflict("shown_once", detail)
    })?;
    Ok((token, secret))
}

/// Revokes an API token: one's own, or as an admin anybody's.
pub async fn revoke_token(desk: &Desk, caller: &Caller, id: TokenId) -> Result<()> {
    let only = whose(caller)?;
    desk.write(caller, UseCase::ManageTokens, (id, only), |tx, job| {
        Box::pin(async move {
            let (id, only) = job.input;
            let gone = store::sessions::delete_token(tx, id, only).await?;
            let (member, name) = gone.ok_or(Error::NotFound("token"))?;
            let snapshot = data::Token { id: id.0, name, member_id: member.0 };
            job.record(tx, EventType::TokenRevoked, id, 2, snapshot, Vec::new()).await?;
            Ok(())
        })
    })
    .await
}

/// The caller that `member` is at the page, right after they came in.
pub fn caller_of(desk: &Desk, member: &Member) -> Caller {
    as_caller(desk, member, Via::Page)
}

/// As what a session or token that was valid a while ago is valid now; nothing where it is not any more.
pub async fn standing(
    desk: &Desk,
    session: Option<SessionId>,
    token: Option<TokenId>,
) -> Result<Option<Role>> {
    let now = desk.clock().now();
    desk.store
        .read(Scope::System, (session, token, now), |tx, (session, token, now)| {
            Box::pin(async move { Ok(store::sessions::standing(tx, *session, *token, *now).await?) })
        })
        .await
}
