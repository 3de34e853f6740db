//! Files and folders to text, within bounds.
//!
//! Links are followed, and each file and folder is read once, so that links in circles end.

use std::collections::HashSet;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::{Error, MOST_BYTES, MOST_FILE_BYTES, MOST_FILES, MOST_FOLDERS, Manifests};

/// What names of manifests end in.
const ENDINGS: [&str; 3] = ["yaml", "yml", "json"];

fn unread(file: &Path, source: io::Error) -> Error {
    Error::Read { file: file.display().to_string(), source }
}

/// The files of a folder that is walked, in the order of their names.
#[derive(Default)]
struct Walk {
    seen: HashSet<PathBuf>,
    files: Vec<PathBuf>,
}

impl Walk {
    fn folder(&mut self, folder: &Path, depth: usize) -> Result<(), Error> {
        let at = || folder.display().to_string();
        if depth > MOST_FOLDERS {
            return Err(Error::Files { file: at(), what: "folders within each other", most: MOST_FOLDERS });
        }
        let mut entries = Vec::new();
        for entry in fs::read_dir(folder).map_err(|error| unread(folder, error))? {
            entries.push(entry.map_err(|error| unread(folder, error))?.path());
            if entries.len() > MOST_FILES {
                return Err(Error::Files { file: at(), what: "files", most: MOST_FILES });
            }
        }
        entries.sort();
        for path in entries {
            let is_hidden = path.file_name().is_none_or(|name| name.to_string_lossy().starts_with('.'));
            // A link that leads nowhere, or in a circle, is no file.
            let (false, Ok(real)) = (is_hidden, path.canonicalize()) else { continue };
            let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase());
            let is_manifest =
                real.is_file() && ending.is_some_and(|ending| ENDINGS.contains(&ending.as_str()));
            if !(is_manifest || real.is_dir()) || !self.seen.insert(real.clone()) {
                continue;
            }
            if real.is_dir() {
                self.folder(&path, depth + 1)?;
                continue;
            }
            self.files.push(path);
            if self.files.len() > MOST_FILES {
                return Err(Error::Files { file: at(), what: "files", most: MOST_FILES });
            }
        }
        Ok(())
    }
}

impl Manifests {
    /// Adds a file, or every file of a folder and the folders in it whose name ends as those of manifests do. Hidden
    /// ones are left out.
    ///
    /// Errors where one cannot be read, is no manifest, or is more than is read.
    pub fn add_path(&mut self, path: &Path) -> Result<(), Error> {
        let before = self.objects.len();
        let metadata = fs::metadata(path).map_err(|error| unread(path, error))?;
        let mut walk = Walk::default();
        if metadata.is_dir() {
            walk.seen.extend(path.canonicalize());
            walk.folder(path, 0)?;
        } else {
            walk.files.push(path.to_owned());
        }
        for file in &walk.files {
            let open = fs::File::open(file).map_err(|error| unread(file, error))?;
            self.add_reader(&file.display().to_string(), open)?;
        }
        if self.objects.len() == before {
            return Err(Error::Nothing { file: path.display().to_string() });
        }
        Ok(())
    }

    /// Adds what `reader` gives; `file` is what messages call it.
    ///
    /// Errors where it cannot be read, is no manifest, or is more than is read.
    pub fn add_reader(&mut self, file: &str, reader: impl Read) -> Result<(), Error> {
        let mut bytes = Vec::new();
        let read = reader.take(MOST_FILE_BYTES + 1).read_to_end(&mut bytes);
        read.map_err(|source| Error::Read { file: file.to_owned(), source })?;
        let length = bytes.len() as u64;
        if length > MOST_FILE_BYTES {
            return Err(Error::Bytes { file: file.to_owned(), most: MOST_FILE_BYTES });
        }
        self.bytes += length;
        if self.bytes > MOST_BYTES {
            return Err(Error::Bytes { file: file.to_owned(), most: MOST_BYTES });
        }
        self.add(file, &bytes)
    }
}
