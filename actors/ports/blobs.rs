//! Content-addressed bytes that are too large for an event: specs, batches, prompts, reports,
//! evidence.

use async_trait::async_trait;
use events::id::Digest;

use super::PortError;

/// Largest blob in bytes.
pub const BLOB_MAX: usize = 16 * 1024 * 1024;

/// The blob store. A blob is durable before `put` answers, so an event may name it at once.
#[async_trait]
pub trait Blobs: Send + Sync {
    /// Stores the bytes under their digest. Storing them again changes nothing.
    async fn put(&self, bytes: Vec<u8>) -> Result<Digest, PortError>;
    /// Reads them back; the digest is compared.
    async fn get(&self, digest: Digest) -> Result<Vec<u8>, PortError>;
}
