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

/// The ending of what was copied and not checked yet.
const UNCHECKED: &str = "unchecked";
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
    if !args.file.is_file() {
        return Err(Failure::Failed(format!("there is no such file as {}", args.file.display())));
    }
    let folder = files::folder(&path);
    fs::create_dir_all(&folder)
        .map_err(|error| Failure::because(format!("cannot make the folder {}", folder.display()), &error))?;
    let lock = store::lock_sqlite(&path)?;

    // Under a name of its own until it is known to be good: the copy of a restore that was cut short, which keeps
    // everything from starting, stays where it is when this one fails.
    let unchecked = database::beside(&path, UNCHECKED);
    let version = match checked_copy(&args.file, &unchecked).await {
        Ok(version) => version,
        Err(failure) => {
            let _ = remove(&unchecked);
            return Err(failure);
        }
    };
    let copy = database::beside(&path, RESTORING);
    if path.exists() {
        // So that the file that is kept is whole. One that is damaged may be why it is replaced; what lies beside it is
        // kept with it then.
        let _ = store::settle_sqlite(&path).await;
    }
    let kept = fs::rename(&unchecked, &copy)
        .and_then(|()| replace(&path, &copy, &folder))
        .map_err(|error| Failure::because(format!("cannot replace {}", path.display()), &error))?;
    drop(lock);
    output.result(&json!({ "database": path, "version": version, "replaced": kept }), || match &kept {
        Some(kept) => format!("restored {}; what it replaced is kept as {}", path.display(), kept.display()),
        None => format!("restored {}", path.display()),
    })
}

/// Makes `to` one file that is all of the database at `from`, and gives its version.
///
/// The copy is what is checked, as it is what will be the database. A file that was replaced while it had changes
/// beside it is less than a database without them, so they come first.
async fn checked_copy(from: &Path, to: &Path) -> Result<i64, Failure> {
    copy_all(from, to)
        .map_err(|error| Failure::because(format!("cannot copy the backup to {}", to.display()), &error))?;
    if with_suffix(to, LOG).exists() {
        store::settle_sqlite(to).await?;
    }
    Ok(store::check_sqlite(to, from).await?)
}

/// Copies a database with the changes that lie beside it.
fn copy_all(from: &Path, to: &Path) -> io::Result<()> {
    remove(to)?;
    copy_to(from, to)?;
    let changes = with_suffix(from, LOG);
    if changes.exists() { copy_to(&changes, &with_suffix(to, LOG)) } else { Ok(()) }
}

/// Removes a database and what lies beside it, where it is there.
fn remove(database: &Path) -> io::Result<()> {
    let beside = COMPANIONS.map(|companion| with_suffix(database, companion));
    for file in [database].into_iter().chain(beside.iter().map(PathBuf::as_path)) {
        if file.exists() {
            fs::remove_file(file)?;
        }
    }
    Ok(())
}

/// Copies a file to the disk, readable by its owner only.
fn copy_to(from: &Path, to: &Path) -> io::Result<()> {
    let mut source = File::open(from)?;
    let mut target = files::private_file(to)?;
    io::copy(&mut source, &mut target).and_then(|_| target.sync_all())
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
