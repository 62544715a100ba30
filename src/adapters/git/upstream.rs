//! Upstream: copied, asked, and moved with an expected old value. What a push did is read back,
//! never believed.

use std::path::Path;

use actors::ports::PortError;
use actors::ports::repo::{Copied, Looked, Published, Upstream};
use async_trait::async_trait;
use events::id::{ProjectName, Sha};
use events::merge_queue::Candidate;
use git2::RepositoryInitOptions;

use super::{Gates, gate, oid, preconditions, trouble};

/// The branch an empty upstream gets.
const FIRST_BRANCH: &str = "main";

/// Settings of a gate: what is pushed is checked, nothing is cleaned behind our back.
const GATE_CONFIG: &[(&str, &str)] = &[
    ("receive.fsckObjects", "true"),
    ("transfer.fsckObjects", "true"),
    ("receive.denyDeletes", "true"),
    ("http.receivepack", "true"),
    ("core.hooksPath", "/dev/null"),
    ("gc.auto", "0"),
];

#[async_trait]
impl Upstream for Gates {
    async fn copy(&self, project: &ProjectName, url: &str) -> Result<Copied, PortError> {
        let seen = self.probe_upstream(project, url).await?;
        self.check_copyable(url, &seen).await?;
        let Copied { branch, head } = seen;
        let _turn = self.turn(project).await;
        let path = self.path(project);
        let (made, first) = (path.clone(), branch.clone());
        let init = tokio::task::spawn_blocking(move || init_gate(&made, &first));
        init.await
            .map_err(|e| PortError::Transient(e.to_string()))??;
        if head.is_some() {
            self.fetch_first(project, url, &branch).await?;
            let first = branch.clone();
            self.with(project, move |repository| {
                gate::take_seen(repository, &first, None)
            })
            .await?;
        }

        Ok(Copied { branch, head })
    }

    async fn named(&self, project: &ProjectName, url: &str) -> Result<Copied, PortError> {
        self.probe_upstream(project, url).await
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

    async fn publish(
        &self,
        project: &ProjectName,
        url: &str,
        branch: &str,
        candidate: &Candidate,
    ) -> Result<Published, PortError> {
        // Tried first and looked at afterwards: the expected old value keeps it from doing harm,
        // also when it was done before.
        let pushed = self
            .push_expecting(
                project,
                url,
                branch,
                &candidate.sha,
                candidate.base.as_ref(),
            )
            .await;
        let seen = self.upstream_head(project, url, branch).await?;

        match (
            self.compare(project, url, branch, candidate, seen).await?,
            pushed,
        ) {
            (Some(published), _) => Ok(published),
            (None, Err(error)) => Err(error),
            (None, Ok(_)) => Err(PortError::Transient(
                "the push was accepted, and upstream does not show it".to_owned(),
            )),
        }
    }
}

impl Gates {
    /// Runs a git command that speaks to upstream, with what it asks for.
    pub(super) async fn transport(
        &self,
        project: &ProjectName,
        url: &str,
        folder: Option<&Path>,
        args: &[&str],
    ) -> Result<String, PortError> {
        let environment = self.secrets.environment(project, url)?;
        self.git.run(folder, args, environment).await
    }

    pub(super) async fn probe_upstream(
        &self,
        project: &ProjectName,
        url: &str,
    ) -> Result<Copied, PortError> {
        let listed = self
            .transport(
                project,
                url,
                None,
                &["ls-remote", "--symref", "--", url, "HEAD", "refs/heads/*"],
            )
            .await?;
        let branch = default_branch(&listed);
        let head = head_of(&listed, &branch);

        Ok(Copied { branch, head })
    }

    /// Upstream's commit now.
    pub(super) async fn upstream_head(
        &self,
        project: &ProjectName,
        url: &str,
        branch: &str,
    ) -> Result<Option<Sha>, PortError> {
        let reference = format!("refs/heads/{branch}");
        let listed = self
            .transport(project, url, None, &["ls-remote", "--", url, &reference])
            .await?;
        Ok(head_of(&listed, branch))
    }

