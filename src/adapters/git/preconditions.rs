//! What an upstream has to be before a project is built on it: each thing that would stop the first
//! copy or the first merge is said when the project is added, by name, with what to do. Facts come
//! from git and the file system, never from the words of an error.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use actors::ports::PortError;
use actors::ports::repo::{Copied, Fitness};
use async_trait::async_trait;
use events::claims::refs;
use events::id::{ProjectName, Timestamp};
use events::project::upstream::{Transport, place, transport};

use git2::Repository;

use super::{Gates, author, trouble};

/// Hex digits of an object's name in a repository that names by SHA-256.
const SHA_256_DIGITS: usize = 64;
/// A branch that nobody has, for a push that is only rehearsed.
const NO_BRANCH: &str = "refs/heads/supercargo-asks-whether-it-may-push";
/// What `receive.denyCurrentBranch` may be for a push to arrive.
const TAKES_PUSHES: &[&str] = &["ignore", "warn", "updateinstead", "false", "no", "off", "0"];

#[async_trait]
impl Fitness for Gates {
    fn one_spelling(&self, url: &str) -> String {
        one_spelling(url)
    }

    async fn probe(&self, project: &ProjectName, url: &str) -> Result<Copied, PortError> {
        let probed = self.probe_upstream(project, url).await;
        probed.map_err(|error| of_another_owner(url, error))
    }

    async fn check(
        &self,
        project: &ProjectName,
        url: &str,
        seen: &Copied,
    ) -> Result<(), PortError> {
        self.check_copyable(url, seen).await?;
        match folder_of(url) {
            Some(folder) => self.check_pushable(&folder, &seen.branch).await,
            None => self.check_push(project, url).await,
        }
    }

    async fn check_push(&self, project: &ProjectName, url: &str) -> Result<(), PortError> {
        // Nothing is pushed: it is asked for what a push begins with, which shows the right to push
        // at all. What rules of a branch turn down shows at the first push.
        if folder_of(url).is_some() {
            return Ok(());
        }

        let made = tokio::task::spawn_blocking(lone_commit).await;
        let (folder, commit) = made.map_err(|e| PortError::Transient(e.to_string()))??;
        let spec = format!("{commit}:{NO_BRANCH}");
        let args = ["push", "--quiet", "--dry-run", "--", url, &spec];
        let asked = self.transport(project, url, Some(folder.path()), &args);

        asked.await.map(|_| ()).map_err(|error| {
            PortError::Permanent(format!(
                "{url} can be read and takes no push from this server ({error}): let the account \
                 that the server uses write to it, or give another with `--ssh-key` or \
                 `--token-file`"
            ))
        })
    }
}

impl Gates {
    /// Says what keeps this upstream from being copied whole.
    pub(super) async fn check_copyable(&self, url: &str, seen: &Copied) -> Result<(), PortError> {
        if refs::collides(&seen.branch) {
            return Err(PortError::Permanent(format!(
                "the branch of {url} is called {:?}, where the branches of claims go: git keeps no \
                 branch below another one; rename it (`git branch --move`), and make the new one \
                 its default",
                seen.branch
            )));
        }

        let folder = folder_of(url);
        let asked = match &folder {
            Some(folder) => {
                let (names, whole) = ("--show-object-format", "--is-shallow-repository");
                self.ask(folder, &["rev-parse", names, whole]).await?
            }
            None => String::new(),
        };
        let mut facts = asked.lines();
        let by_name = seen.head.as_ref().map(|head| head.as_str().len());

        if facts.next() == Some("sha256") || by_name == Some(SHA_256_DIGITS) {
            return Err(PortError::Permanent(format!(
                "{url} names its objects by SHA-256, which is not supported: make a repository \
                 with \
                 `git init --object-format=sha1` and take the history over with `git fast-export | \
                 git fast-import`"
            )));
        }
        if facts.next() == Some("true") {
            return Err(is_shallow(url));
        }
        Ok(())
    }

    async fn check_pushable(&self, folder: &Path, branch: &str) -> Result<(), PortError> {
        let checked_out = format!("branch refs/heads/{branch}");
        let trees = self
            .ask(folder, &["worktree", "list", "--porcelain"])
            .await?;
        if !trees.lines().any(|line| line == checked_out) {
            return Ok(());
        }
        let name = "receive.denyCurrentBranch";
        let asked = ["config", "--default", "refuse", "--get", name];
        let setting = self.ask(folder, &asked).await?.trim().to_lowercase();
        if TAKES_PUSHES.contains(&setting.as_str()) {
            return Ok(());
        }

        let at = folder.display();
        Err(PortError::Permanent(format!(
            "{at} has its branch {branch} checked out and turns pushes to it down: use a bare \
             repository (`git clone --bare`), \
             or run `git -C {at} config {name} updateInstead`, which brings its files up to date \
             with each merge"
        )))
    }

    async fn ask(&self, folder: &Path, args: &[&str]) -> Result<String, PortError> {
        self.git.run(Some(folder), args, Vec::new()).await
    }
}

/// Said of an upstream of which parts are missing.
pub(super) fn is_shallow(url: &str) -> PortError {
    PortError::Permanent(format!(
        "{url} is a shallow copy, parts of its history are missing: complete it with `git fetch \
         --unshallow`, or name the repository that it was copied from"
    ))
}

/// A repository with one commit, to have something that could be pushed.
fn lone_commit() -> Result<(tempfile::TempDir, git2::Oid), PortError> {
    let folder = tempfile::tempdir().map_err(|e| PortError::Transient(format!("a folder: {e}")))?;
    let repository = Repository::init_bare(folder.path()).map_err(trouble)?;
    let tree = repository.treebuilder(None).and_then(|tree| tree.write());
    let tree = repository
        .find_tree(tree.map_err(trouble)?)
        .map_err(trouble)?;
    let author = author(Timestamp(0))?;
    let commit = repository
        .commit(None, &author, &author, "Nothing", &tree, &[])
        .map_err(trouble)?;
    drop(tree);
    drop(repository);

    Ok((folder, commit))
}

/// What git says of a folder of another user is advice that is never read here: why it cannot be
/// read, and what can be done.
pub(super) fn of_another_owner(url: &str, error: PortError) -> PortError {
    let Some(owner) = folder_of(url).and_then(|folder| Some(fs_err::metadata(folder).ok()?.uid()))
    else {
        return error;
    };

    let server = nix::unistd::geteuid().as_raw();
    if owner == server {
        return error;
    }

    PortError::Permanent(format!(
        "git reads no repository of another user: the folder belongs to the user {owner}, and the \
         server runs as {server}. Run \
         the server as that user, or give the folder to the server's with `chown -R {server}`; \
         settings of git \
         (safe.directory) are not read here"
    ))
}

/// The folder of this machine that a URL names, as git looks for it.
fn folder_of(url: &str) -> Option<PathBuf> {
    if transport(url) != Ok(Transport::Path) {
        return None;
    }
    let path = url.strip_prefix("file://").unwrap_or(url);
    [path.to_owned(), format!("{path}.git")]
        .map(PathBuf::from)
        .into_iter()
        .find(|path| path.is_dir())
}

fn one_spelling(url: &str) -> String {
    let Some(folder) = folder_of(url) else {
        return place(url);
    };
    let whole = fs_err::canonicalize(&folder).unwrap_or(folder);
    let top = if whole.ends_with(".git") {
        whole.parent().unwrap_or(&whole)
    } else {
        &whole
    };

    top.display().to_string()
}
