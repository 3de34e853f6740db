//! Members: how they come in, and that they can be kept out.

use desk::Error;
use desk::members::MemberPatch;
use desk::workspaces::Setup;
use domain::{Role, Via};
use jiff::SignedDuration;
use testkit::{both, both_at};

use crate::stage::Stage;

const PASSWORD: &str = "correct horse";

#[tokio::test(flavor = "multi_thread")]
async fn the_first_owners_link_works_once() {
    both(async |database| {
        let desk = desk::Desk::new(
            database.store.clone(),
            std::sync::Arc::new(domain::SystemClock),
            std::sync::Arc::new(domain::SystemIds),
        );
        let setup = || Setup {
            workspace: "Desk".into(),
            name: "Olga".into(),
            email: "olga@example.com".into(),
            password: PASSWORD.into(),
            zone: "Europe/Berlin".into(),
        };
        let lost = desk::workspaces::setup_token(&desk).await.unwrap().unwrap();
        let token = desk::workspaces::setup_token(&desk).await.unwrap().unwrap();
        let old = desk::workspaces::set_up(&desk, &lost, setup(), Via::Page).await;
        assert!(matches!(old, Err(Error::BadLink)), "{old:?}");
        desk::workspaces::set_up(&desk, &token, setup(), Via::Page).await.unwrap();
        let again = desk::workspaces::set_up(&desk, &token, setup(), Via::Page).await;
        assert!(matches!(again, Err(Error::Conflict { code: "already_set_up", .. })), "{again:?}");
        assert!(desk::workspaces::setup_token(&desk).await.unwrap().is_none());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_in_replaces_the_session_and_signing_out_ends_it() {
    both(async |database| {
        let stage = Stage::set(database).await;
        let sign_in = async |password: &str, replaced: Option<&str>| {
            desk::sessions::sign_in(
                &stage.desk,
                "Olga@Example.com",
                password.to_owned(),
                None,
                replaced,
                None,
            )
            .await
        };
        assert!(matches!(sign_in("wrong horse", None).await, Err(Error::BadCredentials)));
        let first = sign_in(PASSWORD, None).await.unwrap();
        let second = sign_in(PASSWORD, Some(&first.token)).await.unwrap();
        let id = stage.desk.new_id();
        let by_cookie = async |token: &str| desk::sessions::by_cookie(&stage.desk, token, None, id).await;
        assert!(matches!(by_cookie(&first.token).await, Err(Error::Unauthenticated)));
        let who = by_cookie(&second.token).await.unwrap();
        desk::sessions::sign_out(&stage.desk, &who.caller, second.session).await.unwrap();
        assert!(matches!(by_cookie(&second.token).await, Err(Error::Unauthenticated)));
        let unknown =
            desk::sessions::sign_in(&stage.desk, "no@example.com", PASSWORD.into(), None, None, None).await;
        assert!(matches!(unknown, Err(Error::BadCredentials)));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deactivated_member_is_out_at_once_with_all_tokens() {
    both(async |database| {
        let stage = Stage::set(database).await;
        let agent = stage.member("Ana Agent", Role::Agent).await;
        let id = agent.member().unwrap();
        let (_, secret) =
            desk::sessions::create_token(&stage.desk, &agent, id, "script", None).await.unwrap();
        let correlation = stage.desk.new_id();
        desk::sessions::by_bearer(&stage.desk, &secret, None, correlation).await.unwrap();
        let patch = MemberPatch { active: Some(false), ..MemberPatch::default() };
        desk::members::update(&stage.desk, &stage.owner, id, patch, None).await.unwrap();
        let out = desk::sessions::by_bearer(&stage.desk, &secret, None, correlation).await;
        assert!(matches!(out, Err(Error::Unauthenticated)), "{out:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_owner_stays_and_only_owners_make_owners() {
    both(async |database| {
        let stage = Stage::set(database).await;
        let admin = stage.member("Adam Admin", Role::Admin).await;
        let own = stage.owner.member().unwrap();
        let demote = MemberPatch { role: Some(Role::Admin), ..MemberPatch::default() };
        let last = desk::members::update(&stage.desk, &stage.owner, own, demote.clone(), None).await;
        assert!(matches!(last, Err(Error::Conflict { code: "last_owner", .. })), "{last:?}");
        let by_admin = desk::members::update(&stage.desk, &admin, own, demote, None).await;
        assert!(matches!(by_admin, Err(Error::Forbidden { .. })), "{by_admin:?}");
        let invited = desk::members::invite(&stage.desk, &admin, "New", "new@example.com", Role::Owner).await;
        assert!(matches!(invited, Err(Error::Forbidden { .. })), "{invited:?}");
        let twice =
            desk::members::invite(&stage.desk, &admin, "Adam", "adam.admin@example.com", Role::Agent).await;
        assert!(matches!(twice, Err(Error::Conflict { code: "member_exists", .. })), "{twice:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_or_session_whose_time_is_over_opens_nothing() {
    let start = "2026-11-21T09:00:00Z".parse().unwrap();
    both_at(start, async |database, clock| {
        let stage = Stage::at(database, clock.clone()).await;
        let own = stage.owner.member().unwrap();
        let token = async |days| {
            desk::sessions::create_token(&stage.desk, &stage.owner, own, "script", days).await.unwrap().1
        };
        let (two_days, endless) = (token(Some(2)).await, token(None).await);
        let password = PASSWORD.to_owned();
        let signed_in = desk::sessions::sign_in(&stage.desk, "olga@example.com", password, None, None, None)
            .await
            .unwrap();
        let id = stage.desk.new_id();
        let by_bearer = async |secret: &str| desk::sessions::by_bearer(&stage.desk, secret, None, id).await;
        let by_cookie = async || desk::sessions::by_cookie(&stage.desk, &signed_in.token, None, id).await;
        clock.advance(SignedDuration::from_secs(2 * 24 * 3600 - 1));
        let found = by_bearer(&two_days).await.unwrap();
        assert!(desk::sessions::standing(&stage.desk, None, found.token).await.unwrap().is_some());
        clock.advance(SignedDuration::from_secs(1));
        assert!(matches!(by_bearer(&two_days).await, Err(Error::Unauthenticated)));
        assert!(desk::sessions::standing(&stage.desk, None, found.token).await.unwrap().is_none());
        by_bearer(&endless).await.unwrap();
        // Its use moves the end of a session.
        by_cookie().await.unwrap();
        clock.advance(SignedDuration::from_hours(14 * 24 - 1));
        by_cookie().await.unwrap();
        clock.advance(SignedDuration::from_hours(14 * 24));
        assert!(matches!(by_cookie().await, Err(Error::Unauthenticated)));
        by_bearer(&endless).await.unwrap();
    })
    .await;
}