    /// Where upstream's branch is, taken into the gate unless it was rewritten: agents go on from
    /// what the gate holds.
    pub(super) async fn look_upstream(
        &self,
        project: &ProjectName,
        url: &str,
        branch: &str,
        known: Option<&Sha>,
    ) -> Result<Looked, PortError> {
        let seen = self.upstream_head(project, url, branch).await?;
        self.take(project, url, branch, (known, seen)).await
    }

    /// Takes what upstream's branch was seen at into the gate, compared with what it held.
    async fn take(
        &self,
        project: &ProjectName,
        url: &str,
        branch: &str,
        (known, seen): (Option<&Sha>, Option<Sha>),
    ) -> Result<Looked, PortError> {
        let _turn = self.turn(project).await;

        match (seen, known) {
            (None, None) => Ok(Looked::At(None)),
            (None, Some(_)) => Ok(Looked::Gone),
            (Some(seen), Some(known)) if seen == *known => {
                // What was recorded may not have reached the gate's own copy: a server that ended
                // in between.
                let (name, at) = (branch.to_owned(), seen.clone());
                let behind = self
                    .with(project, move |repository| {
                        gate::is_behind(repository, &name, &at)
                    })
                    .await?;
                if behind {
                    self.fetch(project, url, branch).await?;
                    let (name, at) = (branch.to_owned(), seen.clone());
                    self.with(project, move |repository| {
                        gate::set_branch(repository, &name, &at)
                    })
                    .await?;
                }
                self.name_trunk(project, branch).await?;
                Ok(Looked::At(Some(seen)))
            }
            (Some(_), known) => {
                self.fetch(project, url, branch).await?;
                let (name, known) = (branch.to_owned(), known.cloned());
                let looked = self
                    .with(project, move |repository| {
                        gate::take_seen(repository, &name, known.as_ref())
                    })
                    .await?;
                if matches!(looked, Looked::Further { .. }) {
                    self.name_trunk(project, branch).await?;
                }
                Ok(looked)
            }
        }
    }

    /// Lets the gate call upstream's branch as upstream does.
    async fn name_trunk(&self, project: &ProjectName, branch: &str) -> Result<(), PortError> {
        let branch = branch.to_owned();
        self.with(project, move |repository| {
            gate::name_trunk(repository, &branch)
        })
        .await
    }

    /// Moves a branch of upstream from what is expected there to a commit of the gate.
    pub(super) async fn push_expecting(
        &self,
        project: &ProjectName,
        url: &str,
        branch: &str,
        to: &Sha,
        from: Option<&Sha>,
    ) -> Result<(), PortError> {
        let lease = format!(
            "--force-with-lease=refs/heads/{branch}:{}",
            from.map_or("", Sha::as_str)
        );
        let spec = format!("{to}:refs/heads/{branch}");
        let args = ["push", "--quiet", &lease, "--", url, &spec];

        self.transport(project, url, Some(&self.path(project)), &args)
            .await
            .map(|_| ())
    }

    /// Fetches upstream's branch for the first time. Only then is it told by a host whether its
    /// copy is whole; one that is not leaves nothing behind, so that the next try begins anew.
    async fn fetch_first(
        &self,
        project: &ProjectName,
        url: &str,
        branch: &str,
    ) -> Result<(), PortError> {
        let path = self.path(project);
        let spec = format!("+refs/heads/{branch}:{}", gate::SEEN);
        let how = ["fetch", "--quiet", "--no-tags", "--update-shallow"];
        let args = [&how[..], &["--", url, &spec]].concat();
        self.transport(project, url, Some(&path), &args).await?;
        let asked = ["rev-parse", "--is-shallow-repository"];
        let answer = self.git.run(Some(&path), &asked, Vec::new()).await?;
        if answer.trim() != "true" {
            return Ok(());
        }

        let removed = tokio::task::spawn_blocking(move || crate::foreign::remove(&path)).await;
        let removed = removed.map_err(|e| PortError::Transient(e.to_string()))?;
        removed.map_err(|e| PortError::Transient(e.to_string()))?;
        Err(preconditions::is_shallow(url))
    }

    /// Fetches upstream's branch beside the gate's own copy of it.
    async fn fetch(&self, project: &ProjectName, url: &str, branch: &str) -> Result<(), PortError> {
        self.fetch_into(project, url, branch, gate::SEEN).await
    }

