//! `token`: API tokens, straight on the database.

use std::path::PathBuf;

use desk::sessions::{self, Token};
use domain::ids::TokenId;
use serde_json::{Value, json};

use super::member;
use crate::args::{TokenCommand, TokenCreate, TokenList, TokenRevoke};
use crate::database;
use crate::failure::{Failure, Outcome};
use crate::output::{Output, note, table};

pub(crate) async fn run(command: TokenCommand, settings: Option<PathBuf>, output: Output) -> Outcome {
    match command {
        TokenCommand::Create(args) => create(&args, settings, output).await,
        TokenCommand::List(args) => list(&args, settings, output).await,
        TokenCommand::Revoke(args) => revoke(&args, settings, output).await,
    }
}

fn as_json(token: &Token) -> Value {
    json!({
        "id": token.id.0,
        "name": token.name,
        "prefix": token.prefix,
        "member": { "id": token.member.0, "name": token.member_name },
        "created_at": token.created_at,
        "last_used_at": token.last_used_at,
        "expires_at": token.expires_at,
    })
}

async fn create(args: &TokenCreate, settings: Option<PathBuf>, output: Output) -> Outcome {
    let settings = database::settings(settings, &args.place)?;
    let desk = database::desk(&settings).await?;
    let (caller, member) = member::by_email(&desk, &args.member, args.workspace).await?;
    if member.state != desk::members::State::Active {
        return Err(Failure::Failed(format!(
            "{} is not active, so a token of theirs would not work",
            member.email
        )));
    }
    let made = sessions::create_token(&desk, &caller, member.id, &args.name, args.expires_in_days).await;
    let (token, secret) = made?;
    desk.store().close().await;
    note(&format!("The token acts as {}. It is shown this one time:", member.name));
    output.result(&json!({ "token": as_json(&token), "secret": secret }), || secret.clone())
}

async fn list(args: &TokenList, settings: Option<PathBuf>, output: Output) -> Outcome {
    let settings = database::settings(settings, &args.place)?;
    let desk = database::desk(&settings).await?;
    let caller = database::caller(&desk, args.workspace).await?;
    let tokens = sessions::tokens(&desk, &caller).await?;
    desk.store().close().await;
    output.result(&json!({ "items": tokens.iter().map(as_json).collect::<Vec<_>>() }), || {
        let row = |token: &Token| {
            let used = token.last_used_at.map_or_else(|| "never used".to_owned(), |at| format!("used {at}"));
            let prefix = format!("{}…", token.prefix);
            vec![token.id.to_string(), prefix, token.name.clone(), token.member_name.clone(), used]
        };
        table(&tokens.iter().map(row).collect::<Vec<_>>())
    })
}

async fn revoke(args: &TokenRevoke, settings: Option<PathBuf>, output: Output) -> Outcome {
    let settings = database::settings(settings, &args.place)?;
    let desk = database::desk(&settings).await?;
    let caller = database::caller(&desk, args.workspace).await?;
    sessions::revoke_token(&desk, &caller, TokenId(args.id)).await?;
    desk.store().close().await;
    output.result(&json!({ "revoked": args.id }), || format!("revoked {}", args.id))
}
