//! Workspaces: the first owner's set-up, and the settings that the whole desk shares.

use domain::event::data::{self, Change};
use domain::ids::{MemberId, WorkspaceId};
use domain::{Actor, Caller, EventType, Role, Via, text};
use jiff::Span;
use store::members::{Link, Member, State};
use store::{Scope, Tx};

use crate::channels::{self, ChannelPatch};
use crate::error::{Check, Error, Result, require_version};
use crate::job::Job;
use crate::{Desk, UseCase, members, secrets, tasks};

pub use store::workspaces::Workspace;

const GREETING: &str = "Hello! Ask us anything. We answer right here.";
const HANDOFF: &str = "A person will answer you here. You can leave this page; the conversation stays.";

/// What the first owner says.
#[derive(Debug, Clone)]
pub struct Setup {
    /// The workspace's name.
    pub workspace: String,
    /// The owner's name.
    pub name: String,
    /// The owner's e-mail address.
    pub email: String,
    /// The owner's password.
    pub password: String,
    /// The IANA zone of both.
    pub zone: String,
}

fn snapshot(workspace: &Workspace) -> data::Workspace {
    data::Workspace { id: workspace.id.0, name: workspace.name.clone(), zone: workspace.zone.clone() }
}

/// Whether there is no workspace yet.
pub async fn setup_needed(desk: &Desk) -> Result<bool> {
    desk.store
        .read(Scope::System, (), |tx, ()| {
            Box::pin(async move { Ok(store::workspaces::count(tx).await? == 0) })
        })
        .await
}

/// A new one-time link's token for the first owner, in place of an earlier one; nothing where there is a
/// workspace already. It works for a day.
pub async fn setup_token(desk: &Desk) -> Result<Option<String>> {
    let token = secrets::new_token();
    let hash = secrets::token_hash(&token);
    let made = desk
        .system(hash, |tx, hash| {
            Box::pin(async move {
                if store::workspaces::count(tx).await? > 0 {
                    return Ok(false);
                }
                let expires_at = tx.now().checked_add(Span::new().hours(24)).unwrap_or(jiff::Timestamp::MAX);
                store::members::put_link(tx, hash, &Link { member: None, expires_at }).await?;
                Ok(true)
            })
        })
        .await?;
    Ok(made.then_some(token))
}

/// The first owner uses the link: the workspace, the owner and a widget channel are made.
///
/// Errors: the link is not valid; there is a workspace already; fields that cannot be accepted.
pub async fn set_up(desk: &Desk, token: &str, setup: Setup, via: Via) -> Result<Member> {
    let hash = secrets::token_hash(token);
    make(desk, setup, Some(hash), via).await
}

/// Makes a workspace with its owner, without a link: for the command line and for demonstrations.
pub async fn create(desk: &Desk, setup: Setup) -> Result<Member> {
    make(desk, setup, None, Via::Cli).await
}

async fn make(desk: &Desk, setup: Setup, link: Option<Vec<u8>>, via: Via) -> Result<Member> {
    let mut check = Check::new();
    let workspace = check.text("workspace", text::line(&setup.workspace, 100));
    let name = check.text("name", text::line(&setup.name, 100));
    let email = text::email(&setup.email).unwrap_or_else(|| {
        check.refuse("email", "is not an e-mail address");
        String::new()
    });
    for problem in
        [secrets::check_password("password", &setup.password), tasks::zone(&setup.zone).map(|_| ())]
    {
        if let Err(Error::Invalid(errors)) = problem {
            for error in errors {
                check.refuse(&error.field, error.message);
            }
        }
    }
    check.done()?;
    let password_hash = desk.passwords.hash(setup.password).await?;
    let now = desk.clock().now();
    let workspace = Workspace {
        id: WorkspaceId(desk.new_id()),
        name: workspace,
        zone: setup.zone.clone(),
        hand_enabled: true,
        greeting: GREETING.to_owned(),
        handoff_text: HANDOFF.to_owned(),
        reply_minutes: 240,
        articles_revision: 0,
        version: 1,
    };
    let owner = Member {
        id: MemberId(desk.new_id()),
        workspace: workspace.id,
        name,
        email,
        role: Role::Owner,
        zone: setup.zone,
        state: State::Active,
        password_hash: Some(password_hash),
        created_at: now,
        last_seen_at: None,
        version: 1,
    };
    let caller = Caller {
        workspace: workspace.id,
        actor: Actor::Member { id: owner.id, name: owner.name.clone(), role: Role::Owner },
        via,
        address: None,
        correlation_id: desk.new_id(),
        idempotency: None,
    };
    let job = Job { desk: desk.clone(), caller, input: (workspace, owner, link) };
    desk.store
        .write(Scope::System, job, |tx, job| {
            Box::pin(async move {
                let (workspace, owner, link) = &job.input;
                if let Some(link) = link {
                    if store::workspaces::count(tx).await? > 0 {
                        return Err(Error::conflict(
                            "already_set_up",
                            "this desk has an owner already; sign in",
                        ));
                    }
                    let link = store::members::take_link(tx, link).await?;
                    let valid = link.is_some_and(|link| link.member.is_none() && link.expires_at > tx.now());
                    if !valid {
                        return Err(Error::BadLink);
                    }
                }
                populate(tx, job, workspace, owner).await?;
                Ok(owner.clone())
            })
        })
        .await
}

