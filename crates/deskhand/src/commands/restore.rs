//! `restore`: a backup becomes the embedded database. It is checked first, and what it replaces is kept.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use domain::{Clock as _, SystemClock};
use serde_json::json;
use store::Location;

use crate::args::Restore;
use crate::database::{self, RESTORING};
use crate::failure::{Failure, Outcome};
use crate::files;
use crate::output::Output;

/// Changes that are not in the database's file yet.
const LOG: &str = "-wal";
/// What SQLite keeps beside a database: those changes, and an index of them.
const COMPANIONS: [&str; 2] = [LOG, "-shm"];

pub(crate) async fn run(args: &Restore, settings: Option<PathBuf>, output: Output) -> Outcome {
    let settings = database::settings(settings, &args.place)?;
    let Location::Sqlite(path) = database::location(&settings) else {
        return Err(Failure::Failed(
            "the database is PostgreSQL, which is restored by its own tools: \
             run `pg_restore --clean --if-exists` with the URL in database_url"
                .to_owned(),
        ));
    };
    store::check_sqlite(&args.file).await?;
    let folder = files::folder(&path);
    fs::create_dir_all(&folder)
        .map_err(|error| Failure::because(format!("cannot make the folder {}", folder.display()), &error))?;
    let lock = store::lock_sqlite(&path)?;

    // The copy is what will be the database, so the copy is checked as well as the file that it is made from.
    let copy = database::beside(&path, RESTORING);
    copy_all(&args.file, &copy)
        .map_err(|error| Failure::because(format!("cannot copy the backup to {}", copy.display()), &error))?;
    if with_suffix(&copy, LOG).exists() {
        store::settle_sqlite(&copy).await?;
    }
    if path.exists() {
        // So that the file that is kept is whole. One that is damaged may be why it is replaced; what lies beside it is
        // kept with it then.
        let _ = store::settle_sqlite(&path).await;
    }
    let version = match store::check_sqlite(&copy).await {
        Ok(version) => version,
        Err(error) => {
            let _ = fs::remove_file(&copy);
            return Err(error.into());
        }
    };
    let kept = replace(&path, &copy, &folder)
        .map_err(|error| Failure::because(format!("cannot replace {}", path.display()), &error))?;
    drop(lock);
    output.result(&json!({ "database": path, "version": version, "replaced": kept }), || match &kept {
        Some(kept) => format!("restored {}; what it replaced is kept as {}", path.display(), kept.display()),
        None => format!("restored {}", path.display()),
    })
}

/// Copies a database, with the changes that lie beside it where it was replaced while it had some.
fn copy_all(from: &Path, to: &Path) -> io::Result<()> {
    let log = with_suffix(to, LOG);
    if log.exists() {
        fs::remove_file(&log)?;
    }
    copy_to(from, to)?;
    let beside = with_suffix(from, LOG);
    if beside.exists() { copy_to(&beside, &log) } else { Ok(()) }
}

/// Copies a file to the disk, readable by its owner only.
fn copy_to(from: &Path, to: &Path) -> io::Result<()> {
    if to.exists() {
        fs::remove_file(to)?;
    }
    let mut source = File::open(from)?;
    let mut target = files::private_file(to)?;
    let copied = io::copy(&mut source, &mut target).and_then(|_| target.sync_all());
    if copied.is_err() {
        let _ = fs::remove_file(to);
    }
    copied
}

/// Puts `copy` in the place of `path`, and gives where the file that was there is kept.
///
/// Between its two steps there is no database: a crash there is recognised by the copy (see
/// `database::require_whole`), and nothing starts until the restore is repeated.
fn replace(path: &Path, copy: &Path, folder: &Path) -> io::Result<Option<PathBuf>> {
    let mut kept = None;
    if path.exists() {
        let name = kept_name(path);
        fs::rename(path, &name)?;
        kept = Some(name);
    }
    // Changes that were on their way into the old file stay with it; beside the new one they would damage it.
    for companion in COMPANIONS {
        let from = with_suffix(path, companion);
        if from.exists() {
            let old = kept.clone().or(newest_kept(path, folder)?).unwrap_or_else(|| kept_name(path));
            fs::rename(&from, with_suffix(&old, companion))?;
        }
    }
    files::sync_folder(folder)?;
    fs::rename(copy, path)?;
    files::sync_folder(folder)?;
    // The new file was checked as it is read; that it can be written is worth knowing now, not at the start.
    OpenOptions::new().write(true).open(path)?;
    Ok(kept)
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// The database that an earlier restore took away, when that was cut short before it took away what is beside it.
fn newest_kept(path: &Path, folder: &Path) -> io::Result<Option<PathBuf>> {
    let begin = database::beside(path, "replaced-");
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let name = entry?.path();
        let text = name.to_string_lossy();
        if text.starts_with(&*begin.to_string_lossy()) && !COMPANIONS.iter().any(|end| text.ends_with(end)) {
            found.push(name);
        }
    }
    Ok(found.into_iter().max())
}

/// A name with the time in it that nothing has yet.
fn kept_name(path: &Path) -> PathBuf {
    let now = SystemClock.now().strftime("%Y%m%d-%H%M%S").to_string();
    let mut name = database::beside(path, &format!("replaced-{now}"));
    let mut count = 1;
    while name.exists() {
        count += 1;
        name = database::beside(path, &format!("replaced-{now}-{count}"));
    }
    name
}
