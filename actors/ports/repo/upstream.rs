//! Upstream: copied into a gate, followed, and moved with an expected old value.

use async_trait::async_trait;
use events::id::{ProjectName, Sha};
use events::merge_queue::Candidate;

use crate::ports::PortError;

/// What upstream names its own branch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copied {
    /// Upstream's branch.
    pub branch: String,
    /// Its commit; none when upstream is empty.
    pub head: Option<Sha>,
}

/// Where upstream's branch is, compared with what it held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Looked {
    /// Where it was; none when it was empty and is.
    At(Option<Sha>),
    /// Further on.
    Further {
        /// The commit that it is at.
        seen: Sha,
        /// Paths that changed, at most [`events::merge_queue::event::FILES_MAX`].
        files: Vec<String>,
    },
    /// It is not there any more.
    Gone,
    /// It does not hold any more what it held.
    Rewritten {
        /// The commit that it held.
        lost: Sha,
        /// The commit that it is at.
        seen: Sha,
    },
}

/// What a push came to, read back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Published {
    /// Upstream holds it.
    Advanced,
    /// Somebody else was first.
    Moved(Looked),
}

/// The upstreams of all projects.
#[async_trait]
pub trait Upstream: Send + Sync {
    /// Makes or completes the gate of a project as a copy of upstream.
    async fn copy(&self, project: &ProjectName, url: &str) -> Result<Copied, PortError>;
    /// The branch that upstream names its own now, and where it is.
    async fn named(&self, project: &ProjectName, url: &str) -> Result<Copied, PortError>;
    /// Asks where upstream's branch is, and takes it into the gate unless it was rewritten. `known`
    /// is what it held.
    async fn look(
        &self,
        project: &ProjectName,
        url: &str,
        branch: &str,
        known: Option<&Sha>,
    ) -> Result<Looked, PortError>;
    /// Takes a rewritten branch into the gate as it is; what it held stays pinned.
    async fn accept(
        &self,
        project: &ProjectName,
        branch: &str,
        lost: &Sha,
        seen: &Sha,
    ) -> Result<(), PortError>;
    /// Moves upstream from the candidate's base to it, unless it is there already, and reads back.
    async fn publish(
        &self,
        project: &ProjectName,
        url: &str,
        branch: &str,
        candidate: &Candidate,
    ) -> Result<Published, PortError>;
}
