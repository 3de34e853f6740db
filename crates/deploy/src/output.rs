//! Manifests as YAML: as one text, or in a folder, a file each.
//!
//! A folder is written whole or not at all. Everything is put beside the files first, and moving it into place is noted
//! before it begins, so that the next run finishes what one that died has begun. What we wrote is listed there, so that files
//! of ours that are not needed any more go, and those of others stay.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde::ser::{Serialize, SerializeMap as _, SerializeSeq as _, Serializer};
use serde_json::{Value, json};
use serde_saphyr::SerializerOptions;

use crate::error::Error;
use crate::program;
use crate::render::Object;

/// What lists the files of ours in a folder.
pub const LIST: &str = ".deskhand-files";
/// Where new files are put before they are moved.
const NEW: &str = ".deskhand-new";
/// Its name once everything is in it.
const COMPLETE: &str = ".deskhand-complete";
/// What makes the folder one for Kustomize.
const KUSTOMIZATION: &str = "kustomization.yaml";

/// One text with all manifests.
///
/// Errors where one cannot be written as YAML, which does not happen.
pub fn text(objects: &[Object]) -> Result<String, Error> {
    let texts: Result<Vec<String>, Error> = objects.iter().map(|object| yaml(object.value())).collect();
    Ok(texts?.join("---\n"))
}

/// The files of the manifests by their names, with what Kustomize needs.
///
/// Errors as [`text`] does.
pub fn files(objects: &[Object]) -> Result<BTreeMap<String, String>, Error> {
    let mut files = BTreeMap::new();
    for (name, object) in named(objects) {
        files.insert(format!("{name}.yaml"), yaml(object.value())?);
    }
    let kustomization = json!({
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": files.keys().collect::<Vec<_>>(),
    });
    files.insert(KUSTOMIZATION.to_owned(), yaml(&kustomization)?);
    Ok(files)
}

/// The manifests with the names that tell them apart: of kind and name, and of the namespace where that is needed.
pub(crate) fn named(objects: &[Object]) -> Vec<(String, &Object)> {
    let mut plain: BTreeMap<String, usize> = BTreeMap::new();
    for object in objects {
        *plain.entry(file_name(object)).or_default() += 1;
    }
    let name = |object: &Object| {
        let name = file_name(object);
        let is_taken = plain.get(&name).is_some_and(|times| *times > 1);
        if is_taken { format!("{name}-{}", object.namespace()) } else { name }
    };
    objects.iter().map(|object| (name(object), object)).collect()
}

/// What a manifest's file is called: its kind and its name, without what all names begin with.
fn file_name(object: &Object) -> String {
    let kind = object.kind().to_lowercase();
    let name = object.name();
    let short =
        name.split_once('-').filter(|(base, _)| *base == program::NAME).map_or(name, |(_, short)| short);
    if short == program::NAME { kind } else { format!("{kind}-{short}") }
}

/// One value as YAML, with the names of things first.
///
/// Errors where it cannot be written, which does not happen.
pub fn yaml(value: &Value) -> Result<String, Error> {
    let mut options = SerializerOptions::default();
    options.folded_wrap_chars = 1 << 20;
    let mut text = String::new();
    serde_saphyr::to_fmt_writer_with_options(&mut text, &Ordered(value), options)?;
    if !text.ends_with('\n') {
        text.push('\n');
    }
    Ok(text)
}

/// A value whose keys come in the order in which people write them.
struct Ordered<'a>(&'a Value);

/// What comes first; the rest is by the alphabet.
const FIRST: &[&str] = &["apiVersion", "kind", "metadata", "name", "namespace"];

impl Serialize for Ordered<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Object(fields) => {
                let mut keys: Vec<&String> = fields.keys().collect();
                let place = |key: &str| FIRST.iter().position(|first| *first == key).unwrap_or(FIRST.len());
                keys.sort_by_key(|key| (place(key), key.as_str()));
                let mut map = serializer.serialize_map(Some(fields.len()))?;
                for (key, value) in keys.into_iter().filter_map(|key| Some((key, fields.get(key)?))) {
                    map.serialize_entry(key, &Ordered(value))?;
                }
                map.end()
            }
            Value::Array(items) => {
                let mut list = serializer.serialize_seq(Some(items.len()))?;
                for item in items {
                    list.serialize_element(&Ordered(item))?;
                }
                list.end()
            }
            other => other.serialize(serializer),
        }
    }
}

/// What was done to a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The files that are there now, by name.
    pub files: Vec<String>,
    /// Files of ours that were not needed any more.
    pub removed: Vec<String>,
}

