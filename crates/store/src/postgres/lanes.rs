//! Lanes: transactions that jobs share which come at the same time.

use std::collections::{HashMap, VecDeque};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use domain::ids::WorkspaceId;
use futures_util::FutureExt;
use tokio::sync::oneshot;
use tracing::error;

use super::{Mode, Transaction, Work, begin_text, begin_with};
use crate::Error;
use crate::bus::{self, Claim};
use crate::job::{Job, Ran, Wants};
use crate::numbers::{Kind, Source};
use crate::tx::{Scope, Tx};

/// How long a transaction that was begun before its job is kept: longer than a round waits for the commit that both were
/// begun for.
const EXPECTED: Duration = Duration::from_millis(30);
/// How many transactions of one scope take jobs that may share one, side by side.
const LANES: usize = 2;
/// How many jobs share one at most.
const LANE_GROUP: usize = 32;
/// The mode of what is begun before it is known what for: an effect that shares the flush of the round that tells of it.
const AHEAD: Mode = Mode::Write { durable: false };

/// What jobs have to agree in to share a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Sharing {
    scope: Scope,
    /// Whether they handle events: a worker that was thought dead may hold their rows of the ledger, for which nobody
    /// else shall wait.
    handles: bool,
}

impl Sharing {
    fn of(job: &dyn Job) -> Self {
        let handles = matches!(job.wants(), Wants::Events(_));
        Self { scope: job.scope(), handles }
    }
}

/// Jobs that may share a transaction, and how many tasks take them now.
#[derive(Default)]
pub(super) struct Lanes {
    waiting: VecDeque<Box<dyn Job>>,
    running: usize,
    /// Of a lane that was opened before there was anything for it.
    expects: Option<oneshot::Sender<()>>,
}

/// What `jobs` claim, where their transaction may share the flushes that follow instead of waiting for one of its own:
/// nothing, unless each of them has one.
pub(super) fn sharing(jobs: &[Box<dyn Job>]) -> Vec<Claim> {
    let claims = jobs.iter().map(|job| match job.wants() {
        Wants::Events(claim) if claim.flush.as_ref().is_some_and(|flush| !flush.has_begun()) => {
            Some(claim.clone())
        }
        _ => None,
    });
    claims.collect::<Option<_>>().unwrap_or_default()
}

impl Work {
    /// Begins a transaction, and beside it takes a number for each of `kinds`, which it will want: what it does before
    /// it needs them, it does meanwhile.
    ///
    /// For lanes: they are tasks of their own, so that nobody drops this while it begins.
    async fn begin_with_numbers(&self, scope: Scope, mode: Mode, kinds: Vec<Kind>) -> Result<Tx, Error> {
        let transaction = begin_with(self.pool.clone(), begin_text(scope, mode));
        let Scope::Workspace(workspace) = scope else { return Ok(self.begun(transaction.await?, scope)) };
        if kinds.is_empty() {
            return Ok(self.begun(transaction.await?, scope));
        }
        let mut wanted: HashMap<(WorkspaceId, Kind), i64> = HashMap::new();
        for kind in kinds {
            *wanted.entry((workspace, kind)).or_default() += 1;
        }
        let (tell, coming) = oneshot::channel();
        self.tasks.spawn(Arc::clone(&self.numbers).fetch(wanted, tell));
        let mut tx = self.begun(transaction.await?, scope);
        if let Source::Taken { coming: slot, .. } = &mut tx.numbers {
            *slot = Some(coming);
        }
        Ok(tx)
    }

    /// Queues `job`, and opens another lane for what it can share a transaction with, where there are not all yet.
    pub(super) fn queue(work: &Arc<Self>, job: Box<dyn Job>) {
        let kind = Sharing::of(&*job);
        let mut all = work.lanes.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let lanes = all.entry(kind).or_default();
        lanes.waiting.push_back(job);
        let expected = lanes.expects.take().is_some_and(|expects| expects.send(()).is_ok());
        if !expected && lanes.running < LANES {
            lanes.running += 1;
            work.tasks.spawn(Arc::clone(work).lane(kind, None));
        }
    }

