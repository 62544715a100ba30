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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exit_code_says_whether_a_tree_is_good_and_whether_anything_ran() {
        let ran = |exit| Evidence::Ran {
            tree: "a".repeat(40).parse().expect("a tree"),
            command: Digest::of(b"make"),
            exit,
            log: Digest::of(b"log"),
            session: SessionId::from_bytes([1; 10]),
            tail: String::new(),
        };

        for (evidence, green, unrunnable) in [
            (ran(0), true, false),
            (ran(1), false, false),
            (ran(-9), false, false),
            (ran(124), false, false),
            (ran(125), false, false),
            (ran(126), false, true),
            (ran(127), false, true),
            (ran(128), false, false),
            (Evidence::NoneConfigured, true, false),
            (Evidence::Scaffold, true, false),
        ] {
            let found = (evidence.is_green(), evidence.is_unrunnable());
            assert_eq!(found, (green, unrunnable), "{evidence:?}");
        }
    }
}
