//! Set-up, sign-in, members, tokens and settings.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::IntoResponse;
use desk::members::{MemberPatch, SelfPatch};
use desk::sessions::SignedIn;
use desk::workspaces::Setup;
use domain::Via;
use domain::ids::{MemberId, TokenId, WorkspaceId};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::etag;
use crate::App;
use crate::auth::{Anybody, Member, OwnPage, cookie, set_cookie};
use crate::extract::{Body, Create, IfMatch, Path};
use crate::problem::{ApiError, Problem};
use crate::wire::List;
use crate::wire::people::{
    InvitationAcceptRequest, InvitationLookRequest, InvitationResponse, InviteRequest, InviteResponse,
    LinkResponse, MePatchRequest, MeResponse, MemberPatchRequest, MemberResponse, MemberStateBody,
    NewTokenResponse, SessionRequest, SettingsRequest, SettingsResponse, SetupRequest, SetupResponse,
    TokenRequest, TokenResponse,
};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(setup_needed, set_up))
        .routes(routes!(sign_in, sign_out))
        .routes(routes!(me, update_me))
        .routes(routes!(list_members, invite_member))
        .routes(routes!(update_member, deactivate_member))
        .routes(routes!(new_link))
        .routes(routes!(look_at_invitation))
        .routes(routes!(accept_invitation))
        .routes(routes!(list_tokens, create_token))
        .routes(routes!(revoke_token))
        .routes(routes!(show_settings, update_settings))
}

/// Who signed in, with the cookie.
async fn welcome(
    app: &App,
    status: StatusCode,
    signed_in: SignedIn,
) -> Result<impl IntoResponse + use<>, ApiError> {
    let caller = desk::sessions::caller_of(&app.desk, &signed_in.member);
    let workspace = desk::workspaces::get(&app.desk, &caller).await?;
    let cookie = [(header::SET_COOKIE, set_cookie(app, Some(&signed_in)))];
    let no_store = [(header::CACHE_CONTROL, "no-store")];
    Ok((status, cookie, no_store, axum::Json(MeResponse::of(signed_in.member, workspace))))
}

/// Whether the first owner has to come
#[utoipa::path(get, path = "/api/v1/setup", tag = "people", responses((status = 200, body = SetupResponse), (status = "default", body = Problem)))]
async fn setup_needed(State(app): State<App>) -> Result<axum::Json<SetupResponse>, ApiError> {
    Ok(axum::Json(SetupResponse { needed: desk::workspaces::setup_needed(&app.desk).await? }))
}

/// The first owner makes the workspace
#[utoipa::path(post, path = "/api/v1/setup", tag = "people", request_body = SetupRequest,
    responses((status = 201, body = MeResponse), (status = "default", body = Problem)))]
async fn set_up(
    State(app): State<App>,
    _: OwnPage,
    anybody: Anybody,
    Body(body): Body<SetupRequest>,
) -> Result<impl IntoResponse, ApiError> {
    app.limits.sign_in.check(&anybody.address)?;
    let setup = Setup {
        workspace: body.workspace,
        name: body.name,
        email: body.email,
        password: body.password,
        zone: body.zone,
    };
    let owner = desk::workspaces::set_up(&app.desk, &body.token, setup, Via::Page).await?;
    let signed_in = desk::sessions::begin(&app.desk, owner, None, anybody.address).await?;
    welcome(&app, StatusCode::CREATED, signed_in).await
}

/// Sign in
#[utoipa::path(post, path = "/api/v1/session", tag = "people", request_body = SessionRequest,
    responses((status = 201, body = MeResponse), (status = "default", body = Problem)))]
async fn sign_in(
    State(app): State<App>,
    _: OwnPage,
    anybody: Anybody,
    headers: HeaderMap,
    Body(body): Body<SessionRequest>,
) -> Result<impl IntoResponse, ApiError> {
    app.limits.sign_in.check(&anybody.address)?;
    let replaced = cookie(&app, &headers);
    let signed_in = desk::sessions::sign_in(
        &app.desk,
        &body.email,
        body.password,
        body.workspace.map(WorkspaceId),
        replaced.as_deref(),
        anybody.address,
    )
    .await?;
    // The session that this one replaces is over.
    app.known.forget();
    welcome(&app, StatusCode::CREATED, signed_in).await
}

/// Sign out: ends the session; with a token there is none to end
#[utoipa::path(delete, path = "/api/v1/session", tag = "people", security(("token" = []), ("session" = [])),
    responses((status = 204), (status = "default", body = Problem)))]
async fn sign_out(State(app): State<App>, member: Member) -> Result<impl IntoResponse, ApiError> {
    if let Some(session) = member.who.session {
        desk::sessions::sign_out(&app.desk, member.caller(), session).await?;
        app.known.forget();
    }
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, set_cookie(&app, None))]))
}

/// Who is asking
#[utoipa::path(get, path = "/api/v1/me", tag = "people", security(("token" = []), ("session" = [])),
    responses((status = 200, body = MeResponse), (status = "default", body = Problem)))]
