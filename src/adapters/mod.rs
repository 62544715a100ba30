//! Adapters: products that meet the needs of `actors::ports`.

pub mod blobs;
pub mod checkpoints;
pub mod clock;
pub mod git;
pub mod prompts;
pub mod snapshots;
pub mod transcripts;