/// Writes files into a folder, which is made where it is absent; names may have folders in them.
///
/// Errors where the folder has a file of that name that is not ours, where somebody else is writing there, and where it
/// cannot be written; then it is as it was before.
pub fn write(folder: &Path, files: &BTreeMap<String, String>) -> Result<Written, Error> {
    let made = first_missing(folder);
    fs::create_dir_all(folder).map_err(failed(folder))?;
    let written = write_into(folder, files);
    if let (Err(_), Some(made)) = (&written, made)
        && !folder.join(COMPLETE).exists()
    {
        // Nothing but ours can be in it yet.
        let _ = fs::remove_dir_all(made);
    }
    written
}

/// The outermost folder that would have to be made.
fn first_missing(folder: &Path) -> Option<PathBuf> {
    folder
        .ancestors()
        .take_while(|above| !above.as_os_str().is_empty() && !above.exists())
        .last()
        .map(Path::to_owned)
}

fn failed(path: &Path) -> impl FnOnce(io::Error) -> Error {
    let path = path.display().to_string();
    move |source| Error::Write { path, source }
}

fn write_into(folder: &Path, files: &BTreeMap<String, String>) -> Result<Written, Error> {
    // The lock ends with the handle, also when the process dies.
    let handle = File::open(folder).map_err(failed(folder))?;
    match handle.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            return Err(Error::Folder(format!(
                "somebody else is writing to {}: try again",
                folder.display()
            )));
        }
        Err(TryLockError::Error(error)) => return Err(failed(folder)(error)),
    }
    let (new, complete) = (folder.join(NEW), folder.join(COMPLETE));
    if complete.exists() {
        move_into_place(folder, &complete)?;
    }
    remove_if_there(&new).map_err(failed(&new))?;
    let ours = listed(folder)?;
    for name in files.keys().filter(|name| !ours.contains(*name)) {
        let path = folder.join(name);
        if fs::symlink_metadata(&path).is_ok() {
            return Err(Error::Folder(format!(
                "{} is there and was not written by this command: move it away, or choose another folder",
                path.display()
            )));
        }
    }
    if let Some(name) = files.keys().find(|name| folder.join(name).is_dir()) {
        return Err(Error::Folder(format!("{} is a folder", folder.join(name).display())));
    }
    if let Err(error) = prepare(&new, files) {
        let _ = fs::remove_dir_all(&new);
        return Err(failed(&new)(error));
    }
    fs::rename(&new, &complete).and_then(|()| handle.sync_all()).map_err(failed(&complete))?;
    let removed = move_into_place(folder, &complete)?;
    handle.sync_all().map_err(failed(folder))?;
    Ok(Written { files: files.keys().cloned().collect(), removed })
}

fn remove_if_there(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

/// The names of the files of ours that the folder lists. A list that somebody has changed names only what is beside it.
fn listed(folder: &Path) -> Result<BTreeSet<String>, Error> {
    let path = folder.join(LIST);
    match fs::read_to_string(&path) {
        Ok(text) => Ok(text.lines().filter(|name| is_file_name(name)).map(str::to_owned).collect()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(BTreeSet::new()),
        Err(error) => Err(failed(&path)(error)),
    }
}

/// Whether it is a file in the folder or in a folder in it, and not hidden.
fn is_file_name(name: &str) -> bool {
    !name.contains('\\') && name.split('/').all(|part| !part.is_empty() && !part.starts_with('.'))
}

/// Makes the folder that a file is in.
fn make_parent(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), fs::create_dir_all)
}

/// Puts everything into `new`, and lets it reach the disk.
fn prepare(new: &Path, files: &BTreeMap<String, String>) -> io::Result<()> {
    fs::create_dir(new)?;
    let list: String = files.keys().map(|name| format!("{name}\n")).collect();
    for (name, text) in files.iter().chain([(&LIST.to_owned(), &list)]) {
        let path = new.join(name);
        make_parent(&path)?;
        let mut file = File::create_new(path)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
    }
    File::open(new)?.sync_all()
}

