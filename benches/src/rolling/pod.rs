//! One process of a part, as a kubelet starts, watches and ends it.

use std::collections::HashMap;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use testkit::Proxy;
use tokio::process::{Child, Command};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, interval_at, sleep, timeout_at};

use super::chart::{Part, Probe};
use crate::server::{binary, free_address};

/// How much later than it is so the routers of a Service know who is ready and who is to end: it has to be written down,
/// seen by every node and made a rule there. That takes less than a second in a small cluster and seconds in a large
/// one. It is longer here than the second that a process goes on serving when it is told to end, so that without a
/// preStop requests would fail.
pub(super) const LEARNED: Duration = Duration::from_secs(2);

/// What is around the processes.
pub(super) struct Around {
    /// Settings that stand in no manifest: where the database is, and the limits that a load from one address needs.
    pub(super) settings: Vec<(&'static str, String)>,
    /// Settings that a part gets where it asks for them.
    pub(super) secrets: HashMap<&'static str, String>,
    /// What stands for each Service.
    pub(super) balancers: HashMap<String, Proxy>,
}

impl Around {
    /// A setting as it is here: an address of a Service is that of its balancer.
    fn here(&self, value: &str) -> String {
        let host = value.strip_prefix("http://").and_then(|rest| rest.split(['.', ':', '/']).next());
        match host.and_then(|host| self.balancers.get(host)) {
            Some(balancer) => format!("http://{}", balancer.address()),
            None => value.to_owned(),
        }
    }
}

/// How a process ended.
pub(super) enum End {
    /// By itself, within the grace period, with 0.
    Well,
    /// By itself, with another code.
    Badly,
    /// By SIGKILL.
    Killed,
}

pub(super) struct Pod {
    part: Arc<Part>,
    around: Arc<Around>,
    child: Child,
    address: String,
    ready: watch::Receiver<bool>,
    /// What asks it whether it is ready.
    watching: JoinSet<()>,
    _folder: tempfile::TempDir,
}

impl Pod {
    /// Starts a process of that part; it is not ready yet.
    pub(super) fn start(part: &Arc<Part>, around: &Arc<Around>) -> Self {
        let folder = tempfile::TempDir::with_prefix("deskhand-bench-").expect("a temporary folder");
        let (address, management) = (free_address(), free_address());
        let mut command = Command::new(binary());
        command.arg("serve").env_clear();
        command.envs(part.settings.iter().map(|(name, value)| (name, around.here(value))));
        command.envs(part.secrets.iter().filter_map(|name| around.secrets.get_key_value(name.as_str())));
        command.envs(around.settings.iter().cloned());
        command.env("DESKHAND_DATA_DIR", folder.path());
        command.env("DESKHAND_LISTEN", &address).env("DESKHAND_MANAGEMENT_LISTEN", &management);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
        let child = command.spawn().expect("the program starts");
        let (said, ready) = watch::channel(false);
        let mut watching = JoinSet::new();
        watching.spawn(watched(Arc::clone(part), Arc::clone(around), address.clone(), management, said));
        Self {
            part: Arc::clone(part),
            around: Arc::clone(around),
            child,
            address,
            ready,
            watching,
            _folder: folder,
        }
    }

    pub(super) async fn is_ready(&mut self) {
        self.ready.wait_for(|ready| *ready).await.expect("it starts");
    }

    /// Ends it: it is no endpoint any more, goes on for as long as preStop takes, is told to end, and is killed if it
    /// has not when its time is over.
    pub(super) async fn delete(self) -> End {
        let Self { part, around, mut child, address, mut watching, .. } = self;
        watching.abort_all();
        let deadline = Instant::now() + part.grace;
        let ends = async {
            sleep(part.pre_stop).await;
            let pid = child.id().expect("it runs").to_string();
            let told = Command::new("kill").arg(pid).status().await.expect("kill runs");
            assert!(told.success(), "it cannot be told to end");
            match timeout_at(deadline, child.wait()).await {
                Ok(status) if status.as_ref().is_ok_and(|status| status.success()) => End::Well,
                Ok(_) => End::Badly,
                Err(_) => {
                    child.kill().await.expect("it is killed");
                    End::Killed
                }
            }
        };
        tokio::join!(ends, learn(&part, &around, &address, false)).0
    }
}

/// Lets the balancer know, after a while.
async fn learn(part: &Part, around: &Around, address: &str, ready: bool) {
    sleep(LEARNED).await;
    let service = part.service.as_ref().map(|(name, _)| name);
    match service.and_then(|name| around.balancers.get(name)) {
        Some(balancer) if ready => balancer.add(address),
        Some(balancer) => balancer.remove(address),
        None => {}
    }
}

impl Probe {
    async fn ask(&self, http: &reqwest::Client, management: &str) -> bool {
        let asked = http.get(format!("http://{management}{}", self.path)).timeout(self.timeout).send().await;
        asked.is_ok_and(|answer| answer.status().is_success())
    }
}

/// Asks whether the process has started, and then for ever whether it is ready.
async fn watched(
    part: Arc<Part>,
    around: Arc<Around>,
    address: String,
    management: String,
    ready: watch::Sender<bool>,
) {
    let began = Instant::now();
    let http = super::client(false);
    let mut ticks = interval_at(began + part.startup.delay, part.startup.period);
    let mut bad = 0;
    loop {
        ticks.tick().await;
        if part.startup.ask(&http, &management).await {
            break;
        }
        bad += 1;
        assert!(bad < part.startup.failures, "{} does not start", part.name);
    }
    let probe = &part.readiness;
    let mut ticks = interval_at(began + probe.delay, probe.period);
    let (mut is_ready, mut others) = (false, 0);
    loop {
        ticks.tick().await;
        others = if probe.ask(&http, &management).await == is_ready { 0 } else { others + 1 };
        if others == if is_ready { probe.failures } else { probe.successes } {
            (is_ready, others) = (!is_ready, 0);
            ready.send_replace(is_ready);
            learn(&part, &around, &address, is_ready).await;
        }
    }
}
