//! A transaction that waits for its turn: run, perhaps more than once, and then its caller is told.

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::sync::oneshot;
use tracing::{Instrument as _, Span};

use crate::bus::Claim;
use crate::numbers::Kind;
use crate::tx::{Scope, Tx, Work};
use crate::{Error, Failure};

/// What work will want that shares a transaction with others, so that it is got for all of them together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wants {
    /// Nothing.
    Nothing,
    /// A short number.
    Number(Kind),
    /// These events, which it takes with [`take_all`](crate::bus::take_all): all of them, or none.
    Events(Claim),
}

/// What became of one run of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ran {
    /// It is to be kept.
    Keep,
    /// It failed before it wrote anything: there is nothing to take back.
    Untouched,
    /// It failed, and what it wrote has to be taken back.
    Spoiled,
}

/// A caller's transaction.
pub(crate) trait Job: Send {
    fn scope(&self) -> Scope;

    /// Whether it has to reach the disk before its caller is told.
    fn is_durable(&self) -> bool;

    /// What is got for it before it runs, where it shares a transaction.
    fn wants(&self) -> &Wants;

    /// Runs the work once and keeps its result here.
    fn run<'a>(&'a mut self, tx: &'a mut Tx) -> BoxFuture<'a, Ran>;

    /// Whether the last run failed in a way that another one may not.
    fn wants_retry(&self) -> bool;

    /// Tells the caller: the last run's result, or why that could not be committed.
    fn tell(self: Box<Self>, committed: Result<(), Error>);
}

struct Typed<I, T, E, F> {
    scope: Scope,
    durable: bool,
    wants: Wants,
    input: I,
    work: F,
    /// Where its caller is: the work may run in another task.
    span: Span,
    result: Option<Result<T, E>>,
    tell: oneshot::Sender<Result<T, E>>,
}

/// The job that runs `work`, and where its caller waits.
pub(crate) fn job<I, T, E, F>(
    scope: Scope,
    durable: bool,
    wants: Wants,
    input: I,
    work: F,
) -> (Box<dyn Job>, oneshot::Receiver<Result<T, E>>)
where
    I: Send + Sync + 'static,
    T: Send + 'static,
    E: Failure,
    F: for<'t> Fn(&'t mut Tx, &'t I) -> Work<'t, T, E> + Send + Sync + 'static,
{
    let (tell, told) = oneshot::channel();
    (Box::new(Typed { scope, durable, wants, input, work, span: Span::current(), result: None, tell }), told)
}

impl<I, T, E, F> Job for Typed<I, T, E, F>
where
    I: Send + Sync + 'static,
    T: Send + 'static,
    E: Failure,
    F: for<'t> Fn(&'t mut Tx, &'t I) -> Work<'t, T, E> + Send + Sync + 'static,
{
    fn scope(&self) -> Scope {
        self.scope
    }

    fn is_durable(&self) -> bool {
        self.durable
    }

    fn wants(&self) -> &Wants {
        &self.wants
    }

    fn run<'a>(&'a mut self, tx: &'a mut Tx) -> BoxFuture<'a, Ran> {
        Box::pin(async move {
            let mark = tx.begin_job(self.scope);
            // A panic must not take the others' writes along.
            let work = AssertUnwindSafe(async { (self.work)(tx, &self.input).await }).catch_unwind();
            let result = match work.instrument(self.span.clone()).await {
                Ok(result) => result,
                Err(_) => Err(E::from(Error::GivenUp("its code panicked; this is a bug in Deskhand"))),
            };
            let ran = match &result {
                Ok(_) => Ran::Keep,
                Err(error) if !tx.wrote && error.store().is_none() => Ran::Untouched,
                Err(_) => Ran::Spoiled,
            };
            if ran != Ran::Keep {
                tx.forget_since(mark);
            }
            self.result = Some(result);
            ran
        })
    }

    fn wants_retry(&self) -> bool {
        matches!(&self.result, Some(Err(error)) if error.store().is_some_and(Error::wants_retry))
    }

    fn tell(self: Box<Self>, committed: Result<(), Error>) {
        let answer = match (self.result, committed) {
            (_, Err(error)) => Err(E::from(error)),
            (Some(Err(failure)), _) => Err(failure),
            (Some(Ok(value)), Ok(())) => Ok(value),
            (None, Ok(())) => Err(E::from(Error::GivenUp("it did not run"))),
        };
        // The caller may have gone; what was committed stays committed.
        let _ = self.tell.send(answer);
    }
}
