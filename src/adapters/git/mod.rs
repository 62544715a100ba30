//! Repositories: a bare gate per project under our own folder. libgit2 where it can, the git CLI
//! for transport.
//!
//! Server-side git never runs in a directory that an agent can write: gates have no work tree and
//! no hooks, and what is pushed to them passes `fsck` first.

mod build;
mod command;
mod contents;
mod detect;
mod diff;
mod gate;
mod lfs;
mod merge;
mod preconditions;
mod scaffold;
mod secrets;
mod side;
mod survey;
mod upstream;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use actors::ports::PortError;
use actors::ports::repo::{
    Base, Built, Copied, Credential, DiffSpec, Gone, Handed, Looked, MergeSpec, Published, Repo,
    SideFile, SideFound, Survey,
};
use async_trait::async_trait;
use events::id::{Epoch, FeatureId, ProjectName, Sha, Timestamp};
use events::merge_queue::{Candidate, Collision};

pub use command::{Ended, Git};
pub use merge::too_old;
pub use preconditions::one_spelling;
pub use secrets::{Secrets, split_credentials};

/// The gates of all projects.
#[derive(Debug, Clone)]
pub struct Gates {
    root: PathBuf,
    git: Git,
    secrets: Secrets,
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
    async fn turn(&self, project: &ProjectName) -> tokio::sync::OwnedMutexGuard<()> {
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
    async fn holds(&self, project: &ProjectName, commit: Option<&Sha>) -> Result<bool, PortError> {
        let Some(commit) = commit.map(oid).transpose()? else {
            return Ok(false);
        };
        self.with(project, move |repository| {
            Ok(repository.find_commit(commit).is_ok())
        })
        .await
    }

    /// Runs libgit2 work on the gate of a project, on a thread that may block.
    async fn with<T: Send + 'static>(
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
fn trouble(error: git2::Error) -> PortError {
    PortError::Transient(format!("git: {}", error.message()))
}

/// Author of what we write.
const OUR_EMAIL: &str = "supercargo@localhost";

/// The author of what we write, at a time that the log knows: built again a commit has the same
/// sha.
fn author(at: Timestamp) -> Result<git2::Signature<'static>, PortError> {
    git2::Signature::new(
        "Supercargo",
        OUR_EMAIL,
        &git2::Time::new(at.0 / 1_000_000, 0),
    )
    .map_err(trouble)
}

fn oid(sha: &Sha) -> Result<git2::Oid, PortError> {
    git2::Oid::from_str(sha.as_str()).map_err(trouble)
}

fn sha(oid: git2::Oid) -> Result<Sha, PortError> {
    oid.to_string()
        .parse()
        .map_err(|e: events::id::BadId| PortError::Permanent(e.to_string()))
}

#[async_trait]
impl Repo for Gates {
    async fn keep_credential(
        &self,
        project: &ProjectName,
        credential: Option<&Credential>,
    ) -> Result<(), PortError> {
        self.secrets.keep(project, credential)
    }

    async fn forget_project(&self, project: &ProjectName) -> Result<(), PortError> {
        self.secrets.forget(project)
    }

    async fn host_keys(&self, project: &ProjectName) -> Result<Vec<String>, PortError> {
        self.secrets.host_keys(project)
    }

    async fn forget_host_keys(&self, project: &ProjectName) -> Result<(), PortError> {
        self.secrets.forget_host_keys(project)
    }

    async fn probe(&self, project: &ProjectName, url: &str) -> Result<Copied, PortError> {
        let probed = self.probe_upstream(project, url).await;
        probed.map_err(|error| preconditions::of_another_owner(url, error))
    }

    async fn check(
        &self,
        project: &ProjectName,
        url: &str,
        seen: &Copied,
    ) -> Result<(), PortError> {
        self.check_upstream(project, url, seen).await
    }

    async fn check_push(&self, project: &ProjectName, url: &str) -> Result<(), PortError> {
        self.check_host_takes_pushes(project, url).await
    }

    async fn copy(&self, project: &ProjectName, url: &str) -> Result<Copied, PortError> {
        self.copy_upstream(project, url).await
    }

    async fn look(
        &self,
        project: &ProjectName,
        url: &str,
        branch: &str,
        known: Option<&Sha>,
    ) -> Result<Looked, PortError> {
        self.look_upstream(project, url, branch, known).await
    }

    async fn accept(
        &self,
        project: &ProjectName,
        branch: &str,
        lost: &Sha,
        seen: &Sha,
    ) -> Result<(), PortError> {
        let (branch, lost, seen) = (branch.to_owned(), lost.clone(), seen.clone());
        self.with(project, move |repository| {
            gate::replace(repository, &branch, &lost, &seen)
        })
        .await
    }

    async fn work_head(
        &self,
        project: &ProjectName,
        feature: &FeatureId,
        epoch: Epoch,
    ) -> Result<Option<Sha>, PortError> {
        let feature = feature.clone();
        self.with(project, move |repository| {
            gate::work_head(repository, &feature, epoch)
        })
        .await
    }

