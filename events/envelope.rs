//! An event as recorded: its place, time, cause and the digest that chains it to everything before
//! it.

use std::fmt;
use std::io::Write;
use std::sync::LazyLock;

use blake3::hazmat::{ContextKey, HasherExt, hash_derive_key_context};
use serde::{Deserialize, Serialize};

use crate::cause::Cause;
use crate::id::{CommandId, Digest, Timestamp};
use crate::name::Name;
use crate::stream::{Position, StreamId, Version};

/// Largest payload in bytes; bigger things belong into the blob store, and the event names their
/// digest.
pub const PAYLOAD_MAX: usize = 64 * 1024;

/// One recorded event, payload still encoded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Envelope {
    /// Place in the log.
    pub position: Position,
    /// The stream that the event belongs to.
    pub stream: StreamId,
    /// Place in the stream.
    pub version: Version,
    /// Stored name, `noun.verb`.
    pub kind: Name,
    /// Schema number of the payload.
    pub schema: u16,
    /// When it was recorded; never earlier than the event before it.
    pub at: Timestamp,
    /// The cause: who asked, as part of what, after what.
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

/// The digest that an empty log starts from; it carries the log's own id, so that two logs never
/// share a chain.
pub fn genesis(log_id: &str) -> Digest {
    let mut hasher = blake3::Hasher::new_derive_key("supercargo 2026 log genesis");
    hasher.update(log_id.as_bytes());
    Digest(*hasher.finalize().as_bytes())
}

impl Envelope {
    /// The digest this envelope must carry after `before`. Covers every column; texts are
    /// length-prefixed so that no two different envelopes feed the same bytes.
    pub fn chained(&self, before: Digest) -> Digest {
        let mut bytes = Vec::with_capacity(CHAINED);
        text(&mut bytes, &self.stream);
        text(&mut bytes, &self.kind);
        text(&mut bytes, &self.cause.principal);
        text(&mut bytes, &self.trace.as_deref().unwrap_or(""));
        bytes.extend(before.0);
        bytes.extend(self.position.0.to_le_bytes());
        bytes.extend(self.version.0.to_le_bytes());
        bytes.extend(self.schema.to_le_bytes());
        bytes.extend(self.at.0.to_le_bytes());
        bytes.extend(self.cause.correlation.0);
        bytes.extend(self.cause.causation.unwrap_or_default().0.to_le_bytes());
        bytes.extend(self.command.0);
        bytes.extend(Digest::of(&self.payload).0);

        Digest(
            *blake3::Hasher::new_from_context_key(&CHAIN)
                .update(&bytes)
                .finalize()
                .as_bytes(),
        )
    }
}

/// What is hashed of an envelope with texts of the usual lengths, in bytes.
const CHAINED: usize = 320;

/// The key of the chain, derived once.
static CHAIN: LazyLock<ContextKey> =
    LazyLock::new(|| hash_derive_key_context("supercargo 2026 event chain"));

/// A text behind its length.
fn text(bytes: &mut Vec<u8>, text: &impl fmt::Display) {
    let start = bytes.len();
    bytes.extend([0; 8]);
    // Writing into memory cannot fail.
    drop(write!(bytes, "{text}"));
    let length = (bytes.len() - start - 8) as u64;
    bytes[start..start + 8].copy_from_slice(&length.to_le_bytes());
}

#[cfg(test)]
mod tests;
