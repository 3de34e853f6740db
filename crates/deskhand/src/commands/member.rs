//! `member`: people, straight on the database.

use std::path::PathBuf;

use desk::Desk;
use desk::members::{self, Member};
use domain::Caller;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::args::{MemberAdd, MemberCommand, MemberList, ResetPassword};
use crate::database;
use crate::failure::{Failure, Outcome};
use crate::output::{Output, note, table};
use crate::prompt;

pub(crate) async fn run(command: MemberCommand, settings: Option<PathBuf>, output: Output) -> Outcome {
    match command {
        MemberCommand::Add(args) => add(&args, settings, output).await,
        MemberCommand::List(args) => list(&args, settings, output).await,
        MemberCommand::ResetPassword(args) => reset_password(&args, settings, output).await,
    }
}

fn as_json(member: &Member) -> Value {
    json!({
        "id": member.id.0,
        "name": member.name,
        "email": member.email,
        "role": member.role.as_str(),
        "zone": member.zone,
        "state": member.state.as_str(),
        "created_at": member.created_at,
        "last_seen_at": member.last_seen_at,
    })
}

/// The member with that e-mail address in the workspace that is meant.
pub(crate) async fn by_email(desk: &Desk, email: &str, workspace: Option<Uuid>) -> Outcome<(Caller, Member)> {
    let mut found = members::by_email(desk, email).await?;
    found.retain(|member| workspace.is_none_or(|workspace| member.workspace.0 == workspace));
    match found.len() {
        0 => Err(Failure::Failed(format!("there is no member with the address {email}"))),
        1 => {
            let member = found.remove(0);
            Ok((database::caller(desk, Some(member.workspace.0)).await?, member))
        }
        _ => {
            let ids: Vec<String> = found.iter().map(|member| member.workspace.to_string()).collect();
            Err(Failure::Usage(format!(
                "{email} is a member of several workspaces; name one with --workspace: {}",
                ids.join(", ")
            )))
        }
    }
}

async fn add(args: &MemberAdd, settings: Option<PathBuf>, output: Output) -> Outcome {
    let settings = database::settings(settings, &args.place)?;
    let desk = database::desk(&settings).await?;
    let caller = database::caller(&desk, args.workspace).await?;
    if args.link {
        let (member, token) =
            members::invite(&desk, &caller, &args.name, &args.email, args.role.into()).await?;
        desk.store().close().await;
        let link = format!("{}/join#{token}", database::public_url(&settings));
        note("The link works once, for seven days:");
        return output.result(&json!({ "member": as_json(&member), "link": link }), || link.clone());
    }
    let password = prompt::new_password(args.password_stdin)?;
    let member = members::add(&desk, caller.workspace, &args.name, &args.email, args.role.into(), password);
    let member = member.await?;
    desk.store().close().await;
    output.result(&as_json(&member), || {
        format!("added {} <{}> as {}", member.name, member.email, member.role.as_str())
    })
}

async fn list(args: &MemberList, settings: Option<PathBuf>, output: Output) -> Outcome {
    let settings = database::settings(settings, &args.place)?;
    let desk = database::desk(&settings).await?;
    let caller = database::caller(&desk, args.workspace).await?;
    let members = members::list(&desk, &caller).await?;
    desk.store().close().await;
    output.result(&json!({ "items": members.iter().map(as_json).collect::<Vec<_>>() }), || {
        let row = |member: &Member| {
            [&member.name, &member.email, member.role.as_str(), member.state.as_str()]
                .map(String::from)
                .to_vec()
        };
        table(&members.iter().map(row).collect::<Vec<_>>())
    })
}

async fn reset_password(args: &ResetPassword, settings: Option<PathBuf>, output: Output) -> Outcome {
    let settings = database::settings(settings, &args.place)?;
    let desk = database::desk(&settings).await?;
    let (caller, member) = by_email(&desk, &args.email, args.workspace).await?;
    let token = members::new_link(&desk, &caller, member.id).await?;
    desk.store().close().await;
    let link = format!("{}/join#{token}", database::public_url(&settings));
    note(&format!(
        "With this link {} sets a new password. It works once, for seven days; until then the old password works:",
        member.name
    ));
    output.result(&json!({ "member": as_json(&member), "link": link }), || link.clone())
}
