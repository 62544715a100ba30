//! An entry of the merge queue: where it stands, and what became of it.

use serde::{Deserialize, Serialize};

use crate::evidence::Evidence;
use crate::holder::SlotSession;
use crate::id::{Epoch, FeatureId, Sha, Timestamp};
use crate::lapses::Lapses;
use crate::merge_queue::event::{Candidate, Changes, EntryKind};
use crate::stream::Position;

/// An entry of the queue.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Its number.
    pub number: u64,
    /// The kind of work that it brings.
    pub kind: EntryKind,
    /// 0 (first) to 4 (last).
    pub priority: u8,
    /// When it joined: the date of its commits.
    pub at: Timestamp,
    /// The stage that it has reached.
    pub stage: Stage,
    /// How often upstream moved under it.
    pub moves: u32,
    /// Verifiers of this candidate that ended without evidence. A time-out is red, a loss is not.
    pub lapses: Lapses,
    /// Candidates that were built.
    pub builds: u32,
    /// What the newest candidate changes.
    pub changes: Changes,
    /// Protected paths that a person let it change.
    pub approved: Vec<String>,
    /// Red verifications of the present candidate that are not its judgement yet.
    pub reds: Vec<Evidence>,
    /// The bare head was green after the first of them.
    pub cleared: bool,
    /// What its verification stands on.
    pub proof: Option<Proof>,
    /// The newest candidate, also when it is to be built anew: what a person reads who lets it
    /// through or not.
    #[serde(default)]
    pub newest: Option<Candidate>,
}

/// What the verification of a merge stands on, in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Proof {
    /// The command was green.
    Verified,
    /// It was red, and green on the same tree the second time.
    VerifiedAgain,
    /// There is no command, and a recorded setting accepts that.
    Unverified,
    /// It holds only files of ours.
    Ours,
}

impl Proof {
    /// What this evidence proves of a candidate that was red so often before.
    pub fn of(evidence: &Evidence, reds: usize) -> Self {
        match (evidence, reds) {
            (Evidence::Ran { .. }, 0) => Self::Verified,
            (Evidence::Ran { .. }, _) => Self::VerifiedAgain,
            (Evidence::NoneConfigured, _) => Self::Unverified,
            (Evidence::Scaffold, _) => Self::Ours,
        }
    }

    /// It, as wires and people name it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Verified => "verified",
            Self::VerifiedAgain => "verified again",
            Self::Unverified => "unverified",
            Self::Ours => "ours",
        }
    }
}

/// What a merge changed, and when it was published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Landed {
    /// Where its publication is recorded.
    pub at: Position,
    /// The paths, as far as they were recorded.
    pub files: Vec<String>,
    /// What its verification stood on.
    pub proof: Option<Proof>,
    /// What of it the verification runs or obeys.
    pub checks: Vec<String>,
}

/// What became of an entry that takes out what a commit brought.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Undone {
    /// That commit.
    pub commit: Sha,
    /// Whether it was itself such a one.
    pub restores: bool,
    /// What became of it.
    pub verdict: Verdict,
}

/// Where an entry stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Stage {
    /// Nothing was built on the present head.
    Queued,
    /// A candidate waits for verification.
    Built {
        /// It.
        candidate: Candidate,
    },
    /// A verifier works.
    Verifying {
        /// On this.
        candidate: Candidate,
        /// The slot and session that verify it.
        slot_session: SlotSession,
    },
    /// It may be published.
    Verified {
        /// This.
        candidate: Candidate,
        /// On this evidence.
        evidence: Evidence,
    },
    /// Upstream is being moved.
    Publishing {
        /// To this.
        candidate: Candidate,
    },
}

/// What became of a feature's entry.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Verdict {
    /// It is upstream.
    Merged(Merged),
    /// It does not merge.
    Conflict {
        /// Files that do not merge.
        paths: Vec<String>,
        /// With what.
        base: Option<Sha>,
        /// The reason, in words for people.
        why: String,
    },
    /// Upstream holds all of it already.
    Nothing {
        /// The commit where upstream was, if it had one.
        base: Option<Sha>,
    },
    /// The verification failed.
    Red {
        /// The last lines of its log.
        tail: String,
        /// Exit code.
        exit: i32,
    },
    /// A person did not let it change protected paths.
    Refused {
        /// Those.
        paths: Vec<String>,
        /// The reason, in words for people.
        why: String,
    },
    /// It was taken off the queue.
    Dropped {
        /// The reason, in words for people.
        why: String,
    },
}

/// A published merge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Merged {
    /// The commit upstream holds.
    pub sha: Sha,
}

impl EntryKind {
    /// Whether it brings what this claim handed in.
    pub(super) fn is_work_of(&self, claimed: &FeatureId, of: Epoch) -> bool {
        match self {
            Self::Feature { feature, epoch, .. } => feature == claimed && *epoch == of,
            Self::Scaffold | Self::Revert { .. } => false,
        }
    }

    /// Whether it takes this feature out, or brings it back.
    pub(super) fn takes_out(&self, merged: &FeatureId) -> bool {
        match self {
            Self::Revert { feature, .. } => feature == merged,
            Self::Scaffold | Self::Feature { .. } => false,
        }
    }
}

impl Entry {
    /// Whether it changes protected paths that nobody approved.
    pub fn needs_approval(&self) -> bool {
        self.asks_for(&self.changes)
    }

    /// Whether these changes are of protected paths that nobody approved.
    pub(super) fn asks_for(&self, changes: &Changes) -> bool {
        let mut protected = changes.protected.iter();
        protected.any(|path| !self.approved.contains(path))
    }

    /// The feature it is about, if it is about one.
    pub fn feature(&self) -> Option<&FeatureId> {
        match &self.kind {
            EntryKind::Scaffold => None,
            EntryKind::Feature { feature, .. } | EntryKind::Revert { feature, .. } => Some(feature),
        }
    }

    /// The candidate under way, if one was built.
    pub fn candidate(&self) -> Option<&Candidate> {
        match &self.stage {
            Stage::Queued => None,
            Stage::Built { candidate }
            | Stage::Verifying { candidate, .. }
            | Stage::Verified { candidate, .. }
            | Stage::Publishing { candidate } => Some(candidate),
        }
    }
}
