//! Who was seen a moment ago: a cookie or token that was just checked is not read again for a second.
//!
//! What ends a session or a token here ends it at once in this process, and within that second in every other.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};

use desk::Desk;
use desk::sessions::{self, Authenticated};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// How long somebody stays known.
const KNOWN_FOR: Duration = Duration::from_secs(1);
/// How many are remembered; past that all are forgotten.
const MOST: usize = 10_000;

type Key = [u8; 32];

/// Who was seen a moment ago. Secrets are kept as their hashes.
#[derive(Default)]
pub struct Known(Mutex<Memory>);

#[derive(Default)]
struct Memory {
    seen: HashMap<Key, (Instant, Authenticated)>,
    /// How often everybody was forgotten: what was read from the database before that may be out of date.
    forgotten: u64,
}

fn key(kind: &str, secret: &str) -> Key {
    let mut hash = Sha256::new();
    hash.update(kind.as_bytes());
    hash.update(secret.as_bytes());
    hash.finalize().into()
}

impl Known {
    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    fn get(&self, key: &Key, address: Option<IpAddr>, correlation_id: Uuid) -> Option<Authenticated> {
        let memory = self.memory();
        let (since, who) = memory.seen.get(key)?;
        if since.elapsed() > KNOWN_FOR {
            return None;
        }
        let mut who = who.clone();
        who.caller.address = address;
        who.caller.correlation_id = correlation_id;
        Some(who)
    }

    /// Remembers who `key` is, unless somebody may have been shut out since `forgotten` was read.
    fn put(&self, key: Key, who: &Authenticated, forgotten: u64) {
        let mut memory = self.memory();
        if memory.forgotten != forgotten {
            return;
        }
        if memory.seen.len() >= MOST {
            memory.seen.clear();
        }
        memory.seen.insert(key, (Instant::now(), who.clone()));
    }

    /// Forgets everybody: somebody's session, token or role changed.
    pub fn forget(&self) {
        let mut memory = self.memory();
        memory.seen.clear();
        memory.forgotten += 1;
    }

    /// Who the cookie's token is.
    pub async fn cookie(
        &self,
        desk: &Desk,
        token: &str,
        address: Option<IpAddr>,
        correlation_id: Uuid,
    ) -> desk::Result<Authenticated> {
        let asked = sessions::by_cookie(desk, token, address, correlation_id);
        self.or_ask(key("cookie", token), address, correlation_id, asked).await
    }

    /// Who the API token is.
    pub async fn bearer(
        &self,
        desk: &Desk,
        token: &str,
        address: Option<IpAddr>,
        correlation_id: Uuid,
    ) -> desk::Result<Authenticated> {
        let asked = sessions::by_bearer(desk, token, address, correlation_id);
        self.or_ask(key("bearer", token), address, correlation_id, asked).await
    }

    /// Who `key` is: remembered, or else what comes of asking, which is remembered then.
    async fn or_ask(
        &self,
        key: Key,
        address: Option<IpAddr>,
        correlation_id: Uuid,
        asked: impl Future<Output = desk::Result<Authenticated>>,
    ) -> desk::Result<Authenticated> {
        if let Some(who) = self.get(&key, address, correlation_id) {
            return Ok(who);
        }
        let forgotten = self.memory().forgotten;
        let who = asked.await?;
        self.put(key, &who, forgotten);
        Ok(who)
    }
}
