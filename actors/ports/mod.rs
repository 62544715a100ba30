//! Ports: what is needed of the world, without naming a product. Errors say whether trying again
//! can help.

pub mod blobs;
pub mod checkpoints;
pub mod clock;
pub mod engine;
pub mod models;
pub mod presets;
pub mod prompts;
pub mod repo;
pub mod snapshots;
pub mod transcripts;

/// Why the world did not do what was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PortError {
    /// Trying again may help.
    #[error("{0}")]
    Transient(String),
    /// Trying again will not help; somebody has to change something.
    #[error("{0}")]
    Permanent(String),
}
