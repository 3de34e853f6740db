//! What `login` keeps for the commands that speak to a running desk: its address and a token.

use std::ffi::OsString;
use std::io::ErrorKind;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::failure::{Failure, Outcome};
use crate::files;

/// Where a desk is, and what opens it.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Credentials {
    /// The desk's address, without a slash at its end.
    pub(crate) url: String,
    /// The API token.
    pub(crate) token: String,
    /// The chat that `say` goes on with, so that `say undo` knows what was said last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) chat_id: Option<String>,
}

/// The file that credentials are kept in: in the folder for the user's own settings.
pub(crate) fn file() -> Outcome<PathBuf> {
    let configured = std::env::var_os("XDG_CONFIG_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let folder = configured.or_else(|| std::env::home_dir().map(|home| home.join(".config")));
    match folder {
        Some(folder) => Ok(folder.join("deskhand").join("credentials.json")),
        None => Err(Failure::Failed(
            "there is no home directory to keep a token in; set DESKHAND_URL and DESKHAND_TOKEN instead"
                .to_owned(),
        )),
    }
}

/// The value of `name` among the variables with our prefix.
fn variable(name: &str) -> Outcome<Option<String>> {
    let found =
        config::process_environment().into_iter().find(|(key, _)| key == name).map(|(_, value)| value);
    match found.map(OsString::into_string) {
        None => Ok(None),
        Some(Ok(text)) => Ok(Some(text.trim().to_owned()).filter(|text| !text.is_empty())),
        Some(Err(_)) => Err(Failure::Usage(format!("{name} is not text"))),
    }
}

/// What was kept; nothing where nobody has logged in.
fn kept() -> Outcome<Option<Credentials>> {
    let path = file()?;
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Failure::because(format!("cannot read {}", path.display()), &error)),
    };
    serde_json::from_str(&text).map(Some).map_err(|_| {
        Failure::Failed(format!("{} is damaged; run `deskhand login URL` again", path.display()))
    })
}

/// Keeps `credentials`, readable by this user only.
pub(crate) fn keep(credentials: &Credentials) -> Outcome<PathBuf> {
    let path = file()?;
    let text = serde_json::to_string_pretty(credentials)
        .map_err(|error| Failure::because("the credentials are no JSON", &error))?;
    files::private_folder(&files::folder(&path))
        .and_then(|()| files::write_private(&path, &(text + "\n")))
        .map_err(|error| Failure::because(format!("cannot write {}", path.display()), &error))?;
    Ok(path)
}

/// Goes on with this chat from now on, if it is the kept desk's.
pub(crate) fn keep_chat(url: &str, chat_id: &str) -> Outcome {
    match kept()? {
        Some(known) if known.url == url && known.chat_id.as_deref() != Some(chat_id) => {
            keep(&Credentials { chat_id: Some(chat_id.to_owned()), ..known }).map(|_| ())
        }
        _ => Ok(()),
    }
}

/// What to speak to: the variables, or what was kept.
pub(crate) fn find() -> Outcome<Credentials> {
    let (url, token) = (variable("DESKHAND_URL")?, variable("DESKHAND_TOKEN")?);
    if let (Some(url), Some(token)) = (&url, &token) {
        return Ok(Credentials { url: address(url)?, token: token.clone(), chat_id: None });
    }
    match kept()? {
        Some(known) => {
            let url = url.map_or(Ok(known.url.clone()), |url| address(&url))?;
            // A token is for the desk that gave it, and is shown to no other.
            if token.is_none() && url != known.url {
                return Err(Failure::Usage(format!(
                    "DESKHAND_URL is {url}, and the kept token is for {}; set DESKHAND_TOKEN, or run `deskhand login {url}`",
                    known.url
                )));
            }
            Ok(Credentials { url, token: token.unwrap_or(known.token), chat_id: known.chat_id })
        }
        None => Err(Failure::Usage(
            "this terminal is not signed in: run `deskhand login URL`, such as \
             `deskhand login http://127.0.0.1:8000`, or set DESKHAND_URL and DESKHAND_TOKEN"
                .to_owned(),
        )),
    }
}

/// A desk's address, checked, without a slash at its end.
pub(crate) fn address(text: &str) -> Outcome<String> {
    let wrong = || Failure::Usage(format!("{text} is no address; write one as http://127.0.0.1:8000"));
    let url = reqwest::Url::parse(text).map_err(|_| wrong())?;
    let plain = url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() || !plain {
        return Err(wrong());
    }
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

#[cfg(test)]
mod tests {
    use super::address;

    #[test]
    fn an_address_is_taken_with_or_without_a_slash_and_nothing_else_at_its_end() {
        assert_eq!(address("http://127.0.0.1:8000/").unwrap(), "http://127.0.0.1:8000");
        assert_eq!(address("https://desk.example/desk/").unwrap(), "https://desk.example/desk");
        for wrong in
            ["desk.example", "ftp://desk.example", "http://a:b@desk.example", "http://desk.example/?x", ""]
        {
            assert!(address(wrong).is_err(), "{wrong}");
        }
    }
}