async fn me(State(app): State<App>, member: Member) -> Result<axum::Json<MeResponse>, ApiError> {
    let workspace = desk::workspaces::get(&app.desk, member.caller()).await?;
    Ok(axum::Json(MeResponse::of(member.who.member, workspace)))
}

/// Change oneself
#[utoipa::path(patch, path = "/api/v1/me", tag = "people", request_body = MePatchRequest, security(("token" = []), ("session" = [])),
    responses((status = 200, body = MeResponse), (status = "default", body = Problem)))]
async fn update_me(
    State(app): State<App>,
    member: Member,
    Body(body): Body<MePatchRequest>,
) -> Result<axum::Json<MeResponse>, ApiError> {
    let password = match (body.current_password, body.password) {
        (Some(present), Some(new)) => Some((present, new)),
        (None, Some(_)) => {
            return Err(desk::Error::field("current_password", "is needed to set a new password").into());
        }
        _ => None,
    };
    let patch = SelfPatch { name: body.name, zone: body.zone, password };
    let changed = desk::members::update_self(&app.desk, member.caller(), patch, member.who.session).await?;
    app.known.forget();
    let workspace = desk::workspaces::get(&app.desk, member.caller()).await?;
    Ok(axum::Json(MeResponse::of(changed, workspace)))
}

/// Members
#[utoipa::path(get, path = "/api/v1/members", tag = "people", security(("token" = []), ("session" = [])),
    responses((status = 200, body = List<MemberResponse>), (status = "default", body = Problem)))]
async fn list_members(
    State(app): State<App>,
    member: Member,
) -> Result<axum::Json<List<MemberResponse>>, ApiError> {
    let members = desk::members::list(&app.desk, member.caller()).await?;
    Ok(axum::Json(List::all(members, MemberResponse::from)))
}

/// Where people reach the desk from outside.
pub(super) fn base_url(app: &App, headers: &HeaderMap) -> String {
    if let Some(url) = &app.options.public_url {
        return url.clone();
    }
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("127.0.0.1:8000");
    format!("http://{host}")
}

fn join_url(app: &App, headers: &HeaderMap, token: &str) -> String {
    format!("{}/join#{token}", base_url(app, headers))
}

/// Invite a member
#[utoipa::path(post, path = "/api/v1/members", tag = "people", request_body = InviteRequest,
    params(("Idempotency-Key" = Option<String>, Header)), security(("token" = []), ("session" = [])),
    responses((status = 201, body = InviteResponse), (status = "default", body = Problem)))]
async fn invite_member(
    State(app): State<App>,
    member: Member,
    headers: HeaderMap,
    Create { body, key }: Create<InviteRequest>,
) -> Result<impl IntoResponse, ApiError> {
    let role = body.role.into();
    let caller = member.with_key(key);
    let (invited, token) = desk::members::invite(&app.desk, &caller, &body.name, &body.email, role).await?;
    let answer = InviteResponse { member: invited.into(), invite_url: join_url(&app, &headers, &token) };
    Ok((StatusCode::CREATED, [(header::CACHE_CONTROL, "no-store")], axum::Json(answer)))
}

/// Change a member
#[utoipa::path(patch, path = "/api/v1/members/{id}", tag = "people", params(("id" = Uuid, Path), ("If-Match" = Option<String>, Header)),
    request_body = MemberPatchRequest, security(("token" = []), ("session" = [])),
    responses((status = 200, body = MemberResponse), (status = "default", body = Problem)))]
async fn update_member(
    State(app): State<App>,
    member: Member,
    Path(id): Path<MemberId>,
    IfMatch(version): IfMatch,
    Body(body): Body<MemberPatchRequest>,
) -> Result<impl IntoResponse, ApiError> {
    let patch = MemberPatch {
        name: body.name,
        role: body.role.map(Into::into),
        active: body.state.map(|state| matches!(state, MemberStateBody::Active)),
    };
    let changed = desk::members::update(&app.desk, member.caller(), id, patch, version).await?;
    app.known.forget();
    Ok((etag(changed.version), axum::Json(MemberResponse::from(changed))))
}

/// Deactivate a member: their sessions and tokens end at once
#[utoipa::path(delete, path = "/api/v1/members/{id}", tag = "people", params(("id" = Uuid, Path)), security(("token" = []), ("session" = [])),
    responses((status = 204), (status = "default", body = Problem)))]
async fn deactivate_member(
    State(app): State<App>,
    member: Member,
    Path(id): Path<MemberId>,
) -> Result<StatusCode, ApiError> {
    let patch = MemberPatch { active: Some(false), ..MemberPatch::default() };
    desk::members::update(&app.desk, member.caller(), id, patch, None).await?;
    app.known.forget();
    Ok(StatusCode::NO_CONTENT)
}

/// A new link for a member who lost theirs, or their password
#[utoipa::path(post, path = "/api/v1/members/{id}/invite", tag = "people", params(("id" = Uuid, Path)), security(("token" = []), ("session" = [])),
    responses((status = 200, body = LinkResponse), (status = "default", body = Problem)))]
