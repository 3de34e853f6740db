//! Members, sessions, tokens and settings on the wire.

use desk::members::Member;
use desk::workspaces::{SettingsPatch, Workspace};
use domain::Role;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::MemberRef;

/// What a member may do.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RoleBody {
    /// Everything.
    Owner,
    /// Works and administers.
    Admin,
    /// Works.
    Agent,
    /// Reads.
    Viewer,
}

impl From<Role> for RoleBody {
    fn from(role: Role) -> Self {
        match role {
            Role::Owner => Self::Owner,
            Role::Admin => Self::Admin,
            Role::Agent => Self::Agent,
            Role::Viewer => Self::Viewer,
        }
    }
}

impl From<RoleBody> for Role {
    fn from(role: RoleBody) -> Self {
        match role {
            RoleBody::Owner => Self::Owner,
            RoleBody::Admin => Self::Admin,
            RoleBody::Agent => Self::Agent,
            RoleBody::Viewer => Self::Viewer,
        }
    }
}

/// A member.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct MemberResponse {
    /// Its id.
    pub id: Uuid,
    /// The name.
    pub name: String,
    /// The e-mail address.
    pub email: String,
    /// What they may do.
    pub role: RoleBody,
    /// Their IANA zone.
    pub zone: String,
    /// `invited`, `active` or `inactive`.
    pub state: String,
    /// When they were added.
    pub created_at: Timestamp,
    /// When they last signed in.
    pub last_seen_at: Option<Timestamp>,
    /// The ETag, as a number.
    pub version: i64,
}

impl From<Member> for MemberResponse {
    fn from(member: Member) -> Self {
        Self {
            id: member.id.0,
            name: member.name,
            email: member.email,
            role: member.role.into(),
            zone: member.zone,
            state: member.state.as_str().to_owned(),
            created_at: member.created_at,
            last_seen_at: member.last_seen_at,
            version: member.version,
        }
    }
}

/// The workspace of the caller.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct WorkspaceRef {
    /// Its id.
    pub id: Uuid,
    /// Its name.
    pub name: String,
    /// Its IANA zone.
    pub zone: String,
}

/// Who is asking.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct MeResponse {
    /// The member.
    pub member: MemberResponse,
    /// The workspace.
    pub workspace: WorkspaceRef,
}

impl MeResponse {
    /// Of that member and workspace.
    pub fn of(member: Member, workspace: Workspace) -> Self {
        Self {
            member: member.into(),
            workspace: WorkspaceRef { id: workspace.id.0, name: workspace.name, zone: workspace.zone },
        }
    }
}

/// Whether there is a workspace already.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub struct SetupResponse {
    /// Whether the first owner has to come.
    pub needed: bool,
}

/// What the first owner says.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetupRequest {
    /// The one-time link's token.
    pub token: String,
    /// The workspace's name.
    #[schema(min_length = 1, max_length = 100)]
    pub workspace: String,
    /// The owner's name.
    #[schema(min_length = 1, max_length = 100)]
    pub name: String,
    /// The owner's e-mail address.
    pub email: String,
    /// The owner's password.
    #[schema(min_length = 8, max_length = 256)]
    pub password: String,
    /// The IANA zone of both.
    pub zone: String,
}

/// Who signs in.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SessionRequest {
    /// The e-mail address.
    pub email: String,
    /// The password.
    pub password: String,
    /// The workspace, where the address belongs to several.
    #[serde(default)]
    pub workspace: Option<Uuid>,
}

/// A change of oneself.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct MePatchRequest {
    /// The name.
    #[schema(min_length = 1, max_length = 100)]
    pub name: Option<String>,
    /// The IANA zone.
    pub zone: Option<String>,
    /// The present password, to set a new one.
    pub current_password: Option<String>,
    /// The new password.
    #[schema(min_length = 8, max_length = 256)]
    pub password: Option<String>,
}

/// A member to be invited.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct InviteRequest {
    /// The name.
    #[schema(min_length = 1, max_length = 100)]
    pub name: String,
    /// The e-mail address.
    pub email: String,
    /// What they may do.
    pub role: RoleBody,
}

/// An invited member and their link.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct InviteResponse {
    /// The member.
    pub member: MemberResponse,
    /// The link, which works once, for seven days.
    pub invite_url: String,
}

/// A new link.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct LinkResponse {
    /// The link, which works once, for seven days.
    pub invite_url: String,
}

