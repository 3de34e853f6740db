//! What stands between two programs on a network: it passes bytes on, and can hold them back, cut every connection, or
//! share new ones among several servers.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

/// Passes bytes on between whoever connects and one of its servers, in turn.
pub struct Proxy {
    address: String,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    servers: Mutex<Vec<String>>,
    next: AtomicUsize,
    holds: AtomicBool,
    /// What is connected, and what was until a moment ago.
    open: Mutex<Vec<Weak<Link>>>,
}

/// A connection. It is closed when neither direction has any more to say.
struct Link {
    client: TcpStream,
    server: TcpStream,
}

impl Proxy {
    /// One in front of the server at `to`.
    pub fn start(to: String) -> Self {
        let proxy = Self::empty();
        proxy.add(&to);
        proxy
    }

    /// One in front of no server yet.
    pub fn empty() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("its address").to_string();
        let state: Arc<State> = Arc::default();
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                // Where no server takes it, the connection ends at once.
                let _ = shared.connect(client);
            }
        });
        Self { address, state }
    }

    /// Where it is, as `HOST:PORT`.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Lets the server at `address` have new connections, too.
    pub fn add(&self, address: &str) {
        self.state.servers.lock().unwrap().push(address.to_owned());
    }

    /// Gives the server at `address` no new connections; those that it has stay.
    pub fn remove(&self, address: &str) {
        self.state.servers.lock().unwrap().retain(|server| server != address);
    }

    /// Holds everything back, or lets it pass again.
    pub fn hold(&self, holds: bool) {
        self.state.holds.store(holds, Ordering::SeqCst);
    }

    /// Cuts every connection; new ones are served.
    pub fn cut(&self) {
        for link in self.state.open.lock().unwrap().drain(..).filter_map(|link| link.upgrade()) {
            for end in [&link.client, &link.server] {
                // It may have been closed already.
                let _ = end.shutdown(Shutdown::Both);
            }
        }
    }
}

impl State {
    fn connect(self: &Arc<Self>, client: TcpStream) -> std::io::Result<()> {
        let server = {
            let servers = self.servers.lock().unwrap();
            let turn = self.next.fetch_add(1, Ordering::Relaxed) % servers.len().max(1);
            TcpStream::connect(servers.get(turn).map_or("", String::as_str))?
        };
        for end in [&client, &server] {
            end.set_nodelay(true)?;
        }
        let link = Arc::new(Link { client, server });
        let mut open = self.open.lock().unwrap();
        open.retain(|link| link.strong_count() > 0);
        open.push(Arc::downgrade(&link));
        drop(open);
        let (state, both) = (Arc::clone(self), Arc::clone(&link));
        std::thread::spawn(move || state.pass_on(&both.client, &both.server));
        let state = Arc::clone(self);
        std::thread::spawn(move || state.pass_on(&link.server, &link.client));
        Ok(())
    }

    fn pass_on(&self, mut from: &TcpStream, mut to: &TcpStream) {
        let mut bytes = [0; 8192];
        while let Ok(read @ 1..) = from.read(&mut bytes) {
            while self.holds.load(Ordering::SeqCst) {
                std::thread::sleep(Duration::from_millis(10));
            }
            if to.write_all(&bytes[..read]).is_err() {
                break;
            }
        }
        // The other direction may still have something to say; it ends by itself.
        let _ = to.shutdown(Shutdown::Write);
    }
}
