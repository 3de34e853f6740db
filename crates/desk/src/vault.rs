//! Secrets that have to be used again, and so cannot be kept as hashes: sealed with a key that is not in the database.
//!
//! AES-256-GCM under a key that is derived from the installation's (HKDF-SHA256). What a secret belongs to is sealed in
//! with it, so that one row's cannot be put into another's.

use rand::Rng;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hkdf::{HKDF_SHA256, Salt};

use crate::error::{Error, Result};

/// Seals secrets, and opens them again.
pub(crate) struct Vault(LessSafeKey);

fn failed() -> Error {
    Error::Store(store::Error::GivenUp("a secret could not be sealed"))
}

impl Vault {
    /// A vault that `key` opens, for one `purpose`; nothing where the key cannot be used.
    pub(crate) fn new(key: &[u8], purpose: &str) -> Option<Self> {
        let key = Salt::new(HKDF_SHA256, b"deskhand").extract(key);
        let purpose = [purpose.as_bytes()];
        let key = key.expand(&purpose, &AES_256_GCM).ok()?;
        Some(Self(LessSafeKey::new(UnboundKey::from(key))))
    }

    /// `secret`, sealed for `owner`.
    pub(crate) fn seal(&self, owner: &[u8], secret: &[u8]) -> Result<Vec<u8>> {
        let mut nonce = [0; NONCE_LEN];
        rand::rng().fill_bytes(&mut nonce);
        let mut sealed = secret.to_vec();
        self.0
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(owner), &mut sealed)
            .map_err(|_| failed())?;
        Ok([&nonce[..], &sealed].concat())
    }

    /// What was sealed for `owner`; nothing where another key sealed it, or for another owner.
    pub(crate) fn open(&self, owner: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
        let (nonce, secret) = sealed.split_at_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut secret = secret.to_vec();
        let opened = self.0.open_in_place(nonce, Aad::from(owner), &mut secret).ok()?;
        Some(opened.to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::Vault;

    #[test]
    fn a_secret_is_opened_by_the_same_key_for_the_same_owner_and_by_nothing_else() {
        let vault = Vault::new(&[7; 32], "tests").unwrap();
        let sealed = vault.seal(b"one", b"a secret").unwrap();
        assert!(!sealed.windows(8).any(|part| part == b"a secret"));
        assert_ne!(sealed, vault.seal(b"one", b"a secret").unwrap());
        assert_eq!(vault.open(b"one", &sealed).unwrap(), b"a secret");
        assert_eq!(Vault::new(&[7; 32], "tests").unwrap().open(b"one", &sealed).unwrap(), b"a secret");
        assert_eq!(vault.open(b"two", &sealed), None);
        assert_eq!(Vault::new(&[8; 32], "tests").unwrap().open(b"one", &sealed), None);
        assert_eq!(Vault::new(&[7; 32], "others").unwrap().open(b"one", &sealed), None);
        for place in 0..sealed.len() {
            let mut bent = sealed.clone();
            bent[place] ^= 1;
            assert_eq!(vault.open(b"one", &bent), None, "byte {place}");
        }
        assert_eq!(vault.open(b"one", &sealed[..5]), None);
    }
}
