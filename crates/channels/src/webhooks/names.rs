//! Names become addresses that were checked. Whoever connects gets these and no others, so that a name which leads
//! elsewhere a moment later leads nowhere.

use std::error::Error as StdError;
use std::future::Future;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::pin::Pin;
use std::sync::Arc;

use domain::network::may_reach;
use ipnet::IpNet;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::sync::Semaphore;

/// How many names are looked up at the same time: each takes a thread for as long as the name server does.
const LOOKUPS: usize = 32;

type Boxed = Box<dyn StdError + Send + Sync>;

/// Looks names up. What it gives is checked by who asks.
pub trait Lookup: Send + Sync + 'static {
    /// The addresses of `name`. Errors where it has none.
    fn addresses(
        &self,
        name: &str,
    ) -> Pin<Box<dyn Future<Output = Result<Vec<IpAddr>, std::io::Error>> + Send>>;
}

/// Names as this machine knows them.
#[derive(Clone)]
pub struct SystemNames(Arc<Semaphore>);

impl Default for SystemNames {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(LOOKUPS)))
    }
}

impl Lookup for SystemNames {
    fn addresses(
        &self,
        name: &str,
    ) -> Pin<Box<dyn Future<Output = Result<Vec<IpAddr>, std::io::Error>> + Send>> {
        let (turns, name) = (Arc::clone(&self.0), name.to_owned());
        Box::pin(async move {
            let turn = turns.acquire_owned().await.map_err(std::io::Error::other)?;
            // Who asked may have given up; the thread is busy until the name server answers.
            let found = tokio::task::spawn_blocking(move || {
                let found = (name.as_str(), 0).to_socket_addrs();
                drop(turn);
                found
            });
            Ok(found.await.map_err(std::io::Error::other)??.map(|address| address.ip()).collect())
        })
    }
}

/// A name has an address that nothing may be sent to.
#[derive(Debug, thiserror::Error)]
#[error("the name leads to an address that nothing may be sent to")]
pub(super) struct Refused;

/// A name has no address.
#[derive(Debug, thiserror::Error)]
#[error("the name has no address")]
pub(super) struct Unknown(#[source] std::io::Error);

/// Gives out addresses that may be reached. A name of which any address may not be is refused as a whole.
pub(super) struct Checked {
    names: Arc<dyn Lookup>,
    encrypted: bool,
    allowed: Arc<[IpNet]>,
}

impl Checked {
    pub(super) fn new(names: Arc<dyn Lookup>, encrypted: bool, allowed: Arc<[IpNet]>) -> Self {
        Self { names, encrypted, allowed }
    }
}

impl Resolve for Checked {
    fn resolve(&self, name: Name) -> Resolving {
        let found = self.names.addresses(name.as_str());
        let (encrypted, allowed) = (self.encrypted, Arc::clone(&self.allowed));
        Box::pin(async move {
            let found = found.await.map_err(|error| Boxed::from(Unknown(error)))?;
            if !found.iter().all(|address| may_reach(*address, encrypted, &allowed)) {
                return Err(Boxed::from(Refused));
            }
            let addresses = found.into_iter().map(|address| SocketAddr::new(address, 0));
            Ok(Box::new(addresses) as Addrs)
        })
    }
}