    /// Opens a lane for the effect of an event before there is one, and begins its transaction, where there is no such
    /// lane, and a connection rests that is not the last to be had.
    pub(super) fn expect_effect(work: &Arc<Self>, scope: Scope) {
        let kind = Sharing { scope, handles: true };
        let mut all = work.lanes.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let (rest, open) = (work.pool.num_idle(), work.pool.size());
        let is_last = rest == 1 && open >= work.pool.options().get_max_connections();
        if all.contains_key(&kind) || rest == 0 || is_last {
            return;
        }
        let (expects, comes) = oneshot::channel();
        all.insert(kind, Lanes { running: 1, expects: Some(expects), ..Lanes::default() });
        work.tasks.spawn(Arc::clone(work).lane(kind, Some(comes)));
    }

    /// The jobs for one transaction. Where there are none, this lane is over.
    fn next_group(&self, kind: Sharing) -> Vec<Box<dyn Job>> {
        let mut all = self.lanes.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let Some(lanes) = all.get_mut(&kind) else { return Vec::new() };
        let most = lanes.waiting.len().min(LANE_GROUP);
        let group: Vec<Box<dyn Job>> = lanes.waiting.drain(..most).collect();
        if group.is_empty() {
            lanes.running -= 1;
            if lanes.running == 0 {
                all.remove(&kind);
            }
        }
        group
    }

    /// Takes groups until nothing waits; where the first one is expected, in a transaction that is begun before it `comes`.
    async fn lane(self: Arc<Self>, kind: Sharing, comes: Option<oneshot::Receiver<()>>) {
        let mut ahead = None;
        if let Some(comes) = comes {
            let begun = begin_with(self.pool.clone(), begin_text(kind.scope, AHEAD)).await;
            let came = tokio::time::timeout(EXPECTED, comes).await;
            // What nobody came for is rolled back.
            ahead = begun.ok().filter(|_| came.is_ok());
        }
        loop {
            let group = self.next_group(kind);
            if group.is_empty() {
                return;
            }
            let ahead = ahead.take();
            let run = async {
                for job in self.together(kind, group, ahead).await {
                    self.alone(job).await;
                }
            };
            // The callers of what was dropped are told; those who wait go on.
            if AssertUnwindSafe(run).catch_unwind().await.is_err() {
                error!("a shared transaction panicked; this is a bug in Deskhand");
            }
        }
    }

    /// Runs `jobs` one after another in one transaction and tells their callers. Gives back those that have to
    /// run alone: all of them, if one failed after it had written something.
    async fn together(
        &self,
        Sharing { scope, .. }: Sharing,
        mut jobs: Vec<Box<dyn Job>>,
        ahead: Option<Transaction>,
    ) -> Vec<Box<dyn Job>> {
        let (mut numbers, mut claims) = (Vec::new(), Vec::new());
        for job in &jobs {
            match job.wants() {
                Wants::Nothing => {}
                Wants::Number(kind) => numbers.push(*kind),
                Wants::Events(claim) => claims.push(claim),
            }
        }
        let sharing = sharing(&jobs);
        let began = async {
            let mut tx = match ahead.filter(|_| !sharing.is_empty()) {
                Some(transaction) => self.begun(transaction, scope),
                None => {
                    let mode = Mode::Write { durable: sharing.is_empty() };
                    self.begin_with_numbers(scope, mode, numbers).await?
                }
            };
            (tx.shared, tx.sharing) = (true, sharing);
            if !claims.is_empty() {
                bus::take_together(&mut tx, &claims).await?;
            }
            Ok(tx)
        };
        let mut tx = match began.await {
            Ok(tx) => tx,
            Err(Error::Statement(_)) => return jobs,
            Err(error) => {
                jobs.into_iter().for_each(|job| job.tell(Err(error.clone())));
                return Vec::new();
            }
        };
        for job in &mut jobs {
            let ran = job.run(&mut tx).await;
            // Its rows of the ledger are written already: without its effect they must not stay.
            let left = match job.wants() {
                Wants::Events(claim) => ran != Ran::Keep || tx.taken.has(claim),
                _ => false,
            };
            if ran == Ran::Spoiled || left {
                return jobs;
            }
        }
        match self.commit(tx).await {
            // The database has refused something of one of them.
            Err(Error::Statement(_)) => jobs,
            committed => {
                jobs.into_iter().for_each(|job| job.tell(committed.clone()));
                Vec::new()
            }
        }
    }
}
