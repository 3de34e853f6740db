//! Why a use case did not do what was asked, in words that the asker can act on.

use domain::caller::Role;
use domain::ids::MemberId;
use domain::text::TextError;

/// What is wrong with one field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// The field's name on the wire.
    pub field: String,
    /// What is wrong and what is allowed, without the field's name and without a full stop.
    pub message: String,
}

/// Why a use case did not do what was asked. Nothing was changed.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The caller's role does not allow it.
    #[error("{} may not do this", .role.map_or("this caller", Role::as_str))]
    Forbidden {
        /// The caller's role, where it is a member.
        role: Option<Role>,
    },
    /// Nobody is signed in, or the session or token is over.
    #[error("sign in first")]
    Unauthenticated,
    /// E-mail and password do not belong together, or the member is inactive.
    #[error("the e-mail address or the password is wrong")]
    BadCredentials,
    /// The one-time link is unknown, used or too old.
    #[error("this link is no longer valid; ask for a new one")]
    BadLink,
    /// There is none of that id in this workspace.
    #[error("there is no such {0}")]
    NotFound(&'static str),
    /// Fields that cannot be accepted.
    #[error("{}", describe(.0))]
    Invalid(Vec<FieldError>),
    /// The record was changed since it was read.
    #[error("the {kind} was changed meanwhile; it is at version {version} now")]
    Stale {
        /// What kind of record.
        kind: &'static str,
        /// The version it has now.
        version: i64,
    },
    /// Somebody else has the conversation.
    #[error("{name} has this conversation already")]
    AlreadyClaimed {
        /// Who.
        id: MemberId,
        /// The name.
        name: String,
    },
    /// The record's state does not allow it; `code` is stable.
    #[error("{detail}")]
    Conflict {
        /// A word for programs.
        code: &'static str,
        /// A sentence for people.
        detail: String,
    },
    /// The idempotency key was used for another request.
    #[error("this Idempotency-Key was used for another request")]
    KeyReused,
    /// The event was handled before; there is nothing to do.
    #[error("the event was handled before")]
    Handled,
    /// The database failed.
    #[error("the database failed")]
    Store(#[source] store::Error),
}

/// What a use case gives.
pub type Result<T, E = Error> = std::result::Result<T, E>;

fn describe(errors: &[FieldError]) -> String {
    let parts: Vec<String> =
        errors.iter().map(|error| format!("{} {}", error.field, error.message)).collect();
    parts.join("; ")
}

impl Error {
    /// One field that cannot be accepted.
    pub fn field(field: &str, message: impl Into<String>) -> Self {
        Self::Invalid(vec![FieldError { field: field.to_owned(), message: message.into() }])
    }

    /// Whether the same call would fail again, whatever else changes.
    pub fn is_lasting(&self) -> bool {
        matches!(
            self,
            Self::Forbidden { .. }
                | Self::NotFound(_)
                | Self::Invalid(_)
                | Self::Store(store::Error::Corrupt { .. })
        )
    }

    /// A state that does not allow what was asked.
    pub fn conflict(code: &'static str, detail: impl Into<String>) -> Self {
        Self::Conflict { code, detail: detail.into() }
    }
}

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Self {
        match error {
            store::Error::Cursor => Self::field("cursor", "is not one that this list gave out"),
            store::Error::Stale => Self::Handled,
            error => Self::Store(error),
        }
    }
}

impl store::Failure for Error {
    fn store(&self) -> Option<&store::Error> {
        match self {
            Self::Store(error) => Some(error),
            _ => None,
        }
    }
}

/// Errors with [`Error::Stale`] where `expected` names versions and `version`, which the `kind` of record has
/// now, is none of them.
pub(crate) fn require_version(expected: Option<&[i64]>, kind: &'static str, version: i64) -> Result<()> {
    match expected {
        Some(expected) if !expected.contains(&version) => Err(Error::Stale { kind, version }),
        _ => Ok(()),
    }
}

/// Gathers what is wrong with several fields, so that all of it is said at once.
#[derive(Debug, Default)]
pub struct Check(Vec<FieldError>);

impl Check {
    /// Nothing found yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Notes that `field` cannot be accepted.
    pub fn refuse(&mut self, field: &str, message: impl Into<String>) {
        self.0.push(FieldError { field: field.to_owned(), message: message.into() });
    }

    /// The text, or a note and an empty one.
    pub fn text(&mut self, field: &str, text: std::result::Result<String, TextError>) -> String {
        text.unwrap_or_else(|error| {
            self.refuse(field, error.to_string());
            String::new()
        })
    }

    /// Everything that was found, as an error, if there is any.
    pub fn done(self) -> Result<()> {
        if self.0.is_empty() { Ok(()) } else { Err(Error::Invalid(self.0)) }
    }
}
