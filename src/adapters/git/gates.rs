//! The gates of all projects, and what libgit2 says in the words of the ports.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::command::Git;
use super::secrets::Secrets;
use actors::ports::PortError;
use events::id::{ProjectName, Sha, Timestamp};

/// The gates of all projects.
#[derive(Debug, Clone)]
pub struct Gates {
    pub(super) root: PathBuf,
    pub(super) git: Git,
    pub(super) secrets: Secrets,
    turns: Arc<Mutex<BTreeMap<ProjectName, Arc<tokio::sync::Mutex<()>>>>>,
}

impl Gates {
    /// Gates below this folder, with what their upstreams ask for.
    pub fn new(root: PathBuf, secrets: Secrets) -> Self {
        Self {
            root,
            git: Git::new(),
            secrets,
            turns: Arc::default(),
        }
    }

    /// The same, speaking to upstreams with this git.
    pub fn with_git(self, git: Git) -> Self {
        Self { git, ..self }
    }

    /// The folder that holds the gates.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The gate of a project.
    pub fn path(&self, project: &ProjectName) -> PathBuf {
        self.root.join(format!("{project}.git"))
    }

    /// Waits until nobody else fetches into this gate: two of them would be in each other's way.
    pub(super) async fn turn(&self, project: &ProjectName) -> tokio::sync::OwnedMutexGuard<()> {
        let turn = self
            .turns
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .entry(project.clone())
            .or_default()
            .clone();
        turn.lock_owned().await
    }

    /// Whether the gate holds this commit.
    pub(super) async fn holds(
        &self,
        project: &ProjectName,
        commit: Option<&Sha>,
    ) -> Result<bool, PortError> {
        let Some(commit) = commit.map(oid).transpose()? else {
            return Ok(false);
        };
        self.with(project, move |repository| {
            Ok(repository.find_commit(commit).is_ok())
        })
        .await
    }

    /// Runs libgit2 work on the gate of a project, on a thread that may block.
    pub(super) async fn with<T: Send + 'static>(
        &self,
        project: &ProjectName,
        work: impl FnOnce(&git2::Repository) -> Result<T, PortError> + Send + 'static,
    ) -> Result<T, PortError> {
        let path = self.path(project);
        let done = tokio::task::spawn_blocking(move || {
            let repository = git2::Repository::open_bare(&path).map_err(trouble)?;
            work(&repository)
        });
        done.await
            .map_err(|e| PortError::Transient(e.to_string()))?
    }
}

/// A libgit2 error, as a port error: most are worth another try on another day.
pub(super) fn trouble(error: git2::Error) -> PortError {
    PortError::Transient(format!("git: {}", error.message()))
}

/// Author of what we write.
pub(super) const OUR_EMAIL: &str = "supercargo@localhost";

/// The author of what we write, at a time that the log knows: built again a commit has the same
/// sha.
pub(super) fn author(at: Timestamp) -> Result<git2::Signature<'static>, PortError> {
    git2::Signature::new(
        "Supercargo",
        OUR_EMAIL,
        &git2::Time::new(at.0 / 1_000_000, 0),
    )
    .map_err(trouble)
}

pub(super) fn oid(sha: &Sha) -> Result<git2::Oid, PortError> {
    git2::Oid::from_str(sha.as_str()).map_err(trouble)
}

pub(super) fn sha(oid: git2::Oid) -> Result<Sha, PortError> {
    oid.to_string()
        .parse()
        .map_err(|e: events::id::BadId| PortError::Permanent(e.to_string()))
}
