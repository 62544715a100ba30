//! Proof that a tree was verified: what ran, on exactly which tree, in which session, and how it
//! ended.

use serde::{Deserialize, Serialize};

use crate::id::{Digest, SessionId, Sha};

/// Exit codes of a shell that could not run, or not find, what it was told to.
pub const NOT_RUN: [i32; 2] = [126, 127];

/// What a verification is backed by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Evidence {
    /// The recorded command ran on this tree.
    Ran {
        /// The candidate's tree.
        tree: Sha,
        /// Digest of the command line, as recorded in the settings.
        command: Digest,
        /// Exit code; a time-out counts as 124.
        exit: i32,
        /// Digest of the log of the run.
        log: Digest,
        /// The verifier's session.
        session: SessionId,
        /// The last lines of the log, for people and for the next prompt.
        tail: String,
    },
    /// The project has no verification command and a recorded setting accepts that.
    NoneConfigured,
    /// The entry holds only files of ours; nothing of an agent is in it.
    Scaffold,
}

impl Evidence {
    /// Whether the command could not be run at all, or was not found: a shell's own exit codes.
    pub fn is_unrunnable(&self) -> bool {
        match self {
            Self::Ran { exit, .. } => NOT_RUN.contains(exit),
            Self::NoneConfigured | Self::Scaffold => false,
        }
    }

    /// Whether the tree may be published on it.
    pub fn is_green(&self) -> bool {
        match self {
            Self::Ran { exit, .. } => *exit == 0,
            Self::NoneConfigured | Self::Scaffold => true,
        }
    }
}
