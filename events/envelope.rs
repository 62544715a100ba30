//! An event as recorded: its place, time, cause and the digest that chains it to everything before it.

use serde::{Deserialize, Serialize};

use crate::cause::Cause;
use crate::id::{CommandId, Digest, Timestamp};
use crate::stream::{Position, StreamId, Version};

/// Largest payload in bytes; bigger things belong into the blob store, and the event names their digest.
pub const PAYLOAD_MAX: usize = 64 * 1024;

/// One recorded event, payload still encoded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Envelope {
    /// Place in the log.
    pub position: Position,
    /// Whose event.
    pub stream: StreamId,
    /// Place in the stream.
    pub version: Version,
    /// Stored name, `noun.verb`.
    pub kind: String,
    /// Schema number of the payload.
    pub schema: u16,
    /// When it was recorded; never earlier than the event before it.
    pub at: Timestamp,
    /// Who and why.
    pub cause: Cause,
    /// The command that brought it.
    pub command: CommandId,
    /// W3C trace id, if the caller sent one.
    pub trace: Option<String>,
    /// A named MessagePack map.
    #[serde(with = "serde_bytes")]
    pub payload: Vec<u8>,
    /// Chains this event to the one before it.
    pub digest: Digest,
}

/// The digest that an empty log starts from; it carries the log's own id, so that two logs never share a chain.
pub fn genesis(log_id: &str) -> Digest {
    let mut hasher = blake3::Hasher::new_derive_key("supercargo 2026 log genesis");
    hasher.update(log_id.as_bytes());
    Digest(*hasher.finalize().as_bytes())
}

impl Envelope {
    /// The digest this envelope must carry after `before`. Covers every column; texts are length-prefixed so that no two
    /// different envelopes feed the same bytes.
    pub fn chained(&self, before: Digest) -> Digest {
        let mut hasher = blake3::Hasher::new_derive_key("supercargo 2026 event chain");
        let mut text = |t: &str| {
            hasher.update(&(t.len() as u64).to_le_bytes());
            hasher.update(t.as_bytes());
        };
        text(&self.stream.to_string());
        text(&self.kind);
        text(&self.cause.principal.to_string());
        text(self.trace.as_deref().unwrap_or(""));
        hasher.update(&before.0);
        hasher.update(&self.position.0.to_le_bytes());
        hasher.update(&self.version.0.to_le_bytes());
        hasher.update(&self.schema.to_le_bytes());
        hasher.update(&self.at.0.to_le_bytes());
        hasher.update(&self.cause.correlation.0);
        hasher.update(&self.cause.causation.unwrap_or_default().0.to_le_bytes());
        hasher.update(&self.command.0);
        hasher.update(&Digest::of(&self.payload).0);
        Digest(*hasher.finalize().as_bytes())
    }
}
