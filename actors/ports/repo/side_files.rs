//! Files on a branch of their own beside the trunk: Beads' list of issues.

use async_trait::async_trait;
use events::id::{ProjectName, Sha, Timestamp};

use crate::ports::PortError;

/// A file beside the trunk as upstream has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SideFound {
    /// The branch's commit.
    pub head: Sha,
    /// The file there; none when there is none.
    pub theirs: Option<Vec<u8>>,
    /// The file as we wrote it last, below that commit; none when we never did.
    pub ours: Option<Vec<u8>>,
}

/// Where a branch has to be when a file is put on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Onto {
    /// Wherever it is.
    Anything,
    /// At this commit, of which the file's content takes account; none where there is no branch.
    Seen(Option<Sha>),
}

/// A file on a branch of its own, beside the trunk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SideFile {
    /// The branch.
    pub branch: String,
    /// The file's path; the branch holds nothing else of ours.
    pub path: String,
    /// Its content.
    pub bytes: Vec<u8>,
    /// The date of the commit.
    pub at: Timestamp,
    /// Where the branch has to be.
    pub onto: Onto,
}

/// Such files at the upstreams of all projects.
#[async_trait]
pub trait SideFiles: Send + Sync {
    /// A file of a branch of its own upstream, with what we wrote there last; none when there is no
    /// such branch.
    async fn side_file(
        &self,
        project: &ProjectName,
        url: &str,
        branch: &str,
        path: &str,
    ) -> Result<Option<SideFound>, PortError>;
    /// Puts a file on a branch of its own upstream; answers its commit, and whether that is a new
    /// one. A branch that is not where it has to be stays as it is; trying again may help.
    async fn publish_file(
        &self,
        project: &ProjectName,
        url: &str,
        file: &SideFile,
    ) -> Result<(Sha, bool), PortError>;
}
