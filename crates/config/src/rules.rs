//! What settings demand of each other.
//!
//! A rule looks only at settings whose own values are good, so that one mistake is reported once.

use std::net::SocketAddr;

use crate::layers::Sources;
use crate::problem::{Fault, Origin, Problem, Problems};
use crate::settings::{Config, SETTINGS};
use crate::table::Effective;
use crate::urls::DatabaseUrl;
use crate::words::{Group, Role};

impl Config {
    /// Puts the layers together and checks the result.
    ///
    /// # Errors
    /// Everything that is wrong, in one list: misspelled keys, bad values, contradictions.
    pub fn load(sources: Sources) -> Result<Self, Problems> {
        let mut problems = Vec::new();
        let given = sources.gather(&mut problems);
        let config = Self::assemble(&given, &mut problems);
        if let Some(config) = &config {
            let bad: Vec<String> = problems.iter().map(|problem| problem.key.clone()).collect();
            for (keys, problem) in config.contradictions() {
                if !keys.iter().any(|key| bad.iter().any(|bad| bad == key)) {
                    problems.push(problem);
                }
            }
        }
        match config {
            Some(config) if problems.is_empty() => Ok(config),
            _ => Err(Problems(problems)),
        }
    }

    /// Every setting with its value and where that came from, secrets masked, in the order of [`SETTINGS`].
    pub fn effective(&self) -> Vec<Effective> {
        SETTINGS
            .iter()
            .zip(self.shown())
            .map(|(setting, value)| Effective { key: setting.key, value, source: self.origin(setting.key) })
            .collect()
    }

    /// The database in force: the one that was set, or the embedded one in the data directory.
    pub fn database(&self) -> DatabaseUrl {
        match &self.database_url {
            Some(url) => url.clone(),
            None => DatabaseUrl::Sqlite(self.data_dir.join("deskhand.db")),
        }
    }

    /// Where the value of `key` came from.
    pub fn origin(&self, key: &str) -> Origin {
        self.origins.get(key).cloned().unwrap_or(Origin::Default)
    }

    /// Whether the roles need a database, and with it the bus and the installation's key: all but `web` without `api`.
    pub fn uses_database(&self) -> bool {
        self.roles.iter().any(|role| *role != Role::Web)
    }

    /// Whether the role `web` runs here, and the role `api` elsewhere.
    pub fn is_front(&self) -> bool {
        self.roles.contains(&Role::Web) && !self.roles.contains(&Role::Api)
    }

    fn is_whole(&self) -> bool {
        self.roles.len() == Role::ALL.len() && self.groups.len() == Group::ALL.len()
    }

    /// The broken rules, each with the settings that it looks at, the first being the one to change.
    fn contradictions(&self) -> Vec<(Vec<&'static str>, Problem)> {
        let mut broken = Vec::new();
        let mut add = |keys: &[&'static str], sentence: &str| {
            let key = keys.first().copied().unwrap_or_default();
            let problem = Problem {
                key: key.to_owned(),
                origin: self.origin(key),
                fault: Fault::Rule(sentence.to_owned()),
            };
            broken.push((keys.to_vec(), problem));
        };
        if self.is_front() && self.api_url.is_none() {
            add(
                &["api_url", "roles"],
                "role web runs here without role api and must know where it is; \
                 set api_url, or run both roles here",
            );
        }
        if self.origin("groups") != Origin::Default && !self.roles.contains(&Role::Workers) {
            add(
                &["groups", "roles"],
                "groups are run by role workers, which does not run here; add workers to roles, or leave groups out",
            );
        }
        if self.smtp.url.is_some() && self.smtp.from.is_none() {
            add(
                &["smtp.from", "smtp.url"],
                "smtp.url is set, so mail is sent and needs a sender; set smtp.from",
            );
        }
        // A process that only serves the page opens no database and signs nothing.
        let shared = matches!(self.database_url, Some(DatabaseUrl::Postgres(_))) && self.uses_database();
        if shared && !self.is_whole() && self.secret_key.is_none() {
            add(
                &["secret_key", "database_url", "roles", "groups"],
                "the roles are split over processes that share a database, and each needs the same key; \
                 set secret_key to what `openssl rand -base64 32` prints",
            );
        }
        if self.management_listen.is_some_and(|management| collide(management, self.listen)) {
            add(&["management_listen", "listen"], "it is the address of listen; give it a port of its own");
        }
        broken
    }
}

fn collide(one: SocketAddr, other: SocketAddr) -> bool {
    one.port() == other.port() && one.port() != 0 && (one.ip() == other.ip() || one.ip().is_unspecified())
}
