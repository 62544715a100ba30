//! The port to the log: append under expectations, read by stream, read by position.
//!
//! An append writes one stream and may be conditioned on others. Its outcome is one of: recorded, a
//! conflict that names the stream, a repetition of a command already answered, busy, or *unknown*:
//! then the truth is in the log and nowhere else.

use std::sync::Arc;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::cause::Cause;
use crate::codec::{EventCodec, Kind};
use crate::envelope::Envelope;
use crate::id::{CommandId, Digest, Timestamp};
use crate::stream::{Position, StreamId, Version};

/// Most events one append may carry: a decision that needs more is several decisions.
pub const EVENTS_PER_APPEND_MAX: usize = 256;

/// Answers to commands that are remembered at least: whoever asks again does so after a lost
/// connection or a restart.
pub const ANSWERS_KEPT: u64 = 250_000;
/// Time for which they are, in microseconds of recorded time: thirty days. Answers beyond either
/// bound may be forgotten.
pub const ANSWERS_KEPT_FOR: i64 = 30 * 24 * 60 * 60 * 1_000_000;

/// An event on its way into the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEvent {
    /// Stored name and schema.
    pub kind: Kind,
    /// Named MessagePack map.
    pub payload: Vec<u8>,
}

impl NewEvent {
    /// Encodes one event.
    pub fn of<E: EventCodec>(event: &E) -> Self {
        Self {
            kind: event.kind(),
            payload: event.encode(),
        }
    }
}

/// A request to record.
#[derive(Debug, Clone)]
pub struct Append {
    /// The one stream that is written.
    pub stream: StreamId,
    /// The version the writer decided on.
    pub expected: Version,
    /// Preconditions: streams that must still be where the caller saw them.
    pub also_expect: Vec<(StreamId, Version)>,
    /// 1 to 256 events.
    pub events: Vec<NewEvent>,
    /// Answered once; a repetition gets the stored receipt.
    pub command: CommandId,
    /// Digest of the command's body: the same id with another body is refused.
    pub body: Digest,
    /// The cause: who asked, as part of what, after what.
    pub cause: Cause,
    /// W3C trace id, if any.
    pub trace: Option<String>,
    /// The host's clock; the log records it, or the time of the last event if that is later.
    pub at: Timestamp,
}

/// Proof of append: where the last event of the command stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// Written stream.
    pub stream: StreamId,
    /// Its version after the append.
    pub version: Version,
    /// Position of the last event.
    pub position: Position,
}

/// Why nothing was appended, or why that is not known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AppendError {
    /// The written stream is elsewhere.
    #[error("{stream} is at version {actual}, not {expected}")]
    Conflict {
        /// Written stream.
        stream: StreamId,
        /// What the writer thought.
        expected: Version,
        /// The version that the stream has.
        actual: Version,
    },
    /// A precondition does not hold.
    #[error("precondition {stream} is at version {actual}, not {expected}")]
    Precondition {
        /// The precondition's stream.
        stream: StreamId,
        /// What the caller saw.
        expected: Version,
        /// The version that the stream has.
        actual: Version,
    },
    /// The command id is known.
    #[error("command already recorded at position {}", receipt.position)]
    Repeated {
        /// The stored answer.
        receipt: Receipt,
        /// Whether the body is the one of the first time.
        same_body: bool,
    },
    /// The queue is full; nothing was taken.
    #[error("the log's queue is full; try again")]
    Busy,
    /// The request breaks a bound of the log.
    #[error("append refused: {0}")]
    Invalid(String),
    /// Nothing can be recorded at the moment; nothing was.
    #[error("nothing was recorded: {0}")]
    NotNow(String),
    /// The commit's outcome is not known: read the log.
    #[error("outcome unknown: {0}; read the log before anything else")]
    Unknown(String),
    /// The log takes no more appends.
    #[error("the log is closed: {0}")]
    Closed(String),
}

/// The reason why the log could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("reading the log failed: {0}")]
pub struct ReadError(pub String);

/// The newest place of a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// Last position, 0 when empty.
    pub position: Position,
    /// Digest of the last event, or the genesis digest.
    pub digest: Digest,
}

