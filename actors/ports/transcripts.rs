//! What agents print: numbered chunks, stored apart from the log.

use async_trait::async_trait;
use events::id::{Digest, SessionId};

use super::PortError;

/// Largest chunk in bytes.
pub const CHUNK_MAX: usize = 64 * 1024;

/// What is kept of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spoken {
    /// Chunks, 1 to this.
    pub chunks: u64,
    /// Bytes in all of them.
    pub bytes: u64,
    /// BLAKE3 over the bytes, in order.
    pub digest: Digest,
}

/// The transcript store. Chunks of a session are contiguous, from 1.
#[async_trait]
pub trait Transcripts: Send + Sync {
    /// Stores a chunk. A chunk stored before is answered as stored; one beyond the next is refused
    /// with the number that is due.
    async fn append(&self, session: &SessionId, seq: u64, bytes: &[u8]) -> Result<u64, PortError>;
    /// The stored bytes of a session after chunk `after`, with the number of the last chunk.
    async fn read(&self, session: &SessionId, after: u64) -> Result<(Vec<u8>, u64), PortError>;
    /// Everything that is kept of a session, in figures; none when it never said anything.
    /// Permanent when a chunk is missing.
    async fn spoken(&self, session: &SessionId) -> Result<Option<Spoken>, PortError>;
    /// Everything that is kept of a session that is over, as [`Transcripts::spoken`] says it.
    /// Nothing is added from here on: a chunk that comes too late is refused for good. Sealing
    /// again changes nothing.
    async fn seal(&self, session: &SessionId) -> Result<Option<Spoken>, PortError>;
    /// Makes what is kept of a sealed session small. It is read as before; packing it again changes
    /// nothing.
    async fn pack(&self, session: &SessionId) -> Result<(), PortError>;
    /// Removes what is kept of a session. Removing it again changes nothing.
    async fn remove(&self, session: &SessionId) -> Result<(), PortError>;
}
