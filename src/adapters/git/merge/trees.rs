//! Merges two commits of a gate: what both sides agree on, and where they conflict.

use actors::ports::PortError;
use events::id::{ProjectName, Timestamp};
use git2::{Commit, Oid, Repository};

use super::equals;
use super::equals::{Settled, Trees};
use crate::adapters::git::command::Ended;
use crate::adapters::git::{Gates, author, oid, trouble};

/// Oldest git that merges without a work tree.
const GIT_MIN: (u32, u32) = (2, 38);

/// Why a clean merge is not taken.
const GUESS: &str = "files with the same content were moved on one side and edited on the other, \
                     and their names do not say \
                     which is which: merge by hand, and look that each edit is in its own file";

/// Why a merge without an end is not taken.
const ENDLESS: &str = "it did not merge within the time there is for one";

/// Three commits that are merged: what both sides had, and the sides.
#[derive(Debug, Clone, Copy)]
pub(in crate::adapters::git) struct Sides {
    /// What both had; none asks git, which knows what to do about several.
    pub(in crate::adapters::git) fork: Option<Oid>,
    /// The side that is there already.
    pub(in crate::adapters::git) ours: Oid,
    /// The side that comes in.
    pub(in crate::adapters::git) theirs: Oid,
}

/// What a merge came to.
#[derive(Debug)]
pub(in crate::adapters::git) enum Merged {
    /// One tree.
    Tree(Oid),
    /// No tree.
    Conflict {
        /// Files that do not merge.
        paths: Vec<String>,
        /// The message, for people to read.
        why: String,
    },
}

/// Says what is wrong with this git, if anything is. Its version is what `git version` prints.
pub fn too_old(version: &str) -> Option<String> {
    let number = version.split_whitespace().nth(2)?;
    let mut parts = number.split('.').map(str::parse::<u32>);
    let (Some(Ok(major)), Some(Ok(minor))) = (parts.next(), parts.next()) else {
        return None;
    };
    ((major, minor) < GIT_MIN).then(|| {
        let (least_major, least_minor) = GIT_MIN;
        format!(
            "git {number} is too old to merge without a work tree: install git \
             {least_major}.{least_minor} or newer"
        )
    })
}

impl Gates {
    /// Merges two commits of a gate.
    pub(in crate::adapters::git) async fn merge(
        &self,
        project: &ProjectName,
        sides: Sides,
    ) -> Result<Merged, PortError> {
        let settled = self
            .with(project, move |repository| settled(repository, sides))
            .await?;
        let (ours, theirs) = match settled {
            Ok(sides) => sides,
            Err(paths) => {
                let why = GUESS.to_owned();
                return Ok(Merged::Conflict { paths, why });
            }
        };
        let (ours, theirs) = (ours.to_string(), theirs.to_string());
        let args = [
            // No attributes of any tree: which one git would take them from differs between its
            // versions.
            "-c",
            "attr.tree=refs/supercargo/no-attributes",
            "merge-tree",
            "--write-tree",
            "--allow-unrelated-histories",
            "--no-messages",
            "--name-only",
            "-z",
            &ours,
            &theirs,
        ];

        match self
            .git
            .end(Some(&self.path(project)), &args, vec![])
            .await?
        {
            Ended::Late => self.endless(project, sides).await,
            Ended::In(output) => match output.status.code() {
                Some(0 | 1) => read(&output.stdout),
                _ => {
                    let said = String::from_utf8_lossy(&output.stderr);
                    Err(PortError::Transient(format!(
                        "git merge-tree: {}",
                        said.trim()
                    )))
                }
            },
        }
    }

    /// A merge that takes for ever: whoever brought it is told, and nobody waits behind it.
    async fn endless(&self, project: &ProjectName, sides: Sides) -> Result<Merged, PortError> {
        let paths = self.with(project, move |repository| {
            crate::adapters::git::build::changed(repository, Some(sides.ours), sides.theirs)
        });
        Ok(Merged::Conflict {
            paths: paths.await?.into_iter().collect(),
            why: ENDLESS.to_owned(),
        })
    }
}

