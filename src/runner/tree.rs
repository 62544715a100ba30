//! The work tree of a session: cloned through the door, on the right commit, and brought to safety
//! at the end.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use actors::sessions::wire::SessionBrief;
use events::claims::refs;
use events::holder::Role;
use events::id::Sha;
use tokio::process::Command;

use super::RunnerArgs;
use super::baits;
use super::salvage::Salvage;
use crate::foreign;
use crate::named;

/// A git command in the container that takes longer has failed.
pub(super) const DEADLINE: Duration = Duration::from_secs(600);

/// Largest index that is copied: far more than that of any repository that is cloned for each
/// session.
const INDEX_MAX: usize = 256 * 1024 * 1024;

/// Branches and stashes that are brought to safety beside the work itself.
const ASIDE_MAX: usize = 50;

/// Paths of one git command.
const PATHS_AT_ONCE: usize = 200;

/// The home of what runs in a slot.
pub(super) fn home(slot: &Path) -> PathBuf {
    slot.join("home")
}

/// A prepared tree.
pub(super) struct Tree {
    /// The folder of the tree.
    pub(super) path: PathBuf,
    /// The container's own folder.
    pub(super) slot: PathBuf,
    /// Where packages are kept beyond the session, if they are.
    pub(super) cache: Option<PathBuf>,
    /// The gate that it was cloned from, whatever its own git folder says later.
    origin: String,
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
        let gate = format!("{url}/git/{}.git", brief.project);
        let tree = Self {
            path: slot.join("tree"),
            slot: slot.to_owned(),
            cache: args.cache.clone(),
            origin: gate.clone(),
        };
        fs_err::create_dir_all(home(slot)).map_err(|e| format!("the home folder: {e}"))?;
        tree.clone_trunk(&gate, brief).await?;
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