/// What is kept of an accepted command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remembered {
    /// The first answer.
    pub receipt: Receipt,
    /// Digest of its body.
    pub body: Digest,
}

/// The append-only truth.
#[async_trait]
pub trait EventLog: Send + Sync {
    /// This log's own id; part of its genesis digest.
    fn id(&self) -> String;
    /// Ends writing in order: what was asked for before is recorded, what comes after is answered
    /// `Closed`. Reading goes on.
    async fn close(&self) {}
    /// Records, or says why not. The answer comes after the events are durable.
    async fn append(&self, append: Append) -> Result<Receipt, AppendError>;
    /// Whether something could be recorded now. Where the last append failed, writing is tried.
    ///
    /// # Errors
    /// Why not.
    async fn ready(&self) -> Result<(), AppendError> {
        Ok(())
    }
    /// Events of one stream after a version, oldest first, at most `limit`.
    async fn read_stream(
        &self,
        stream: &StreamId,
        after: Version,
        limit: usize,
    ) -> Result<Vec<Envelope>, ReadError>;
    /// Events of all streams after a position, oldest first, at most `limit`.
    async fn read_all(&self, after: Position, limit: usize) -> Result<Vec<Envelope>, ReadError>;
    /// The events of all streams right after a position, when this process made them durable a
    /// moment ago and has them at hand. `None` says nothing: read them.
    fn recent(&self, _after: Position) -> Option<Arc<Vec<Envelope>>> {
        None
    }
    /// The newest place.
    async fn head(&self) -> Result<Head, ReadError>;
    /// The stored answer to a command id, if it was accepted.
    async fn remembered(&self, command: CommandId) -> Result<Option<Remembered>, ReadError>;
}

impl Append {
    /// The bounds every log holds: event count and payload size.
    pub fn check_bounds(&self) -> Result<(), AppendError> {
        let count = self.events.len();
        if count == 0 || count > EVENTS_PER_APPEND_MAX {
            return Err(AppendError::Invalid(format!(
                "{count} events, 1 to {EVENTS_PER_APPEND_MAX} are allowed"
            )));
        }

        let largest = self
            .events
            .iter()
            .map(|e| e.payload.len())
            .max()
            .unwrap_or(0);
        if largest > crate::envelope::PAYLOAD_MAX {
            let max = crate::envelope::PAYLOAD_MAX;
            return Err(AppendError::Invalid(format!(
                "a payload of {largest} bytes, at most {max} are allowed; store it as a blob"
            )));
        }

        Ok(())
    }
}

impl Append {
    /// Compares every expectation with where the streams are.
    pub fn check_expectations(
        &self,
        version_of: impl Fn(&StreamId) -> Version,
    ) -> Result<(), AppendError> {
        let actual = version_of(&self.stream);
        if actual != self.expected {
            return Err(AppendError::Conflict {
                stream: self.stream.clone(),
                expected: self.expected,
                actual,
            });
        }

        for (stream, expected) in &self.also_expect {
            let actual = version_of(stream);
            if actual != *expected {
                return Err(AppendError::Precondition {
                    stream: stream.clone(),
                    expected: *expected,
                    actual,
                });
            }
        }

        Ok(())
    }

    /// The envelopes this append becomes after `head`, whose event was recorded at `last_at`:
    /// gapless, chained, never back in time.
    pub fn envelopes(&self, head: Head, last_at: Timestamp) -> Vec<Envelope> {
        let mut digest = head.digest;
        let mut recorded = Vec::with_capacity(self.events.len());

        for (event, n) in self.events.iter().zip(1..) {
            let mut envelope = Envelope {
                position: Position(head.position.0 + n),
                stream: self.stream.clone(),
                version: Version(self.expected.0 + n),
                kind: event.kind.name.into(),
                schema: event.kind.schema,
                at: self.at.max(last_at),
                cause: self.cause.clone(),
                command: self.command,
                trace: self.trace.clone(),
                payload: event.payload.clone(),
                digest: Digest::default(),
            };
            envelope.digest = envelope.chained(digest);
            digest = envelope.digest;
            recorded.push(envelope);
        }

        recorded
    }
}

#[cfg(test)]
mod tests;
