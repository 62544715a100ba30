//! The work tree of a session: cloned through the door, on the right commit, and brought to safety
//! at the end.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use actors::sessions::wire::SessionBrief;
use events::claims::refs;
use events::holder::Role;
use tokio::process::Command;

use super::RunnerArgs;
use super::{baits, home};
use crate::foreign;
use crate::named;

/// A git command in the container that takes longer has failed.
const DEADLINE: Duration = Duration::from_secs(600);

/// Largest index that is copied: far more than that of any repository that is cloned for each
/// session.
const INDEX_MAX: usize = 256 * 1024 * 1024;

/// Paths of one git command.
const PATHS_AT_ONCE: usize = 200;

/// A prepared tree.
pub(super) struct Tree {
    /// Where it is.
    pub(super) path: PathBuf,
    /// The container's own folder.
    pub(super) slot: PathBuf,
    /// Where packages are kept beyond the session, if they are.
    pub(super) cache: Option<PathBuf>,
}

/// The environment of everything that runs git in a container.
pub(super) fn git_environment(slot: &Path) -> Vec<(&'static str, String)> {
    let name = "Supercargo agent".to_owned();
    let mail = "agent@supercargo.invalid".to_owned();
    vec![
        ("HOME", home(slot).display().to_string()),
        ("LC_ALL", "C.UTF-8".to_owned()),
        ("GIT_CONFIG_NOSYSTEM", "1".to_owned()),
        ("GIT_TERMINAL_PROMPT", "0".to_owned()),
        ("GIT_AUTHOR_NAME", name.clone()),
        ("GIT_AUTHOR_EMAIL", mail.clone()),
        ("GIT_COMMITTER_NAME", name),
        ("GIT_COMMITTER_EMAIL", mail),
    ]
}

impl Tree {
    /// Clones the gate and checks out what the brief names.
    pub(super) async fn prepare(
        brief: &SessionBrief,
        url: &str,
        args: &RunnerArgs,
    ) -> Result<Self, String> {
        let slot = args.slot.as_path();
        let tree = Self {
            path: slot.join("tree"),
            slot: slot.to_owned(),
            cache: args.cache.clone(),
        };
        fs_err::create_dir_all(home(slot)).map_err(|e| format!("the home folder: {e}"))?;
        let gate = format!("{url}/git/{}.git", brief.project);
        tree.git(slot, &["clone", "--quiet", "--no-checkout", &gate, "tree"])
            .await?;
        if let Some(reference) = &brief.fetch {
            tree.git(&tree.path, &["fetch", "--quiet", "origin", reference])
                .await?;
        }
        let Some(sha) = &brief.sha else {
            return Ok(tree);
        };
        match (&brief.branch, brief.role) {
            (Some(branch), Role::Coder) => {
                tree.git(
                    &tree.path,
                    &["checkout", "--quiet", "-B", branch, sha.as_str()],
                )
                .await?
            }
            _ => {
                tree.git(
                    &tree.path,
                    &["checkout", "--quiet", "--detach", sha.as_str()],
                )
                .await?
            }
        };
        Ok(tree)
    }

    /// Keeps out of the tree what a vendor's tool would obey; answers what that is.
    pub(super) async fn keep_out_baits(&self) -> Result<Vec<String>, String> {
        let args: Vec<&str> = ["ls-files", "-s", "-z", "--"]
            .into_iter()
            .chain(baits::WATCHED)
            .collect();
        let listed = self.git(&self.path, &args).await?;
        let paths = baits::kept_out(&listed);
        for some in paths.chunks(PATHS_AT_ONCE) {
            let args: Vec<&str> = ["update-index", "--skip-worktree", "--"]
                .into_iter()
                .chain(some.iter().copied())
                .collect();
            self.git(&self.path, &args).await?;
            for path in some {
                fs_err::remove_file(self.path.join(path)).map_err(|e| format!("{path}: {e}"))?;
            }
        }
        Ok(paths.into_iter().map(str::to_owned).collect())
    }

