//! Passwords and tokens: how they are made, kept and compared.

use std::sync::Arc;

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::Rng;
use sha2::{Digest, Sha256};
use tokio::sync::Semaphore;

use crate::error::{Error, Result};

/// The fewest characters of a password (ASVS 5.0, 6.2.1).
pub(crate) const PASSWORD_MIN: usize = 8;
/// The most characters of a password.
pub(crate) const PASSWORD_MAX: usize = 256;

/// A secret for a link, a session or a token: 256 random bits, in URL-safe letters.
pub(crate) fn new_token() -> String {
    let mut bytes = [0_u8; 32];
    rand::rng().fill_bytes(&mut bytes);
    URL_SAFE_NO_PAD.encode(bytes)
}

/// What is kept of a token. It has enough randomness that a plain hash cannot be searched.
pub(crate) fn token_hash(token: &str) -> Vec<u8> {
    Sha256::digest(token.as_bytes()).to_vec()
}

/// Hashes and checks passwords with argon2id, a few at a time: each takes tens of megabytes.
#[derive(Clone)]
pub(crate) struct Passwords {
    turns: Arc<Semaphore>,
}

impl Default for Passwords {
    fn default() -> Self {
        Self { turns: Arc::new(Semaphore::new(2)) }
    }
}

fn argon2() -> Result<Argon2<'static>> {
    // OWASP's first choice for argon2id: 19 MiB, two passes, one lane.
    let params = Params::new(19 * 1024, 2, 1, None).map_err(|_| failed())?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn failed() -> Error {
    Error::Store(store::Error::GivenUp("a password could not be hashed"))
}

impl Passwords {
    /// Runs `work`, which takes long, aside and in turn.
    async fn aside<T: Send + 'static>(&self, work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
        let _turn = self.turns.acquire().await.map_err(|_| failed())?;
        tokio::task::spawn_blocking(work).await.map_err(|_| failed())?
    }

    /// The hash to keep of `password`, in PHC form.
    pub(crate) async fn hash(&self, password: String) -> Result<String> {
        self.aside(move || {
            let hash = argon2()?.hash_password(password.as_bytes()).map_err(|_| failed())?;
            Ok(hash.to_string())
        })
        .await
    }

    /// Whether `password` has the hash `kept`. With nothing kept it takes as long and says no, so that the
    /// time does not tell whether there is such a member.
    pub(crate) async fn matches(&self, password: String, kept: Option<String>) -> Result<bool> {
        self.aside(move || {
            let Some(kept) = kept else {
                argon2()?.hash_password(password.as_bytes()).map_err(|_| failed())?;
                return Ok(false);
            };
            let parsed = PasswordHash::new(&kept).map_err(|_| failed())?;
            Ok(argon2()?.verify_password(password.as_bytes(), &parsed).is_ok())
        })
        .await
    }
}

/// Errors where `password` is too short or too long.
pub(crate) fn check_password(field: &str, password: &str) -> Result<()> {
    match password.chars().count() {
        length if length < PASSWORD_MIN => {
            Err(Error::field(field, format!("has {length} characters; at least {PASSWORD_MIN} are needed")))
        }
        length if length > PASSWORD_MAX => {
            Err(Error::field(field, format!("has {length} characters; at most {PASSWORD_MAX} are allowed")))
        }
        _ => Ok(()),
    }
}
