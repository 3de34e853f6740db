//! `login`: keeps a token for the commands that speak to a running desk.

use reqwest::Method;
use serde_json::{Value, json};

use crate::args::Login;
use crate::client::Client;
use crate::credentials::{self, Credentials};
use crate::failure::{Failure, Outcome};
use crate::output::{Output, note};
use crate::prompt;

pub(crate) async fn run(args: &Login, output: Output) -> Outcome {
    let url = credentials::address(&args.url)?;
    warn_of_plain_http(&url);
    let token = match &args.token {
        Some(token) if token == "-" => prompt::line()?.trim().to_owned(),
        Some(token) => token.clone(),
        None => with_password(&url, args).await?,
    };
    let me = Client::new(&url, Some(token.clone()))?.get("/api/v1/me", &[]).await?;
    let path = credentials::keep(&Credentials { url: url.clone(), token, chat_id: None })?;
    let word = |pointer: &str| me.pointer(pointer).and_then(Value::as_str).unwrap_or("?").to_owned();
    let (name, workspace) = (word("/member/name"), word("/workspace/name"));
    note(&format!("The token is kept in {}", path.display()));
    output
        .result(&json!({ "url": url, "member": me.get("member"), "workspace": me.get("workspace") }), || {
            format!("signed in to {workspace} at {url} as {name}")
        })
}

/// A token leaves this machine in every request; unencrypted that is for this machine only.
fn warn_of_plain_http(url: &str) {
    let Ok(parsed) = reqwest::Url::parse(url) else { return };
    let host = parsed.host_str().unwrap_or_default().trim_matches(['[', ']']);
    let local = host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback());
    if parsed.scheme() == "http" && !local {
        note(
            "The connection is not encrypted: others on the way can read what is sent. Use https if you can.",
        );
    }
}

/// Signs in, makes a token for this machine, and signs out again.
async fn with_password(url: &str, args: &Login) -> Outcome<String> {
    let email = match &args.email {
        Some(email) => email.clone(),
        None if prompt::is_possible() => prompt::text("E-mail: ")?,
        None => {
            return Err(Failure::Usage(
                "there is no terminal to ask for e-mail and password; give --token, or --email with --password-stdin"
                    .to_owned(),
            ));
        }
    };
    let password = prompt::password("Password: ", args.password_stdin)?;
    let client = Client::new(url, None)?;
    let (_, cookie) = client.sign_in(&json!({ "email": email, "password": password })).await?;
    let body = json!({ "name": token_name() });
    let made = client.with_cookie(&cookie, Method::POST, "/api/v1/tokens", Some(&body)).await;
    // The session has done its work; that it cannot be ended is no reason to fail, it ends by itself.
    let _ = client.with_cookie(&cookie, Method::DELETE, "/api/v1/session", None).await;
    let secret = made?.get("secret").and_then(Value::as_str).map(str::to_owned);
    secret.ok_or_else(|| Failure::Failed(format!("{url} answers, but gave no token")))
}

/// What the token is called in the list of tokens: after this machine.
fn token_name() -> String {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    match host.trim() {
        "" => "Command line".to_owned(),
        host => format!("Command line on {host}"),
    }
}