    /// Commits what is not committed and pushes the branch, so that nothing is only here when the
    /// container goes.
    pub(super) async fn secure(&self, brief: &SessionBrief) -> Result<(), String> {
        let Some(branch) = &brief.branch else {
            return Ok(());
        };
        let changed = self.git(&self.path, &["status", "--porcelain"]).await?;
        if !changed.trim().is_empty() {
            self.git(&self.path, &["add", "--all"]).await?;
            let message = "Work in progress, not committed when the session ended";
            self.git(
                &self.path,
                &["commit", "--quiet", "--no-verify", "-m", message],
            )
            .await?;
        }
        let head = self.git(&self.path, &["rev-parse", "HEAD"]).await?;
        if Some(head.trim()) == brief.sha.as_ref().map(events::id::Sha::as_str) {
            return Ok(());
        }
        let spec = format!("HEAD:refs/heads/{branch}");
        match self
            .git(&self.path, &["push", "--quiet", "--force", "origin", &spec])
            .await
        {
            Ok(_) => Ok(()),
            // The claim has ended meanwhile: its branch is closed, a rescue is not.
            Err(_) => self.push_rescued(brief, "HEAD").await,
        }
    }

    /// Pushes what is in the tree now, committed or not, beside the branch: nothing that the agent
    /// sees is changed. `last` is the tree that was pushed before; answers the one that is there
    /// now.
    pub(super) async fn rescue(
        &self,
        brief: &SessionBrief,
        last: Option<&str>,
    ) -> Result<String, String> {
        // Whatever the agent made of its index, and whatever it put where the copy goes.
        let own = foreign::read_below(&self.path, Path::new(".git/index"), INDEX_MAX)
            .map_err(|e| e.to_string())?;
        let beside = tempfile::tempdir_in(&self.slot)
            .map_err(|e| format!("a folder in {}: {e}", self.slot.display()))?;
        let index = beside.path().join("index");
        foreign::write(&index, &own).map_err(|e| e.to_string())?;
        let apart = [("GIT_INDEX_FILE", index.display().to_string())];
        self.git_with(&self.path, &["add", "--all"], &apart).await?;
        let tree = self
            .git_with(&self.path, &["write-tree"], &apart)
            .await?
            .trim()
            .to_owned();
        let head = self.git(&self.path, &["rev-parse", "HEAD^{tree}"]).await?;
        if last == Some(tree.as_str()) || head.trim() == tree {
            return Ok(tree);
        }
        let message = "Work in progress, as it was in the tree";
        let commit = self
            .git(
                &self.path,
                &["commit-tree", &tree, "-p", "HEAD", "-m", message],
            )
            .await?;
        self.push_rescued(brief, commit.trim()).await.map(|()| tree)
    }

    async fn push_rescued(&self, brief: &SessionBrief, commit: &str) -> Result<(), String> {
        let (Some(feature), Some(epoch)) = (&brief.feature, brief.epoch) else {
            return Ok(());
        };
        let spec = format!("{commit}:{}", refs::rescue(feature, epoch));
        self.git(&self.path, &["push", "--quiet", "--force", "origin", &spec])
            .await
            .map(|_| ())
    }

    /// The tree of the checked-out commit.
    pub(super) async fn id(&self) -> Result<String, String> {
        self.git(&self.path, &["rev-parse", "HEAD^{tree}"])
            .await
            .map(|id| id.trim().to_owned())
    }

    async fn git(&self, folder: &Path, args: &[&str]) -> Result<String, String> {
        self.git_with(folder, args, &[]).await
    }

    async fn git_with(
        &self,
        folder: &Path,
        args: &[&str],
        more: &[(&str, String)],
    ) -> Result<String, String> {
        let what = args.first().copied().unwrap_or_default();
        let mut command = Command::new("git");
        command
            .args(["-c", "core.hooksPath=/dev/null"])
            .args(args)
            .current_dir(folder)
            .stdin(Stdio::null())
            .kill_on_drop(true);
        // Its own group, as everything we start: the reaper of strays leaves group leaders to those
        // who wait for them.
        command
            .process_group(0)
            .envs(git_environment(&self.slot))
            .envs(more.iter().map(|(name, value)| (name, value)));
        let output = tokio::time::timeout(DEADLINE, named::output(&mut command)).await;
        let output = output.map_err(|_| format!("git {what} took too long"))?;
        let output = output.map_err(|e| format!("git cannot be run in the container: {e}"))?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        Err(format!(
            "git {what}: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        ))
    }
}