    /// Takes the trunk, what the brief names and the branch of the session's own feature: what
    /// others push is theirs, whatever its size.
    async fn clone_trunk(&self, gate: &str, brief: &SessionBrief) -> Result<(), String> {
        let clone = ["clone", "--quiet", "--no-checkout", "--single-branch"];
        self.git(&self.slot, &[&clone[..], &[gate, "tree"]].concat())
            .await?;

        // A plain `git fetch` of the agent follows its own branch too. With a pattern, for a ref
        // that does not exist yet is no error then.
        if let Some(feature) = &brief.feature {
            let own = format!(
                "+{WORK}{feature}/*:refs/remotes/origin/work/{feature}/*",
                WORK = refs::WORK
            );
            let follow = ["config", "--add", "remote.origin.fetch", own.as_str()];
            self.git(&self.path, &follow).await?;
        }

        let named = brief.fetch.as_deref();
        let Some(wanted) = named.or(brief.sha.as_ref().map(Sha::as_str)) else {
            return Ok(());
        };
        self.git(&self.path, &["fetch", "--quiet", "origin", wanted])
            .await?;
        Ok(())
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

    /// Brings everything to safety before the container goes: what is committed first, whatever is
    /// the matter with the rest; then what is not, by the tree's own git or, where that does not
    /// take it, path by path; then what lies on other branches or is stashed. Answers what could
    /// not be taken, in words.
    pub(super) async fn secure(&self, brief: &SessionBrief) -> Result<Option<String>, String> {
        let (Some(branch), Some(base)) = (&brief.branch, &brief.sha) else {
            return Ok(None);
        };
        let head = self.git(&self.path, &["rev-parse", "HEAD"]).await;
        let head = head.map(|head| head.trim().to_owned()).ok();
        if head.as_deref().is_some_and(|head| head != base.as_str()) {
            self.push_head(brief, branch).await?;
        }

        let own = match &head {
            Some(_) => self.commit_rest().await,
            None => Err("its git folder is broken".to_owned()),
        };
        if let Ok(changed) = &own
            && *changed
        {
            self.push_head(brief, branch).await?;
        }
        let aside = self.aside().await;
        if own.is_ok() && aside.is_empty() {
            return Ok(None);
        }
        let begun = head.as_deref().unwrap_or(base.as_str());
        self.salvage(brief, branch, begun, &aside).await
    }

    /// Commits what is not committed; answers whether there was anything. A repository inside of
    /// the tree is not taken: what is in it would be a name alone.
    async fn commit_rest(&self) -> Result<bool, String> {
        let changed = self.git(&self.path, &["status", "--porcelain"]).await?;
        if changed.trim().is_empty() {
            return Ok(false);
        }

        self.git(&self.path, &["add", "--all"]).await?;
        if let Err(why) = self.check_inner(&[]).await {
            self.git(&self.path, &["reset", "--quiet"]).await?;
            return Err(why);
        }

        let message = "Work in progress, not committed when the session ended";
        let commit = ["commit", "--quiet", "--no-verify", "-m", message];
        self.git(&self.path, &commit).await?;

        Ok(true)
    }

    /// Refuses an index in which a repository inside of the tree is new.
    async fn check_inner(&self, index: &[(&str, String)]) -> Result<(), String> {
        let new = "--diff-filter=A";
        let added = ["diff", "--cached", "--raw", new, "--no-renames", "HEAD"];
        let added = self.git_with(&self.path, &added, index).await?;
        let is_inner = |line: &str| line.starts_with(":000000 160000 ");
        match added.lines().any(is_inner) {
            true => Err("there is a repository inside".to_owned()),
            false => Ok(()),
        }
    }

    async fn push_head(&self, brief: &SessionBrief, branch: &str) -> Result<(), String> {
        let spec = format!("HEAD:refs/heads/{branch}");
        let push = ["push", "--quiet", "--force", &self.origin, &spec];
        match self.git(&self.path, &push).await {
            Ok(_) => Ok(()),
            // The claim has ended meanwhile: its branch is closed, a rescue is not.
            Err(_) => self.push_rescued(brief, "HEAD").await,
        }
    }

    /// Commits that lie on other branches or are stashed, and nowhere below the present one.
    async fn aside(&self) -> Vec<String> {
        let refs = [
            "for-each-ref",
            "--format=%(objectname)",
            "refs/heads",
            "refs/stash",
        ];
        let listed = self.git(&self.path, &refs).await.unwrap_or_default();
        let mut aside: Vec<String> = vec![];

        for commit in listed.split_whitespace() {
            let known = ["--max-count=1", commit, "--not", "HEAD", "--remotes"];
            let beyond = self
                .git(&self.path, &[&["rev-list"][..], &known].concat())
                .await;
            let is_new = beyond.is_ok_and(|beyond| !beyond.trim().is_empty());
            if is_new && aside.len() < ASIDE_MAX && !aside.iter().any(|known| known == commit) {
                aside.push(commit.to_owned());
            }
        }

        aside
    }

    /// Takes the tree path by path, and pushes it with what lies aside.
    async fn salvage(
        &self,
        brief: &SessionBrief,
        branch: &str,
        begun: &str,
        aside: &[String],
    ) -> Result<Option<String>, String> {
        let salvage = Salvage::begin(&self.slot, &self.path, &self.origin, begun).await?;
        let taken = salvage.take(&[begun.to_owned()]).await?;
        let own = format!("refs/heads/{branch}");
        let (Some(feature), Some(epoch)) = (&brief.feature, brief.epoch) else {
            return salvage.push(&taken.commit, &own).await.map(|()| None);
        };
        let rescue = refs::rescue(feature, epoch);
        if salvage.push(&taken.commit, &own).await.is_err() {
            salvage.push(&taken.commit, &rescue).await?;
        }
        if !aside.is_empty() {
            let parents = [&[taken.commit.clone()][..], aside].concat();
            let all = salvage.joined(&parents).await?;
            salvage.push(&all, &rescue).await?;
        }

        let left_out = taken.left_out;
        Ok((!left_out.is_empty()).then(|| left_out.join(", ")))
    }

    /// Pushes what is in the tree now, committed or not, beside the branch: nothing that the agent
    /// sees is changed. `last` is the tree that was pushed before; answers the one that is there
    /// now.
    pub(super) async fn rescue(
        &self,
        brief: &SessionBrief,
        last: Option<&str>,
    ) -> Result<String, String> {
        if let Ok(tree) = self.rescue_by_its_own_git(brief, last).await {
            return Ok(tree);
        }

        let base = brief.sha.as_ref().map(events::id::Sha::as_str);
        let head = self.git(&self.path, &["rev-parse", "HEAD"]).await.ok();
        let begun = head.as_deref().map(str::trim).or(base).unwrap_or_default();
        let salvage = Salvage::begin(&self.slot, &self.path, &self.origin, begun).await?;

        let taken = salvage.take(&[begun.to_owned()]).await?;
        if last != Some(taken.tree.as_str())
            && let (Some(feature), Some(epoch)) = (&brief.feature, brief.epoch)
        {
            let rescue = refs::rescue(feature, epoch);
            salvage.push(&taken.commit, &rescue).await?;
        }
        Ok(taken.tree)
    }

    async fn rescue_by_its_own_git(
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
        self.check_inner(&apart).await?;
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
        self.git(
            &self.path,
            &["push", "--quiet", "--force", &self.origin, &spec],
        )
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
