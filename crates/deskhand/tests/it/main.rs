//! What the program prints, where, and with which exit code: the program itself, run as people run it.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails loudly")]

mod api;
mod backup;
mod check;
mod offline;
mod people;
mod settings;

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use desk::Desk;
use desk::workspaces::{self, Setup};
use domain::{SystemClock, SystemIds};
use store::{Location, Options, Store};
use tempfile::TempDir;

/// A person's home: an empty folder that is also the working directory.
struct Home {
    folder: TempDir,
    variables: Vec<(String, String)>,
}

/// What the program left behind.
#[derive(Debug)]
struct Ran {
    code: i32,
    out: String,
    err: String,
}

impl Ran {
    /// Fails unless the program ended with `code`; gives stdout and stderr.
    #[track_caller]
    fn code(self, code: i32) -> (String, String) {
        assert_eq!(self.code, code, "stdout: {}\nstderr: {}", self.out, self.err);
        (self.out, self.err)
    }

    /// The result as JSON, of a program that ended well.
    #[track_caller]
    fn json(self) -> serde_json::Value {
        let (out, _) = self.code(0);
        serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error} in {out}"))
    }
}

impl Home {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), variables: Vec::new() }
    }

    fn with(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        self.run_with(arguments, "")
    }

    fn run_with(&self, arguments: &[&str], stdin: &str) -> Ran {
        let mut child = Command::new(env!("CARGO_BIN_EXE_deskhand"))
            .args(arguments)
            .current_dir(self.path())
            .env_clear()
            .env("HOME", self.path())
            .envs(self.variables.clone())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // The program may end without reading it.
        let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
        let output = child.wait_with_output().unwrap();
        Ran {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    async fn desk(&self) -> Desk {
        let options = Options {
            location: Location::Sqlite(self.path().join("deskhand-data/deskhand.db")),
            connections: 2,
            serve: true,
            clock: Arc::new(SystemClock),
        };
        Desk::new(Store::open(options).await.unwrap(), Arc::new(SystemClock), Arc::new(SystemIds))
    }

    /// A workspace with its owner, dana@example.org.
    async fn with_workspace(self) -> Self {
        let desk = self.desk().await;
        let setup = Setup {
            workspace: "Test".to_owned(),
            name: "Dana".to_owned(),
            email: "dana@example.org".to_owned(),
            password: "correct horse".to_owned(),
            zone: "Europe/Berlin".to_owned(),
        };
        workspaces::create(&desk, setup).await.unwrap();
        desk.store().close().await;
        self
    }
}