    async fn pin(
        &self,
        project: &ProjectName,
        feature: &FeatureId,
        epoch: Epoch,
        sha: &Sha,
    ) -> Result<Handed, PortError> {
        let (feature, sha) = (feature.clone(), sha.clone());
        self.with(project, move |repository| {
            gate::pin(repository, &feature, epoch, &sha)
        })
        .await
    }

    async fn build(
        &self,
        project: &ProjectName,
        url: &str,
        branch: &str,
        spec: &MergeSpec,
    ) -> Result<Built, PortError> {
        let seen = spec.on == Base::Seen && self.holds(project, spec.base.as_ref()).await?;
        if !seen && spec.on != Base::Candidate {
            let looked = self
                .look_upstream(project, url, branch, spec.base.as_ref())
                .await?;
            if looked != Looked::At(spec.base.clone()) {
                return Ok(Built::Moved(looked));
            }
        }
        self.build_on(project, spec).await
    }

    async fn collisions(
        &self,
        project: &ProjectName,
        base: &Sha,
        works: &[(FeatureId, Epoch)],
    ) -> Result<Vec<Collision>, PortError> {
        self.find_collisions(project, base, works).await
    }

    async fn publish(
        &self,
        project: &ProjectName,
        url: &str,
        branch: &str,
        candidate: &Candidate,
    ) -> Result<Published, PortError> {
        self.publish_candidate(project, url, branch, candidate)
            .await
    }

    async fn needs_scaffold(&self, project: &ProjectName, branch: &str) -> Result<bool, PortError> {
        let branch = format!("refs/heads/{branch}");
        self.with(project, move |repository| {
            let tree = repository
                .find_reference(&branch)
                .and_then(|reference| reference.peel_to_tree())
                .map_err(trouble)?;
            Ok(scaffold::tree(repository, Some(&tree))? != tree.id())
        })
        .await
    }

    async fn survey(&self, project: &ProjectName, branch: &str) -> Result<Survey, PortError> {
        let branch = branch.to_owned();
        self.with(project, move |repository| {
            survey::survey(repository, &branch)
        })
        .await
    }

    async fn read_file(
        &self,
        project: &ProjectName,
        branch: &str,
        path: &str,
    ) -> Result<Option<Vec<u8>>, PortError> {
        let (branch, path) = (branch.to_owned(), path.to_owned());
        self.with(project, move |repository| {
            side::read_file(repository, &branch, &path)
        })
        .await
    }

    async fn checks(
        &self,
        project: &ProjectName,
        base: Option<&Sha>,
        sha: &Sha,
        verify: Option<&str>,
    ) -> Result<Vec<String>, PortError> {
        let (base, work) = (base.map(oid).transpose()?, oid(sha)?);
        let verify = verify.map(str::to_owned);
        self.with(project, move |repository| {
            build::checks(repository, base, work, verify.as_deref())
        })
        .await
    }

    async fn diff(&self, project: &ProjectName, spec: &DiffSpec) -> Result<Vec<u8>, PortError> {
        let spec = spec.clone();
        self.with(project, move |repository| diff::diff(repository, &spec))
            .await
    }

    async fn list_files(
        &self,
        project: &ProjectName,
        branch: &str,
        folder: &str,
    ) -> Result<Vec<String>, PortError> {
        let (branch, folder) = (branch.to_owned(), folder.to_owned());
        self.with(project, move |repository| {
            side::list_files(repository, &branch, &folder)
        })
        .await
    }

    async fn side_file(
        &self,
        project: &ProjectName,
        url: &str,
        branch: &str,
        path: &str,
    ) -> Result<Option<SideFound>, PortError> {
        self.find_side(project, url, branch, path).await
    }

    async fn publish_file(
        &self,
        project: &ProjectName,
        url: &str,
        file: &SideFile,
    ) -> Result<(Sha, bool), PortError> {
        self.publish_side(project, url, file).await
    }

    async fn maintain(&self, project: &ProjectName, gone: &Gone) -> Result<(), PortError> {
        let gone = gone.clone();
        self.with(project, move |repository| {
            gate::drop_candidates(repository, gone.first_candidate)?;
            gate::let_go(repository, &gone.features)
        })
        .await?;
        let path = self.path(project);
        // What nothing refers to stays two weeks, as git itself has it: a push may be on its way.
        self.git
            .run(
                Some(&path),
                &["gc", "--quiet", "--prune=2.weeks.ago"],
                vec![],
            )
            .await
            .map(|_| ())
    }

    async fn tidy(
        &self,
        project: &ProjectName,
        feature: &FeatureId,
        epoch: Epoch,
    ) -> Result<(), PortError> {
        let feature = feature.clone();
        self.with(project, move |repository| {
            gate::tidy(repository, &feature, epoch)
        })
        .await
    }
}
