//! A request's body on its way to the api, which stays with who sends it: where no byte of it was asked for, it can be
//! sent again.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use http_body::{Frame, SizeHint};
use http_body_util::LengthLimitError;
use tower_http::timeout::TimeoutBody;

/// How long the next part of a body may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// What became of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// Nobody asked for it yet.
    Untouched,
    /// Some of it may have been sent.
    Sent,
    /// It is larger than bodies may be.
    TooLarge,
    /// It broke off, or did not come.
    Broken,
}

struct Inner {
    body: Body,
    /// How long it says that it is, before any of it was read.
    length: SizeHint,
    fate: Fate,
}

/// A body that its sender keeps.
#[derive(Clone)]
pub(super) struct Kept(Arc<Mutex<Inner>>);

impl Kept {
    pub(super) fn new(body: Body) -> Self {
        let length = body.size_hint();
        let body = if body.is_end_stream() { body } else { Body::new(TimeoutBody::new(PATIENCE, body)) };
        Self(Arc::new(Mutex::new(Inner { body, length, fate: Fate::Untouched })))
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn fate(&self) -> Fate {
        self.inner().fate
    }
}

fn is_too_large(error: &axum::Error) -> bool {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if error.is::<LengthLimitError>() {
            return true;
        }
        cause = error.source();
    }
    false
}

impl HttpBody for Kept {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let mut inner = self.inner();
        if inner.fate == Fate::Untouched {
            inner.fate = Fate::Sent;
        }
        let polled = Pin::new(&mut inner.body).poll_frame(context);
        if let Poll::Ready(Some(Err(error))) = &polled {
            inner.fate = if is_too_large(error) { Fate::TooLarge } else { Fate::Broken };
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.inner().body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner().length
    }
}
