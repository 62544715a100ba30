//! What the audit compares with the log from outside of it.

/// A commit of upstream's first-parent chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Landed {
    /// The commit.
    pub sha: String,
    /// Its tree.
    pub tree: String,
    /// The feature its trailer names.
    pub feature: Option<String>,
}

/// What is kept of a transcript: chunks 1 to `chunks` without hole or overlap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spoken {
    /// The number of the chunks.
    pub chunks: u64,
    /// Bytes in all of them.
    pub bytes: u64,
    /// Their digest, hex.
    pub digest: String,
}
