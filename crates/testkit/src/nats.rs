//! NATS servers with JetStream: one for the test program, or one of a test's own.

use std::fs;
use std::path::PathBuf;
use std::sync::OnceLock;

use crate::secured::{Certificates, Credentials};
use crate::server::{self, Server};

static SHARED: OnceLock<Nats> = OnceLock::new();

/// A NATS server that a test may end as `kill -9` does, and start again on what it has kept.
pub struct Nats {
    server: Server,
}

impl Nats {
    /// A server of one's own, that answers.
    pub fn start() -> Self {
        Self::configured("", |_| ())
    }

    /// One that speaks TLS only and lets in `user` with `password`; and the file of the authority that it is signed by.
    pub fn with_password(user: &str, password: &str) -> (Self, PathBuf) {
        let who = format!("authorization {{ user: {user}, password: \"{password}\" }}\n");
        let server = Self::configured(&format!("{TLS}{who}"), |folder| Certificates::new().write(folder));
        let ca_file = server.server.folder().join(Certificates::CA);
        (server, ca_file)
    }

    /// One that speaks TLS only and lets in who has the credentials; with the files of the authority and of those.
    pub fn with_credentials() -> (Self, PathBuf, PathBuf) {
        let credentials = Credentials::new();
        let server = Self::configured(&format!("{TLS}{}", credentials.of_the_server()), |folder| {
            Certificates::new().write(folder);
            fs::write(folder.join("desk.creds"), credentials.of_the_user())
                .expect("the credentials are written");
        });
        let folder = server.server.folder();
        let files = (folder.join(Certificates::CA), folder.join("desk.creds"));
        (server, files.0, files.1)
    }

    /// `FOLDER` in `settings` is where `prepare` has put its files.
    fn configured(settings: &str, prepare: impl Fn(&PathBuf)) -> Self {
        let (folder, port) = (server::folder("nats"), server::free_port());
        prepare(&folder);
        let place = folder.display().to_string();
        let settings = settings.replace("FOLDER", &place);
        let text =
            format!("listen: 127.0.0.1:{port}\njetstream {{ store_dir: \"{place}/data\" }}\n{settings}");
        let file = folder.join("nats.conf");
        fs::write(&file, text).expect("the settings are written");
        let command = vec![crate::tool("bin/nats-server", "nats").into(), "-c".into(), file.into()];
        let mut server = Self { server: Server::new(folder, port, command) };
        server.start_again();
        server
    }

    /// Starts it again after [`kill`](Self::kill), on the same port.
    pub fn start_again(&mut self) {
        self.server.start();
        self.server.answers();
    }

    /// Ends it at once, as `kill -9` does.
    pub fn kill(&mut self) {
        self.server.kill();
    }

    /// Saves what it has kept so far; it must not run.
    pub fn save(&self) {
        self.server.save();
    }

    /// Loses what it has kept since it was saved; it must not run.
    pub fn go_back(&self) {
        self.server.go_back();
    }

    /// Where it is, as `HOST:PORT`.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.server.port())
    }
}

const TLS: &str = "tls { cert_file: \"FOLDER/server.pem\", key_file: \"FOLDER/server.key\" }\n";

/// The address of the server that all tests of this program share.
pub fn nats() -> String {
    SHARED.get_or_init(Nats::start).address()
}
