//! What the commits of a gate hold and change: read, and nothing else.

use async_trait::async_trait;
use events::id::{ProjectName, Sha};

use crate::ports::PortError;

/// What a repository brings that decides how sessions work with it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Survey {
    /// The setup command that its lock files suggest.
    pub setup: Option<String>,
    /// Those lock files.
    pub locks: Vec<String>,
    /// Patterns of files that are kept by Git LFS.
    pub lfs: Vec<String>,
    /// Folders that are repositories of their own.
    pub submodules: Vec<String>,
}

/// What a commit is compared with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Against {
    /// The commit it was built on.
    FirstParent,
    /// This commit.
    Commit(Sha),
    /// Where it branched off this commit's history.
    Fork(Sha),
    /// An empty tree.
    Nothing,
}

/// How a comparison is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DiffForm {
    /// Line by line.
    Patch,
    /// Files, and how much of each.
    Stat,
}

/// A comparison for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiffSpec {
    /// The commit.
    pub sha: Sha,
    /// What it is compared with.
    pub against: Against,
    /// How it is told.
    pub form: DiffForm,
    /// One file or folder alone.
    pub path: Option<String>,
}

/// The contents of the gates of all projects.
#[async_trait]
pub trait Contents: Send + Sync {
    /// Looks at the gate's copy of a branch: what its files say of how to work with it.
    async fn survey(&self, project: &ProjectName, branch: &str) -> Result<Survey, PortError>;
    /// Those of a submission's files that the verification runs or obeys.
    async fn checks(
        &self,
        project: &ProjectName,
        base: Option<&Sha>,
        sha: &Sha,
        verify: Option<&str>,
    ) -> Result<Vec<String>, PortError>;
    /// What a commit of the gate changes, bounded; files that are no text are named.
    async fn diff(&self, project: &ProjectName, spec: &DiffSpec) -> Result<Vec<u8>, PortError>;
    /// A file of the gate's copy of a branch; none when there is none.
    async fn read_file(
        &self,
        project: &ProjectName,
        branch: &str,
        path: &str,
    ) -> Result<Option<Vec<u8>>, PortError>;
    /// The files directly in a folder of the gate's copy of a branch, by name.
    async fn list_files(
        &self,
        project: &ProjectName,
        branch: &str,
        folder: &str,
    ) -> Result<Vec<String>, PortError>;
}