async fn new_link(
    State(app): State<App>,
    member: Member,
    headers: HeaderMap,
    Path(id): Path<MemberId>,
) -> Result<impl IntoResponse, ApiError> {
    let token = desk::members::new_link(&app.desk, member.caller(), id).await?;
    let answer = LinkResponse { invite_url: join_url(&app, &headers, &token) };
    Ok(([(header::CACHE_CONTROL, "no-store")], axum::Json(answer)))
}

/// Whom a link is for
#[utoipa::path(post, path = "/api/v1/invitations/look", tag = "people", request_body = InvitationLookRequest,
    responses((status = 200, body = InvitationResponse), (status = "default", body = Problem)))]
async fn look_at_invitation(
    State(app): State<App>,
    _: OwnPage,
    anybody: Anybody,
    Body(body): Body<InvitationLookRequest>,
) -> Result<axum::Json<InvitationResponse>, ApiError> {
    app.limits.sign_in.check(&anybody.address)?;
    let (member, workspace) = desk::members::look(&app.desk, &body.token).await?;
    let role = member.role.into();
    Ok(axum::Json(InvitationResponse { workspace, name: member.name, email: member.email, role }))
}

/// Come in by a link
#[utoipa::path(post, path = "/api/v1/invitations/accept", tag = "people", request_body = InvitationAcceptRequest,
    responses((status = 201, body = MeResponse), (status = "default", body = Problem)))]
async fn accept_invitation(
    State(app): State<App>,
    _: OwnPage,
    anybody: Anybody,
    Body(body): Body<InvitationAcceptRequest>,
) -> Result<impl IntoResponse, ApiError> {
    app.limits.sign_in.check(&anybody.address)?;
    let member = desk::members::join(&app.desk, &body.token, &body.name, &body.zone, body.password).await?;
    // With a new password their other sessions are over.
    app.known.forget();
    let signed_in = desk::sessions::begin(&app.desk, member, None, anybody.address).await?;
    welcome(&app, StatusCode::CREATED, signed_in).await
}

/// API tokens
#[utoipa::path(get, path = "/api/v1/tokens", tag = "people", security(("token" = []), ("session" = [])),
    responses((status = 200, body = List<TokenResponse>), (status = "default", body = Problem)))]
async fn list_tokens(
    State(app): State<App>,
    member: Member,
) -> Result<axum::Json<List<TokenResponse>>, ApiError> {
    let tokens = desk::sessions::tokens(&app.desk, member.caller()).await?;
    Ok(axum::Json(List::all(tokens, TokenResponse::from)))
}

/// Make an API token
#[utoipa::path(post, path = "/api/v1/tokens", tag = "people", request_body = TokenRequest,
    params(("Idempotency-Key" = Option<String>, Header)), security(("token" = []), ("session" = [])),
    responses((status = 201, body = NewTokenResponse), (status = "default", body = Problem)))]
async fn create_token(
    State(app): State<App>,
    member: Member,
    Create { body, key }: Create<TokenRequest>,
) -> Result<impl IntoResponse, ApiError> {
    let whose = member.who.member.id;
    let caller = member.with_key(key);
    let (token, secret) =
        desk::sessions::create_token(&app.desk, &caller, whose, &body.name, body.expires_in_days).await?;
    let answer = NewTokenResponse { token: token.into(), secret };
    Ok((StatusCode::CREATED, [(header::CACHE_CONTROL, "no-store")], axum::Json(answer)))
}

/// Revoke an API token
#[utoipa::path(delete, path = "/api/v1/tokens/{id}", tag = "people", params(("id" = Uuid, Path)), security(("token" = []), ("session" = [])),
    responses((status = 204), (status = "default", body = Problem)))]
async fn revoke_token(
    State(app): State<App>,
    member: Member,
    Path(id): Path<TokenId>,
) -> Result<StatusCode, ApiError> {
    desk::sessions::revoke_token(&app.desk, member.caller(), id).await?;
    app.known.forget();
    Ok(StatusCode::NO_CONTENT)
}

/// The workspace's settings
#[utoipa::path(get, path = "/api/v1/settings", tag = "people", security(("token" = []), ("session" = [])),
    responses((status = 200, body = SettingsResponse), (status = "default", body = Problem)))]
async fn show_settings(State(app): State<App>, member: Member) -> Result<impl IntoResponse, ApiError> {
    let workspace = desk::workspaces::get(&app.desk, member.caller()).await?;
    Ok((etag(workspace.version), axum::Json(SettingsResponse::from(workspace))))
}

/// Change the workspace's settings
#[utoipa::path(patch, path = "/api/v1/settings", tag = "people", params(("If-Match" = Option<String>, Header)),
    request_body = SettingsRequest, security(("token" = []), ("session" = [])),
    responses((status = 200, body = SettingsResponse), (status = "default", body = Problem)))]
async fn update_settings(
    State(app): State<App>,
    member: Member,
    IfMatch(version): IfMatch,
    Body(body): Body<SettingsRequest>,
) -> Result<impl IntoResponse, ApiError> {
    let workspace = desk::workspaces::update(&app.desk, member.caller(), body.into(), version).await?;
    Ok((etag(workspace.version), axum::Json(SettingsResponse::from(workspace))))
}
