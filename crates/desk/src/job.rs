//! What a use case's transaction is given, and what it leaves behind: events, answers to repeat, undo.

use domain::event::data::{Body, Change};
use domain::ids::{EventId, UndoId};
use domain::{Caller, Envelope, EventType, Via};
use serde::Serialize;
use serde::de::DeserializeOwned;
use store::bus::Delivery;
use store::{Scope, Tx, Work};
use tracing::{Instrument as _, Span, debug_span};
use uuid::Uuid;

use crate::error::{Error, Result};
use crate::{Desk, UseCase, authority, undo};

/// What a transaction's code is given: it borrows from here and captures nothing.
pub(crate) struct Job<I> {
    pub(crate) desk: Desk,
    pub(crate) caller: Caller,
    pub(crate) input: I,
}

/// What a use case did, and what undoes it.
#[derive(Debug, Clone, PartialEq)]
pub struct Done<T> {
    /// The result.
    pub value: T,
    /// What undoes it, where it can be undone and the caller is a person who could ask for it.
    pub undo: Option<UndoId>,
}

impl<I> Job<I> {
    /// Appends the event that `kind` happened to `subject`, which has `version` now.
    pub(crate) async fn record<T: Serialize>(
        &self,
        tx: &mut Tx,
        kind: EventType,
        subject: impl Into<Uuid>,
        version: i64,
        snapshot: T,
        changes: Vec<Change>,
    ) -> Result<EventId> {
        let id = EventId(self.desk.ids.next());
        let data = serde_json::to_value(Body { snapshot, changes })
            .map_err(|error| store::Error::Corrupt { what: "event", found: error.to_string() })?;
        let event = Envelope {
            id,
            kind,
            schema_version: kind.schema_version().to_owned(),
            workspace_id: self.caller.workspace,
            subject_id: subject.into(),
            sequence: version,
            occurred_at: tx.now(),
            correlation_id: self.caller.correlation_id,
            traceparent: trace::current(),
            actor: self.caller.actor_ref(),
            data,
        };
        store::outbox::append(tx, &event)?;
        Ok(id)
    }

    /// Keeps what undoes this, for callers that are people at the page or in the chat box.
    pub(crate) async fn undoable(
        &self,
        tx: &mut Tx,
        text: String,
        operation: undo::Operation,
    ) -> Result<Option<UndoId>> {
        let Some(member) = self.caller.member().filter(|_| matches!(self.caller.via, Via::Page | Via::Say))
        else {
            return Ok(None);
        };
        let id = UndoId(self.desk.ids.next());
        let operation = serde_json::to_value(operation)
            .map_err(|error| store::Error::Corrupt { what: "undo", found: error.to_string() })?;
        store::undo::insert(tx, id, member, &text, &operation).await?;
        Ok(Some(id))
    }
}

/// A use case that was asked for.
fn span_of(what: UseCase, caller: &Caller) -> Span {
    debug_span!(
        "use case",
        otel.name = what.as_str(),
        otel.status_code = tracing::field::Empty,
        workspace.id = %caller.workspace,
    )
}

/// Runs `work` in `span`, and says there if it failed. That somebody may not do a thing, or not now, is no failure.
async fn within<T>(span: Span, work: impl Future<Output = Result<T>>) -> Result<T> {
    let result = work.instrument(span.clone()).await;
    if let Err(Error::Store(_)) = result {
        span.record("otel.status_code", "ERROR");
    }
    result
}

impl Desk {
    /// Runs a use case's transaction, if `caller` may do `what`.
    pub(crate) async fn write<I, T, F>(&self, caller: &Caller, what: UseCase, input: I, work: F) -> Result<T>
    where
        I: Send + Sync + 'static,
        T: Send + 'static,
        F: for<'t> Fn(&'t mut Tx, &'t Job<I>) -> Work<'t, T, Error> + Send + Sync + 'static,
    {
        authority::require(caller, what)?;
        let job = Job { desk: self.clone(), caller: caller.clone(), input };
        within(span_of(what, caller), self.store.write(caller, job, work)).await
    }

