//! What git is to us: a gate per project, candidates without a work tree, and an upstream that is
//! moved with an expected old value.

use std::collections::BTreeSet;

use async_trait::async_trait;
use events::id::{Epoch, FeatureId, ProjectName, Sha, Timestamp};
use events::merge_queue::{Candidate, Changes, Collision};

use super::PortError;

/// A fresh copy of upstream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copied {
    /// Upstream's branch.
    pub branch: String,
    /// Its commit; none when upstream is empty.
    pub head: Option<Sha>,
}

/// What a repository brings that decides how sessions work with it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Survey {
    /// The setup command that its lock files suggest.
    pub setup: Option<String>,
    /// Those lock files.
    pub locks: Vec<String>,
    /// Patterns of files that are kept by Git LFS.
    pub lfs: Vec<String>,
}

/// Where upstream's branch is, compared with what it held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Looked {
    /// Where it was; none when it was empty and is.
    At(Option<Sha>),
    /// Further on.
    Further {
        /// Where it is.
        seen: Sha,
        /// Paths that changed, at most [`events::merge_queue::event::FILES_MAX`].
        files: Vec<String>,
    },
    /// It is not there any more.
    Gone,
    /// It does not hold any more what it held.
    Rewritten {
        /// What it held.
        lost: Sha,
        /// Where it is.
        seen: Sha,
    },
}

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
        /// Why, for people.
        why: String,
    },
    /// Upstream is not where the entry was built on.
    Moved(Looked),
}

/// What a push came to, read back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Published {
    /// Upstream holds it.
    Advanced,
    /// Somebody else was first.
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
    /// What that is.
    pub on: Base,
    /// What is built.
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

/// A submission as the gate sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handed {
    /// Where it branched off the trunk.
    pub base: Option<Sha>,
    /// Whether the trunk holds every file as it is here already: there is nothing to review, and
    /// nothing to merge.
    pub adds_nothing: bool,
}

impl Handed {
    /// Why it is not taken, and what to do, when it holds nothing.
    pub fn refusal(&self, sha: &Sha) -> Option<String> {
        self.adds_nothing.then(|| {
            format!(
                "{sha} changes no file that is not so on the trunk already: commit and push your \
                 work, then submit; \
                 if what the feature asks for is there already, say so in a comment and give it \
                 back"
            )
        })
    }
}

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

/// What of a gate may go.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Gone {
    /// Candidates of entries before this one.
    pub first_candidate: u64,
    /// Features whose claims' work is kept no more.
    pub features: BTreeSet<FeatureId>,
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
}

/// What upstream asks of whoever comes. Never in the log, in an argument or in a URL.
#[derive(Clone, PartialEq, Eq)]
pub enum Credential {
    /// For https.
    Token {
        /// The user it belongs to; many hosts take any.
        user: String,
        /// The token or password.
        token: String,
    },
    /// For ssh: a private key, as text.
    SshKey(String),
}

impl std::fmt::Debug for Credential {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Token { .. } => "Token(…)",
            Self::SshKey(_) => "SshKey(…)",
        })
    }
}

/// The repositories of all projects.
#[async_trait]
pub trait Repo: Send + Sync {
    /// Keeps what a project's upstream asks for; none forgets it.
    async fn keep_credential(
        &self,
        project: &ProjectName,
        credential: Option<&Credential>,
    ) -> Result<(), PortError>;
    /// Removes all that was kept for a project that never came to be.
    async fn forget_project(&self, project: &ProjectName) -> Result<(), PortError>;
    /// Keys of upstream's host that were pinned when they were seen first, as `host type
    /// fingerprint`.
    async fn host_keys(&self, project: &ProjectName) -> Result<Vec<String>, PortError>;
    /// Forgets them: the next connection pins what it sees.
    async fn forget_host_keys(&self, project: &ProjectName) -> Result<(), PortError>;
    /// Asks whether upstream is there, and changes nothing there.
    async fn probe(&self, project: &ProjectName, url: &str) -> Result<Copied, PortError>;
    /// Says what keeps an upstream that answered so from being copied or published to, as far as
    /// that is seen without a push.
    async fn check(&self, project: &ProjectName, url: &str, seen: &Copied)
    -> Result<(), PortError>;
    /// Says why the host of an upstream takes no push from this server, if it takes none; nothing
    /// of an upstream in a folder. Rules of a branch show at the first push and not before.
    async fn check_push(&self, project: &ProjectName, url: &str) -> Result<(), PortError>;
    /// Makes or completes the gate of a project as a copy of upstream.
    async fn copy(&self, project: &ProjectName, url: &str) -> Result<Copied, PortError>;
    /// Looks at the gate's copy of a branch: what its files say of how to work with it.
    async fn survey(&self, project: &ProjectName, branch: &str) -> Result<Survey, PortError>;
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
    /// The newest pushed commit of a claim.
    async fn work_head(
        &self,
        project: &ProjectName,
        feature: &FeatureId,
        epoch: Epoch,
    ) -> Result<Option<Sha>, PortError>;
    /// Pins a pushed commit as submitted, after comparing it with the work ref and the trunk.
    async fn pin(
        &self,
        project: &ProjectName,
        feature: &FeatureId,
        epoch: Epoch,
        sha: &Sha,
    ) -> Result<Handed, PortError>;
    /// Those of a submission's files that the verification runs or obeys.
    async fn checks(
        &self,
        project: &ProjectName,
        base: Option<&Sha>,
        sha: &Sha,
        verify: Option<&str>,
    ) -> Result<Vec<String>, PortError>;
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
    /// Moves upstream from the candidate's base to it, unless it is there already, and reads back.
    async fn publish(
        &self,
        project: &ProjectName,
        url: &str,
        branch: &str,
        candidate: &Candidate,
    ) -> Result<Published, PortError>;
    /// Whether our part of the gate's copy of a branch is not as it should be.
    async fn needs_scaffold(&self, project: &ProjectName, branch: &str) -> Result<bool, PortError>;
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
    /// one.
    async fn publish_file(
        &self,
        project: &ProjectName,
        url: &str,
        file: &SideFile,
    ) -> Result<(Sha, bool), PortError>;
    /// Packs a gate, and removes what may go. Nothing else that a ref holds is lost, and nothing
    /// that was just pushed.
    async fn maintain(&self, project: &ProjectName, gone: &Gone) -> Result<(), PortError>;
    /// Removes the work refs of a claim whose work was merged; what was handed in stays pinned.
    async fn tidy(
        &self,
        project: &ProjectName,
        feature: &FeatureId,
        epoch: Epoch,
    ) -> Result<(), PortError>;
}
