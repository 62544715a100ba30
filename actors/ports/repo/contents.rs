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

/// A line of a file, as the tree of a commit has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineAt {
    /// The commit.
    pub at: Sha,
    /// The path of the file.
    pub path: String,
    /// The number of the line, from 1.
    pub line: usize,
}

/// The origin of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blame {
    /// The commit that wrote it.
    pub commit: Sha,
    /// The commit of the trunk's own line that brought it: itself, or the merge that it came by.
    pub brought: Option<Sha>,
    /// Whoever is named as the author.
    pub author: String,
    /// The first line of what the commit says.
    pub summary: String,
    /// The line.
    pub text: String,
}

/// An answer to where a line comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Blamed {
    /// It comes from here.
    Line(Blame),
    /// There is no such file.
    NoFile,
    /// The file has fewer lines.
    NoLine {
        /// So many.
        lines: usize,
    },
    /// The file is larger than what is read.
    TooLarge {
        /// Its bytes.
        size: usize,
    },
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
    /// Where a line of a file comes from.
    async fn blame(&self, project: &ProjectName, of: &LineAt) -> Result<Blamed, PortError>;
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