/// A change of a member.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct MemberPatchRequest {
    /// The name.
    #[schema(min_length = 1, max_length = 100)]
    pub name: Option<String>,
    /// What they may do.
    pub role: Option<RoleBody>,
    /// `active` or `inactive`.
    pub state: Option<MemberStateBody>,
}

/// Whether a member may come in.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MemberStateBody {
    /// May.
    Active,
    /// May not.
    Inactive,
}

/// A link's token.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct InvitationLookRequest {
    /// The token.
    pub token: String,
}

/// Whom a link is for.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct InvitationResponse {
    /// The workspace's name.
    pub workspace: String,
    /// The member's name.
    pub name: String,
    /// The member's e-mail address.
    pub email: String,
    /// What they may do.
    pub role: RoleBody,
}

/// A member who comes in by a link.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct InvitationAcceptRequest {
    /// The link's token.
    pub token: String,
    /// The name.
    #[schema(min_length = 1, max_length = 100)]
    pub name: String,
    /// The new password.
    #[schema(min_length = 8, max_length = 256)]
    pub password: String,
    /// The IANA zone.
    pub zone: String,
}

/// An API token, without its secret.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct TokenResponse {
    /// Its id.
    pub id: Uuid,
    /// What it is for.
    pub name: String,
    /// The secret's first letters.
    pub prefix: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last used, to the hour.
    pub last_used_at: Option<Timestamp>,
    /// Until when it works.
    pub expires_at: Option<Timestamp>,
    /// The member it acts for.
    pub member: MemberRef,
}

impl From<desk::sessions::Token> for TokenResponse {
    fn from(token: desk::sessions::Token) -> Self {
        Self {
            id: token.id.0,
            name: token.name,
            prefix: token.prefix,
            created_at: token.created_at,
            last_used_at: token.last_used_at,
            expires_at: token.expires_at,
            member: MemberRef { id: token.member.0, name: token.member_name },
        }
    }
}

/// An API token to be made.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TokenRequest {
    /// What it is for.
    #[schema(min_length = 1, max_length = 100)]
    pub name: String,
    /// For how many days it works; for ever where nothing is given.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 3650)]
    pub expires_in_days: Option<i64>,
}

/// A new API token with its secret, which is shown this once.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct NewTokenResponse {
    /// The token.
    pub token: TokenResponse,
    /// The secret.
    pub secret: String,
}

/// The hand's settings.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct HandSettings {
    /// Whether the hand answers customers.
    pub enabled: bool,
    /// What a new visitor reads first.
    pub greeting: String,
    /// What a customer reads when a person is asked for.
    pub handoff_text: String,
    /// Within how many minutes a person is promised.
    pub reply_minutes: i64,
}

/// The workspace's settings.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SettingsResponse {
    /// The workspace's name.
    pub workspace: String,
    /// Its IANA zone.
    pub zone: String,
    /// The hand's.
    pub hand: HandSettings,
    /// The ETag, as a number.
    pub version: i64,
}

impl From<Workspace> for SettingsResponse {
    fn from(workspace: Workspace) -> Self {
        Self {
            workspace: workspace.name,
            zone: workspace.zone,
            hand: HandSettings {
                enabled: workspace.hand_enabled,
                greeting: workspace.greeting,
                handoff_text: workspace.handoff_text,
                reply_minutes: workspace.reply_minutes,
            },
            version: workspace.version,
        }
    }
}

/// A change of the hand's settings.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct HandPatch {
    /// Whether the hand answers customers.
    pub enabled: Option<bool>,
    /// What a new visitor reads first.
    pub greeting: Option<String>,
    /// What a customer reads when a person is asked for.
    pub handoff_text: Option<String>,
    /// Within how many minutes a person is promised.
    pub reply_minutes: Option<i64>,
}

/// A change of the settings.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SettingsRequest {
    /// The workspace's name.
    pub workspace: Option<String>,
    /// Its IANA zone.
    pub zone: Option<String>,
    /// The hand's.
    pub hand: Option<HandPatch>,
}

impl From<SettingsRequest> for SettingsPatch {
    fn from(request: SettingsRequest) -> Self {
        let hand = request.hand.unwrap_or_default();
        Self {
            name: request.workspace,
            zone: request.zone,
            hand_enabled: hand.enabled,
            greeting: hand.greeting,
            handoff_text: hand.handoff_text,
            reply_minutes: hand.reply_minutes,
        }
    }
}