async fn populate<I>(tx: &mut Tx, job: &Job<I>, workspace: &Workspace, owner: &Member) -> Result<()> {
    let now = tx.now();
    tx.enter(workspace.id);
    store::workspaces::insert(tx, workspace, now).await?;
    store::members::insert(tx, owner).await?;
    job.record(tx, EventType::WorkspaceCreated, workspace.id, 1, snapshot(workspace), Vec::new()).await?;
    job.record(tx, EventType::MemberAdded, owner.id, 1, members::snapshot(owner), Vec::new()).await?;
    channels::add(tx, job, &ChannelPatch::default()).await?;
    Ok(())
}

/// The workspace's settings.
pub async fn get(desk: &Desk, caller: &Caller) -> Result<Workspace> {
    desk.read(caller, UseCase::ReadSettings, (), |tx, ()| {
        Box::pin(async move { Ok(store::workspaces::get(tx).await?) })
    })
    .await
}

/// A change of the settings: what is `None` stays.
#[derive(Debug, Clone, Default)]
pub struct SettingsPatch {
    /// The workspace's name.
    pub name: Option<String>,
    /// Its IANA zone.
    pub zone: Option<String>,
    /// Whether the hand answers customers.
    pub hand_enabled: Option<bool>,
    /// What a new visitor reads first.
    pub greeting: Option<String>,
    /// What a customer reads when a person is asked for.
    pub handoff_text: Option<String>,
    /// Within how many minutes a person is promised.
    pub reply_minutes: Option<i64>,
}

/// Changes the settings; with `expected`, only if they are still at one of those versions.
pub async fn update(
    desk: &Desk,
    caller: &Caller,
    patch: SettingsPatch,
    expected: Option<Vec<i64>>,
) -> Result<Workspace> {
    let mut check = Check::new();
    let mut patch = patch;
    patch.name = patch.name.map(|name| check.text("workspace", text::line(&name, 100)));
    patch.greeting = patch.greeting.map(|text| check.text("hand.greeting", text::block(&text, 500)));
    patch.handoff_text =
        patch.handoff_text.map(|text| check.text("hand.handoff_text", text::block(&text, 500)));
    if patch.reply_minutes.is_some_and(|minutes| !(1..=43_200).contains(&minutes)) {
        check.refuse("hand.reply_minutes", "must be 1 to 43200");
    }
    if patch.zone.as_deref().is_some_and(|zone| tasks::zone(zone).is_err()) {
        check.refuse("zone", "is no IANA time zone, such as Europe/Berlin");
    }
    check.done()?;
    desk.write(caller, UseCase::ManageSettings, (patch, expected), |tx, job| {
        Box::pin(async move {
            let (patch, expected) = &job.input;
            let before = store::workspaces::get(tx).await?;
            require_version(expected.as_deref(), "settings", before.version)?;
            let patch = patch.clone();
            let mut after = before.clone();
            after.name = patch.name.unwrap_or(after.name);
            after.zone = patch.zone.unwrap_or(after.zone);
            after.hand_enabled = patch.hand_enabled.unwrap_or(after.hand_enabled);
            after.greeting = patch.greeting.unwrap_or(after.greeting);
            after.handoff_text = patch.handoff_text.unwrap_or(after.handoff_text);
            after.reply_minutes = patch.reply_minutes.unwrap_or(after.reply_minutes);
            after.version += 1;
            if !store::workspaces::update(tx, &after).await? {
                return Err(Error::Stale { kind: "settings", version: before.version });
            }
            let changes = [
                Change::of("name", Some(before.name), Some(after.name.clone())),
                Change::of("zone", Some(before.zone), Some(after.zone.clone())),
                Change::of(
                    "hand",
                    Some(before.hand_enabled.to_string()),
                    Some(after.hand_enabled.to_string()),
                ),
                Change::of("greeting", Some(before.greeting), Some(after.greeting.clone())),
                Change::of("handoff_text", Some(before.handoff_text), Some(after.handoff_text.clone())),
                Change::of(
                    "reply_minutes",
                    Some(before.reply_minutes.to_string()),
                    Some(after.reply_minutes.to_string()),
                ),
            ];
            let changes = changes.into_iter().flatten().collect();
            job.record(tx, EventType::WorkspaceUpdated, after.id, after.version, snapshot(&after), changes)
                .await?;
            Ok(after)
        })
    })
    .await
}
