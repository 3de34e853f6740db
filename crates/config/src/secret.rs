//! Values that must never be printed: what holds them, and how text that may contain one is masked.
//!
//! Nothing here implements `Display` on a secret, and `Debug` shows the mask, so that a secret can
//! reach a log or an error message only through a call to `expose`.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// What stands in place of a secret wherever settings are shown.
pub const MASK: &str = "********";

/// Text that is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Keeps `text` from being shown.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself, for the one place that sends it where it belongs.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

/// The key from which this installation derives its signatures: at least [`SecretKey::MIN_BYTES`] bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretKey(Vec<u8>);

impl SecretKey {
    /// The fewest bytes a key may have.
    pub const MIN_BYTES: usize = 32;

    /// Takes raw bytes as the key.
    ///
    /// # Errors
    /// When there are fewer than [`Self::MIN_BYTES`].
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self, WeakKey> {
        if bytes.len() < Self::MIN_BYTES { Err(WeakKey::Short(bytes.len())) } else { Ok(Self(bytes)) }
    }

    /// The key's bytes.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl FromStr for SecretKey {
    type Err = WeakKey;

    /// Reads hex or base64 (either alphabet, with or without padding). Text that is valid as both is hex,
    /// because a key that someone made with `openssl rand -hex 32` is the likelier reading.
    fn from_str(text: &str) -> Result<Self, WeakKey> {
        let text = text.trim();
        if let Ok(bytes) = hex::decode(text) {
            return Self::from_bytes(bytes);
        }
        let unpadded = text.trim_end_matches('=');
        let bytes = STANDARD_NO_PAD
            .decode(unpadded)
            .or_else(|_| URL_SAFE_NO_PAD.decode(unpadded))
            .map_err(|_| WeakKey::Unreadable(text.chars().count()))?;
        Self::from_bytes(bytes)
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

/// Why a text is no [`SecretKey`]. Says how long it is, never what it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WeakKey {
    /// It decodes to this many bytes, which are too few.
    Short(usize),
    /// It has this many characters and is neither hex nor base64.
    Unreadable(usize),
}

impl fmt::Display for WeakKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Short(bytes) => write!(f, "a key of {bytes} bytes"),
            Self::Unreadable(characters) => {
                write!(f, "{characters} characters that are neither base64 nor hex")
            }
        }
    }
}

impl std::error::Error for WeakKey {}

/// `text` with what looks like a password in a URL masked.
///
/// Works on text that is no valid URL as well, since it is bad values that are quoted in errors; where
/// the text can be read in two ways, the one that hides more is taken.
pub(crate) fn mask_url(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else {
        return text.to_owned();
    };
    let (user, place) = match rest.rsplit_once('@') {
        Some((user, place)) => (Some(user), place),
        None => (None, rest),
    };
    let mut masked = format!("{scheme}://");
    if let Some(user) = user {
        match user.split_once(':') {
            Some((name, _)) => masked.push_str(&format!("{name}:{MASK}@")),
            None => masked.push_str(&format!("{user}@")),
        }
    }
    match place.split_once('?') {
        None => masked.push_str(place),
        Some((before, query)) => {
            let query: Vec<String> = query.split('&').map(mask_parameter).collect();
            masked.push_str(&format!("{before}?{}", query.join("&")));
        }
    }
    masked
}

fn mask_parameter(pair: &str) -> String {
    let Some((name, _)) = pair.split_once('=') else {
        return pair.to_owned();
    };
    let lower = name.to_ascii_lowercase();
    if ["pass", "secret", "token", "key"].iter().any(|word| lower.contains(word)) {
        format!("{name}={MASK}")
    } else {
        pair.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::{MASK, SecretKey, WeakKey, mask_url};

    #[test]
    fn a_password_in_a_url_is_masked_wherever_it_stands() {
        for (given, shown) in [
            ("postgres://desk:hunter2@db/desk", "postgres://desk:********@db/desk"),
            ("postgres://desk:hun@t/er#2@db/desk", "postgres://desk:********@db/desk"),
            ("postgres://desk@db/desk", "postgres://desk@db/desk"),
            (
                "postgres://db/desk?user=a&password=hunter2&sslmode=require",
                "postgres://db/desk?user=a&password=********&sslmode=require",
            ),
            ("https://api.example/v1?api_key=hunter2", "https://api.example/v1?api_key=********"),
            ("sqlite://desk.db", "sqlite://desk.db"),
            ("no url", "no url"),
        ] {
            assert_eq!(mask_url(given), shown, "{given}");
        }
    }

    #[test]
    fn a_key_is_read_from_hex_and_from_both_kinds_of_base64() {
        let bytes: Vec<u8> = (0..32).map(|n| 255 - n * 5).collect();
        use base64::Engine as _;
        use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
        for text in [hex::encode(&bytes), STANDARD.encode(&bytes), URL_SAFE_NO_PAD.encode(&bytes)] {
            let key: SecretKey = text.parse().unwrap();
            assert_eq!(key.expose(), bytes, "{text}");
            assert_eq!(format!("{key:?}"), MASK);
        }
        assert_eq!("abcd".parse::<SecretKey>(), Err(WeakKey::Short(2)));
        assert_eq!("not a key!".parse::<SecretKey>(), Err(WeakKey::Unreadable(10)));
    }
}
