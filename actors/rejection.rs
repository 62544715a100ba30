//! The one way to say no to somebody: what kind of no, a stable code, and what to do next. Whoever
//! asks over HTTP, through a door, over MCP or in the command line gets the same; each protocol
//! has one table from kinds to its own.

use std::borrow::Cow;

use events::aggregate::{Refusal, RefusalKind};
use events::stream::StreamId;

use crate::host::ExecuteError;
use crate::ports::PortError;

/// Why a request was not carried out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Rejection {
    /// What sort of answer it is.
    pub kind: RejectionKind,
    /// A stable code for wires and tests; the class of a container that did not start is one as
    /// well.
    pub code: Cow<'static, str>,
    /// What was wrong and what to do, for people.
    pub message: String,
}

/// What sort of answer a rejection is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RejectionKind {
    /// What was named is not there.
    NotFound,
    /// What was given cannot be, whatever the state.
    Invalid,
    /// What was given is more than what is taken.
    TooLarge,
    /// Not as things are.
    Conflict,
    /// A precondition that the caller named does not hold.
    Moved,
    /// Something else was first: the same request, planned again, may go through.
    Stale,
    /// Nothing is wrong with the request: the same may go through later.
    Later,
}

impl Rejection {
    /// Something that is not there.
    pub fn not_found(code: impl Into<Cow<'static, str>>, message: impl std::fmt::Display) -> Self {
        Self::new(RejectionKind::NotFound, code, message)
    }

    /// Something that cannot be.
    pub fn invalid(message: impl std::fmt::Display) -> Self {
        Self::new(RejectionKind::Invalid, "invalid", message)
    }

    /// Something that cannot be, for a reason that has a code of its own.
    pub fn unfit(code: impl Into<Cow<'static, str>>, message: impl std::fmt::Display) -> Self {
        Self::new(RejectionKind::Invalid, code, message)
    }

    /// More than what is taken.
    pub fn too_large(message: impl std::fmt::Display) -> Self {
        Self::new(RejectionKind::TooLarge, "too_large", message)
    }

    /// Something that is not possible as things are.
    pub fn conflict(code: impl Into<Cow<'static, str>>, message: impl std::fmt::Display) -> Self {
        Self::new(RejectionKind::Conflict, code, message)
    }

    /// Something that is not possible right now.
    pub fn later(code: impl Into<Cow<'static, str>>, message: impl std::fmt::Display) -> Self {
        Self::new(RejectionKind::Later, code, message)
    }

    /// A stream that is not where the caller looked at it.
    pub fn moved(stream: &StreamId) -> Self {
        let message =
            format!("{stream} has changed since you looked at it: read it again and decide anew");
        Self::new(RejectionKind::Moved, "precondition_failed", message)
    }

    /// What the rules do not allow.
    pub fn refused(refusal: &impl Refusal) -> Self {
        ExecuteError::refused(refusal).into()
    }

    fn new(
        kind: RejectionKind,
        code: impl Into<Cow<'static, str>>,
        message: impl std::fmt::Display,
    ) -> Self {
        Self {
            kind,
            code: code.into(),
            message: message.to_string(),
        }
    }

    /// Whether the same request may go through when it is sent again: nobody decided against it.
    pub fn is_passing(&self) -> bool {
        match self.kind {
            RejectionKind::Stale | RejectionKind::Later => true,
            RejectionKind::NotFound
            | RejectionKind::Invalid
            | RejectionKind::TooLarge
            | RejectionKind::Conflict
            | RejectionKind::Moved => false,
        }
    }
}

impl From<RefusalKind> for RejectionKind {
    fn from(kind: RefusalKind) -> Self {
        match kind {
            RefusalKind::NotFound => Self::NotFound,
            RefusalKind::Invalid => Self::Invalid,
            RefusalKind::TooLarge => Self::TooLarge,
            RefusalKind::Conflict => Self::Conflict,
        }
    }
}

impl From<ExecuteError> for Rejection {
    fn from(error: ExecuteError) -> Self {
        let (kind, code) = match &error {
            ExecuteError::Refused { kind, code, .. } => ((*kind).into(), *code),
            ExecuteError::Stale { .. } => (RejectionKind::Stale, "stale"),
            ExecuteError::IdReused => (RejectionKind::Invalid, "id_reused"),
            ExecuteError::Quarantined { .. } => (RejectionKind::Conflict, "stream_quarantined"),
            ExecuteError::Busy => (RejectionKind::Later, "busy"),
            ExecuteError::Unknown(_) => (RejectionKind::Later, "outcome_unknown"),
            ExecuteError::Unavailable(_) => (RejectionKind::Later, "log_unavailable"),
        };
        Self::new(kind, code, error)
    }
}

impl From<PortError> for Rejection {
    fn from(error: PortError) -> Self {
        let kind = match error {
            PortError::Transient(_) => RejectionKind::Later,
            PortError::Permanent(_) => RejectionKind::Invalid,
        };
        Self::new(kind, "not_possible", error)
    }
}
