//! The settings, and the database that they name, for commands that work straight on it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use config::{Config, DatabaseUrl, Sources};
use desk::Desk;
use domain::ids::WorkspaceId;
use domain::{Caller, SystemClock, SystemIds, Via};
use store::{Location, Options, Store};
use uuid::Uuid;

use crate::args::Where;
use crate::failure::{Failure, Outcome};

/// How a half-done restore is recognised: the copy that was about to become the database.
pub(crate) const RESTORING: &str = "restoring";

/// The layers of settings: this file or `deskhand.toml`, the environment, and then whatever flags are added.
pub(crate) fn sources(file: Option<PathBuf>) -> Sources {
    let sources = match file {
        Some(file) => Sources::new().file(file),
        None => Sources::new().file_if_present("deskhand.toml"),
    };
    sources.environment(config::process_environment())
}

/// The settings of a command that takes `place`.
pub(crate) fn settings(file: Option<PathBuf>, place: &Where) -> Outcome<Config> {
    let mut sources = sources(file);
    for (key, value) in [("data_dir", &place.data_dir), ("database_url", &place.database_url)] {
        if let Some(value) = value {
            sources = sources.flag(key, value);
        }
    }
    Ok(Config::load(sources)?)
}

/// Where the database is.
pub(crate) fn location(settings: &Config) -> Location {
    match settings.database() {
        DatabaseUrl::Sqlite(path) => Location::Sqlite(path),
        DatabaseUrl::Postgres(url) => Location::Postgres(url.expose().to_owned()),
    }
}

/// `path` with an ending more: `deskhand.db` becomes `deskhand.db.restoring`.
pub(crate) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    PathBuf::from(name)
}

/// Errors where a restore was cut short between taking the old database away and putting the new one there:
/// an empty database in their place would look like a loss.
pub(crate) fn require_whole(location: &Location) -> Outcome {
    let Location::Sqlite(path) = location else { return Ok(()) };
    let copy = beside(path, RESTORING);
    if !path.exists() && copy.exists() {
        return Err(Failure::Failed(format!(
            "a restore was cut short: {} is missing; run `deskhand restore` with the same backup again",
            path.display()
        )));
    }
    Ok(())
}

/// How the store is opened.
pub(crate) fn options(settings: &Config, serve: bool) -> Options {
    Options {
        location: location(settings),
        connections: settings.database.pool,
        serve,
        clock: Arc::new(SystemClock),
    }
}

/// Errors where there is no database yet: a command that reads does not make one.
pub(crate) fn require_there(location: &Location) -> Outcome {
    require_whole(location)?;
    match location {
        Location::Sqlite(path) if !path.exists() => Err(Failure::Failed(format!(
            "there is no database at {}; `deskhand serve` makes one, and --data-dir names another place",
            path.display()
        ))),
        _ => Ok(()),
    }
}

/// The desk, straight on the database. An embedded one is taken for this command alone.
pub(crate) async fn desk(settings: &Config) -> Outcome<Desk> {
    require_there(&location(settings))?;
    let store = Store::open_current(options(settings, true)).await?;
    Ok(Desk::new(store, Arc::new(SystemClock), Arc::new(SystemIds)))
}

/// The workspace that is meant, and who acts in it: the command line.
pub(crate) async fn caller(desk: &Desk, wanted: Option<Uuid>) -> Outcome<Caller> {
    let known = desk::members::workspaces(desk).await?;
    let workspace = match (wanted, known.as_slice()) {
        (Some(id), known) if known.contains(&WorkspaceId(id)) => WorkspaceId(id),
        (Some(id), _) => return Err(Failure::Failed(format!("there is no workspace {id}"))),
        (None, [only]) => *only,
        (None, []) => {
            return Err(Failure::Failed(
                "there is no workspace yet; start `deskhand serve` and open the link that it prints"
                    .to_owned(),
            ));
        }
        (None, several) => {
            let ids: Vec<String> = several.iter().map(ToString::to_string).collect();
            return Err(Failure::Usage(format!(
                "there are several workspaces; name one with --workspace: {}",
                ids.join(", ")
            )));
        }
    };
    Ok(Caller::system(workspace, Via::Cli, desk.new_id()))
}

/// Where people reach the desk, for links.
pub(crate) fn public_url(settings: &Config) -> String {
    match &settings.public_url {
        Some(url) => url.as_str().to_owned(),
        None => format!("http://{}", settings.listen),
    }
}
