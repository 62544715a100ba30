//! What agents print: numbered chunks, stored apart from the log.

use async_trait::async_trait;
use events::id::SessionId;

use super::PortError;

/// Largest chunk in bytes.
pub const CHUNK_MAX: usize = 64 * 1024;

/// The transcript store. Chunks of a session are contiguous, from 1.
#[async_trait]
pub trait Transcripts: Send + Sync {
    /// Stores a chunk. A chunk stored before is answered as stored; one beyond the next is refused with the number that is due.
    async fn append(&self, session: &SessionId, seq: u64, bytes: &[u8]) -> Result<u64, PortError>;
    /// The stored bytes of a session after chunk `after`, with the number of the last chunk.
    async fn read(&self, session: &SessionId, after: u64) -> Result<(Vec<u8>, u64), PortError>;
}