/// Moves what is complete into place, and removes files of ours that are not in it. Can be done again after an end in the
/// middle of it: the list moves last. Gives what was removed.
fn move_into_place(folder: &Path, complete: &Path) -> Result<Vec<String>, Error> {
    let path = complete.join(LIST);
    let list = match fs::read_to_string(&path) {
        Ok(list) => list,
        // Everything was moved, and only the empty folder was left.
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            fs::remove_dir_all(complete).map_err(failed(complete))?;
            return Ok(Vec::new());
        }
        Err(error) => return Err(failed(&path)(error)),
    };
    let wanted: BTreeSet<&str> = list.lines().filter(|name| is_file_name(name)).collect();
    for name in &wanted {
        let to = folder.join(name);
        make_parent(&to).map_err(failed(&to))?;
        match fs::rename(complete.join(name), to) {
            // An earlier attempt has moved it.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            other => other.map_err(failed(&folder.join(name)))?,
        }
    }
    let mut removed = Vec::new();
    for name in listed(folder)?.into_iter().filter(|name| !wanted.contains(name.as_str())) {
        match fs::remove_file(folder.join(&name)) {
            Ok(()) => removed.push(name),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(failed(&folder.join(name))(error)),
        }
    }
    fs::rename(&path, folder.join(LIST)).map_err(failed(&path))?;
    fs::remove_dir_all(complete).map_err(failed(complete))?;
    Ok(removed)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use serde_json::{Value, json};

    use super::{COMPLETE, LIST, NEW, files, prepare, write, yaml};

    fn some(names: &[&str]) -> std::collections::BTreeMap<String, String> {
        names.iter().map(|name| ((*name).to_owned(), format!("# {name}\n"))).collect()
    }

    fn there(folder: &std::path::Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .filter(|name| name != LIST)
            .collect();
        names.sort();
        names
    }

    #[test]
    fn stale_files_of_ours_go_and_those_of_others_stay() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/b");
        write(&path, &some(&["one.yaml", "two.yaml"])).unwrap();
        fs::write(path.join("mine.yaml"), "kept").unwrap();
        fs::create_dir(path.join("overlays")).unwrap();
        let written = write(&path, &some(&["two.yaml", "three.yaml"])).unwrap();
        assert_eq!(written.removed, ["one.yaml"]);
        assert_eq!(there(&path), ["mine.yaml", "overlays", "three.yaml", "two.yaml"]);
    }

    #[test]
    fn a_file_of_somebody_else_is_not_overwritten_and_nothing_else_is_written() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("two.yaml"), "mine").unwrap();
        let refused = write(folder.path(), &some(&["one.yaml", "two.yaml"])).unwrap_err().to_string();
        assert!(refused.contains("two.yaml is there and was not written by this command"), "{refused}");
        assert_eq!(there(folder.path()), ["two.yaml"]);
        assert_eq!(fs::read_to_string(folder.path().join("two.yaml")).unwrap(), "mine");
    }

    #[test]
    fn what_died_while_moving_is_finished_and_what_died_before_is_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), &some(&["old.yaml"])).unwrap();
        prepare(&folder.path().join(COMPLETE), &some(&["one.yaml", "two.yaml"])).unwrap();
        fs::rename(folder.path().join(COMPLETE).join("one.yaml"), folder.path().join("one.yaml")).unwrap();
        prepare(&folder.path().join(NEW), &some(&["half.yaml"])).unwrap();
        write(folder.path(), &some(&["two.yaml", "three.yaml"])).unwrap();
        assert_eq!(there(folder.path()), ["three.yaml", "two.yaml"]);
    }

    #[test]
    fn a_folder_that_cannot_be_filled_is_not_left_behind() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new");
        // What is a file cannot be a folder too.
        assert!(write(&path, &some(&["a", "a/b.yaml"])).is_err());
        assert!(!path.exists());
    }

    #[test]
    fn two_do_not_write_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let handle = fs::File::open(folder.path()).unwrap();
        handle.lock().unwrap();
        assert!(
            write(folder.path(), &some(&["one.yaml"])).unwrap_err().to_string().contains("somebody else")
        );
        drop(handle);
        write(folder.path(), &some(&["one.yaml"])).unwrap();
    }

    #[test]
    fn text_that_older_readers_would_take_for_something_else_is_quoted() {
        let words = [
            "yes",
            "no",
            "on",
            "off",
            "y",
            "n",
            "true",
            "null",
            "~",
            "0123",
            "0x1f",
            "1e3",
            "1_000",
            "12:30:45",
            "1.0",
            "2026-11-22",
            ".inf",
            "=",
            "<<",
            "",
            " x",
            "- a",
            "a: b",
            "a #b",
            "*a",
            "&a",
            "!a",
            "%a",
            "@a",
            "`a",
            "{",
            "[",
        ];
        for word in words {
            let text = yaml(&json!({ "key": word })).unwrap();
            assert!(text.starts_with("key: \"") || text.starts_with("key: '"), "{word}: {text}");
            let read: Value = serde_saphyr::from_str(&text).unwrap();
            assert_eq!(read["key"], word, "{text}");
        }
    }

    #[test]
    fn texts_of_several_lines_come_back_as_they_were() {
        for word in
            ["a\nb\n", "a\n\n  b", "\n a\n", "a\n\n\n", "trailing \nx", "tab\there\n", "%YAML\n---\n...\n"]
        {
            let text = yaml(&json!({ "a": { "b": [{ "key": word }] } })).unwrap();
            let read: Value = serde_saphyr::from_str(&text).unwrap();
            assert_eq!(read["a"]["b"][0]["key"], word, "{text}");
        }
    }

    #[test]
    fn no_objects_are_a_kustomization_of_nothing() {
        assert_eq!(files(&[]).unwrap().len(), 1);
    }
}
