//! A place for the projections as they were along a log: a cache beside it, which may be empty, old
//! or damaged at any time.

use async_trait::async_trait;
use events::stream::Position;

use super::PortError;

/// A checkpoint that was kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// The projections, as bytes.
    pub bytes: Vec<u8>,
    /// Bytes that it takes as it is stored.
    pub stored: usize,
}

/// Keeps checkpoints of one log, each the projections at a position as bytes. What it answers is
/// checked by whoever asked.
#[async_trait]
pub trait Checkpoints: Send + Sync {
    /// The last one that was kept by these rules and is not after this position.
    async fn before(&self, position: Position) -> Result<Option<Kept>, PortError>;
    /// Keeps one where it takes no more than so many bytes as it is stored; answers how many those
    /// are, kept or not.
    async fn keep(
        &self,
        position: Position,
        bytes: Vec<u8>,
        within: usize,
    ) -> Result<usize, PortError>;
}
