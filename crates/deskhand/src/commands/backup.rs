//! `backup`: a consistent copy of the embedded database, also while a server works on it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::json;
use store::{Location, Store};

use crate::args::Backup;
use crate::database;
use crate::failure::{Failure, Outcome};
use crate::files;
use crate::output::Output;

pub(crate) async fn run(args: &Backup, settings: Option<PathBuf>, output: Output) -> Outcome {
    let settings = database::settings(settings, &args.place)?;
    let location = database::location(&settings);
    if let Location::Postgres(_) = location {
        return Err(Failure::Failed(
            "the database is PostgreSQL, which is backed up by its own tools: \
             run `pg_dump --format=custom --file FILE` with the URL in database_url"
                .to_owned(),
        ));
    }
    database::require_there(&location)?;
    if args.file.exists() {
        return Err(Failure::Failed(format!("{} exists already; give another name", args.file.display())));
    }
    let store = Store::open_current(database::options(&settings, false)).await?;
    // The copy holds customers' messages: it is made where only its owner can look, and gets its name when it
    // is whole and on the disk.
    let folder = database::beside(&args.file, &format!("partial-{}", std::process::id()));
    let cannot = |error: io::Error| Failure::because(format!("cannot write {}", args.file.display()), &error);
    files::new_private_folder(&folder).map_err(cannot)?;
    let copy = folder.join("copy");
    let made = store.backup(&copy).await;
    store.close().await;
    let done = match made {
        Ok(()) => put(&copy, &args.file).map_err(cannot),
        Err(error) => Err(Failure::from(error)),
    };
    // What is left of a failed copy is of no use to anybody.
    let _ = fs::remove_dir_all(&folder);
    let bytes = done?;
    output.result(&json!({ "file": args.file, "bytes": bytes }), || {
        format!("wrote {} ({bytes} bytes)", args.file.display())
    })
}

/// Gives the copy its name; gives its size.
fn put(copy: &Path, target: &Path) -> io::Result<u64> {
    #[cfg(unix)]
    fs::set_permissions(copy, std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    let bytes = fs::metadata(copy)?.len();
    // Unlike a rename, a link never replaces a file that appeared meanwhile.
    fs::hard_link(copy, target)?;
    files::sync_folder(&files::folder(target))?;
    Ok(bytes)
}