    /// Like [`write`](Self::write), for what creates a record: a repeated idempotency key gets the first answer.
    pub(crate) async fn create<I, T, F>(&self, caller: &Caller, what: UseCase, input: I, work: F) -> Result<T>
    where
        I: Send + Sync + 'static,
        T: Serialize + DeserializeOwned + Send + 'static,
        F: for<'t> Fn(&'t mut Tx, &'t Job<I>) -> Work<'t, T, Error> + Send + Sync + 'static,
    {
        let Some(key) = caller.idempotency.clone() else {
            return self.write(caller, what, input, work).await;
        };
        authority::require(caller, what)?;
        let actor = caller.actor_ref();
        let actor = actor.id.map_or(actor.kind, |id| id.to_string());
        let job = Job { desk: self.clone(), caller: caller.clone(), input };
        let everything = (job, actor, key, work);
        let written = self.store.write(caller, everything, |tx, (job, actor, key, work)| {
            Box::pin(async move {
                // The row is made first: a twin of this request waits here, then finds the answer.
                if let Some(found) = store::idempotency::begin(tx, actor, key).await? {
                    if found.request_hash != key.request_hash {
                        return Err(Error::KeyReused);
                    }
                    return serde_json::from_str(&found.answer).map_err(|error| {
                        Error::Store(store::Error::Corrupt { what: "kept answer", found: error.to_string() })
                    });
                }
                let value = work(tx, job).await?;
                let answer = serde_json::to_string(&value).map_err(|error| {
                    Error::Store(store::Error::Corrupt { what: "answer", found: error.to_string() })
                })?;
                store::idempotency::finish(tx, actor, &key.key, &answer).await?;
                Ok(value)
            })
        });
        within(span_of(what, caller), written).await
    }

    /// Like [`create`](Self::create), for what only adds rows, one of them with a number of `kind`, and waits for
    /// nobody's lock, so that many may share a transaction.
    pub(crate) async fn add<I, T, F>(
        &self,
        caller: &Caller,
        what: UseCase,
        kind: store::Kind,
        input: I,
        work: F,
    ) -> Result<T>
    where
        I: Send + Sync + 'static,
        T: Serialize + DeserializeOwned + Send + 'static,
        F: for<'t> Fn(&'t mut Tx, &'t Job<I>) -> Work<'t, T, Error> + Send + Sync + 'static,
    {
        if caller.idempotency.is_some() {
            // The key's row is waited for.
            return self.create(caller, what, input, work).await;
        }
        authority::require(caller, what)?;
        let job = Job { desk: self.clone(), caller: caller.clone(), input };
        within(span_of(what, caller), self.store.add(caller, store::Wants::Number(kind), job, work)).await
    }

    /// Runs the effect of an event on a group, once: the inbox ledger's row is part of the transaction.
    ///
    /// Errors with [`Error::Handled`] where it was done before, or the worker has lost its partition.
    pub(crate) async fn handle<I, T, F>(
        &self,
        delivery: &Delivery,
        caller: &Caller,
        input: I,
        work: F,
    ) -> Result<T>
    where
        I: Send + Sync + 'static,
        T: Send + 'static,
        F: for<'t> Fn(&'t mut Tx, &'t Job<I>) -> Work<'t, T, Error> + Send + Sync + 'static,
    {
        let job = Job { desk: self.clone(), caller: caller.clone(), input };
        let effect = debug_span!(
            "effect",
            otel.status_code = tracing::field::Empty,
            deskhand.group = delivery.group,
            workspace.id = %caller.workspace,
        );
        let input = (job, delivery.clone(), work);
        let written = self.store.handle(caller, delivery.wanted(), input, |tx, (job, delivery, work)| {
            Box::pin(async move {
                delivery.take(tx).await?;
                work(tx, job).await
            })
        });
        within(effect, written).await
    }

    /// Runs a transaction that only reads, if `caller` may do `what`.
    pub(crate) async fn read<I, T, F>(&self, caller: &Caller, what: UseCase, input: I, work: F) -> Result<T>
    where
        I: Send + Sync,
        T: Send,
        F: for<'t> Fn(&'t mut Tx, &'t I) -> Work<'t, T, Error> + Send + Sync,
    {
        authority::require(caller, what)?;
        within(span_of(what, caller), self.store.read(caller, input, work)).await
    }

    /// Runs a transaction of Deskhand itself, which is in no one workspace.
    pub(crate) async fn system<I, T, F>(&self, input: I, work: F) -> Result<T>
    where
        I: Send + Sync + 'static,
        T: Send + 'static,
        F: for<'t> Fn(&'t mut Tx, &'t I) -> Work<'t, T, Error> + Send + Sync + 'static,
    {
        self.store.write(Scope::System, input, work).await
    }
}
