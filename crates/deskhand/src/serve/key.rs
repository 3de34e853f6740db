//! The data directory, and the installation's key in it.

use std::fs;
use std::io::ErrorKind;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use config::{Config, DatabaseUrl, SecretKey, WeakKey};
use rand::Rng as _;

use crate::failure::{Failure, Outcome};
use crate::files;

/// The file that the key is kept in.
const FILE: &str = "secret.key";

/// The installation's key. Makes the data directory and the key in it where they are absent; errors where the key cannot
/// be used.
///
/// With a key of its own in the settings and a database elsewhere, a process keeps nothing on this disk.
pub(super) fn ensure(config: &Config) -> Outcome<SecretKey> {
    let folder = &config.data_dir;
    let elsewhere = matches!(config.database(), DatabaseUrl::Postgres(_));
    if let (true, Some(key)) = (elsewhere, &config.secret_key) {
        return Ok(key.clone());
    }
    let cannot = |error: std::io::Error| {
        Failure::Failed(format!(
            "the data directory {} cannot be written to: {error}; give it to the user who runs Deskhand, make room on \
             its disk, or choose another with --data-dir",
            folder.display()
        ))
    };
    files::private_folder(folder).map_err(cannot)?;
    if let Some(key) = &config.secret_key {
        return Ok(key.clone());
    }
    let path = folder.join(FILE);
    match fs::read_to_string(&path) {
        Ok(text) => text.parse().map_err(|weak: WeakKey| {
            Failure::Failed(format!(
                "{} holds {weak}; bring the file back from a backup, or remove it and a new key is made",
                path.display()
            ))
        }),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let mut bytes = [0_u8; 32];
            rand::rng().fill_bytes(&mut bytes);
            files::write_private(&path, &(STANDARD.encode(bytes) + "\n")).map_err(cannot)?;
            SecretKey::from_bytes(bytes.to_vec()).map_err(|weak| Failure::Failed(weak.to_string()))
        }
        Err(error) => Err(Failure::because(format!("cannot read {}", path.display()), &error)),
    }
}
