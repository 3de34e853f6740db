//! Several processes of the same roles, behind addresses that stay.

use testkit::Proxy;

use crate::program::{Place, Process};

/// One process: its name, and its roles.
pub(super) type Part = (&'static str, &'static str);

/// Two processes that serve everything.
pub(super) const TOGETHER: &[Part] = &[
    ("front-1", "web,api"),
    ("front-2", "web,api"),
    ("back-1", "relay,clock,workers"),
    ("back-2", "relay,clock,workers"),
];
/// Two that serve the page, in front of two that serve the API.
pub(super) const APART: &[Part] = &[
    ("api-1", "api"),
    ("api-2", "api"),
    ("web-1", "web"),
    ("web-2", "web"),
    ("back-1", "relay,clock,workers"),
    ("back-2", "relay,clock,workers"),
];

/// The addresses that stay, whichever processes are behind them: people's, and where a process with the page alone finds
/// the API.
pub(super) struct Balancers {
    people: Proxy,
    api: Proxy,
}

impl Balancers {
    pub(super) fn new() -> Self {
        Self { people: Proxy::empty(), api: Proxy::empty() }
    }

    /// Where people find the desk.
    pub(super) fn url(&self) -> String {
        format!("http://{}", self.people.address())
    }

    /// A place whose processes know where the API is.
    pub(super) fn known_in(&self, place: Place) -> Place {
        place.with("DESKHAND_API_URL", &format!("http://{}", self.api.address()))
    }

    /// The one before a process of those roles, if there is one.
    fn of(&self, roles: &str) -> Option<&Proxy> {
        match roles {
            roles if roles.split(',').any(|role| role == "web") => Some(&self.people),
            roles if roles.split(',').any(|role| role == "api") => Some(&self.api),
            _ => None,
        }
    }
}

/// A process that takes the place of one with the same name.
pub(super) struct Member {
    pub(super) process: Process,
    pub(super) address: String,
    part: Part,
}

impl Member {
    /// Starts it; the balancer hears of it when it is ready.
    pub(super) async fn start(place: &Place, part: Part, balancers: &Balancers) -> Self {
        let (name, roles) = part;
        let mut process = place.start(name, &["--roles", roles]);
        let address = process.ready().await.trim_start_matches("http://").to_owned();
        if let Some(balancer) = balancers.of(roles) {
            balancer.add(&address);
        }
        Self { process, address, part }
    }

    /// As an orchestrator does it: the new one comes first; the old one gets no new connections any more, is asked to
    /// end, and is waited for.
    pub(super) async fn replace(&mut self, place: &Place, balancers: &Balancers) {
        let new = Self::start(place, self.part, balancers).await;
        let mut old = std::mem::replace(self, new);
        if let Some(balancer) = balancers.of(old.part.1) {
            balancer.remove(&old.address);
        }
        old.process.terminate();
        assert_eq!(old.process.ended().await.code(), Some(0), "{}", old.process.said());
    }
}