/// The two commits to be merged, whose merge base git finds; or the paths that only a guess could
/// tell apart.
fn settled(
    repository: &Repository,
    sides: Sides,
) -> Result<Result<(Oid, Oid), Vec<String>>, PortError> {
    let forks = match sides.fork {
        Some(fork) => vec![fork],
        None => match repository.merge_bases(sides.ours, sides.theirs) {
            Ok(found) => found.iter().copied().collect(),
            Err(e) if e.code() == git2::ErrorCode::NotFound => vec![],
            Err(e) => return Err(trouble(e)),
        },
    };
    let Some(fork) = forks.first() else {
        return Ok(Ok((sides.ours, sides.theirs)));
    };

    let tree = |commit: Oid| {
        let found = repository.find_commit(commit).map_err(trouble)?;
        Ok::<_, PortError>(found.tree_id())
    };

    let trees = Trees {
        base: tree(*fork)?,
        ours: tree(sides.ours)?,
        theirs: tree(sides.theirs)?,
    };
    match equals::settle(repository, trees)? {
        Settled::Plain if sides.fork.is_none() => Ok(Ok((sides.ours, sides.theirs))),
        Settled::Plain => apart(repository, trees).map(Ok),
        // Between several merge bases nobody says which names are meant.
        Settled::Named(_) if forks.len() > 1 => {
            let changed =
                crate::adapters::git::build::changed(repository, Some(*fork), sides.theirs)?;
            Ok(Err(changed.into_iter().collect()))
        }
        Settled::Named(trees) => apart(repository, trees).map(Ok),
        Settled::Guess(paths) => Ok(Err(paths)),
    }
}

/// Commits of their own for these trees: the first is what both others stand on. No ref holds them,
/// they go with the next `gc`.
pub(super) fn apart(repository: &Repository, trees: Trees) -> Result<(Oid, Oid), PortError> {
    let at = author(Timestamp(0))?;
    let make = |tree: Oid, parents: &[&Commit<'_>]| {
        let tree = repository.find_tree(tree).map_err(trouble)?;
        repository
            .commit(None, &at, &at, "A side of a merge", &tree, parents)
            .map_err(trouble)
    };
    let base = make(trees.base, &[])?;
    let base = repository.find_commit(base).map_err(trouble)?;
    Ok((make(trees.ours, &[&base])?, make(trees.theirs, &[&base])?))
}

/// What `merge-tree --name-only -z` prints: the tree, and the paths that conflict.
pub(super) fn read(printed: &[u8]) -> Result<Merged, PortError> {
    let mut parts = printed.split(|byte| *byte == 0);
    let tree = parts.next().unwrap_or_default();
    let tree = String::from_utf8_lossy(tree);

    let paths: Vec<String> = parts
        .filter(|part| !part.is_empty())
        .map(|part| String::from_utf8_lossy(part).into_owned())
        .collect();
    if !paths.is_empty() {
        let why = "it does not merge".to_owned();
        return Ok(Merged::Conflict { paths, why });
    }

    let odd = |_| PortError::Transient(format!("git merge-tree printed {tree:?}, no tree"));
    let tree = tree.trim().parse().map_err(odd)?;

    oid(&tree).map(Merged::Tree)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_git_that_cannot_merge_are_named() {
        for (printed, old) in [
            ("git version 2.47.3", false),
            ("git version 2.39.5 (Apple Git-154)", false),
            ("git version 2.38.0", false),
            ("git version 2.37.7", true),
            ("git version 1.9.1", true),
            ("git version 3.0.0.rc1", false),
            ("something else", false),
        ] {
            assert_eq!(too_old(printed).is_some(), old, "{printed}");
        }
    }
}
