//! A place for the projections as they were: a cache beside the log, which may be empty, old or
//! damaged at any time.

use async_trait::async_trait;

use super::PortError;

/// Keeps one snapshot. What it answers is checked by whoever asked.
#[async_trait]
pub trait Snapshots: Send + Sync {
    /// The newest that was kept by these rules, if there is one.
    async fn load(&self) -> Result<Option<Vec<u8>>, PortError>;
    /// Keeps this one instead; the one before goes when this is whole.
    async fn store(&self, bytes: Vec<u8>) -> Result<(), PortError>;
    /// Throws away what is kept.
    async fn discard(&self) -> Result<(), PortError>;
}