    pub(super) async fn fetch_into(
        &self,
        project: &ProjectName,
        url: &str,
        branch: &str,
        to: &str,
    ) -> Result<(), PortError> {
        let spec = format!("+refs/heads/{branch}:{to}");

        self.transport(
            project,
            url,
            Some(&self.path(project)),
            &["fetch", "--quiet", "--no-tags", "--", url, &spec],
        )
        .await
        .map(|_| ())
    }

    /// What upstream says about a candidate: it holds it, it is elsewhere, or it still waits for it
    /// (`None`).
    async fn compare(
        &self,
        project: &ProjectName,
        url: &str,
        branch: &str,
        candidate: &Candidate,
        seen: Option<Sha>,
    ) -> Result<Option<Published>, PortError> {
        if seen == candidate.base {
            return Ok(None);
        }

        if seen.as_ref() == Some(&candidate.sha) {
            let (branch, at) = (branch.to_owned(), candidate.sha.clone());
            self.with(project, move |repository| {
                gate::set_branch(repository, &branch, &at)
            })
            .await?;
            return Ok(Some(Published::Advanced));
        }

        let looked = self
            .take(project, url, branch, (candidate.base.as_ref(), seen))
            .await?;
        let head = match &looked {
            Looked::At(Some(head)) | Looked::Further { seen: head, .. } => head.clone(),
            Looked::At(None) | Looked::Gone | Looked::Rewritten { .. } => {
                return Ok(Some(Published::Moved(looked)));
            }
        };
        let ours = candidate.sha.clone();
        let contained = self.with(project, move |repository| {
            repository
                .graph_descendant_of(oid(&head)?, oid(&ours)?)
                .map_err(trouble)
        });

        Ok(Some(if contained.await? {
            Published::Advanced
        } else {
            Published::Moved(looked)
        }))
    }
}

fn init_gate(path: &std::path::Path, branch: &str) -> Result<(), PortError> {
    let mut options = RepositoryInitOptions::new();

    options
        .bare(true)
        .no_reinit(false)
        .mkpath(true)
        .external_template(false)
        .initial_head(branch);
    let repository = git2::Repository::init_opts(path, &options).map_err(trouble)?;
    let mut config = repository.config().map_err(trouble)?;

    for (name, value) in GATE_CONFIG {
        config.set_str(name, value).map_err(trouble)?;
    }

    repository
        .set_head(&format!("refs/heads/{branch}"))
        .map_err(trouble)
}

/// The branch upstream's HEAD names; without one, `main`, else the only branch there is.
fn default_branch(listed: &str) -> String {
    let symref = listed.lines().find_map(|line| {
        line.strip_prefix("ref: refs/heads/")?
            .strip_suffix("\tHEAD")
    });
    let branches: Vec<&str> = listed
        .lines()
        .filter_map(|line| line.split_once("\trefs/heads/").map(|(_, name)| name))
        .collect();

    match (symref, branches.as_slice()) {
        (Some(named), branches) if branches.is_empty() || branches.contains(&named) => {
            named.to_owned()
        }
        (_, [only]) => (*only).to_owned(),
        _ => FIRST_BRANCH.to_owned(),
    }
}

fn head_of(listed: &str, branch: &str) -> Option<Sha> {
    let wanted = format!("refs/heads/{branch}");
    let mut listed = listed.lines().filter_map(|line| line.split_once('\t'));
    let (sha, _) = listed.find(|(_, name)| *name == wanted)?;
    sha.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_branch_is_what_head_names_or_the_only_one_or_main() {
        let (a, b) = ("1".repeat(40), "2".repeat(40));
        let both = format!(
            "ref: refs/heads/dev\tHEAD\n{a}\tHEAD\n{a}\trefs/heads/dev\n{b}\trefs/heads/main\n"
        );
        assert_eq!(default_branch(&both), "dev");
        assert_eq!(head_of(&both, "main").map(String::from), Some(b.clone()));
        let one = format!("{b}\trefs/heads/trunk\n");
        assert_eq!(default_branch(&one), "trunk");
        assert_eq!(default_branch(""), "main");

        assert_eq!(
            default_branch(&format!(
                "ref: refs/heads/gone\tHEAD\n{b}\trefs/heads/main\n"
            )),
            "main"
        );
        assert_eq!(head_of("", "main"), None);
    }
}
