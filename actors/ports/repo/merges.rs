//! Candidates: what upstream may become, built without a work tree.

use async_trait::async_trait;
use events::id::{Epoch, FeatureId, ProjectName, Sha, Timestamp};
use events::merge_queue::{Candidate, Changes, Collision};

use super::Looked;
use crate::ports::PortError;

/// What a merge came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Built {
    /// A commit that may become upstream's next, and what it changes.
    Candidate(Candidate, Changes),
    /// Upstream holds all of it already.
    Nothing,
    /// It does not merge.
    Conflict {
        /// Files that both sides changed.
        paths: Vec<String>,
        /// The reason, for people.
        why: String,
    },
    /// Upstream is not where the entry was built on.
    Moved(Looked),
}

/// What a candidate brings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Work {
    /// The first commit of an empty upstream.
    Scaffold,
    /// A submitted commit.
    Merge(Sha),
    /// The opposite of a published one.
    Revert(Sha),
}

/// What a candidate is built on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Base {
    /// Upstream's commit as far as we know: it is asked first.
    Upstream,
    /// Upstream's commit, seen a moment ago: it is not asked again, a publication finds out.
    Seen,
    /// Another candidate.
    Candidate,
}

/// A merge to be built.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MergeSpec {
    /// Entry number: names the candidate's ref.
    pub entry: u64,
    /// What it is built on.
    pub base: Option<Sha>,
    /// The kind of that commit.
    pub on: Base,
    /// The work that is built on it.
    pub work: Work,
    /// Patterns of paths that a person has to approve.
    pub protected: Vec<String>,
    /// The project's verification command; without one the tree suggests it.
    pub verify: Option<String>,
    /// Whether a change of what that runs waits for a person, as a protected path does.
    pub hold_checks: bool,
    /// The commit message.
    pub message: String,
    /// The date of the commit: fixed, so that a rebuild gives the same sha.
    pub at: Timestamp,
}

/// Merges in the gates of all projects.
#[async_trait]
pub trait Merges: Send + Sync {
    /// Builds a candidate on upstream's present commit.
    async fn build(
        &self,
        project: &ProjectName,
        url: &str,
        branch: &str,
        spec: &MergeSpec,
    ) -> Result<Built, PortError>;
    /// Merges each of these claims' pushed work with a commit of upstream beside everything;
    /// answers what does not merge, and where.
    async fn collisions(
        &self,
        project: &ProjectName,
        base: &Sha,
        works: &[(FeatureId, Epoch)],
    ) -> Result<Vec<Collision>, PortError>;
    /// Whether our part of the gate's copy of a branch is not as it should be.
    async fn needs_scaffold(&self, project: &ProjectName, branch: &str) -> Result<bool, PortError>;
}
